"""Bybit: position/list (or its stream) and the unified wallet."""

from decimal import Decimal

from crossmargin.base.failure import Failure, Reason
from crossmargin.domain.instrument import SettlementStyle
from crossmargin.wire.native import Market
from crossmargin.wire.payload.row import (
    BalanceRow,
    Message,
    PositionRow,
    Recording,
    ReportRow,
    figures_of,
    message_of,
    rows_under,
)

_ZERO = Decimal(0)
_FIGURES = {
    "equity": "totalEquity",
    "adjusted_equity": "totalMarginBalance",
    "initial": "totalInitialMargin",
    "maintenance": "totalMaintenanceMargin",
    "utilisation": "accountMMRate",
    "available": "totalAvailableBalance",
}


def read_positions(payload: object, where: str, failures: list[Failure]) -> Recording:
    """`size` with its side; dollars for inverse contracts.

    USDC contracts are settled in sessions: then `sessionAvgPrice` is the price from which profit
    counts.
    """
    recording = Recording()
    category = ""
    if not isinstance(payload, list | tuple):
        category = message_of(payload, where, failures).part("result").text("category")
    for row in rows_under(payload, where, failures, ("result", "list"), ("data",)):
        size = row.needed("size")
        if size == 0:
            continue
        session = row.number("sessionAvgPrice")
        market = _market(row, row.text("category") or category)
        recording.positions.append(
            PositionRow(
                where=row.where,
                symbol=row.unified("bybit", row.needed_text("symbol"), market) if market else "",
                contracts=_signed(row, size),
                entry_price=session or row.needed("avgPrice", "entryPrice"),
                style=SettlementStyle.DAILY if session else SettlementStyle.ON_CLOSE,
                isolated=row.number("tradeMode") == 1,
                initial=row.number("positionIM"),
                maintenance=row.number("positionMM"),
                liquidation_price=row.number("liqPrice"),
            )
        )
    return recording


def read_wallet(payload: object, where: str, failures: list[Failure]) -> Recording:
    """Wallet balances per coin, what was borrowed, and the account's totals in dollars."""
    recording = Recording()
    for account in rows_under(payload, where, failures, ("result", "list"), ("data",), ("result",)):
        for row in account.rows("coin"):
            amount = row.needed("walletBalance")
            owed = row.number("spotBorrow")
            interest = row.number("accruedInterest") or _ZERO
            if owed is None and row.number("borrowAmount", "borrowSize"):
                row.refuse(
                    Reason.UNSUPPORTED,
                    "borrowed coins without spotBorrow: give them as a loan of its own",
                )
            if amount or owed or interest:
                recording.balances.append(
                    BalanceRow(
                        where=row.where,
                        asset=row.needed_text("coin", "currencyCoin"),
                        amount=amount,
                        owed=owed or _ZERO,
                        interest=interest,
                    )
                )
        recording.reports.append(
            ReportRow(where=account.where, currency="USD", figures=figures_of(account, _FIGURES))
        )
    return recording


def _market(row: Message, category: str) -> Market | None:
    if category in ("linear", "inverse", "option"):
        return Market(category)
    if not category:
        row.refuse(Reason.MISSING_FIELD, "no category: linear, inverse or option")
    else:
        row.refuse(Reason.OUT_OF_BOUNDS, f"category {category!r} holds no positions")
    return None


def _signed(row: Message, size: Decimal) -> Decimal:
    match row.needed_text("side"):
        case "Buy":
            return abs(size)
        case "Sell":
            return -abs(size)
        case side:
            row.refuse(Reason.OUT_OF_BOUNDS, f"side {side!r} is neither Buy nor Sell")
            return size
