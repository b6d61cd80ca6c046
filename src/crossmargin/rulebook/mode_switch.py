"""A position or bucket that changes its mode: allowed only where both sides stand on their own
afterwards.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import NoReturn, TypeAlias, assert_never, final

import numpy as np
from numpy.typing import NDArray

from crossmargin.base.failure import Failure, InputRefused, Reason
from crossmargin.domain.columns import BookColumns
from crossmargin.rulebook.assess import MarginColumns
from crossmargin.rulebook.figures import level_figures
from crossmargin.rulebook.pocket import assess_pockets
from crossmargin.rulebook.pool import chosen, pooled
from crossmargin.rulebook.recipe import Recipe
from crossmargin.rulebook.run import PricedMarket
from crossmargin.rulebook.statement_types import LevelFigures

INITIAL = "initial"


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class ToCross:
    """The bucket `bucket` with all that it holds goes into the account `account`."""

    bucket: str
    account: str


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class ToIsolated:
    """Positions and orders of `account` in `listings` go into `bucket`, with `collateral` (whole
    coins by asset, each > 0) out of the account's free balances. A bucket that the book has gets
    them added; another name is a new bucket.
    """

    account: str
    bucket: str
    listings: tuple[str, ...]
    collateral: Mapping[str, float]


SwitchWish: TypeAlias = ToCross | ToIsolated


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class SwitchSide:
    """One side after the switch at its initial level, per currency that stands alone."""

    account_id: str
    reporting: str
    initial: LevelFigures


@final
@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class SwitchAnswer:
    """Whether a switch may be made: `against` says what stands against it, empty for nothing.

    `after` is the book with the switch made, whether it may be made or not.
    """

    sides: tuple[SwitchSide, ...]
    against: tuple[str, ...]
    after: BookColumns

    @property
    def is_allowed(self) -> bool:
        """Nothing stands against it."""
        return not self.against


def answer_switch(
    wish: SwitchWish,
    book: BookColumns,
    priced: PricedMarket,
    recipes: Mapping[str, Recipe],
) -> SwitchAnswer:
    """Both sides after the switch, each under its own rulebook of `recipes` (by account).

    Either side must be at or above initial; a figure that is unavailable stands against it too. The
    requirement counts open orders and a side that is left empty needs nothing. `InputRefused` for
    what the book does not hold, or a rulebook without a level called initial.
    """
    after = switched(wish, book)
    names = _names(after)
    sides: list[SwitchSide] = []
    against: list[str] = []
    for name in (wish.account, wish.bucket):
        recipe = recipes.get(name)
        if recipe is None:
            message = f"no rulebook is given for {name}"
            raise InputRefused([Failure(Reason.UNKNOWN_RECIPE, "recipes", message)])
        if all(level.name != INITIAL for level in recipe.levels):
            message = f"{recipe.name} has no initial level to stay above"
            raise InputRefused([Failure(Reason.UNSUPPORTED, "recipes", message)])
        if name not in names:
            continue
        alone = chosen(after, [names.index(name)])
        for pocket in assess_pockets(recipe, alone, priced).pockets:
            side = SwitchSide(
                account_id=name,
                reporting=pocket.reporting,
                initial=level_figures(pocket, pocket.levels[INITIAL], 0),
            )
            sides.append(side)
            against += _against(side, pocket)
    return SwitchAnswer(sides=tuple(sides), against=tuple(against), after=after)


def _against(side: SwitchSide, pocket: MarginColumns) -> list[str]:
    buffer = side.initial.buffer
    if buffer is None:
        why = "; ".join(pocket.reasons.get(0, ("a figure is unavailable",)))
        return [f"{side.account_id}: initial cannot be told: {why}"]
    if buffer >= 0:
        return []
    has, needs = _text(side.initial.equity), _text(side.initial.requirement)
    return [f"{side.account_id}: {has} {side.reporting} after the switch, initial takes {needs}"]


def _text(amount: Decimal | None) -> str:
    return "n/a" if amount is None else f"{amount:f}"


def switched(wish: SwitchWish, book: BookColumns) -> BookColumns:
    """The book after the switch; every other account's rows stay as they are.

    A bucket that went into its account is no account any more.
    """
    match wish:
        case ToCross():
            return _into_account(wish, book)
        case ToIsolated():
            return _into_bucket(wish, book)
        case _:
            assert_never(wish)


def _into_account(wish: ToCross, book: BookColumns) -> BookColumns:
    bucket, account = _number(book, wish.bucket, "bucket"), _number(book, wish.account, "account")
    if bucket == account:
        _refuse("bucket", "a bucket cannot go into itself")
    if book.owner[bucket] != book.owner[account]:
        _refuse("account", f"{wish.bucket} and {wish.account} have different owners")
    left = [number for number in range(book.accounts_count) if number != bucket]
    pool = np.full(book.accounts_count, -1, dtype=np.int64)
    pool[left] = np.arange(len(left))
    pool[bucket] = pool[account]
    return pooled(book, pool, [str(book.account_ids[number]) for number in left])


def _into_bucket(wish: ToIsolated, book: BookColumns) -> BookColumns:
    account = _number(book, wish.account, "account")
    if wish.bucket == wish.account:
        _refuse("bucket", "a bucket cannot be the account that it is taken out of")
    ids = tuple(_names(book))
    owner = book.owner
    if wish.bucket in ids:
        bucket = ids.index(wish.bucket)
        if owner[bucket] != owner[account]:
            _refuse("bucket", f"{wish.bucket} and {wish.account} have different owners")
    else:
        bucket, ids = len(ids), (*ids, wish.bucket)
        owner = np.append(owner, owner[account])
    moved = _with_rows(wish, book, account, bucket)
    grown = replace(_with_collateral(wish, moved, account, bucket), account_ids=ids, owner=owner)
    # Back in the order of accounts, then instruments or assets, that every book has.
    return pooled(grown, np.arange(len(ids), dtype=np.int64), ids)


def _with_rows(wish: ToIsolated, book: BookColumns, account: int, bucket: int) -> BookColumns:
    """Positions and orders in the listings relabelled."""
    known = book.universe.listing_ids
    unknown = [name for name in wish.listings if name not in known]
    if unknown:
        _refuse("listings", f"the book knows no {', '.join(unknown)}")
    if not wish.listings:
        _refuse("listings", "name at least one")
    goes = np.isin(book.positions.instrument, [known.index(name) for name in wish.listings])
    goes &= book.positions.account == account
    held = {known[row] for row in book.positions.instrument[goes]}
    absent = [name for name in wish.listings if name not in held]
    if absent:
        _refuse("listings", f"{wish.account} holds no {', '.join(absent)}")
    ordered = np.isin(book.orders.instrument, [known.index(name) for name in wish.listings])
    ordered &= book.orders.account == account
    return replace(
        book,
        positions=replace(
            book.positions, account=np.where(goes, bucket, book.positions.account).astype(np.int64)
        ),
        orders=replace(
            book.orders, account=np.where(ordered, bucket, book.orders.account).astype(np.int64)
        ),
    )


def _with_collateral(wish: ToIsolated, book: BookColumns, account: int, bucket: int) -> BookColumns:
    """Coins moved out of the account's free balances, the first rows first; places go with them."""
    rows = book.balances
    left = rows.amount.copy()
    taken: list[tuple[int, float]] = []
    for asset, amount in wish.collateral.items():
        if not (np.isfinite(amount) and amount > 0.0):
            _refuse(f"collateral.{asset}", f"{amount!r} is no amount above 0")
        own = _free_rows(book, account, asset)
        if left[own].sum() < amount:
            _refuse(
                f"collateral.{asset}",
                f"{wish.account} has {left[own].sum():.15g} free, less than {amount:.15g}",
            )
        missing = amount
        for row in own:
            part = min(float(left[row]), missing)
            left[row] -= part
            missing -= part
            if part > 0.0:
                taken.append((int(row), part))
    source = np.array([row for row, _ in taken], dtype=np.int64)
    order = np.concatenate([np.arange(len(left), dtype=np.int64), source])
    columns = {
        name: getattr(rows, name)[order]
        for name in ("asset", "venue", "chain", "bridge", "custodian", "usable", "loan")
    }
    label = np.concatenate([rows.account, np.full(len(source), bucket, dtype=np.int64)])
    amounts = np.concatenate([left, np.array([part for _, part in taken], dtype=np.float64)])
    return replace(book, balances=replace(rows, account=label, amount=amounts, **columns))


def _free_rows(book: BookColumns, account: int, asset: str) -> NDArray[np.int64]:
    codes = book.universe.assets
    if asset not in codes:
        _refuse(f"collateral.{asset}", "the book knows no such asset")
    b = book.balances
    own = (b.account == account) & (b.asset == codes.index(asset)) & b.usable & ~b.loan
    return np.flatnonzero(own & (b.amount > 0.0))


def _names(book: BookColumns) -> list[str]:
    return [str(account_id) for account_id in book.account_ids]


def _number(book: BookColumns, account_id: str, word: str) -> int:
    ids = _names(book)
    if account_id not in ids:
        _refuse(word, f"no account is called {account_id!r}", Reason.UNKNOWN_ACCOUNT)
    return ids.index(account_id)


def _refuse(where: str, message: str, reason: Reason = Reason.CONTRADICTION) -> NoReturn:
    raise InputRefused([Failure(reason, f"switch.{where}", message)])
