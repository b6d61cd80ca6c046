"""Deribit: private/get_positions and private/get_account_summaries."""

from dataclasses import replace
from decimal import Decimal

from crossmargin.base.failure import Failure, Reason
from crossmargin.domain.instrument import SettlementStyle
from crossmargin.wire.payload.row import (
    BalanceRow,
    Message,
    PositionRow,
    Recording,
    ReportRow,
    figures_of,
    rows_under,
)

_FIGURES = {
    "equity": "equity",
    "adjusted_equity": "margin_balance",
    "initial": "initial_margin",
    "maintenance": "maintenance_margin",
    "available": "available_funds",
}
_FIGURES_OF_ALL = {
    "equity": "total_equity_usd",
    "adjusted_equity": "total_margin_balance_usd",
    "initial": "total_initial_margin_usd",
    "maintenance": "total_maintenance_margin_usd",
}


def read_positions(payload: object, where: str, failures: list[Failure]) -> Recording:
    """`size` counts dollars for inverse contracts and coins otherwise, negative when short.

    Futures and perpetuals pay out daily: `floating_profit_loss` is what the balance does not have
    yet, and the average price no longer says so. An option's cost is its premium, in coins.
    """
    recording = Recording()
    for row in rows_under(payload, where, failures, ("result",)):
        size = row.needed("size")
        if size == 0:
            continue
        name = row.needed_text("instrument_name")
        position = PositionRow(
            where=row.where,
            symbol=row.unified("deribit", name, None),
            contracts=_signed(row, size),
            initial=row.number("initial_margin"),
            maintenance=row.number("maintenance_margin"),
            liquidation_price=_price(row.number("estimated_liquidation_price")),
        )
        if name.endswith(("-C", "-P")):
            position = replace(position, entry_price=row.needed("average_price"))
        else:
            position = replace(
                position,
                style=SettlementStyle.DAILY,
                mark_price=row.needed("mark_price"),
                unrealised=row.needed("floating_profit_loss"),
            )
        recording.positions.append(position)
    return recording


def read_account_summaries(payload: object, where: str, failures: list[Failure]) -> Recording:
    """Cash is `balance` plus `session_rpl`: equity adds only session_upl and options to it.

    Under segregated margin each currency is a silo of its own, so a message with margins in two
    currencies must become two accounts. Under cross margin the totals are in dollars.
    """
    recording = Recording()
    rows = list(
        rows_under(
            payload, where, failures, ("result", "summaries"), ("params", "data"), ("result",)
        )
    )
    margined: list[Message] = []
    for row in rows:
        currency = row.needed_text("currency")
        amount = row.needed("balance") + (row.number("session_rpl") or Decimal(0))
        if amount:
            recording.balances.append(BalanceRow(where=row.where, asset=currency, amount=amount))
        if row.number("initial_margin") or row.number("maintenance_margin"):
            margined.append(row)
    if margined and margined[0].text("margin_model").startswith("cross_"):
        figures = figures_of(margined[0], _FIGURES_OF_ALL)
        recording.reports.append(ReportRow(where=where, currency="USD", figures=figures))
    elif len(margined) > 1:
        margined[1].refuse(
            Reason.UNSUPPORTED,
            "segregated margin in two currencies: make each currency an account of its own",
        )
    elif margined or len(rows) == 1:
        row = margined[0] if margined else rows[0]
        recording.reports.append(
            ReportRow(
                where=row.where,
                currency=row.text("currency"),
                figures=figures_of(row, _FIGURES),
            )
        )
    return recording


def _signed(row: Message, size: Decimal) -> Decimal:
    """The API signs `size` for shorts; a direction that says otherwise is refused."""
    direction = row.text("direction")
    if direction == "sell" and size > 0:
        return -size
    if direction == "buy" and size < 0:
        row.refuse(Reason.CONTRADICTION, "direction is buy and size is negative")
    return size


def _price(price: Decimal | None) -> Decimal | None:
    return price if price is not None and price > 0 else None
