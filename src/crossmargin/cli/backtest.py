"""`crossmargin backtest`: whether margins covered the days that followed them."""

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any

from cyclopts import Parameter

from crossmargin.base.failure import Failure, InputRefused, Reason
from crossmargin.base.instant import parse_instant
from crossmargin.cli.backtest_data import bundled_assets, bundled_closes, folder_paths
from crossmargin.cli.backtest_rows import (
    PATH,
    baseline_row,
    coverage_text,
    margin_text,
    recipe_row,
)
from crossmargin.cli.printing import write_file, write_json, write_text
from crossmargin.report.coverage_chart import coverage_chart
from crossmargin.study.backtest import Backtest, held_against, run_margins
from crossmargin.study.baseline import run_baseline
from crossmargin.study.day_path import held_to_coin, on_path
from crossmargin.study.portfolio import OPTION_BOOKS, PORTFOLIOS, Portfolio
from crossmargin.study.realised_loss import Closes, Paths, losses_on_path, losses_to_close
from crossmargin.wire.recipes import bundled_recipe


def backtest(
    *recipes: str,
    baseline: bool = False,
    data: Path | None = None,
    options: bool = False,
    band: float | None = None,
    since: str | None = None,
    until: str | None = None,
    every: int = 1,
    chart: Path | None = None,
    json_output: Annotated[bool, Parameter(name="--json", negative="")] = False,
) -> None:
    """Breaches of margins over the bundled daily closes, with the tests on them.

    Parameters
    ----------
    recipes:
        Bundled recipes to run on the stated portfolios: outright, spread and basis.
    baseline:
        Three plain models on each coin and side instead.
    data:
        A folder of hourly bars, BTCUSDT_perp_1h_YEARS.csv and the like: margins against each
        day's path too.
    options:
        Option books on a surface that is the vol index, instead of outright, spread and basis.
    band:
        Hold a perpetual's bars to within this fraction of the coin's, where the folder has both.
    since:
        The first day of a recipe's run (2023-01-01).
    until:
        The day before which a recipe's run ends.
    every:
        Take every so many days of a recipe's run.
    chart:
        Write a picture (SVG) of margin against loss through each crash.
    json_output:
        Print a list of one object per run.

    """
    _refuse_misused(baseline, recipes, data, band, chart)
    closes = bundled_closes()
    paths = None if data is None else _paths(data, closes, band)
    found: list[tuple[str, Backtest]] = []
    if baseline:
        rows = _baseline_rows(closes, paths)
    else:
        days = (_day(since, "since"), _day(until, "until"), every)
        for name in recipes:
            found += _runs(name, closes, paths, OPTION_BOOKS if options else PORTFOLIOS, days)
        rows = [recipe_row(model, each) for model, each in found]
        if not rows:
            message = "no day of the run has both a margin and a loss"
            raise InputRefused([Failure(Reason.MISSING_DATA, "backtest", message)])
    if chart is not None:
        write_file(chart, coverage_chart(found).encode())
    if json_output:
        write_json(rows)
        return
    write_text(f"{coverage_text(rows)}\n{margin_text(rows)}")


def _runs(
    name: str,
    closes: Closes,
    paths: Paths | None,
    portfolios: Sequence[Portfolio],
    days: tuple[int | None, int | None, int],
) -> list[tuple[str, Backtest]]:
    """A recipe against closes, and against paths where there are any; days since, until, every."""
    recipe = bundled_recipe(name)
    since, until, every = days
    runs = run_margins(
        recipe,
        closes.first,
        closes.vol_index,
        bundled_assets(),
        every=every,
        portfolios=portfolios,
        since_ns=since,
        until_ns=until,
    )
    run = runs[recipe.levels[0].name]
    found = [(name, each) for each in held_against(run, lambda p: losses_to_close(p, closes))]
    if paths is None:
        return found
    on_paths = held_against(run, lambda p: losses_on_path(p, paths, closes))
    return found + [(f"{name}{PATH}", each) for each in on_paths]


def _refuse_misused(
    baseline: bool,
    recipes: tuple[str, ...],
    data: Path | None,
    band: float | None,
    chart: Path | None,
) -> None:
    faults = []
    if baseline == bool(recipes):
        faults.append((Reason.MISSING_FIELD, "name recipes, or ask for the baseline"))
    if band is not None and (data is None or not 0.0 < band < 1.0):
        faults.append((Reason.OUT_OF_BOUNDS, "a band is above 0 and below 1, and of a data folder"))
    if chart is not None and not recipes:
        faults.append((Reason.CONTRADICTION, "a chart is of recipes"))
    if faults:
        raise InputRefused([Failure(reason, "backtest", text) for reason, text in faults])


def _day(text: str | None, name: str) -> int | None:
    if text is None:
        return None
    found = parse_instant(text)
    if found is None:
        message = f"{text!r} is not a day like 2023-01-01"
        raise InputRefused([Failure(Reason.WRONG_TYPE, f"backtest.{name}", message)])
    return found


def _paths(data: Path, closes: Closes, band: float | None) -> Paths:
    found = folder_paths(data, closes.first.assets)
    if band is None:
        return found
    held = {
        coin: held_to_coin(path, found.coin[coin], band) if coin in found.coin else path
        for coin, path in found.perpetual.items()
    }
    return Paths(perpetual=held, coin=found.coin)


def _baseline_rows(closes: Closes, paths: Paths | None) -> list[dict[str, Any]]:
    runs = run_baseline(closes.second)
    rows = [baseline_row(run.model, run, run.coverage) for run in runs]
    if paths is not None:
        rows += [
            baseline_row(f"{run.model}{PATH}", run, on_path(run, paths.perpetual[run.underlying]))
            for run in runs
        ]
    return rows
