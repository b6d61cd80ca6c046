import math
from dataclasses import fields
from decimal import Decimal
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crossmargin.domain.book import Book
from crossmargin.domain.columns import BookColumns
from crossmargin.domain.flatten import book_columns
from crossmargin.domain.universe import build_universe
from crossmargin.wire.book import parse_book
from tests.wire.books import AS_OF_NS, FUND, account, document


def columns_of(*accounts: dict[str, Any], **fields: Any) -> tuple[Book, BookColumns]:
    book = parse_book(document(*accounts, **fields), as_of_ns=AS_OF_NS)
    return book, book_columns(book, build_universe(book.listings.values(), book.assets))


def row(listing: str, contracts: Any, **fields: Any) -> dict[str, Any]:
    return {"listing": listing, "contracts": contracts, **fields}


def test_positions_of_one_account_in_one_listing_are_one_row() -> None:
    held = [
        row("BTC/USDT:USDT", "0.1", cost="6000.1", funding_accrued="-1.5"),
        row("ETH/USDT:USDT", "5", cost="10000"),
        row("BTC/USDT:USDT", "0.2", cost="12000.2", funding_accrued="0.25"),
    ]
    _, columns = columns_of(account("bybit", positions=held))
    positions = columns.positions
    names = [columns.universe.name_of(int(i)) for i in positions.instrument]
    assert names == ["bybit:BTC/USDT:USDT", "bybit:ETH/USDT:USDT"]
    assert positions.contracts.tolist() == [0.3, 5.0]
    assert positions.cost.tolist() == [18000.3, 10000.0]
    assert positions.funding.tolist() == [-1.25, 0.0]


def test_one_unknown_cost_makes_the_whole_cost_unknown() -> None:
    held = [row("BTC/USDT:USDT", "1"), row("BTC/USDT:USDT", "-1", cost="5")]
    _, columns = columns_of(account("bybit", positions=held))
    assert columns.positions.contracts.tolist() == [0.0]
    assert math.isnan(columns.positions.cost[0])


def test_a_hedge_keeps_its_locked_profit_and_an_exact_opposite_leaves_nothing() -> None:
    locked = [row("BTC/USDT:USDT", "1", cost="60000"), row("BTC/USDT:USDT", "-1", cost="-61000")]
    _, columns = columns_of(account("bybit", positions=locked))
    assert (columns.positions.contracts.tolist(), columns.positions.cost.tolist()) == (
        [0.0],
        [-1000.0],
    )
    opposite = [row("BTC/USDT:USDT", "1", cost="60000"), row("BTC/USDT:USDT", "-1", cost="-60000")]
    _, columns = columns_of(account("bybit", positions=opposite))
    assert columns.positions.contracts.size == 0


def test_balances_are_coins_by_place_and_loans_are_negative_rows() -> None:
    held = [
        {"asset": "BTC", "amount": "1.5", "custodian": "bank"},
        {"asset": "BTC", "amount": "0.25", "state": "locked", "custodian": "bank"},
        {"asset": "BTC", "amount": "2", "state": "in_transit"},
        {"asset": "USDT", "amount": "-3", "chain": "tron"},
        {"asset": "USDC", "amount": "0"},
    ]
    loans = [{"id": "l", "asset": "USDT", "amount": "100", "interest": "0.5"}]
    _, columns = columns_of(account("bybit", balances=held, loans=loans))
    balances = columns.balances
    assert balances.places == ("bank", "bybit", "tron")
    assert [
        (columns.universe.assets[a], amount, usable, loan)
        for a, amount, usable, loan in zip(
            balances.asset, balances.amount, balances.usable, balances.loan, strict=True
        )
    ] == [
        ("BTC", 2.0, False, False),
        ("BTC", 1.75, True, False),
        ("USDT", -100.5, True, True),
        ("USDT", -3.0, True, False),
    ]
    assert balances.venue.tolist() == [1, 1, 1, 1]
    assert balances.custodian.tolist() == [-1, 0, -1, -1]
    assert balances.chain.tolist() == [-1, -1, -1, 2]


def test_accounts_are_in_order_of_their_ids_and_owners_are_numbered() -> None:
    other = {"id": "client", "name": "A client", "house": False}
    _, columns = columns_of(
        account("okx") | {"id": "z"},
        account("okx", entity="client") | {"id": "b"},
        entities=[FUND, other],
    )
    assert columns.account_ids == ("b", "z")
    assert columns.owner.tolist() == [0, 1]
    assert columns.accounts_count == 2
    assert columns.positions.account.dtype == np.int64


def test_orders_are_sorted_and_keep_side_kind_and_price() -> None:
    orders = [
        {"id": "2", "listing": "BTC/USDT:USDT", "side": "sell", "contracts": 1, "kind": "market"},
        {"id": "1", "listing": "BTC/USDT:USDT", "side": "buy", "contracts": 2, "limit_price": 9},
    ]
    _, columns = columns_of(account("bybit", orders=orders))
    assert columns.orders.side.tolist() == [1.0, -1.0]
    assert columns.orders.contracts.tolist() == [2.0, 1.0]
    assert columns.orders.kind.tolist() == [0, 1]
    assert columns.orders.limit_price[0] == 9.0
    assert math.isnan(columns.orders.limit_price[1])


def test_the_columns_cannot_be_written() -> None:
    _, columns = columns_of(account("bybit", positions=[row("BTC/USDT:USDT", 1)]))
    for table in (columns.positions, columns.balances, columns.orders):
        for field in fields(table):
            array = getattr(table, field.name)
            if isinstance(array, np.ndarray):
                assert not array.flags.writeable, field.name
    with pytest.raises(ValueError, match="read-only"):
        columns.owner[0] = 1


pieces = st.lists(
    st.tuples(
        st.sampled_from(["BTC/USDT:USDT", "ETH/USDT:USDT"]),
        st.decimals(min_value=-1000, max_value=1000, places=8),
        st.decimals(min_value=-(10**6), max_value=10**6, places=8),
    ),
    min_size=1,
    max_size=8,
)


@settings(max_examples=60)
@given(pieces=pieces, data=st.data())
def test_order_and_splitting_of_positions_change_nothing(
    pieces: list[tuple[str, Decimal, Decimal]], data: st.DataObject
) -> None:
    whole = [row(name, contracts, cost=cost) for name, contracts, cost in pieces]
    split = [
        row(name, part, cost=share)
        for name, contracts, cost in pieces
        for part, share in (
            (contracts - Decimal("0.1"), cost + Decimal(7)),
            (Decimal("0.1"), Decimal(-7)),
        )
    ]
    shuffled = data.draw(st.permutations(split))
    _, one = columns_of(account("bybit", positions=whole))
    _, other = columns_of(account("bybit", positions=shuffled))
    for name in (field.name for field in fields(one.positions)):
        left, right = getattr(one.positions, name), getattr(other.positions, name)
        assert left.tobytes() == right.tobytes(), name
