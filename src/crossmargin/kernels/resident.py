"""A book that stays in memory: one position or one underlying changes, and nothing else is added.

Groups (say an account's rows of one underlying) keep their ticks, accounts the sum of their groups.
What a call gives equals a full recomputation bit for bit.
"""

from typing import Protocol, TypeAlias

import numpy as np
from numpy.typing import NDArray

from crossmargin.kernels.segment_rows import Rows, check

Float: TypeAlias = NDArray[np.float64]
Index: TypeAlias = NDArray[np.int64]


class ResidentBook(Protocol):
    """What both backends offer. Numbers of groups, accounts and listings are plain integers.

    Guard: the largest absolute ticks of an account's rows add up to less than 2**53, else
    `TickOverflow`; `NotFinite` where one is not finite. A refused call changes nothing. An unknown
    group, account or listing is an IndexError.
    """

    @property
    def accounts_count(self) -> int:
        """How many accounts there are, with or without positions."""

    @property
    def groups_count(self) -> int:
        """How many groups there are, with those that were removed and not yet given out again."""

    def set_contracts(self, group: int, listing: int, contracts: float) -> tuple[float, float]:
        """Worst and tail ticks of the account after its group holds `contracts`; 0 removes."""

    def contracts(self, group: int, listing: int) -> float:
        """What the group holds in the listing, 0 where nothing."""

    def set_changes(self, first_listing: int, changes: Float) -> Index:
        """(accounts,) affected, ascending, after `changes` (listings, scenarios) replace theirs."""

    def add_group(self, account: int) -> int:
        """Number of a new empty group; the account may be the next one that does not exist yet."""

    def remove_group(self, group: int) -> None:
        """Take a group and its rows out; its number is given out again."""

    def tail(self, account: int) -> tuple[float, int, float]:
        """Worst ticks, worst scenario and tail ticks of one account."""

    def tails(self) -> tuple[Float, Index, Float]:
        """(accounts,) worst ticks, worst scenario and tail ticks."""

    def ticks(self, account: int) -> Float:
        """(scenarios,) whole ticks of an account."""

    def rows(self) -> tuple[Index, Float, Index, Index]:
        """Listings and contracts by group and listing, indptr, and (groups,) account or -1."""


def check_book(
    change_ticks: Float,
    listing_index: Index,
    contracts: Float,
    indptr: Index,
    group_account: Index,
    tail_count: int,
    tail_fraction: float,
) -> None:
    """Refuse with ValueError what no book can be made of, before either backend reads it."""
    check(Rows(change_ticks=change_ticks, listing_index=listing_index, contracts=contracts), indptr)
    scenarios_count = change_ticks.shape[1]
    ranks_count = tail_count + (tail_fraction > 0.0)
    if not (0 < ranks_count <= scenarios_count and 0.0 <= tail_fraction < 1.0):
        raise ValueError(
            f"no tail of {tail_count} and {tail_fraction} of {scenarios_count} scenarios"
        )
    if group_account.dtype != np.int64 or group_account.shape != (indptr.size - 1,):
        raise ValueError("group_account must be int64 (groups,)")
    if group_account.size and group_account.min() < 0:
        raise IndexError("resident book: no such account")
