"""Recipes over the past, day by day through the one path."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crossmargin.base.instant import parse_instant
from crossmargin.cli.backtest_data import bundled_assets, bundled_closes
from crossmargin.market.history import ReturnHistory
from crossmargin.report.coverage_chart import coverage_chart
from crossmargin.study.backtest import (
    FIRST_DAY,
    Backtest,
    MarginRun,
    held_against,
    run_margins,
)
from crossmargin.study.coverage import coverage
from crossmargin.study.equal_coverage import cost_at_coverage
from crossmargin.study.portfolio import OPTION_BOOKS, PORTFOLIOS
from crossmargin.study.realised_loss import Closes, losses_to_close
from crossmargin.wire.recipes import bundled_recipe


@pytest.fixture(scope="module")
def closes() -> Closes:
    return bundled_closes()


def margins(name: str, closes: Closes, every: int, **more: object) -> MarginRun:
    recipe = bundled_recipe(name)
    runs = run_margins(
        recipe,
        closes.first,
        closes.vol_index,
        bundled_assets(),
        every=every,
        **more,  # type: ignore[arg-type]
    )
    assert list(runs) == [level.name for level in recipe.levels]
    return runs[recipe.levels[0].name]


def on_closes(run: MarginRun, closes: Closes) -> dict[tuple[str, str], Backtest]:
    found = held_against(run, lambda portfolio: losses_to_close(portfolio, closes))
    return {(each.portfolio.name, each.portfolio.side): each for each in found}


def one(margin: list[float], loss: list[float], level: float = 0.9) -> Backtest:
    """A run written out by hand."""
    asked, lost = np.array(margin), np.array(loss)
    return Backtest(
        portfolio=PORTFOLIOS[0],
        level=level,
        date_ns=np.arange(len(asked)),
        margin_frac=asked,
        loss_frac=lost,
        volatility=np.arange(len(asked), dtype=np.float64),
        coverage=coverage(asked, lost, 1.0 - level),
    )


def test_the_house_never_asks_less_than_its_stress_its_basis_and_its_funding(
    closes: Closes,
) -> None:
    run = margins("house", closes, 250)
    by_name = {(p.name, p.side): m for p, m in zip(run.portfolios, run.margin_frac, strict=True)}
    # 16 %, 1 % and 0.5 %; a little for depth. A coin held against its perpetual pays no stress.
    for outright in (("BTC", "long"), ("BTC", "short"), ("ETH", "long"), ("ETH", "short")):
        assert (by_name[outright] >= 0.175).all()
    assert by_name["BTC basis", "long"] == pytest.approx(0.015, abs=2e-4)
    assert by_name["BTC venues", "long"] == pytest.approx(0.01, abs=2e-4)


def test_losses_are_those_of_the_day_after_the_margin(closes: Closes) -> None:
    found = on_closes(margins("net-delta", closes, 500), closes)
    prices = closes.first
    coin = prices.assets.index("BTC")
    days = np.arange(FIRST_DAY, len(prices.date_ns) - 1, 500)
    moves = prices.price[days + 1, coin] / prices.price[days, coin] - 1.0
    assert found["BTC", "long"].loss_frac == pytest.approx(-moves)
    assert found["BTC", "short"].loss_frac == pytest.approx(moves)
    other = closes.second.price[days + 1, coin] / closes.second.price[days, coin] - 1.0
    assert found["BTC venues", "long"].loss_frac == pytest.approx(other - moves)
    assert ("BTC basis", "long") not in found


def test_days_are_cut_where_they_are_told_to_be(closes: Closes) -> None:
    since, until = parse_instant("2024-08-01"), parse_instant("2024-08-11")
    run = margins("net-delta", closes, 1, since_ns=since, until_ns=until)
    assert since is not None
    assert run.date_ns.tolist() == [since + day * 86_400 * 10**9 for day in range(10)]


def test_tomorrow_cannot_change_todays_margin(closes: Closes) -> None:
    price = closes.first.price.copy()
    price[-1] *= 0.3
    crashed = ReturnHistory(
        assets=closes.first.assets,
        date_ns=closes.first.date_ns,
        price=price,
        source=closes.first.source,
    )
    after = Closes(first=crashed, second=closes.second, vol_index=closes.vol_index)
    assert len(price) - 2 > FIRST_DAY
    for name in ("historical-es", "house"):
        before = margins(name, closes, 700)
        assert np.array_equal(before.margin_frac, margins(name, after, 700).margin_frac)


def test_option_books_lose_by_prices_and_by_the_vol_index(closes: Closes) -> None:
    run = margins("house", closes, 300, portfolios=OPTION_BOOKS[:3])
    found = on_closes(run, closes)
    straddle, collar = found["BTC straddle", "short"], found["BTC collar", "long"]
    assert (straddle.margin_frac > 0.0).all()
    assert (np.abs(collar.loss_frac) < 0.25).all()
    # A day without a move and with a falling vol is a gain for who sold options.
    day = np.argmin(straddle.loss_frac)
    assert straddle.loss_frac[day] < 0.0
    assert straddle.portfolio.options


@given(
    st.lists(st.tuples(st.floats(0.01, 1.0), st.floats(-1.0, 1.0)), min_size=11, max_size=60),
    st.floats(0.5, 4.0),
)
@settings(max_examples=50)
def test_a_cost_at_equal_coverage_does_not_depend_on_the_scale_and_covers(
    days: list[tuple[float, float]], scale: float
) -> None:
    margin, loss = [m for m, _ in days], [x for _, x in days]
    run = one(margin, loss)
    cost = cost_at_coverage(run)
    assert cost is not None
    scaled = cost_at_coverage(one([scale * m for m in margin], loss))
    assert scaled is not None
    assert scaled.mean_frac == pytest.approx(cost.mean_frac)
    breached = np.array(loss) > cost.factor * np.array(margin) * (1.0 + 1e-12)
    assert breached.sum() <= len(days) // 10


def test_no_factor_makes_more_of_a_margin_of_nothing() -> None:
    assert cost_at_coverage(one([0.0] * 11, [0.1] * 11)) is None
    assert one([0.0, 0.1], [0.1, 0.3]).coverage.mean_exceedance is None


def test_a_step_limit_leaves_for_later_what_it_does_not_ask_for() -> None:
    later = one([1.0, 1.2, 1.2, 1.2, 0.5], [0.0] * 5).in_transition_frac(0.1)
    # Asked for: 1, 1.1, 1.2 (1.21 would be more than all), 1.2, 0.5.
    assert later == pytest.approx([0.0, 0.1 / 1.2, 0.0, 0.0, 0.0])


def test_the_picture_has_a_red_bar_for_each_breach_in_a_crash_and_no_other_days() -> None:
    crash = parse_instant("2020-03-12")
    assert crash is not None
    run = one([0.2, 0.2, 0.2], [0.1, 0.4, 0.5])
    days = np.array([crash, crash + 86_400 * 10**9, crash + 30 * 86_400 * 10**9])
    placed = Backtest(
        portfolio=run.portfolio,
        level=run.level,
        date_ns=days,
        margin_frac=run.margin_frac,
        loss_frac=run.loss_frac,
        volatility=run.volatility,
        coverage=run.coverage,
    )
    drawn = coverage_chart([("house", placed)])
    assert drawn.count("#c0392b") == 1
    assert drawn.count("#b8b8b8") == 1
    assert "March 2020" in drawn
    assert "May 2021" not in drawn
