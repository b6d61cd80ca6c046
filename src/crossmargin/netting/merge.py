"""Positions of one account in one listing become one row, added exactly, before any rounding."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Context, Decimal, Inexact, InvalidOperation, Overflow, Underflow
from typing import TypeAlias, final

import numpy as np
from numpy.typing import NDArray

Index: TypeAlias = NDArray[np.int64]

EXACT = Context(prec=120, traps=[Inexact, InvalidOperation, Overflow, Underflow])
"""More digits than any book needs; a sum that does not fit raises, it is never rounded."""


@final
@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class MergedRows:
    """P rows sorted by account, then listing, one per pair; N positions went in.

    `account_index`, `listing_index` (P,); `contracts` (P,) float64 nearest to `contracts_exact`;
    `position_row` (N,) the row of each position. A pair whose positions cancel stays, with 0.
    """

    account_index: Index
    listing_index: Index
    contracts: NDArray[np.float64]
    contracts_exact: tuple[Decimal, ...]
    position_row: Index


def merge_exact(
    account_index: Index, listing_index: Index, contracts: Sequence[Decimal]
) -> MergedRows:
    """(positions,) account, listing and signed contracts -> one row per account and listing.

    Neither the order nor the splitting of positions changes a row. Raises ValueError with the
    position where contracts are not finite or do not add within 120 digits.
    """
    account = np.asarray(account_index, dtype=np.int64)
    listing = np.asarray(listing_index, dtype=np.int64)
    if not account.shape == listing.shape == (len(contracts),):
        raise ValueError(
            "account_index, listing_index and contracts must have one entry per position"
        )
    order = np.lexsort((listing, account))
    opens = np.ones(order.size, dtype=np.bool_)
    opens[1:] = (np.diff(account[order]) != 0) | (np.diff(listing[order]) != 0)
    position_row = np.empty(order.size, dtype=np.int64)
    position_row[order] = np.cumsum(opens) - 1
    first = order[opens]
    exact = _added(contracts, position_row, first.size)
    merged = MergedRows(
        account_index=account[first],
        listing_index=listing[first],
        contracts=np.array([float(total) for total in exact], dtype=np.float64),
        contracts_exact=tuple(exact),
        position_row=position_row,
    )
    for array in (merged.account_index, merged.listing_index, merged.contracts, position_row):
        array.setflags(write=False)
    return merged


def _added(contracts: Sequence[Decimal], position_row: Index, rows_count: int) -> list[Decimal]:
    """(rows,) exact sums. Adding to zero also turns a negative zero into zero."""
    total = [Decimal(0)] * rows_count
    for position, (row, amount) in enumerate(zip(position_row.tolist(), contracts, strict=True)):
        if not amount.is_finite():
            raise ValueError(f"positions[{position}].contracts is not a finite number: {amount}")
        try:
            total[row] = EXACT.add(total[row], amount)
        except (Inexact, InvalidOperation, Overflow, Underflow):
            message = f"positions[{position}].contracts does not add exactly within 120 digits"
            raise ValueError(message) from None
    return total
