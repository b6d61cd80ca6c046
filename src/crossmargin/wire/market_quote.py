"""A figure of a market file with its source: its own, or that of the record or file around it."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from crossmargin.base.failure import Failure, Reason
from crossmargin.market.quoted import Quoted, Source, SourceKind
from crossmargin.wire.market_fields import QUOTE_FIELDS, QuoteBounds
from crossmargin.wire.number import kind_of, read_decimal, read_text
from crossmargin.wire.record import read_record

_KINDS = {
    "source": SourceKind.GIVEN,
    "derived": SourceKind.DERIVED,
    "assumed": SourceKind.ASSUMED,
}


def read_quotes(
    row: Mapping[str, Any],
    bounds: tuple[QuoteBounds, ...],
    around: Source | None,
    where: str,
    failures: list[Failure],
) -> dict[str, Quoted]:
    """The figures that a record has, by name; what is wrong goes to `failures`."""
    found = {}
    for field in bounds:
        if field.name in row:
            quoted = read_quote(row[field.name], field, around, f"{where}.{field.name}", failures)
            if quoted is not None:
                found[field.name] = quoted
    return found


def read_quote(
    item: object,
    bounds: QuoteBounds,
    around: Source | None,
    where: str,
    failures: list[Failure],
) -> Quoted | None:
    """A bare number, or {value, source | derived | assumed}; None when something is wrong."""
    source, value = around, item
    if isinstance(item, Mapping):
        before = len(failures)
        record = read_record(item, QUOTE_FIELDS, where, failures)
        source = source_of(record, where, failures) or around
        if len(failures) > before:
            return None
        value = record["value"]
    exact = read_decimal(value, where)
    if isinstance(exact, Decimal) and not bounds.low <= exact <= bounds.high:
        exact = Failure(
            Reason.OUT_OF_BOUNDS, where, f"{exact} is not from {bounds.low} to {bounds.high}"
        )
    if isinstance(exact, Failure):
        failures.append(exact)
        return None
    if source is None:
        failures.append(
            Failure(
                Reason.MISSING_FIELD, where, "no source: say source, derived or assumed somewhere"
            )
        )
        return None
    return Quoted(float(exact), source)


def read_named_quotes(
    item: object,
    bounds: QuoteBounds,
    around: Source | None,
    where: str,
    failures: list[Failure],
) -> dict[str, Quoted]:
    """An object of figures by name."""
    if not isinstance(item, Mapping):
        failures.append(
            Failure(Reason.WRONG_TYPE, where, f"an object was expected, not {kind_of(item)}")
        )
        return {}
    found = {}
    for key, value in item.items():
        name = read_text(key, where)
        quoted = read_quote(value, bounds, around, f"{where}.{key}", failures)
        if isinstance(name, Failure):
            failures.append(name)
        elif quoted is not None:
            found[name] = quoted
    return found


def source_of(row: Mapping[str, Any], where: str, failures: list[Failure]) -> Source | None:
    """The one source that a record names, or None."""
    said = [name for name in _KINDS if name in row]
    if len(said) > 1:
        failures.append(Failure(Reason.CONTRADICTION, where, f"{' and '.join(said)} at once"))
    return Source(_KINDS[said[0]], row[said[0]]) if said else None
