"""What back-tests read: the bundled closes and vol indexes, and a folder of hourly bars."""

from pathlib import Path

import numpy as np

from crossmargin.base.failure import Failure, InputRefused, Reason
from crossmargin.domain.asset import Asset
from crossmargin.study.day_path import DayPaths, day_paths
from crossmargin.study.realised_loss import Closes, Paths
from crossmargin.wire.assets import bundled_registry
from crossmargin.wire.bundle import read_bundled
from crossmargin.wire.history import read_daily_closes, read_global_closes, read_vol_index
from crossmargin.wire.ohlc import read_bars

CLOSES = "package:btc_eth_daily_close_premium_2017_2026.csv"
VOL_INDEX = "package:deribit_dvol_daily_2021_2026.csv"
PERPETUAL = "{coin}USDT_perp_1h_*.csv"
COIN = "{coin}USDT_spot_1h_*.csv"
HOURS = 24


def bundled_closes() -> Closes:
    """The closes of both venues and the vol indexes that are in the package."""
    closes = read_bundled(CLOSES)
    return Closes(
        first=read_daily_closes(closes, CLOSES),
        second=read_global_closes(closes, CLOSES),
        vol_index=read_vol_index(read_bundled(VOL_INDEX), VOL_INDEX),
    )


def bundled_assets() -> dict[str, Asset]:
    """Facts of every known asset."""
    registry = bundled_registry()
    return {code: registry.asset(code) for code in registry.codes()}


def folder_paths(folder: Path, coins: tuple[str, ...]) -> Paths:
    """Hourly bars of perpetuals, which every coin must have, and of the coins where there are any.

    Several files of one price follow each other in time.
    """
    perpetual = {coin: _joined(folder, PERPETUAL.format(coin=coin)) for coin in coins}
    spot = {coin: _joined(folder, COIN.format(coin=coin)) for coin in coins}
    missing = [
        Failure(
            Reason.MISSING_DATA, str(folder), f"the folder has no {PERPETUAL.format(coin=coin)}"
        )
        for coin, found in perpetual.items()
        if found is None
    ]
    if missing:
        raise InputRefused(missing)
    return Paths(
        perpetual={coin: found for coin, found in perpetual.items() if found is not None},
        coin={coin: found for coin, found in spot.items() if found is not None},
    )


def _joined(folder: Path, pattern: str) -> DayPaths | None:
    """The whole days of all files of a pattern, in the order of time; the first file that has a day
    counts.
    """
    parts = []
    for file in sorted(folder.glob(pattern)):
        bars = read_bars(file.read_bytes(), file.name)
        parts.append(
            day_paths(bars.start_ns, bars.open, bars.high, bars.low, bars.close, bars_per_day=HOURS)
        )
    if not parts:
        return None
    date_ns, row = np.unique(np.concatenate([part.date_ns for part in parts]), return_index=True)
    columns = {
        name: np.concatenate([getattr(part, name) for part in parts])[row]
        for name in ("open", "high", "low", "close")
    }
    return DayPaths(date_ns=date_ns, **columns)
