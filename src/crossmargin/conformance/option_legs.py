"""Several legs of one underlying, as vectors list them, and grids that list each scenario."""

from collections.abc import Iterable, Mapping
from typing import Any

from crossmargin.conformance.scene import Scene
from crossmargin.conformance.scene_lines import MAIN
from crossmargin.conformance.vector_reading import RIGHTS
from crossmargin.wire.units import float_of, seconds_of_days

OUTRIGHT = frozenset({"f", "future", "perp", "perpetual", "s", "spot", "u"})
"""Kinds of a leg that moves one to one with the underlying."""


def add_leg(
    scene: Scene,
    coin: str,
    *,
    kind: Any,
    strike: Any,
    contracts: Any,
    price: Any,
    days: Any,
    vol: Any,
    account: str = MAIN,
) -> str:
    """One position: an option on `price` as its forward, or what moves with the underlying."""
    word = str(kind).lower()
    if word in OUTRIGHT:
        row = scene.perpetual(coin, mark=price, funding_rate=0)
        scene.position(row, contracts, entry=price, account=account)
        return row
    row = scene.option(
        coin,
        seconds=seconds_of_days(days),
        strike=strike,
        right=RIGHTS[word],
        forward=price,
        vol=vol,
        rate=0,
    )
    scene.position(row, contracts, account=account)
    return row


def listed_grid(
    scenarios: Iterable[tuple[float, str, Any]], vol_moves: Mapping[str, Mapping[str, Any]]
) -> dict[str, Any]:
    """A grid table of (price move, name of a vol move, loss weight), one family each, in order."""
    families: list[dict[str, Any]] = [
        {"name": f"{number}", "price_move": [move], "vol": [vol], "loss_weight": float_of(weight)}
        for number, (move, vol, weight) in enumerate(scenarios, 1)
    ]
    named = {family["vol"][0] for family in families}
    return {
        "vol_move": {name: dict(move) for name, move in vol_moves.items() if name in named},
        "family": families,
    }
