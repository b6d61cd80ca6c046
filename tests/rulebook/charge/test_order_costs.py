"""Open loss, fee to close and quote protection: what orders and closing cost beside margin."""

import numpy as np
import pytest

from crossmargin.rulebook.amount import Amount
from crossmargin.rulebook.charge.closing_fee import ClosingFee
from crossmargin.rulebook.charge.open_loss import OpenLoss
from crossmargin.rulebook.charge.orders import OrderFill, worst_within
from crossmargin.rulebook.rate import Number
from crossmargin.rulebook.reduce import row_values
from tests.rulebook.small_book import in_units, small_context

LINEAR, INVERSE = "bybit:BTC/USDT:USDT", "bybit:BTC/USD:BTC"
LISTINGS = {LINEAR: {"mark": 50_000.0}, INVERSE: {"mark": 50_000.0, "size": 1}}
PRICES = {"BTC": 50_000.0, "USDT": 1.0}


def lost(listing: str, side: str, contracts: float, price: float) -> float:
    context = small_context(
        accounts={
            "one": {
                "orders": [
                    {
                        "listing": listing,
                        "side": side,
                        "contracts": contracts,
                        "limit_price": price,
                    }
                ]
            }
        },
        prices=PRICES,
        listings=LISTINGS,
    )
    found = OpenLoss().evaluate(context, "account")
    assert found.parts is not None
    assert found.parts.positions.sum() == found.amount[0]
    return float(in_units(context, found.amount)[0])


@pytest.mark.parametrize(
    ("listing", "side", "contracts", "price", "expected"),
    [
        (LINEAR, "buy", 2, 50_500, 1_000),
        (LINEAR, "buy", 2, 49_500, 0),
        (LINEAR, "sell", 2, 49_500, 1_000),
        (INVERSE, "sell", 100_000, 40_000, 100_000 * (1 / 40_000 - 1 / 50_000) * 50_000),
        (INVERSE, "sell", 100_000, 60_000, 0),
    ],
)
def test_an_order_loses_what_its_price_is_worse_than_the_mark(
    listing: str, side: str, contracts: float, price: float, expected: float
) -> None:
    assert lost(listing, side, contracts, price) == pytest.approx(expected, abs=1e-4)


@pytest.mark.parametrize(
    ("listing", "contracts", "expected"),
    [
        (LINEAR, 2, 100_000 * 0.9 * 0.001),
        (LINEAR, -2, 100_000 * 1.1 * 0.001),
        (INVERSE, 100_000, 100_000 * 1.1 * 0.001),
        (INVERSE, -100_000, 100_000 * 0.9 * 0.001),
    ],
)
def test_the_fee_to_close_is_of_the_value_at_the_bankruptcy_price(
    listing: str, contracts: float, expected: float
) -> None:
    context = small_context(
        accounts={"one": {"positions": {listing: {"contracts": contracts, "entry": 50_000.0}}}},
        prices=PRICES,
        listings=LISTINGS,
    )
    charge = ClosingFee(fee=Number(value=0.001), leverage=Number(value=10.0))
    found = charge.evaluate(context, "account")
    assert float(in_units(context, found.amount)[0]) == pytest.approx(expected, abs=1e-5)


@pytest.mark.parametrize(
    ("listing", "held", "orders", "expected"),
    [
        # 2 held at 50,000; bids of 3 at 49,000 make 247,000 at entry, asks of 1 take off.
        (LINEAR, 2, [("buy", 3, 49_000), ("sell", 1, 51_000)], 247_000 * 0.9),
        # Asks of 6 turn the position: 200,000 sold less 100,000 is a short, which pays more.
        (LINEAR, 2, [("sell", 6, 50_000)], 200_000 * 1.1),
        (LINEAR, 0, [("buy", 1, 50_000), ("sell", 1, 50_000)], 50_000 * 1.1),
        (INVERSE, 0, [("buy", 50_000, 50_000), ("sell", 50_000, 50_000)], 50_000 * 1.1),
        (LINEAR, 2, [], 100_000 * 0.9),
    ],
)
def test_open_orders_pay_the_fee_to_close_of_the_worse_side(
    listing: str, held: float, orders: list[tuple[str, float, float]], expected: float
) -> None:
    context = small_context(
        accounts={
            "one": {
                "positions": {listing: {"contracts": held, "entry": 50_000.0}},
                "orders": [
                    {"listing": listing, "side": side, "contracts": contracts, "limit_price": price}
                    for side, contracts, price in orders
                ],
            }
        },
        prices=PRICES,
        listings=LISTINGS,
    )
    charge = ClosingFee(
        fee=Number(value=0.001), leverage=Number(value=10.0), orders=OrderFill.WORST
    )
    found = charge.evaluate(context, "account")
    assert float(in_units(context, found.amount)[0]) == pytest.approx(expected * 0.001, abs=1e-5)


def test_a_position_of_unknown_cost_has_no_fee_to_close() -> None:
    context = small_context(
        accounts={"one": {"positions": {LINEAR: 1}}}, prices=PRICES, listings=LISTINGS
    )
    charge = ClosingFee(fee=Number(value=0.001), leverage=Number(value=10.0))
    assert np.isnan(charge.evaluate(context, "account").amount[0])


def test_a_bid_of_a_put_lowers_the_delta_as_an_ask_of_a_future_does() -> None:
    put, future = "bybit:BTC/USDT:USDT-260327-50000-P", "bybit:BTC/USDT:USDT-260327"
    context = small_context(
        accounts={
            "one": {
                "positions": {future: -1},
                "orders": [
                    {"listing": put, "side": "buy", "contracts": 2},
                    {"listing": future, "side": "sell", "contracts": 1},
                    {"listing": future, "side": "buy", "contracts": 4},
                ],
            }
        },
        prices=PRICES,
        listings={future: {"mark": 50_000.0}, put: {"mark": 2_000.0, "vol": 0.5}},
    )
    x = row_values(context, "delta_coins", None)
    put_delta = float(context.field("delta_coins")[context.run.universe.listing_ids.index(put)])
    assert put_delta < 0
    for amount, expected in (
        (Amount.ABS_NET, max(3.0, 2.0 - 2 * put_delta)),
        (Amount.SHORT, 2.0 - 2 * put_delta),
        (Amount.LONG, 3.0),
        (Amount.HEDGED, min(3.0, 2.0 - 2 * put_delta)),
    ):
        worst = worst_within(
            context, "underlying", "listing", amount, "delta_coins", None, x, OrderFill.WORST
        )
        assert worst[0] == pytest.approx(expected), amount
