"""Recorded messages of an account, brought into the draft of a book."""

from collections.abc import Iterable
from decimal import Decimal
from typing import Any

from crossmargin.base.failure import Failure, Reason
from crossmargin.base.instant import instant_text
from crossmargin.domain.account import Account, MarginMode
from crossmargin.domain.holding import Balance, Loan, Location, Position, VenueReport
from crossmargin.domain.instrument import Listing, Option, settle_asset
from crossmargin.domain.symbol import resolve_symbol
from crossmargin.wire.assets import term_of
from crossmargin.wire.book_fields import RECORDED_FIELDS
from crossmargin.wire.ccxt import Reader, read_ccxt_balance, read_ccxt_positions
from crossmargin.wire.draft import COST_LIMIT, Draft, rounded_units, value_at_price
from crossmargin.wire.payload import binance, bybit, deribit, dydx, hyperliquid, okx
from crossmargin.wire.payload.row import BalanceRow, PositionRow, Recording, ReportRow
from crossmargin.wire.record import read_records

READERS: dict[str, Reader] = {
    "binance.cm_positions": binance.read_cm_positions,
    "binance.options_positions": binance.read_options_positions,
    "binance.papi_balance": binance.read_papi_balance,
    "binance.um_account": binance.read_um_account,
    "binance.um_positions": binance.read_um_positions,
    "bybit.positions": bybit.read_positions,
    "bybit.wallet": bybit.read_wallet,
    "deribit.account_summaries": deribit.read_account_summaries,
    "deribit.positions": deribit.read_positions,
    "dydx.subaccount": dydx.read_subaccount,
    "hyperliquid.clearinghouse": hyperliquid.read_clearinghouse,
    "hyperliquid.spot": hyperliquid.read_spot,
    "okx.balance": okx.read_balance,
    "okx.positions": okx.read_positions,
}


def place_recorded(draft: Draft, account: Account, rows: Any, where: str) -> None:
    """Every message of `rows` into the draft, with the venue's own figures as a report."""
    read: list[tuple[dict[str, Any], Recording]] = []
    seen: list[Any] = []
    for row, place in read_records(rows, RECORDED_FIELDS, where, draft.failures):
        if row["payload"] in seen:
            draft.refuse(Reason.DUPLICATE, place, "the same message stands twice")
            continue
        seen.append(row["payload"])
        recording = _read(draft, account, row, place)
        if recording is not None:
            read.append((row, recording))
    formats = {row["format"] for row, _ in read}
    for row, recording in read:
        if row["format"] == "binance.um_account" and "binance.um_positions" in formats:
            recording.positions.clear()
    positions = [row for _, recording in read for row in recording.positions]
    placed = [
        (row, listing)
        for row in positions
        if (listing := _place_position(draft, account, row)) is not None
    ]
    for _, recording in read:
        for balance in recording.balances:
            _place_balance(draft, account, balance, placed)
    reports = [row for _, recording in read for row in recording.reports]
    source = ", ".join(_source(row) for row, _ in read)
    _place_report(draft, account, reports, placed, source, where)


def _read(draft: Draft, account: Account, row: dict[str, Any], where: str) -> Recording | None:
    source, payload, place = row["format"], row["payload"], f"{where}.payload"
    if "total_is" in row and source != "ccxt.balance":
        draft.refuse(Reason.CONTRADICTION, f"{where}.total_is", f"{source} needs no total_is")
    if source == "ccxt.positions":
        return read_ccxt_positions(payload, place, draft.failures, account.venue)
    if source == "ccxt.balance":
        return read_ccxt_balance(payload, place, draft.failures, account.venue, row.get("total_is"))
    if source.split(".")[0] != account.venue:
        draft.refuse(
            Reason.CONTRADICTION, f"{where}.format", f"{source} in an account at {account.venue}"
        )
        return None
    return READERS[source](payload, place, draft.failures)


def _place_position(draft: Draft, account: Account, row: PositionRow) -> Listing | None:
    if not row.symbol:
        return None
    _learn_contract_size(draft, account, row)
    listing = draft.held_listing(account.venue, row.symbol, row.where)
    if listing is None:
        return None
    if row.contract_size is not None and row.contract_size != listing.contract_size:
        draft.refuse(
            Reason.CONTRADICTION,
            f"{row.where}.contractSize",
            f"{row.contract_size} here, {listing.contract_size} for {listing.listing_id}",
        )
        return None
    holder = _holder(draft, account, row, listing)
    cost = _cost(draft, row, listing)
    if holder is None or isinstance(cost, Failure):
        return None
    draft.positions.append(
        Position(
            account_id=holder,
            listing_id=listing.listing_id,
            contracts=row.contracts,
            cost_settle=cost,
            settlement_style=row.style,
        )
    )
    return listing


def _learn_contract_size(draft: Draft, account: Account, row: PositionRow) -> None:
    """A size that a message states counts where neither the book nor the package knows one."""
    resolved = resolve_symbol(row.symbol, draft.registry, row.where)
    if row.contract_size is None or row.contract_size <= 0 or isinstance(resolved, Failure):
        return
    if term_of(account.venue, resolved.instrument, draft.terms) is not None:
        return
    given = draft.overrides.setdefault((account.venue, resolved.economic_id), {})
    given.setdefault("contract_size", row.contract_size)


