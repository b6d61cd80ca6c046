"""Events as lines of JSON, read strictly and written so that reading gives the same event."""

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import fields
from decimal import Decimal
from typing import Any

from crossmargin.base.exact import PRECISE, decimal_text
from crossmargin.base.failure import Failure, InputRefused, Reason, refuse_if_any
from crossmargin.base.instant import instant_text
from crossmargin.domain.account import Account
from crossmargin.domain.asset import AssetRegistry
from crossmargin.domain.instrument import Listing
from crossmargin.domain.symbol import resolve_symbol
from crossmargin.engine.event import Event
from crossmargin.wire.event_fields import ACCOUNT_FIELDS, EVENT_HEAD, KINDS, LISTING_FIELDS, Kind
from crossmargin.wire.record import read_record
from crossmargin.wire.strict_json import strict_json

LINE_BYTES_MAX = 1 << 20
_NAMES = {kind.body: name for name, kind in KINDS.items()}
_OPTIONAL_EMPTY = {"name": "", "marks": {}}


def read_events(data: bytes, registry: AssetRegistry) -> list[Event]:
    """Lines of JSON -> events. `InputRefused` with everything wrong in any line, by its number."""
    failures: list[Failure] = []
    events: list[Event] = []
    for number, line in enumerate(data.splitlines(), start=1):
        if not line.strip():
            continue
        try:
            events.append(read_event(line, registry, f"line {number}"))
        except InputRefused as refusal:
            failures += refusal.failures
    refuse_if_any(failures)
    return events


def read_event(line: bytes, registry: AssetRegistry, where: str = "event") -> Event:
    """One line of JSON -> event. `InputRefused` with everything that is wrong with it."""
    if len(line) > LINE_BYTES_MAX:
        message = f"longer than {LINE_BYTES_MAX} bytes"
        raise InputRefused([Failure(Reason.OUT_OF_BOUNDS, where, message)])
    value = strict_json(line, where)
    named = value.get("kind") if isinstance(value, dict) else None
    kind = KINDS.get(named) if isinstance(named, str) else None
    if kind is None:
        message = f"no kind of event; there are {', '.join(KINDS)}"
        raise InputRefused([Failure(Reason.UNKNOWN_FIELD, f"{where}.kind", message)])
    failures: list[Failure] = []
    record = read_record(value, (*EVENT_HEAD, *kind.fields), where, failures)
    values = _values(kind, record, registry, where, failures)
    refuse_if_any(failures)
    return Event(
        event_id=record["id"],
        source=record["source"],
        source_sequence=record["sequence"],
        event_time_ns=record["time"],
        body=kind.body(**values),
    )


def event_line(event: Event, registry: AssetRegistry) -> bytes:
    """An event as one line of JSON without a line end; `read_event` gives the event back."""
    name = _NAMES[type(event.body)]
    written: dict[str, object] = {
        "id": event.event_id,
        "source": event.source,
        "sequence": event.source_sequence,
        "time": instant_text(event.event_time_ns),
        "kind": name,
    }
    for word in KINDS[name].words:
        value = getattr(event.body, word.attribute)
        if value is None or value == "":
            continue
        written[word.field.name] = _written(event, word.attribute, value, word.write, registry)
    return json.dumps(written, separators=(",", ":"), ensure_ascii=True).encode()


def event_lines(events: Iterable[Event], registry: AssetRegistry) -> Iterator[bytes]:
    """Events as lines of JSON, each with its line end."""
    for event in events:
        yield event_line(event, registry) + b"\n"


