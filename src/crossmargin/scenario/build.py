"""Scenario tables of a recipe, as a risk analyst writes them, to scenario sets."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from crossmargin.base.failure import Failure, InputRefused, Reason, refuse_if_any
from crossmargin.domain.asset import Asset
from crossmargin.market.history import ReturnHistory
from crossmargin.scenario.basis import basis
from crossmargin.scenario.build_depeg import build_depeg
from crossmargin.scenario.build_event import read_events
from crossmargin.scenario.build_grid import read_families
from crossmargin.scenario.build_history import (
    build_filtered,
    build_historical,
    build_monte_carlo,
)
from crossmargin.scenario.grid import grid
from crossmargin.scenario.scenario_set import ScenarioSet
from crossmargin.scenario.stress import stress
from crossmargin.scenario.table_reader import Resolve, TableReader

DEPEG = "depeg"
"""The one kind that starts from present prices."""
BASIS_KEYS = frozenset({"kind", "venue_move", "term_move"})


def build(
    name: str,
    table: Mapping[str, Any],
    assets: Sequence[str],
    venues: Sequence[str],
    resolve: Resolve,
    history: ReturnHistory | None,
    *,
    facts: Mapping[str, Asset] | None = None,
    vol_history: ReturnHistory | None = None,
    price: NDArray[np.float64] | None = None,
) -> ScenarioSet:
    """The scenario set that `table` describes, over `assets` (U,) and `venues` (V,).

    `table["kind"]` is grid, historical, filtered, monte_carlo, stress, basis or depeg.
    `resolve("$name")` gives a parameter: a number, or numbers by asset with `*` for all others.
    `facts` tells the class of assets and what they wrap, so that a price move moves coins and not
    money.
    `vol_history` holds vol indexes, `price` (U,) the dollar prices of now.

    Raises `InputRefused` with everything that is wrong with the table, each with its path.
    """
    readers: Mapping[str, Callable[[TableReader, str], ScenarioSet]] = {
        "grid": lambda reader, where: _grid(reader, table, name, where),
        "historical": lambda reader, where: build_historical(
            reader, table, name, where, history, vol_history
        ),
        "filtered": lambda reader, where: build_filtered(
            reader, table, name, where, history, vol_history
        ),
        "monte_carlo": lambda reader, where: build_monte_carlo(
            reader, table, name, where, history, vol_history
        ),
        "stress": lambda reader, where: _stress(reader, table, name, where),
        "basis": lambda reader, where: _basis(reader, table, name, where),
        DEPEG: lambda reader, where: build_depeg(reader, table, name, where, price),
    }
    kind = table.get("kind")
    where = f"scenarios.{name}"
    if not isinstance(kind, str) or kind not in readers:
        text = f"{kind!r} is not one of {', '.join(readers)}"
        raise InputRefused([Failure(Reason.UNSUPPORTED, f"{where}.kind", text)])
    return readers[kind](TableReader(assets, venues, facts or {}, resolve), where)


def _grid(reader: TableReader, table: Mapping[str, Any], name: str, where: str) -> ScenarioSet:
    families = read_families(reader, table, where)
    refuse_if_any(reader.failures)
    return grid(name, reader.assets, reader.venues, families)


def _stress(reader: TableReader, table: Mapping[str, Any], name: str, where: str) -> ScenarioSet:
    events = read_events(reader, table, where)
    likely = reader.flag(table.get("equally_likely", False), f"{where}.equally_likely")
    refuse_if_any(reader.failures)
    return stress(name, reader.assets, reader.venues, events, equally_likely=likely)


def _basis(reader: TableReader, table: Mapping[str, Any], name: str, where: str) -> ScenarioSet:
    reader.keys(table, BASIS_KEYS, where)
    if not {"venue_move", "term_move"} & table.keys():
        reader.fail(Reason.MISSING_FIELD, where, "needs a venue_move, a term_move or both")
    moves: dict[str, float] = {}
    if "venue_move" in table:
        moves = reader.per_venue(table["venue_move"], f"{where}.venue_move")
    term = reader.number(table.get("term_move", 0.0), f"{where}.term_move", low=0.0, high=10.0)
    refuse_if_any(reader.failures)
    return basis(name, reader.assets, reader.venues, moves, term)
