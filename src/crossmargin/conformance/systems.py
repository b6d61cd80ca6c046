"""Which adapter translates the vectors of which system."""

from collections.abc import Callable, Mapping
from typing import TypeAlias

from crossmargin.conformance.adapters import (
    binance_brackets,
    bybit_account,
    coinbase_intx,
    deribit_standard,
    deribit_vol,
    derive_auction,
    derive_pmrm1,
    derive_pmrm2,
    derive_srm,
    drift,
    dydx,
    dydx_tiers,
    emir_apc,
    ftx_size,
    haircut_table,
    hyperliquid_tiers,
    kraken_account,
    lch_pairs,
    mango,
    okx_account,
    okx_units,
    opyn,
    paradex,
    paradex_grid,
    percolator,
    reg_t_options,
    schedule_im,
    simm,
    span_scan,
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

FAMILIES: Mapping[str, Adapter] = {
    "BIT.com": haircut_table.translate,
    "Binance": binance_brackets.translate,
    "Bybit": bybit_account.translate,
    "Coinbase": coinbase_intx.translate,
    "Deribit SM": deribit_standard.translate,
    "Deribit PM": deribit_vol.translate,
    "EMIR APC": emir_apc.translate,
    "FTX": ftx_size.translate,
    "Hyperliquid": hyperliquid_tiers.translate,
    "ISDA SIMM": simm.translate,
    "Kraken": kraken_account.translate,
    "LCH PAIRS": lch_pairs.translate,
    "OKX PM": okx_units.translate,
    "OKX": okx_account.translate,
    "Paradex PM": paradex_grid.translate,
    "Reg-T": reg_t_options.translate,
    "SPAN": span_scan.translate,
    "Schedule IM": schedule_im.translate,
    "dYdX v4": dydx_tiers.translate,
}
"""Beginning of a system's name -> its adapter, for names that go on to tell a product or a year.
The first that fits; a longer beginning stands before a shorter one."""


def adapter_of(system: str) -> Adapter | None:
    """The adapter of a system, None without one."""
    if system in ADAPTERS:
        return ADAPTERS[system]
    return next((made for name, made in FAMILIES.items() if system.startswith(name)), None)
