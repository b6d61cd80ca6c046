import json
from typing import Any

import pytest

from crossmargin.base.failure import InputRefused
from crossmargin.conformance.case import read_cases

VECTOR: dict[str, Any] = {
    "system": "somewhere",
    "case": "one",
    "inputs": {"a": 1},
    "params": {},
    "expected": {"b": 2.0},
}


def read(written: Any) -> Any:
    return read_cases(json.dumps(written).encode(), "file.json")


def test_a_vector_is_read_as_it_is_written() -> None:
    (case,) = read([{**VECTOR, "tolerance": {"rel": 1e-8}, "note": "n", "source": "s"}])
    assert (case.system, case.name, case.source, case.note) == ("somewhere", "one", "s", "n")
    assert (case.inputs, case.expected) == ({"a": 1}, {"b": 2.0})
    assert (case.tolerance, case.suspect) == ({"rel": 1e-8}, False)


def test_integers_and_floats_stay_what_they_are() -> None:
    (case,) = read([{**VECTOR, "expected": {"b": 2, "c": 2.0}}])
    assert [type(case.expected[key]) for key in "bc"] == [int, float]


def test_all_that_is_no_vector_is_told_at_once() -> None:
    with pytest.raises(InputRefused) as refused:
        read([{**VECTOR, "inputs": []}, 3, VECTOR, {"system": "x"}])
    told = str(refused.value)
    for where in (
        "file.json[0].inputs: is not a table",
        "file.json[1]: is not a table",
        "file.json[3].case: is required",
        "file.json[3].expected: is required",
    ):
        assert where in told


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("{}", "is not a list of vectors"),
        ("[", "is not JSON"),
        ("[NaN]", "NaN is no number"),
        ('[{"system": "a", "system": "b"}]', "system stands twice in one table"),
        ('["\\ud800', "is not JSON"),
    ],
)
def test_what_is_not_a_list_of_vectors_is_refused(text: str, said: str) -> None:
    with pytest.raises(InputRefused, match=said):
        read_cases(text.encode(), "file.json")


def test_a_vector_of_the_other_format_is_named_by_what_it_is_about() -> None:
    written = {"system": "x", "what": "two", "kind": "derived", "inputs": {}, "expected": {"b": 1}}
    first, second = read([VECTOR, written])
    assert (first.name, second.name) == ("one", "two")
    assert (second.params, second.note, second.expected) == ({}, "derived", {"b": 1})
    (odd,) = read([{**written, "params": {}}])
    assert odd.unknown == ("params",)


def test_keys_beside_those_of_the_format_are_kept_by_name() -> None:
    plain, odd = read([VECTOR, {**VECTOR, "shape": "round", "colour": "red"}])
    assert (plain.unknown, odd.unknown) == ((), ("colour", "shape"))
