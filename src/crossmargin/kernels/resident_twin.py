"""The resident book in plain Python and NumPy: the specification of the native one."""

from itertools import pairwise
from typing import TypeAlias, final

import numpy as np
from numpy.typing import NDArray

from crossmargin.kernels.repeated import NONE, repeated_row
from crossmargin.kernels.resident import check_book
from crossmargin.kernels.segment import gross_bound_ticks, net_ticks, net_worst_tail
from crossmargin.kernels.tick_guard import TICK_LIMIT, NotFinite, TickOverflow, largest_of

Float: TypeAlias = NDArray[np.float64]
Index: TypeAlias = NDArray[np.int64]

REMOVED = -1


@final
class ResidentBook:
    """A dictionary of rows for each group; see the protocol of the same name."""

    def __init__(
        self,
        change_ticks: Float,
        listing_index: Index,
        contracts: Float,
        indptr: Index,
        group_account: Index,
        tail_count: int,
        tail_fraction: float,
    ) -> None:
        check_book(
            change_ticks, listing_index, contracts, indptr, group_account, tail_count, tail_fraction
        )
        if repeated_row(listing_index, indptr, len(change_ticks)) != NONE:
            raise ValueError("resident book: a group holds a listing in one row")
        self._change = change_ticks.copy()
        self._largest = largest_of(self._change)
        self._tail_count, self._tail_fraction = tail_count, tail_fraction
        self._account: list[int] = group_account.tolist()
        self._free: list[int] = []
        cuts = indptr.tolist()
        flat = list(zip(listing_index.tolist(), contracts.tolist(), strict=True))
        self._rows: list[dict[int, float]] = [
            {listing: size for listing, size in flat[first:last] if size != 0.0}
            for first, last in pairwise(cuts)
        ]
        self._group_bound: list[float] = gross_bound_ticks(
            change_ticks, listing_index, contracts, indptr
        ).tolist()
        self._account_bound = [0.0] * (max(self._account, default=-1) + 1)
        for group, account in enumerate(self._account):
            _refuse_beyond(self._group_bound[group], group)
            self._account_bound[account] += self._group_bound[group]
            _refuse_beyond(self._account_bound[account], group)
        self._group_ticks: list[Float] = [self._summed(rows) for rows in self._rows]
        self._account_ticks: list[Float] = [
            np.zeros(change_ticks.shape[1]) for _ in self._account_bound
        ]
        for group, account in enumerate(self._account):
            self._account_ticks[account] += self._group_ticks[group]

    @property
    def accounts_count(self) -> int:
        """How many accounts there are, with or without positions."""
        return len(self._account_bound)

    @property
    def groups_count(self) -> int:
        """How many groups there are, with those that were removed and not yet given out again."""
        return len(self._account)

    def set_contracts(self, group: int, listing: int, contracts: float) -> tuple[float, float]:
        """Worst and tail ticks of the account after its group holds `contracts`; 0 removes."""
        account = self._account_of(group)
        self._check_listing(listing)
        before = self._rows[group].get(listing, 0.0)
        grown = self._row_bound(listing, contracts) - self._row_bound(listing, before)
        _refuse_beyond(self._account_bound[account] + grown, group)
        self._rows[group][listing] = contracts
        if contracts == 0.0:
            del self._rows[group][listing]
        self._group_bound[group] += grown
        self._account_bound[account] += grown
        self._settle(group)
        worst, _, tail = self.tail(account)
        return worst, tail

    def contracts(self, group: int, listing: int) -> float:
        """What the group holds in the listing, 0 where nothing."""
        self._check_listing(listing)
        self._account_of(group)
        return self._rows[group].get(listing, 0.0)

    def set_changes(self, first_listing: int, changes: Float) -> Index:
        """(accounts,) affected, ascending, after `changes` (listings, scenarios) replace theirs."""
        if changes.ndim != 2 or changes.shape[1] != self._change.shape[1]:
            raise ValueError("changes must be (listings, scenarios)")
        last_listing = first_listing + len(changes)
        if first_listing < 0 or last_listing > len(self._change):
            raise IndexError("resident book: no such listing")
        largest = self._largest.copy()
        largest[first_listing:last_listing] = largest_of(changes)
        affected = [
            group
            for group, rows in enumerate(self._rows)
            if any(first_listing <= listing < last_listing for listing in rows)
        ]
        affected.sort(key=lambda group: (self._account[group], group))
        bound = {
            group: sum(_row_bound(largest, *row) for row in self._rows[group].items())
            for group in affected
        }
        accounts = dict(enumerate(self._account_bound))
        for group in affected:
            _refuse_beyond(bound[group], group)
            accounts[self._account[group]] += bound[group] - self._group_bound[group]
            _refuse_beyond(accounts[self._account[group]], group)
        self._largest = largest
        self._change[first_listing:last_listing] = changes
        self._account_bound = list(accounts.values())
        for group in affected:
            self._group_bound[group] = bound[group]
            self._settle(group)
        return np.unique(np.array([self._account[group] for group in affected], dtype=np.int64))

    def add_group(self, account: int) -> int:
        """Number of a new empty group; the account may be the next one that does not exist yet."""
        if not 0 <= account <= self.accounts_count:
            raise IndexError("resident book: no such account")
        width = self._change.shape[1]
        if account == self.accounts_count:
            self._account_bound.append(0.0)
            self._account_ticks.append(np.zeros(width))
        if self._free:
            group = self._free.pop()
            self._account[group] = account
            return group
        self._account.append(account)
        self._rows.append({})
        self._group_bound.append(0.0)
        self._group_ticks.append(np.zeros(width))
        return self.groups_count - 1

    def remove_group(self, group: int) -> None:
        """Take a group and its rows out; its number is given out again."""
        account = self._account_of(group)
        self._account_bound[account] -= self._group_bound[group]
        self._group_bound[group] = 0.0
        self._rows[group] = {}
        self._settle(group)
        self._account[group] = REMOVED
        self._free.append(group)

    def tail(self, account: int) -> tuple[float, int, float]:
        """Worst ticks, worst scenario and tail ticks of one account."""
        self._check_account(account)
        worst, scenario, tail = self._tails_of(self._account_ticks[account][None])
        return float(worst[0]), int(scenario[0]), float(tail[0])

    def tails(self) -> tuple[Float, Index, Float]:
        """(accounts,) worst ticks, worst scenario and tail ticks."""
        return self._tails_of(
            np.array(self._account_ticks).reshape(self.accounts_count, self._change.shape[1])
        )

    def ticks(self, account: int) -> Float:
        """(scenarios,) whole ticks of an account."""
        self._check_account(account)
        ticks: Float = self._account_ticks[account].copy()
        return ticks

    def rows(self) -> tuple[Index, Float, Index, Index]:
        """Listings and contracts by group and listing, indptr, and (groups,) account or -1."""
        ordered = [sorted(rows.items()) for rows in self._rows]
        flat = [row for rows in ordered for row in rows]
        return (
            np.array([listing for listing, _ in flat], dtype=np.int64),
            np.array([contracts for _, contracts in flat], dtype=np.float64),
            np.cumsum([0, *(len(rows) for rows in ordered)], dtype=np.int64),
            np.array(self._account, dtype=np.int64),
        )

    def _summed(self, rows: dict[int, float]) -> Float:
        """(scenarios,) whole ticks of one group's rows."""
        listing = np.array(list(rows), dtype=np.int64)
        contracts = np.array(list(rows.values()), dtype=np.float64)
        ticks: Float = net_ticks(self._change, listing, contracts, np.array([0, listing.size]))[0]
        return ticks

    def _settle(self, group: int) -> None:
        """The group anew, its account by the difference."""
        account = self._account[group]
        fresh = self._summed(self._rows[group])
        self._account_ticks[account] = (
            self._account_ticks[account] - self._group_ticks[group] + fresh + 0.0
        )
        self._group_ticks[group] = fresh

    def _tails_of(self, ticks: Float) -> tuple[Float, Index, Float]:
        """A row of ticks is one contract of a listing that changes by them."""
        each = np.arange(len(ticks))
        return net_worst_tail(
            ticks,
            each,
            np.ones(len(ticks)),
            np.arange(len(ticks) + 1),
            self._tail_count,
            tail_fraction=self._tail_fraction,
        )

    def _row_bound(self, listing: int, contracts: float) -> float:
        return _row_bound(self._largest, listing, contracts)

    def _account_of(self, group: int) -> int:
        if not 0 <= group < self.groups_count or self._account[group] == REMOVED:
            raise IndexError("resident book: no such group")
        return self._account[group]

    def _check_listing(self, listing: int) -> None:
        if not 0 <= listing < len(self._change):
            raise IndexError("resident book: no such listing")

    def _check_account(self, account: int) -> None:
        if not 0 <= account < self.accounts_count:
            raise IndexError("resident book: no such account")


def _row_bound(largest: Float, listing: int, contracts: float) -> float:
    with np.errstate(over="ignore", invalid="ignore"):
        return float(np.rint(abs(contracts) * largest[listing]))


def _refuse_beyond(bound: float, group: int) -> None:
    """Raise unless `bound` is a number below 2**53; a product beyond all doubles is not finite."""
    if bound < TICK_LIMIT:
        return
    if np.isfinite(bound):
        raise TickOverflow(f"group {group}: absolute ticks may add up to 2**53 or more", group)
    raise NotFinite(f"group {group}: a change or contracts figure is not finite", group)
