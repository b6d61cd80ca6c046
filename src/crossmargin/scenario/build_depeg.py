"""Depeg tables: how far coins may fall from their pegs, beside where they stand now."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from crossmargin.base.failure import Reason, refuse_if_any
from crossmargin.scenario.depeg import Peg, depeg
from crossmargin.scenario.scenario_set import DOLLAR, ScenarioSet
from crossmargin.scenario.table_reader import TableReader

F8 = NDArray[np.float64]

DEPEG_KEYS = frozenset({"kind", "fall", "multiple", "at_par"})
MULTIPLE_MOST = 100.0


def build_depeg(
    reader: TableReader, table: Mapping[str, Any], name: str, where: str, price: F8 | None
) -> ScenarioSet:
    """`fall` is the least fall by asset, 0 for what has no peg to lose; `multiple` is of what a
    coin stands below its peg; `at_par` names coins that are worth what they wrap, one for one.

    A stablecoin's peg is a fact of the asset. A coin with a fall and neither has no distance.
    `price` (U,) in dollars, now.
    """
    reader.keys(table, DEPEG_KEYS, where)
    for key in ("fall", "multiple"):
        if key not in table:
            reader.fail(Reason.MISSING_FIELD, f"{where}.{key}", "is needed")
    falls = reader.per_asset(table.get("fall", 0.0), f"{where}.fall", unnamed=0.0)
    for code, fall in zip(reader.assets, falls, strict=True):
        if not 0.0 <= fall < 1.0:
            text = f"{fall} of {code} is not at least 0 and below 1"
            reader.fail(Reason.OUT_OF_BOUNDS, f"{where}.fall", text)
    multiple = reader.number(table.get("multiple", 0.0), f"{where}.multiple", 0.0, MULTIPLE_MOST)
    at_par = _at_par(reader, table.get("at_par", []), f"{where}.at_par")
    if price is None:
        reader.fail(Reason.MISSING_DATA, where, "there are no present prices")
    refuse_if_any(reader.failures)
    assert price is not None
    pegs = [
        Peg(
            code=code,
            distance=_distance(reader, place, at_par, price, f"{where}.fall"),
            fall=float(falls[place]),
            multiple=multiple,
            movers=_movers(reader, code),
        )
        for place, code in enumerate(reader.assets)
        if falls[place] > 0.0
    ]
    refuse_if_any(reader.failures)
    return depeg(name, reader.assets, reader.venues, pegs)


def _at_par(reader: TableReader, written: Any, where: str) -> frozenset[str]:
    if not isinstance(written, Sequence) or isinstance(written, str):
        reader.fail(Reason.WRONG_TYPE, where, "is a list of codes")
        return frozenset()
    for code in written:
        fact = reader.facts.get(code)
        if fact is None or fact.wraps is None:
            reader.fail(Reason.CONTRADICTION, where, f"{code!r} wraps nothing")
    return frozenset(written)


def _distance(
    reader: TableReader, place: int, at_par: frozenset[str], price: F8, where: str
) -> float:
    """Price over peg less 1; 0 where the coin has no price: then nothing that holds it has one."""
    code = reader.assets[place]
    fact = reader.facts.get(code)
    target = None if fact is None else (fact.wraps if code in at_par else fact.peg)
    if target is None or np.isnan(price[place]):
        return 0.0
    worth = 1.0 if target == DOLLAR else np.nan
    if target in reader.assets:
        worth = float(price[reader.assets.index(target)])
    if not worth > 0.0 or not price[place] > 0.0:
        text = f"{code} is pegged to {target}, and how far it is from it cannot be told"
        reader.fail(Reason.MISSING_DATA, where, text)
        return 0.0
    return float(price[place] / worth - 1.0)


def _movers(reader: TableReader, code: str) -> tuple[int, ...]:
    """Places of a coin and of all that wraps it, however deep."""
    found = []
    for place, own in enumerate(reader.assets):
        below: str | None = own
        seen: set[str] = set()
        while below is not None and below != code and below not in seen:
            seen.add(below)
            fact = reader.facts.get(below)
            below = None if fact is None else fact.wraps
        if below == code:
            found.append(place)
    return tuple(found)
