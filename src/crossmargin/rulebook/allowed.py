"""Checks before an act: on the state after it, at the larger of the initial requirement and the
liquidation-cost margin.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal
from typing import TypeAlias, final

import numpy as np
from numpy.typing import NDArray

from crossmargin.domain.account import Authority
from crossmargin.domain.columns import BookColumns, OrderColumns
from crossmargin.rulebook.after_move import after_move
from crossmargin.rulebook.exposure_limit import Breach, ExposureLimit, breaches
from crossmargin.rulebook.figures import unit_of
from crossmargin.rulebook.fill_case import fill_sets, side_by_side, with_fills
from crossmargin.rulebook.move import Move, OrderMove, TransferMove, WithdrawalMove
from crossmargin.rulebook.pocket import Pockets, assess_pockets
from crossmargin.rulebook.pool import chosen, take_orders
from crossmargin.rulebook.recipe import Recipe
from crossmargin.rulebook.run import PricedMarket
from crossmargin.rulebook.scenario_loss import losses_rise
from crossmargin.rulebook.withdrawable import ClosingTerms, closing_cost, paper_value

F8: TypeAlias = NDArray[np.float64]

Careful: TypeAlias = Callable[[BookColumns], BookColumns]
"""A book -> the same with coins worth what an act may count on."""

INITIAL_BUFFER = "initial_buffer"
LIQUIDATION_COST = "liquidation_cost"
PAPER_PROFIT = "paper_profit"
UNAVAILABLE = "unavailable"
"""Names of what refuses besides the limits, which have their own."""


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class CheckTerms:
    """What an act is held against, besides the rulebook.

    `level` must have no negative buffer after the act. `offset_share` of open profit may cover open
    losses of the same settlement asset when money leaves; the rest of it and long options count for
    nothing then, unless `paper_withdrawable`. `protection_contracts`: see `with_fills`.
    """

    level: str
    closing: ClosingTerms
    offset_share: float = 1.0
    paper_withdrawable: bool = False
    protection_contracts: Mapping[str, Decimal] = field(default_factory=dict)
    limits: tuple[ExposureLimit, ...] = ()


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """Whether an act may happen, in the recipe's reporting currency.

    `limit` names what refuses, None when nothing does; `enforced` says whether that binds or only
    advises. `buffer_after` is the lowest over the cases of open orders, `case` names that case;
    None where unavailable. `reduces`: the act was allowed because it takes risk away, not because
    there is margin for it.
    """

    allowed: bool
    enforced: bool
    limit: str | None
    message: str
    buffer_before: Decimal | None
    buffer_after: Decimal | None
    case: str | None
    reduces: bool
    breaches: tuple[Breach, ...] = ()


def allowed(
    recipe: Recipe,
    priced: PricedMarket,
    before: BookColumns,
    account_id: str,
    moves: Sequence[Move],
    terms: CheckTerms,
    authority: Authority,
    *,
    venue_directed: bool = False,
    careful: Careful | None = None,
) -> Verdict:
    """The verdict on the moves of one account, together, in the state after them.

    `before` holds the account, and every other account that a limit or a transfer is about. Open
    orders are looked at in every case of `fill_sets`. With less than initial margin an order is
    allowed only if, whatever else fills, no level's buffer falls and no scenario loses more, or if
    it is `venue_directed`. Nothing else excuses a withdrawal. No argument exempts an account.

    `careful` makes of a book after the act and its fills the one that margin is computed of; limits
    look at the book itself.

    `InputRefused` for moves that make no sense, see `after_move`.
    """
    number = [str(name) for name in before.account_ids].index(account_id)
    after = after_move(before, moves)
    own_before, own_after = chosen(before, [number]), chosen(after, [number])
    names, cases = _cases(own_after, priced, terms)
    valued = cases if careful is None else [careful(case) for case in cases]
    first = own_before if careful is None else careful(own_before)
    found = assess_pockets(recipe, side_by_side([first, *valued]), priced)
    buffers = level_buffers(found, terms.level)
    limit = _margin_limit(recipe, priced, found, buffers, side_by_side(valued), moves, terms)
    reduces = False
    if limit is not None and not _leaves(moves):
        orders = [move for move in moves if isinstance(move, OrderMove)]
        reduces = reduces_risk(recipe, priced, own_before, orders, terms, careful)
        if reduces or venue_directed:
            limit = None
    broken = _broken(before, after, number, cases, priced, terms)
    if limit is None and broken:
        limit = (broken[0].limit, "; ".join(str(each) for each in broken))
    unit = unit_of(found.summary)
    worst = None if np.isnan(buffers[1:]).any() else int(np.argmin(buffers[1:]))
    return Verdict(
        allowed=limit is None,
        enforced=authority is Authority.ENFORCE,
        limit=None if limit is None else limit[0],
        message="" if limit is None else limit[1],
        buffer_before=unit.amount(float(buffers[0])),
        buffer_after=None if worst is None else unit.amount(float(buffers[1 + worst])),
        case=None if worst is None else names[worst],
        reduces=reduces,
        breaches=broken,
    )


def level_buffers(found: Pockets, level: str) -> F8:
    """(accounts,) ticks of the summary: the buffer of a level, the lowest over pockets that cannot
    help each other.
    """
    if not found.worth:
        return found.summary.levels[level].buffer
    return np.asarray(np.min([own[level].buffer for own in found.worth], axis=0))


def _cases(
    own: BookColumns, priced: PricedMarket, terms: CheckTerms
) -> tuple[list[str], list[BookColumns]]:
    sets = fill_sets(own)
    marks = priced.market.mark
    books = [with_fills(own, rows, marks, terms.protection_contracts) for _, rows in sets]
    return [name for name, _ in sets], books


def _leaves(moves: Sequence[Move]) -> bool:
    """Whether money leaves the account."""
    return any(isinstance(move, WithdrawalMove | TransferMove) for move in moves)


def _margin_limit(
    recipe: Recipe,
    priced: PricedMarket,
    found: Pockets,
    buffers: F8,
    cases: BookColumns,
    moves: Sequence[Move],
    terms: CheckTerms,
) -> tuple[str, str] | None:
    """What refuses the state after the moves for want of margin, in any case: (name, message)."""
    ticks_per_dollar = _ticks_per_dollar(found, priced)
    cost = closing_cost(cases, priced, terms.closing) * ticks_per_dollar
    paper = np.zeros(cases.accounts_count)
    if _leaves(moves) and not terms.paper_withdrawable:
        paper = paper_value(cases, priced, terms.offset_share) * ticks_per_dollar
    initial = buffers[1:]
    closing = level_buffers(found, recipe.liquidation_level)[1:] - cost
    if np.isnan(initial).any() or np.isnan(closing).any() or np.isnan(paper).any():
        words = dict.fromkeys(word for own in found.summary.reasons.values() for word in own)
        return UNAVAILABLE, "; ".join(words) or "a price, a cost or an exposure is unknown"
    if (initial < 0.0).any():
        return INITIAL_BUFFER, f"the buffer of {terms.level} would be negative"
    if (closing < 0.0).any():
        message = f"{recipe.liquidation_level} and the cost of closing would not be covered"
        return LIQUIDATION_COST, message
    if (initial < paper).any() or (closing < paper).any():
        return PAPER_PROFIT, "what would be left is profit that nobody has paid yet"
    return None


def _ticks_per_dollar(found: Pockets, priced: PricedMarket) -> float:
    summary = found.summary
    index = priced.market.index[priced.universe.assets.index(summary.reporting)]
    return float(2.0**-summary.tick_exponent / index)


def reduces_risk(
    recipe: Recipe,
    priced: PricedMarket,
    own: BookColumns,
    orders: Sequence[OrderMove],
    terms: CheckTerms,
    careful: Careful | None = None,
) -> bool:
    """Whether new orders take risk away, resting and filled, whatever else has filled before."""
    books: list[BookColumns] = []
    reference: list[int] = []
    marks = priced.market.mark
    for _, rows in fill_sets(own):
        base = with_fills(own, rows, marks, terms.protection_contracts)
        resting = after_move(base, orders)
        new = _new_rows(base, resting)
        sets = fill_sets(replace(resting, orders=_taken(resting.orders, new)))
        first = len(books)
        books.append(base)
        for _, chosen_rows in sets:
            own_rows = tuple(int(row) for row in new[list(chosen_rows)])
            books.append(with_fills(resting, own_rows, marks, terms.protection_contracts))
        reference += [first] * (1 + len(sets))
    if careful is not None:
        books = [careful(book) for book in books]
    whole, at = side_by_side(books), np.array(reference, dtype=np.int64)
    found = assess_pockets(recipe, whole, priced)
    for level in recipe.levels:
        buffer = level_buffers(found, level.name)
        if not (buffer >= buffer[at]).all():
            return False
    return not losses_rise(recipe, whole, priced, at).any()


def _new_rows(before: BookColumns, after: BookColumns) -> NDArray[np.int64]:
    """Rows of orders that `after` has and `before` has not."""
    left = _order_keys(before)
    new = []
    for row, key in enumerate(_order_keys(after)):
        if key in left:
            left.remove(key)
        else:
            new.append(row)
    return np.array(new, dtype=np.int64)


def _taken(orders: OrderColumns, rows: NDArray[np.int64]) -> OrderColumns:
    return take_orders(orders, rows, orders.account)


def _order_keys(book: BookColumns) -> list[tuple[float, ...]]:
    o = book.orders
    columns = (o.instrument, o.side, o.contracts, np.nan_to_num(o.limit_price, nan=-1.0), o.kind)
    return list(zip(*(column.tolist() for column in columns), strict=True))


def _broken(
    before: BookColumns,
    after: BookColumns,
    number: int,
    cases: Sequence[BookColumns],
    priced: PricedMarket,
    terms: CheckTerms,
) -> tuple[Breach, ...]:
    """The limits that the state after breaks in any case of the account's open orders."""
    if not terms.limits:
        return ()
    others = chosen(after, [each for each in range(after.accounts_count) if each != number])
    found: dict[tuple[str, str], Breach] = {}
    for case in cases:
        for breach in breaches(terms.limits, before, side_by_side([case, others]), priced):
            known = found.get((breach.limit, breach.of))
            if known is None or not breach.after <= known.after:
                found[breach.limit, breach.of] = breach
    return tuple(found.values())
