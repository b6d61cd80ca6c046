"""How far prices may move before an account is liquidated: by revaluing everything it has."""

import numpy as np
import pytest
from hypothesis import given, settings

from crossmargin.rulebook.liquidation_move import Path, buffers, liquidation_moves, one_account
from crossmargin.rulebook.statement_types import Crossing
from crossmargin.wire.market import MarketInput
from tests.rulebook.books import (
    NINE,
    account,
    book,
    market_json,
    prepared,
    read,
    recipe_named,
)
from tests.rulebook.drawn import accounts
from tests.rulebook.tiny import GROSS, tiny

EQUITY = (
    '{ op = "sum", parts = [{ charge = "cash" }, { charge = "unrealised" }, '
    '{ charge = "mark_value", select = { kind = "option" } }] }'
)
TENTH = tiny(GROSS, equity=EQUITY)
"""Maintenance is a tenth of the notional."""
ONE = {"BTC": 1.0, "ETH": 1.0, "SOL": 1.0, "stETH": 1.0, "PEPE": 1.0}


def crossings(
    recipe: str, own: dict, betas: dict[str, float] | None = None, over: MarketInput | None = None
) -> dict[tuple[str | None, str], Crossing]:
    ready = prepared(book(own), over)
    found = liquidation_moves(recipe_named(recipe), ready.columns, ready.priced, 0, betas)
    return {(each.asset, each.direction): each for each in found}


def long_coin(cash: float) -> dict:
    return account("a", "bybit", {"BTC/USDT:USDT": 1}, {"USDT": cash})


@pytest.mark.parametrize("cash", [6_000.5, 7_000, 20_000, 59_000])
def test_a_linear_position_falls_where_its_equation_says(cash: float) -> None:
    found = crossings(TENTH, long_coin(cash))["BTC", "down"]
    # cash + p - 60,000 = 0.1 p
    price = (60_000 - cash) / 0.9
    assert found.price == pytest.approx(price, rel=1e-6)
    assert found.move == pytest.approx(price / 60_000 - 1, abs=1e-6)
    assert (found.reason, found.non_monotone) == (None, False)


def test_other_positions_take_part_in_where_one_falls() -> None:
    """Mark 100, one contract long, equity 5, maintenance 0.4 %, and a position beside it whose
    maintenance is 4 whatever the price: 99 / 0.996 = 99.40, not 95.40 (TorchTrade/torchtrade#344).
    """
    constant = """
[define.share]
charge = "exposure"
amount = "gross"
of = "notional"
by = "listing"
rate = 0.004
select = { underlyings = ["SOL"] }
[define.constant]
charge = "exposure"
amount = "held"
of = "contracts"
by = "listing"
rate = 4
select = { underlyings = ["ETH"] }
"""
    both = "{ op = 'sum', parts = [{ ref = 'share' }, { ref = 'constant' }] }"
    recipe = tiny(both, constant, equity=EQUITY)
    over = read(market_json(marks={"bybit:SOL/USDT:USDT": 100}))
    rows = {
        "SOL/USDT:USDT": {"contracts": "1", "entry_price": "100"},
        "ETH/USDT:USDT": {"contracts": "1", "entry_price": "3000"},
    }
    found = crossings(recipe, account("a", "bybit", rows, {"USDT": 5}), over=over)["SOL", "down"]
    assert found.price == pytest.approx(99 / 0.996, rel=1e-6)
    assert round(found.price or 0, 2) == 99.40
    alone = account("a", "bybit", {"SOL/USDT:USDT": rows["SOL/USDT:USDT"]}, {"USDT": 5})
    share, _, _ = constant.partition("[define.constant]")
    only = tiny("{ ref = 'share' }", share, equity=EQUITY)
    alone_price = crossings(only, alone, over=over)["SOL", "down"].price
    assert alone_price == pytest.approx(95 / 0.996, rel=1e-6)


def test_a_coin_and_a_short_inverse_of_its_value_never_fall_downwards() -> None:
    """Together they are a flat number of dollars at every price."""
    own = account("a", positions={"BTC/USD:BTC": -60_000}, balances={"BTC": 1})
    for recipe in (TENTH, "deribit-portfolio", "house"):
        found = crossings(recipe, own)
        assert found["BTC", "down"].reason == "not_reachable", recipe
        assert found["BTC", "down"].searched == (-0.99, 0.0)
    ready = prepared(book(own))
    alone = one_account(ready.columns, ready.priced, 0)
    moves = np.linspace(-0.95, 3.0, 80)
    plain = tiny(GROSS.replace("0.1", "0.0"), equity=EQUITY)
    down = Path(asset="BTC", direction=np.array([x == "BTC" for x in assets(alone)]) * 1.0, sign=-1)
    (worth,) = buffers(recipe_named(plain), alone, [down], [moves])
    np.testing.assert_allclose(worth * 2.0**-14, 60_000, rtol=1e-9)


