"""What the engine knows after an event. Nothing in it changes: each event gives another state."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from types import MappingProxyType
from typing import Any, final

from crossmargin.action.call import MarginCall
from crossmargin.action.ladder import Held
from crossmargin.domain.account import Account
from crossmargin.domain.holding import Order, Position
from crossmargin.domain.instrument import Listing
from crossmargin.engine.breaker import BreakerState
from crossmargin.engine.event import Event
from crossmargin.engine.event_control import HaltScope, ParameterChanged, PriceOverridden
from crossmargin.engine.event_trade import Fill
from crossmargin.engine.holders import Holders
from crossmargin.engine.overlaid import Overlaid
from crossmargin.engine.price_state import AssetPrices, MarkState
from crossmargin.engine.table import Table
from crossmargin.engine.valued import Valued
from crossmargin.ledger.ledger import Ledger
from crossmargin.market.snapshot import MarketSnapshot
from crossmargin.rulebook.recipe import Recipe
from crossmargin.rulebook.standing import Standing
from crossmargin.rulebook.statement_types import LevelFigures

NOTHING: Mapping[str, Any] = MappingProxyType({})


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Figures:
    """What an account has and needs, in its recipe's reporting unit; None where unavailable."""

    recipe: str
    reporting: str
    levels: tuple[LevelFigures, ...]
    net_liquidation_value: Decimal | None
    standing: Standing
    reasons: tuple[str, ...]


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class AccountState:
    """One account. Its money stands in the ledger; `withdrawing_units` of it are reserved to leave.

    `withdrawing_units` by asset, `positions` by listing, `orders` by order id. `figures` None until
    something of it was valued; `held` is its place on the ladder, and since when. `call_expired`:
    its last call was not met, and its initial buffer has been negative ever since.
    """

    account: Account
    withdrawing_units: Mapping[str, int] = field(default_factory=dict)
    positions: Mapping[str, Position] = field(default_factory=dict)
    orders: Mapping[str, Order] = field(default_factory=dict)
    figures: Figures | None = None
    held: Held | None = None
    call_expired: bool = False


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Reserved:
    """Money that a pending ledger entry holds: a withdrawal on its way, or a lock."""

    account_id: str
    asset: str
    amount_units: int
    entry_sequence: int


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Arrival:
    """Money on its way to an account, held by a pending ledger entry.

    `meets_calls`: a call was open when it was announced, so it is a delivery when it arrives.
    """

    account_id: str
    asset: str
    amount_units: int
    entry_sequence: int
    announced_ns: int
    meets_calls: bool


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Trade:
    """A fill as it was booked: what it added to the position, and its ledger entries."""

    fill: Fill
    contracts: Decimal
    cost: Decimal
    first_entry: int
    last_entry: int
    cancelled: bool = False


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class SourceProgress:
    """The last sequence seen of a source, and the ranges (first, last) that are missing before."""

    last_sequence: int
    missing: tuple[tuple[int, int], ...] = ()


@final
@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Rules:
    """Rulebooks in force: parameters changed since the start, and the recipes that result.

    `staged` waits for its hour. `config_hash` names the setup with the changes.
    """

    recipes: Mapping[str, Recipe]
    changes: Mapping[str, Mapping[str, Decimal]]
    staged: tuple[ParameterChanged, ...]
    config_hash: str


@final
@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class EngineState:
    """Everything. `valued` follows from the rest and is no part of the state's hash.

    `sequence` counts applied events; `applied_hash` chains them. `clock_ns` is the last tick,
    `closed_ns` the time up to which the window is closed, `pending` what waits in it. `seen` maps
    an event id to the event's hash. `price_time_ns` is when each asset's price was last said
    by a trusted source, `prices` what the sources of the others said and what was made of it,
    `marks` the same of marks; `mismatched` names accounts whose venue says something else; `halts`
    maps a scope to a reason; `breakers` is what each circuit breaker saw, by name; `overrides`
    holds prices set by hand. `watched` are accounts that passing time alone may move: those that
    are not healthy. `calls` are all margin calls, open and ended, by id.
    """

    sequence: int
    applied_hash: str
    clock_ns: int
    closed_ns: int
    pending: tuple[Event, ...]
    seen: Table[str]
    sources: Mapping[str, SourceProgress]
    rules: Rules
    listings: Mapping[str, Listing]
    snapshot: MarketSnapshot
    price_time_ns: Mapping[str, int]
    prices: Mapping[str, AssetPrices]
    marks: MarkState
    overrides: Mapping[str, PriceOverridden]
    halts: Mapping[tuple[HaltScope, str], str]
    breakers: Mapping[str, BreakerState]
    mismatched: frozenset[str]
    ledger: Ledger
    accounts: Overlaid[AccountState]
    trades: Table[Trade]
    arrivals: Mapping[str, Arrival]
    withdrawals: Mapping[str, Reserved]
    locks: Mapping[str, Reserved]
    watched: frozenset[str]
    calls: Mapping[str, MarginCall]
    holders: Holders
    valued: Valued
