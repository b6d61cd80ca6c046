"""The four columns, which are never mixed; what is lost with whom; the venue's word beside ours."""

from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from crossmargin.api import statement_of
from crossmargin.domain.book import Book
from crossmargin.rulebook.standing import Standing
from crossmargin.rulebook.statement_types import Column, Statement
from tests.rulebook.books import account, book, level, market_json, prepared, read

D = Decimal
NAMES = ("venue", "house_silo", "house_enforceable", "house_everything")


def netting_set(name: str, members: list[str], opinion: str) -> dict[str, Any]:
    return {
        "id": name,
        "members": members,
        "counterparty_legal_entity": "a venue",
        "agreement": "its terms",
        "close_out_netting_opinion": opinion,
        **({"opinion_date": "2026-01-01", "opinion_law": "a law"} if opinion == "yes" else {}),
    }


def hedged(opinion: str = "yes", mode: str = "cross") -> Book:
    """Ten coins long and ten short at one venue, in two accounts of one set; a third account."""
    return book(
        account("long", "bybit", {"BTC/USDT:USDT": 10}, {"USDT": 200_000}, recipe="cross-tiered"),
        account(
            "short",
            "bybit",
            {"BTC/USDT:USDT": -10},
            {"USDT": 150_000},
            recipe="cross-tiered",
            **({"parent": "long", "mode": mode} if mode == "isolated" else {}),
        ),
        account(
            "other", "deribit", {"BTC/USD:BTC": -60_000}, {"BTC": 2}, recipe="deribit-standard"
        ),
        netting_sets=[netting_set("both", ["long", "short"], opinion)]
        if mode == "cross"
        else [netting_set("both", ["long"], opinion)],
    )


def stated(held: Book, recipe: str | None = None, **more: Any) -> Statement:
    return statement_of(
        prepared(held, more.pop("over", None)), recipe, None, explain=False, liquidation=False
    )


def columns(statement: Statement) -> dict[str, Column]:
    return {column.name: column for column in statement.columns}


def needed(column: Column) -> dict[str, Decimal | None]:
    return {row.account_id: level(row, "initial").requirement for row in column.rows}


def test_there_are_four_columns_and_three_differences_that_add_up() -> None:
    statement = stated(hedged())
    assert tuple(columns(statement)) == NAMES
    first, *_, last = statement.columns
    benefits = (
        statement.model_difference,
        statement.enforceable_benefit,
        statement.aspirational_benefit,
    )
    assert None not in benefits
    assert first.locked is not None
    assert last.locked is not None
    assert sum((each for each in benefits if each is not None), D(0)) == first.locked - last.locked


def test_the_first_column_is_each_venues_rulebook_and_the_rest_the_house_model() -> None:
    found = columns(stated(hedged()))
    assert {row.account_id: row.recipe for row in found["venue"].rows} == {
        "long": "cross-tiered",
        "short": "cross-tiered",
        "other": "deribit-standard",
    }
    for name in NAMES[1:]:
        assert {row.recipe for row in found[name].rows} == {"house"}
    assert "not available as collateral" in found["house_everything"].label


def test_accounts_are_pooled_where_a_legal_opinion_says_so() -> None:
    found = columns(stated(hedged("yes")))
    silo, pooled = needed(found["house_silo"]), needed(found["house_enforceable"])
    assert set(pooled) == {"both", "other"}
    assert pooled["other"] == silo["other"]
    assert silo["long"] is not None
    assert pooled["both"] is not None
    # Opposite positions at one venue: nothing is left but the tether that both hold.
    assert pooled["both"] < D("0.15") * silo["long"]


@pytest.mark.parametrize("opinion", ["no", "untested"])
def test_without_an_opinion_a_set_is_an_economic_view_only(opinion: str) -> None:
    statement = stated(hedged(opinion))
    found = columns(statement)
    assert needed(found["house_enforceable"]) == needed(found["house_silo"])
    assert statement.enforceable_benefit == 0
    assert statement.aspirational_benefit is not None
    assert statement.aspirational_benefit > 0


def test_an_isolated_bucket_is_pooled_with_nobody() -> None:
    """Not one unit of a bucket comes from its parent, nor of the parent from the bucket."""
    found = columns(stated(hedged("yes", "isolated")))
    assert needed(found["house_enforceable"]) == needed(found["house_silo"])


def test_a_shortfall_is_of_silos_and_a_surplus_elsewhere_never_covers_it() -> None:
    held = book(
        account("poor", "bybit", {"BTC/USDT:USDT": 10}, {"USDT": 3_000}, recipe="cross-tiered"),
        account("rich", "bybit", {"BTC/USDT:USDT": 1}, {"USDT": 10**7}, recipe="cross-tiered"),
    )
    statement = stated(held)
    found = columns(statement)
    poor, _ = found["venue"].rows
    assert poor.account_id == "poor"
    assert poor.standing is Standing.LIQUIDATING
    buffer = level(poor).buffer
    assert buffer is not None
    assert found["venue"].shortfall == -buffer
    assert found["venue"].nearest == "poor"
    assert found["house_everything"].shortfall == 0


