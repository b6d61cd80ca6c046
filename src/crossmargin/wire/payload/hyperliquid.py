"""Hyperliquid: clearinghouseState and spotClearinghouseState."""

from decimal import Decimal

from crossmargin.base.failure import Failure
from crossmargin.domain.holding import BalanceState
from crossmargin.wire.payload.row import (
    BalanceRow,
    PositionRow,
    Recording,
    ReportRow,
    message_of,
)


def read_clearinghouse(payload: object, where: str, failures: list[Failure]) -> Recording:
    """Perpetuals of one account and their USDC.

    `totalRawUsd` is the account less the value of its positions, so cash is that plus what the
    positions cost; an isolated position keeps its own `rawUsd`. The venue reports no initial margin
    apart from the margin in use.
    """
    recording = Recording()
    state = message_of(payload, where, failures)
    cross = state.part("crossMarginSummary")
    cash = cross.needed("totalRawUsd")
    for entry in state.rows("assetPositions"):
        row = entry.part("position")
        contracts = row.needed("szi")
        if contracts == 0:
            continue
        entry_price = row.needed("entryPx")
        cost = contracts * entry_price
        leverage = row.part("leverage")
        isolated = leverage.text("type") == "isolated"
        if not isolated:
            cash += cost
        recording.positions.append(
            PositionRow(
                where=row.where,
                symbol=row.unified("hyperliquid", row.needed_text("coin"), None),
                contracts=contracts,
                entry_price=entry_price,
                isolated=isolated,
                isolated_collateral=leverage.needed("rawUsd") + cost if isolated else None,
                initial=row.number("marginUsed"),
                liquidation_price=row.number("liquidationPx"),
            )
        )
    if cash:
        recording.balances.append(
            BalanceRow(where=f"{where}.crossMarginSummary", asset="USDC", amount=cash)
        )
    figures = {
        "equity": cross.needed("accountValue"),
        "initial": cross.needed("totalMarginUsed"),
    }
    maintenance = state.number("crossMaintenanceMarginUsed")
    if maintenance is not None:
        figures["maintenance"] = maintenance
    recording.reports.append(ReportRow(where=where, currency="USDC", figures=figures))
    return recording


def read_spot(payload: object, where: str, failures: list[Failure]) -> Recording:
    """Spot balances: what is on hold is locked.

    They back perpetuals only in a unified account; elsewhere they make an account of their own.
    """
    recording = Recording()
    for row in message_of(payload, where, failures).rows("balances"):
        total = row.needed("total")
        hold = row.number("hold") or Decimal(0)
        asset = row.needed_text("coin") if total or hold else ""
        for amount, state in ((total - hold, BalanceState.FREE), (hold, BalanceState.LOCKED)):
            if amount:
                recording.balances.append(
                    BalanceRow(where=row.where, asset=asset, amount=amount, state=state)
                )
    return recording
