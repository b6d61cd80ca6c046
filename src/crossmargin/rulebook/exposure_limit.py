"""Limits on exposures, each with a name: per position, account, entity, underlying, and whatever
coins can be lost with.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import TypeAlias, final

import numpy as np
from numpy.typing import NDArray

from crossmargin.domain.columns import BookColumns
from crossmargin.rulebook.place import PlaceKind, places
from crossmargin.rulebook.run import PricedMarket

F8: TypeAlias = NDArray[np.float64]


@final
class LimitScope(StrEnum):
    """What a limit bounds, in dollars. POSITION: an account's net exposure to one underlying,
    either way, named "account/underlying". ACCOUNT, ENTITY: gross exposure (delta, long and short
    added) of each. UNDERLYING: the book's net exposure to it, either way. The rest, which are kinds
    of `PlaceKind`: balances that are lost together, debts left out.
    """

    POSITION = "position"
    ACCOUNT = "account"
    ENTITY = "entity"
    UNDERLYING = "underlying"
    VENUE = PlaceKind.VENUE.value
    CHAIN = PlaceKind.CHAIN.value
    BRIDGE = PlaceKind.BRIDGE.value
    CUSTODIAN = PlaceKind.CUSTODIAN.value
    ISSUER = PlaceKind.ISSUER.value
    ISSUER_FAMILY = PlaceKind.ISSUER_FAMILY.value
    WRAPPER = PlaceKind.WRAPPER.value


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class ExposureLimit:
    """`most` dollars, at least 0, for one member of a scope by name, or for each one with `of`
    None. A book without names of its owners has no entities to look at.
    """

    name: str
    scope: LimitScope
    most: float
    of: str | None = None


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Breach:
    """A limit that a move would break or push further: whose, and dollars before and after."""

    limit: str
    scope: LimitScope
    of: str
    before: float
    after: float
    most: float

    def __str__(self) -> str:
        return (
            f"{self.limit}: {self.scope.value} {self.of} would have {self.after:,.2f} dollars, "
            f"at most {self.most:,.2f}"
        )


def breaches(
    limits: Sequence[ExposureLimit], before: BookColumns, after: BookColumns, priced: PricedMarket
) -> tuple[Breach, ...]:
    """The limits above which `after` stands, where it stands higher than `before`.

    Both are the same accounts over one universe: all that the limits are about, since an entity, a
    venue or an issuer is looked at over the whole book. What goes down is never refused. An unknown
    exposure that is not 0 is NaN, and breaks every limit on it.
    """
    found: list[Breach] = []
    for limit in limits:
        old = dict(_measured(limit.scope, before, priced))
        for name, now in _measured(limit.scope, after, priced):
            if limit.of is not None and limit.of != name:
                continue
            was = old.get(name, 0.0)
            if not now <= limit.most and not now <= was:
                found.append(
                    Breach(
                        limit=limit.name,
                        scope=limit.scope,
                        of=name,
                        before=was,
                        after=now,
                        most=limit.most,
                    )
                )
    return tuple(found)


def _measured(
    scope: LimitScope, book: BookColumns, priced: PricedMarket
) -> Iterator[tuple[str, float]]:
    """(name, dollars) of every member of a scope that has something."""
    by_scope: Mapping[
        LimitScope, Callable[[BookColumns, PricedMarket], Iterator[tuple[str, float]]]
    ] = {
        LimitScope.POSITION: _of_positions,
        LimitScope.ACCOUNT: _of_accounts,
        LimitScope.ENTITY: _of_entities,
        LimitScope.UNDERLYING: _of_underlyings,
    }
    if scope in by_scope:
        return by_scope[scope](book, priced)
    return _of_places(PlaceKind(scope.value), book, priced)


def _exposures(book: BookColumns, priced: PricedMarket) -> F8:
    """(positions,) signed dollars."""
    p = book.positions
    with np.errstate(invalid="ignore"):
        dollars = p.contracts * priced.greeks().delta_cash[p.instrument]
    return np.where(p.contracts == 0.0, 0.0, dollars)


def _of_positions(book: BookColumns, priced: PricedMarket) -> Iterator[tuple[str, float]]:
    p, u = book.positions, book.universe
    width = len(u.assets)
    key = p.account * width + u.underlying[p.instrument]
    present, place = np.unique(key, return_inverse=True)
    names = [
        f"{book.account_ids[one // width]}/{u.assets[one % width]}" for one in present.tolist()
    ]
    for name, dollars in _sums(names, place, _exposures(book, priced)):
        yield name, abs(dollars)


def _of_accounts(book: BookColumns, priced: PricedMarket) -> Iterator[tuple[str, float]]:
    names = [str(name) for name in book.account_ids]
    return _sums(names, book.positions.account, np.abs(_exposures(book, priced)))


def _of_entities(book: BookColumns, priced: PricedMarket) -> Iterator[tuple[str, float]]:
    owner = book.owner[book.positions.account]
    return _sums(book.owner_ids, owner, np.abs(_exposures(book, priced)))


def _of_underlyings(book: BookColumns, priced: PricedMarket) -> Iterator[tuple[str, float]]:
    u = book.universe
    underlying = u.underlying[book.positions.instrument]
    for name, dollars in _sums(u.assets, underlying, _exposures(book, priced)):
        yield name, abs(dollars)


def _of_places(
    kind: PlaceKind, book: BookColumns, priced: PricedMarket
) -> Iterator[tuple[str, float]]:
    dollars = _balances(book, priced)
    for name, lost in places(kind, book.balances, book.universe.assets, priced.assets):
        total = float(dollars[lost].sum())
        if total != 0.0:
            yield name, total


def _balances(book: BookColumns, priced: PricedMarket) -> F8:
    """(balances,) dollars of what is held; a debt is 0."""
    b = book.balances
    with np.errstate(invalid="ignore"):
        return np.where(b.amount > 0.0, b.amount * priced.market.index[b.asset], 0.0)


def _sums(
    names: Sequence[str], number: NDArray[np.int64], dollars: F8
) -> Iterator[tuple[str, float]]:
    inside = number >= 0
    total = np.bincount(number[inside], weights=dollars[inside], minlength=len(names))
    for name, own in zip(names, total.tolist(), strict=True):
        if own != 0.0:
            yield name, own
