from typing import Any

import pytest

from crossmargin.base.failure import InputRefused
from crossmargin.conformance.compare import differences
from crossmargin.conformance.tolerance import read_tolerance


@pytest.mark.parametrize(
    ("written", "expected", "allowed"),
    [
        (None, 7, 0.0),
        (None, 7.0, 7e-6),
        (0.5, 7, 0.5),
        ({"abs": 0.25}, 7, 0.25),
        ({"rel": 0.01}, 7, 0.07),
        ({"rel": 0.01, "abs": 1}, 7.0, 1.0),
        ({"rounding": "floor"}, 7, 0.0),
        ({"rounding": "floor", "abs": 1e-3}, 7, 1e-3),
    ],
)
def test_the_stated_tolerance_counts(written: Any, expected: float, allowed: float) -> None:
    found = read_tolerance(written, "tolerance").allowed("figure", expected, ticks=0.0)
    assert found == pytest.approx(allowed, rel=1e-12, abs=1e-300)


def test_a_rounded_decimal_may_lose_its_last_bits() -> None:
    found = read_tolerance({"rounding": "floor 1e-9"}, "tolerance").allowed("x", 0.3, ticks=0.0)
    assert 0 < found < 1e-12


def test_one_tick_per_position_is_always_allowed() -> None:
    assert read_tolerance({"abs": 0.0}, "t").allowed("figure", 7, ticks=0.125) == 0.125


def test_a_named_tolerance_is_for_the_figures_of_that_name() -> None:
    tolerance = read_tolerance({"abs": 0.01, "margin_ratio_abs": 0.5}, "t")
    assert tolerance.allowed("new_margin_ratio", 1.0, ticks=0.0) == 0.5
    assert tolerance.allowed("new_margin", 1.0, ticks=0.0) == 0.01


@pytest.mark.parametrize(
    "written", ["tight", True, -1, [1], {"rel": "a"}, {"rel": -1}, {"about": 3}, {"rounding": 1}]
)
def test_a_tolerance_that_nobody_knows_is_refused(written: Any) -> None:
    with pytest.raises(InputRefused):
        read_tolerance(written, "tolerance")


def test_every_wrong_word_of_a_tolerance_is_told_with_its_path() -> None:
    with pytest.raises(InputRefused) as refused:
        read_tolerance({"about": 3, "rel": -1, "rounding": 1, "abs": 0}, "t")
    assert [str(each) for each in refused.value.failures] == [
        "t.about: is no tolerance; there are rel, abs, rounding and NAME_abs [unknown_field]",
        "t.rel: -1 is not a number of 0 or more [wrong_type]",
        "t.rounding: 1 is not text [wrong_type]",
    ]


EXACT = read_tolerance({"abs": 0.0}, "t")


@pytest.mark.parametrize(
    ("wanted", "ours"),
    [
        (1, 1.0),
        ("38885000", 38885000.0),
        ("-1.25", -1.25),
        ("2.5e1", 25.0),
        (True, True),
        ([1, 2.5], [1.0, 2.5]),
        (-0.0, 0.0),
    ],
)
def test_equal_figures_agree(wanted: Any, ours: Any) -> None:
    assert differences({"x": wanted}, {"x": ours}, EXACT, 0.0)[0] == ()


@pytest.mark.parametrize(
    ("wanted", "ours", "figure", "difference"),
    [
        (1, 1.5, "x", 0.5),
        (1, None, "x", None),
        (True, False, "x", None),
        (True, 1.0, "x", None),
        (1, True, "x", None),
        ("words", 1.0, "x", None),
        ("1.5", 1.25, "x", -0.25),
        (1, float("inf"), "x", None),
        (1, float("nan"), "x", None),
        ([1, 2], [1.0, 2.25], "x[1]", 0.25),
        ([1, 2], [1.0], "x", None),
    ],
)
def test_a_figure_that_does_not_agree_is_named(
    wanted: Any, ours: Any, figure: str, difference: float | None
) -> None:
    (wrong,), count = differences({"x": wanted}, {"x": ours}, EXACT, 0.0)
    assert (wrong.figure, wrong.difference) == (figure, difference)
    assert count == (2 if figure == "x[1]" else 1)
