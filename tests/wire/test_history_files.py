"""The bundled daily files: their real ranges, and what is refused."""

from importlib import resources

import numpy as np
import pytest

from crossmargin.base.failure import InputRefused, Reason
from crossmargin.base.instant import NS_PER_DAY, instant_text
from crossmargin.market.history import simple_moves
from crossmargin.wire.bundle import bundled_names, read_bundled
from crossmargin.wire.history import read_daily_closes, read_vol_index

CLOSES = "package:btc_eth_daily_close_premium_2017_2026.csv"
DVOL = "package:deribit_dvol_daily_2021_2026.csv"


def test_the_closes_run_from_2017_to_2026_without_a_gap() -> None:
    history = read_daily_closes(read_bundled(CLOSES), "closes")
    assert history.assets == ("BTC", "ETH")
    assert history.price.shape == (3278, 2)
    assert (np.diff(history.date_ns) == NS_PER_DAY).all()
    assert instant_text(history.date_ns[0])[:10] == "2017-08-17"
    assert instant_text(history.date_ns[-1])[:10] == "2026-08-07"
    assert history.price[0].tolist() == [4280.01, 300.67]
    assert not np.isnan(history.price).any()


def test_the_worst_day_of_bitcoin_is_the_12th_of_march_2020() -> None:
    history = read_daily_closes(read_bundled(CLOSES), "closes")
    moves = simple_moves(history, 1)[:, 0]
    worst = int(np.argmin(moves))
    assert instant_text(history.date_ns[worst + 1])[:10] == "2020-03-12"
    assert moves[worst] < -0.35


def test_the_vol_index_is_a_fraction() -> None:
    history = read_vol_index(read_bundled(DVOL), "dvol")
    assert history.price.shape == (1964, 2)
    assert history.price[-1].tolist() == [0.3392, 0.4749]
    assert instant_text(history.date_ns[-1])[:10] == "2026-08-08"


def test_all_faults_of_a_history_are_shown_with_their_lines() -> None:
    data = b"date,currency,dvol\n2024-01-01,BTC,50\n2024-13-01,BTC,nan\n2024-01-01,BTC,0\n"
    with pytest.raises(InputRefused) as caught:
        read_vol_index(data, "dvol")
    assert [(x.where, x.reason) for x in caught.value.failures] == [
        ("dvol:3.date", Reason.OUT_OF_BOUNDS),
        ("dvol:3.dvol", Reason.NOT_A_NUMBER),
        ("dvol:4.dvol", Reason.OUT_OF_BOUNDS),
    ]


def test_a_date_twice_is_refused() -> None:
    with pytest.raises(InputRefused, match="twice"):
        read_vol_index(b"date,currency,dvol\n2024-01-01,BTC,50\n2024-01-01,BTC,51\n", "dvol")


@pytest.mark.parametrize(
    "reference", ["package:../__init__.py", "package:LICENSE-MIT-definer.txt", "/etc/passwd", ""]
)
def test_no_path_leads_out_of_the_bundle(reference: str) -> None:
    with pytest.raises(InputRefused, match="none of"):
        read_bundled(reference)


def test_every_bundled_file_can_be_read_and_is_credited() -> None:
    folder = resources.files("crossmargin").joinpath("data")
    text = folder.joinpath("README.md").read_text(encoding="utf-8")
    assert len(bundled_names()) == 4
    for name in bundled_names():
        assert name in text
        assert read_bundled(f"package:{name}")
