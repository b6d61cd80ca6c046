"""Checks before an act: the one of the rulebooks, and what the engine knows beside it: halts,
freezes and how old a price is.
"""

from collections.abc import Sequence
from decimal import Decimal

from crossmargin.base.exact import PRECISE
from crossmargin.domain.account import Authority
from crossmargin.domain.columns import BookColumns
from crossmargin.domain.instrument import settle_asset
from crossmargin.engine.effect import Decision
from crossmargin.engine.event_control import HaltScope
from crossmargin.engine.remargin import columns_of, initial_level, recipe_name
from crossmargin.engine.setup import Setup
from crossmargin.engine.state import AccountState, EngineState
from crossmargin.ledger.ledger import balance
from crossmargin.rulebook.allowed import CheckTerms, Verdict, allowed, reduces_risk
from crossmargin.rulebook.move import Move, OrderMove, TransferMove, WithdrawalMove
from crossmargin.rulebook.recipe import Recipe

FUNDS = "funds"


def money_decision(
    setup: Setup,
    state: EngineState,
    event_id: str,
    account_id: str,
    asset: str,
    amount_units: int,
    free_units: int,
    to_account_id: str | None = None,
) -> Decision:
    """Whether money may leave an account, to another one or out: judged with it gone.

    Under the default rulebook profit that nobody has paid out yet does not count.
    """
    own = state.accounts[account_id]
    if amount_units > free_units:
        message = f"{free_units} units are free, not {amount_units}"
        return _decision(state, own, event_id, (FUNDS, message), None)
    coins = PRECISE.scaleb(Decimal(amount_units), -setup.assets[asset].decimals)
    move: Move = WithdrawalMove(account_id=account_id, asset=asset, coins=coins)
    accounts = [account_id]
    if to_account_id is not None:
        move = TransferMove(
            account_id=account_id, to_account_id=to_account_id, asset=asset, coins=coins
        )
        accounts.append(to_account_id)
    verdict = _verdict(setup, state, own, accounts, [move])
    limit = closed_to(setup, state, own, ()) or _limit(verdict)
    return _decision(state, own, event_id, limit, verdict.buffer_after)


def order_decision(
    setup: Setup,
    state: EngineState,
    event_id: str,
    account_id: str,
    moves: Sequence[OrderMove],
) -> Decision:
    """Whether new orders may stand; `state` is without them and without those they replace.

    What takes risk away is open through halts, freezes and stale prices.
    """
    own = state.accounts[account_id]
    verdict = _verdict(setup, state, own, [account_id], moves)
    limit = _limit(verdict)
    if limit is None and not verdict.reduces:
        listing_ids = tuple(sorted({move.listing_id for move in moves}))
        closed = closed_to(setup, state, own, listing_ids)
        if closed is not None and not _reduces(setup, state, own, moves):
            limit = closed
    return _decision(state, own, event_id, limit, verdict.buffer_after)


def closed_to(
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
        concerned |= {instrument.underlying, settle_asset(instrument)}
    name = own.account.account_id
    for asset in state.ledger.account_assets(name):
        if balance(state.ledger, name, asset):
            concerned.add(asset)
    for asset in sorted(concerned - {"USD"}):
        said_ns = state.price_time_ns.get(asset)
        if said_ns is None or state.clock_ns - said_ns > setup.settings.stale_ns:
            return "stale_price", f"the price of {asset} is stale or was never said"
    return None


def _verdict(
    setup: Setup,
    state: EngineState,
    own: AccountState,
    accounts: Sequence[str],
    moves: Sequence[Move],
) -> Verdict:
    recipe = state.rules.recipes[recipe_name(setup, own)]
    return allowed(
        recipe,
        state.valued.priced,
        _columns(setup, state, accounts),
        own.account.account_id,
        moves,
        _terms(setup, recipe),
        own.account.authority,
    )


def _reduces(
    setup: Setup, state: EngineState, own: AccountState, moves: Sequence[OrderMove]
) -> bool:
    recipe = state.rules.recipes[recipe_name(setup, own)]
    columns = _columns(setup, state, [own.account.account_id], limited=False)
    return reduces_risk(recipe, state.valued.priced, columns, moves, _terms(setup, recipe))


def _columns(
    setup: Setup, state: EngineState, accounts: Sequence[str], *, limited: bool = True
) -> BookColumns:
    """The accounts of a move; everybody where there are limits on more than one account."""
    names = accounts
    if limited and setup.limits:
        names = [name for name, _ in state.accounts.items()]
    return columns_of(setup, state, [state.accounts[name] for name in names])


def _terms(setup: Setup, recipe: Recipe) -> CheckTerms:
    return CheckTerms(
        level=initial_level(recipe),
        closing=setup.closing,
        paper_withdrawable=recipe.name != setup.default_recipe,
        limits=setup.limits,
    )


def _limit(verdict: Verdict) -> tuple[str, str] | None:
    return None if verdict.limit is None else (verdict.limit, verdict.message)


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
