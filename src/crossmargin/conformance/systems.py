"""Which adapter translates the vectors of which system."""

from collections.abc import Callable, Mapping
from typing import TypeAlias

from crossmargin.conformance.adapters import derive_auction, dydx, vega
from crossmargin.conformance.case import Case
from crossmargin.conformance.translation import Translation
from crossmargin.conformance.verdict import Unsupported

Adapter: TypeAlias = Callable[[Case], Translation | Unsupported]

ADAPTERS: Mapping[str, Adapter] = {
    "derive-dutch-auction": derive_auction.translate,
    "dydx-v4": dydx.translate,
    "vega": vega.translate,
}
"""System -> its adapter. A system without one is unsupported, and named."""