def _cost(draft: Draft, row: PositionRow, listing: Listing) -> Decimal | Failure | None:
    """The cost in settlement currency, None where the message says nothing of it."""
    cost = row.cost
    price, profit = row.entry_price, Decimal(0)
    if price is None and row.mark_price is not None and row.unrealised is not None:
        price, profit = row.mark_price, row.unrealised
    if cost is None and price is not None:
        if price < 0 or (price == 0 and not isinstance(listing.instrument, Option)):
            draft.refuse(Reason.OUT_OF_BOUNDS, row.where, f"a price of {price}")
            return draft.failures[-1]
        cost = value_at_price(listing, row.contracts, price) - profit
    if cost is not None and abs(cost) >= COST_LIMIT:
        draft.refuse(Reason.OVERFLOW, row.where, "the cost has more than 24 digits")
        return draft.failures[-1]
    return cost


def _holder(draft: Draft, account: Account, row: PositionRow, listing: Listing) -> str | None:
    """Who holds the row: an isolated row of a cross account gets a bucket of its own."""
    if not row.isolated or account.mode is MarginMode.ISOLATED:
        return account.account_id
    if row.isolated_collateral is None:
        draft.refuse(
            Reason.UNSUPPORTED,
            row.where,
            "isolated, and the message does not say with what collateral of its own: "
            "make it an account with mode isolated",
        )
        return None
    bucket = f"{account.account_id}/{listing.economic_id}"
    if bucket in draft.accounts:
        draft.refuse(Reason.DUPLICATE, row.where, f"a second isolated bucket {bucket}")
        return None
    draft.accounts[bucket] = Account(
        account_id=bucket,
        entity_id=account.entity_id,
        venue=account.venue,
        parent_id=account.account_id,
        mode=MarginMode.ISOLATED,
        recipe=account.recipe,
        settings=account.settings,
        authority=account.authority,
    )
    settle = draft.registry.asset(settle_asset(listing.instrument))
    draft.balances.append(
        Balance(
            account_id=bucket,
            asset=settle.code,
            amount_units=rounded_units(settle, row.isolated_collateral, up=False),
            location=Location(venue=account.venue),
        )
    )
    return bucket


def _place_balance(
    draft: Draft,
    account: Account,
    row: BalanceRow,
    placed: Iterable[tuple[PositionRow, Listing]],
) -> None:
    known = draft.asset(row.asset, row.where) if row.asset else None
    if known is None:
        return
    asset, multiplier = known
    amount = row.amount
    if row.with_unrealised:
        for position, listing in placed:
            if settle_asset(listing.instrument) != asset.code:
                continue
            if position.unrealised is None:
                draft.refuse(
                    Reason.MISSING_FIELD,
                    f"{position.where}.unrealizedPnl",
                    f"needed to take it out of the equity in {asset.code}",
                )
                return
            amount -= position.unrealised
    if amount:
        draft.balances.append(
            Balance(
                account_id=account.account_id,
                asset=asset.code,
                amount_units=rounded_units(asset, amount * multiplier, up=False),
                location=Location(venue=account.venue),
                state=row.state,
            )
        )
    if row.owed or row.interest:
        loan_id = f"{account.account_id}/{asset.code}/borrowed"
        draft.claim("loan", loan_id, row.where)
        draft.loans.append(
            Loan(
                loan_id=loan_id,
                account_id=account.account_id,
                asset=asset.code,
                amount_units=rounded_units(asset, row.owed * multiplier, up=True),
                interest_units=rounded_units(asset, row.interest * multiplier, up=True),
                lender=account.venue,
            )
        )


def _place_report(
    draft: Draft,
    account: Account,
    reports: list[ReportRow],
    placed: list[tuple[PositionRow, Listing]],
    source: str,
    where: str,
) -> None:
    """One report: the venue's account figures, else the sum over cross rows in one currency."""
    if len(reports) > 1:
        draft.refuse(
            Reason.DUPLICATE, reports[1].where, "a second message with figures of the account"
        )
        return
    cross = [x for x in placed if not x[0].isolated or account.mode is MarginMode.ISOLATED]
    prices = _liquidation_prices(cross)
    currency, figures = "", {}
    if reports:
        known = draft.asset(reports[0].currency, reports[0].where)
        currency = known[0].code if known else ""
        figures = dict(reports[0].figures)
    elif cross:
        settles = {settle_asset(listing.instrument) for _, listing in cross}
        currency = sorted(settles)[0]
        figures = _sums([row for row, _ in cross]) if len(settles) == 1 else {}
    if not currency or not (figures or prices):
        return
    if account.account_id in draft.reports:
        draft.refuse(Reason.DUPLICATE, where, "figures are reported here and in `reported`")
        return
    draft.reports[account.account_id] = VenueReport(
        account_id=account.account_id,
        currency=currency,
        source=source,
        figures=figures,
        liquidation_prices=prices,
    )


def _sums(rows: list[PositionRow]) -> dict[str, Decimal]:
    """The margins of all rows added up, each only where every row has it."""
    sums: dict[str, Decimal] = {}
    for word in ("initial", "maintenance"):
        amounts = [getattr(row, word) for row in rows]
        if all(amount is not None for amount in amounts):
            sums[word] = sum(amounts, Decimal(0))
    return sums


def _liquidation_prices(placed: list[tuple[PositionRow, Listing]]) -> dict[str, Decimal]:
    """By listing; a long and a short of one listing with two prices have none together."""
    prices: dict[str, set[Decimal]] = {}
    for row, listing in placed:
        if row.liquidation_price is not None:
            prices.setdefault(listing.listing_id, set()).add(row.liquidation_price)
    return {name: found.pop() for name, found in prices.items() if len(found) == 1}


def _source(row: dict[str, Any]) -> str:
    captured = f" of {instant_text(row['captured_at'])}" if "captured_at" in row else ""
    return f"{row['format']}{captured}"
