"""Every hot loop on plain arrays behind one seam; the NumPy twin is the specification."""

from typing import Final

from crossmargin.kernels.black import black_greeks, black_prices
from crossmargin.kernels.implied import ImpliedReason, implied_vol
from crossmargin.kernels.normal import exp_fixed, gauss_fixed, log_fixed, normal_cdf

__all__ = [
    "BACKEND",
    "ImpliedReason",
    "black_greeks",
    "black_prices",
    "exp_fixed",
    "gauss_fixed",
    "implied_vol",
    "log_fixed",
    "normal_cdf",
]

# Which implementation stands behind these names; a receipt prints it.
BACKEND: Final = "reference"
