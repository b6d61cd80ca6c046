"""A mode may be changed only where both sides stay at or above initial."""

from decimal import Decimal
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import crossmargin
from crossmargin.base.failure import InputRefused
from crossmargin.domain.book import Book
from crossmargin.rulebook.mode_switch import (
    SwitchAnswer,
    SwitchWish,
    ToCross,
    ToIsolated,
    answer_switch,
    switched,
)
from crossmargin.rulebook.pocket import assess_pockets
from crossmargin.rulebook.recipe import Recipe
from tests.rulebook.books import account, book, market, prepared, read, recipe_named

D = Decimal
LISTING = "bybit:BTC/USDT:USDT"


def desk(main: float = 100_000, bucket: float = 10_000, **more: Any) -> Book:
    """A long of 10 coins beside a short bucket of 1; 600,000 and 60,000 at one twentieth."""
    return book(
        account(
            "main",
            "bybit",
            {"BTC/USDT:USDT": 10, "ETH/USDT:USDT": 5},
            {"USDT": main},
            recipe="cross-tiered",
            **more,
        ),
        account(
            "short",
            "bybit",
            {"BTC/USDT:USDT": -1},
            {"USDT": bucket},
            recipe="isolated-tiered",
            parent="main",
            mode="isolated",
        ),
        account("other", "deribit", {"BTC/USD:BTC": -60_000}, {"BTC": 2}, recipe="house"),
    )


def asked(wish: SwitchWish, held: Book, over: Any = None) -> SwitchAnswer:
    ready = prepared(held, over)
    recipes: dict[str, Recipe] = {
        wish.account: recipe_named("cross-tiered"),
        wish.bucket: recipe_named("isolated-tiered"),
    }
    return answer_switch(wish, ready.columns, ready.priced, recipes)


def out_of_main(usdt: float, bucket: str = "new") -> ToIsolated:
    return ToIsolated(account="main", bucket=bucket, listings=(LISTING,), collateral={"USDT": usdt})


def test_a_bucket_goes_into_an_account_that_stays_above_initial() -> None:
    answer = asked(ToCross(bucket="short", account="main"), desk())
    assert answer.is_allowed
    assert [str(name) for name in answer.after.account_ids] == ["main", "other"]
    (side,) = answer.sides
    # Nine coins net at one twentieth, and five of the other coin.
    assert side.initial.requirement == D(27_000) + D(750)


def test_a_bucket_that_its_account_cannot_carry_stays_where_it_is() -> None:
    # Alone the account needs 30,000 and has it; with the bucket's long it needs 33,000 of 32,100.
    held = book(
        account("main", "bybit", {"BTC/USDT:USDT": 10}, {"USDT": 30_100}, recipe="cross-tiered"),
        account(
            "long",
            "bybit",
            {"BTC/USDT:USDT": 1},
            {"USDT": 2_000},
            recipe="isolated-tiered",
            parent="main",
            mode="isolated",
        ),
    )
    answer = asked(ToCross(bucket="long", account="main"), held)
    assert not answer.is_allowed
    (reason,) = answer.against
    assert reason.startswith("main: ")
    assert "initial takes 33000" in reason


def test_a_position_needs_collateral_for_its_own_initial_to_be_isolated() -> None:
    assert not asked(out_of_main(29_999), desk()).is_allowed
    too_little = asked(out_of_main(29_999), desk()).against
    assert [reason.split(":")[0] for reason in too_little] == ["new"]
    # The low price of a coin counts for new credit, so a little more than the requirement is due.
    assert asked(out_of_main(30_100), desk()).is_allowed


def test_an_account_may_not_give_away_what_the_rest_of_it_needs() -> None:
    answer = asked(out_of_main(99_900), desk())
    assert not answer.is_allowed
    assert [reason.split(":")[0] for reason in answer.against] == ["main"]


