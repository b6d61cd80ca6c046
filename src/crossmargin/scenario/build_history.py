"""Scenario tables that draw on history: historical, filtered and simulated moves."""

from collections.abc import Mapping
from dataclasses import replace
from enum import StrEnum
from typing import Any, TypeVar

import numpy as np

from crossmargin.base.failure import Reason, refuse_if_any
from crossmargin.base.instant import NS_PER_DAY
from crossmargin.market.correlation import Correlation
from crossmargin.market.history import ReturnHistory
from crossmargin.scenario.build_garch import GARCH_KEYS, garch_names, read_garch
from crossmargin.scenario.build_vol import RULE_KEYS, read_rule
from crossmargin.scenario.filtered import Estimate, Ewma, Forecast, filtered
from crossmargin.scenario.historical import historical
from crossmargin.scenario.joint_history import JointMoves, joint_moves
from crossmargin.scenario.monte_carlo import Copula, Simulation, monte_carlo
from crossmargin.scenario.scenario_set import ScenarioSet, VolRule
from crossmargin.scenario.table_reader import TableReader

Word = TypeVar("Word", bound=StrEnum)

HISTORY_KEYS = frozenset(
    {"kind", "window_days", "horizon_days", "proxy", "vol_proxy", "vol_rule", "time_passes"}
)
FILTERED_KEYS = HISTORY_KEYS | GARCH_KEYS | {"decay", "vol_decay", "estimate", "floor_days"}
SIMULATED_KEYS = HISTORY_KEYS | {
    "draws",
    "seed",
    "copula",
    "degrees",
    "shrinkage",
    "correlation",
}
BASE = "base"
"""As a proxy: what the asset wraps."""
DRAWS_MOST = 100_000
DEGREES_MOST = 100


def build_historical(
    reader: TableReader,
    table: Mapping[str, Any],
    name: str,
    where: str,
    history: ReturnHistory | None,
    vol_history: ReturnHistory | None,
) -> ScenarioSet:
    """The past as it was."""
    reader.keys(table, HISTORY_KEYS, where)
    joint, rule = _joint(reader, table, name, where, history, vol_history)
    found = historical(name, reader.assets, reader.venues, joint, rule)
    return _timed(reader, table, where, found, joint)


def build_filtered(
    reader: TableReader,
    table: Mapping[str, Any],
    name: str,
    where: str,
    history: ReturnHistory | None,
    vol_history: ReturnHistory | None,
) -> ScenarioSet:
    """The past at today's volatility; `estimate` must be said, and `decay` or the parameters of a
    GARCH, then with a `vol_decay` where vol indexes move.
    """
    reader.keys(table, FILTERED_KEYS, where)
    by_garch = garch_names(table)
    weighted: Ewma | None = None
    if not by_garch:
        weighted = _ewma(reader, table, "decay", where)
    elif "vol_rule" in table:
        weighted = _ewma(reader, table, "vol_decay", where)
    for key, allowed in (("decay", not by_garch), ("vol_decay", by_garch)):
        if key in table and not allowed:
            message = f"does not go with {', '.join(by_garch) or 'decay'}"
            reader.fail(Reason.CONTRADICTION, f"{where}.{key}", message)
    estimate = _word(reader, table, "estimate", Estimate, where)
    joint, rule = _joint(reader, table, name, where, history, vol_history)
    forecast: Forecast | None = weighted
    if by_garch:
        forecast = read_garch(reader, table, where, joint.spot)
        refuse_if_any(reader.failures)
    assert forecast is not None
    floor_days = 0
    if "floor_days" in table:
        floor_days = reader.whole(table["floor_days"], f"{where}.floor_days")
    found = filtered(
        name,
        reader.assets,
        reader.venues,
        joint,
        forecast=forecast,
        vol_forecast=weighted,
        estimate=estimate,
        floor_days=floor_days,
        vol_rule=rule,
    )
    return _timed(reader, table, where, found, joint)


