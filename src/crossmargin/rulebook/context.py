"""What a charge sees: one batch of accounts within a run, its groupings, fields and parameters."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, final

import numpy as np
from numpy.typing import NDArray

from crossmargin.domain.columns import BalanceColumns, OrderColumns, PositionColumns
from crossmargin.kernels import grouped_rows
from crossmargin.kernels.grouped import by_group
from crossmargin.netting.grouping import Grouping, grouping_of
from crossmargin.rulebook.amount import added_up
from crossmargin.rulebook.fields import instrument_field
from crossmargin.rulebook.profit import profit_in_coins
from crossmargin.rulebook.run import Run
from crossmargin.rulebook.selection import FUTURES

ACCOUNT = "account"
GROUPINGS = (
    ACCOUNT,
    "risk_unit",
    "underlying",
    "maturity",
    "expiry",
    "strike",
    "listing",
    "economic_id",
    "settle",
    "quote",
    "venue",
)
"""`risk_unit` is an underlying with all that wraps it; `maturity` is underlying and expiry with
perpetuals and spot as their own; `expiry` leaves those out."""

FINER_THAN: Mapping[str, frozenset[str]] = {
    ACCOUNT: frozenset(GROUPINGS),
    "risk_unit": frozenset(
        {"risk_unit", "underlying", "maturity", "expiry", "strike", "listing", "economic_id"}
    ),
    "underlying": frozenset(
        {"underlying", "maturity", "expiry", "strike", "listing", "economic_id"}
    ),
    "maturity": frozenset({"maturity", "expiry", "strike", "listing", "economic_id"}),
    "expiry": frozenset({"expiry", "strike", "listing", "economic_id"}),
    "strike": frozenset({"strike", "listing", "economic_id"}),
    "listing": frozenset({"listing"}),
    "economic_id": frozenset({"economic_id", "listing"}),
    "settle": frozenset({"settle", "listing", "economic_id"}),
    "quote": frozenset({"quote", "listing", "economic_id"}),
    "venue": frozenset({"venue", "listing"}),
}
"""Groupings each grouping can be added up from."""


@final
@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Block:
    """Rows of one kind: positions, or balances as instrument rows. `account` is relative to the
    batch.
    """

    name: str
    account: NDArray[np.int64]
    instrument: NDArray[np.int64]
    contracts: NDArray[np.float64]


@final
class BlockRows(Mapping[str, Grouping]):
    """The rows of each block by the groups of one grouping, made when they are first asked for."""

    __slots__ = ("_made", "_make")

    def __init__(self, make: Mapping[str, Callable[[], Grouping]]) -> None:
        self._make = make
        self._made: dict[str, Grouping] = {}

    def __getitem__(self, name: str) -> Grouping:
        known = self._made.get(name)
        if known is None:
            known = self._made[name] = self._make[name]()
        return known

    def __iter__(self) -> Iterator[str]:
        return iter(self._make)

    def __len__(self) -> int:
        return len(self._make)


@final
@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Groups:
    """Groups that are present, sorted by account and key, over positions and balances alike."""

    name: str
    account: NDArray[np.int64]
    key: NDArray[np.int64]
    rows: Mapping[str, Grouping]


@final
@dataclass(slots=True, kw_only=True, eq=False)
class Context:
    """A batch of `accounts_count` accounts in one run. Groupings and answers are computed once
    each.

    `balances_grouped` says that balance rows take part in groupings finer than the account.
    `row_starts` (accounts + 1,) says where each account's positions begin, if that is known.
    """

    run: Run
    accounts_count: int
    first_account: int
    owner: NDArray[np.int64]
    positions: PositionColumns
    balances: BalanceColumns
    orders: OrderColumns
    explain: bool
    balances_grouped: bool
    account_names: tuple[str, ...] | range
    owner_names: tuple[str, ...] = ()
    row_starts: NDArray[np.int64] | None = None
    answers: dict[tuple[int, str], Any] = field(default_factory=dict)
    outcomes: dict[tuple[int, str], Any] = field(default_factory=dict)
    found: dict[str, Groups] = field(default_factory=dict)
    sums: dict[bytes, NDArray[np.float64] | None] = field(default_factory=dict)
    amounts: dict[object, tuple[NDArray[np.float64], NDArray[np.float64]] | None] = field(
        default_factory=dict
    )
    positions_alone: list["Context"] = field(default_factory=list)
    parents: dict[tuple[str, str], NDArray[np.int64]] = field(default_factory=dict)
    blocks: dict[str, Block] = field(default_factory=dict)

    def block(self, name: str) -> Block:
        """The rows called `positions`, or `balances`: coins of each asset, debts netted, profit
        added.

        Coins that are pledged elsewhere or under way have a row and count nothing: they hedge
        nothing. The unrealised profit of futures and perpetuals is coins of their settlement asset:
        in a scenario that moves that asset it moves like cash.
        """
        return self._block_maker(name)()

    def _block_maker(self, name: str) -> Callable[[], Block]:
        """What makes a block, or finds it made. It does not hold the context: a context in a ring
        of references would keep its batch in memory behind its time.
        """
        blocks, run, positions, balances = self.blocks, self.run, self.positions, self.balances

        def block() -> Block:
            if name not in blocks:
                blocks[name] = (
                    _positions(positions)
                    if name == "positions"
                    else _balances(run, positions, balances)
                )
            return blocks[name]

        return block

    def groups(self, name: str) -> Groups:
        """The groups of a grouping. On `account` every account is a group, with rows or without."""
        if name not in self.found:
            self.found[name] = self._every_account() if name == ACCOUNT else self._grouped(name)
        return self.found[name]

    def of_positions(self) -> "Context":
        """The same batch with groups in which balances have no part: for what reads positions."""
        if not self.balances_grouped:
            return self
        if not self.positions_alone:
            alone = replace(
                self,
                balances_grouped=False,
                answers={},
                outcomes={},
                found={},
                amounts={},
                parents={},
                positions_alone=[],
            )
            self.positions_alone.append(alone)
        return self.positions_alone[0]

    def groups_count(self, name: str) -> int:
        """Number of groups of a grouping."""
        return len(self.groups(name).account)

    def field(self, name: str) -> NDArray[np.float64]:
        """(instruments,) a named field of listing or market, NaN where an instrument has none."""
        return instrument_field(self.run, name)

    def _every_account(self) -> Groups:
        everyone = np.arange(self.accounts_count, dtype=np.int64)
        key = np.zeros_like(everyone)
        run, account, starts = self.run, self.positions.account, self.row_starts
        balances = self._block_maker("balances")
        rows = BlockRows(
            {
                "positions": lambda: _account_rows(run, account, everyone, key, starts),
                "balances": lambda: _account_rows(run, balances().account, everyone, key, None),
            }
        )
        return Groups(name=ACCOUNT, account=everyone, key=key, rows=rows)

    def _grouped(self, name: str) -> Groups:
        if not self.balances_grouped:
            return self._grouped_positions(name)
        blocks = [self.block("positions"), self.block("balances")]
        account, key, found = grouped_rows(
            [(own.account, own.instrument) for own in blocks], self.key(name)
        )
        return Groups(
            name=name,
            account=account,
            key=key,
            rows={
                own.name: grouping_of(name, rows, account, key)
                for own, rows in zip(blocks, found, strict=True)
            },
        )

    def _grouped_positions(self, name: str) -> Groups:
        """Groups in which balances have no part."""
        p = self.positions
        account, key, (found,) = grouped_rows([(p.account, p.instrument)], self.key(name))
        made = grouping_of(name, found, account, key)
        balances = self._block_maker("balances")

        def outside() -> Grouping:
            nowhere = np.full(len(balances().account), -1, dtype=np.int64)
            return rows_by_group(name, nowhere, account, key)

        rows = BlockRows({"positions": lambda: made, "balances": outside})
        return Groups(name=name, account=account, key=key, rows=rows)

    def key(self, name: str) -> NDArray[np.int64]:
        """(instruments,) what a grouping finer than the account tells apart, -1 for none."""
        return self.run.keep(f"key.{name}", lambda: self._key(name))

    def _key(self, name: str) -> NDArray[np.int64]:
        u = self.run.universe
        match name:
            case "risk_unit":
                return self.run.risk_unit[u.underlying]
            case "underlying":
                return u.underlying
            case "maturity":
                return np.where(
                    u.expiry_key >= 0, u.expiry_key + len(u.assets), u.underlying
                ).astype(np.int64)
            case "expiry":
                return u.expiry_key
            case "strike":
                return u.strike_key
            case "listing":
                return np.arange(u.instruments_count, dtype=np.int64)
            case "economic_id":
                return u.economic_key
            case "settle":
                return u.settle
            case "quote":
                return u.quote
            case "venue":
                return u.venue_key
            case _:
                raise KeyError(f"no grouping is called {name}")


def _positions(p: PositionColumns) -> Block:
    return Block(
        name="positions", account=p.account, instrument=p.instrument, contracts=p.contracts
    )


def _balances(run: Run, p: PositionColumns, b: BalanceColumns) -> Block:
    rows, profit = _profit_in_coins(run, p)
    assets_count = len(run.universe.assets)
    account = np.concatenate([b.account, p.account[rows]])
    asset = np.concatenate([b.asset, run.universe.settle[p.instrument[rows]]])
    kept = np.concatenate([b.amount, profit]) != 0.0
    usable = np.where((b.amount > 0.0) & ~b.usable, 0.0, b.amount)
    counted = np.concatenate([usable, profit])
    held = account[kept] * assets_count + asset[kept]
    if (held[1:] > held[:-1]).all():
        present, inverse = held, np.arange(len(held))
    else:
        present, inverse = np.unique(held, return_inverse=True)
    return Block(
        name="balances",
        account=present // assets_count,
        instrument=present % assets_count + run.universe.listings_count,
        contracts=added_up(inverse, counted[kept], len(present)),
    )


def _profit_in_coins(run: Run, p: PositionColumns) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """Position rows of futures and perpetuals, or with funding, and (rows,) unrealised profit
    and funding in coins.
    """
    futures = run.chosen(FUTURES)[p.instrument]
    rows = np.flatnonzero(futures | (p.funding != 0.0))
    funding = p.funding[rows]
    own = run.unit_value()[p.instrument[rows]]
    gained = profit_in_coins(own, p.contracts[rows], p.cost[rows], funding)
    return rows, np.where(futures[rows], gained, funding)


def _account_rows(
    run: Run,
    account: NDArray[np.int64],
    everyone: NDArray[np.int64],
    key: NDArray[np.int64],
    starts: NDArray[np.int64] | None,
) -> Grouping:
    """Rows that lie sorted by account are found by where the account changes."""
    indptr = account_indptr(account, len(everyone)) if starts is None else starts
    if indptr is None:
        return rows_by_group(ACCOUNT, account, everyone, key)
    return Grouping(
        name=ACCOUNT,
        row_group=account,
        group_account=everyone,
        group_key=key,
        order=run.row_numbers(len(account)),
        indptr=indptr,
        in_order=True,
    )


def account_indptr(account: NDArray[np.int64], count: int) -> NDArray[np.int64] | None:
    """(accounts + 1,) where the rows of each account begin; None where they are not sorted."""
    indptr = np.zeros(count + 1, dtype=np.int64)
    if not len(account):
        return indptr
    opens = np.flatnonzero(account[1:] != account[:-1])
    opens += 1
    bounds = np.concatenate([[0], opens, [len(account)]])
    present = account[bounds[:-1]]
    if (present[1:] < present[:-1]).any() or present[0] < 0 or present[-1] >= count:
        return None
    if len(present) == count:
        return bounds
    indptr[present + 1] = np.diff(bounds)
    return np.cumsum(indptr, out=indptr)


def rows_by_group(
    name: str,
    row_group: NDArray[np.int64],
    group_account: NDArray[np.int64],
    group_key: NDArray[np.int64],
) -> Grouping:
    """Rows with their group's number (-1 for none) as a grouping; a group may have no row."""
    found = by_group(row_group, len(group_account))
    return grouping_of(name, found, group_account, group_key)
