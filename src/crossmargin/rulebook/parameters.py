"""Reads and checks the parameters of a recipe: bounds, sources, indexes, overrides."""

from collections.abc import Iterator, Mapping
from typing import Any

from crossmargin.base.exact import parse_decimal
from crossmargin.base.failure import Failure, Reason
from crossmargin.rulebook.read import read_number
from crossmargin.rulebook.terms import Parameter, ParameterValue

PEG = "peg"
"""The price of a pair of currencies that are meant to be worth the same."""
PAIR = "pair"
"""Two numbers or names, in either order: what a table of correlations is by."""
INDEXES = (
    "asset",
    "settle",
    "listing",
    "economic_id",
    "venue",
    "chain",
    "bridge",
    "custodian",
    "issuer_family",
    "wrapper",
    "account",
    PEG,
    PAIR,
)
FIELDS = {"value", "low", "high", "source", "by", "otherwise"}


def read_parameters(
    recipe: str, tables: Any, overrides: Mapping[str, Any], failures: list[Failure]
) -> Mapping[str, Parameter]:
    """The `[params]` table, with overrides put in; every figure inside its bounds or a failure."""
    if not isinstance(tables, Mapping):
        failures.append(Failure(Reason.WRONG_TYPE, f"{recipe}.params", "is not a table"))
        return {}
    for name in overrides:
        if name not in tables:
            message = f"the recipe has no such parameter; it has {', '.join(tables) or 'none'}"
            failures.append(Failure(Reason.UNKNOWN_FIELD, f"{recipe}.params.{name}", message))
    read = {}
    for name, table in tables.items():
        where = f"{recipe}.params.{name}"
        parameter = _parameter(name, table, overrides.get(name), where, failures)
        if parameter is not None:
            read[name] = parameter
    return read


def _parameter(
    name: str, table: Any, override: Any, where: str, failures: list[Failure]
) -> Parameter | None:
    if not isinstance(table, Mapping):
        message = "is a table with value, low, high and source"
        failures.append(Failure(Reason.WRONG_TYPE, where, message))
        return None
    before = len(failures)
    for key in table:
        if key not in FIELDS:
            message = f"a parameter has {', '.join(sorted(FIELDS))}"
            failures.append(Failure(Reason.UNKNOWN_FIELD, f"{where}.{key}", message))
    for key in ("low", "high", "source"):
        if key not in table:
            message = "is required: each figure has bounds and says where it comes from"
            failures.append(Failure(Reason.MISSING_FIELD, f"{where}.{key}", message))
    by = table.get("by")
    if by is not None and by not in INDEXES:
        message = f"{by!r} is no index; there are {', '.join(INDEXES)}"
        failures.append(Failure(Reason.OUT_OF_BOUNDS, f"{where}.by", message))
    if len(failures) > before:
        return None
    low = read_number(table["low"], f"{where}.low", failures)
    high = read_number(table["high"], f"{where}.high", failures)
    if low is None or high is None:
        return None
    written = table.get("value") if override is None else override
    value = None
    if written is not None:
        value = _value(written, by, (low, high), f"{where}.value", failures)
    otherwise = table.get("otherwise")
    return Parameter(
        name=name,
        value=value,
        low=low,
        high=high,
        source=str(table["source"]) if override is None else "set by the user",
        by=by,
        otherwise=None
        if otherwise is None
        else _entry(otherwise, (low, high), f"{where}.otherwise", failures),
    )


def _value(
    written: Any, by: str | None, bounds: tuple[float, float], where: str, failures: list[Failure]
) -> ParameterValue | None:
    if isinstance(written, Mapping):
        if by is None:
            message = "is a table, so it needs `by`: what its keys are"
            failures.append(Failure(Reason.MISSING_FIELD, where, message))
            return None
        if by == PEG:
            failures.extend(_no_prices(written, where))
        return {  # type: ignore[return-value]
            str(key): _entry(item, bounds, f"{where}.{key}", failures)
            for key, item in written.items()
        }
    return _entry(written, bounds, where, failures)


def _no_prices(written: Mapping[str, Any], where: str) -> Iterator[Failure]:
    for key in written:
        price = parse_decimal(str(key))
        if price is None or not 0 < price <= 1:
            message = f"{key!r} is no price of a pegged coin: above 0 and at most 1, in quotes"
            yield Failure(Reason.OUT_OF_BOUNDS, where, message)


def _entry(
    written: Any, bounds: tuple[float, float], where: str, failures: list[Failure]
) -> float | tuple[float, ...] | None:
    if isinstance(written, list):
        items = [
            _bounded(each, bounds, f"{where}[{i}]", failures) for i, each in enumerate(written)
        ]
        return tuple(each for each in items if each is not None)
    return _bounded(written, bounds, where, failures)


def _bounded(
    written: Any, bounds: tuple[float, float], where: str, failures: list[Failure]
) -> float | None:
    number = read_number(written, where, failures)
    if number is not None and not bounds[0] <= number <= bounds[1]:
        message = f"{number:g} is outside its bounds, {bounds[0]:g} to {bounds[1]:g}"
        failures.append(Failure(Reason.OUT_OF_BOUNDS, where, message))
    return number
