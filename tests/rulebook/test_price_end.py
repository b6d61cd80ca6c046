import math
from dataclasses import replace

import pytest

from crossmargin.action.ladder import LadderPolicy, Measure, next_standing
from crossmargin.api import Prepared
from crossmargin.base.failure import InputRefused
from crossmargin.rulebook.pocket import assess_pockets
from crossmargin.rulebook.price_end import DOUBTS_MAX, EndFigures, PriceEnds, end_figures
from crossmargin.rulebook.standing import Standing
from crossmargin.rulebook.statement_types import LevelFigures
from tests.rulebook.books import account, book, market_json, prepared, read, recipe_named

PERPETUAL = {"BTC/USD:BTC": "60000"}


def ready(**balances: str) -> Prepared:
    return prepared(book(account("a", positions=PERPETUAL, balances=balances)))


def looked(over: Prepared, **doubts: tuple[float, float]) -> EndFigures:
    ends = {code: PriceEnds(low=low, high=high) for code, (low, high) in doubts.items()}
    return end_figures(recipe_named("house"), over.columns, over.priced, 0, ends)


def buffers(levels: tuple[LevelFigures, ...]) -> list[float]:
    return [float(level.buffer) for level in levels if level.buffer is not None]


def at_index(over: Prepared, **index: float) -> list[float]:
    """The buffers in a market that was read with these prices."""
    then = prepared(over.book, read(market_json(index=index)))
    summary = assess_pockets(recipe_named("house"), then.columns, then.priced).summary
    return [float(x.buffer[0]) * 2.0**summary.tick_exponent for x in summary.levels.values()]


def test_without_a_doubt_all_ends_are_the_same() -> None:
    found = looked(ready(ETH="5"))
    assert found.worst == found.last_good == found.best


def test_the_ends_are_what_markets_with_those_prices_give() -> None:
    over = ready(ETH="5", USDC="3000")
    found = looked(over, ETH=(1_500.0, 4_500.0))
    assert buffers(found.worst) == pytest.approx(at_index(over, ETH=1_500.0), abs=0.02)
    assert buffers(found.last_good) == pytest.approx(at_index(over), abs=0.02)
    assert buffers(found.best) == pytest.approx(at_index(over, ETH=4_500.0), abs=0.02)


def test_two_doubts_are_looked_at_in_all_combinations() -> None:
    over = ready(ETH="5", SOL="-20")
    found = looked(over, ETH=(2_900.0, 3_100.0), SOL=(90.0, 110.0))
    worst, best = at_index(over, ETH=2_900.0, SOL=110.0), at_index(over, ETH=3_100.0, SOL=90.0)
    assert buffers(found.worst) == pytest.approx(worst, abs=0.02)
    assert buffers(found.best) == pytest.approx(best, abs=0.02)


def test_a_doubt_about_what_the_account_does_not_hold_changes_nothing() -> None:
    over = ready(ETH="5")
    assert looked(over, SOL=(1.0, 1_000.0)) == looked(over)


def standing(found: EndFigures) -> Standing:
    policy = LadderPolicy(ladder=recipe_named("house").ladder)
    measured = Measure(
        levels=found.last_good, net_liquidation_value=found.net_liquidation_last_good
    )
    best = Measure(levels=found.best, net_liquidation_value=found.net_liquidation_best)
    return next_standing(policy, None, measured, 0, best=best).standing


def test_a_doubtful_price_starts_no_liquidation_that_the_best_end_does_not() -> None:
    over = ready(ETH="2.5")
    assert standing(looked(over)) is Standing.LIQUIDATING
    assert standing(looked(over, ETH=(1_500.0, 6_000.0))) is Standing.REDUCE_ONLY
    assert standing(looked(over, ETH=(1_500.0, 3_010.0))) is Standing.LIQUIDATING


def dusty() -> Prepared:
    """An account that fails, with dust in a coin that has no price at all."""
    over = ready(USDC="1000", SOL="0.01")
    index = over.priced.market.index.copy()
    index[over.priced.universe.assets.index("SOL")] = math.nan
    return replace(
        over, priced=replace(over.priced, market=replace(over.priced.market, index=index))
    )


def test_dust_in_a_dead_coin_leaves_no_figure_and_still_shields_nobody() -> None:
    found = looked(dusty(), SOL=(0.01, 10_000.0))
    assert [level.buffer for level in found.last_good] == [None, None]
    assert all(x < 0 for x in buffers(found.best))
    assert len(buffers(found.best)) == 2
    assert standing(found) is Standing.LIQUIDATING
    without = looked(dusty())
    assert buffers(without.best) == []


@pytest.mark.parametrize(
    ("doubts", "field"),
    [
        ({"ETH": (0.0, 2.0)}, "doubts.ETH"),
        ({"ETH": (3.0, 2.0)}, "doubts.ETH"),
        ({"ETH": (1.0, math.inf)}, "doubts.ETH"),
        ({"ETH": (math.nan, 1.0)}, "doubts.ETH"),
    ],
)
def test_ends_that_are_none_are_refused(doubts: dict[str, tuple[float, float]], field: str) -> None:
    with pytest.raises(InputRefused) as refused:
        looked(ready(ETH="5"), **doubts)
    assert [failure.where for failure in refused.value.failures] == [field]


def test_more_doubts_than_can_be_looked_at_are_refused() -> None:
    codes = ("USDT", "USDC", "USDe", "BTC", "ETH", "stETH", "SOL", "PEPE", "USD")
    over = ready(**dict.fromkeys(codes, "1"))
    assert len(codes) > DOUBTS_MAX
    with pytest.raises(InputRefused, match="9 prices are in doubt"):
        looked(over, **dict.fromkeys(codes, (0.5, 2.0)))
