"""Every hot loop on plain arrays behind one seam; the NumPy twin is the specification."""

from typing import Final

from crossmargin.kernels.black import black_greeks, black_prices
from crossmargin.kernels.implied import ImpliedReason, implied_vol
from crossmargin.kernels.normal import exp_fixed, gauss_fixed, log_fixed, normal_cdf
from crossmargin.kernels.segment import (
    gross_bound_ticks,
    net_ticks,
    net_update,
    net_worst_tail,
    row_ticks,
)
from crossmargin.kernels.tick_guard import TICK_LIMIT, NotFinite, TickOverflow

__all__ = [
    "BACKEND",
    "ImpliedReason",
    "NotFinite",
    "TICK_LIMIT",
    "TickOverflow",
    "black_greeks",
    "black_prices",
    "exp_fixed",
    "gauss_fixed",
    "gross_bound_ticks",
    "implied_vol",
    "log_fixed",
    "net_ticks",
    "net_update",
    "net_worst_tail",
    "normal_cdf",
    "row_ticks",
]

# Which implementation stands behind these names; a receipt prints it.
BACKEND: Final = "reference"
