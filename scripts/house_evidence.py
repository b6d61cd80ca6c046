"""The evidence of the house model: how its figures were chosen, and what they did afterwards.

    python scripts/house_evidence.py --data DIR [--every N]

DIR holds hourly bars (BTCUSDT_perp_1h_*.csv, BTCUSDT_spot_1h_*.csv and those of ETH). Figures are
chosen on days before 2023 alone: of all candidates the one that misses the fewest criteria, and of
those the cheapest; then again with each crash left out. Later days are read once, at the end.
docs/house-model.md quotes what this prints.
"""

import argparse
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np

from crossmargin.base.instant import parse_instant
from crossmargin.cli.backtest_data import bundled_assets, bundled_closes, folder_paths
from crossmargin.rulebook.load import load_recipe
from crossmargin.rulebook.recipe import Recipe
from crossmargin.study.backtest import Backtest, MarginRun, held_against, run_margins
from crossmargin.study.coverage import coverage
from crossmargin.study.crash import CRASHES, Crash
from crossmargin.study.day_path import held_to_coin
from crossmargin.study.equal_coverage import cost_at_coverage
from crossmargin.study.portfolio import OPTION_BOOKS, PORTFOLIOS, Portfolio
from crossmargin.study.realised_loss import Closes, Paths, losses_on_path, losses_to_close
from crossmargin.wire.recipes import bundled_recipe, recipe_text

CHOSEN_BEFORE = "2023-01-01"
BAND_FRAC = 0.05
UPPER_MOST, DECILE_LEAST, EXCEEDANCE_MOST = 0.015, 0.98, 0.50
LEVELS, DECAYS, RANGES, APART = (0.975, 0.9875), (0.94, 0.97, 0.985), (0.16, 0.20), (0.25, 0.50)
BASES = (0.01, 0.015, 0.02)
OUTRIGHT = tuple(each for each in PORTFOLIOS if not each.coins and not each.is_across_venues)
HEDGED = tuple(each for each in PORTFOLIOS if each not in OUTRIGHT)
OKX_SET = {
    "vol_relative": 0.5,
    "vega_spread": 0.1,
    "rate_shift": 0.02,
    "depeg_rates": [0.01, 0.02, 0.03],
}
RIVALS: tuple[tuple[str, dict[str, Any]], ...] = (
    ("house", {}),
    ("deribit-portfolio", {}),
    ("okx-portfolio", OKX_SET),
)

HEAD = (
    "book               days  breaches  upper   wild    mean    worst   kupiec  follow  "
    "green/yellow/  mean    peak/   rise   rise   in transition\n"
    "                                   95 %    tenth   over    over                    "
    "red            margin  trough  1 d    5 d    mean   most"
)
FIGURE_NODES = ("shortfall", "stress", "stress_apart", "market_risk", "basis", "total")


@dataclass(frozen=True)
class Figures:
    """What is chosen: the level of the shortfall, the decay of its forecast, the edge of the grid,
    the part of the stress that no correlation relieves, the basis between venues.
    """

    level: float
    decay: float
    edge: float
    apart: float
    basis: float

    @property
    def name(self) -> str:
        """As a level of a recipe is called."""
        return f"{self.level} {self.decay} {self.edge} {self.apart} {self.basis}"


class Evidence:
    """The data, and margins of recipes over it."""

    def __init__(self, folder: Path, every: int) -> None:
        self.closes: Closes = bundled_closes()
        self.paths: Paths = folder_paths(folder, self.closes.first.assets)
        held = {
            coin: held_to_coin(path, self.paths.coin[coin], BAND_FRAC)
            for coin, path in self.paths.perpetual.items()
        }
        self.held = Paths(perpetual=held, coin=self.paths.coin)
        self.assets = bundled_assets()
        self.every = every

    def margins(
        self,
        recipe: Recipe,
        portfolios: Sequence[Portfolio],
        since: str | None = None,
        until: str | None = None,
    ) -> dict[str, MarginRun]:
        """Margins day by day and level by level, on days from `since` and before `until`."""
        return run_margins(
            recipe,
            self.closes.first,
            self.closes.vol_index,
            self.assets,
            every=self.every,
            portfolios=portfolios,
            since_ns=None if since is None else parse_instant(since),
            until_ns=None if until is None else parse_instant(until),
        )

    def against(self, run: MarginRun, paths: Paths) -> list[Backtest]:
        """On the path where there is one, else to the close."""

        def loss_of(portfolio: Portfolio) -> Any:
            on_path = losses_on_path(portfolio, paths, self.closes)
            return on_path or losses_to_close(portfolio, self.closes)

        return held_against(run, loss_of)