def _ewma(reader: TableReader, table: Mapping[str, Any], key: str, where: str) -> Ewma:
    decay = _needed(reader, table, key, where)
    return Ewma(decay=reader.number(decay, f"{where}.{key}", 0.5, 0.9999))


def build_monte_carlo(
    reader: TableReader,
    table: Mapping[str, Any],
    name: str,
    where: str,
    history: ReturnHistory | None,
    vol_history: ReturnHistory | None,
) -> ScenarioSet:
    """The past put together anew; `seed` and everything else must be said."""
    reader.keys(table, SIMULATED_KEYS, where)
    copula = _word(reader, table, "copula", Copula, where)
    degrees = 1
    if copula is Copula.STUDENT:
        degrees = _whole(reader, table, "degrees", DEGREES_MOST, where)
    elif "degrees" in table:
        reader.fail(Reason.CONTRADICTION, f"{where}.degrees", "belongs to the student copula")
    simulation = Simulation(
        draws=_whole(reader, table, "draws", DRAWS_MOST, where),
        seed=_whole(reader, table, "seed", 2**53, where, least=0),
        copula=copula,
        degrees=degrees,
        shrinkage=reader.number(
            _needed(reader, table, "shrinkage", where), f"{where}.shrinkage", 0.0, 1.0
        ),
        correlation=_word(reader, table, "correlation", Correlation, where),
    )
    joint, rule = _joint(reader, table, name, where, history, vol_history)
    found = monte_carlo(name, reader.assets, reader.venues, joint, simulation, rule)
    return _timed(reader, table, where, found, joint)


def _timed(
    reader: TableReader,
    table: Mapping[str, Any],
    where: str,
    found: ScenarioSet,
    joint: JointMoves,
) -> ScenarioSet:
    """The same moves with the time that they took, where the table says `time_passes`."""
    passes = reader.flag(table.get("time_passes", False), f"{where}.time_passes")
    refuse_if_any(reader.failures)
    if not passes:
        return found
    horizon_ns = joint.horizon_days * NS_PER_DAY
    return replace(found, time_ns=np.full(found.scenarios_count, horizon_ns, dtype=np.int64))


def _joint(
    reader: TableReader,
    table: Mapping[str, Any],
    name: str,
    where: str,
    history: ReturnHistory | None,
    vol_history: ReturnHistory | None,
) -> tuple[JointMoves, VolRule | None]:
    """The windows that a table names, and how vol indexes act in them. Refuses what is wrong."""
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
    joint = joint_moves(
        name,
        reader.assets,
        history,
        window=window,
        horizon_days=horizon,
        proxy=proxy,
        vol_history=vol_history if rule is not None else None,
        vol_proxy=vol_proxy,
    )
    return joint, rule


def _needed(reader: TableReader, table: Mapping[str, Any], key: str, where: str) -> Any:
    if key not in table:
        reader.fail(Reason.MISSING_FIELD, f"{where}.{key}", "is needed")
        return 1.0
    return table[key]


def _whole(
    reader: TableReader, table: Mapping[str, Any], key: str, most: int, where: str, least: int = 1
) -> int:
    """A whole number within its bounds; `least` and a failure where it is not one."""
    path = f"{where}.{key}"
    found = reader.number(_needed(reader, table, key, where), path, least, most)
    if found != found or found != int(found):
        reader.fail(Reason.WRONG_TYPE, path, f"{table.get(key)!r} is not a whole number")
        return least
    return int(found)


def _word(
    reader: TableReader, table: Mapping[str, Any], key: str, words: type[Word], where: str
) -> Word:
    """One of the words of an enumeration, which must be said."""
    found = table.get(key)
    known = [each.value for each in words]
    if found not in known:
        text = f"{found!r} is none of {', '.join(known)}"
        reader.fail(Reason.UNSUPPORTED, f"{where}.{key}", text)
        return next(iter(words))
    return words(found)


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
