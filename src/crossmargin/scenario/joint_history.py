"""Joint moves of all assets over past windows of days: what scenarios from history are made of."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import final

import numpy as np
from numpy.typing import NDArray

from crossmargin.base.failure import Failure, Reason, refuse_if_any
from crossmargin.base.instant import NS_PER_DAY, instant_text
from crossmargin.market.history import ReturnHistory, simple_moves
from crossmargin.scenario.scenario_set import DOLLAR

F8 = NDArray[np.float64]


@final
@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class PastMoves:
    """W simple moves of one history: `moves` (W, C) by its columns, of which move w starts at row
    `start` (W,); `column` (U,) is the column of each asset, -1 for what never moves.
    """

    history: ReturnHistory
    moves: F8
    start: NDArray[np.int64]
    column: tuple[int, ...]

    def by_asset(self, moves: F8) -> F8:
        """(S, C) moves -> (U, S), zero for what never moves."""
        still = np.zeros((len(moves), 1))
        return np.ascontiguousarray(np.concatenate([moves, still], axis=1)[:, self.column].T)


@final
@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class JointMoves:
    """What prices, and vol indexes where they are asked for, did over windows that end on `end_ns`
    (W,); the newest is last.
    """

    end_ns: NDArray[np.int64]
    horizon_days: int
    spot: PastMoves
    vol: PastMoves | None

    @property
    def labels(self) -> list[str]:
        """(W,) each window in words."""
        return [f"{self.horizon_days} d to {instant_text(int(end))[:10]}" for end in self.end_ns]


def joint_moves(
    name: str,
    assets: Sequence[str],
    history: ReturnHistory,
    *,
    window: int,
    horizon_days: int,
    proxy: Mapping[str, str],
    vol_history: ReturnHistory | None = None,
    vol_proxy: Mapping[str, str] | None = None,
) -> JointMoves:
    """The last `window` joint relative moves over `horizon_days` days, overlapping.

    Every asset moves as its own column, or as that of the asset its `proxy` names; the dollar never
    moves. With a `vol_history` the vol index moves on the same days; it may need a `vol_proxy`.

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
    spot, found = _moves_ending(history, columns, end_ns, window, horizon_days, where)
    vol = None
    if vol_history is not None:
        vol, more = _moves_ending(
            vol_history, vol_columns, end_ns, window, horizon_days, f"{where}.vol"
        )
        found += more
    refuse_if_any(found)
    return JointMoves(end_ns=end_ns, horizon_days=horizon_days, spot=spot, vol=vol)


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
    columns: Sequence[int],
    end_ns: NDArray[np.int64],
    window: int,
    horizon_days: int,
    where: str,
) -> tuple[PastMoves, list[Failure]]:
    """Moves that end on the given dates, each exactly `horizon_days` long."""
    at = np.searchsorted(history.date_ns, end_ns)
    known = at < len(history.date_ns)
    at = at[known]
    found: list[Failure] = []
    start = np.zeros(0, dtype=np.int64)
    moves = np.empty((0, len(history.assets)))
    if len(at) < window or not (history.date_ns[at] == end_ns).all() or at[0] < horizon_days:
        text = (
            f"{window} moves over {horizon_days} days need more history than "
            f"{len(history.date_ns)} dates up to {instant_text(int(history.date_ns[-1]))[:10]}"
        )
        found.append(Failure(Reason.MISSING_DATA, f"{where}.window_days", text))
    else:
        start = at - horizon_days
        gaps = history.date_ns[at] - history.date_ns[start] != horizon_days * NS_PER_DAY
        found += [
            Failure(
                Reason.MISSING_DATA,
                f"{where}.history",
                f"a day is missing before {instant_text(int(history.date_ns[row]))[:10]}",
            )
            for row in at[gaps][:3]
        ]
        moves = simple_moves(history, horizon_days)[start]
    return PastMoves(history=history, moves=moves, start=start, column=tuple(columns)), found
