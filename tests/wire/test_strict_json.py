"""JSON is read exactly and once; everything wrong with it is shown together."""

import json
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crossmargin.base.failure import InputRefused, Reason
from crossmargin.wire.strict_json import strict_json, strict_value

TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=12)
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-(10**20), 10**20) | TEXT,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXT, inner, max_size=4),
    max_leaves=12,
)


def _refused(data: bytes) -> list[tuple[str, Reason]]:
    with pytest.raises(InputRefused) as caught:
        strict_json(data, "m")
    return [(failure.where, failure.reason) for failure in caught.value.failures]


def test_numbers_come_out_exactly_as_they_stand() -> None:
    read = strict_json(b'{"a": 0.1, "b": [100000000000000000000001, 1.5e-8], "c": -0.0}', "m")
    assert read == {
        "a": Decimal("0.1"),
        "b": [Decimal("100000000000000000000001"), Decimal("0.000000015")],
        "c": Decimal(0),
    }


def test_all_faults_are_shown_at_once_with_their_paths() -> None:
    data = b'{"a": NaN, "b": 1e999, "c": [-Infinity, {"x": 1, "x": 2}], "d": "\\ud800"}'
    assert _refused(data) == [
        ("m.a", Reason.NOT_A_NUMBER),
        ("m.b", Reason.OUT_OF_BOUNDS),
        ("m.c[0]", Reason.NOT_A_NUMBER),
        ("m.c[1].x", Reason.DUPLICATE),
        ("m.d", Reason.WRONG_TYPE),
    ]


@pytest.mark.parametrize("depth", [33, 500, 100_000])
def test_deep_nesting_is_refused(depth: int) -> None:
    assert [reason for _, reason in _refused(b"[" * depth + b"]" * depth)] == [Reason.OUT_OF_BOUNDS]


def test_nesting_of_32_levels_is_read() -> None:
    assert strict_json(b"[" * 32 + b"]" * 32, "m") is not None


def test_an_integer_of_5_000_digits_is_refused_without_being_converted() -> None:
    assert _refused(b'{"a": ' + b"9" * 5000 + b"}") == [("m.a", Reason.OUT_OF_BOUNDS)]


@pytest.mark.parametrize(
    "data", [b"", b"{", b"{} {}", b'{"a": 01}', b"\xff", b"\xef\xbb\xbf{}", b"nul"]
)
def test_what_is_not_json_is_refused(data: bytes) -> None:
    assert _refused(data) == [("m", Reason.WRONG_TYPE)]


@given(VALUES)
@settings(max_examples=100)
def test_decoded_text_equals_the_same_data_given_as_objects(value: object) -> None:
    assert strict_json(json.dumps(value).encode(), "m") == strict_value(value, "m")


@given(st.binary(max_size=60))
@settings(max_examples=150)
def test_any_bytes_give_a_value_or_a_refusal(data: bytes) -> None:
    try:
        value = strict_json(data, "m")
    except InputRefused:
        return
    assert strict_value(value, "m") == value


def test_python_data_is_held_to_the_same_rules() -> None:
    with pytest.raises(InputRefused) as caught:
        strict_value({"a": float("inf"), "b": {1, 2}, 3: "x"}, "m")
    assert [failure.where for failure in caught.value.failures] == ["m.a", "m.b", "m"]
