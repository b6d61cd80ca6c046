"""Runs vectors through the engine and counts what became of them."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, final

import numpy as np

from crossmargin.base.failure import Failure, InputRefused, Reason
from crossmargin.base.ticks import TickOverflowError
from crossmargin.conformance.case import Case
from crossmargin.conformance.compare import differences
from crossmargin.conformance.read_figure import read_figure
from crossmargin.conformance.stated_place import placed
from crossmargin.conformance.stated_recipe import recipe_of
from crossmargin.conformance.systems import Adapter, adapter_of
from crossmargin.conformance.tolerance import Tolerance, read_tolerance
from crossmargin.conformance.translation import Translation
from crossmargin.conformance.verdict import Differing, Matched, Unsupported, Verdict
from crossmargin.domain.columns import BookColumns
from crossmargin.kernels import NotFinite, TickOverflow
from crossmargin.rulebook.assess import MarginColumns, assess
from crossmargin.rulebook.recipe import Recipe
from crossmargin.rulebook.run import PricedMarket

FINEST_EXPONENT = -60
COARSEST_EXPONENT = 40
ROOM_BITS = 6
"""The tick is so many powers of two coarser than the finest that fits, so that what float64 loses
in the last bits of the largest amount stays below one tick, and snapping to the tick removes it."""

OVERFLOWS = (TickOverflowError, TickOverflow, NotFinite)


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """One vector and its verdict."""

    case: Case
    verdict: Verdict


def run_cases(cases: Iterable[Case], system: str | None = None) -> tuple[Result, ...]:
    """Every vector (of one system, if named) with its verdict, in order."""
    return tuple(
        Result(case=case, verdict=verdict_of(case))
        for case in cases
        if system is None or case.system == system
    )


def verdict_of(case: Case) -> Verdict:
    """Translate, run, read, compare. Whatever cannot be run says why."""
    adapter = adapter_of(case.system)
    if adapter is None:
        keys = ", ".join(f"inputs.{key}" for key in case.inputs)
        named = f"; unknown keys {keys}" if keys else ""
        return Unsupported(reason=f"no adapter knows the system {case.system!r}{named}")
    if case.suspect:
        return Unsupported(reason="its source is marked suspect")
    if case.unknown:
        return Unsupported(reason=f"unknown keys {', '.join(case.unknown)}")
    try:
        tolerance = read_tolerance(case.tolerance, "tolerance")
        translation = _translated(adapter, case)
        if isinstance(translation, Unsupported):
            return translation
        with np.errstate(all="ignore"):
            # Figures of no market overflow: the guard on ticks sees it, and not a warning.
            return _compared(case, translation, tolerance)
    except InputRefused as refused:
        told = [str(placed(failure, case)) for failure in refused.failures]
        return Unsupported(reason="refused: " + "; ".join(told))
    except (ArithmeticError, ValueError) as error:
        # A strike below 0, an expiry beyond all calendars: no book and no market can be made of it.
        return Unsupported(reason=f"refused: {error}")


def _compared(case: Case, translation: Translation, tolerance: Tolerance) -> Verdict:
    columns, positions = answered(translation)
    if columns is None:
        return Unsupported(reason="its amounts lie outside float64 ticks")
    got = {key: read_figure(translation.figures[key], columns) for key in case.expected}
    allowance = 2.0**columns.tick_exponent * max(positions, 1)
    wrong, count = differences(case.expected, got, tolerance, allowance)
    if wrong:
        reasons = tuple(text for texts in columns.reasons.values() for text in texts)
        return Differing(differences=wrong, reasons=reasons)
    return Matched(figures=count) if count else Unsupported(reason="it states no figure")


def _translated(adapter: Adapter, case: Case) -> Translation | Unsupported:
    """The adapter's answer, once every expected figure has its own."""
    try:
        translation = adapter(case)
    except InputRefused:
        raise
    except (AttributeError, LookupError, TypeError, ValueError) as error:
        # A number where a table is read, a text where a list is: the shape is not the known one.
        return Unsupported(reason=f"its shape is not one that the adapter reads: {error!r}")
    if isinstance(translation, Unsupported):
        return translation
    unknown = [f"expected.{key}" for key in case.expected if key not in translation.figures]
    return Unsupported(reason=f"unknown keys {', '.join(unknown)}") if unknown else translation


