"""A day of another year as relative moves on a book of today, through the live engine."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import final

from crossmargin.action.ladder import severity
from crossmargin.domain.account import Account, Authority
from crossmargin.domain.holding import Side
from crossmargin.domain.instrument import Listing, Option
from crossmargin.engine.effect import CallChanged, Effect, StandingChanged
from crossmargin.engine.event import Event
from crossmargin.engine.event_control import AccountOpened
from crossmargin.engine.event_market import ListingAdded, Price, Volatility
from crossmargin.engine.event_money import Deposit
from crossmargin.engine.event_trade import Fill
from crossmargin.engine.setup import Setup
from crossmargin.engine.start import initial_state
from crossmargin.engine.state import EngineState
from crossmargin.rulebook.standing import Standing
from crossmargin.study.teller import Teller

PLACES = 8


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """A position that the day begins with: signed contracts, at a price in their quotation."""

    account_id: str
    listing_id: str
    contracts: Decimal
    price: Decimal


@final
@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class DayBook:
    """Accounts of one venue before the day: `money` in units by account and asset, `index` in
    dollars by asset, `vols` of options by listing. A dollar coin is an asset that never moves.
    """

    venue: str
    listings: tuple[Listing, ...]
    money: Mapping[str, Mapping[str, int]]
    entries: tuple[Entry, ...]
    index: Mapping[str, Decimal]
    vols: Mapping[str, Decimal] = field(default_factory=dict)


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """A moment of the day: how long after its start, and each asset's move since then (0.1 is
    +10 %). An asset without a move stays.
    """

    after_ns: int
    move: Mapping[str, float]


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class AccountDay:
    """What an account went through: its worst standing, when it was first called and first to be
    liquidated (ns after the start, None if never), what it was called for, and its lowest net
    liquidation value, both in its reporting unit.
    """

    account_id: str
    worst: Standing
    called_after_ns: int | None
    liquidating_after_ns: int | None
    called: Decimal
    lowest: Decimal | None


@final
@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class ReplayedDay:
    """A day after it: all events, the last state, every effect, and each account by name."""

    events: tuple[Event, ...]
    state: EngineState
    effects: tuple[Effect, ...]
    accounts: tuple[AccountDay, ...]


def replayed_day(
    setup: Setup, book: DayBook, steps: Sequence[Step], start_ns: int, *, oracle: str = "oracle"
) -> ReplayedDay:
    """The day told to a new engine: the book, then prices at each step from the trusted `oracle`.

    Perpetuals are marked at their index, options keep their implied vol. A step that would come
    before what was told already is told at that time. What the engine refuses of the book is among
    the effects.
    """
    told = Teller(setup=setup, state=initial_state(setup), now_ns=start_ns)
    _open(told, book, oracle)
    opened_ns = told.now_ns
    lowest: dict[str, Decimal] = {}
    for step in steps:
        told.now_ns = max(told.now_ns, start_ns + step.after_ns)
        told.tick(0)
        _prices(told, book, step.move, oracle)
        told.tick()
        for name in book.money:
            figures = told.state.accounts[name].figures
            value = None if figures is None else figures.net_liquidation_value
            if value is not None:
                lowest[name] = min(lowest.get(name, value), value)
    days = (_account_day(told.effects, name, opened_ns, lowest.get(name)) for name in book.money)
    return ReplayedDay(
        events=tuple(told.events),
        state=told.state,
        effects=tuple(told.effects),
        accounts=tuple(sorted(days, key=lambda day: day.account_id)),
    )


def beta_moves(
    moves: Mapping[str, float], betas: Mapping[str, float], driver: str
) -> dict[str, float]:
    """Moves with those of assets that have none of their own: beta x the driver's, above -100 %."""
    found = dict(moves)
    for asset, beta in betas.items():
        if asset not in found:
            found[asset] = max(beta * moves[driver], -0.99)
    return found


def _open(told: Teller, book: DayBook, oracle: str) -> None:
    """Accounts, listings, prices, money and positions, in that order."""
    told.tick(0)
    for name in sorted(book.money):
        account = Account(
            account_id=name, entity_id=name, venue=book.venue, authority=Authority.ENFORCE
        )
        told.tell("operator", AccountOpened(account=account))
    for listing in book.listings:
        told.tell("operator", ListingAdded(listing=listing))
    told.tick()
    for name, vol in sorted(book.vols.items()):
        told.tell(oracle, Volatility(listing_id=name, vol=vol))
    _prices(told, book, {}, oracle)
    for name, assets in sorted(book.money.items()):
        for asset, units in sorted(assets.items()):
            told.tell("bank", Deposit(account_id=name, asset=asset, amount_units=units))
    told.tick()
    for entry in book.entries:
        side = Side.BUY if entry.contracts > 0 else Side.SELL
        body = Fill(
            account_id=entry.account_id,
            listing_id=entry.listing_id,
            side=side,
            contracts=abs(entry.contracts),
            price=entry.price,
        )
        told.tell(book.venue, body)
    told.tick()


def _prices(told: Teller, book: DayBook, move: Mapping[str, float], oracle: str) -> None:
    for asset, start in sorted(book.index.items()):
        index = round(start * Decimal(repr(1.0 + move.get(asset, 0.0))), PLACES)
        marks = {
            listing.listing_id: index
            for listing in book.listings
            if listing.instrument.underlying == asset and not isinstance(listing.instrument, Option)
        }
        told.tell(oracle, Price(asset=asset, index=index, marks=marks))


def _account_day(
    effects: Iterable[Effect], name: str, start_ns: int, lowest: Decimal | None
) -> AccountDay:
    worst, first_ns, called_ns, called = Standing.HEALTHY, None, None, Decimal(0)
    for x in effects:
        if isinstance(x, StandingChanged) and x.account_id == name:
            if x.after is Standing.UNAVAILABLE:
                continue
            if severity(x.after) > severity(worst):
                worst = x.after
            if first_ns is None and severity(x.after) >= severity(Standing.LIQUIDATING):
                first_ns = x.since_ns - start_ns
        if isinstance(x, CallChanged) and x.call.account_id == name and len(x.call.steps) == 1:
            called += x.call.amount
            called_ns = x.call.issued_ns - start_ns if called_ns is None else called_ns
    return AccountDay(
        account_id=name,
        worst=worst,
        called_after_ns=called_ns,
        liquidating_after_ns=first_ns,
        called=called,
        lowest=lowest,
    )
