"""Checks before an act: on the state after it, at the initial level, and what stands against it."""

from collections.abc import Iterable
from dataclasses import replace
from decimal import Decimal

import numpy as np

from crossmargin.base.exact import PRECISE
from crossmargin.domain.account import Authority
from crossmargin.domain.holding import Order, Position, Side
from crossmargin.domain.instrument import Option, Spot, settle_asset
from crossmargin.domain.universe import Kind
from crossmargin.engine.booking import booked_fill
from crossmargin.engine.change import with_account
from crossmargin.engine.effect import Decision
from crossmargin.engine.event_control import HaltScope
from crossmargin.engine.remargin import figures_of, initial_level, recipe_name
from crossmargin.engine.setup import Setup
from crossmargin.engine.state import AccountState, EngineState, Figures
from crossmargin.ledger.ledger import balance

_ZERO = Decimal(0)


def money_decision(
    setup: Setup,
    before: EngineState,
    after: EngineState,
    event_id: str,
    account_id: str,
    *,
    funded: bool,
) -> Decision:
    """Whether money may leave an account: judged on `after`, with it gone.

    Under the default rulebook profit that nobody has paid out yet does not count.
    """
    figures = figures_of(setup, after, [account_id])[account_id]
    buffer = _initial_buffer(after, figures)
    own = after.accounts[account_id]
    limit = _closed_to(setup, before, own, ())
    if not funded:
        limit = limit or ("funds", "less is free than is asked for")
    if buffer is None:
        limit = limit or ("unavailable", "; ".join(figures.reasons) or "no figure")
    elif buffer < 0:
        limit = limit or ("initial_buffer", "the initial buffer would be negative")
    elif recipe_name(setup, own) == setup.default_recipe:
        profit = paper_profit(after, own)
        if profit is None or buffer < profit:
            limit = limit or ("unrealised_profit", "what backs it is profit that is not paid out")
    return _decision(after, own, event_id, limit, buffer)


def order_decision(
    setup: Setup,
    before: EngineState,
    after: EngineState,
    event_id: str,
    account_id: str,
    listing_ids: Iterable[str],
) -> Decision:
    """Whether an order may stand: judged with none, all bids or all asks of the account filled.

    With a negative initial buffer it may stand only if no level's buffer falls in any of these.
    """
    own = after.accounts[account_id]
    cases = [_filled(setup, after, own, sides) for sides in ((), (Side.BUY,), (Side.SELL,))]
    found = [figures_of(setup, case, [account_id])[account_id] for case in cases]
    buffers = [_initial_buffer(after, figures) for figures in found]
    known = [buffer for buffer in buffers if buffer is not None]
    worst = min(known) if len(known) == len(buffers) else None
    reduces = _never_falls(figures_of(setup, before, [account_id])[account_id], found)
    limit = None if reduces else _closed_to(setup, before, own, tuple(listing_ids))
    if worst is None:
        reasons = "; ".join(dict.fromkeys(x for figures in found for x in figures.reasons))
        limit = limit or ("unavailable", reasons or "no figure")
    elif worst < 0 and not reduces:
        limit = limit or ("initial_buffer", "filled, the initial buffer would be negative")
    return _decision(after, own, event_id, limit, worst)


def paper_profit(state: EngineState, own: AccountState) -> Decimal | None:
    """Dollars of open profit and of long options: what is worth something and not yet money.

    None where a listing has no mark or no known cost.
    """
    universe, market = state.valued.universe, state.valued.priced.market
    row_of = {name: row for row, name in enumerate(universe.listing_ids)}
    total = _ZERO
    for position in own.positions.values():
        row = row_of[position.listing_id]
        if universe.kind[row] == Kind.SPOT:
            continue
        rate = float(market.index[universe.settle[row]])
        worth = float(position.contracts) * float(_unit_value(state, row))
        cost = 0.0
        if universe.kind[row] != Kind.OPTION:
            cost = float("nan") if position.cost_settle is None else float(position.cost_settle)
        gained = (worth - cost) * rate
        if not np.isfinite(gained):
            return None
        total += max(_ZERO, Decimal(repr(gained)))
    return total


def _unit_value(state: EngineState, row: int) -> float:
    universe, mark = state.valued.universe, float(state.valued.priced.market.mark[row])
    size = float(universe.contract_size[row])
    face = universe.inverse[row] and universe.kind[row] != Kind.OPTION
    return -size / mark if face else size * mark


