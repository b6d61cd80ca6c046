from collections.abc import Mapping, Sequence
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crossmargin.rulebook.charge.isolated_orders import IsolatedOrders
from crossmargin.rulebook.charge.resting_orders import OrderSide
from crossmargin.rulebook.context import Context
from crossmargin.rulebook.rate import Number
from tests.rulebook.small_book import in_units, small_context

ETH = "vega:ETH/USDT:USDT"
BIDS = IsolatedOrders(side=OrderSide.BUY, rate=Number(value=0.5), auction="auction_price")
ASKS = IsolatedOrders(side=OrderSide.SELL, rate=Number(value=0.5), auction="auction_price")
THREE_ASKS = [(30, 50), (10, 20), (20, 40)]
THREE_BIDS = [(20, 40), (10, 50), (30, 20)]


def account(position: float, side: str, orders: Sequence[tuple[float, float]]) -> dict[str, Any]:
    return {
        "positions": {ETH: position} if position else {},
        "orders": [
            {"listing": ETH, "side": side, "contracts": size, "limit_price": price}
            for size, price in orders
        ],
    }


def book(accounts: Mapping[str, Any], auction: float | None = None) -> Context:
    return small_context(
        accounts=accounts,
        prices={"ETH": 100.0, "USDT": 1.0},
        listings={ETH: {"mark": 100.0, "size": 0.1}},
        figures={"auction_price": {} if auction is None else {ETH: auction}},
    )


def charged(context: Context, charge: IsolatedOrders) -> list[float]:
    return [float(x) for x in in_units(context, charge.evaluate(context, "account").amount)]


@pytest.mark.parametrize(
    ("position", "side", "orders", "auction", "expected"),
    [
        (0, "sell", THREE_ASKS, None, 125.0),
        (4, "sell", THREE_ASKS, None, 121.0),
        (60, "sell", THREE_ASKS, None, 0.0),
        (-20, "sell", THREE_ASKS, 42.0, 138.0),
        (20, "sell", THREE_ASKS, 42.0, 96.0),
        (-60, "buy", THREE_BIDS, 42.0, 0.0),
        (0, "buy", THREE_BIDS, None, 95.0),
    ],
)
def test_vega_isolated_orders_as_published(
    position: float,
    side: str,
    orders: list[tuple[float, float]],
    auction: float | None,
    expected: float,
) -> None:
    charge = BIDS if side == "buy" else ASKS
    assert charged(book({"one": account(position, side, orders)}, auction), charge) == [expected]


def test_orders_that_open_more_of_the_same_side_are_not_offset() -> None:
    assert charged(book({"one": account(-20, "sell", THREE_ASKS)}), ASKS) == [125.0]
    assert charged(book({"one": account(20, "buy", THREE_BIDS)}), BIDS) == [95.0]


def test_an_order_without_a_price_is_unavailable_only_where_it_opens_something() -> None:
    orders = [(5.0, float("nan"))]
    opening, closing = (book({"one": account(p, "sell", orders)}) for p in (4.0, 5.0))
    assert charged(opening, ASKS)[0] != charged(opening, ASKS)[0]
    assert charged(closing, ASKS) == [0.0]


def brute(position: int, orders: list[tuple[int, int]], buy: bool, auction: int) -> float:
    """Contract by contract: first the best price, first what closes the position."""
    fills = sorted(
        (price for size, price in orders for _ in range(size)), key=lambda p: -p if buy else p
    )
    free = max(-position if buy else position, 0)
    return sum(max(price, auction) for price in fills[free:]) * 0.1 * 0.5


ORDERS = st.lists(st.tuples(st.integers(0, 30), st.integers(1, 60)), max_size=6)


@settings(max_examples=60)
@given(
    positions=st.lists(st.integers(-70, 70), min_size=1, max_size=3),
    orders=ORDERS,
    buy=st.booleans(),
    auction=st.integers(0, 70),
)
def test_contract_by_contract_and_account_by_account_it_is_the_same(
    positions: list[int], orders: list[tuple[int, int]], buy: bool, auction: int
) -> None:
    side, charge = ("buy", BIDS) if buy else ("sell", ASKS)
    accounts = {f"a{i}": account(p, side, orders) for i, p in enumerate(positions)}
    together = charged(book(accounts, float(auction)), charge)
    alone = [charged(book({n: one}, float(auction)), charge)[0] for n, one in accounts.items()]
    expected = [brute(p, orders, buy, auction) for p in positions]
    assert together == alone
    assert together == pytest.approx(expected, abs=1e-6)
