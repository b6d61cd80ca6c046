"""Prices as acts and liquidations look at them: conservative where known, ends where in doubt."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from itertools import product
from typing import final

import numpy as np

from crossmargin.domain.columns import BookColumns
from crossmargin.domain.instrument import settle_asset
from crossmargin.engine.setup import Setup
from crossmargin.engine.state import AccountState, EngineState
from crossmargin.ledger.ledger import balance
from crossmargin.market.oracle import PriceState
from crossmargin.rulebook.allowed import Careful
from crossmargin.rulebook.charge.asset_price import Price
from crossmargin.rulebook.node import Leaf, Node, children
from crossmargin.rulebook.price_end import PriceEnds
from crossmargin.rulebook.recipe import Recipe
from crossmargin.rulebook.run import PricedMarket
from crossmargin.scenario.assemble import assemble
from crossmargin.valuation.moved_market import moved_markets

DOLLAR = "USD"
STALE = "stale_price"
IN_DOUBT = "price_in_doubt"


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Stance:
    """One asset's price in dollars, as an act has to look at it.

    `credit`: what a coin held is worth to new risk, `debt`: what one owed costs, None without a
    bound. `doubt` is why the price is in doubt, None when it is not; `ends` bound it then, None
    where nobody can tell.
    """

    credit: float
    debt: float | None
    doubt: str | None = None
    ends: PriceEnds | None = None


def stance_of(setup: Setup, state: EngineState, asset: str) -> Stance:
    """How an act looks at an asset now. What was set by hand is not in doubt while it holds."""
    quote = state.snapshot.assets.get(asset)
    index = None if quote is None or quote.index is None else quote.index.value
    if asset == DOLLAR:
        return Stance(credit=1.0, debt=1.0)
    if asset in state.overrides and index is not None:
        return Stance(credit=index, debt=index)
    policy = setup.prices.policies.get(asset)
    if policy is None:
        return _trusted_stance(setup, state, asset, index)
    kept = state.prices.get(asset)
    found = None if kept is None else kept.fused
    if found is None:
        ends = PriceEnds(low=policy.band_low, high=policy.band_high)
        return Stance(credit=0.0, debt=policy.band_high, doubt=IN_DOUBT, ends=ends)
    if found.state is PriceState.FRESH:
        return Stance(credit=found.credit_price, debt=found.debt_price)
    # A share of all that a price may have gone could be all of it: the band holds below.
    ends = PriceEnds(low=max(found.low, policy.band_low), high=max(found.high, policy.band_low))
    return Stance(credit=0.0, debt=ends.high, doubt=IN_DOUBT, ends=ends)


def _trusted_stance(setup: Setup, state: EngineState, asset: str, index: float | None) -> Stance:
    said_ns = state.price_time_ns.get(asset)
    if index is None:
        return Stance(credit=0.0, debt=None, doubt=STALE)
    if said_ns is not None and state.clock_ns - said_ns <= setup.settings.stale_ns:
        return Stance(credit=index, debt=index)
    share = setup.prices.interval_frac
    ends = PriceEnds(low=index * (1.0 - share), high=index * (1.0 + share))
    return Stance(credit=0.0, debt=ends.high, doubt=STALE, ends=ends)


def concerned_assets(
    state: EngineState, accounts: Iterable[AccountState], listing_ids: Iterable[str] = ()
) -> frozenset[str]:
    """Assets that what some accounts hold, have on order or ask for rests on."""
    accounts = list(accounts)
    return position_assets(state, accounts, listing_ids) | held_assets(state, accounts)


def position_assets(
    state: EngineState, accounts: Iterable[AccountState], listing_ids: Iterable[str] = ()
) -> frozenset[str]:
    """Assets that positions and orders rest on: underlying, quote and settlement."""
    names = {*listing_ids}
    for own in accounts:
        names |= {*own.positions, *(order.listing_id for order in own.orders.values())}
    found: set[str] = set()
    for name in names:
        instrument = state.listings[name].instrument
        found |= {instrument.underlying, instrument.quote, settle_asset(instrument)}
    return frozenset(found)


def held_assets(state: EngineState, accounts: Iterable[AccountState]) -> frozenset[str]:
    """Assets of which some accounts own or owe coins."""
    return frozenset(
        asset
        for own in accounts
        for asset in state.ledger.account_assets(own.account.account_id)
        if balance(state.ledger, own.account.account_id, asset)
    )


def prudent(recipe: Recipe, priced: PricedMarket, stances: Mapping[str, Stance]) -> Careful | None:
    """Coins held at their credit price and coins owed at their debt price, None if they are so.

    Amounts are scaled, so that whatever a rulebook does with a coin it does at that price; one that
    uses low and high prices itself is scaled only where those are not the ones of an act.
    """
    market, codes = priced.market, priced.universe.assets
    held_at = market.low if _uses(recipe, "price", Price.LOW) else market.index
    owed_at = market.high if _uses(recipe, "debt_price", Price.HIGH) else market.index
    held, owed = np.ones(len(codes)), np.ones(len(codes))
    for row, code in enumerate(codes):
        stance = stances.get(code)
        if stance is None:
            continue
        held[row] = 0.0 if stance.credit == 0.0 else stance.credit / held_at[row]
        owed[row] = 1.0 if stance.debt is None else stance.debt / owed_at[row]
    # A price that a rulebook lacks makes its own figures unavailable: the amount stays.
    held, owed = (np.where(np.isnan(share), 1.0, share) for share in (held, owed))
    if (held == 1.0).all() and (owed == 1.0).all():
        return None

    def careful(book: BookColumns) -> BookColumns:
        rows = book.balances
        share = np.where(rows.amount < 0.0, owed[rows.asset], held[rows.asset])
        return replace(book, balances=replace(rows, amount=rows.amount * share))

    return careful


def _uses(recipe: Recipe, word: str, price: Price) -> bool:
    nodes: list[Node] = [
        node for level in recipe.levels for node in (level.equity, level.requirement)
    ]
    while nodes:
        node = nodes.pop()
        if isinstance(node, Leaf) and getattr(node.charge, word, None) is price:
            return True
        nodes += children(node)
    return False


def markets_at_ends(
    priced: PricedMarket, ends: Mapping[str, PriceEnds]
) -> tuple[PricedMarket, ...]:
    """The market at every combination of the ends of some prices; no market without any."""
    codes = sorted(ends)
    if not codes:
        return ()
    corners = product(*((ends[code].low, ends[code].high) for code in codes))
    return tuple(market_at(priced, dict(zip(codes, corner, strict=True))) for corner in corners)


def market_at(priced: PricedMarket, prices: Mapping[str, float]) -> PricedMarket:
    """The market with other prices of some assets; all that rests on them moves along."""
    universe = priced.universe
    index = priced.market.index.copy()
    spot_move = np.zeros((len(universe.assets), 1))
    for code, price in prices.items():
        row = universe.assets.index(code)
        if np.isnan(index[row]):
            index[row] = price
        spot_move[row, 0] = price / index[row] - 1.0
    moves = assemble(
        "ends", universe.assets, universe.venues, ["end"], ["ends"], spot_move=spot_move
    )
    copy, market = moved_markets(universe, replace(priced.market, index=index), moves)
    return replace(priced, universe=copy, market=market, priced={}, sensitivities={}, discounted={})