def _built(translation: Translation) -> tuple[Recipe, tuple[BookColumns, PricedMarket]]:
    """Recipe, book and market. A vector that makes none is refused and the others go on; what goes
    wrong after this is the engine's own fault, and is seen.
    """
    try:
        return recipe_of(translation), translation.scene.built()
    except (AttributeError, LookupError, TypeError) as error:
        message = f"the engine can make no book of it: {error!r}"
        raise InputRefused([Failure(Reason.WRONG_TYPE, "inputs", message)]) from error


def answered(translation: Translation) -> tuple[MarginColumns | None, int]:
    """The engine's answer at the tick of this vector, and how many rows the book has.

    None when no tick holds its amounts.
    """
    recipe, (book, priced) = _built(translation)
    rows = len(book.positions.account) + len(book.balances.account)
    exponent = translation.tick_exponent
    if exponent is not None:
        return _assessed(recipe, book, priced, translation, exponent, explain=True), rows
    coarsest, room = _tick_bounds(translation, book, priced)
    finest = _finest(recipe, book, priced, translation, coarsest - room)
    if finest is None:
        return None, rows
    for exponent in range(finest + room, coarsest + 1):
        columns = _assessed(recipe, book, priced, translation, exponent, explain=True)
        if columns is not None:
            return columns, rows
    return None, rows


def _tick_bounds(
    translation: Translation, book: BookColumns, priced: PricedMarket
) -> tuple[int, int]:
    """The coarsest exponent of the tick, and the bits of room below it."""
    if translation.whole_exposures:
        figures = (book.positions.contracts, priced.market.mark[book.positions.instrument])
        if all(np.all(each == np.rint(each)) for each in figures):
            return 0, 0
    coarsest = translation.coarsest_exponent
    return (COARSEST_EXPONENT if coarsest is None else coarsest), ROOM_BITS


def _finest(
    recipe: Recipe,
    book: BookColumns,
    priced: PricedMarket,
    translation: Translation,
    coarsest: int,
) -> int | None:
    """The smallest exponent at which nothing overflows: fits at one, fits at every larger one."""
    low, high = FINEST_EXPONENT, coarsest
    if _assessed(recipe, book, priced, translation, high, explain=False) is None:
        return None
    while low < high:
        middle = (low + high) // 2
        if _assessed(recipe, book, priced, translation, middle, explain=False) is None:
            low = middle + 1
        else:
            high = middle
    return high


def _assessed(
    recipe: Recipe,
    book: BookColumns,
    priced: PricedMarket,
    translation: Translation,
    exponent: int,
    *,
    explain: bool,
) -> MarginColumns | None:
    try:
        return assess(
            recipe,
            book,
            priced,
            reporting=translation.reporting,
            explain=explain,
            tick_exponent=exponent,
        )
    except OVERFLOWS:
        return None


def report(results: Iterable[Result]) -> dict[str, Any]:
    """The counts over all and per system, and every vector, as plain data."""
    systems: dict[str, dict[str, int]] = {}
    total = _counts()
    cases = []
    for result in results:
        own = systems.setdefault(result.case.system, _counts())
        word = _word(result.verdict)
        for counts in (total, own):
            counts["run"] += 1
            counts[word] += 1
        cases.append({"system": result.case.system, "case": result.case.name, **_told(result)})
    return {**total, "systems": dict(sorted(systems.items())), "cases": cases}


def _counts() -> dict[str, int]:
    return {"run": 0, "matched": 0, "differing": 0, "unsupported": 0}


def _word(verdict: Verdict) -> str:
    match verdict:
        case Matched():
            return "matched"
        case Differing():
            return "differing"
        case Unsupported():
            return "unsupported"


def _told(result: Result) -> Mapping[str, Any]:
    verdict = result.verdict
    told: dict[str, Any] = {"verdict": _word(verdict), "source": result.case.source}
    match verdict:
        case Matched():
            told["figures"] = verdict.figures
        case Differing():
            told["differences"] = [
                {
                    "figure": each.figure,
                    "expected": each.expected,
                    "got": each.got,
                    "difference": each.difference,
                }
                for each in verdict.differences
            ]
            told["reasons"] = list(verdict.reasons)
        case Unsupported():
            told["reason"] = verdict.reason
    return told


def refuse_empty(results: tuple[Result, ...], system: str | None) -> None:
    """A run of no vector is a mistake, never a success."""
    if not results:
        what = "there is no vector" if system is None else f"there is no vector of {system!r}"
        raise InputRefused([Failure(Reason.MISSING_DATA, "cases", what)])
