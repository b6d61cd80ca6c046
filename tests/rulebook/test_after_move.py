from dataclasses import fields
from decimal import Decimal

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crossmargin.base.failure import InputRefused
from crossmargin.domain.columns import BookColumns
from crossmargin.domain.flatten import book_columns
from crossmargin.domain.holding import OrderKind, Side
from crossmargin.domain.universe import build_universe
from crossmargin.rulebook.after_move import after_move
from crossmargin.rulebook.fill_case import fill_sets, side_by_side, with_fills
from crossmargin.rulebook.move import FillMove, Move, OrderMove, TransferMove, WithdrawalMove
from crossmargin.rulebook.pool import chosen
from tests.rulebook.books import account, book

PERPETUAL = "deribit:BTC/USD:BTC"
FUTURE = "deribit:BTC/USD:BTC-261225"
CALL = "deribit:BTC/USD:BTC-261225-60000-C"
PUT = "deribit:BTC/USD:BTC-261225-60000-P"
LINEAR = "okx:BTC/USDT:USDT"
LISTED = {
    "BTC/USD:BTC": "0",
    "BTC/USD:BTC-261225": "0",
    "BTC/USD:BTC-261225-60000-C": "0",
    "BTC/USD:BTC-261225-60000-P": "0",
}


def columns(*accounts: dict[str, object], **tables: object) -> BookColumns:
    """The accounts over a universe with the listings above, though nobody may hold them."""
    held = book(*accounts, **tables)
    everything = book(
        account("all", positions={symbol: {"contracts": "1"} for symbol in LISTED}),
        account("other", venue="okx", positions={"BTC/USDT:USDT": "1"}, balances={"USDC": "1"}),
    )
    listings = {**everything.listings, **held.listings}
    universe = build_universe(listings.values(), [*everything.assets, *held.assets, "USD"])
    return book_columns(held, universe)


def decimal(text: str) -> Decimal:
    return Decimal(text)


def cash(of: BookColumns, asset: str, number: int = 0) -> float:
    b = of.balances
    rows = (b.account == number) & (b.asset == of.universe.assets.index(asset))
    return float(b.amount[rows].sum())


def held(of: BookColumns, listing: str, number: int = 0) -> tuple[float, float] | None:
    p = of.positions
    row = of.universe.listing_ids.index(listing)
    rows = np.flatnonzero((p.account == number) & (p.instrument == row))
    return None if not rows.size else (float(p.contracts[rows[0]]), float(p.cost[rows[0]]))


def fill(listing: str, contracts: str, price: str, fee: str = "0") -> FillMove:
    return FillMove(
        account_id="a",
        listing_id=listing,
        contracts=Decimal(contracts),
        price=Decimal(price),
        fee=Decimal(fee),
    )


def order(listing: str, side: Side, contracts: str, price: str, **more: OrderKind) -> OrderMove:
    return OrderMove(
        account_id="a",
        listing_id=listing,
        side=side,
        contracts=Decimal(contracts),
        limit_price=Decimal(price),
        **more,
    )


def alone(**balances: str) -> BookColumns:
    return columns(account("a", balances=balances))


def test_an_inverse_perpetual_costs_coins_and_closing_it_pays_the_difference() -> None:
    opened = after_move(alone(BTC="1"), [fill(PERPETUAL, "1000", "50000")])
    size = float(opened.universe.contract_size[opened.universe.listing_ids.index(PERPETUAL)])
    assert held(opened, PERPETUAL) == (1000.0, -1000.0 * size / 50_000.0)
    closed = after_move(opened, [fill(PERPETUAL, "-1000", "62500")])
    assert held(closed, PERPETUAL) == (0.0, 0.0)
    gained = 1000.0 * size * (1.0 / 50_000.0 - 1.0 / 62_500.0)
    assert cash(closed, "BTC") == pytest.approx(1.0 + gained, rel=1e-14)


def test_a_fill_through_zero_realises_what_it_closes_and_opens_the_rest() -> None:
    start = columns(account("a", venue="okx", balances={"USDT": "1000"}))
    size = float(start.universe.contract_size[start.universe.listing_ids.index(LINEAR)])
    long = after_move(start, [fill(LINEAR, "10", "100")])
    assert held(long, LINEAR) == (10.0, 1000.0 * size)
    short = after_move(long, [fill(LINEAR, "-15", "110", fee="0.5")])
    assert held(short, LINEAR) == (-5.0, -550.0 * size)
    assert cash(short, "USDT") == pytest.approx(1000.0 + 100.0 * size - 0.5, rel=1e-14)