def assets(alone: object) -> tuple[str, ...]:
    names: tuple[str, ...] = alone.book.universe.assets  # type: ignore[attr-defined]
    return names


def test_where_nothing_is_reached_the_range_is_told() -> None:
    found = crossings(TENTH, long_coin(80_000))
    assert found["BTC", "down"].reason == "not_reachable"
    assert found["BTC", "down"].searched == (-0.99, 0.0)
    assert found["BTC", "up"].searched == pytest.approx((0.0, 1.98))
    assert (found["BTC", "up"].move, found["BTC", "up"].price) == (None, None)
    assert found["BTC", "up"].vol_rule == "implied vols unchanged (sticky strike)"


def test_an_account_that_holds_nothing_has_no_position_to_move() -> None:
    found = crossings(TENTH, account("a", balances={"USD": 100}), ONE)
    assert {each.reason for each in found.values()} == {"no_position"}
    assert {each.direction for each in found.values()} == {"down", "up"}


def test_without_a_mark_there_is_a_reason_and_no_number() -> None:
    blind = read(market_json(marks={"bybit:ETH/USDT:USDT": None}))
    own = account(
        "a",
        "bybit",
        {"BTC/USDT:USDT": 1, "ETH/USDT:USDT": {"contracts": "1", "entry_price": "3000"}},
    )
    found = crossings(TENTH, own, ONE, blind)
    assert {each.reason for each in found.values()} == {"missing_mark"}
    assert {each.move for each in found.values()} == {None}


def test_an_account_that_is_below_already_says_so() -> None:
    found = crossings(TENTH, long_coin(5_000))["BTC", "down"]
    assert (found.move, found.price, found.reason) == (0.0, 60_000.0, "already_below")


@pytest.mark.parametrize("depth", [0.2, 0.002])
def test_the_nearest_of_several_crossings_is_found_and_the_others_are_told_of(depth: float) -> None:
    """Long ten coins and twenty puts at 50,000: a fall hurts, and a larger one does not."""
    puts = {"BTC/USD:BTC": 600_000, "BTC/USD:BTC-261225-50000-P": 20}
    own = account("a", positions=puts, balances={"USD": 20_000})
    recipe = tiny(GROSS.replace("0.1", "0.0"), equity=EQUITY)
    ready = prepared(book(own))
    alone = one_account(ready.columns, ready.priced, 0)
    dollars = np.linspace(0.0, -0.99, 1_000)
    direction = np.array([name == "BTC" for name in assets(alone)]) * 1.0
    path = Path(asset="BTC", direction=direction, sign=-1.0)
    (worth,) = buffers(recipe_named(recipe), alone, [path], [dollars])
    level = round(float(worth.min() + depth * (worth[0] - worth.min())) * 2.0**-14, 2)
    poorer = account("a", positions=puts, balances={"USD": round(20_000 - level, 2)})
    found = crossings(recipe, poorer)["BTC", "down"]
    assert found.non_monotone
    (below,) = np.nonzero(worth * 2.0**-14 < level)
    assert found.move is not None
    assert dollars[below[0]] <= found.move <= dollars[below[0] - 1]


def test_the_joint_move_moves_every_asset_by_its_beta() -> None:
    own = account("a", "bybit", {"BTC/USDT:USDT": 1, "ETH/USDT:USDT": 10}, {"USDT": 20_000})
    found = crossings(TENTH, own, {"BTC": 1.0, "ETH": 2.0})
    # 20,000 + 60,000 m + 30,000 (2 m) = 0.1 (60,000 (1 + m) + 30,000 (1 + 2 m))
    expected = (9_000 - 20_000) / (120_000 * 0.9)
    assert found[None, "down"].move == pytest.approx(expected, abs=1e-6)
    assert found[None, "down"].price is None
    inverse = crossings(TENTH, own, {"BTC": 1.0, "ETH": -0.9})
    # ETH falls by 0.9 for each 1 that BTC rises: no asset falls by all it is worth.
    assert inverse[None, "up"].searched[1] * 0.9 <= 0.99 + 1e-12


