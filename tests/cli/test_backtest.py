"""`crossmargin backtest` over a folder of bars that the test writes itself."""

import json
from pathlib import Path

import numpy as np
import pytest

from crossmargin.base.instant import NS_PER_DAY, instant_text, parse_instant
from crossmargin.cli.exit_status import ExitStatus
from tests.cli.run import crossmargin

FIRST = "2024-08-01"
DAYS = 4
HOUR_NS = NS_PER_DAY // 24


def write_bars(folder: Path, name: str, falls: list[float], basis: float = 0.0) -> None:
    """Days that open and close at 100 and once a day are so much lower; the coin is `basis` off at
    that hour.
    """
    first = parse_instant(FIRST)
    assert first is not None
    lines = ["ts,open,high,low,close,volume"]
    for hour in range(24 * DAYS):
        fall = falls[hour // 24] if hour % 24 == 5 else 0.0
        low = 100.0 * (1.0 - fall) * (1.0 + (basis if fall else 0.0))
        close = low if hour % 24 == 5 else 100.0
        high = max(100.0, close)
        lines.append(f"{instant_text(first + hour * HOUR_NS)},100,{high},{low},{close},1")
    (folder / name).write_text("\n".join(lines) + "\n", encoding="utf-8")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    falls = [0.0, 0.5, 0.1, 0.0]
    for coin in ("BTC", "ETH"):
        write_bars(tmp_path, f"{coin}USDT_perp_1h_x.csv", falls)
        write_bars(tmp_path, f"{coin}USDT_spot_1h_x.csv", falls, basis=0.02)
    return tmp_path


def rows(*words: str) -> dict[tuple[str, str], dict[str, object]]:
    ended = crossmargin("backtest", "net-delta", "--json", *words)
    assert ended.status == ExitStatus.DONE
    found = json.loads(ended.out)
    return {(row["model"], f"{row['underlying']} {row['side']}"): row for row in found}


def test_a_path_is_breached_where_a_close_is_not(folder: Path) -> None:
    days = ("--since", FIRST, "--until", "2024-08-05")
    found = rows("--data", str(folder), *days)
    path = "net-delta on the path"
    long = found[path, "BTC long"]
    # 15 % of margin against a fall of 50 % at the sixth hour, and of 10 % a day later.
    assert (long["days"], long["breaches"]) == (DAYS, 1)
    assert long["worst_exceedance"] == pytest.approx(0.5 / 0.15 - 1.0)
    assert found["net-delta", "BTC long"]["breaches"] == 0
    assert found[path, "BTC basis long"]["days"] == DAYS
    assert (path, "BTC venues long") not in found
    assert ("net-delta", "BTC basis long") not in found


def test_a_band_holds_a_wick_to_the_coin(folder: Path) -> None:
    write_bars(folder, "BTCUSDT_spot_1h_x.csv", [0.0, 0.12, 0.1, 0.0])
    days = ("--since", FIRST, "--until", "2024-08-05")
    held = rows("--data", str(folder), "--band", "0.01", *days)
    # The coin fell by 12 %, so the perpetual counts as 12.88 % down: within 15 %.
    assert held["net-delta on the path", "BTC long"]["breaches"] == 0
    assert held["net-delta on the path", "ETH long"]["breaches"] == 1


def test_option_books_say_that_their_surface_is_no_market(tmp_path: Path) -> None:
    chart = tmp_path / "crash.svg"
    days = ("--since", "2025-10-08", "--until", "2025-10-14")
    found = rows("--options", "--chart", str(chart), *days)
    assert len(found) == 6
    assert all("no pass" in str(row["surface"]) for row in found.values())
    drawn = chart.read_text(encoding="utf-8")
    assert drawn.count("vol index surface") == 6
    assert "October 2025" in drawn


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("net-delta", "--band", "0.05"), "of a data folder"),
        (("net-delta", "--since", "tomorrow"), "is not a day"),
        (("net-delta", "--since", "2100-01-01"), "no day of the run"),
        (("--baseline", "--chart", "x.svg"), "a chart is of recipes"),
        (("net-delta", "--baseline"), "name recipes"),
    ],
)
def test_what_is_misused_is_refused_with_one_sentence(words: tuple[str, ...], said: str) -> None:
    ended = crossmargin("backtest", *words)
    assert ended.status == ExitStatus.INPUT_REFUSED
    assert said in ended.err


def test_a_folder_without_bars_is_refused_by_the_names_that_it_lacks(tmp_path: Path) -> None:
    ended = crossmargin("backtest", "net-delta", "--data", str(tmp_path))
    assert ended.status == ExitStatus.INPUT_REFUSED
    assert "BTCUSDT_perp_1h_*.csv" in ended.err


def test_days_of_the_two_closes_are_those_of_the_bundled_file() -> None:
    found = rows("--since", FIRST, "--until", "2024-08-11")
    margin = found["net-delta", "ETH-BTC long"]["mean_margin_frac"]
    assert margin == pytest.approx(0.3)
    assert np.isclose(float(str(found["net-delta", "BTC venues long"]["mean_margin_frac"])), 0.0)
