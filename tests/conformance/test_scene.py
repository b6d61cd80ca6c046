import math
from decimal import Decimal
from typing import Any

import pytest

from crossmargin.base.failure import InputRefused
from crossmargin.conformance.scene import AS_OF_NS, Scene, expiry_after
from crossmargin.conformance.scene_lines import flag, number
from crossmargin.domain.asset import AssetClass
from crossmargin.domain.holding import Side
from crossmargin.domain.instrument import Right


def a_scene() -> Scene:
    scene = Scene()
    scene.asset("ETH", index=2_000.0, confidence=0.9)
    scene.asset("USDC", asset_class=AssetClass.STABLECOIN, index=0.99)
    return scene


def test_lines_become_columns_of_one_universe() -> None:
    scene = a_scene()
    perpetual = scene.perpetual("ETH", settle="USDC", mark=2_001)
    scene.position(perpetual, -3, entry=1_990.5, funding=Decimal("1.25"))
    scene.balance("USDC", 0.1)
    scene.balance("ETH", -2)
    scene.order(perpetual, Side.SELL, 4, limit_price=2_010.0)
    book, priced = scene.built()
    universe = book.universe
    row = universe.listing_ids.index(perpetual)
    assert book.account_ids == ("account",)
    assert book.positions.instrument.tolist() == [row]
    assert book.positions.contracts.tolist() == [-3.0]
    assert book.positions.cost.tolist() == [-5_971.5]
    assert book.positions.funding.tolist() == [1.25]
    held = {
        universe.assets[a]: x
        for a, x in zip(book.balances.asset, book.balances.amount, strict=True)
    }
    assert held == {"ETH": -2.0, "USDC": 0.1}
    assert (book.orders.side.tolist(), book.orders.limit_price.tolist()) == ([-1.0], [2_010.0])
    assert priced.market.mark[row] == 2_001.0
    assert priced.market.index[universe.assets.index("USDC")] == 0.99


def test_what_nobody_states_is_missing() -> None:
    scene = a_scene()
    row = scene.perpetual("ETH", mark=None)
    book, priced = scene.built()
    assert math.isnan(priced.market.mark[book.universe.listing_ids.index(row)])
    assert math.isnan(priced.market.low[book.universe.assets.index("ETH")])


def test_positions_in_one_listing_are_added_as_decimals() -> None:
    scene = a_scene()
    row = scene.perpetual("ETH", mark=2_000)
    for _ in range(10):
        scene.position(row, 0.1, cost=200)
    book, _ = scene.built()
    assert book.positions.contracts.tolist() == [1.0]
    assert book.positions.cost.tolist() == [2_000.0]


def test_a_profit_is_the_cost_that_leaves_it_at_the_mark() -> None:
    scene = a_scene()
    row = scene.perpetual("ETH", mark=2_000)
    scene.position(row, -2, profit=-37.5)
    book, _ = scene.built()
    assert book.positions.cost.tolist() == [-4_000.0 + 37.5]


def test_a_profit_of_what_is_closed_is_money_that_accrued() -> None:
    scene = a_scene()
    scene.position(scene.perpetual("ETH", mark=0), 0, profit=5.0, funding=-1.0)
    book, _ = scene.built()
    assert (book.positions.cost.tolist(), book.positions.funding.tolist()) == ([0.0], [4.0])


def test_what_a_closed_position_cost_has_been_paid() -> None:
    scene = a_scene()
    row = scene.perpetual("ETH", mark=2_000)
    scene.position(row, 0, cost=-12.5, funding=0.5)
    scene.position(row, 3, cost=6_000)
    scene.position(row, -3, cost=-6_010)
    book, _ = scene.built()
    assert (book.positions.cost.tolist(), book.positions.funding.tolist()) == ([0.0], [23.0])


@pytest.mark.parametrize("name", ["", " ", 7, None, True])
def test_what_is_no_name_names_no_asset(name: Any) -> None:
    scene = a_scene()
    with pytest.raises(InputRefused, match="is not a name"):
        scene.asset(name)
    with pytest.raises(InputRefused, match="is not a name"):
        scene.spot("ETH", quote=name)


@pytest.mark.parametrize("value", [0, 1, "true", None])
def test_only_true_and_false_are_flags(value: Any) -> None:
    assert (flag(True, "x"), flag(False, "x")) == (True, False)
    with pytest.raises(InputRefused, match=r"x: .* is not true or false"):
        flag(value, "x")


def test_an_option_without_a_mark_has_that_of_its_vol() -> None:
    scene = a_scene()
    said = {"seconds": 31_536_000, "strike": 100.0, "vol": 0.2, "forward": 60.0}
    call = scene.option("ETH", right=Right.CALL, forward_settled=40.0, **said)
    put = scene.option("ETH", right=Right.PUT, mark=3.0, rate=0.1, **said)
    book, priced = scene.built()
    market = priced.market
    rows = [book.universe.listing_ids.index(name) for name in (call, put)]
    assert market.forward[rows].tolist() == [100.0, 60.0]
    assert market.forward_settled is not None
    assert market.forward_settled[rows].tolist() == [40.0, 0.0]
    assert market.years[rows].tolist() == [1.0, 1.0]
    assert market.mark[rows].tolist() == [pytest.approx(7.965567455405804), 3.0]


def test_an_account_may_hold_nothing() -> None:
    scene = a_scene()
    scene.account("empty")
    book, _ = scene.built()
    assert book.account_ids == ("empty",)


@pytest.mark.parametrize("value", ["1", None, True, math.nan, math.inf, [1]])
def test_what_is_no_number_is_refused_with_its_place(value: object) -> None:
    with pytest.raises(InputRefused, match="here"):
        number(value, "here")
    with pytest.raises(InputRefused, match=r"ETH\.amount"):
        a_scene().balance("ETH", value)  # type: ignore[arg-type]


def test_a_figure_that_no_market_has_is_a_mistake() -> None:
    with pytest.raises(KeyError, match="markk"):
        a_scene().perpetual("ETH", markk=1.0)
    scene = a_scene()
    scene.figure("skew", "nowhere", 1.0)
    with pytest.raises(KeyError, match="nowhere"):
        scene.built()


def test_seconds_become_a_date() -> None:
    assert expiry_after(1.5) - AS_OF_NS == 1_500_000_000
