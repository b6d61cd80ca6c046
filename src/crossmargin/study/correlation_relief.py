"""How much of a requirement rests on correlations: the same recipe under each stress of them."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import final

import numpy as np
from numpy.typing import NDArray

from crossmargin.base.canonical import content_hash
from crossmargin.base.failure import Failure, InputRefused, Reason
from crossmargin.domain.columns import BookColumns
from crossmargin.market.correlation import Correlation
from crossmargin.rulebook.assess import assess
from crossmargin.rulebook.recipe import Recipe
from crossmargin.rulebook.run import PricedMarket

F8 = NDArray[np.float64]


@final
@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class CorrelationRelief:
    """(accounts,) requirement in reporting units under the correlations of the past and each stress
    of them; NaN where it is unavailable.
    """

    level: str
    requirement: Mapping[Correlation, F8]

    @property
    def worst(self) -> F8:
        """(accounts,) the largest of them all."""
        return np.asarray(np.max(list(self.requirement.values()), axis=0))

    @property
    def relief(self) -> F8:
        """(accounts,) what would be asked for in addition if the correlations of the past failed in
        the worst of the stated ways; 0 or more.
        """
        return np.asarray(self.worst - self.requirement[Correlation.ESTIMATED])

    @property
    def relief_frac(self) -> F8:
        """(accounts,) relief as a share of the worst; 0 where nothing is required."""
        worst = self.worst
        with np.errstate(invalid="ignore", divide="ignore"):
            return np.where(worst == 0.0, 0.0, self.relief / worst)


def correlation_relief(
    recipe: Recipe, book: BookColumns, priced: PricedMarket, *, level: str
) -> CorrelationRelief:
    """The requirement of `level` with every simulated family under each word of `correlation`.

    `InputRefused` for a recipe that simulates nothing: it has no correlations of its own.
    """
    scenarios = recipe.terms.scenarios
    simulated = [name for name, table in scenarios.items() if table.get("kind") == "monte_carlo"]
    if not simulated:
        message = "no family is of the kind monte_carlo: there are no correlations to stress"
        where = f"recipe {recipe.name}, scenarios"
        raise InputRefused([Failure(Reason.UNSUPPORTED, where, message)])
    found = {}
    for how in Correlation:
        changed = {name: {**scenarios[name], "correlation": how.value} for name in simulated}
        terms = replace(
            recipe.terms,
            scenarios={**scenarios, **changed},
            content_hash=content_hash(
                {"recipe": recipe.terms.content_hash, "correlation": how.value}
            ),
        )
        columns = assess(replace(recipe, terms=terms), book, priced)
        ticks = columns.levels[level].requirement
        found[how] = np.asarray(ticks * 2.0**columns.tick_exponent)
    return CorrelationRelief(level=level, requirement=found)
