"""ccxt position and balance dicts, verbatim, with the venue's own message in `info`."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from decimal import Decimal
from typing import Any

from crossmargin.base.failure import Failure, Reason
from crossmargin.domain.holding import BalanceState
from crossmargin.domain.instrument import SettlementStyle
from crossmargin.wire.payload.binance import read_papi_balance, read_um_account
from crossmargin.wire.payload.bybit import read_wallet
from crossmargin.wire.payload.deribit import read_account_summaries
from crossmargin.wire.payload.hyperliquid import read_clearinghouse
from crossmargin.wire.payload.okx import read_balance as read_okx_balance
from crossmargin.wire.payload.row import (
    BalanceRow,
    Message,
    PositionRow,
    Recording,
    message_of,
    messages_of,
)

Reader = Callable[[object, str, list[Failure]], Recording]

_NOT_CURRENCIES = {"info", "timestamp", "datetime", "free", "used", "total", "debt"}
_TELLS_ISOLATED_COLLATERAL = {"binance", "hyperliquid"}


def read_ccxt_positions(
    payload: object, where: str, failures: list[Failure], venue: str
) -> Recording:
    """A list of position structures. `contracts` may be signed or not; `side` gives the sign.

    Deribit's `contracts` are amounts (dollars when inverse), whatever `contractSize` says, and its
    futures pay out daily, so there the cost follows from `markPrice` and `unrealizedPnl`.
    """
    recording = Recording()
    for row in messages_of(payload, where, failures):
        contracts = row.needed("contracts")
        if contracts == 0:
            continue
        symbol = row.needed_text("symbol")
        margin = row.number("positionMargin")
        isolated = row.text("marginMode") == "isolated"
        liquidation = row.number("liquidationPrice")
        position = PositionRow(
            where=row.where,
            symbol=symbol,
            contracts=_signed(row, contracts),
            entry_price=row.number("entryPrice"),
            mark_price=row.number("markPrice"),
            unrealised=row.number("unrealizedPnl"),
            isolated=isolated,
            isolated_collateral=margin if venue in _TELLS_ISOLATED_COLLATERAL else None,
            initial=row.number("initialMargin"),
            maintenance=row.number("maintenanceMargin"),
            liquidation_price=liquidation if liquidation else None,
            contract_size=row.number("contractSize"),
        )
        if venue == "deribit":
            position = replace(position, contract_size=None)
            if not symbol.endswith(("-C", "-P")):
                position = replace(position, entry_price=None, style=SettlementStyle.DAILY)
        recording.positions.append(position)
    return recording


def read_ccxt_balance(
    payload: object, where: str, failures: list[Failure], venue: str, total_is: str | None
) -> Recording:
    """A balance structure. Where `info` holds a message that we can read, that message counts.

    ccxt's `total` is the wallet at some venues and the equity at others (Deribit, OKX), and adding
    unrealised profit to an equity counts it twice: without a readable `info`, `total_is` must say
    which of the two it is.
    """
    balance = message_of(payload, where, failures)
    reader = _reader_of(venue, balance.value.get("info"))
    if reader is not None:
        recording = reader(balance.value["info"], f"{where}.info", failures)
        recording.positions.clear()
        return recording
    if total_is is None:
        balance.refuse(
            Reason.MISSING_FIELD,
            f"total_is (wallet or equity) is required: no info of {venue} that can be read",
        )
        return Recording()
    recording = Recording()
    for code in balance.value:
        if code in _NOT_CURRENCIES:
            continue
        row = balance.part(code)
        total = row.needed("total")
        owed = row.number("debt") or Decimal(0)
        if total or owed:
            recording.balances.append(
                BalanceRow(
                    where=row.where,
                    asset=code,
                    amount=total,
                    state=BalanceState.FREE,
                    owed=owed,
                    with_unrealised=total_is == "equity",
                )
            )
    return recording


def document_of_ccxt(
    venue: str,
    positions: list[Mapping[str, Any]],
    balance: Mapping[str, Any] | None,
    *,
    account_id: str,
    entity_id: str,
    recipe: str | None = None,
    total_is: str | None = None,
) -> dict[str, Any]:
    """What `fetch_positions` and `fetch_balance` gave -> our book document of one account."""
    recorded: list[dict[str, Any]] = [{"format": "ccxt.positions", "payload": list(positions)}]
    if balance is not None:
        row: dict[str, Any] = {"format": "ccxt.balance", "payload": balance}
        recorded.append(row if total_is is None else {**row, "total_is": total_is})
    account: dict[str, Any] = {
        "id": account_id,
        "entity": entity_id,
        "venue": venue,
        "recorded": recorded,
    }
    if recipe is not None:
        account["recipe"] = recipe
    return {
        "schema": "crossmargin/book/1",
        "entities": [{"id": entity_id, "name": entity_id, "house": True}],
        "accounts": [account],
    }


def _reader_of(venue: str, raw: object) -> Reader | None:
    match venue, raw:
        case "deribit", Mapping():
            return read_account_summaries
        case "okx", {"data": [{"details": _}, *_]}:
            return read_okx_balance
        case "bybit", {"result": {"list": [{"coin": _}, *_]}}:
            return read_wallet
        case "binance", {"assets": _, "positions": _}:
            return read_um_account
        case "binance", [{"totalWalletBalance": _, "crossMarginBorrowed": _}, *_]:
            return read_papi_balance
        case "hyperliquid", {"crossMarginSummary": _, "assetPositions": _}:
            return read_clearinghouse
        case _:
            return None


def _signed(row: Message, contracts: Decimal) -> Decimal:
    match row.needed_text("side"):
        case "long" if contracts > 0:
            return contracts
        case "short":
            return -abs(contracts)
        case side:
            row.refuse(Reason.CONTRADICTION, f"side {side!r} with {contracts} contracts")
            return contracts
