"""Every hot loop on plain arrays behind one seam; the NumPy twin is the specification."""

from typing import Final

from crossmargin.kernels.backend import backend_name, backend_note, use_backend
from crossmargin.kernels.grouped import BlockGroups
from crossmargin.kernels.implied import ImpliedReason, implied_vol
from crossmargin.kernels.normal import exp_fixed, gauss_fixed, log_fixed, normal_cdf
from crossmargin.kernels.resident import ResidentBook
from crossmargin.kernels.row_set import RowSet
from crossmargin.kernels.seam import (
    black_greeks,
    black_prices,
    gross_bound_ticks,
    grouped_rows,
    net_and_gross,
    net_ranked,
    net_shaped_worst,
    net_ticks,
    net_worst_tail,
    repeated_row,
    resident_book,
    tiered_rate,
)
from crossmargin.kernels.segment import net_update, row_ticks
from crossmargin.kernels.segment_rows import aligned
from crossmargin.kernels.shape_step import ShapeStep
from crossmargin.kernels.shaped import ShapedPart
from crossmargin.kernels.tick_guard import TICK_LIMIT, NotFinite, TickOverflow

__all__ = [
    "BACKEND",
    "BlockGroups",
    "ImpliedReason",
    "NotFinite",
    "ResidentBook",
    "RowSet",
    "ShapeStep",
    "ShapedPart",
    "TICK_LIMIT",
    "TickOverflow",
    "aligned",
    "backend_name",
    "backend_note",
    "black_greeks",
    "black_prices",
    "exp_fixed",
    "gauss_fixed",
    "gross_bound_ticks",
    "grouped_rows",
    "implied_vol",
    "log_fixed",
    "net_and_gross",
    "net_ranked",
    "net_shaped_worst",
    "net_ticks",
    "net_update",
    "net_worst_tail",
    "normal_cdf",
    "repeated_row",
    "resident_book",
    "row_ticks",
    "tiered_rate",
    "use_backend",
]

# Which implementation was chosen at import; `backend_name` says which one is in use.
BACKEND: Final = backend_name()
