"""One row of an option chain, whatever the file's format; every fault of the file at once."""

from dataclasses import dataclass
from decimal import Decimal
from typing import final

from crossmargin.base.failure import Failure, Reason, refuse_if_any
from crossmargin.base.instant import NS_PER_SECOND
from crossmargin.domain.instrument import Right
from crossmargin.wire.csv_table import CsvRow, cell_number, csv_rows
from crossmargin.wire.number import read_instant, read_text

OI_IV_COLUMNS = (
    "date",
    "currency",
    "instrument",
    "expiry",
    "strike",
    "type",
    "open_interest",
    "mark_iv",
    "underlying_usd",
)
BOOK_SUMMARY_COLUMNS = (
    "",
    "mid_price",
    "estimated_delivery_price",
    "volume_usd",
    "quote_currency",
    "creation_timestamp",
    "base_currency",
    "interest_rate",
    "volume",
    "underlying_index",
    "underlying_price",
    "price_change",
    "mark_price",
    "open_interest",
    "ask_price",
    "bid_price",
    "instrument_name",
    "last",
    "low",
    "high",
    "currency",
    "expire_date",
    "strike_price",
    "option_type",
)
_RIGHTS = {"call": Right.CALL, "put": Right.PUT, "C": Right.CALL, "P": Right.PUT}
_MS_EARLIEST, _MS_LATEST = 1_230_940_800_000, 7_258_118_400_000
_HUNDRED = Decimal(100)


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class ChainRow:
    """An option as its row says. Prices in coins, `forward`, `index` and `strike` in dollars."""

    where: str
    as_of_ns: int
    native_symbol: str
    underlying: str
    strike: Decimal
    right: Right
    open_interest_coins: Decimal
    forward: Decimal
    index: Decimal | None = None
    rate: Decimal | None = None
    vol: Decimal | None = None
    mark: Decimal | None = None
    last: Decimal | None = None
    bid: Decimal | None = None
    ask: Decimal | None = None


@final
class _Cells:
    """Cells of one row, read one by one; what is wrong is collected."""

    __slots__ = ("failures", "row", "where")

    def __init__(self, row: CsvRow, where: str, failures: list[Failure]) -> None:
        self.row = row
        self.where = where
        self.failures = failures

    def number(self, column: str, low: float, high: float) -> Decimal:
        read = cell_number(self.row, column, self.where, low=low, high=high)
        if isinstance(read, Failure):
            self.failures.append(read)
            return Decimal(1)
        return read

    def number_or_none(self, column: str, low: float, high: float) -> Decimal | None:
        """A price that may be absent: an empty cell, or zero where zero is no quote."""
        if self.row[column] == "":
            return None
        return self.number(column, low, high) or None

    def text(self, column: str) -> str:
        read = read_text(self.row[column], f"{self.where}.{column}")
        if isinstance(read, Failure):
            self.failures.append(read)
            return ""
        return read

    def instant(self, column: str) -> int:
        read = read_instant(self.row[column], f"{self.where}.{column}")
        if isinstance(read, Failure):
            self.failures.append(read)
            return 0
        return read

    def right(self, column: str) -> Right:
        right = _RIGHTS.get(self.row[column])
        if right is None:
            self._contradicts(column, "neither call nor put")
            return Right.CALL
        return right

    def same(self, column: str, expected: str) -> None:
        if self.row[column] != expected:
            self._contradicts(column, f"{self.row[column][:64]!r} is not {expected!r}")

    def _contradicts(self, column: str, message: str) -> None:
        self.failures.append(Failure(Reason.CONTRADICTION, f"{self.where}.{column}", message))


def _date_in(native_symbol: str) -> str:
    return native_symbol.partition("-")[2].partition("-")[0]


def oi_iv_rows(data: bytes, source: str) -> list[ChainRow]:
    """Rows of open interest (coins) and mark vol (%), dated: the time is midnight UTC."""
    failures: list[Failure] = []
    rows = []
    for where, row in csv_rows(data, OI_IV_COLUMNS, source):
        cells = _Cells(row, where, failures)
        name = cells.text("instrument")
        cells.same("expiry", _date_in(name))
        rows.append(
            ChainRow(
                where=where,
                as_of_ns=cells.instant("date"),
                native_symbol=name,
                underlying=cells.text("currency"),
                strike=cells.number("strike", 1e-12, 1e12),
                right=cells.right("type"),
                open_interest_coins=cells.number("open_interest", 0.0, 1e15),
                vol=cells.number("mark_iv", 1e-6, 5e4) / _HUNDRED,
                forward=cells.number("underlying_usd", 1e-12, 1e12),
            )
        )
    refuse_if_any(failures)
    return rows


def book_summary_rows(data: bytes, source: str) -> list[ChainRow]:
    """Rows of Deribit's book summary: prices in coins, an empty or zero bid or ask is no quote."""
    failures: list[Failure] = []
    rows = []
    for where, row in csv_rows(data, BOOK_SUMMARY_COLUMNS, source):
        cells = _Cells(row, where, failures)
        name = cells.text("instrument_name")
        cells.same("expire_date", _date_in(name))
        moment_ms = int(cells.number("creation_timestamp", _MS_EARLIEST, _MS_LATEST))
        rows.append(
            ChainRow(
                where=where,
                as_of_ns=moment_ms * (NS_PER_SECOND // 1000),
                native_symbol=name,
                underlying=cells.text("base_currency"),
                strike=cells.number("strike_price", 1e-12, 1e12),
                right=cells.right("option_type"),
                open_interest_coins=cells.number("open_interest", 0.0, 1e15),
                forward=cells.number("underlying_price", 1e-12, 1e12),
                index=cells.number("estimated_delivery_price", 1e-12, 1e12),
                rate=cells.number("interest_rate", -1.0, 5.0),
                mark=cells.number("mark_price", 0.0, 1e12),
                last=cells.number_or_none("last", 0.0, 1e12),
                bid=cells.number_or_none("bid_price", 0.0, 1e12),
                ask=cells.number_or_none("ask_price", 0.0, 1e12),
            )
        )
    refuse_if_any(failures)
    return rows
