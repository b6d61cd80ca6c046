"""Whether a change of a book raises the loss of any scenario: what tells reducing from shrinking.

Selling a hedge makes a book smaller and riskier. So an act that reduces risk is one after which no
scenario loses more, whatever the rulebook charges for it.
"""

from collections.abc import Iterator
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from crossmargin.domain.asset import AssetClass
from crossmargin.domain.columns import BookColumns
from crossmargin.domain.universe import Universe
from crossmargin.rulebook.assess import batches
from crossmargin.rulebook.context import Context
from crossmargin.rulebook.recipe import Recipe
from crossmargin.rulebook.run import PricedMarket, Run, reporting_rows
from crossmargin.scenario.assemble import assemble
from crossmargin.scenario.scenario_set import ScenarioSet, VolRule, VolShock
from crossmargin.valuation.reported import reported_change

F8: TypeAlias = NDArray[np.float64]

DOLLAR = "USD"
PRICE_MOVES = (-0.8, -0.5, -0.25, -0.1, -0.03, 0.0, 0.03, 0.1, 0.25, 0.5, 1.0, 2.0)
VOL_MOVES = (-0.25, 0.0, 0.5)
MONEY = (AssetClass.FIAT, AssetClass.STABLECOIN)
ALONE = ("grid", "basis")
"""Kinds of families that a rulebook looks at risk unit by risk unit, not all moving together."""


def losses_rise(
    recipe: Recipe, book: BookColumns, priced: PricedMarket, reference: NDArray[np.int64]
) -> NDArray[np.bool_]:
    """(accounts,) whether account k loses more in any scenario than account `reference[k]` does.

    Scenarios: a grid of price and vol moves, the same for every rulebook, and the families of
    `recipe`. Losses are compared per risk unit, and over the whole
    account in the recipe's families that move everything together. True where something changed
    that cannot be valued: what is not known is not a reduction.
    """
    run = Run(
        terms=recipe.terms,
        priced=priced,
        reporting=DOLLAR,
        reporting_row=reporting_rows(book.universe, DOLLAR),
        tick_exponent=recipe.terms.tick_exponent(DOLLAR),
    )
    (context,) = batches(recipe, book, run, explain=False)
    rises = np.zeros(book.accounts_count, dtype=np.bool_)
    for change, joint in _families(recipe, run):
        units = run.risk_unit[book.universe.underlying]
        rises |= _rises(context, change, units, reference)
        if joint:
            rises |= _rises(context, change, np.zeros_like(units), reference)
    return rises


def _families(recipe: Recipe, run: Run) -> Iterator[tuple[F8, bool]]:
    """(instruments, scenarios) change in ticks per contract, NaN where unknown; whether joint."""
    scenarios = common_moves(run.universe, run.priced)
    arrays = run.valued.risk(scenarios, "model")
    _, change = reported_change(
        run.universe, run.market.index, arrays, scenarios, run.reporting_row, shocked=True
    )
    yield change * 2.0**-run.tick_exponent, False
    for name in sorted(recipe.terms.scenarios):
        scan = run.scan(name)
        unknown = np.where(scan.missing[:, None], np.nan, scan.change)
        yield unknown, recipe.terms.scenarios[name]["kind"] not in ALONE


def common_moves(universe: Universe, priced: PricedMarket) -> ScenarioSet:
    """The scenarios that every reduction is held against: all that is no money by each price move,
    at each vol move.
    """
    grid = [(price, vol) for price in PRICE_MOVES for vol in VOL_MOVES]
    moves = [
        code not in priced.assets or priced.assets[code].asset_class not in MONEY
        for code in universe.assets
    ]
    everywhere = (len(universe.assets), len(grid))
    return assemble(
        "reduction",
        universe.assets,
        universe.venues,
        [f"price {price:+.0%}, vol {vol:+.0%}" for price, vol in grid],
        ["grid"] * len(grid),
        spot_move=np.outer(np.array(moves, dtype=np.float64), [price for price, _ in grid]),
        vol_move=np.broadcast_to(np.array([vol for _, vol in grid]), everywhere),
        vol_rules=[VolRule(shock=VolShock.RELATIVE)] * len(grid),
    )


def _rises(
    context: Context, change: F8, units: NDArray[np.int64], reference: NDArray[np.int64]
) -> NDArray[np.bool_]:
    """(accounts,) whether any group loses more in any scenario than the same group of its
    reference.

    What cannot be valued is left out of both where it did not change.
    """
    count, instruments = context.accounts_count, context.run.universe.instruments_count
    held = np.zeros((count, instruments))
    for name in ("positions", "balances"):
        block = context.block(name)
        np.add.at(held, (block.account, block.instrument), block.contracts)
    unknown = np.isnan(change).any(axis=1)
    lost = ((held != held[reference]) & unknown).any(axis=1)
    used = np.flatnonzero(held.any(axis=0) & ~unknown)
    total = np.zeros((count, int(units.max(initial=0)) + 1, change.shape[1]))
    for row in used:
        total[:, units[row]] += np.rint(held[:, row, None] * change[row])
    loss = np.maximum(-total, 0.0)
    return np.asarray(lost | (loss > loss[reference]).any(axis=(1, 2)))