def candidates(figures: Sequence[Figures]) -> Recipe:
    """The house model with a level for each choice of its figures, in their order.

    Families are shared by the levels, so that each is built and priced once a day.
    """
    table = tomllib.loads(recipe_text("house").decode())
    scenarios, define = table["scenarios"], table["define"]
    for name in ("decay", "price_range", "apart", "venue_basis", "maintenance_factor"):
        del table["params"][name]
    days, grid, basis = (scenarios.pop(name) for name in ("days", "grid", "basis"))
    written = {name: define.pop(name) for name in FIGURE_NODES}
    table["level"] = {}
    for number, own in enumerate(figures):
        family = {
            "days": f"days {own.decay}",
            "grid": f"grid {own.edge}",
            "basis": f"b {own.basis}",
        }
        scenarios[family["days"]] = {**days, "decay": own.decay}
        scenarios[family["grid"]] = {**grid, "price_edge": own.edge}
        scenarios[family["basis"]] = {**basis, "venue_move": own.basis}
        for name in FIGURE_NODES:
            define[f"{name} {number}"] = renamed(written[name], family, number)
        define[f"shortfall {number}"]["level"] = own.level
        define[f"stress_apart {number}"]["factor"] = own.apart
        equity, total = {"ref": "equity"}, {"ref": f"total {number}"}
        table["level"][own.name] = {"equity": equity, "requirement": total}
    table["liquidation"] = figures[0].name
    return load_recipe(table)


def renamed(node: Any, family: Mapping[str, str], number: int) -> Any:
    """A node of a recipe's file over its own families, and over the nodes of the same number."""
    if isinstance(node, list):
        return [renamed(each, family, number) for each in node]
    if not isinstance(node, dict):
        return node
    own = {key: renamed(value, family, number) for key, value in node.items()}
    if own.get("scenarios") in family:
        own["scenarios"] = family[own["scenarios"]]
    if own.get("ref") in FIGURE_NODES:
        own["ref"] = f"{own['ref']} {number}"
    return own


def misses(found: Sequence[Backtest]) -> list[str]:
    """The criteria that runs miss, in words."""
    out = []
    for run in found:
        own, name = run.coverage, f"{run.portfolio.name} {run.portfolio.side}"
        if own.breach_rate_upper > UPPER_MOST:
            out.append(f"{name}: upper bound {own.breach_rate_upper:.2%}")
        if own.top_decile_coverage is not None and own.top_decile_coverage < DECILE_LEAST:
            out.append(f"{name}: wild tenth {own.top_decile_coverage:.1%}")
        if own.mean_exceedance is not None and own.mean_exceedance > EXCEEDANCE_MOST:
            out.append(f"{name}: mean exceedance {own.mean_exceedance:.0%}")
    return out


def mean_margin(found: Sequence[Backtest]) -> float:
    """The mean over runs of the mean margin, as a fraction of one leg."""
    return float(np.mean([run.margin_frac.mean() for run in found]))


def without(run: Backtest, crash: Crash) -> Backtest:
    """The run without the days of a crash."""
    return part(run, ~crash.holds(run.date_ns))


def part(run: Backtest, kept: Any) -> Backtest:
    """The run over some of its days; the wildest tenth is then of these."""
    margin, loss = run.margin_frac[kept], run.loss_frac[kept]
    return replace(
        run,
        date_ns=run.date_ns[kept],
        margin_frac=margin,
        loss_frac=loss,
        volatility=run.volatility[kept],
        coverage=coverage(margin, loss, 1.0 - run.level, run.volatility[kept]),
    )


def choose(runs: Mapping[Figures, Sequence[Backtest]]) -> Figures:
    """The candidate with the fewest misses, and of those the cheapest."""
    return min(runs, key=lambda own: (len(misses(runs[own])), mean_margin(runs[own])))


def chosen_basis(evidence: Evidence) -> float:
    """The cross-venue basis, from the hedged books alone: the other figures do not touch them."""
    print("## Basis, days before 2023\n")
    figures = [Figures(LEVELS[0], DECAYS[0], RANGES[0], APART[0], basis) for basis in BASES]
    margins = evidence.margins(candidates(figures), HEDGED, None, CHOSEN_BEFORE)
    runs = {own: evidence.against(margins[own.name], evidence.paths) for own in figures}
    for own, found in runs.items():
        print(f"{own.basis:.1%}: {'; '.join(misses(found)) or 'no miss'}")
    best = choose(runs)
    print(f"chosen: {best.basis:.1%}", flush=True)
    return best.basis


def chosen_figures(evidence: Evidence, basis: float) -> Figures:
    """All but the basis, after every candidate is printed."""
    print("\n## Candidates, days of 2020 to 2022 on the path\n")
    print("level  decay  range  apart  misses  mean margin")
    figures = [Figures(*own, basis) for own in product(LEVELS, DECAYS, RANGES, APART)]
    margins = evidence.margins(candidates(figures), OUTRIGHT, "2020-01-01", CHOSEN_BEFORE)
    runs = {own: evidence.against(margins[own.name], evidence.paths) for own in figures}
    for own, found in runs.items():
        wrong = misses(found)
        print(
            f"{own.level:<7}{own.decay:<7}{own.edge:<7}{own.apart:<7}{len(wrong):<8}"
            f"{mean_margin(found):.2%}  {'; '.join(wrong)}"
        )
    best = choose(runs)
    print(
        f"\nchosen: level {best.level}, decay {best.decay}, range {best.edge}, apart {best.apart}"
    )
    print("\n## Each crash left out: what is chosen without it, and what that does in it\n")
    for crash in CRASHES:
        if any(crash.holds(run.date_ns).any() for run in runs[best]):
            leave_out(crash, runs, best)
    return best


