"""The market as a book: the open interest of every instrument allotted to N accounts.

The rule, in order. All words come from `counter_hash`, so the book is a function of the open
interest, the number of accounts and the seed.

1. Open interest is a whole number of lots; above 100,000 accounts a lot is divided by the smallest
   power of ten that leaves at most 100,000 accounts per old lot size (`lot_divisor`).
2. Accounts, ordered by hash, hold 6, 7, ... 18, 6, 7, ... instruments in turn.
3. An instrument with L lots gets rows in proportion to L, at least 2, at most 2 L, and at most as
   many as there are accounts with 18 instruments. Half of them are long.
4. The long rows share L lots, one each and the rest by weights 4,096 / (1 + h), h a 12-bit hash:
   few large holders and many small ones. The short rows share the same L lots.
5. Rows are dealt in 18 rounds, instrument after instrument, in hashed order. Round k deals one row
   to every account of more than k instruments, in an order of its own. An instrument cut by the end
   of a round goes on with accounts that have none of it yet.
"""

from collections.abc import Iterator
from dataclasses import dataclass, fields, replace
from typing import TypeVar, final

import numpy as np
from numpy.typing import NDArray

from crossmargin.base.counter_hash import counter_hash, unit_fraction
from crossmargin.base.failure import Failure, Reason, refuse_if_any
from crossmargin.domain.columns import BalanceColumns, BookColumns, OrderColumns, PositionColumns
from crossmargin.domain.universe import Universe

POSITIONS_MIN = 6
POSITIONS_MAX = 18
UNDIVIDED_ACCOUNTS = 100_000
ACCOUNTS_MAX = 10_000_000
LOTS_MAX = 2**23
"""With 10,000,000 accounts every product below still fits into 64 bits."""
SHORT_OF_CASH_FRAC = 0.01

_COUNT_STREAM = 0
_INSTRUMENT_STREAM = 1
_WEIGHT_STREAM = 2
_CASH_STREAM = 3
_ROUND_STREAM = 16
_LEVEL_BITS = 30

_Columns = TypeVar("_Columns", PositionColumns, BalanceColumns, OrderColumns)


def lot_divisor(accounts_count: int) -> int:
    """Number of accounts -> the power of ten by which every lot is divided; 1 up to 100,000."""
    divisor = 1
    while accounts_count > UNDIVIDED_ACCOUNTS * divisor:
        divisor *= 10
    return divisor


def whole_lots(
    open_interest_contracts: NDArray[np.float64], lots_per_contract: NDArray[np.int64]
) -> NDArray[np.int64]:
    """(listings,) contracts of one side, and lots in a contract -> whole lots of one side.

    The nearest whole number of lots must give back the very same contracts, else the listing is
    refused: the lot would be coarser than the open interest. Deribit's options trade in 0.1 BTC
    (10 lots in a contract) and 1 ETH (1 lot), and its open interest is whole in these lots.
    """
    known = np.isfinite(open_interest_contracts) & (lots_per_contract > 0)
    lots = np.rint(np.where(known, open_interest_contracts, 0.0) * lots_per_contract)
    exact = known & (lots / np.maximum(lots_per_contract, 1) == open_interest_contracts)
    bad = np.flatnonzero(~exact | (lots < 0) | (lots > LOTS_MAX))
    refuse_if_any(
        Failure(
            Reason.OUT_OF_BOUNDS,
            f"open_interest_contracts[{row}]",
            f"{open_interest_contracts[row]} is not a whole number of lots of"
            f" 1/{lots_per_contract[row]} contract in 0..2**23",
        )
        for row in bad
    )
    return lots.astype(np.int64)


