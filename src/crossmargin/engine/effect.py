"""What an event brings about for the world outside. An effect that was given is never recalled."""

from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from typing import TypeAlias, final

from crossmargin.action.call import MarginCall
from crossmargin.base.failure import Failure
from crossmargin.market.price_vector import PriceVector
from crossmargin.rulebook.standing import Standing


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class EventRefused:
    """The event changed nothing, for these reasons."""

    event_id: str
    failures: tuple[Failure, ...]


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class EventRepeated:
    """The same event once more: it has its effect already."""

    event_id: str


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class EventLate:
    """The window of the event's time was closed: it is applied now, as a correction."""

    event_id: str
    late_ns: int


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """Whether an act was allowed, judged on the state after it.

    `limit` names what stood against it, None when nothing did. `enforced` is False for an account
    that is only advised: then the act went ahead. `initial_buffer_after` is in the account's
    reporting unit; `prices` are those that were used, with what each source said; `config_hash`
    names the rules.
    """

    event_id: str
    account_id: str
    allowed: bool
    enforced: bool
    limit: str | None
    message: str
    initial_buffer_after: str | None
    prices: PriceVector
    market_sequence: int
    config_hash: str


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class StandingChanged:
    """An account stands elsewhere on the ladder; buffers by level are in its reporting unit."""

    event_id: str
    account_id: str
    before: Standing
    after: Standing
    since_ns: int
    buffers: tuple[tuple[str, str | None], ...]
    reporting: str
    prices: PriceVector
    market_sequence: int
    config_hash: str


@final
class AlarmKind(StrEnum):
    """What a person should look at."""

    SEQUENCE_GAP = "sequence_gap"
    SEQUENCE_WHOLE = "sequence_whole"
    RECONCILIATION = "reconciliation"
    RECONCILED = "reconciled"
    PARAMETER_ANNOUNCED = "parameter_announced"
    PARAMETER_APPLIED = "parameter_applied"
    PRICE_IN_DOUBT = "price_in_doubt"
    PRICE_FRESH = "price_fresh"
    PRICE_SOURCE = "price_source"
    OVERRIDE_APPLIED = "override_applied"
    OVERRIDE_EXPIRED = "override_expired"
    BREAKER_TRIPPED = "breaker_tripped"
    BREAKER_RELEASED = "breaker_released"
    HALTED = "halted"
    RESUMED = "resumed"
    INCREMENT_DIFFERS = "increment_differs"


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Alarm:
    """Something that concerns the operation; `where` names the source, venue, asset or recipe."""

    event_id: str
    kind: AlarmKind
    where: str
    message: str


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class CallChanged:
    """A margin call after something happened to it: `note` says what, the call says all else.

    `prices` are those of the account's figures then.
    """

    event_id: str
    call: MarginCall
    note: str
    prices: PriceVector


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Consequence:
    """What one account would come to: where it stands and would stand, and what it would be called
    for in its reporting unit, None for no call.
    """

    account_id: str
    before: Standing
    after: Standing
    called: str | None
    reporting: str


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class ParameterPreviewed:
    """What an announced parameter would do at the prices of `market_sequence`, account by account.

    Who is not among `consequences` would stand where he stands, and be called for nothing more.
    """

    event_id: str
    recipe: str
    parameter: str
    value: Decimal
    effective_ns: int
    consequences: tuple[Consequence, ...]
    market_sequence: int


Effect: TypeAlias = (
    EventRefused
    | EventRepeated
    | EventLate
    | Decision
    | StandingChanged
    | CallChanged
    | ParameterPreviewed
    | Alarm
)