def test_an_option_is_paid_in_cash_and_may_leave_a_debt() -> None:
    bought = after_move(alone(BTC="0.1"), [fill(CALL, "2", "0.08")])
    size = float(bought.universe.contract_size[bought.universe.listing_ids.index(CALL)])
    assert held(bought, CALL) == (2.0, 0.16 * size)
    assert cash(bought, "BTC") == pytest.approx(0.1 - 0.16 * size)
    sold = after_move(bought, [fill(CALL, "-2", "0.05")])
    assert cash(sold, "BTC") == pytest.approx(0.1 - 0.06 * size)


def test_a_withdrawal_takes_what_is_free_and_no_more() -> None:
    start = columns(
        account(
            "a",
            held=[
                {"asset": "USDC", "amount": "100", "state": "free"},
                {"asset": "USDC", "amount": "50", "state": "pledged"},
            ],
        )
    )
    move = WithdrawalMove(account_id="a", asset="USDC", coins=decimal("100"))
    assert cash(after_move(start, [move]), "USDC") == 50.0
    with pytest.raises(InputRefused, match=r"0\.01 USDC more than is free"):
        after_move(start, [WithdrawalMove(account_id="a", asset="USDC", coins=decimal("100.01"))])


def test_a_transfer_moves_money_and_makes_none() -> None:
    start = columns(account("a", balances={"USDC": "100"}), account("b"))
    move = TransferMove(account_id="a", to_account_id="b", asset="USDC", coins=decimal("33.333333"))
    found = after_move(start, [move])
    assert (cash(found, "USDC", 0), cash(found, "USDC", 1)) == (66.666667, 33.333333)
    assert cash(start, "USDC", 0) == 100.0


@pytest.mark.parametrize(
    ("move", "field"),
    [
        (fill("deribit:DOGE", "1", "1"), "listing_id"),
        (fill(CALL, "0", "1"), "contracts"),
        (fill(CALL, "NaN", "1"), "contracts"),
        (fill(CALL, "1", "0"), "price"),
        (fill(CALL, "1", "1", fee="-1"), "fee"),
        (order(CALL, Side.BUY, "0", "1"), "contracts"),
        (order(CALL, Side.BUY, "1", "Infinity"), "limit_price"),
        (WithdrawalMove(account_id="a", asset="FTT", coins=Decimal(1)), "asset"),
        (WithdrawalMove(account_id="a", asset="USDC", coins=Decimal(-1)), "coins"),
        (WithdrawalMove(account_id="z", asset="USDC", coins=Decimal(1)), "account_id"),
        (
            TransferMove(account_id="a", to_account_id="z", asset="USDC", coins=Decimal(1)),
            "to_account_id",
        ),
    ],
)
def test_a_move_that_makes_no_sense_is_refused_with_its_place(move: Move, field: str) -> None:
    start = alone(USDC="100")
    with pytest.raises(InputRefused) as refused:
        after_move(start, [WithdrawalMove(account_id="a", asset="USDC", coins=Decimal(1)), move])
    assert [failure.where for failure in refused.value.failures] == [f"moves[1].{field}"]


def test_closing_a_position_without_a_known_cost_is_refused() -> None:
    start = columns(account("a", positions={"BTC/USD:BTC": {"contracts": "10", "no_entry": True}}))
    with pytest.raises(InputRefused, match="no known cost"):
        after_move(start, [fill(PERPETUAL, "-10", "60000")])


amounts = st.decimals(Decimal("0.01"), Decimal(99_999), places=2)


