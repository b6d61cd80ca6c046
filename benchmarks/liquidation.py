"""Liquidation moves of one account of 200 positions, beside one evaluation of the same account.

    python benchmarks/liquidation.py [--rounds N]

The account holds 200 of the 1,540 options of the bundled chain, long and short in turn, and cash in
dollars of 1.5 times what its recipe's maintenance asks for. Counted is the time of all moves over
assets and directions (the joint move, up and down, counts as one asset) in evaluations: times that
of `assess` of that account alone, from an unpriced market, interleaved in the same run. Exit 3
above --must.
"""

import argparse
import statistics
import sys
from dataclasses import replace
from time import perf_counter

import numpy as np
from market_book import PLAIN_SCAN, Market, market

from crossmargin.domain.columns import BookColumns, PositionColumns
from crossmargin.kernels import backend_name
from crossmargin.rulebook.liquidation_move import OneAccount, liquidation_moves, one_account
from crossmargin.rulebook.load import load_recipe
from crossmargin.rulebook.pocket import assess_pockets
from crossmargin.rulebook.recipe import Recipe
from crossmargin.rulebook.run import PricedMarket
from crossmargin.study.generate import with_cash
from crossmargin.valuation.unit_value import unit_value
from crossmargin.wire.recipes import bundled_recipe

POSITIONS = 200
CASH_MULTIPLE = 1.5
BETAS = {"BTC": 1.0, "ETH": 1.0}


def account_of(found: Market, recipe: Recipe) -> BookColumns:
    """One account of `POSITIONS` options, evenly spread over the chain, with cash."""
    universe = found.book.universe
    instrument = np.linspace(0, universe.listings_count - 1, POSITIONS).astype(np.int64)
    contracts = np.where(np.arange(POSITIONS) % 2 == 0, 1.0, -1.5)
    mark = unit_value(universe, found.unpriced().market)[instrument]
    positions = PositionColumns(
        account=np.zeros(POSITIONS, dtype=np.int64),
        instrument=instrument,
        contracts=contracts,
        cost=contracts * mark,
        funding=np.zeros(POSITIONS),
    )
    book = BookColumns(
        universe=universe,
        account_ids=range(1),
        owner=np.zeros(1, dtype=np.int64),
        positions=positions,
        balances=found.book.balances,
        orders=found.book.orders,
    )
    columns = assess_pockets(recipe, book, found.unpriced()).summary
    level = columns.levels[recipe.liquidation_level]
    short = CASH_MULTIPLE * level.requirement - level.equity
    funded = with_cash(
        book, np.ones(1), cash_asset="USD", decimals=2, venue="deribit", seed=1
    ).balances
    cash = np.rint(short * 2.0**columns.tick_exponent)
    return replace(book, balances=replace(funded, amount=cash))


def evaluation_seconds(recipe: Recipe, alone: OneAccount) -> float:
    """One evaluation of the account from an unpriced market."""
    start = perf_counter()
    assess_pockets(recipe, alone.book, unpriced(alone.priced))
    return perf_counter() - start


def unpriced(priced: PricedMarket) -> PricedMarket:
    """The same market before anything was priced."""
    return PricedMarket(
        universe=priced.universe,
        market=priced.market,
        totals=priced.totals,
        history=priced.history,
        vol_history=priced.vol_history,
        assets=priced.assets,
    )


def measured(recipe: Recipe, found: Market, rounds: int, must: float) -> bool:
    """Print one recipe's row; whether it is within its limit."""
    book = account_of(found, recipe)
    alone = one_account(book, found.unpriced(), 0)
    moves, single = [], []
    for _ in range(rounds + 1):
        priced = found.unpriced()
        start = perf_counter()
        crossings = liquidation_moves(recipe, book, priced, 0, BETAS)
        moves.append(perf_counter() - start)
        single.append(statistics.median(evaluation_seconds(recipe, alone) for _ in range(5)))
    evaluations = statistics.median(
        taken / len(crossings) / one for taken, one in zip(moves[1:], single[1:], strict=True)
    )
    print(
        f"{recipe.terms.name:18} {len(crossings)} directions  ours"
        f" {statistics.median(moves[1:]) * 1e3:7.1f} ms"
        f"  one evaluation {statistics.median(single[1:]) * 1e3:6.2f} ms"
        f"  ratio per direction {evaluations:5.1f}  must be at most {must:g}"
    )
    for each in crossings:
        move = each.reason if each.move is None else f"{each.move:+.2%}"
        print(f"    {each.asset or 'joint':5} {each.direction:5} {move}")
    return evaluations <= must


def main() -> int:
    """Measure three recipes."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--must", type=float, default=30.0)
    options = parser.parse_args()
    print(f"{POSITIONS} positions, backend {backend_name()}")
    found = market(1_000)
    recipes = [
        load_recipe(PLAIN_SCAN),
        bundled_recipe("house"),
        bundled_recipe("deribit-portfolio"),
    ]
    within = [measured(recipe, found, options.rounds, options.must) for recipe in recipes]
    return 0 if all(within) else 3


if __name__ == "__main__":
    sys.exit(main())
