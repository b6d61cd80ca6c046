"""The words of recipe files: which charge, node, rate and selection each table becomes."""

from collections.abc import Mapping
from itertools import pairwise
from typing import Any

from crossmargin.base.failure import Failure, Reason
from crossmargin.domain.universe import Kind
from crossmargin.rulebook.charge.perpetual_value import PerpetualValue
from crossmargin.rulebook.charge.pool_category import Categories
from crossmargin.rulebook.charge.pool_credit import Isolation, PoolCredit
from crossmargin.rulebook.charge.scan import Component
from crossmargin.rulebook.charge.weight_rule import RULES, WeightRule
from crossmargin.rulebook.charge_names import CHARGES
from crossmargin.rulebook.rate import (
    Affine,
    Combined,
    FromField,
    FromParameter,
    Growth,
    HeldMin,
    Lookup,
    LowConfidence,
    NetToGross,
    Number,
    Ramp,
    Rate,
    Rounded,
    Shortfall,
    SizeExcess,
    SizeLinear,
    SizePower,
    SizeStep,
    Step,
    VolMultiplier,
)
from crossmargin.rulebook.read import Reader, read_dataclass, read_number
from crossmargin.rulebook.selection import Selection
from crossmargin.rulebook.shaping import SHAPES, Shape

RATES: Mapping[str, type[Any]] = {
    "field": FromField,
    "affine": Affine,
    "shortfall": Shortfall,
    "size_linear": SizeLinear,
    "size_excess": SizeExcess,
    "size_power": SizePower,
    "size_step": SizeStep,
    "ramp": Ramp,
    "step": Step,
    "lookup": Lookup,
    "rounded": Rounded,
    "growth": Growth,
    "low_confidence": LowConfidence,
    "held_min": HeldMin,
    "vol_multiplier": VolMultiplier,
    "net_to_gross": NetToGross,
}
COMBINED = ("max", "min", "sum", "product", "quotient")


def read_rate(value: Any, where: str, failures: list[Failure]) -> Rate | None:
    """A number, "$parameter", or a table with a `kind`."""
    if isinstance(value, str):
        if value.startswith("$"):
            return FromParameter(name=value[1:])
        failures.append(
            Failure(Reason.WRONG_TYPE, where, f"{value!r} is no number and no $parameter")
        )
        return None
    if not isinstance(value, Mapping):
        number = read_number(value, where, failures)
        return None if number is None else Number(value=number)
    table = dict(value)
    kind = table.pop("kind", None)
    if kind in COMBINED:
        combined = read_dataclass(Combined, table, where, failures, READERS, {"how": kind})
        if combined is not None and not combined.rates:
            failures.append(Failure(Reason.MISSING_FIELD, f"{where}.rates", "there is no rate"))
            return None
        return combined
    if str(kind) not in RATES:
        words = ", ".join([*RATES, *COMBINED])
        message = f"{kind!r} is no rate; there are {words}"
        failures.append(Failure(Reason.OUT_OF_BOUNDS, f"{where}.kind", message))
        return None
    made: Rate | None = read_dataclass(RATES[str(kind)], table, where, failures, READERS, {})
    if isinstance(made, Step) and _is_uneven(made):
        message = "a step has ascending bounds and one rate more than bounds"
        failures.append(Failure(Reason.CONTRADICTION, where, message))
        return None
    if isinstance(made, VolMultiplier) and not (
        0.5 <= made.decay < 1.0 and 1.0 <= made.days <= 5000.0 and made.days == int(made.days)
    ):
        message = "decay is from 0.5 to below 1, days a whole number from 1 to 5000"
        failures.append(Failure(Reason.OUT_OF_BOUNDS, where, message))
        return None
    return made


def _is_uneven(step: Step) -> bool:
    ascending = all(low < high for low, high in pairwise(step.bounds))
    return not ascending or len(step.rates) != len(step.bounds) + 1


def read_selection(value: Any, where: str, failures: list[Failure]) -> Selection | None:
    """A table of conditions; `kind` may be one word or a list."""
    if not isinstance(value, Mapping):
        failures.append(Failure(Reason.WRONG_TYPE, where, f"{value!r} is not a table"))
        return None
    table = dict(value)
    kinds = table.pop("kind", [])
    names = kinds if isinstance(kinds, list) else [kinds]
    known = {kind.name.lower(): kind for kind in Kind}
    wrong = [name for name in names if not isinstance(name, str) or name not in known]
    if wrong:
        message = f"{wrong} is no kind; there are {', '.join(known)}"
        failures.append(Failure(Reason.OUT_OF_BOUNDS, f"{where}.kind", message))
        return None
    given = {"kinds": tuple(known[name] for name in names)}
    return read_dataclass(Selection, table, where, failures, READERS, given)


def read_shape(value: Any, where: str, failures: list[Failure]) -> Shape | None:
    """A table with `kind`: one of the shapes of `netting`."""
    if not isinstance(value, Mapping) or str(value.get("kind")) not in SHAPES:
        message = f"{value!r} is no shape; there are {', '.join(SHAPES)}"
        failures.append(Failure(Reason.OUT_OF_BOUNDS, where, message))
        return None
    table = {key: item for key, item in value.items() if key != "kind"}
    return read_dataclass(SHAPES[value["kind"]], table, where, failures, READERS, {})


def read_component(value: Any, where: str, failures: list[Failure]) -> Component | None:
    """One group of rows of a scan."""
    if not isinstance(value, Mapping):
        failures.append(Failure(Reason.WRONG_TYPE, where, f"{value!r} is not a table"))
        return None
    return read_dataclass(Component, value, where, failures, READERS, {})


def read_weight_rule(value: Any, where: str, failures: list[Failure]) -> WeightRule | None:
    """A table with `kind`: one of the rules for a token's weight."""
    if not isinstance(value, Mapping) or str(value.get("kind")) not in RULES:
        message = f"{value!r} is no weight rule; there are {', '.join(RULES)}"
        failures.append(Failure(Reason.OUT_OF_BOUNDS, where, message))
        return None
    table = {key: item for key, item in value.items() if key != "kind"}
    made: WeightRule | None = read_dataclass(
        RULES[value["kind"]], table, where, failures, READERS, {}
    )
    return made


def read_words(made: type[Any]) -> Reader:
    """A reader of a table inside a charge: the words of `made`."""

    def read(value: Any, where: str, failures: list[Failure]) -> Any:
        if not isinstance(value, Mapping):
            failures.append(Failure(Reason.WRONG_TYPE, where, f"{value!r} is not a table"))
            return None
        return read_dataclass(made, value, where, failures, READERS, {})

    return read


def read_charge(table: Mapping[str, Any], where: str, failures: list[Failure]) -> Any:
    """A table with `charge`: the named charge with the rest as its fields."""
    rest = dict(table)
    name = str(rest.pop("charge"))
    if name not in CHARGES:
        message = f"{name!r} is no charge; there are {', '.join(sorted(CHARGES))}"
        failures.append(Failure(Reason.OUT_OF_BOUNDS, f"{where}.charge", message))
        return None
    return read_dataclass(CHARGES[name], rest, where, failures, READERS, {})


READERS: Mapping[Any, Reader] = {
    Rate: read_rate,
    Selection: read_selection,
    Shape: read_shape,
    Component: read_component,
    WeightRule: read_weight_rule,
    **{made: read_words(made) for made in (PerpetualValue, Categories, Isolation, PoolCredit)},
}