@settings(max_examples=25)
@given(amounts, amounts, amounts, amounts)
def test_the_book_after_moves_is_the_book_read_with_them_in_it(
    deposit: Decimal, taken: Decimal, first: Decimal, second: Decimal
) -> None:
    taken = min(taken, deposit)
    start = columns(
        account("a", venue="okx", balances={"USDT": str(deposit), "USDC": str(deposit)})
    )
    moves: list[Move] = [
        fill(LINEAR, str(first), "60000.5"),
        fill(LINEAR, str(second), "59999.25"),
        WithdrawalMove(account_id="a", asset="USDC", coins=taken),
        order(LINEAR, Side.SELL, str(first), "70000.5"),
    ]
    found = after_move(start, moves)
    size = Decimal(str(start.universe.contract_size[start.universe.listing_ids.index(LINEAR)]))
    cost = size * (first * Decimal("60000.5") + second * Decimal("59999.25"))
    expected = columns(
        account(
            "a",
            venue="okx",
            positions={"BTC/USDT:USDT": {"contracts": str(first + second), "cost": f"{cost:f}"}},
            balances={"USDT": str(deposit), "USDC": str(deposit - taken)},
            orders=[
                {
                    "id": "o",
                    "listing": "BTC/USDT:USDT",
                    "side": "sell",
                    "contracts": str(first),
                    "limit_price": "70000.5",
                }
            ],
        )
    )
    for part in ("positions", "orders"):
        one, other = getattr(found, part), getattr(expected, part)
        for field in fields(one):
            np.testing.assert_array_equal(getattr(one, field.name), getattr(other, field.name))
    assert cash(found, "USDC") == cash(expected, "USDC")


def with_orders(*orders: OrderMove) -> BookColumns:
    return after_move(alone(BTC="10", USDC="1000000"), list(orders))


def test_the_cases_of_open_orders_are_the_sides_the_directions_and_each_alone() -> None:
    own = with_orders(
        order(PERPETUAL, Side.BUY, "10", "59000"),
        order(PUT, Side.BUY, "1", "0.05"),
        order(CALL, Side.SELL, "1", "0.09"),
    )
    rows = {int(instrument): row for row, instrument in enumerate(own.orders.instrument)}
    perpetual, put, call = (
        rows[own.universe.listing_ids.index(name)] for name in (PERPETUAL, PUT, CALL)
    )
    found = {name: set(chosen_rows) for name, chosen_rows in fill_sets(own)}
    assert found["none filled"] == set()
    assert found["all filled"] == {0, 1, 2}
    assert found["bids filled"] == {perpetual, put}
    assert found["asks filled"] == {call}
    assert found["filled by a rise"] == {put, call}
    assert found["filled by a fall"] == {perpetual}
    assert len(found) == 7


def test_a_limit_better_than_the_mark_earns_nothing_and_a_worse_one_costs() -> None:
    own = with_orders(order(CALL, Side.BUY, "1", "0.02"), order(CALL, Side.SELL, "1", "0.09"))
    marks = np.full(own.universe.instruments_count, 0.05)
    size = float(own.universe.contract_size[own.universe.listing_ids.index(CALL)])
    bid = int(np.flatnonzero(own.orders.side > 0)[0])
    bought = with_fills(own, (bid,), marks, {})
    assert held(bought, CALL) == (1.0, 0.05 * size)
    assert len(bought.orders.account) == 1
    sold = with_fills(own, (1 - bid,), marks, {})
    assert held(sold, CALL) == (-1.0, -0.05 * size)
    marks[:] = np.nan
    assert held(with_fills(own, (bid,), marks, {}), CALL) == (1.0, 0.02 * size)


def test_quotes_fill_no_further_than_the_venues_protection() -> None:
    quotes = [
        order(CALL, Side.BUY, "3", f"0.0{price}", kind=OrderKind.QUOTE) for price in (1, 2, 3)
    ]
    own = with_orders(*quotes, order(CALL, Side.BUY, "7", "0.04"))
    marks = np.full(own.universe.instruments_count, 0.05)
    everything = (0, 1, 2, 3)
    assert held(with_fills(own, everything, marks, {}), CALL) == pytest.approx((16.0, 0.8))
    protected = with_fills(own, everything, marks, {CALL: Decimal(4)})
    assert held(protected, CALL) == pytest.approx((11.0, 0.55))


def test_an_order_with_neither_a_limit_nor_a_mark_is_refused() -> None:
    own = with_orders(order(CALL, Side.BUY, "1", "0.02"))
    own.orders.limit_price[:] = np.nan
    with pytest.raises(ValueError, match="neither a limit nor a mark"):
        with_fills(own, (0,), np.full(own.universe.instruments_count, np.nan), {})


def test_books_side_by_side_are_accounts_of_one_book() -> None:
    start = columns(account("a", balances={"USDC": "1"}), account("b", balances={"BTC": "2"}))
    again = side_by_side([chosen(start, [0]), chosen(start, [1])])
    assert again.account_ids == ("a", "b")
    np.testing.assert_array_equal(again.balances.account, start.balances.account)
    np.testing.assert_array_equal(again.balances.amount, start.balances.amount)
    with pytest.raises(ValueError, match="one account"):
        fill_sets(start)
