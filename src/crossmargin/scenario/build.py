"""Scenario tables of a recipe, as a risk analyst writes them, to scenario sets."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from crossmargin.base.failure import Failure, InputRefused, Reason, refuse_if_any
from crossmargin.domain.asset import Asset
from crossmargin.market.history import ReturnHistory
from crossmargin.scenario.basis import basis
from crossmargin.scenario.build_event import read_events
from crossmargin.scenario.build_grid import read_families
from crossmargin.scenario.build_vol import RULE_KEYS, read_rule
from crossmargin.scenario.grid import grid
from crossmargin.scenario.historical import historical
from crossmargin.scenario.scenario_set import ScenarioSet
from crossmargin.scenario.stress import stress
from crossmargin.scenario.table_reader import Resolve, TableReader

HISTORICAL_KEYS = frozenset(
    {"kind", "window_days", "horizon_days", "proxy", "vol_proxy", "vol_rule"}
)
BASIS_KEYS = frozenset({"kind", "venue_move", "term_move"})
BASE = "base"
"""As a proxy: what the asset wraps."""


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
) -> ScenarioSet:
    """The scenario set that `table` describes, over `assets` (U,) and `venues` (V,).

    `table["kind"]` is grid, historical, stress or basis. `resolve("$name")` gives a parameter: a
    number, or numbers by asset with `*` for all others. `facts` tells the class of assets and what
    they wrap, so that a price move moves coins and not money. `vol_history` holds vol indexes.

    Raises `InputRefused` with everything that is wrong with the table, each with its path.
    """
    readers: Mapping[str, Callable[[TableReader, str], ScenarioSet]] = {
        "grid": lambda reader, where: _grid(reader, table, name, where),
        "historical": lambda reader, where: _historical(
            reader, table, name, where, history, vol_history
        ),
        "stress": lambda reader, where: _stress(reader, table, name, where),
        "basis": lambda reader, where: _basis(reader, table, name, where),
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
    refuse_if_any(reader.failures)
    return stress(name, reader.assets, reader.venues, events)


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


def _historical(
    reader: TableReader,
    table: Mapping[str, Any],
    name: str,
    where: str,
    history: ReturnHistory | None,
    vol_history: ReturnHistory | None,
) -> ScenarioSet:
    reader.keys(table, HISTORICAL_KEYS, where)
    for key in ("window_days", "horizon_days"):
        if key not in table:
            reader.fail(Reason.MISSING_FIELD, f"{where}.{key}", "is needed")
    window = reader.whole(table.get("window_days", 1), f"{where}.window_days")
    horizon = reader.whole(table.get("horizon_days", 1), f"{where}.horizon_days")
    proxy = _proxies(reader, table.get("proxy", {}), f"{where}.proxy", history)
    rule = None
    vol_proxy: dict[str, str] = {}
    if "vol_rule" in table:
        rule = read_rule(reader, table["vol_rule"], f"{where}.vol_rule", RULE_KEYS)
        vol_proxy = _proxies(reader, table.get("vol_proxy", {}), f"{where}.vol_proxy", vol_history)
        if vol_history is None:
            text = "a vol_rule needs the history of a vol index, and there is none"
            reader.fail(Reason.MISSING_DATA, f"{where}.vol_rule", text)
    if history is None:
        reader.fail(Reason.MISSING_DATA, where, "there is no price history")
    refuse_if_any(reader.failures)
    assert history is not None
    return historical(
        name,
        reader.assets,
        reader.venues,
        history,
        window=window,
        horizon_days=horizon,
        proxy=proxy,
        vol_history=vol_history if rule is not None else None,
        vol_proxy=vol_proxy,
        vol_rule=rule,
    )


def _proxies(
    reader: TableReader, value: Any, where: str, history: ReturnHistory | None
) -> dict[str, str]:
    """Proxy of each asset that has no history: by code, else by class, else by `*`."""
    named = reader.names(value, where)
    known = set() if history is None else set(history.assets)
    proxies: dict[str, str] = {}
    for asset in reader.assets:
        if asset in known:
            continue
        stands_in = named.get(asset)
        if stands_in is None and asset in reader.facts:
            by_class = named.get(reader.facts[asset].asset_class.value)
            stands_in = by_class if by_class is not None else named.get("*")
        if stands_in == BASE:
            stands_in = _base_of(reader, asset, known, named)
        if stands_in is not None:
            proxies[asset] = stands_in
    return proxies


def _base_of(
    reader: TableReader, asset: str, known: set[str], named: Mapping[str, str]
) -> str | None:
    """What an asset wraps, or the proxy of that: sUSDe wraps USDe, which is a stablecoin."""
    code: str | None = asset
    for _ in range(len(reader.facts)):
        fact = reader.facts.get(code) if code is not None else None
        if fact is None or fact.wraps is None:
            return None
        code = fact.wraps
        if code in known:
            return code
        base = reader.facts.get(code)
        by_class = None if base is None else named.get(base.asset_class.value)
        stands_in = named.get(code, by_class)
        if stands_in is not None and stands_in != BASE:
            return stands_in
    return None
