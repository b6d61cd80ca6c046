from collections.abc import Mapping, Sequence
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crossmargin.rulebook.amount import Amount
from crossmargin.rulebook.charge.exposure import Exposure
from crossmargin.rulebook.charge.open_orders import OpenOrders
from crossmargin.rulebook.charge.orders import OrderFill
from crossmargin.rulebook.charge.resting_orders import OrderSide
from crossmargin.rulebook.context import Context
from crossmargin.rulebook.rate import Number, SizeLinear
from crossmargin.rulebook.rate_value import rate_of
from tests.rulebook.small_book import in_units, small_context

ETH = "vega:ETH/USDT:USDT"
BTC = "vega:BTC/USDT:USDT"
BIDS = OpenOrders(side=OrderSide.BUY, rate=Number(value=0.1), auction="auction_price")
ASKS = OpenOrders(side=OrderSide.SELL, rate=Number(value=0.1), auction="auction_price")


def order(side: str, contracts: float, price: float | None = None, **more: Any) -> dict[str, Any]:
    said = {} if price is None else {"limit_price": price}
    return {"listing": ETH, "side": side, "contracts": contracts, **said, **more}


def book(
    position: float,
    orders: Sequence[Mapping[str, Any]],
    auction: float | None = None,
    size: float = 1.0,
) -> Context:
    held = {} if position == 0.0 else {ETH: position}
    return small_context(
        accounts={"one": {"positions": held, "orders": list(orders)}},
        prices={"ETH": 100.0, "BTC": 1_000.0, "USDT": 1.0},
        listings={ETH: {"mark": 100.0, "size": size}, BTC: {"mark": 1_000.0}},
        figures={"auction_price": {} if auction is None else {ETH: auction}},
    )


def charged(context: Context, charge: OpenOrders | Exposure) -> float:
    return float(in_units(context, charge.evaluate(context, "account").amount)[0])


def test_bids_count_at_the_mark_whatever_their_limit() -> None:
    orders = [order("buy", 3, 90.0), order("buy", 5, 80.0), order("sell", 7, 120.0)]
    assert charged(book(9, orders), BIDS) == pytest.approx(8 * 100 * 0.1)
    assert charged(book(9, orders, size=0.1), BIDS) == pytest.approx(8 * 10 * 0.1)


def test_a_side_that_could_only_reduce_the_position_is_free() -> None:
    bids = [order("buy", 3, 90.0), order("buy", 2, 80.0)]
    assert charged(book(-5, bids), BIDS) == 0.0
    assert charged(book(-4.5, bids), BIDS) == pytest.approx(5 * 100 * 0.1)
    asks = [order("sell", 5, 110.0)]
    assert charged(book(5, asks), ASKS) == 0.0
    assert charged(book(4, asks), ASKS) == pytest.approx(5 * 100 * 0.1)


def test_in_an_auction_orders_count_at_their_limits_or_at_the_auction_price_if_that_is_more() -> (
    None
):
    orders = [order("buy", 3, 90.0), order("buy", 5, 80.0)]
    assert charged(book(0, orders, auction=0.0), BIDS) == pytest.approx(67.0)
    assert charged(book(0, orders, auction=83.0), BIDS) == pytest.approx(67.0)
    assert charged(book(0, orders, auction=95.0), BIDS) == pytest.approx(8 * 95 * 0.1)


def test_a_market_order_does_not_rest_and_the_position_has_it_already() -> None:
    orders = [order("buy", 4, kind="market"), order("sell", 6, 110.0)]
    context = book(0, orders)
    assert charged(context, BIDS) == 0.0
    assert charged(context, ASKS) == pytest.approx(60.0)
    filled = Exposure(
        amount=Amount.NET_LONG,
        of="notional",
        by="listing",
        rate=Number(value=0.1),
        orders=OrderFill.MARKET,
    )
    assert charged(context, filled) == pytest.approx(40.0)
    covered = book(0, [order("buy", 6, kind="market"), order("sell", 6, 110.0)])
    assert charged(covered, ASKS) == 0.0


def test_a_rate_by_size_sees_market_orders_only_where_it_says_so() -> None:
    context = book(3, [order("sell", 5, kind="market"), order("sell", 6, 110.0)])

    def rate(orders: OrderFill) -> float:
        made = SizeLinear(
            base=Number(value=0.5),
            slope=Number(value=0.1),
            amount=Amount.ABS_NET,
            of="coins",
            orders=orders,
        )
        return float(rate_of(made, context, "listing")[0])

    assert rate(OrderFill.NONE) == pytest.approx(0.8)
    assert rate(OrderFill.MARKET) == pytest.approx(0.7)
    assert rate(OrderFill.WORST) == pytest.approx(1.3)


def test_an_order_without_a_limit_in_an_auction_makes_the_figure_unavailable() -> None:
    context = book(0, [order("buy", 1)], auction=95.0)
    amount = BIDS.evaluate(context, "account").amount
    assert amount[0] != amount[0]
    assert charged(book(0, [order("buy", 1)]), BIDS) == pytest.approx(10.0)


def test_the_listing_that_has_the_orders_pays_for_them() -> None:
    orders = [order("buy", 3, 90.0), {"listing": BTC, "side": "buy", "contracts": 2}]
    context = book(1, orders)
    outcome = BIDS.evaluate(context, "account")
    assert outcome.parts is not None
    paid = in_units(context, outcome.parts.positions)
    names = [context.run.universe.name_of(i) for i in context.positions.instrument]
    assert dict(zip(names, paid, strict=True)) == {ETH: 30.0, BTC: 200.0}
    assert outcome.parts.positions.sum() == outcome.amount[0]


def test_orders_in_a_listing_of_face_value_count_that_face() -> None:
    inverse = "deribit:BTC/USD:BTC"
    context = small_context(
        accounts={
            "one": {
                "orders": [
                    {"listing": inverse, "side": "buy", "contracts": 3, "limit_price": 900.0}
                ]
            }
        },
        prices={"BTC": 1_000.0},
        listings={inverse: {"mark": 1_000.0, "size": 10}},
        figures={"auction_price": {inverse: 800.0}},
    )
    assert charged(context, BIDS) == pytest.approx(3 * 10 * 0.1)


SIZES = st.integers(1, 50)
PRICES = st.integers(1, 300)


@settings(max_examples=60)
@given(
    position=st.integers(-60, 60),
    limits=st.lists(st.tuples(SIZES, PRICES, st.booleans()), max_size=5),
    auction=st.one_of(st.none(), st.just(0), PRICES),
)
def test_one_by_one_the_orders_say_the_same(
    position: int, limits: list[tuple[int, int, bool]], auction: int | None
) -> None:
    orders = [
        order("buy", size, None if market else float(price), kind="market" if market else "limit")
        for size, price, market in limits
    ]
    before = position + sum(size for size, _, market in limits if market)
    resting = [(size, price) for size, price, market in limits if not market]
    total = sum(size for size, _ in resting)
    if auction is None:
        value = 100 * total
    else:
        value = max(sum(size * price for size, price in resting), auction * total)
    expected = value * 0.1 if before + total > 0 else 0.0
    context = book(position, orders, None if auction is None else float(auction))
    assert charged(context, BIDS) == pytest.approx(expected, abs=2e-6)