def test_orders_in_the_listing_go_with_the_position_and_count_in_the_bucket() -> None:
    order = {
        "id": "1",
        "listing": "BTC/USDT:USDT",
        "side": "buy",
        "contracts": "10",
        "limit_price": "60000",
    }
    answer = asked(out_of_main(31_000), desk(orders=[order]))
    assert not answer.is_allowed
    bucket = next(side for side in answer.sides if side.account_id == "new")
    assert bucket.initial.requirement is not None
    assert bucket.initial.requirement > 59_000


def test_a_figure_that_cannot_be_told_stands_against_the_switch() -> None:
    from tests.rulebook.books import market_json  # noqa: PLC0415 - only here

    over = read(market_json(marks={LISTING: None}))
    answer = asked(ToCross(bucket="short", account="main"), desk(), over)
    assert not answer.is_allowed
    assert "cannot be told" in answer.against[0]
    assert "BTC/USDT" in answer.against[0]


@pytest.mark.parametrize(
    ("wish", "words"),
    [
        (out_of_main(200_000), "has 100000 free, less than 200000"),
        (out_of_main(-1), "no amount above 0"),
        (out_of_main(float("nan")), "no amount above 0"),
        (out_of_main(1, bucket="main"), "taken out of"),
        (out_of_main(1, bucket="other"), None),
        (ToCross(bucket="short", account="short"), "into itself"),
        (ToCross(bucket="nobody", account="main"), "no account is called 'nobody'"),
        (
            ToIsolated(account="main", bucket="new", listings=(), collateral={}),
            "name at least one",
        ),
        (
            ToIsolated(account="main", bucket="new", listings=("bybit:X",), collateral={}),
            "knows no bybit:X",
        ),
        (
            ToIsolated(account="other", bucket="new", listings=(LISTING,), collateral={"BTC": 1.0}),
            "other holds no",
        ),
        (
            ToIsolated(account="main", bucket="new", listings=(LISTING,), collateral={"XYZ": 1.0}),
            "no such asset",
        ),
    ],
)
def test_what_the_book_does_not_hold_is_refused(wish: SwitchWish, words: str | None) -> None:
    ready = prepared(desk())
    if words is None:
        # A bucket of the same owner that exists gets the position added.
        assert len(switched(wish, ready.columns).account_ids) == 3
        return
    with pytest.raises(InputRefused, match=words):
        switched(wish, ready.columns)


def test_a_rulebook_without_initial_or_none_at_all_is_refused() -> None:
    ready = prepared(desk())
    wish = ToCross(bucket="short", account="main")
    with pytest.raises(InputRefused, match="no rulebook is given for main"):
        answer_switch(wish, ready.columns, ready.priced, {})


@settings(max_examples=15, deadline=None)
@given(usdt=st.integers(1, 100_000))
def test_there_and_back_again_is_the_book_as_it_was(usdt: int) -> None:
    """Isolated and back: the same holdings, the same figures, and the third account untouched."""
    ready = prepared(desk())
    there = switched(out_of_main(float(usdt)), ready.columns)
    back = switched(ToCross(bucket="new", account="main"), there)
    assert [str(name) for name in back.account_ids] == [
        str(name) for name in ready.columns.account_ids
    ]
    for recipe in ("cross-tiered", "house"):
        first, middle, last = (
            assess_pockets(recipe_named(recipe), each, ready.priced).summary
            for each in (ready.columns, there, back)
        )
        for name, level in first.levels.items():
            assert level.requirement.tobytes() == last.levels[name].requirement.tobytes()
            assert level.equity.tobytes() == last.levels[name].equity.tobytes()
            untouched = middle.levels[name].buffer[1:3]
            assert untouched.tobytes() == level.buffer[1:3].tobytes()
        np.testing.assert_array_equal(first.net_liquidation.sum(), middle.net_liquidation.sum())


def test_the_public_question_uses_each_sides_own_rulebook() -> None:
    answer = crossmargin.switch_mode(desk(), market(), ToCross(bucket="short", account="main"))
    assert answer.is_allowed
    with pytest.raises(InputRefused, match="main is no isolated bucket"):
        crossmargin.switch_mode(desk(), market(), ToCross(bucket="main", account="other"))