def market_book(
    universe: Universe,
    open_interest_lots: NDArray[np.int64],
    lots_per_contract: NDArray[np.int64],
    accounts_count: int,
    *,
    seed: int,
    entry_value: NDArray[np.float64] | None = None,
) -> BookColumns:
    """(listings,) lots of one side, and lots in a contract -> a book of N accounts without cash.

    Longs = shorts = open interest in every listing, exactly in lots; 6 to 18 positions per account;
    each account an entity of its own; rows sorted by account, then instrument. `entry_value`
    (listings,) is the settlement currency paid per contract; None leaves every cost unknown (NaN).
    A number of accounts that the open interest cannot fill is refused with what it would take.
    """
    _refuse_unfit(universe, open_interest_lots, lots_per_contract, accounts_count)
    lots = open_interest_lots * lot_divisor(accounts_count)
    counts = _position_counts(accounts_count, seed)
    traded = np.flatnonzero(lots)
    words = counter_hash(seed, _INSTRUMENT_STREAM, traded.astype(np.uint64))
    traded = traded[np.argsort(words)]
    rows_of = _row_counts(lots[traded], int(counts.sum()), accounts_count)
    hands = _Hands(counts=counts, starts=np.cumsum(counts) - counts, seed=seed)
    instrument, signed_lots = _dealt(hands, traded, rows_of, lots[traded])
    per_contract = lots_per_contract * lot_divisor(accounts_count)
    contracts = signed_lots / per_contract[instrument]
    cost = np.full(len(contracts), np.nan)
    if entry_value is not None:
        np.multiply(contracts, entry_value[instrument], out=cost)
    return _book(universe, counts, instrument, contracts, cost)


def with_cash(
    book: BookColumns,
    maintenance_per_account: NDArray[np.float64],
    *,
    cash_asset: str,
    decimals: int,
    venue: str,
    seed: int,
) -> BookColumns:
    """(accounts,) maintenance in the cash asset -> the book with cash = maintenance x u.

    `maintenance_per_account` is the cash at which the maintenance buffer is zero, as the recipe at
    hand sees it; where it is negative the account gets none. u is that of `cash_multiple`. Rounded
    to nearest in the asset's smallest unit of 10**-`decimals`. What is not finite is refused.
    """
    needed = np.asarray(maintenance_per_account, dtype=np.float64)
    if needed.shape != (book.accounts_count,) or not np.all(np.isfinite(needed)):
        raise ValueError("maintenance_per_account must be one finite figure per account")
    if cash_asset not in book.universe.assets:
        raise ValueError(f"cash_asset {cash_asset} is not in the universe")
    accounts = np.arange(book.accounts_count, dtype=np.int64)
    unit = 10.0**decimals
    cash = np.rint(np.maximum(needed, 0.0) * cash_multiple(book.accounts_count, seed) * unit) / unit
    nowhere = np.full(len(accounts), -1, dtype=np.int64)
    asset = book.universe.assets.index(cash_asset)
    columns = BalanceColumns(
        account=accounts,
        asset=np.full(len(accounts), asset, dtype=np.int64),
        amount=cash,
        venue=np.zeros(len(accounts), dtype=np.int64),
        chain=nowhere,
        bridge=nowhere,
        custodian=nowhere,
        usable=np.ones(len(accounts), dtype=np.bool_),
        loan=np.zeros(len(accounts), dtype=np.bool_),
        places=(venue,),
    )
    return replace(book, balances=_frozen(columns))


def cash_multiple(accounts_count: int, seed: int) -> NDArray[np.float64]:
    """(accounts,) u = cash / maintenance = 1 / utilisation, from one hash in [0, 1) per account.

    A hash x below 0.01 gives a utilisation of 2 - x/0.01: uniform in (1, 2], so u is below 1. Any
    other gives 1 - 0.9 (x - 0.01)/0.99: uniform in (0.1, 1], so u is 1 to 10.
    """
    x = unit_fraction(counter_hash(seed, _CASH_STREAM, np.arange(accounts_count, dtype=np.uint64)))
    short = SHORT_OF_CASH_FRAC
    utilisation = np.where(x < short, 2.0 - x / short, 1.0 - 0.9 * (x - short) / (1.0 - short))
    return 1.0 / utilisation


