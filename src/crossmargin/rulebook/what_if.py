"""What a candidate trade changes: R(book + trade) - R(book) and the same of the buffer, level by
level.
"""

from dataclasses import dataclass
from decimal import Decimal
from typing import final

from crossmargin.rulebook.figures import level_figures, unit_of
from crossmargin.rulebook.pocket import Pockets
from crossmargin.rulebook.standing import STANDINGS, Standing
from crossmargin.rulebook.statement_types import LevelFigures


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class LevelChange:
    """One level before and after. Increments are after less before, None where one is unavailable.

    `requirement_increment` is the trade's own margin: negative for a hedge. `marginal_requirement`
    is the increment per unit of trade of a thousandth of it, scaled up: what the first small part
    costs at the rate at which it costs.
    """

    name: str
    before: LevelFigures
    after: LevelFigures
    requirement_increment: Decimal | None
    buffer_increment: Decimal | None
    marginal_requirement: Decimal | None


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """What a trade does to one account under its rulebook."""

    account_id: str
    recipe: str
    reporting: str
    standing_before: Standing
    standing_after: Standing
    net_liquidation_increment: Decimal | None
    levels: tuple[LevelChange, ...]


MARGINAL_SHARE = Decimal("0.001")
"""The part of a trade that its marginal figure is taken of."""


def change_of(
    account_id: str, before: Pockets, after: Pockets, nudged: Pockets, account: int
) -> Change:
    """The change of one account between three evaluations of the same recipe.

    `nudged` holds `MARGINAL_SHARE` of the trade.
    """
    first, last = before.summary, after.summary
    unit = unit_of(first)
    levels = []
    for name in first.levels:
        own = level_figures(first, first.levels[name], account)
        then = level_figures(last, last.levels[name], account)
        small = level_figures(nudged.summary, nudged.summary.levels[name], account)
        slope = _difference(small.requirement, own.requirement)
        levels.append(
            LevelChange(
                name=name,
                before=own,
                after=then,
                requirement_increment=_difference(then.requirement, own.requirement),
                buffer_increment=_difference(then.buffer, own.buffer),
                marginal_requirement=None if slope is None else slope / MARGINAL_SHARE,
            )
        )
    return Change(
        account_id=account_id,
        recipe=first.recipe.name,
        reporting=first.reporting,
        standing_before=STANDINGS[int(first.standing[account])],
        standing_after=STANDINGS[int(last.standing[account])],
        net_liquidation_increment=_difference(
            unit.amount(float(last.net_liquidation[account])),
            unit.amount(float(first.net_liquidation[account])),
        ),
        levels=tuple(levels),
    )


def _difference(after: Decimal | None, before: Decimal | None) -> Decimal | None:
    return None if after is None or before is None else after - before
