"""What all scans share: rows netted in every scenario, shaped, and added up to the groups asked
for.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import final

import numpy as np
from numpy.typing import NDArray

from crossmargin.base.failure import Failure, InputRefused, Reason
from crossmargin.kernels import RowSet, net_ticks
from crossmargin.netting.amount import added_ticks
from crossmargin.netting.shape import shape_slopes, shaped_ticks
from crossmargin.rulebook.charge.interface import Parts
from crossmargin.rulebook.charge.orders import OrderFill
from crossmargin.rulebook.charge.scan_orders import (
    ListingFills,
    fill_groups,
    hedging_fills,
    listing_fills,
    with_fills,
    worst_fill_ticks,
)
from crossmargin.rulebook.charge.spot_in_use import coins_in_use
from crossmargin.rulebook.context import Block, Context, rows_by_group
from crossmargin.rulebook.reduce import parent_groups, parent_rows
from crossmargin.rulebook.run import ScanArrays
from crossmargin.rulebook.selection import Selection
from crossmargin.rulebook.shaping import Shape, is_monotone, shapes_of
from crossmargin.scenario.scenario_set import ScenarioSet

F8 = NDArray[np.float64]


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Component:
    """Rows that are netted together: a selection, the grouping in which they are shaped, the
    shape.

    `with_balances` nets the account's coins with the selected positions before the shape. With
    `hedging` balances take part only as far as they hedge derivatives of their risk unit. With
    `orders` worst or unprotected every scenario also has the worst fill of the open orders.
    """

    selection: Selection | None = None
    by: str | None = None
    shape: Shape | None = None
    with_balances: bool = False
    orders: OrderFill = OrderFill.NONE
    hedging: bool = False

    @property
    def reads_balances(self) -> bool:
        """Whether balance rows take part."""
        return self.with_balances or (self.selection is not None and self.selection.reads_balances)


EVERYTHING = (Component(),)


@final
@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class NettedRows:
    """The rows of one component in one grouping, ready for a kernel: sorted by group, all with
    data.

    `rows` are all rows of the block where those lie sorted already. `unavailable` (groups,) marks
    groups that hold a row without data.
    """

    block: Block
    rows: NDArray[np.int64] | slice
    indptr: NDArray[np.int64]
    unavailable: NDArray[np.bool_]

    @property
    def instrument(self) -> NDArray[np.int64]:
        """(rows,) what is held."""
        return self.block.instrument[self.rows]

    @property
    def contracts(self) -> F8:
        """(rows,) how much is held."""
        return self.block.contracts[self.rows]


def component_rows(
    context: Context, scan: ScanArrays, component: Component, by: str
) -> tuple[NettedRows, ...]:
    """The rows of a component by the groups of `by`: one block of rows, or positions and
    balances.
    """
    selection = component.selection
    if not component.reads_balances:
        return (_block_rows(context, scan, selection, context.block("positions"), by),)
    balances = coins_in_use(context) if component.hedging else context.block("balances")
    only_balances = selection is not None and selection.reads_balances
    block = balances if only_balances else context.block("positions")
    found = _block_rows(context, scan, selection, block, by)
    if not component.with_balances:
        return (found,)
    return (found, _block_rows(context, scan, None, balances, by))


def _block_rows(
    context: Context, scan: ScanArrays, selection: Selection | None, block: Block, by: str
) -> NettedRows:
    groups = context.groups(by)
    rows = groups.rows[block.name]
    unavailable = np.zeros(len(groups.account), dtype=np.bool_)
    if selection is not None or not _all_known(context, scan, block):
        chosen = block.contracts != 0.0
        if selection is not None:
            chosen &= context.run.chosen(selection)[block.instrument]
        lacking = chosen & (scan.missing[block.instrument] | np.isnan(block.contracts))
        lacking &= rows.row_group >= 0
        unavailable[rows.row_group[lacking]] = True
        chosen &= ~lacking
        if not chosen.all():
            kept = np.where(chosen, rows.row_group, -1)
            rows = rows_by_group(by, kept, groups.account, groups.key)
    return NettedRows(
        block=block,
        rows=slice(None) if rows.in_order else rows.order,
        indptr=rows.indptr,
        unavailable=unavailable,
    )


def _all_known(context: Context, scan: ScanArrays, block: Block) -> bool:
    """Whether every row has data: then one that holds nothing adds nothing and may stay."""

    def finite() -> bool:
        known = np.isfinite(scan.change).all() and np.isfinite(scan.value).all()
        return bool(known and not scan.missing.any())

    return context.run.keep((scan, "finite"), finite) and not np.isnan(block.contracts).any()


def netted(per_contract: F8, blocks: tuple[NettedRows, ...]) -> F8:
    """(groups, columns) whole ticks that all rows gain or lose, each rounded by itself, before
    shaping; `per_contract` (instruments, columns) in ticks.
    """
    parts = [
        net_ticks(
            per_contract,
            found.instrument,
            found.contracts,
            found.indptr,
        )
        for found in blocks
    ]
    total = parts[0]
    for part in parts[1:]:
        total += part
    return total


def component_fills(context: Context, component: Component) -> ListingFills | None:
    """The open orders that a component counts; None when it counts none, or there are none.

    ValueError for a shape under which a lower change can cost less: there is no worst fill then.
    """
    if component.orders is OrderFill.NONE or not len(context.orders.account):
        return None
    if component.shape is not None and not is_monotone(component.shape):
        raise ValueError("open orders have no worst fill under a shape that takes gains for losses")
    if component.hedging:
        return hedging_fills(context, component.orders)
    return listing_fills(context, component.selection, component.orders)


@final
@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Scanned:
    """(groups, scenarios) whole ticks over all components, shaped; `unavailable` (groups,)."""

    ticks: F8
    unavailable: NDArray[np.bool_]


@final
@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class PlainRows:
    """Rows of all components over the same groups, ready for a kernel, as sets behind each other.

    `unavailable` (groups,) marks groups that hold a row without data.
    """

    sets: tuple[RowSet, ...]
    unavailable: NDArray[np.bool_]


def plain_rows(
    context: Context, scan: ScanArrays, components: tuple[Component, ...], at: str
) -> PlainRows:
    """The rows of components that are only added up (`is_plain`), in each group.

    Whole ticks add up to the same in any order: nothing need be held per group and scenario.
    """
    found = [
        rows
        for each in components or EVERYTHING
        for rows in component_rows(context, scan, each, at)
    ]
    return PlainRows(
        sets=row_sets(found), unavailable=np.any([rows.unavailable for rows in found], axis=0)
    )


def row_sets(found: Sequence[NettedRows]) -> tuple[RowSet, ...]:
    """The rows as kernels take them, without sets that hold nothing, but one at least."""
    filled = [rows for rows in found if rows.indptr[-1]] or found[:1]
    return tuple((rows.instrument, rows.contracts, rows.indptr) for rows in filled)


def scan_ticks(
    context: Context, family: str, components: tuple[Component, ...], at: str
) -> Scanned:
    """All components netted, shaped in their own grouping, and added up to `at`."""
    scan = context.run.scan(family)
    count = context.groups_count(at)
    total = None
    unavailable = np.zeros(count, dtype=np.bool_)
    for component in components or EVERYTHING:
        by = component.by or at
        blocks = component_rows(context, scan, component, by)
        ticks = netted(scan.change, blocks)
        fills = component_fills(context, component)
        if fills is not None:
            ticks = with_fills(context, scan, fills, by, ticks)
        if component.shape is not None:
            values = netted(scan.value[:, None], blocks)[:, 0]
            for shape in shapes_of(component.shape, context, by, scan.scenarios):
                ticks = shaped_ticks(shape, values, ticks)
        if by != at:
            ticks = added_ticks(parent_rows(context, by, at), ticks)
        total = ticks if total is None else np.add(total, ticks, out=total)
        lost = np.any([found.unavailable for found in blocks], axis=0)
        if fills is not None:
            lost[fill_groups(context, fills, by)[scan.missing[fills.instrument]]] = True
        if lost.any():
            parent = parent_groups(context, by, at)
            unavailable[parent[lost & (parent >= 0)]] = True
    if total is None:
        raise AssertionError("a scan has at least one component")
    return Scanned(ticks=total, unavailable=unavailable)


def scan_parts(
    context: Context,
    family: str,
    components: tuple[Component, ...],
    at: str,
    weight: F8,
) -> Parts:
    """What each row loses (positive) over its group's scenarios, `weight` (groups, scenarios) each.

    A shape does to every row what it does to the row's group, so parts of shaped groups add up as
    well.
    """
    scan = context.run.scan(family)
    parts = {name: np.zeros(len(context.block(name).account)) for name in ("positions", "balances")}
    for component in components or EVERYTHING:
        by = component.by or at
        blocks = component_rows(context, scan, component, by)
        parent = parent_groups(context, by, at)
        own_weight = np.zeros((len(parent), weight.shape[1]))
        own_weight[parent >= 0] = weight[parent[parent >= 0]]
        ticks = netted(scan.change, blocks)
        fills = component_fills(context, component)
        if fills is not None:
            ticks = with_fills(context, scan, fills, by, ticks)
        values = netted(scan.value[:, None], blocks)[:, 0]
        for scenario in np.flatnonzero(own_weight.any(axis=0)).tolist():
            slopes = _slopes(context, scan, component, by, values, ticks, scenario)
            for found in blocks:
                lost = _row_losses(scan, found, slopes, scenario, own_weight[:, scenario])
                parts[found.block.name][found.rows] += lost
            if fills is not None:
                group = fill_groups(context, fills, by)
                lost = worst_fill_ticks(scan, fills, np.array([scenario]))[:, 0]
                lost = -lost * slopes[1][group] * own_weight[group, scenario]
                parts[fills.block][fills.row] += np.where(group >= 0, lost, 0.0)
    return Parts(positions=parts["positions"], balances=parts["balances"])


def _row_losses(
    scan: ScanArrays, found: NettedRows, slopes: tuple[F8, F8], scenario: int, weight: F8
) -> F8:
    """(rows,) what each row loses in a scenario as its group is shaped, times `weight`
    (groups,).
    """
    row_group = np.repeat(np.arange(len(found.indptr) - 1), np.diff(found.indptr))
    instrument, contracts = found.instrument, found.contracts
    value_slope, change_slope = slopes
    values = np.rint(contracts * scan.value[instrument])
    gained = np.rint(contracts * scan.change[instrument, scenario])
    shaped = value_slope[row_group] * values + change_slope[row_group] * gained
    return np.asarray(-shaped * weight[row_group])


def _slopes(
    context: Context,
    scan: ScanArrays,
    component: Component,
    by: str,
    values: F8,
    ticks: F8,
    scenario: int,
) -> tuple[F8, F8]:
    """(groups,) a and b with shaped change = a x value + b x change in one scenario, all shapes in
    turn.
    """
    count = len(ticks)
    value_slope, change_slope = np.zeros(count), np.ones(count)
    if component.shape is None:
        return value_slope, change_slope
    where = np.full(count, scenario, dtype=np.int64)
    for shape in shapes_of(component.shape, context, by, scan.scenarios):
        a, b = shape_slopes(shape, values, ticks, where)
        value_slope, change_slope = a + b * value_slope, b * change_slope
        ticks = shaped_ticks(shape, values, ticks)
    return value_slope, change_slope


def is_plain(context: Context, components: tuple[Component, ...], at: str) -> bool:
    """Whether rows are only added up in the groups of `at`: no shape, no grouping below, no open
    orders to fill.
    """
    return all(
        each.shape is None and each.by in (None, at) and component_fills(context, each) is None
        for each in components
    )


def driver_names(scenarios: ScenarioSet, measure: str) -> tuple[str, ...]:
    """Scenario labels with the measure that they drive."""
    return _driver_names(scenarios.labels, measure)


@lru_cache(maxsize=64)
def _driver_names(labels: tuple[str, ...], measure: str) -> tuple[str, ...]:
    return tuple(f"{measure}: {label}" for label in labels)


def require_equal_probability(scenarios: ScenarioSet) -> None:
    """Order statistics and tail means here weigh all scenarios alike; refuse a family that does
    not.
    """
    chance = scenarios.probability
    if chance is None or np.any(chance != chance[0]):
        message = "value at risk and expected shortfall need equally likely scenarios"
        where = f"scenarios.{scenarios.name}"
        raise InputRefused([Failure(Reason.UNSUPPORTED, where, message)])