@final
@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Hands:
    """How many rows each account takes, and where its rows begin."""

    counts: NDArray[np.int64]
    starts: NDArray[np.int64]
    seed: int


def _refuse_unfit(
    universe: Universe,
    lots: NDArray[np.int64],
    lots_per_contract: NDArray[np.int64],
    accounts_count: int,
) -> None:
    shape = (universe.listings_count,)
    if lots.shape != shape or lots_per_contract.shape != shape:
        raise ValueError(f"lots and lots_per_contract must have shape {shape}")
    if not np.all((lots >= 0) & (lots <= LOTS_MAX)) or not np.all(lots_per_contract > 0):
        raise ValueError("lots must be in 0..2**23 and lots_per_contract above 0")
    if not 0 < accounts_count <= ACCOUNTS_MAX:
        raise ValueError(f"accounts_count must be in 1..{ACCOUNTS_MAX}, was {accounts_count}")


def _position_counts(accounts_count: int, seed: int) -> NDArray[np.int64]:
    words = counter_hash(seed, _COUNT_STREAM, np.arange(accounts_count, dtype=np.uint64))
    turn = np.empty(accounts_count, dtype=np.int64)
    turn[np.argsort(words)] = np.arange(accounts_count)
    return POSITIONS_MIN + turn % (POSITIONS_MAX - POSITIONS_MIN + 1)


def _row_counts(lots: NDArray[np.int64], rows_total: int, accounts_count: int) -> NDArray[np.int64]:
    """Rows of each instrument: 2, and floor(level x lots) more inside its room, rows_total in all.

    The level is the largest fixed-point number that does not give too many; what is then missing
    goes, one each, to the first instruments that the next level would have given one more.
    """
    smallest_round = accounts_count // (POSITIONS_MAX - POSITIONS_MIN + 1)
    room = np.minimum(2 * lots, smallest_round) - 2
    extra = rows_total - 2 * len(lots)
    if len(lots) == 0 or room.min() < 0 or not 0 <= extra <= room.sum():
        raise ValueError(
            f"accounts_count {accounts_count} does not fit: {rows_total} positions for"
            f" {len(lots)} instruments, each of 2 to min(2 lots, {smallest_round}) positions"
        )

    def given(level: int) -> NDArray[np.int64]:
        share: NDArray[np.int64] = np.minimum(room, (lots * level) >> _LEVEL_BITS)
        return share

    low, high = 0, 2 << _LEVEL_BITS
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (middle, high) if given(middle).sum() <= extra else (low, middle)
    rows = given(low)
    next_up = np.flatnonzero(given(high) > rows)
    rows[next_up[: extra - rows.sum()]] += 1
    return rows + 2


