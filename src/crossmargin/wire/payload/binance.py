"""Binance: USD-M, COIN-M and options positions, USD-M account, portfolio-margin balance."""

from decimal import Decimal

from crossmargin.base.failure import Failure
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
    "equity": "totalMarginBalance",
    "initial": "totalInitialMargin",
    "maintenance": "totalMaintMargin",
    "available": "availableBalance",
}


def read_um_positions(payload: object, where: str, failures: list[Failure]) -> Recording:
    """USD-M positionRisk (fapi), version 2 or 3: `positionAmt` is signed, in quoted units."""
    return _positions(payload, where, failures, Market.LINEAR)


def read_cm_positions(payload: object, where: str, failures: list[Failure]) -> Recording:
    """COIN-M positionRisk (dapi): `positionAmt` is signed, in contracts of 100 or 10 dollars."""
    return _positions(payload, where, failures, Market.INVERSE)


def read_options_positions(payload: object, where: str, failures: list[Failure]) -> Recording:
    """Options position (eapi): `quantity` with its side; the entry price is the premium in USDT."""
    recording = Recording()
    for row in rows_under(payload, where, failures):
        quantity = row.needed("quantity")
        if quantity == 0:
            continue
        short = row.text("side") == "SHORT"
        recording.positions.append(
            PositionRow(
                where=row.where,
                symbol=row.unified("binance", row.needed_text("symbol"), Market.OPTION),
                contracts=-abs(quantity) if short else quantity,
                entry_price=row.needed("entryPrice"),
            )
        )
    return recording


def read_um_account(payload: object, where: str, failures: list[Failure]) -> Recording:
    """USD-M account (fapi): cross wallet balances, positions and the account's totals in dollars.

    Its positions have no entry price: their cost is `notional` less `unrealizedProfit`. They give
    way to those of binance.um_positions where the account has both.
    """
    recording = Recording()
    account = message_of(payload, where, failures)
    for row in account.rows("assets"):
        amount = row.needed("crossWalletBalance", "walletBalance")
        if amount:
            recording.balances.append(
                BalanceRow(where=row.where, asset=row.needed_text("asset"), amount=amount)
            )
    for row in account.rows("positions"):
        amount = row.needed("positionAmt")
        if amount == 0:
            continue
        recording.positions.append(
            PositionRow(
                where=row.where,
                symbol=row.unified("binance", row.needed_text("symbol"), Market.LINEAR),
                contracts=amount,
                cost=row.needed("notional") - row.needed("unrealizedProfit"),
                initial=row.number("initialMargin"),
                maintenance=row.number("maintMargin"),
                isolated=_isolated(row),
                isolated_collateral=_own_collateral(row),
            )
        )
    figures = figures_of(account, _FIGURES)
    recording.reports.append(ReportRow(where=where, currency="USD", figures=figures))
    return recording


def read_papi_balance(payload: object, where: str, failures: list[Failure]) -> Recording:
    """Portfolio-margin balance (papi): total wallet of each asset, and cross-margin borrowings."""
    recording = Recording()
    for row in rows_under(payload, where, failures):
        amount = row.needed("totalWalletBalance")
        owed = row.number("crossMarginBorrowed") or _ZERO
        interest = row.number("crossMarginInterest") or _ZERO
        if amount or owed or interest:
            recording.balances.append(
                BalanceRow(
                    where=row.where,
                    asset=row.needed_text("asset"),
                    amount=amount,
                    owed=owed,
                    interest=interest,
                )
            )
    return recording


def _positions(payload: object, where: str, failures: list[Failure], market: Market) -> Recording:
    recording = Recording()
    for row in rows_under(payload, where, failures):
        amount = row.needed("positionAmt")
        if amount == 0:
            continue
        liquidation = row.number("liquidationPrice")
        recording.positions.append(
            PositionRow(
                where=row.where,
                symbol=row.unified("binance", row.needed_text("symbol"), market),
                contracts=amount,
                entry_price=row.needed("entryPrice"),
                initial=row.number("initialMargin"),
                maintenance=row.number("maintMargin"),
                liquidation_price=liquidation if liquidation else None,
                isolated=_isolated(row),
                isolated_collateral=_own_collateral(row),
            )
        )
    return recording


def _isolated(row: Message) -> bool:
    return row.text("marginType") == "isolated" or bool(row.number("isolatedWallet"))


def _own_collateral(row: Message) -> Decimal | None:
    return row.number("isolatedWallet") if _isolated(row) else None
