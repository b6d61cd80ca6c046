from collections.abc import Mapping
from typing import Any

import pytest

from crossmargin.conformance.case import Case
from crossmargin.conformance.shape import misfit, shape

ROWS = shape(
    "inputs.cash inputs.rows[].size params.*.rate",
    "inputs.note inputs.rows[].name expected.need",
)


def said(inputs: Mapping[str, Any], params: Any = None, expected: Any = None) -> str:
    case = Case(
        system="s",
        name="n",
        inputs=inputs,
        params=params or {},
        expected=expected or {},
        tolerance=None,
        source="",
        note="",
        suspect=False,
    )
    wrong = misfit(case, ROWS)
    return "" if wrong is None else wrong.reason


@pytest.mark.parametrize(
    "inputs",
    [
        {"cash": 1, "rows": []},
        {"cash": 1, "rows": [{"size": 2}], "note": None},
        {"cash": 1, "rows": [{"size": 2, "name": "a"}, {"size": 3}]},
    ],
)
def test_a_vector_of_the_shape_has_no_reason(inputs: Mapping[str, Any]) -> None:
    assert said(inputs, {"BTC": {"rate": 1}}, {"need": 3}) == ""


def test_every_unknown_and_every_missing_key_is_named() -> None:
    inputs = {"rows": [{"size": 1, "hue": 3}, {"name": "a"}], "extra": 1}
    assert said(inputs, {"BTC": {"rete": 2}}, {"nead": 1}) == (
        "unknown keys expected.nead, inputs.extra, inputs.rows[].hue, params.BTC.rete; "
        "missing keys inputs.cash, inputs.rows[1].size, params.BTC.rate"
    )


@pytest.mark.parametrize("rows", [None, {}, 3, "abc", {"size": 2}])
def test_a_list_that_is_none_is_missing(rows: Any) -> None:
    assert "inputs.rows" in said({"cash": 1, "rows": rows})


def test_a_table_that_is_a_number_is_missing() -> None:
    assert said({"cash": 1, "rows": [4]}) == "missing keys inputs.rows[0]"
    assert "params.BTC" in said({"cash": 1, "rows": []}, {"BTC": 3})


INNER = shape("inputs.cash", "inputs.leg.size! inputs.leg.note inputs.rows[].name!")


@pytest.mark.parametrize(
    ("inputs", "reason"),
    [
        ({"cash": 1}, None),
        ({"cash": 1, "leg": None, "rows": None}, None),
        ({"cash": 1, "leg": {"size": 1}, "rows": []}, None),
        ({"cash": 1, "leg": {"note": 1}}, "missing keys inputs.leg.size"),
        ({"cash": 1, "leg": 3}, "missing keys inputs.leg"),
        ({"cash": 1, "rows": [{"name": "a"}, {}]}, "missing keys inputs.rows[1].name"),
        ({"cash": 1, "rows": [{"size": 1}]}, "unknown keys inputs.rows[].size; missing keys "),
    ],
)
def test_what_is_left_out_lacks_nothing_inside(inputs: Mapping[str, Any], reason: str) -> None:
    made = Case(
        system="s",
        name="n",
        inputs=inputs,
        params={},
        expected={},
        tolerance=None,
        source="",
        note="",
        suspect=False,
    )
    wrong = misfit(made, INNER)
    assert (wrong and wrong.reason.startswith(reason)) if reason else wrong is None
