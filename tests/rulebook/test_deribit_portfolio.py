"""Deribit's matrix on the figures of two recorded answers: a position that follows ether."""

import numpy as np
import pytest

from crossmargin.domain.book import Book
from crossmargin.rulebook.assess import batches
from crossmargin.rulebook.charge.scan import Component, scan_ticks
from crossmargin.rulebook.rate import FromParameter
from crossmargin.rulebook.run import Run, reporting_rows
from crossmargin.rulebook.shaping import Damping, RangeShare, Shape
from crossmargin.wire.recipes import bundled_recipe
from tests.rulebook.books import account, book, figures, prepared, recipe_named
from tests.rulebook.trees import node

ETHER = 0.99949
PRICE = 3_000.0
RANGE, EXTENDED = 0.18, 8

SHORT = book(
    account("a", positions={"ETH/USD:ETH": f"-{ETHER * PRICE:.2f}"}, balances={"USDC": 5_000})
)
SHARE = RangeShare(range=FromParameter(name="price_range"))
DAMPED = Damping(range=FromParameter(name="price_range"), allowance=FromParameter(name="dampener"))


def cells(held: Book, shape: Shape | None = None) -> np.ndarray:
    """(scenarios,) dollars of the one position in every cell, as `shape` lets it count."""
    recipe, ready = recipe_named("deribit-portfolio"), prepared(held)
    run = Run(
        terms=recipe.terms,
        priced=ready.priced,
        reporting="USD",
        reporting_row=reporting_rows(ready.columns.universe, "USD"),
        tick_exponent=-14,
    )
    (context,) = batches(recipe, ready.columns, run, explain=False)
    only = Component(by="underlying", shape=shape)
    return scan_ticks(context, "matrix", (only,), "underlying").ticks[0] * 2.0**-14


def test_at_the_edges_a_short_ether_shows_what_was_recorded() -> None:
    """-0.15246 ether at +18 % and 0.21940 at -18 %, in ether at the shocked price."""
    standard = cells(SHORT)[:-EXTENDED]
    assert len(standard) == 27
    assert standard[-1] / (PRICE * (1 + RANGE)) == pytest.approx(-0.15246, abs=1e-5)
    assert standard[0] / (PRICE * (1 - RANGE)) == pytest.approx(0.21940, abs=1e-5)


def test_beyond_the_range_it_shows_exactly_what_it_shows_at_the_edge() -> None:
    """0.21940 twice and -0.15246 six times: a fraction range / |move| of the profit or loss."""
    beyond = cells(SHORT, SHARE)[-EXTENDED:]
    edge = ETHER * PRICE * RANGE
    np.testing.assert_allclose(beyond, [edge] * 2 + [-edge] * 6, atol=0.001)
    assert beyond[0] / (PRICE * (1 - RANGE)) == pytest.approx(0.21940, abs=1e-5)
    assert beyond[-1] / (PRICE * (1 + RANGE)) == pytest.approx(-0.15246, abs=1e-5)


def test_the_dampener_leaves_nothing_of_a_small_position_beyond_the_range() -> None:
    assert cells(SHORT, DAMPED)[-EXTENDED:].tolist() == [0.0] * EXTENDED
    (found,) = figures("deribit-portfolio", SHORT)
    worst = node(found, "worst_case", "initial")
    assert worst.driver is not None
    assert worst.driver.startswith("price +18 %")
    assert float(worst.amount or 0) == pytest.approx(ETHER * PRICE * RANGE, abs=0.01)


def test_the_roll_shock_of_a_perpetual_is_the_least_and_maintenance_four_fifths() -> None:
    (found,) = figures("deribit-portfolio", SHORT)
    roll = node(found, "roll_shock", "initial").amount
    assert float(roll or 0) == pytest.approx(ETHER * PRICE * 0.005, abs=0.01)
    risk = ETHER * PRICE * (RANGE + 0.005)
    assert float(found.trees["maintenance"][1].amount or 0) == pytest.approx(0.8 * risk, abs=0.02)


def test_a_large_short_wing_is_driven_by_the_extended_table() -> None:
    """A hundred thousand calls: the share range / |move| of each loss, less the dampener."""
    wing = book(account("a", positions={"ETH/USD:ETH-261225-3500-C": -100_000}))
    moves = np.array([0.66, 0.33, 0.5, 1.0, 2.0, 3.0, 4.0, 5.0])
    losses = -cells(wing)[-EXTENDED:] * RANGE / moves
    losses -= np.minimum((moves / RANGE - 1.0) * 200_000, losses)
    (found,) = figures("deribit-portfolio", wing)
    worst = node(found, "worst_case", "initial")
    assert worst.driver == f"price +{100 * moves[losses.argmax()]:.0f} %, vol up"
    assert float(worst.amount or 0) == pytest.approx(losses.max(), abs=0.01)


def test_a_gain_in_one_currency_offsets_another_by_its_share() -> None:
    """Of a gain in ether 0.6 counts, of one in bitcoin nothing."""

    def needed(positions: dict[str, int]) -> float:
        (found,) = figures("deribit-portfolio", book(account("a", positions=positions)))
        return float(node(found, "worst_case", "initial").amount or 0)

    bitcoin, ether = needed({"BTC/USD:BTC": 60_000}), needed({"ETH/USD:ETH": -60_000})
    assert (bitcoin, ether) == (pytest.approx(9_600, abs=0.01), pytest.approx(10_800, abs=0.01))
    both = needed({"BTC/USD:BTC": 60_000, "ETH/USD:ETH": -60_000})
    # Down: 9,600 lost and 10,800 gained, of which 6,480 count. Up: 10,800 lost and nothing else.
    assert both == pytest.approx(10_800, abs=0.01)


def test_a_gain_offsets_no_more_than_the_currencys_limit_in_dollars() -> None:
    """300 million of ether short gains 54 million at -18 %: 32.4 count by share, 20 by limit."""
    long, short = {"BTC/USD:BTC": 1_000_000_000}, {"ETH/USD:ETH": -300_000_000}

    def lost(**overrides: object) -> float:
        (found,) = figures(
            bundled_recipe("deribit-portfolio", overrides),
            book(account("a", positions={**long, **short})),
        )
        return float(node(found, "worst_case", "initial").amount or 0)

    assert lost() == pytest.approx(160e6 - 20e6, abs=1)
    unlimited = {"BTC": 0.0, "ETH": 1e12}
    # The perpetual stands above the index, so that its coins are a few fewer.
    assert lost(gain_most=unlimited) == pytest.approx(160e6 - 32.4e6, abs=1e4)


def test_the_coins_of_a_covered_call_stand_in_the_matrix_with_it() -> None:
    calls = {"BTC/USD:BTC-261225-70000-C": -10}
    (naked,) = figures("deribit-portfolio", book(account("a", positions=calls)))
    (covered,) = figures(
        "deribit-portfolio", book(account("a", positions=calls, balances={"BTC": 3}))
    )
    alone, hedged = (node(each, "worst_case", "initial").amount for each in (naked, covered))
    assert alone is not None
    assert hedged is not None
    # Both are worst at +16 %, where three coins gain 28,800 dollars.
    assert float(alone - hedged) == pytest.approx(28_800, abs=0.01)
