"""Back-tests as rows of figures, and as the two tables of text that a terminal shows."""

from collections.abc import Mapping, Sequence
from typing import Any

from crossmargin.study.backtest import STEP_LIMIT_FRAC, Backtest
from crossmargin.study.baseline import BaselineRun
from crossmargin.study.coverage import Coverage

PATH = " on the path"
WORDS = 2
"""Columns of words at the left of a table."""


def baseline_row(model: str, run: BaselineRun, found: Coverage) -> dict[str, Any]:
    """One plain model on one side of one coin."""
    return _row(model, run.underlying, run.side, run.level, found, run)


def recipe_row(model: str, run: Backtest) -> dict[str, Any]:
    """One recipe on one portfolio."""
    held, later = run.portfolio, run.in_transition_frac()
    return {
        **_row(model, held.name, held.side, run.level, run.coverage, run),
        "surface": "scaled by the vol index: no pass" if held.options else None,
        "step_limit": STEP_LIMIT_FRAC,
        "margin_in_transition_mean": float(later.mean()),
        "margin_in_transition_most": float(later.max()),
    }


def _row(
    model: str,
    underlying: str,
    side: str,
    level: float,
    found: Coverage,
    run: BaselineRun | Backtest,
) -> dict[str, Any]:
    return {
        "model": model,
        "underlying": underlying,
        "side": side,
        "level": level,
        "days": found.days,
        "breaches": found.breaches,
        "kupiec_p": found.kupiec_p,
        "christoffersen_p": found.christoffersen_p,
        "mean_margin_frac": float(run.margin_frac.mean()),
        "peak_to_trough": run.peak_to_trough,
        "breach_rate_upper": found.breach_rate_upper,
        "mean_exceedance": found.mean_exceedance,
        "worst_exceedance": found.worst_exceedance,
        "top_decile_coverage": found.top_decile_coverage,
        "red_days": found.red_days,
        "yellow_days": found.yellow_days,
        "green_days": found.green_days,
        "largest_rise_1_day": run.largest_rise(1),
        "largest_rise_5_days": run.largest_rise(5),
    }


def coverage_text(rows: Sequence[Mapping[str, Any]]) -> str:
    """Breaches and the tests on them, as a table of text."""
    heads = ["model", "book", "days", "breaches", "kupiec", "follow", "upper"]
    heads += ["wild", "over", "worst", "green/yellow/red"]
    table = [
        (
            row["model"],
            f"{row['underlying']} {row['side']}",
            str(row["days"]),
            str(row["breaches"]),
            f"{row['kupiec_p']:.3f}",
            _figure(row["christoffersen_p"], ".3f"),
            f"{row['breach_rate_upper']:.2%}",
            _figure(row["top_decile_coverage"], ".1%"),
            _figure(row["mean_exceedance"], ".0%"),
            _figure(row["worst_exceedance"], ".0%"),
            "/".join(str(row[f"{light}_days"]) for light in ("green", "yellow", "red")),
        )
        for row in rows
    ]
    return _aligned(heads, table)


def margin_text(rows: Sequence[Mapping[str, Any]]) -> str:
    """What the margin itself did, as a part of one leg, as a table of text."""
    heads = ["model", "book", "margin", "peak/trough", "1 day", "5 days", "transition", "at most"]
    table = [
        (
            row["model"],
            f"{row['underlying']} {row['side']}",
            f"{row['mean_margin_frac']:.2%}",
            _figure(row["peak_to_trough"], ".2f"),
            f"{row['largest_rise_1_day']:.0%}",
            f"{row['largest_rise_5_days']:.0%}",
            _figure(row.get("margin_in_transition_mean"), ".1%"),
            _figure(row.get("margin_in_transition_most"), ".0%"),
        )
        for row in rows
    ]
    return _aligned(heads, table)


def _aligned(heads: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Columns as wide as they must be: two of words on the left, then figures."""
    wide = [max(map(len, column)) for column in zip(heads, *rows, strict=True)]
    lines = (
        "  ".join(
            cell.ljust(width) if place < WORDS else cell.rjust(width)
            for place, (cell, width) in enumerate(zip(row, wide, strict=True))
        ).rstrip()
        for row in (heads, *rows)
    )
    return "\n".join(lines) + "\n"


def _figure(value: float | None, form: str) -> str:
    return "-" if value is None else format(value, form)
