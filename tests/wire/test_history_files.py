"""The bundled daily files: their real ranges, and what is refused."""

from collections.abc import Callable
from importlib import resources

import numpy as np
import pytest

from crossmargin.base.failure import InputRefused, Reason
from crossmargin.base.instant import NS_PER_DAY, instant_text
from crossmargin.market.history import ReturnHistory, simple_moves
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
    assert len(bundled_names()) == 5
    for name in bundled_names():
        assert name in text
        assert read_bundled(f"package:{name}")


@pytest.mark.parametrize(
    ("reference", "reader"), [(CLOSES, read_daily_closes), (DVOL, read_vol_index)]
)
def test_a_plain_file_reads_as_one_with_a_quoted_cell(
    reference: str, reader: Callable[[bytes, str], ReturnHistory]
) -> None:
    data = read_bundled(reference)
    plain, by_row = reader(data, "x"), reader(data.replace(b",BTC,", b',"BTC",', 1), "x")
    assert plain.assets == by_row.assets
    assert plain.source == by_row.source
    assert np.array_equal(plain.date_ns, by_row.date_ns)
    assert np.array_equal(plain.price, by_row.price)


@pytest.mark.parametrize(
    "row",
    [
        "2024-02-30,BTC,50",
        "2008-12-31,BTC,50",
        "2200-01-01,BTC,50",
        "2024-01-02, BTC,50",
        "2024-01-02,BTC,1e1000",
        "2024-01-02,BTC,0.00",
        "2024-01-02,BTC,5001",
        "2024-01-02,BTC,",
        "2024-01-02,,50",
        "2024-01-02,BTC",
        "2024-01-01,BTC,51",
        "2024-01-02,ＢTC,50",
        "\x0b2024-01-02,BTC,50",
        "",
    ],
)
def test_a_file_that_is_nearly_plain_is_still_refused(row: str) -> None:
    with pytest.raises(InputRefused):
        read_vol_index(
            f"date,currency,dvol\n2024-01-01,BTC,50\n{row}\n2024-01-03,BTC,50\n".encode(), "x"
        )


def test_numbers_with_exponents_and_dates_out_of_order_are_read() -> None:
    data = b"date,currency,dvol\n2024-01-02,BTC,5.1e1\n2024-01-01,ETH,50.25\n2024-01-01,BTC,50\n"
    history = read_vol_index(data, "x")
    plain = read_vol_index(data.replace(b"5.1e1", b"51"), "x")
    assert np.array_equal(history.price, [[0.5, 0.5025], [0.51, np.nan]], equal_nan=True)
    assert np.array_equal(plain.price, history.price, equal_nan=True)
