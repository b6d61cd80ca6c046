"""Historical scenarios: what all assets did together over past windows of days."""

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from crossmargin.base.failure import Failure, Reason, refuse_if_any
from crossmargin.base.instant import NS_PER_DAY, instant_text
from crossmargin.market.history import ReturnHistory, simple_moves
from crossmargin.scenario.assemble import assemble
from crossmargin.scenario.scenario_set import DOLLAR, NO_VOL_MOVE, ScenarioSet, VolRule

F8 = NDArray[np.float64]


def historical(
    name: str,
    assets: Sequence[str],
    venues: Sequence[str],
    history: ReturnHistory,
    *,
    window: int,
    horizon_days: int,
    proxy: Mapping[str, str],
    vol_history: ReturnHistory | None = None,
    vol_proxy: Mapping[str, str] | None = None,
    vol_rule: VolRule | None = None,
) -> ScenarioSet:
    """The last `window` joint relative moves over `horizon_days` days, overlapping, 1/window each.

    Every asset moves as its own column, or as that of the asset its `proxy` names; the dollar never
    moves. With a `vol_history` the vol index moves on the same days, through `vol_rule`; a vol
    index may need a `vol_proxy` as well. The newest scenario is last.

    Raises `InputRefused`: an asset without history or proxy, a window longer than the history, a
    gap in the dates.
    """
    where = f"scenarios.{name}"
    columns, found = _columns(assets, history, proxy, where)
    vol_columns: list[int] = []
    if vol_history is not None:
        vol_columns, more = _columns(assets, vol_history, vol_proxy or {}, f"{where}.vol")
        found += more
    refuse_if_any(found)
    end_ns = (
        history.date_ns[-window:]
        if vol_history is None
        else _common_ends(history, vol_history, window)
    )
    moves, found = _moves_ending(history, end_ns, window, horizon_days, where)
    vol_moves = None
    if vol_history is not None:
        vol_moves, more = _moves_ending(vol_history, end_ns, window, horizon_days, f"{where}.vol")
        found += more
    refuse_if_any(found)
    rule = vol_rule if vol_rule is not None and vol_history is not None else NO_VOL_MOVE
    return assemble(
        name,
        assets,
        venues,
        [f"{horizon_days} d to {instant_text(int(end))[:10]}" for end in end_ns],
        ["historical"] * window,
        spot_move=_rows(moves, columns),
        vol_move=None if vol_moves is None else _rows(vol_moves, vol_columns),
        vol_rules=[rule] * window,
        probability=np.full(window, 1.0 / window),
    )


def _columns(
    assets: Sequence[str], history: ReturnHistory, proxy: Mapping[str, str], where: str
) -> tuple[list[int], list[Failure]]:
    """Column of `history` per asset, -1 for the dollar."""
    columns: list[int] = []
    found: list[Failure] = []
    for asset in assets:
        stands_in = asset if asset in history.assets or asset == DOLLAR else proxy.get(asset, asset)
        if stands_in == DOLLAR:
            columns.append(-1)
        elif stands_in in history.assets:
            columns.append(history.assets.index(stands_in))
        else:
            what = asset if stands_in == asset else f"{asset}, nor of its proxy {stands_in}"
            text = f"there is no history of {what}: name a proxy that has one"
            found.append(Failure(Reason.MISSING_DATA, f"{where}.proxy", text))
    return columns, found


def _common_ends(
    history: ReturnHistory, vol_history: ReturnHistory, window: int
) -> NDArray[np.int64]:
    """The newest `window` dates of `history` that are not after the last date of the vol index."""
    dates = history.date_ns[history.date_ns <= vol_history.date_ns[-1]]
    return np.asarray(dates[-window:])


def _moves_ending(
    history: ReturnHistory,
    end_ns: NDArray[np.int64],
    window: int,
    horizon_days: int,
    where: str,
) -> tuple[F8, list[Failure]]:
    """(window, columns) moves that end on the given dates, each exactly `horizon_days` long."""
    at = np.searchsorted(history.date_ns, end_ns)
    known = at < len(history.date_ns)
    at = at[known]
    if len(at) < window or not (history.date_ns[at] == end_ns).all() or at[0] < horizon_days:
        text = (
            f"{window} moves over {horizon_days} days need more history than "
            f"{len(history.date_ns)} dates up to {instant_text(int(history.date_ns[-1]))[:10]}"
        )
        return np.empty((0, 0)), [Failure(Reason.MISSING_DATA, f"{where}.window_days", text)]
    start = at - horizon_days
    gaps = history.date_ns[at] - history.date_ns[start] != horizon_days * NS_PER_DAY
    found = [
        Failure(
            Reason.MISSING_DATA,
            f"{where}.history",
            f"a day is missing before {instant_text(int(history.date_ns[row]))[:10]}",
        )
        for row in at[gaps][:3]
    ]
    return simple_moves(history, horizon_days)[start], found


def _rows(moves: F8, columns: Sequence[int]) -> F8:
    """(window, columns) moves -> (assets, window), zero for the dollar."""
    still = np.zeros((len(moves), 1))
    return np.ascontiguousarray(np.concatenate([moves, still], axis=1)[:, list(columns)].T)
