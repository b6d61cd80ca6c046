"""What a handler gives back, and the small steps that all handlers take."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from fractions import Fraction
from typing import NoReturn, final

from crossmargin.base.failure import Failure, InputRefused, Reason
from crossmargin.domain.instrument import Listing
from crossmargin.engine.effect import Effect
from crossmargin.engine.event import Event
from crossmargin.engine.setup import Setup
from crossmargin.engine.state import AccountState, EngineState
from crossmargin.ledger.entry import Draft
from crossmargin.ledger.ledger import posted


@final
@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Change:
    """A state after an event, the accounts whose figures it may have changed, and its effects."""

    state: EngineState
    touched: frozenset[str] = frozenset()
    effects: tuple[Effect, ...] = ()


def decided_ns(state: EngineState, event: Event) -> int:
    """The time of a decision: a correction of the past is decided now."""
    return max(event.event_time_ns, state.clock_ns)


def refused(reason: Reason, where: str, message: str) -> NoReturn:
    """Raise `InputRefused` with one failure."""
    raise InputRefused([Failure(reason, where, message)])


def known_account(state: EngineState, account_id: str) -> AccountState:
    """The account, or a refusal that names it."""
    own = state.accounts.get(account_id)
    if own is None:
        refused(Reason.UNKNOWN_ACCOUNT, "account", f"no account is called {account_id!r}")
    return own


def known_listing(state: EngineState, listing_id: str) -> Listing:
    """The listing, or a refusal that names it."""
    listing = state.listings.get(listing_id)
    if listing is None:
        refused(Reason.UNKNOWN_SYMBOL, "listing", f"no listing is called {listing_id!r}")
    return listing


def known_units(setup: Setup, asset: str, amount: Decimal) -> Fraction:
    """Coins -> smallest units, exactly; not always whole. A refusal for an unknown asset."""
    if asset not in setup.assets:
        refused(Reason.UNKNOWN_ASSET, "asset", f"no asset is called {asset!r}")
    scale: int = 10 ** setup.assets[asset].decimals
    return Fraction(amount) * scale


def checked_units(setup: Setup, asset: str, amount_units: int) -> None:
    """Refuse an unknown asset or an amount that is not above zero."""
    known_units(setup, asset, Decimal(0))
    if amount_units <= 0:
        refused(Reason.OUT_OF_BOUNDS, "amount", f"{amount_units} units are not above zero")


def with_entries(state: EngineState, event: Event, drafts: Sequence[Draft]) -> EngineState:
    """The state with ledger entries of the event posted, all or none."""
    if not drafts:
        return state
    ledger = posted(
        state.ledger, drafts, event_id=event.event_id, event_time_ns=event.event_time_ns
    )
    return replace(state, ledger=ledger)


def with_account(state: EngineState, own: AccountState) -> EngineState:
    """The state with one account replaced."""
    return replace(state, accounts=state.accounts.put(own.account.account_id, own))
