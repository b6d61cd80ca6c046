"""Checks before an act: the one of the rulebooks, at prices that are careful, and what the engine
knows beside it: halts and freezes.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from decimal import Decimal

from crossmargin.base.exact import PRECISE
from crossmargin.domain.account import Authority
from crossmargin.domain.columns import BookColumns
from crossmargin.engine.breaker import BreakerAction
from crossmargin.engine.breaking import holding
from crossmargin.engine.doubt import (
    IN_DOUBT,
    STALE,
    Stance,
    concerned_assets,
    markets_at_ends,
    position_assets,
    prudent,
    stance_of,
)
from crossmargin.engine.effect import Decision
from crossmargin.engine.event_control import HaltScope
from crossmargin.engine.remargin import columns_of, initial_level, recipe_name
from crossmargin.engine.setup import Setup
from crossmargin.engine.state import AccountState, EngineState
from crossmargin.engine.vector import prices_used
from crossmargin.rulebook.allowed import Careful, CheckTerms, Verdict, allowed, reduces_risk
from crossmargin.rulebook.move import Move, OrderMove, TransferMove, WithdrawalMove
from crossmargin.rulebook.price_end import DOUBTS_MAX
from crossmargin.rulebook.recipe import Recipe
from crossmargin.rulebook.run import PricedMarket

FUNDS = "funds"
DOUBTS = (IN_DOUBT, STALE)


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
        return _decision(setup, state, own, event_id, (FUNDS, message), None)
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
    return _decision(setup, state, own, event_id, limit, verdict.buffer_after)


def order_decision(
    setup: Setup,
    state: EngineState,
    event_id: str,
    account_id: str,
    moves: Sequence[OrderMove],
) -> Decision:
    """Whether new orders may stand; `state` is without them and without those they replace.

    What takes risk away is open through halts, freezes and doubts.
    """
    own = state.accounts[account_id]
    verdict = _verdict(setup, state, own, [account_id], moves)
    limit = _limit(verdict)
    if limit is not None and limit[0] in DOUBTS and _reduces(setup, state, own, moves):
        limit = None
    listing_ids = tuple(sorted({move.listing_id for move in moves}))
    if limit is None and not verdict.reduces:
        closed = closed_to(setup, state, own, listing_ids)
        if closed is not None and not _reduces(setup, state, own, moves):
            limit = closed
    return _decision(setup, state, own, event_id, limit, verdict.buffer_after, listing_ids)


def closed_to(
    setup: Setup, state: EngineState, own: AccountState, listing_ids: tuple[str, ...]
) -> tuple[str, str] | None:
    """The halt, freeze or breaker that forbids new risk and withdrawals, or None."""
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
    action = BreakerAction.NO_NEW_RISK if listing_ids else BreakerAction.NO_WITHDRAWALS
    breaker = holding(setup, state, own, action, listing_ids)
    if breaker is not None:
        return f"breaker:{breaker.name}", f"the breaker {breaker.name} has tripped"
    return None


def _verdict(
    setup: Setup,
    state: EngineState,
    own: AccountState,
    accounts: Sequence[str],
    moves: Sequence[Move],
) -> Verdict:
    """The verdict at careful prices: what is held at its credit price, what is owed at its debt
    price, and positions at every combination of the ends of the prices in doubt.
    """
    concerned = [state.accounts[name] for name in accounts]
    listing_ids = [move.listing_id for move in moves if isinstance(move, OrderMove)]
    assets = concerned_assets(state, concerned, listing_ids) | _moved_assets(moves)
    stances = {asset: stance_of(setup, state, asset) for asset in sorted(assets)}
    doubts = {asset: x.ends for asset, x in stances.items() if x.doubt is not None}
    exposed = position_assets(state, concerned, listing_ids)
    ends = {x: y for x, y in doubts.items() if y is not None and x in exposed}
    if len(ends) > DOUBTS_MAX:
        return _refusal(own, _doubt_limit(stances))
    recipe = state.rules.recipes[recipe_name(setup, own)]
    columns = _columns(setup, state, accounts)
    plain = state.valued.priced
    markets = (plain, *markets_at_ends(plain, ends))
    found: Verdict | None = None
    for priced in markets:
        careful = prudent(recipe, priced, stances)
        verdict = _held_against(setup, own, recipe, priced, columns, moves, careful)
        if verdict.limit is not None:
            found = verdict
            break
        found = verdict if found is None else _worse(found, verdict)
    assert found is not None
    if found.limit is None or not doubts:
        return found
    if _held_against(setup, own, recipe, plain, columns, moves).limit is not None:
        return found
    name, message = _doubt_limit(stances)
    return replace(found, limit=name, message=f"{message}; {found.message}")


def _held_against(
    setup: Setup,
    own: AccountState,
    recipe: Recipe,
    priced: PricedMarket,
    columns: BookColumns,
    moves: Sequence[Move],
    careful: Careful | None = None,
) -> Verdict:
    return allowed(
        recipe,
        priced,
        columns,
        own.account.account_id,
        moves,
        _terms(setup, recipe),
        own.account.authority,
        careful=careful,
    )


def _worse(first: Verdict, second: Verdict) -> Verdict:
    """Of two verdicts that allow, the one that leaves less; it reduces if either had to."""
    lower, other = first, second
    if second.buffer_after is not None and first.buffer_after is not None:
        lower, other = sorted((first, second), key=lambda x: x.buffer_after or Decimal(0))
    return replace(lower, reduces=lower.reduces or other.reduces)


def _moved_assets(moves: Sequence[Move]) -> set[str]:
    return {move.asset for move in moves if isinstance(move, WithdrawalMove | TransferMove)}


def _doubt_limit(stances: Mapping[str, Stance]) -> tuple[str, str]:
    """The name of what refuses for want of a sure price, and of which assets."""
    names = sorted({x.doubt for x in stances.values() if x.doubt is not None})
    assets = [asset for asset, x in sorted(stances.items()) if x.doubt is not None]
    return names[0], f"the price of {', '.join(assets)} is in doubt"


def _refusal(own: AccountState, limit: tuple[str, str]) -> Verdict:
    return Verdict(
        allowed=False,
        enforced=own.account.authority is Authority.ENFORCE,
        limit=limit[0],
        message=limit[1],
        buffer_before=None,
        buffer_after=None,
        case=None,
        reduces=False,
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
        names = [name for name, _ in state.accounts.under_items()]
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
    setup: Setup,
    state: EngineState,
    own: AccountState,
    event_id: str,
    limit: tuple[str, str] | None,
    buffer: Decimal | None,
    listing_ids: Sequence[str] = (),
) -> Decision:
    return Decision(
        event_id=event_id,
        account_id=own.account.account_id,
        allowed=limit is None,
        enforced=own.account.authority is Authority.ENFORCE,
        limit=None if limit is None else limit[0],
        message="" if limit is None else limit[1],
        initial_buffer_after=None if buffer is None else format(buffer, "f"),
        prices=prices_used(setup, state, own, listing_ids),
        market_sequence=state.snapshot.sequence,
        config_hash=state.rules.config_hash,
    )