def test_a_figure_that_is_missing_is_missing_in_every_sum() -> None:
    blind = read(market_json(marks={"bybit:BTC/USDT:USDT": None}))
    statement = stated(hedged(), over=blind)
    found = columns(statement)
    assert (found["venue"].locked, found["venue"].shortfall) == (None, None)
    assert (statement.model_difference, statement.enforceable_benefit) == (None, None)
    (other,) = [row for row in found["venue"].rows if row.account_id == "other"]
    assert level(other).buffer is not None


REPORTED = {
    "currency": "USDT",
    "source": "the venue",
    "figures": {"equity": "200000", "initial": "30000", "maintenance": "2000"},
    "liquidation_prices": {"BTC/USDT:USDT": "41000"},
}


def test_what_the_venue_reports_stands_beside_ours_and_moves_nothing() -> None:
    def found(reported: dict[str, Any] | None) -> Statement:
        own = account(
            "a",
            "bybit",
            {"BTC/USDT:USDT": 10},
            {"USDT": 200_000},
            recipe="cross-tiered",
            **({} if reported is None else {"reported": reported}),
        )
        return statement_of(prepared(book(own)), None, None, explain=True, liquidation=True)

    without = found(None)
    for reported in (REPORTED, {**REPORTED, "figures": {"equity": "-1", "initial": "1000000"}}):
        beside = found(reported)
        (row,) = beside.columns[0].rows
        assert row.reported
        (bare,) = without.columns[0].rows
        assert replace(row, reported=()) == bare
        assert beside.columns[1:] == without.columns[1:]
        assert beside.inputs_hash == without.inputs_hash
        assert beside.losses == without.losses


def test_the_difference_and_its_tolerance_are_shown() -> None:
    own = account(
        "a",
        "bybit",
        {"BTC/USDT:USDT": 10},
        {"USDT": 200_000},
        recipe="cross-tiered",
        reported=REPORTED,
    )
    statement = statement_of(prepared(book(own)), None, None, explain=False, liquidation=True)
    (row,) = statement.columns[0].rows
    by_name = {each.name: each for each in row.reported}
    equity, maintenance = by_name["equity"], by_name["maintenance"]
    assert (equity.ours, equity.reported, equity.within) == (D(200_000), D(200_000), True)
    assert maintenance.within is False
    assert maintenance.ours is not None
    assert maintenance.difference == maintenance.ours - 2_000
    price = by_name["liquidation price bybit:BTC/USDT:USDT"]
    assert price.ours is not None
    assert 40_000 < price.ours < 42_000


def test_what_is_lost_with_a_place_or_an_issuer() -> None:
    held = book(
        account(
            "a",
            "bybit",
            {"BTC/USDT:USDT": 1},
            recipe="cross-tiered",
            held=[
                {"asset": "USDT", "amount": "3000"},
                {"asset": "stETH", "amount": "10", "custodian": "vault", "chain": "ethereum"},
            ],
        ),
        account("b", "okx", {"BTC/USDT:USDT": 100}, {"USDT": 500}, recipe="cross-tiered"),
    )
    losses = {(loss.kind, loss.name): loss for loss in stated(held).losses}
    assert {key for key in losses if key[0] != "issuer"} == {
        ("venue", "bybit"),
        ("venue", "okx"),
        ("chain", "ethereum"),
        ("custodian", "vault"),
        ("wrapper", "stETH"),
    }
    # Without the coins in the vault the tether still covers 240 dollars of maintenance and more.
    vault = losses["custodian", "vault"]
    assert (vault.credit_lost, vault.shortfalls) == (D(29_850), {})
    # Without okx, okx falls short by all that it needs; bybit does not notice.
    assert losses["venue", "okx"].shortfalls == {"b": D("250.05")}
    assert "a" in losses["venue", "bybit"].shortfalls
    tether = losses["issuer", "Tether"]
    assert tether.credit_lost == D(3_500)
    assert set(tether.shortfalls) == {"b"}
    assert ("issuer", "Lido") in losses
    assert losses["wrapper", "stETH"].credit_lost == vault.credit_lost


def test_a_shortfall_that_was_there_before_is_not_blamed_on_the_loss() -> None:
    held = book(
        account(
            "a", "bybit", {"BTC/USDT:USDT": 10}, {"USDT": 100, "USDC": 100}, recipe="cross-tiered"
        )
    )
    losses = {(loss.kind, loss.name): loss for loss in stated(held).losses}
    usual = columns(stated(held))["venue"].shortfall
    assert usual is not None
    assert losses["issuer", "Circle"].shortfalls == {"a": usual + 100}
    without = book(account("a", "bybit", {"BTC/USDT:USDT": 10}, recipe="cross-tiered"))
    assert stated(without).losses == ()
