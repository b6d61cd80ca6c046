"""Which adapter translates the vectors of which system."""

from collections.abc import Callable, Mapping
from typing import TypeAlias

from crossmargin.conformance.adapters import (
    derive_auction,
    derive_pmrm1,
    derive_pmrm2,
    derive_srm,
    drift,
    dydx,
    mango,
    opyn,
    paradex,
    percolator,
    synthetix,
    vega,
    zkmerkle,
)
from crossmargin.conformance.case import Case
from crossmargin.conformance.translation import Translation
from crossmargin.conformance.verdict import Unsupported

Adapter: TypeAlias = Callable[[Case], Translation | Unsupported]

ADAPTERS: Mapping[str, Adapter] = {
    "binance-zkmerkle": zkmerkle.translate,
    "derive-dutch-auction": derive_auction.translate,
    "derive-pmrm1": derive_pmrm1.translate,
    "derive-pmrm2": derive_pmrm2.translate,
    "derive-srm": derive_srm.translate,
    "drift-v2": drift.translate,
    "dydx-v4": dydx.translate,
    "mango-v4": mango.translate,
    "opyn-gamma": opyn.translate,
    "paradex-docs": paradex.translate,
    "percolator": percolator.translate,
    "synthetix-v3-perps": synthetix.translate,
    "vega": vega.translate,
}
"""System -> its adapter. A system without one is unsupported, and named."""
