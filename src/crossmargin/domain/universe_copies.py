"""Smaller and repeated universes: only what one account holds, as often as it is looked at."""

from dataclasses import fields, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from crossmargin.domain.universe import Universe

ASSET_INDEXES = frozenset({"underlying", "quote", "settle"})


def instrument_columns() -> tuple[str, ...]:
    """Names of the universe's columns over instruments."""
    names = {"assets", "listing_ids", "venues", "economic_ids", "copies"}
    return tuple(field.name for field in fields(Universe) if field.name not in names)


def restricted(universe: Universe, listings: NDArray[np.int64]) -> Universe:
    """The universe with some of its listings only, in the order given, and all its assets."""
    rows = np.concatenate(
        [listings, np.arange(universe.listings_count, universe.instruments_count)]
    )
    columns: dict[str, Any] = {name: getattr(universe, name)[rows] for name in instrument_columns()}
    return replace(
        universe, listing_ids=tuple(universe.listing_ids[i] for i in listings), **columns
    )


def repeated(universe: Universe, copies: int) -> Universe:
    """The universe `copies` times: all listings of the first copy, of the second, ..., then all
    assets so.

    Copy k's listing i is row k x listings + i, its asset c is asset k x assets + c.
    """
    listings, assets = universe.listings_count, len(universe.assets)
    columns: dict[str, Any] = {}
    for name in instrument_columns():
        column = getattr(universe, name)
        parts = [np.tile(column[:listings], copies), np.tile(column[listings:], copies)]
        if name in ASSET_INDEXES:
            shift = np.arange(copies) * assets
            parts[0] = parts[0] + np.repeat(shift, listings)
            parts[1] = parts[1] + np.repeat(shift, assets)
        columns[name] = np.concatenate(parts)
    return replace(
        universe,
        assets=universe.assets * copies,
        listing_ids=universe.listing_ids * copies,
        copies=copies,
        **columns,
    )