def _dealt(
    hands: _Hands, traded: NDArray[np.int64], rows_of: NDArray[np.int64], lots: NDArray[np.int64]
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """(P,) instrument and signed lots of every row, sorted by account, then instrument."""
    row_instrument = np.repeat(traded, rows_of)
    row_lots = _shared_lots(rows_of, lots, hands.seed)
    instrument = np.empty_like(row_instrument)
    signed_lots = np.empty_like(row_lots)
    begin = 0
    holders = np.empty(0, dtype=np.int64)
    for turn in range(POSITIONS_MAX):
        order = _order_of_turn(hands, turn, holders)
        end = begin + len(order)
        rows = hands.starts[order] + turn
        instrument[rows] = row_instrument[begin:end]
        signed_lots[rows] = row_lots[begin:end]
        cut = end < len(row_instrument) and row_instrument[end - 1] == row_instrument[end]
        holders = order[row_instrument[begin:end] == row_instrument[end - 1]] if cut else order[:0]
        begin = end
    _sort_each_hand(hands, instrument, signed_lots)
    return instrument, signed_lots


def _order_of_turn(hands: _Hands, turn: int, holders: NDArray[np.int64]) -> NDArray[np.int64]:
    """Accounts of more than `turn` rows in hashed order, the holders of the cut instrument last."""
    active = np.flatnonzero(hands.counts > turn)
    words = counter_hash(hands.seed, _ROUND_STREAM + turn, active.astype(np.uint64))
    order = active[np.argsort(words)]
    holds = np.zeros(len(hands.counts), dtype=np.bool_)
    holds[holders] = True
    return np.concatenate([order[~holds[order]], order[holds[order]]])


def _shared_lots(
    rows_of: NDArray[np.int64], lots: NDArray[np.int64], seed: int
) -> NDArray[np.int64]:
    """Signed lots of the rows of each instrument in turn: the long rows, then the short ones."""
    words = counter_hash(seed, _WEIGHT_STREAM, np.arange(rows_of.sum(), dtype=np.uint64))
    weights = (4096 // (1 + (words >> np.uint64(52)))).astype(np.int64)
    signed = np.empty(len(weights), dtype=np.int64)
    begin = 0
    for rows, instrument_lots in zip(rows_of.tolist(), lots.tolist(), strict=True):
        middle, end = begin + rows // 2, begin + rows
        signed[begin:middle] = _split(instrument_lots, weights[begin:middle])
        signed[middle:end] = -_split(instrument_lots, weights[middle:end])
        begin = end
    return signed


def _split(total: int, weights: NDArray[np.int64]) -> NDArray[np.int64]:
    """`total` in whole parts of at least 1, the rest by weight: steps of rounded-down sums."""
    sums = np.cumsum(weights)
    # Divided before it is multiplied, so that no product leaves 64 bits.
    rest, last = total - len(weights), int(sums[-1])
    whole, left = divmod(rest, last)
    edges = whole * sums + left * sums // last
    return 1 + np.diff(edges, prepend=0)


def _sort_each_hand(
    hands: _Hands, instrument: NDArray[np.int64], signed_lots: NDArray[np.int64]
) -> None:
    for rows in _hands_of_one_size(hands):
        order = np.argsort(instrument[rows], axis=1)
        instrument[rows] = np.take_along_axis(instrument[rows], order, axis=1)
        signed_lots[rows] = np.take_along_axis(signed_lots[rows], order, axis=1)


def _hands_of_one_size(hands: _Hands) -> Iterator[NDArray[np.int64]]:
    for count in range(POSITIONS_MIN, POSITIONS_MAX + 1):
        starts = hands.starts[hands.counts == count]
        yield starts[:, None] + np.arange(count)


def _book(
    universe: Universe,
    counts: NDArray[np.int64],
    instrument: NDArray[np.int64],
    contracts: NDArray[np.float64],
    cost: NDArray[np.float64],
) -> BookColumns:
    accounts = np.arange(len(counts), dtype=np.int64)
    none = np.empty(0, dtype=np.int64)
    empty = np.empty(0, dtype=np.float64)
    balances = BalanceColumns(
        account=none,
        asset=none,
        amount=empty,
        venue=none,
        chain=none,
        bridge=none,
        custodian=none,
        usable=np.empty(0, dtype=np.bool_),
        loan=np.empty(0, dtype=np.bool_),
        places=(),
    )
    orders = OrderColumns(
        account=none,
        instrument=none,
        side=empty,
        contracts=empty,
        limit_price=empty,
        kind=np.empty(0, dtype=np.int8),
    )
    positions = PositionColumns(
        account=np.repeat(accounts, counts),
        instrument=instrument,
        contracts=contracts,
        cost=cost,
        funding=np.zeros(len(contracts)),
    )
    accounts.setflags(write=False)
    return BookColumns(
        universe=universe,
        account_ids=range(len(counts)),
        owner=accounts,
        positions=_frozen(positions),
        balances=_frozen(balances),
        orders=_frozen(orders),
    )


def _frozen(columns: _Columns) -> _Columns:
    for field in fields(columns):
        value = getattr(columns, field.name)
        if isinstance(value, np.ndarray):
            value.setflags(write=False)
    return columns
