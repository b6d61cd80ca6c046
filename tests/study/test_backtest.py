"""Recipes over the past, day by day through the one path."""

import numpy as np
import pytest

from crossmargin.domain.asset import Asset
from crossmargin.market.history import ReturnHistory
from crossmargin.study.backtest import FIRST_DAY, run_backtest
from crossmargin.wire.assets import bundled_registry
from crossmargin.wire.bundle import read_bundled
from crossmargin.wire.history import read_daily_closes, read_vol_index
from crossmargin.wire.recipes import bundled_recipe

CLOSES = "package:btc_eth_daily_close_premium_2017_2026.csv"
VOL_INDEX = "package:deribit_dvol_daily_2021_2026.csv"


@pytest.fixture(scope="module")
def prices() -> ReturnHistory:
    return read_daily_closes(read_bundled(CLOSES), "closes")


@pytest.fixture(scope="module")
def vol_index() -> ReturnHistory:
    return read_vol_index(read_bundled(VOL_INDEX), "vol index")


@pytest.fixture(scope="module")
def assets() -> dict[str, Asset]:
    registry = bundled_registry()
    return {code: registry.asset(code) for code in registry.codes()}


def test_a_grid_of_sixteen_percent_and_a_basis_of_one_cost_seventeen_every_day(
    prices: ReturnHistory, vol_index: ReturnHistory, assets: dict[str, Asset]
) -> None:
    found = run_backtest(bundled_recipe("house"), prices, vol_index, assets, every=200)
    by_name = {(each.portfolio, each.side): each for each in found}
    assert by_name["BTC", "long"].margin_frac == pytest.approx(0.17)
    assert by_name["BTC basis", "long"].margin_frac == pytest.approx(0.01)
    assert (by_name["BTC basis", "long"].loss_frac == 0.0).all()


def test_losses_are_those_of_the_day_after_the_margin(
    prices: ReturnHistory, vol_index: ReturnHistory, assets: dict[str, Asset]
) -> None:
    found = run_backtest(bundled_recipe("net-delta"), prices, vol_index, assets, every=500)
    coin = prices.assets.index("BTC")
    days = np.arange(FIRST_DAY, len(prices.date_ns) - 1, 500)
    moves = prices.price[days + 1, coin] / prices.price[days, coin] - 1.0
    long = next(each for each in found if (each.portfolio, each.side) == ("BTC", "long"))
    short = next(each for each in found if (each.portfolio, each.side) == ("BTC", "short"))
    assert long.loss_frac == pytest.approx(-moves)
    assert short.loss_frac == pytest.approx(moves)


def test_tomorrow_cannot_change_todays_margin(
    prices: ReturnHistory, vol_index: ReturnHistory, assets: dict[str, Asset]
) -> None:
    price = prices.price.copy()
    price[-1] *= 0.3
    crashed = ReturnHistory(
        assets=prices.assets, date_ns=prices.date_ns, price=price, source=prices.source
    )
    last = len(prices.date_ns) - 2
    recipe = bundled_recipe("historical-es")
    runs = [
        run_backtest(recipe, history, vol_index, assets, every=1000)
        for history in (prices, crashed)
    ]
    assert last > FIRST_DAY
    for before, after in zip(*runs, strict=True):
        assert np.array_equal(before.margin_frac, after.margin_frac)
