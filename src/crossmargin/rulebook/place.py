"""What can be lost at once: a venue, chain, bridge, custodian, issuer, family of issuers, or a coin
that wraps another.
"""

from collections.abc import Iterator, Mapping, Sequence
from enum import StrEnum
from typing import TypeAlias, final

import numpy as np
from numpy.typing import NDArray

from crossmargin.domain.asset import Asset
from crossmargin.domain.columns import BalanceColumns

Flags: TypeAlias = NDArray[np.bool_]


@final
class PlaceKind(StrEnum):
    """Where coins are kept, or who answers for them. WRAPPER: a coin that wraps another, with all
    that wraps it in turn.
    """

    VENUE = "venue"
    CHAIN = "chain"
    BRIDGE = "bridge"
    CUSTODIAN = "custodian"
    ISSUER = "issuer"
    ISSUER_FAMILY = "issuer_family"
    WRAPPER = "wrapper"


KEPT_AT = (PlaceKind.VENUE, PlaceKind.CHAIN, PlaceKind.BRIDGE, PlaceKind.CUSTODIAN)


def places(
    kind: PlaceKind, rows: BalanceColumns, codes: Sequence[str], assets: Mapping[str, Asset]
) -> Iterator[tuple[str, Flags]]:
    """The places of a kind at which something is held: the name, and (rows,) which rows are lost
    with it. `codes` are the universe's assets.
    """
    held = rows.amount > 0.0
    if kind in KEPT_AT:
        number = getattr(rows, kind.value)
        for place in np.unique(number[(number >= 0) & held]).tolist():
            yield rows.places[place], number == place
        return
    names = [lost_with(kind, code, assets) for code in codes]
    present = {name for asset in np.unique(rows.asset[held]).tolist() for name in names[asset]}
    for name in sorted(present):
        lost = np.array([name in own for own in names], dtype=np.bool_)
        yield name, lost[rows.asset]


def lost_with(kind: PlaceKind, code: str, assets: Mapping[str, Asset]) -> tuple[str, ...]:
    """What a coin is lost with wherever it is kept: issuer, family, or wrappers it is made of."""
    fact = assets.get(code)
    if fact is None:
        return ()
    if kind is not PlaceKind.WRAPPER:
        name = fact.issuer if kind is PlaceKind.ISSUER else fact.issuer_family
        return () if name is None else (name,)
    found: list[str] = []
    while fact is not None and fact.wraps is not None and fact.code not in found:
        found.append(fact.code)
        fact = assets.get(fact.wraps)
    return tuple(found)