def _values(
    kind: Kind,
    record: Mapping[str, Any],
    registry: AssetRegistry,
    where: str,
    failures: list[Failure],
) -> dict[str, Any]:
    """Arguments of the body; what is absent keeps the body's own default."""
    defaults = {field.name for field in fields(kind.body)}
    values: dict[str, Any] = {}
    for word in kind.words:
        name = word.field.name
        if name not in record:
            if word.attribute in _OPTIONAL_EMPTY and word.attribute in defaults:
                values[word.attribute] = _OPTIONAL_EMPTY[word.attribute]
            elif word.attribute == "index":
                values["index"] = None
            continue
        found = record[name]
        place = f"{where}.{name}"
        match word.attribute:
            case "amount_units":
                found = _units(found, record.get("asset", ""), registry, place, failures)
            case "units":
                found = {
                    asset: _units(coins, asset, registry, f"{place}.{asset}", failures)
                    for asset, coins in found.items()
                }
            case "listing":
                found = _listing(found, registry, place, failures)
            case "account":
                found = _account(found, place, failures)
            case _:
                found = _exact(found)
        values[word.attribute] = found
    return values


def _exact(found: Any) -> Any:
    """A number as reading its own line gives it: 1.50 is 1.5, so that replaying says the same."""
    if isinstance(found, Decimal):
        _, digits, exponent = found.as_tuple()
        plain = exponent == 0 and bool(found)
        return found if plain or digits[-1] else Decimal(decimal_text(found))
    if isinstance(found, dict):
        return {name: _exact(item) for name, item in found.items()}
    return found


def _units(
    coins: Decimal, asset: str, registry: AssetRegistry, where: str, failures: list[Failure]
) -> int:
    if asset not in registry.codes():
        failures.append(Failure(Reason.UNKNOWN_ASSET, where, f"no asset is called {asset!r}"))
        return 0
    units = PRECISE.scaleb(coins, registry.asset(asset).decimals)
    if units != units.to_integral_value():
        message = f"{coins} is no whole number of the smallest unit of {asset}"
        failures.append(Failure(Reason.OUT_OF_BOUNDS, where, message))
        return 0
    return int(units)


def _listing(
    value: object, registry: AssetRegistry, where: str, failures: list[Failure]
) -> Listing | None:
    record = read_record(value, LISTING_FIELDS, where, failures)
    venue, colon, text = str(record.get("listing", "")).partition(":")
    if not venue or not colon:
        message = "venue:unified symbol was expected"
        failures.append(Failure(Reason.UNKNOWN_SYMBOL, f"{where}.listing", message))
        return None
    symbol = resolve_symbol(text, registry, f"{where}.listing")
    if isinstance(symbol, Failure):
        failures.append(symbol)
        return None
    size = _exact(record.get("contract_size", Decimal(1)))
    if size <= 0:
        message = f"{size} is not above zero"
        failures.append(Failure(Reason.OUT_OF_BOUNDS, f"{where}.contract_size", message))
    return Listing(
        venue=venue,
        native_symbol=text,
        economic_id=symbol.economic_id,
        instrument=symbol.instrument,
        contract_size=size,
        multiplier=symbol.multiplier,
    )


def _account(value: object, where: str, failures: list[Failure]) -> Account | None:
    before = len(failures)
    record = read_record(value, ACCOUNT_FIELDS, where, failures)
    if len(failures) > before:
        return None
    names = {"account": "account_id", "entity": "entity_id", "parent": "parent_id"}
    return Account(**{names.get(name, name): item for name, item in record.items()})


def _written(
    event: Event, attribute: str, value: Any, write: Any, registry: AssetRegistry
) -> object:
    match value:
        case Listing():
            return {
                "listing": value.listing_id,
                "contract_size": decimal_text(value.contract_size),
            }
        case Account():
            own = {
                "account": value.account_id,
                "entity": value.entity_id,
                "venue": value.venue,
                "parent": value.parent_id,
                "recipe": value.recipe,
                "mode": value.mode.value,
                "authority": value.authority.value,
            }
            return {name: item for name, item in own.items() if item is not None}
        case _:
            pass
    if attribute == "amount_units":
        asset: str = event.body.asset  # type: ignore[union-attr]
        return _coins(value, asset, registry)
    if attribute == "units":
        return {asset: _coins(units, asset, registry) for asset, units in sorted(value.items())}
    written: object = write(value)
    return written


def _coins(units: int, asset: str, registry: AssetRegistry) -> str:
    return decimal_text(PRECISE.scaleb(Decimal(units), -registry.asset(asset).decimals))
