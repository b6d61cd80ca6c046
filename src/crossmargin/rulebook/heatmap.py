"""The scenario table of each account's worst underlying: what its holdings gain or lose, cell by
cell.
"""

import numpy as np

from crossmargin.domain.columns import BookColumns
from crossmargin.rulebook.assess import batches
from crossmargin.rulebook.charge.scan import EVERYTHING, scan_ticks
from crossmargin.rulebook.figures import Unit
from crossmargin.rulebook.recipe import Recipe
from crossmargin.rulebook.run import PricedMarket, Run, reporting_rows
from crossmargin.rulebook.statement_types import Heatmap


def heatmap_of(
    recipe: Recipe, family: str, book: BookColumns, priced: PricedMarket
) -> tuple[Heatmap, ...]:
    """One table per account that holds derivatives: the underlying with the largest loss in
    `family`.

    Values before loss weights and shapes, positions only, in the recipe's reporting currency.
    """
    reporting = recipe.terms.reporting
    run = Run(
        terms=recipe.terms,
        priced=priced,
        reporting=reporting,
        reporting_row=reporting_rows(book.universe, reporting),
        tick_exponent=recipe.terms.tick_exponent(reporting),
    )
    unit = Unit(recipe.terms.rounding_unit, run.tick_exponent)
    scenarios = run.scan(family).scenarios
    tables = []
    for context in batches(recipe, book, run, explain=False):
        groups = context.groups("underlying")
        scanned = scan_ticks(context, family, EVERYTHING, "underlying")
        worst = scanned.ticks.min(axis=1, initial=0.0)
        for account in range(context.accounts_count):
            own = np.flatnonzero((groups.account == account) & ~scanned.unavailable)
            if not len(own):
                continue
            group = int(own[np.argmin(worst[own])])
            row = int(groups.key[group])
            ticks = scanned.ticks[group]
            tables.append(
                Heatmap(
                    account_id=str(book.account_ids[account + context.first_account]),
                    underlying=book.universe.assets[row],
                    family=family,
                    labels=scenarios.labels,
                    price_moves=tuple(scenarios.spot_move[row].tolist()),
                    vol_moves=tuple(scenarios.vol_move[row].tolist()),
                    profit=tuple(unit.decimal(unit.whole(float(tick))) for tick in ticks),
                    worst=int(np.argmin(ticks)),
                )
            )
    return tuple(tables)
