"""What a venue's message says, in rows that know no venue, and the reader of foreign messages."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, final

from crossmargin.base.failure import Failure, Reason
from crossmargin.domain.holding import BalanceState
from crossmargin.domain.instrument import SettlementStyle
from crossmargin.wire.native import Market, unified_of_native
from crossmargin.wire.number import kind_of, number_of_json, read_decimal, read_text


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class PositionRow:
    """A position as its venue reports it. `contracts` signed.

    The cost is `cost`, or follows from `entry_price`, or from `mark_price` and `unrealised` where
    the venue counts profit from its last settlement. An isolated row names its own collateral where
    the message does. `initial` and `maintenance` are in the listing's settlement currency.
    """

    where: str
    symbol: str
    contracts: Decimal
    cost: Decimal | None = None
    entry_price: Decimal | None = None
    mark_price: Decimal | None = None
    unrealised: Decimal | None = None
    style: SettlementStyle = SettlementStyle.ON_CLOSE
    isolated: bool = False
    isolated_collateral: Decimal | None = None
    initial: Decimal | None = None
    maintenance: Decimal | None = None
    liquidation_price: Decimal | None = None
    contract_size: Decimal | None = None


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class BalanceRow:
    """Coins of one asset; `owed` and `interest` are what was borrowed.

    With `with_unrealised` the amount contains the unrealised profit of the message's positions.
    """

    where: str
    asset: str
    amount: Decimal
    state: BalanceState = BalanceState.FREE
    owed: Decimal = Decimal(0)
    interest: Decimal = Decimal(0)
    with_unrealised: bool = False


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class ReportRow:
    """The venue's own figures of the whole account, keyed by our words."""

    where: str
    currency: str
    figures: Mapping[str, Decimal]


@final
@dataclass(slots=True)
class Recording:
    """All rows of one message."""

    positions: list[PositionRow] = field(default_factory=list)
    balances: list[BalanceRow] = field(default_factory=list)
    reports: list[ReportRow] = field(default_factory=list)


@final
@dataclass(frozen=True, slots=True)
class Message:
    """One object of a foreign message. Fields we do not use are the venue's affair.

    An empty text and null mean that the venue gives no figure.
    """

    value: Mapping[str, Any]
    where: str
    failures: list[Failure]

    def number(self, *names: str) -> Decimal | None:
        """The first of the named fields that has a figure, or None."""
        for name in names:
            item = self.value.get(name)
            if item is None or item == "":
                continue
            exact: Decimal | Failure | None = None
            if isinstance(item, str):
                exact = number_of_json(item)
            if exact is None:
                exact = read_decimal(item, f"{self.where}.{name}")
            if isinstance(exact, Failure):
                self.failures.append(exact)
                return None
            return exact
        return None

    def needed(self, *names: str) -> Decimal:
        """Like `number`; a missing figure is a fault, and zero stands in until it is refused."""
        before = len(self.failures)
        exact = self.number(*names)
        if exact is None and len(self.failures) == before:
            self._missing(names[0])
        return Decimal(0) if exact is None else exact

    def text(self, *names: str) -> str:
        """The first of the named fields that has text, or empty text."""
        for name in names:
            item = self.value.get(name)
            if item is None or item == "":
                continue
            text = read_text(item, f"{self.where}.{name}")
            if isinstance(text, Failure):
                self.failures.append(text)
                return ""
            return text
        return ""

    def needed_text(self, *names: str) -> str:
        """Like `text`; a missing one is a fault."""
        before = len(self.failures)
        text = self.text(*names)
        if not text and len(self.failures) == before:
            self._missing(names[0])
        return text

    def part(self, name: str) -> "Message":
        """A nested object, empty when it is not there."""
        return message_of(self.value.get(name, {}), f"{self.where}.{name}", self.failures)

    def rows(self, name: str) -> Iterator["Message"]:
        """The objects of a nested list."""
        return messages_of(self.value.get(name), f"{self.where}.{name}", self.failures)

    def refuse(self, reason: Reason, message: str) -> None:
        """Note one fault of this object."""
        self.failures.append(Failure(reason, self.where, message))

    def unified(self, venue: str, name: str, market: Market | None) -> str:
        """Native instrument name -> unified symbol, empty text with the fault noted."""
        unified = unified_of_native(venue, name, market, self.where) if name else ""
        if isinstance(unified, Failure):
            self.failures.append(unified)
            return ""
        return unified

    def _missing(self, name: str) -> None:
        self.failures.append(
            Failure(Reason.MISSING_FIELD, f"{self.where}.{name}", "the message has no figure here")
        )


def message_of(value: object, where: str, failures: list[Failure]) -> Message:
    """A foreign object; anything else is a fault and reads as an empty object."""
    if isinstance(value, Mapping):
        return Message(value, where, failures)
    failures.append(
        Failure(Reason.WRONG_TYPE, where, f"an object was expected, not {kind_of(value)}")
    )
    return Message({}, where, failures)


def messages_of(value: object, where: str, failures: list[Failure]) -> Iterator[Message]:
    """A foreign list of objects; anything else is a fault and reads as an empty list."""
    if not isinstance(value, list | tuple):
        failures.append(
            Failure(Reason.WRONG_TYPE, where, f"a list was expected, not {kind_of(value)}")
        )
        return
    for index, item in enumerate(value):
        yield message_of(item, f"{where}[{index}]", failures)


def rows_under(
    payload: object, where: str, failures: list[Failure], *paths: tuple[str, ...]
) -> Iterator[Message]:
    """The rows of a message, bare or inside the first envelope of `paths` that it has."""
    if isinstance(payload, list | tuple):
        return messages_of(payload, where, failures)
    envelope = message_of(payload, where, failures).value
    for path in paths:
        inner: object = envelope
        for name in path:
            inner = inner.get(name) if isinstance(inner, Mapping) else None
        if isinstance(inner, list | tuple):
            return messages_of(inner, f"{where}.{'.'.join(path)}", failures)
        if isinstance(inner, Mapping):
            return iter([Message(inner, f"{where}.{'.'.join(path)}", failures)])
    shown = " or ".join(".".join(path) for path in paths)
    failures.append(Failure(Reason.MISSING_FIELD, where, f"no list of rows under {shown}"))
    return iter(())


def figures_of(message: Message, names: Mapping[str, str]) -> dict[str, Decimal]:
    """Our word -> the figure of the venue's field, where it has one."""
    figures: dict[str, Decimal] = {}
    for word, name in names.items():
        exact = message.number(name)
        if exact is not None:
            figures[word] = exact
    return figures
