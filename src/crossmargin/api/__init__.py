"""The public functions: load a book and a market, compute margins, compare rulebooks, explain."""

from crossmargin.api.answers import (
    compare,
    compare_row,
    heatmaps_of,
    margin,
    modes,
    statement_of,
    switch_mode,
)
from crossmargin.api.candidate import what_if
from crossmargin.api.loading import Source, book_of_ccxt, load_book, load_market
from crossmargin.api.prepared import REPORTING_ASSETS, Prepared, prepare, used_assumptions
from crossmargin.api.rulebooks import HOUSE, coin_betas, inputs_hash, recipe_of, venue_recipes

__all__ = [
    "HOUSE",
    "Prepared",
    "REPORTING_ASSETS",
    "Source",
    "book_of_ccxt",
    "coin_betas",
    "compare",
    "compare_row",
    "heatmaps_of",
    "inputs_hash",
    "load_book",
    "load_market",
    "margin",
    "modes",
    "prepare",
    "recipe_of",
    "statement_of",
    "switch_mode",
    "used_assumptions",
    "venue_recipes",
    "what_if",
]