def _initial_buffer(state: EngineState, figures: Figures) -> Decimal | None:
    name = initial_level(state.rules.recipes[figures.recipe])
    return next(level.buffer for level in figures.levels if level.name == name)


def _never_falls(before: Figures, cases: list[Figures]) -> bool:
    """Whether no buffer of any level is lower in any case than before."""
    for figures in cases:
        for old, new in zip(before.levels, figures.levels, strict=True):
            if old.buffer is None or new.buffer is None or new.buffer < old.buffer:
                return False
    return True


def _filled(
    setup: Setup, state: EngineState, own: AccountState, sides: tuple[Side, ...]
) -> EngineState:
    """The state with all open orders of some sides filled at their limits, else at the mark."""
    for order in sorted(own.orders.values(), key=lambda x: x.order_id):
        if order.side not in sides:
            continue
        state, own = _with_fill(setup, state, own, order)
    return state


def _with_fill(
    setup: Setup, state: EngineState, own: AccountState, order: Order
) -> tuple[EngineState, AccountState]:
    """A fill that is only imagined: futures and options move, coins are reserved as leaving."""
    listing = state.listings[order.listing_id]
    price = order.limit_price or _mark(state, order.listing_id)
    if price is None:
        return state, own
    contracts = order.contracts if order.side is Side.BUY else PRECISE.minus(order.contracts)
    account_id = own.account.account_id
    held = own.positions.get(order.listing_id)
    booking = booked_fill(listing, setup.assets, account_id, held, contracts, price)
    positions: dict[str, Position] = dict(own.positions)
    positions.pop(order.listing_id, None)
    if booking.position is not None:
        positions[order.listing_id] = booking.position
    leaving = dict(own.withdrawing_units)
    for draft in booking.drafts:
        paid = draft.debit.startswith("account/")
        units = draft.amount_units if paid else -draft.amount_units
        leaving[draft.asset] = leaving.get(draft.asset, 0) + units
    own = replace(own, positions=positions, withdrawing_units=leaving)
    return with_account(state, own), own


def _mark(state: EngineState, listing_id: str) -> Decimal | None:
    row = state.valued.universe.listing_ids.index(listing_id)
    mark = float(state.valued.priced.market.mark[row])
    return Decimal(repr(mark)) if np.isfinite(mark) and mark > 0 else None


def _closed_to(
    setup: Setup, state: EngineState, own: AccountState, listing_ids: tuple[str, ...]
) -> tuple[str, str] | None:
    """The halt, freeze or stale price that forbids new risk and withdrawals, or None."""
    venue = own.account.venue
    scopes = [(HaltScope.ALL, ""), (HaltScope.VENUE, venue)]
    scopes += [(HaltScope.LISTING, name) for name in listing_ids]
    for scope in scopes:
        if scope in state.halts:
            return "halt", f"halted: {state.halts[scope]}"
    progress = state.sources.get(venue)
    if progress is not None and progress.missing:
        return "venue_gap", f"events of {venue} are missing"
    if any(state.accounts[name].account.venue == venue for name in state.mismatched):
        return "venue_mismatch", f"{venue} says that an account holds something else"
    return _stale(setup, state, own, listing_ids)


def _stale(
    setup: Setup, state: EngineState, own: AccountState, listing_ids: tuple[str, ...]
) -> tuple[str, str] | None:
    concerned: set[str] = set()
    for name in (*own.positions, *listing_ids):
        instrument = state.listings[name].instrument
        concerned.add(instrument.underlying)
        if not isinstance(instrument, Spot | Option):
            concerned.add(settle_asset(instrument))
    name = own.account.account_id
    for asset in state.ledger.account_assets(name):
        if balance(state.ledger, name, asset):
            concerned.add(asset)
    for asset in sorted(concerned - {"USD"}):
        said_ns = state.price_time_ns.get(asset)
        if said_ns is None or state.clock_ns - said_ns > setup.settings.stale_ns:
            return "stale_price", f"the price of {asset} is stale or was never said"
    return None


def _decision(
    state: EngineState,
    own: AccountState,
    event_id: str,
    limit: tuple[str, str] | None,
    buffer: Decimal | None,
) -> Decision:
    return Decision(
        event_id=event_id,
        account_id=own.account.account_id,
        allowed=limit is None,
        enforced=own.account.authority is Authority.ENFORCE,
        limit=None if limit is None else limit[0],
        message="" if limit is None else limit[1],
        initial_buffer_after=None if buffer is None else format(buffer, "f"),
        market_sequence=state.snapshot.sequence,
        config_hash=state.rules.config_hash,
    )
