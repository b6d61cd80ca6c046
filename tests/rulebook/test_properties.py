"""What holds of every recipe and any book: nobody's figures depend on how or beside whom they are
asked for.
"""

from functools import cache

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crossmargin.rulebook.pocket import Pockets
from crossmargin.rulebook.standing import STANDINGS, Standing
from crossmargin.wire.market import MarketInput
from tests.rulebook.books import (
    NINE,
    OPTIONS,
    PERPETUALS,
    account,
    assessed,
    book,
    figures,
    level,
    market_json,
    read,
    requirement,
)
from tests.rulebook.drawn import accounts
from tests.rulebook.tiny import GROSS, tiny

FEW = settings(max_examples=12)
COHERENT = ("greeks", "historical-es", "house")
"""Scan loss and expected shortfall over plainly added changes, and nothing else."""


def columns(found: Pockets, row: int) -> list[float]:
    """All figures of one account, as they are compared bit for bit."""
    summary = found.summary
    own = [float(summary.net_liquidation[row]), float(summary.standing[row])]
    for each in summary.levels.values():
        own += [float(each.equity[row]), float(each.requirement[row])]
    return own


@FEW
@given(held=st.tuples(accounts("a"), accounts("b"), accounts("c")))
def test_an_account_alone_has_the_figures_it_has_among_others(held: tuple[dict, ...]) -> None:
    alone = [book(own) for own in held]
    together = book(*held)
    for name in NINE:
        found = assessed(name, together)
        for row, own in enumerate(alone):
            expected = columns(assessed(name, own), 0)
            np.testing.assert_array_equal(columns(found, row), expected, name)


@FEW
@given(own=accounts(), data=st.data())
def test_the_order_and_the_splitting_of_positions_change_nothing(
    own: dict, data: st.DataObject
) -> None:
    pieces = []
    for row in own["positions"]:
        whole = int(row["contracts"])
        part = data.draw(st.integers(min(whole, 0), max(whole, 0)))
        pieces += [{**row, "contracts": str(part)}, {**row, "contracts": str(whole - part)}]
    coins = [
        {**row, "amount": str(float(row["amount"]) / 2)} for row in own["balances"] for _ in "ab"
    ]
    pieces = data.draw(st.permutations([row for row in pieces if row["contracts"] != "0"]))
    split = {**own, "positions": pieces, "balances": coins[::-1]}
    for name in NINE:
        expected = columns(assessed(name, book(own)), 0)
        np.testing.assert_array_equal(columns(assessed(name, book(split)), 0), expected, name)


@FEW
@given(own=accounts(), data=st.data())
def test_an_exact_opposite_returns_the_former_figures(own: dict, data: st.DataObject) -> None:
    listings = [name for name in PERPETUALS if name.startswith(f"{own['venue']}:")]
    symbol = data.draw(st.sampled_from(listings)).split(":", 1)[1]
    contracts = data.draw(st.integers(1, 500))
    pair = [
        {"listing": symbol, "contracts": str(side * contracts), "entry_price": "12345.5"}
        for side in (1, -1)
    ]
    held = {**own, "positions": own["positions"] + pair}
    for name in NINE:
        expected = columns(assessed(name, book(own)), 0)
        np.testing.assert_array_equal(columns(assessed(name, book(held)), 0), expected, name)


@cache
def blind_to(listing: str) -> MarketInput:
    return read(market_json(marks={listing: None}))


@FEW
@given(own=accounts(venue="deribit"))
def test_a_position_without_a_mark_makes_figures_unavailable_and_never_smaller(own: dict) -> None:
    lost = "BTC/USD:BTC"
    blind = blind_to(f"deribit:{lost}")
    row = {"listing": lost, "contracts": "1000", "entry_price": "60000"}
    held = book({**own, "positions": [*own["positions"], row]}, {**own, "id": "b"})
    for name in NINE:
        full, partial = assessed(name, held), assessed(name, held, blind)
        lacking, beside = columns(partial, 0), columns(partial, 1)
        assert np.isnan(lacking[0]), name
        for known, found in zip(columns(full, 0)[2:], lacking[2:], strict=True):
            assert np.isnan(found) or found == known, name
        assert STANDINGS[partial.summary.standing[0]] in (
            Standing.UNAVAILABLE,
            Standing.LIQUIDATING,
            Standing.BANKRUPT,
        )
        if lost not in [each["listing"] for each in own["positions"]]:
            np.testing.assert_array_equal(beside, columns(full, 1), name)
            assert 1 not in partial.summary.reasons
        assert f"deribit:{lost} has no mark" in partial.summary.reasons[0]


@pytest.mark.parametrize("name", NINE)
def test_an_unknown_entry_price_costs_one_account_its_figures_and_no_other(name: str) -> None:
    row = {"contracts": "1000", "no_entry": True}
    held = book(
        account("a", positions={"BTC/USD:BTC": row}, balances={"BTC": 1}),
        account("b", positions={"BTC/USD:BTC": 1000}, balances={"BTC": 1}),
    )
    blind, beside = figures(name, held)
    assert level(blind).equity is None
    assert "deribit:BTC/USD:BTC has no entry price or cost" in blind.reasons
    assert level(beside).buffer is not None


