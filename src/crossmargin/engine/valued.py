"""The market valued once for everybody; after a price, only what rests on that asset again."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, fields, replace
from typing import final

import numpy as np
from numpy.typing import NDArray

from crossmargin.domain.asset import Asset
from crossmargin.domain.instrument import Listing, settle_asset
from crossmargin.domain.universe import Universe, build_universe
from crossmargin.engine.rows import KeptRows
from crossmargin.engine.setup import Setup
from crossmargin.market.columns import market_columns
from crossmargin.market.complete import completed_market
from crossmargin.market.snapshot import MarketSnapshot
from crossmargin.rulebook.recipe import Recipe
from crossmargin.rulebook.run import PricedMarket, Run, moves_of
from crossmargin.rulebook.terms import Terms
from crossmargin.scenario.scenario_set import ScenarioSet
from crossmargin.valuation.risk_arrays import BASE_VALUES, RiskArrays, risk_arrays

DOLLAR = "USD"


@final
@dataclass(slots=True, kw_only=True, eq=False)
class Valued:
    """One universe and its market, with one run per recipe.

    `listings` are those of the universe, `rows` columns of accounts over it.
    """

    priced: PricedMarket
    listings: Mapping[str, Listing]
    rows: KeptRows
    runs: dict[Terms, Run] = field(default_factory=dict)

    @property
    def universe(self) -> Universe:
        """The instrument table."""
        return self.priced.universe

    def run(self, recipe: Recipe) -> Run:
        """The run of a recipe that reports in one currency."""
        terms, currency = recipe.terms, recipe.terms.reporting
        if terms not in self.runs:
            self.runs[terms] = self.priced.run(terms, currency, terms.tick_exponent(currency))
        return self.runs[terms]


def valued_market(
    setup: Setup,
    snapshot: MarketSnapshot,
    listings: Mapping[str, Listing],
    held: Iterable[str],
    before: Valued | None = None,
) -> Valued:
    """All listings and every asset that is priced or held, valued at the snapshot.

    The universe is that of `before` where it has the same listings and all the assets.
    """
    codes = {*snapshot.assets, *held, DOLLAR}
    if before is not None and before.listings is listings and codes <= {*before.universe.assets}:
        universe, rows, sets = before.universe, before.rows, before.priced.sets
    else:
        universe = build_universe(listings.values(), codes)
        rows, sets = KeptRows(universe), {}
    complete = completed_market(snapshot, listings.values())
    assets: dict[str, Asset] = dict(setup.assets)
    return Valued(
        listings=listings,
        rows=rows,
        priced=PricedMarket(
            universe=universe,
            market=market_columns(complete, universe),
            totals=complete.totals,
            history=setup.history,
            vol_history=setup.vol_history,
            assets=assets,
            sets=sets,
        ),
    )


def rests_on(listing: Listing, assets: frozenset[str]) -> bool:
    """Whether a listing's value or its conversion needs the price of one of `assets`."""
    own = listing.instrument
    return not assets.isdisjoint((own.underlying, own.quote, settle_asset(own)))


def repriced(
    setup: Setup,
    valued: Valued,
    snapshot: MarketSnapshot,
    listings: Mapping[str, Listing],
    assets: frozenset[str],
) -> Valued:
    """The market at another snapshot. Scenarios are priced again only for rows that differ.

    A row whose every input is the same, bit for bit, keeps the numbers that it has: they are those
    that pricing it again would give.
    """
    held = {*valued.universe.assets, *assets}
    fresh = valued_market(setup, snapshot, listings, held, valued)
    if fresh.universe.assets != valued.universe.assets:
        return fresh
    for run in valued.runs.values():
        before, after = run.valued, fresh.priced.at_rates(run.terms.discounting)
        rows = _differing(before, after)
        for scan in run.scans.values():
            moves = moves_of(scan.scenarios)
            for base in BASE_VALUES:
                arrays = before.priced.get((base, *moves))
                if arrays is not None and (base, *moves) not in after.priced:
                    again = _again(after, rows, scan.scenarios, base, arrays)
                    after.priced[(base, *moves)] = again
    return fresh


_ROW_INPUTS = ("mark", "forward", "vol", "years", "rate", "funding_rate")
_ROW_FIELDS = (*_ROW_INPUTS, "last", "open_interest")
"""Columns of the market by instrument; the first are all that a revaluation reads."""


def _differing(before: PricedMarket, after: PricedMarket) -> NDArray[np.int64]:
    """Listing rows with an input of a revaluation that is not the same; every row if unsure."""
    old, new = before.market, after.market
    count = after.universe.listings_count
    if old.forward_settled is not None or new.forward_settled is not None:
        return np.arange(count)
    same = np.ones(after.universe.instruments_count, dtype=np.bool_)
    for name in _ROW_INPUTS:
        a, b = getattr(old, name), getattr(new, name)
        same &= (a == b) | (np.isnan(a) & np.isnan(b))
    return np.flatnonzero(~same[:count])


def _again(
    market: PricedMarket,
    rows: NDArray[np.int64],
    scenarios: ScenarioSet,
    base: str,
    arrays: RiskArrays,
) -> RiskArrays:
    """`arrays` with some listing rows priced anew."""
    if not len(rows):
        return arrays
    universe = market.universe
    kept = np.append(rows, np.arange(universe.listings_count, universe.instruments_count))
    own = {
        field.name: getattr(universe, field.name)[kept]
        for field in fields(universe)
        if isinstance(getattr(universe, field.name), np.ndarray)
    }
    names = tuple(universe.listing_ids[row] for row in rows)
    part = replace(universe, listing_ids=names, **own)
    columns = {name: getattr(market.market, name)[kept] for name in _ROW_FIELDS}
    settled = market.market.forward_settled
    columns["forward_settled"] = None if settled is None else settled[kept]
    found = risk_arrays(part, replace(market.market, **columns), scenarios, base)
    value, change = arrays.value.copy(), arrays.change.copy()
    missing = list(arrays.missing)
    value[rows], change[rows] = found.value[: len(rows)], found.change[: len(rows)]
    for place, row in enumerate(rows):
        missing[row] = found.missing[place]
    value.setflags(write=False)
    change.setflags(write=False)
    return RiskArrays(value=value, change=change, missing=tuple(missing))
