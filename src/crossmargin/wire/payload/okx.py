"""OKX: account/positions and account/balance."""

from decimal import Decimal

from crossmargin.base.failure import Failure, Reason
from crossmargin.wire.payload.row import (
    BalanceRow,
    Message,
    PositionRow,
    Recording,
    ReportRow,
    figures_of,
    rows_under,
)

_ZERO = Decimal(0)
_FIGURES = {
    "equity": "totalEq",
    "adjusted_equity": "adjEq",
    "initial": "imr",
    "maintenance": "mmr",
    "venue_ratio": "mgnRatio",
}


def read_positions(payload: object, where: str, failures: list[Failure]) -> Recording:
    """`pos` counts contracts; in long/short mode the side says the sign.

    Expiry futures are settled daily: then `nonSettleAvgPx` is the price from which profit counts.
    """
    recording = Recording()
    for row in rows_under(payload, where, failures, ("data",)):
        pos = row.needed("pos")
        if pos == 0:
            continue
        if row.text("instType") == "MARGIN":
            row.refuse(
                Reason.UNSUPPORTED, "a spot margin position: give its balances and loans instead"
            )
            continue
        isolated = row.text("mgnMode") == "isolated"
        recording.positions.append(
            PositionRow(
                where=row.where,
                symbol=row.unified("okx", row.needed_text("instId"), None),
                contracts=_signed(row, pos),
                entry_price=row.needed("nonSettleAvgPx", "avgPx"),
                isolated=isolated,
                initial=row.number("imr"),
                maintenance=row.number("mmr"),
                liquidation_price=row.number("liqPx"),
            )
        )
    return recording


def read_balance(payload: object, where: str, failures: list[Failure]) -> Recording:
    """`cashBal` per currency (a debt is negative); the totals are in dollars."""
    recording = Recording()
    for account in rows_under(payload, where, failures, ("data",)):
        for row in account.rows("details"):
            amount = row.needed("cashBal")
            interest = row.number("interest") or _ZERO
            if (row.number("liab") or _ZERO) != 0 and amount >= 0:
                row.refuse(
                    Reason.UNSUPPORTED,
                    "a liability beside a positive balance: give it as a loan of its own",
                )
            if amount or interest:
                recording.balances.append(
                    BalanceRow(
                        where=row.where,
                        asset=row.needed_text("ccy"),
                        amount=amount,
                        interest=abs(interest),
                    )
                )
        figures = figures_of(account, _FIGURES)
        if figures:
            recording.reports.append(
                ReportRow(where=account.where, currency="USD", figures=figures)
            )
    return recording


def _signed(row: Message, pos: Decimal) -> Decimal:
    match row.text("posSide"):
        case "long":
            return abs(pos)
        case "short":
            return -abs(pos)
        case "net" | "":
            return pos
        case side:
            row.refuse(Reason.OUT_OF_BOUNDS, f"posSide {side!r} is none of long, short, net")
            return pos