def leave_out(crash: Crash, runs: Mapping[Figures, Sequence[Backtest]], best: Figures) -> None:
    """Choose without a crash, and look at the choice in it."""
    other = choose({own: [without(run, crash) for run in found] for own, found in runs.items()})
    beyond = "; ".join(
        f"{run.portfolio.name} {run.portfolio.side} {run.coverage.breaches} of "
        f"{run.coverage.days}, worst {shown(run.coverage.worst_exceedance, '.0%')} over"
        for run in (part(each, crash.holds(each.date_ns)) for each in runs[other])
        if run.coverage.breaches
    )
    same = "the same" if other == best else other.name
    print(f"{crash.name}: {same}; breaches: {beyond or 'none'}", flush=True)


def table(title: str, found: Sequence[Backtest]) -> None:
    """All figures of runs."""
    print(f"\n## {title}\n")
    print(HEAD)
    for run in found:
        own, later = run.coverage, run.in_transition_frac()
        lights = f"{own.green_days}/{own.yellow_days}/{own.red_days}"
        print(
            f"{run.portfolio.name + ' ' + run.portfolio.side:<19}{own.days:<6}{own.breaches:<10}"
            f"{own.breach_rate_upper:<8.2%}{shown(own.top_decile_coverage, '.1%'):<8}"
            f"{shown(own.mean_exceedance, '.0%'):<8}{shown(own.worst_exceedance, '.0%'):<8}"
            f"{own.kupiec_p:<8.3f}{shown(own.christoffersen_p, '.3f'):<8}{lights:<15}"
            f"{run.margin_frac.mean():<8.2%}{shown(run.peak_to_trough, '.2f'):<8}"
            f"{run.largest_rise(1):<7.0%}{run.largest_rise(5):<7.0%}"
            f"{later.mean():<7.1%}{later.max():.0%}"
        )
    wrong = misses(found)
    print(f"missed: {'; '.join(wrong) or 'nothing'}", flush=True)


def shown(value: float | None, form: str) -> str:
    """A figure, or a dash for none."""
    return "-" if value is None else format(value, form)


def first_level(evidence: Evidence, recipe: Recipe, portfolios: Sequence[Portfolio]) -> MarginRun:
    """Margins by the first level of a recipe, on all days."""
    return evidence.margins(recipe, portfolios)[recipe.levels[0].name]


def costs(evidence: Evidence, title: str, portfolios: Sequence[Portfolio]) -> None:
    """Each recipe's mean margin as it is, its breaches, and its mean at equal coverage."""
    print(f"\n## {title}\n")
    print("book               " + "".join(f"{name:<33}" for name, _ in RIVALS))
    print("                   " + "margin  breaches  at 99 %        " * len(RIVALS))
    runs = [
        evidence.against(
            first_level(evidence, bundled_recipe(name, given), portfolios), evidence.paths
        )
        for name, given in RIVALS
    ]
    for same in zip(*runs, strict=True):
        held = same[0].portfolio
        cells = ""
        for run in same:
            cost = cost_at_coverage(run)
            at = "-" if cost is None else f"{cost.mean_frac:.2%} (x{cost.factor:.2f})"
            cells += f"{run.margin_frac.mean():<8.2%}{run.coverage.breaches:<10}{at:<15}"
        print(f"{held.name + ' ' + held.side:<19}{cells}", flush=True)


def main() -> None:
    """Print all of the evidence."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--every", type=int, default=1)
    options = parser.parse_args()
    evidence = Evidence(options.data, options.every)
    best = chosen_figures(evidence, chosen_basis(evidence))
    whole = evidence.margins(candidates([best]), PORTFOLIOS)[best.name]
    years = (
        ("Before 2023, on the path as traded", None, CHOSEN_BEFORE, evidence.paths),
        (f"Before 2023, held to {BAND_FRAC:.0%} of the coin", None, CHOSEN_BEFORE, evidence.held),
        ("2023 on, read once, on the path as traded", CHOSEN_BEFORE, None, evidence.paths),
        ("All days, on the path as traded", None, None, evidence.paths),
        (f"All days, held to {BAND_FRAC:.0%} of the coin", None, None, evidence.held),
    )
    split = parse_instant(CHOSEN_BEFORE)
    for title, since, until, paths in years:
        found = evidence.against(whole, paths)
        if until is not None:
            found = [part(run, run.date_ns < split) for run in found]
        if since is not None:
            found = [part(run, run.date_ns >= split) for run in found]
        table(title, found)
    table(
        "All days, to the close", held_against(whole, lambda p: losses_to_close(p, evidence.closes))
    )
    costs(evidence, "Cost at equal coverage, all days on the path as traded", PORTFOLIOS)
    costs(evidence, "Option books on a surface scaled by the vol index: no pass", OPTION_BOOKS)


if __name__ == "__main__":
    main()