def test_an_account_keeps_its_own_parameters_in_every_moved_market() -> None:
    params = (
        '[params]\nrate = { by = "account", value = { a = 0.5 }, otherwise = 0.1, low = 0.0, '
        'high = 1.0, source = "illustrative" }'
    )
    by_account = tiny(GROSS.replace("0.1", '"$rate"'), params, equity=EQUITY)
    found = crossings(by_account, long_coin(40_000))["BTC", "down"]
    assert found.price == pytest.approx(20_000 / 0.5, rel=1e-6)


PAYOFF = tiny(
    '{ charge = "payoff_max_loss", by = "underlying", numeraire = "quote", beyond = "ignored" }',
    equity=EQUITY,
)


@pytest.mark.parametrize("recipe", [*NINE, PAYOFF], ids=[*NINE, "payoff_max_loss"])
def test_many_moved_markets_at_once_give_what_each_gives_alone(recipe: str) -> None:
    own = account(
        "a",
        positions={
            "BTC/USD:BTC": -30_000,
            "BTC/USD:BTC-261225-60000-C": -2,
            "ETH/USD:ETH-261225-2500-P": -10,
            "ETH/USD:ETH-261225": 5_000,
        },
        balances={"BTC": 1.5, "ETH": 3, "stETH": 2, "USDC": 20_000},
    )
    ready = prepared(book(own))
    alone = one_account(ready.columns, ready.priced, 0)
    names = assets(alone)
    paths = [
        Path(asset=code, direction=np.array([code == name for name in names]) * 1.0, sign=1.0)
        for code in ("BTC", "ETH", "USDC", "stETH")
    ]
    moves = [np.array([-0.5, -0.1, 0.0, 0.07, 0.8]) for _ in paths]
    together = buffers(recipe_named(recipe), alone, paths, moves)
    for path, own_moves, found in zip(paths, moves, together, strict=True):
        for move, value in zip(own_moves, found, strict=True):
            ((single,),) = buffers(recipe_named(recipe), alone, [path], [np.array([move])])
            assert value == single


@pytest.mark.parametrize("recipe", NINE)
def test_a_moved_market_gives_what_that_market_gives(recipe: str) -> None:
    """A market in which ether trades a fifth higher, read from its own file."""
    own = account("a", "binance", {"ETH/USDT:USDT": -20, "BTC/USDT:USDT": 1}, {"USDT": 90_000})
    ready = prepared(book(own))
    alone = one_account(ready.columns, ready.priced, 0)
    path = Path(
        asset="ETH", direction=np.array([x == "ETH" for x in assets(alone)]) * 1.0, sign=1.0
    )
    ((moved,),) = buffers(recipe_named(recipe), alone, [path], [np.array([0.25])])
    dearer = read(
        market_json(
            index={"ETH": 3_750.0, "stETH": 2_985.0}, marks={"binance:ETH/USDT:USDT": 3_751.25}
        )
    )
    there = prepared(book(own), dearer)
    expected = one_account(there.columns, there.priced, 0)
    ((found,),) = buffers(recipe_named(recipe), expected, [path], [np.array([0.0])])
    assert moved * 2.0**-14 == pytest.approx(found * 2.0**-14, abs=0.05)


SCAN = ("cross-tiered", "greeks", "deribit-portfolio", "deribit-standard")


@settings(max_examples=12)
@given(own=accounts())
def test_the_crossing_is_where_a_search_of_two_thousand_moves_finds_it(own: dict) -> None:
    ready = prepared(book(own))
    alone = one_account(ready.columns, ready.priced, 0)
    names = assets(alone)
    for name in SCAN:
        recipe = recipe_named(name)
        found = liquidation_moves(recipe, ready.columns, ready.priced, 0, None)
        for each in found:
            if each.asset not in ("BTC", "ETH") or each.reason == "already_below":
                continue
            direction = np.array([each.asset == code for code in names]) * 1.0
            path = Path(asset=each.asset, direction=direction, sign=1.0)
            moves = np.linspace(0.0, each.searched[0] or each.searched[1], 2_001)
            (worth,) = buffers(recipe, alone, [path], [moves])
            # Two roundings to a cent make a buffer that hardly moves cross zero here and there.
            cents = 0.02 * 2.0**14
            (below,) = np.nonzero(worth < -cents)
            if each.move is None:
                assert not len(below), (name, each.asset, moves[below[0]])
                continue
            reached = np.abs(moves) >= abs(each.move) - 1e-6
            assert (worth[~reached] >= -cents).all(), (name, each)
            beyond = worth[reached][:2]
            assert (beyond < cents).any(), (name, each)
