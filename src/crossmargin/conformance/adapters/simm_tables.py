"""The tables of a SIMM vector: weights by bucket or name, correlations by pairs of either."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import combinations
from typing import Any, final

from crossmargin.wire.units import float_of

RESIDUAL = "residual"
DOLLAR = "USD"
SEPARATORS = ("|", "/", ",", "-", ":")


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Factor:
    """A risk factor with its amounts as stated. Factors are numbered by `kind`; those of a product
    class, and the residual bucket of each, have a silo of their own.
    """

    code: str
    qualifier: str
    group: str
    silo: float
    bucket: float
    kind: float
    amounts: tuple[Any, ...]


def factors_of(inputs: Mapping[str, Any]) -> list[Factor]:
    """Sensitivities to one factor together, in the order in which they are first named.

    Currencies stand all in one bucket, whatever group they belong to; the one that margin is
    counted in is no risk (dollars, where no other is named and none of them is weighted).
    """
    foreign = str(inputs["risk_class"]).lower() == "fx"
    weighted = inputs["risk_weight"]
    home = DOLLAR if isinstance(weighted, Mapping) and DOLLAR not in weighted else None
    home = inputs.get("calculation_currency", home)
    amounts: dict[tuple[str, str, str], list[Any]] = {}
    for each in inputs["sensitivities"]:
        product = str(each.get("product_class", ""))
        group = str(each.get("group", each.get("bucket", "")))
        qualifier = str(each["qualifier"])
        if not (foreign and qualifier == home):
            amounts.setdefault((product, group, qualifier), []).append(each["amount"])
    residual = [(product, group.lower() == RESIDUAL) for product, group, _ in amounts]
    silos = {name: float(number) for number, name in enumerate(dict.fromkeys(residual))}
    groups = dict.fromkeys("" if foreign else group for _, group, _ in amounts)
    buckets = {name: float(number) for number, name in enumerate(groups)}
    return [
        Factor(
            code=f"F{number}",
            qualifier=qualifier,
            group=group,
            silo=silos[product, group.lower() == RESIDUAL],
            bucket=buckets["" if foreign else group],
            kind=float(number),
            amounts=tuple(stated),
        )
        for number, ((product, group, qualifier), stated) in enumerate(amounts.items())
    ]


def stated_for(table: Any, factor: Factor, where: str) -> float:
    """The entry of a factor by its name or its group; one number is everybody's."""
    if not isinstance(table, Mapping):
        return float_of(table)
    for name in (factor.qualifier, factor.group):
        if name in table:
            return float_of(table[name])
    raise ValueError(f"{where} has no entry for {factor.qualifier!r} or {factor.group!r}")


def pairs_of(table: Any, own: list[Factor], *, inside: bool) -> dict[str, float] | float:
    """Correlations of kinds inside a bucket, or of buckets of one silo, as pairs of numbers."""
    if not isinstance(table, Mapping):
        return float_of(table)
    found: dict[str, float] = {}
    for one, other in combinations(own, 2):
        if one.silo != other.silo or (one.bucket == other.bucket) is not inside:
            continue
        entry = next((table[name] for name in _names(one, other, inside) if name in table), None)
        if entry is None:
            what = "intra" if inside else "inter"
            pair = f"{one.group} {one.qualifier} and {other.group} {other.qualifier}"
            raise ValueError(f"inputs.{what}_bucket_correlation has no entry for {pair}")
        numbers = (one.kind, other.kind) if inside else (one.bucket, other.bucket)
        found["/".join(f"{number:g}" for number in numbers)] = float_of(entry)
    return found


def _names(one: Factor, other: Factor, inside: bool) -> Iterator[str]:
    """What a table may call a pair: both names, both groups, or the bucket that they share."""
    for a, b in ((one.qualifier, other.qualifier), (one.group, other.group)):
        for separator in SEPARATORS:
            yield f"{a}{separator}{b}"
            yield f"{b}{separator}{a}"
    if inside and one.group == other.group:
        yield one.group
