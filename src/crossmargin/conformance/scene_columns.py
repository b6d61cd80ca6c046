"""The lines of a scene as the columns of a book: merged exactly, sorted, then floats."""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from fractions import Fraction

import numpy as np
from numpy.typing import NDArray

from crossmargin.conformance.scene_lines import BalanceLine, OrderLine, PositionLine, exact
from crossmargin.domain.columns import BalanceColumns, OrderColumns, PositionColumns
from crossmargin.domain.holding import OrderKind, Side
from crossmargin.domain.universe import Universe
from crossmargin.market.columns import MarketColumns
from crossmargin.valuation.unit_value import unit_value

KINDS = {kind: number for number, kind in enumerate(OrderKind)}


def position_columns(
    lines: Sequence[PositionLine],
    account_of: Mapping[str, int],
    row_of: Mapping[str, int],
    universe: Universe,
    market: MarketColumns,
) -> PositionColumns:
    """One row per account and listing. A profit becomes the cost that leaves it at the mark.

    What a closed position has earned is money that accrued: with no contracts left, what it cost is
    funding paid.
    """
    own = unit_value(universe, market)
    contracts: dict[tuple[int, int], Decimal] = {}
    cost: dict[tuple[int, int], Fraction | None] = {}
    funding: dict[tuple[int, int], Fraction] = {}
    for line in lines:
        row = row_of[line.row]
        key = (account_of[line.account], row)
        paid = _cost(line, float(own[row]), float(universe.contract_size[row]))
        contracts[key] = contracts.get(key, Decimal(0)) + exact(line.contracts)
        funding[key] = funding.get(key, Fraction(0)) + Fraction(exact(line.funding))
        before = cost.get(key, Fraction(0))
        cost[key] = None if before is None or paid is None else before + paid
    for key, held in contracts.items():
        paid = cost[key]
        if not held and paid is not None:
            funding[key], cost[key] = funding[key] - paid, Fraction(0)
    keys = sorted(contracts)
    return PositionColumns(
        account=_whole([key[0] for key in keys]),
        instrument=_whole([key[1] for key in keys]),
        contracts=_real([float(contracts[key]) for key in keys]),
        cost=_real([_or_nan(cost[key]) for key in keys]),
        funding=_real([float(funding[key]) for key in keys]),
    )


def _cost(line: PositionLine, own: float, contract_size: float) -> Fraction | None:
    """Settlement currency, or None where it is unknown. An entry price is of a linear contract."""
    held = Fraction(exact(line.contracts))
    if line.cost is not None:
        return Fraction(exact(line.cost))
    if line.entry is not None:
        return held * Fraction(contract_size) * Fraction(exact(line.entry))
    if line.profit is not None and (own == own or not held):
        worth = Fraction(float(line.contracts) * own) if held else Fraction(0)
        return worth - Fraction(exact(line.profit))
    return None if held else Fraction(0)


def balance_columns(
    lines: Sequence[BalanceLine], account_of: Mapping[str, int], asset_of: Mapping[str, int]
) -> BalanceColumns:
    """One row per line, sorted by account and asset: a deposit and a debt of one asset stay two."""
    rows = sorted(lines, key=lambda x: (account_of[x.account], asset_of[x.asset]))
    nowhere = _whole([-1] * len(rows))
    debt = np.array([x.amount < 0 for x in rows], dtype=np.bool_)
    usable = np.ones(len(rows), dtype=np.bool_)
    for column in (debt, usable):
        column.setflags(write=False)
    return BalanceColumns(
        account=_whole([account_of[x.account] for x in rows]),
        asset=_whole([asset_of[x.asset] for x in rows]),
        amount=_real([float(x.amount) for x in rows]),
        venue=nowhere,
        chain=nowhere,
        bridge=nowhere,
        custodian=nowhere,
        usable=usable,
        loan=debt,
        places=(),
    )


def order_columns(
    lines: Sequence[OrderLine], account_of: Mapping[str, int], row_of: Mapping[str, int]
) -> OrderColumns:
    """One row per order, sorted by account and listing, in the order in which they were written."""
    rows = sorted(lines, key=lambda x: (account_of[x.account], row_of[x.row]))
    kinds = np.array([KINDS[x.kind] for x in rows], dtype=np.int8)
    kinds.setflags(write=False)
    return OrderColumns(
        account=_whole([account_of[x.account] for x in rows]),
        instrument=_whole([row_of[x.row] for x in rows]),
        side=_real([1.0 if x.side is Side.BUY else -1.0 for x in rows]),
        contracts=_real([float(x.contracts) for x in rows]),
        limit_price=_real([float("nan") if x.limit_price is None else x.limit_price for x in rows]),
        kind=kinds,
    )


def _or_nan(value: Fraction | None) -> float:
    return float("nan") if value is None else float(value)


def _whole(values: Sequence[int]) -> NDArray[np.int64]:
    column = np.array(values, dtype=np.int64)
    column.setflags(write=False)
    return column


def _real(values: Sequence[float | Decimal]) -> NDArray[np.float64]:
    column = np.array([float(value) for value in values], dtype=np.float64)
    column.setflags(write=False)
    return column
