"""Everything about one evaluation that does not depend on accounts, computed once: the run.

Listings are priced here, once per scenario, for everybody. Accounts never reprice anything.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, TypeVar, final

import numpy as np
from numpy.typing import NDArray

from crossmargin.base.failure import Failure, InputRefused, Reason
from crossmargin.domain.asset import Asset
from crossmargin.domain.universe import Kind, Universe
from crossmargin.kernels import aligned
from crossmargin.market.columns import MarketColumns
from crossmargin.market.history import ReturnHistory
from crossmargin.market.totals import MarketTotals
from crossmargin.rulebook.selection import Selection
from crossmargin.rulebook.terms import Terms
from crossmargin.scenario.build import DEPEG, build
from crossmargin.scenario.combine import for_copies, side_by_side
from crossmargin.scenario.scenario_set import ScenarioSet
from crossmargin.valuation.greeks import Greeks, greeks
from crossmargin.valuation.reported import reported_change, reported_rate
from crossmargin.valuation.risk_arrays import RiskArrays, risk_arrays
from crossmargin.valuation.taylor import taylor_arrays
from crossmargin.valuation.unit_value import unit_value

Kept = TypeVar("Kept")


@final
@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class ScanArrays:
    """One scenario family priced for one reporting asset, in ticks per contract (not yet rounded).

    `value` (I,), `change` (I, S). Rows that `missing` (I,) marks lack data: they hold zeros that
    nobody may use.
    """

    scenarios: ScenarioSet
    value: NDArray[np.float64]
    change: NDArray[np.float64]
    missing: NDArray[np.bool_]


@final
@dataclass(slots=True, kw_only=True, eq=False)
class Made:
    """What a run makes once: it names no run and no market, so that a market is let go as soon as
    nobody looks at it.
    """

    scans: dict[str, ScanArrays] = field(default_factory=dict)
    columns: dict[str, NDArray[np.float64]] = field(default_factory=dict)
    kept: dict[object, Any] = field(default_factory=dict)


@final
@dataclass(slots=True, kw_only=True, eq=False)
class PricedMarket:
    """Risk arrays of one market, shared by every recipe that asks for the same scenarios.

    `sets` are scenario sets that no price changes, by terms, family and universe: markets of other
    moments and at other prices share them. `made` is what runs have made of this market, by terms,
    reporting asset, tick and universe; a market made from it by `replace` begins with none.
    """

    universe: Universe
    market: MarketColumns
    totals: MarketTotals
    history: ReturnHistory | None
    vol_history: ReturnHistory | None
    assets: Mapping[str, Asset]
    priced: dict[tuple[object, ...], RiskArrays] = field(default_factory=dict)
    sensitivities: dict[str, Greeks] = field(default_factory=dict)
    discounted: dict[str, "PricedMarket"] = field(default_factory=dict)
    sets: dict[tuple[Terms, str, Universe], ScenarioSet] = field(default_factory=dict)
    made: dict[tuple[Terms, str, int, Universe], "Made"] = field(default_factory=dict, init=False)

    def run(
        self, terms: Terms, reporting: str, tick_exponent: int, universe: Universe | None = None
    ) -> "Run":
        """A run of a recipe's terms that reports in `reporting`; runs of one kind share all that
        they make.

        `universe` is that of the book, the market's own where it is not said.
        """
        over = self.universe if universe is None else universe
        key = (terms, reporting, tick_exponent, over)
        if key not in self.made:
            self.made[key] = Made()
        made = self.made[key]
        return Run(
            terms=terms,
            priced=self,
            reporting=reporting,
            reporting_row=reporting_rows(over, reporting),
            tick_exponent=tick_exponent,
            scans=made.scans,
            columns=made.columns,
            kept=made.kept,
        )

    def at_rates(self, discounting: str) -> "PricedMarket":
        """The same market with the rates at which a rulebook discounts options: the `market`'s,
        those that are `not_negative`, or `none`.
        """
        if discounting == "market":
            return self
        if discounting not in self.discounted:
            option = self.universe.kind == Kind.OPTION
            own = 0.0 if discounting == "none" else np.maximum(self.market.rate, 0.0)
            rate = np.where(option, own, self.market.rate)
            rate.setflags(write=False)
            self.discounted[discounting] = replace(
                self,
                market=replace(self.market, rate=rate),
                priced={},
                sensitivities={},
                discounted={},
            )
        return self.discounted[discounting]

    def greeks(self) -> Greeks:
        """Greeks of one contract of every instrument."""
        if "all" not in self.sensitivities:
            self.sensitivities["all"] = greeks(self.universe, self.market)
        return self.sensitivities["all"]

    def risk(self, scenarios: ScenarioSet, revaluation: str) -> RiskArrays:
        """Risk arrays of a scenario set; `revaluation` is model, mark or taylor.

        Equal moves are priced once, whatever recipe or family asks for them.
        """
        key = (revaluation, *moves_of(scenarios))
        if key not in self.priced:
            if revaluation == "taylor":
                arrays = taylor_arrays(self.universe, self.market, scenarios, self.greeks())
            else:
                arrays = risk_arrays(self.universe, self.market, scenarios, revaluation)
            self.priced[key] = arrays
        return self.priced[key]


@final
@dataclass(slots=True, kw_only=True, eq=False)
class Run:
    """One recipe over one priced market, for one reporting asset."""

    terms: Terms
    priced: PricedMarket
    reporting: str
    reporting_row: NDArray[np.int64]
    tick_exponent: int
    scans: dict[str, ScanArrays] = field(default_factory=dict)
    columns: dict[str, NDArray[np.float64]] = field(default_factory=dict)
    kept: dict[object, Any] = field(default_factory=dict)

    @property
    def universe(self) -> Universe:
        """The instrument table."""
        return self.priced.universe

    @property
    def market(self) -> MarketColumns:
        """The market's columns."""
        return self.priced.market

    @property
    def valued(self) -> PricedMarket:
        """The market that the model values options in, at the rulebook's rates."""
        return self.priced.at_rates(self.terms.discounting)

    @property
    def risk_unit(self) -> NDArray[np.int64]:
        """(assets,) the asset at the bottom of what each asset wraps, within its copy; else
        itself.
        """
        return self.keep("risk_unit", self._risk_unit)

    def _risk_unit(self) -> NDArray[np.int64]:
        codes = self.universe.assets
        size = len(codes) // self.universe.copies
        base = [_base_of(code, codes[:size], self.priced.assets) for code in codes[:size]]
        first = np.array([codes.index(code) for code in base], dtype=np.int64)
        shift = np.repeat(np.arange(self.universe.copies, dtype=np.int64) * size, size)
        return np.tile(first, self.universe.copies) + shift

    def scan(self, family: str) -> ScanArrays:
        """The named scenario family in ticks per contract, priced at most once."""
        if family not in self.scans:
            self.scans[family] = self._price(family)
        return self.scans[family]

    def asset_rate(self) -> NDArray[np.float64]:
        """(assets,) reporting units per coin of each asset at its index."""
        return self.keep(
            "asset_rate",
            lambda: reported_rate(self.universe, self.market.index, self.reporting_row),
        )

    def unit_value(self) -> NDArray[np.float64]:
        """(instruments,) value of one contract at its mark, settlement currency; NaN without."""
        return self.keep("unit_value", lambda: unit_value(self.universe, self.market))

    def chosen(self, selection: Selection) -> NDArray[np.bool_]:
        """(instruments,) which instrument rows a selection selects."""
        return self.keep(selection, lambda: selection.instruments(self.universe))

    def row_numbers(self, count: int) -> NDArray[np.int64]:
        """(count,) 0, 1, 2 and so on, read-only: the order of rows that lie in order."""
        known: NDArray[np.int64] | None = self.kept.get("row_numbers")
        if known is None or len(known) < count:
            known = np.arange(count + count // 4, dtype=np.int64)
            known.setflags(write=False)
            self.kept["row_numbers"] = known
        return known[:count]

    def keep(self, name: object, make: Callable[[], Kept]) -> Kept:
        """What does not depend on accounts, made at most once per run."""
        if name not in self.kept:
            self.kept[name] = make()
        kept: Kept = self.kept[name]
        return kept

    def _price(self, family: str) -> ScanArrays:
        table = dict(self.terms.scenarios[family])
        revaluation = str(table.pop("revaluation", self.terms.base_value))
        conversion = str(table.pop("conversion", self.terms.conversion))
        scenarios = self._scenarios(family, table)
        arrays = self.valued.risk(scenarios, revaluation)
        value, change = reported_change(
            self.universe,
            self.market.index,
            arrays,
            scenarios,
            self.reporting_row,
            shocked=conversion == "shocked",
        )
        scale = 2.0**-self.tick_exponent
        missing = np.isnan(value) | np.isnan(change).any(axis=1)
        value = np.where(missing, 0.0, value * scale)
        # Kernels read rows that begin on cache lines as they are, instead of laying them out anew.
        change = np.multiply(change, scale, out=aligned(*change.shape))
        change[missing] = 0.0
        for array in (value, change, missing):
            array.setflags(write=False)
        return ScanArrays(scenarios=scenarios, value=value, change=change, missing=missing)

    def _scenarios(self, family: str, table: Mapping[str, Any]) -> ScenarioSet:
        """The family over all copies of the universe; one that starts from prices, from each
        copy's.
        """
        universe = self.universe
        size = len(universe.assets) // universe.copies

        def built(copy: int) -> ScenarioSet:
            return build(
                family,
                table,
                universe.assets[:size],
                universe.venues,
                self._resolve,
                self.priced.history,
                facts=self.priced.assets,
                vol_history=self.priced.vol_history,
                price=self.market.index[copy * size : (copy + 1) * size],
            )

        if table.get("kind") == DEPEG:
            return side_by_side([built(copy) for copy in range(universe.copies)])
        key = (self.terms, family, universe)
        if key not in self.priced.sets:
            own = built(0)
            self.priced.sets[key] = for_copies(own, universe.copies) if universe.copies > 1 else own
        return self.priced.sets[key]

    def _resolve(self, reference: str) -> float | Mapping[str, float]:
        parameter = self.terms.parameters[reference.removeprefix("$")]
        value: Any = parameter.value
        if value is None:
            where = f"recipe {self.terms.name}, params.{parameter.name}"
            message = "no source gives this figure: set it to use the recipe"
            raise InputRefused([Failure(Reason.INCOMPLETE, where, message)])
        if isinstance(value, Mapping):
            table = dict(value)
            if parameter.otherwise is not None:
                table["*"] = parameter.otherwise
            return table
        if isinstance(value, tuple):
            where = f"recipe {self.terms.name}, params.{parameter.name}"
            message = "is a list where a scenario needs a number"
            raise InputRefused([Failure(Reason.WRONG_TYPE, where, message)])
        return float(value)


def moves_of(scenarios: ScenarioSet) -> tuple[object, ...]:
    """What a revaluation reads of a scenario set, hashable: not its names, weights and chances."""
    return (
        scenarios.vol_rules,
        *(
            getattr(scenarios, name).tobytes()
            for name in (
                "spot_move",
                "vol_move",
                "vol_rule",
                "venue_move",
                "term_move",
                "time_ns",
            )
        ),
    )


def _base_of(code: str, known: Sequence[str], assets: Mapping[str, Asset]) -> str:
    """What `code` wraps, all the way down, as far as the universe knows it."""
    seen = {code}
    while code in assets:
        below = assets[code].wraps
        if below is None or below not in known or below in seen:
            break
        code = below
        seen.add(code)
    return code


def reporting_rows(universe: Universe, reporting: str) -> NDArray[np.int64]:
    """(assets,) the asset row of the reporting currency, in each asset's own copy of the universe.

    Refused when the market does not know the currency.
    """
    rows = [i for i, code in enumerate(universe.assets) if code == reporting]
    if not rows:
        message = f"the market has no price of the reporting currency {reporting}"
        raise InputRefused([Failure(Reason.MISSING_DATA, f"assets.{reporting}", message)])
    return np.repeat(np.array(rows, dtype=np.int64), len(universe.assets) // universe.copies)
