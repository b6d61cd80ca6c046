from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest

from crossmargin.base.failure import InputRefused
from crossmargin.conformance import systems
from crossmargin.conformance.case import Case
from crossmargin.conformance.runner import Result, refuse_empty, report, run_cases, verdict_of
from crossmargin.conformance.scene import Scene
from crossmargin.conformance.translation import (
    LevelFigure,
    SufficientFigure,
    Translation,
    TruncatedFigure,
)
from crossmargin.conformance.verdict import Differing, Matched, Unsupported

FIGURES = {
    "equity": LevelFigure(level="maintenance", part="equity"),
    "need": LevelFigure(level="maintenance", part="requirement"),
    "left": LevelFigure(level="maintenance"),
    "left_truncated": TruncatedFigure(of=LevelFigure(level="maintenance")),
    "enough": SufficientFigure(level="maintenance"),
}


def case(expected: Mapping[str, Any], **inputs: Any) -> Case:
    return Case(
        system="cash-only",
        name="made",
        inputs=inputs,
        params={},
        expected=expected,
        tolerance=None,
        source="here",
        note="",
        suspect=bool(inputs.get("suspect")),
    )


def cash_only(made: Case) -> Translation | Unsupported:
    """Coins of one kind under a rulebook that rounds nothing: they need nothing."""
    if "odd" in made.inputs:
        return Unsupported(reason="unknown keys inputs.odd")
    scene = Scene()
    scene.asset("USDC", index=1.0)
    scene.balance("USDC", made.inputs["cash"])
    return Translation(recipe="derive-srm", scene=scene, figures=FIGURES)


@pytest.fixture(autouse=True)
def _one_system(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(systems, "ADAPTERS", {"cash-only": cash_only})


def test_levels_are_read_at_the_tick_of_the_vector() -> None:
    expected = {
        "equity": -1234.5625,
        "need": 0,
        "left": -1234.5625,
        "left_truncated": -1234,
        "enough": False,
    }
    assert verdict_of(case(expected, cash=-1234.5625)) == Matched(figures=5)


@pytest.mark.parametrize("cash", [1e-9, 0.1, 1e12, 123_456_789.125])
def test_the_tick_follows_the_size_of_the_amounts(cash: float) -> None:
    assert verdict_of(case({"equity": cash}, cash=cash)) == Matched(figures=1)


def test_a_difference_is_a_difference_however_small_the_amounts() -> None:
    found = verdict_of(case({"equity": 1.01e-9}, cash=1e-9))
    assert isinstance(found, Differing)


def test_amounts_that_no_tick_holds_are_unsupported() -> None:
    found = verdict_of(case({"equity": 1e40}, cash=1e40))
    assert found == Unsupported(reason="its amounts lie outside float64 ticks")


def test_reasons_for_not_running_are_written() -> None:
    stranger = Case(
        system="nobody",
        name="x",
        inputs={},
        params={},
        expected={},
        tolerance=None,
        source="",
        note="",
        suspect=False,
    )
    reasons = [
        (stranger, "no adapter knows the system 'nobody'"),
        (case({"equity": 1}, cash=1, suspect=True), "its source is marked suspect"),
        (case({"equity": 1}, odd=1), "unknown keys inputs.odd"),
        (case({"equity": 1, "colour": 3}, cash=1), "unknown keys expected.colour"),
        (case({"equity": 1}), "its shape is not one that the adapter reads: KeyError('cash')"),
        (case({"equity": 1}, cash="1"), "refused: USDC.amount: '1' is not a number [wrong_type]"),
        (case({}, cash=1), "it states no figure"),
        (replace(case({"equity": 1}, cash=1), unknown=("hue", "size")), "unknown keys hue, size"),
    ]
    for made, reason in reasons:
        assert verdict_of(made) == Unsupported(reason=reason)


def test_a_vector_that_makes_no_book_leaves_the_verdicts_on_the_others(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def odd(made: Case) -> Translation | Unsupported:
        ready = cash_only(made)
        assert isinstance(ready, Translation)
        ready.scene.accounts += made.inputs["more"]
        return ready

    monkeypatch.setattr(systems, "ADAPTERS", {"cash-only": odd})
    made = [case({"equity": 1}, cash=1, more=more) for more in ([[]], [])]
    broken, sound = (each.verdict for each in run_cases(made))
    assert isinstance(broken, Unsupported)
    assert "no book of it: TypeError" in broken.reason
    assert sound == Matched(figures=1)


def test_nobody_is_short_where_there_is_nobody(monkeypatch: pytest.MonkeyPatch) -> None:
    scene = Scene()
    scene.asset("USDC", index=1.0)
    scene.account()
    nobody = Translation(
        recipe="derive-srm",
        scene=scene,
        figures={"enough": SufficientFigure(level="maintenance", accounts=())},
    )
    monkeypatch.setattr(systems, "ADAPTERS", {"cash-only": lambda made: nobody})
    assert verdict_of(case({"enough": True}, cash=1)) == Matched(figures=1)


def test_every_vector_is_counted_once() -> None:
    cases = [
        case({"equity": 5}, cash=5),
        case({"equity": 6}, cash=5),
        case({"equity": 5}, odd=1),
    ]
    found = report(run_cases(cases))
    assert {key: found[key] for key in ("run", "matched", "differing", "unsupported")} == {
        "run": 3,
        "matched": 1,
        "differing": 1,
        "unsupported": 1,
    }
    assert found["systems"] == {
        "cash-only": {"run": 3, "matched": 1, "differing": 1, "unsupported": 1}
    }
    assert [each["verdict"] for each in found["cases"]] == ["matched", "differing", "unsupported"]
    assert found["cases"][1]["differences"] == [
        {"figure": "equity", "expected": 6, "got": 5.0, "difference": -1.0}
    ]


def test_only_the_named_system_runs_and_nothing_to_run_is_refused() -> None:
    assert run_cases([case({"equity": 5}, cash=5)], "other") == ()
    with pytest.raises(InputRefused, match="no vector of 'other'"):
        refuse_empty((), "other")
    made = case({}, cash=1)
    refuse_empty((Result(case=made, verdict=Matched(figures=0)),), None)
