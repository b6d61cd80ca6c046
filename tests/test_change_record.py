"""A trade's own margin on record: what nobody can change later, and what a shown book confirms."""

import json
from dataclasses import asdict, replace
from decimal import Decimal
from typing import Any

import pytest

import crossmargin
from crossmargin.api.change_record import (
    ChangeRecord,
    change_record,
    opened_failures,
    record_failures,
)
from crossmargin.base.failure import InputRefused
from crossmargin.domain.book import Book
from crossmargin.wire.market import MarketInput

KEY = b"a secret of the desk that holds it"
CALL = {"listing": "BTC/USD:BTC-261225-100000-C", "contracts": "10", "entry_price": "0.02"}
PUT = {"listing": "BTC/USD:BTC-261225-60000-P", "contracts": "-5", "entry_price": "0.05"}


@pytest.fixture(scope="module")
def market() -> MarketInput:
    return crossmargin.load_market("examples/market.json")


@pytest.fixture(scope="module")
def book(market: MarketInput) -> Book:
    return crossmargin.load_book("examples/fund.json", market)


@pytest.fixture(scope="module")
def record(book: Book, market: MarketInput) -> ChangeRecord:
    return change_record(book, market, "deribit-main", [CALL], key=KEY)


def wrong(records: list[ChangeRecord]) -> list[str]:
    return [failure.where for failure in record_failures(records)]


def test_a_record_has_the_figures_of_what_if_and_no_holding(
    book: Book, market: MarketInput, record: ChangeRecord
) -> None:
    change = crossmargin.what_if(book, market, "deribit-main", [CALL])
    for written, level in zip(record.levels, change.levels, strict=True):
        assert Decimal(written.increment or "NaN") == level.requirement_increment
        assert Decimal(written.after or "NaN") == level.after.requirement
    text = json.dumps(asdict(record))
    assert "deribit" not in text
    assert "BTC" not in text.replace(f'"reporting": "{record.reporting}"', "")


def test_by_itself_a_record_shows_what_was_changed_in_it(record: ChangeRecord) -> None:
    assert wrong([record]) == []
    level = record.levels[0]
    assert level.after is not None
    smaller = replace(level, after=str(Decimal(level.after) - 1))
    changed = replace(record, levels=(smaller, *record.levels[1:]))
    assert wrong([changed]) == ["records[0].record_hash", f"records[0].{level.name}"]
    assert wrong([replace(record, before="0" * 64)]) == ["records[0].record_hash"]


def test_records_hang_together(book: Book, market: MarketInput, record: ChangeRecord) -> None:
    following = change_record(
        book, market, "deribit-main", [PUT], key=KEY, previous=record.record_hash
    )
    assert wrong([record, following]) == []
    assert wrong([following, record]) == ["records[1].previous"]
    # The same account before either trade; only the key and the listings in sight differ.
    assert following.before != record.before


def test_what_is_shown_later_is_what_was_recorded(
    book: Book, market: MarketInput, record: ChangeRecord
) -> None:
    def shown(
        positions: list[dict[str, Any]], key: bytes = KEY, own: Book = book, **more: Any
    ) -> list[str]:
        found = opened_failures(record, own, market, "deribit-main", positions, key=key, **more)
        return [failure.where for failure in found]

    assert shown([CALL]) == []
    larger = [{**CALL, "contracts": "11"}]
    assert shown(larger) == ["record.after", "record.levels"]
    assert shown([CALL], key=KEY + b"!") == ["record.before", "record.after"]
    fewer = replace(book, balances=book.balances[:-1])
    other = {each.account_id for each in book.balances[-1:]}
    assert (shown([CALL], own=fewer) == []) == ("deribit-main" not in other)
    less = next(each for each in book.positions if each.account_id == "deribit-main")
    without = replace(book, positions=tuple(each for each in book.positions if each != less))
    assert "record.before" in shown([CALL], own=without)
    assert "record.recipe" in shown([CALL], recipe="net-delta")


def test_a_key_that_could_be_guessed_is_refused(book: Book, market: MarketInput) -> None:
    with pytest.raises(InputRefused, match="at least 16"):
        change_record(book, market, "deribit-main", [CALL], key=b"short")
