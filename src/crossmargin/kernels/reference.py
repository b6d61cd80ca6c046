"""The NumPy twin: the specification of every kernel, and what runs where nothing is compiled."""

from typing import Final

from crossmargin.kernels.black import black_greeks, black_prices
from crossmargin.kernels.grouped import grouped_rows
from crossmargin.kernels.net_gross import net_and_gross
from crossmargin.kernels.ranked import net_ranked
from crossmargin.kernels.repeated import repeated_row
from crossmargin.kernels.resident_twin import ResidentBook
from crossmargin.kernels.segment import gross_bound_ticks, net_ticks, net_worst_tail
from crossmargin.kernels.shaped import net_shaped_worst
from crossmargin.kernels.tiered import tiered_rate

__all__ = [
    "NAME",
    "ResidentBook",
    "black_greeks",
    "black_prices",
    "gross_bound_ticks",
    "grouped_rows",
    "net_and_gross",
    "net_ranked",
    "net_shaped_worst",
    "net_ticks",
    "net_worst_tail",
    "repeated_row",
    "tiered_rate",
]

NAME: Final = "reference"