@FEW
@given(first=accounts("a"), second=accounts("b"))
def test_two_books_together_need_no_more_than_apart_where_the_measure_is_coherent(
    first: dict, second: dict
) -> None:
    second = {**second, "venue": first["venue"]}
    second["positions"] = [
        row
        for row in second["positions"]
        if f"{first['venue']}:{row['listing']}" in {*PERPETUALS, *OPTIONS}
    ]
    both = {
        **first,
        "positions": first["positions"] + second["positions"],
        "balances": first["balances"] + second["balances"],
    }
    for name in COHERENT:
        summary = assessed(name, book(first, second)).summary
        together = assessed(name, book(both)).summary
        rows = len(both["positions"]) + len(both["balances"])
        # One tick per row, and a cent at each root.
        slack = rows + 3 * 0.01 * 2.0**-summary.tick_exponent
        for each, own in summary.levels.items():
            assert together.levels[each].requirement[0] <= own.requirement.sum() + slack, name


@FEW
@given(own=accounts(), factor=st.sampled_from([2, 4, 8]))
def test_a_scan_of_a_book_so_many_times_as_large_is_so_many_times_as_large(
    own: dict, factor: int
) -> None:
    larger = {
        **own,
        "positions": [
            {**row, "contracts": str(factor * int(row["contracts"]))} for row in own["positions"]
        ],
        "balances": [
            {**row, "amount": str(factor * float(row["amount"]))} for row in own["balances"]
        ],
    }
    for name in COHERENT:
        once, more = assessed(name, book(own)).summary, assessed(name, book(larger)).summary
        cent = 0.01 * 2.0**-once.tick_exponent
        slack = (factor + 1) * (len(own["positions"]) * 4 + len(own["balances"]) + 2 * cent)
        for each, level_columns in once.levels.items():
            grown = more.levels[each].requirement[0]
            assert abs(grown - factor * level_columns.requirement[0]) <= slack, name


@FEW
@given(own=accounts())
def test_one_more_scenario_never_needs_less(own: dict) -> None:
    def scanned(moves: str) -> float:
        grid = f'[scenarios.grid]\nkind = "grid"\nprice_move = {moves}\nvol = ["same"]'
        text = tiny('{ charge = "scan_loss", scenarios = "grid" }', grid)
        return float(assessed(text, book(own)).summary.levels["maintenance"].requirement[0])

    few, more = scanned("[-0.1, 0.1]"), scanned("[-0.1, 0.1, -0.3, 0.25]")
    assert 0.0 <= few <= more


@pytest.mark.parametrize("size", [10, 300, 5_000])
def test_a_charge_by_size_grows_faster_than_the_size(size: int) -> None:
    def needed(thousands: int) -> float:
        return requirement(
            "deribit-standard", account("a", positions={"BTC/USD:BTC": 1000 * thousands})
        )

    assert needed(2 * size) >= 2 * needed(size) > 0.0


@pytest.mark.parametrize("name", NINE)
@pytest.mark.parametrize("asset", ["BTC", "ETH", "USDT", "stETH", "SOL"])
def test_more_coins_are_never_worth_less_and_never_more_than_their_price(
    name: str, asset: str
) -> None:
    amounts = [-3.0, -1.0, 0.0, 0.5, 1.0, 2.0, 4.0, 1_000.0]
    held = book(*(account(f"{i}", balances={asset: x}) for i, x in enumerate(amounts) if x))
    found = assessed(name, held).summary
    for each in found.levels.values():
        equity = np.insert(each.equity, 2, 0.0)
        assert (np.diff(equity) >= 0.0).all()
        assert (equity[2:] <= np.insert(found.net_liquidation, 2, 0.0)[2:] + 1).all()
        # A debt counts in full or more.
        cent = 0.01 * 2.0**-found.tick_exponent
        assert (equity[:2] <= found.net_liquidation[:2] + cent).all()
        marginal = np.diff(equity[2:]) / np.diff(amounts[2:])
        assert (np.diff(marginal) <= 4 * cent).all()


@FEW
@given(own=accounts())
def test_equity_without_haircuts_is_cash_unrealised_profit_and_option_value(own: dict) -> None:
    full = {
        **own,
        "balances": [row for row in own["balances"] if row["asset"] not in ("SOL", "stETH")],
    }
    summary = assessed("deribit-portfolio", book(full)).summary
    cent = 0.01 * 2.0**-summary.tick_exponent
    rest = summary.net_liquidation - summary.levels["maintenance"].equity
    assert -1 <= rest[0] <= cent + len(own["positions"]) * 2 + len(own["balances"])


@pytest.mark.parametrize("name", NINE)
def test_an_empty_book_needs_nothing_and_is_healthy(name: str) -> None:
    (found,) = figures(name, book(account("empty")))
    assert found.standing is Standing.HEALTHY
    for each in found.levels:
        assert (each.equity, each.requirement, each.buffer) == (0, 0, 0)
        assert (each.utilisation, each.utilisation_reason) == (0.0, None)


def test_the_same_figures_come_out_in_batches_of_any_size(monkeypatch: pytest.MonkeyPatch) -> None:
    held = book(
        *(
            account(f"{i}", "bybit", {"BTC/USDT:USDT": i - 3, "ETH/USDT:USDT": 5 * i}, {"USDT": i})
            for i in range(7)
            if i != 3
        )
    )
    whole = assessed("house", held).summary.levels["initial"]
    monkeypatch.setattr("crossmargin.rulebook.assess.ACCOUNTS_PER_BATCH", 2)
    parts = assessed("house", held).summary.levels["initial"]
    np.testing.assert_array_equal(parts.equity, whole.equity)
    np.testing.assert_array_equal(parts.requirement, whole.requirement)


def test_a_figure_too_large_for_exact_sums_is_an_error_and_not_a_result() -> None:
    huge = {"contracts": "1e13".replace("1e13", "1" + "0" * 13), "cost": "0"}
    held = book(account("a", "bybit", {"BTC/USDT:USDT": huge}))
    with pytest.raises(ArithmeticError, match="2\\*\\*53"):
        assessed(tiny(GROSS), held)
