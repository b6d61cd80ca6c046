"""What portfolios lost on the path of a day, written out by hand."""

import numpy as np
import pytest

from crossmargin.base.instant import NS_PER_DAY
from crossmargin.cli.backtest_data import bundled_closes
from crossmargin.study.day_path import DayPaths
from crossmargin.study.portfolio import OPTION_BOOKS, PORTFOLIOS, Portfolio
from crossmargin.study.realised_loss import Paths, losses_on_path, losses_to_close
from tests.conformance.derive_formulas import black


def days(close: list[list[float]], high: float = 0.0, low: float = 1e9) -> DayPaths:
    bars = np.array(close)
    return DayPaths(
        date_ns=np.arange(len(bars)) * NS_PER_DAY,
        open=np.full(len(bars), 100.0),
        high=np.maximum(bars, high),
        low=np.minimum(bars, low),
        close=bars,
    )


def named(name: str, side: str = "long") -> Portfolio:
    return next(p for p in (*PORTFOLIOS, *OPTION_BOOKS) if (p.name, p.side) == (name, side))


def lost(portfolio: Portfolio, paths: Paths) -> list[float]:
    found = losses_on_path(portfolio, paths, bundled_closes())
    assert found is not None
    return found.loss_frac.tolist()


def test_one_leg_is_measured_at_highs_and_lows_and_two_at_the_close_of_every_bar() -> None:
    bitcoin = days([[99.0, 101.0]], high=130.0, low=70.0)
    ether = days([[104.0, 98.0]], high=150.0, low=60.0)
    paths = Paths(perpetual={"BTC": bitcoin, "ETH": ether}, coin={})
    assert lost(named("BTC"), paths) == pytest.approx([0.30])
    assert lost(named("BTC", "short"), paths) == pytest.approx([0.30])
    # Ether less bitcoin: +5 and -3 hundredths at the two closes.
    assert lost(named("ETH-BTC"), paths) == pytest.approx([0.03])
    assert lost(named("ETH-BTC", "short"), paths) == pytest.approx([0.05])


def test_a_perpetual_against_its_coin_loses_what_they_move_apart() -> None:
    paths = Paths(
        perpetual={"BTC": days([[50.0, 100.0]]), "ETH": days([[100.0, 100.0]])},
        coin={"BTC": days([[51.0, 99.5]])},
    )
    assert lost(named("BTC basis"), paths) == pytest.approx([0.01])
    assert lost(named("BTC basis", "short"), paths) == pytest.approx([0.005])
    assert losses_on_path(named("ETH basis"), paths, bundled_closes()) is None
    assert losses_on_path(named("BTC venues"), paths, bundled_closes()) is None


def test_options_lose_what_the_formula_says_between_two_vol_indexes() -> None:
    closes = bundled_closes()
    found = losses_to_close(named("BTC straddle", "short"), closes)
    assert found is not None
    day = int(np.argmax(found.loss_frac))
    date = found.date_ns[day]

    def level(history: object, at: int) -> float:
        row = int(np.searchsorted(history.date_ns, at))  # type: ignore[attr-defined]
        return float(history.price[row, history.assets.index("BTC")])  # type: ignore[attr-defined]

    before, after = level(closes.first, date - NS_PER_DAY), level(closes.first, date)
    vols = level(closes.vol_index, date - NS_PER_DAY), level(closes.vol_index, date)
    strike = round(before, 2)
    paid = sum(black(before, strike, vols[0], 30 / 365, call) for call in (True, False))
    worth = sum(black(after, strike, vols[1], 29 / 365, call) for call in (True, False))
    assert found.loss_frac[day] == pytest.approx((worth - paid) / before, rel=1e-9)
