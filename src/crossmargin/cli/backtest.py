"""`crossmargin backtest`: whether margins covered the days that followed them."""

import json
import sys
from pathlib import Path
from typing import Annotated, Any

from cyclopts import Parameter

from crossmargin.base.failure import Failure, InputRefused, Reason
from crossmargin.study.backtest import Backtest, run_backtest
from crossmargin.study.baseline import BaselineRun, run_baseline
from crossmargin.study.coverage import Coverage
from crossmargin.study.day_path import DayPaths, day_paths, on_path
from crossmargin.wire.assets import bundled_registry
from crossmargin.wire.bundle import read_bundled
from crossmargin.wire.history import read_daily_closes, read_global_closes, read_vol_index
from crossmargin.wire.ohlc import read_bars
from crossmargin.wire.recipes import bundled_recipe

CLOSES = "package:btc_eth_daily_close_premium_2017_2026.csv"
VOL_INDEX = "package:deribit_dvol_daily_2021_2026.csv"
HOURS = 24


def backtest(
    *recipes: str,
    baseline: bool = False,
    data: Path | None = None,
    every: int = 1,
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
        A folder of hourly bars (BTCUSDT_perp_1h_*.csv): the baseline against each day's path.
    every:
        Take every so many days of a recipe's run.
    json_output:
        Print a list of one object per run.

    """
    if baseline == bool(recipes):
        message = "name recipes, or ask for the baseline"
        raise InputRefused([Failure(Reason.MISSING_FIELD, "backtest", message)])
    rows = _baseline_rows(data) if baseline else _recipe_rows(recipes, every)
    if json_output:
        sys.stdout.write(json.dumps(rows, indent=1, allow_nan=False) + "\n")
        return
    _print(rows)


def _baseline_rows(data: Path | None) -> list[dict[str, Any]]:
    runs = run_baseline(read_global_closes(read_bundled(CLOSES), CLOSES))
    rows = [_row(run.model, run.underlying, run.side, run.level, run.coverage, run) for run in runs]
    if data is None:
        return rows
    for run in runs:
        paths = _paths(data, run.underlying)
        rows.append(
            _row(
                f"{run.model} on the path",
                run.underlying,
                run.side,
                run.level,
                on_path(run, paths),
                run,
            )
        )
    return rows


def _paths(data: Path, coin: str) -> DayPaths:
    files = sorted(data.glob(f"{coin}USDT_perp_1h_*.csv"))
    if not files:
        message = f"the folder has no {coin}USDT_perp_1h_*.csv"
        raise InputRefused([Failure(Reason.MISSING_DATA, str(data), message)])
    bars = read_bars(files[0].read_bytes(), files[0].name)
    return day_paths(bars.start_ns, bars.open, bars.high, bars.low, bars_per_day=HOURS)


def _recipe_rows(recipes: tuple[str, ...], every: int) -> list[dict[str, Any]]:
    prices = read_daily_closes(read_bundled(CLOSES), CLOSES)
    vol_index = read_vol_index(read_bundled(VOL_INDEX), VOL_INDEX)
    registry = bundled_registry()
    assets = {code: registry.asset(code) for code in registry.codes()}
    rows: list[dict[str, Any]] = []
    for name in recipes:
        found = run_backtest(bundled_recipe(name), prices, vol_index, assets, every=every)
        rows += [
            _row(name, each.portfolio, each.side, each.level, each.coverage, each) for each in found
        ]
    return rows


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
        "largest_rise_1_day": run.largest_rise(1),
        "largest_rise_5_days": run.largest_rise(5),
    }


def _print(rows: list[dict[str, Any]]) -> None:
    sys.stdout.write(
        f"{'model':<34}{'book':<12}{'side':<7}{'days':>6}{'breaches':>10}{'kupiec':>9}"
        f"{'upper':>8}{'margin':>9}{'peak/trough':>13}\n"
    )
    for row in rows:
        ratio = "none" if row["peak_to_trough"] is None else f"{row['peak_to_trough']:.2f}"
        sys.stdout.write(
            f"{row['model']:<34}{row['underlying']:<12}{row['side']:<7}{row['days']:>6}"
            f"{row['breaches']:>10}{row['kupiec_p']:>9.3f}{row['breach_rate_upper']:>8.2%}"
            f"{row['mean_margin_frac']:>9.2%}{ratio:>13}\n"
        )
