"""dYdX v4 indexer: the subaccounts of an address."""

from collections.abc import Iterator, Mapping
from decimal import Decimal

from crossmargin.base.failure import Failure, Reason
from crossmargin.wire.payload.row import (
    BalanceRow,
    Message,
    PositionRow,
    Recording,
    ReportRow,
    message_of,
    rows_under,
)


def read_subaccount(payload: object, where: str, failures: list[Failure]) -> Recording:
    """One subaccount, alone or as the only one of an address.

    The USDC of the message holds what the positions cost, so cash is that plus what they cost at
    their entry prices. Settled funding is in it already.
    """
    recording = Recording()
    if isinstance(payload, Mapping) and "equity" in payload:
        found = [message_of(payload, where, failures)]
    else:
        found = list(rows_under(payload, where, failures, ("subaccounts",), ("subaccount",)))
    if len(found) > 1:
        message = f"{len(found)} subaccounts: each is an account of its own, give them one by one"
        failures.append(Failure(Reason.CONTRADICTION, where, message))
        return recording
    for row in found:
        spent = _positions(row, recording)
        for asset in _entries(row, "assetPositions"):
            size = asset.needed("size")
            owed = asset.text("side") == "SHORT"
            symbol = asset.needed_text("symbol")
            amount = (-size if owed else size) + (spent if symbol == "USDC" else 0)
            recording.balances.append(BalanceRow(where=asset.where, asset=symbol, amount=amount))
        equity, free = row.needed("equity"), row.needed("freeCollateral")
        figures = {"equity": equity, "initial": equity - free, "available": free}
        recording.reports.append(ReportRow(where=row.where, currency="USDC", figures=figures))
    return recording


def _positions(row: Message, recording: Recording) -> Decimal:
    """Open perpetuals into the recording; what they cost, a short less than nothing."""
    spent = Decimal(0)
    for position in _entries(row, "openPerpetualPositions"):
        contracts, entry = position.needed("size"), position.needed("entryPrice")
        if contracts == 0:
            continue
        cost = contracts * entry
        spent += cost
        name = position.needed_text("market")
        recording.positions.append(
            PositionRow(
                where=position.where,
                symbol=position.unified("dydx", name, None),
                contracts=contracts,
                cost=cost,
            )
        )
    return spent


def _entries(row: Message, name: str) -> Iterator[Message]:
    """The objects of a nested table, whatever their keys."""
    table = row.part(name)
    for key, value in table.value.items():
        yield message_of(value, f"{table.where}.{key}", row.failures)
