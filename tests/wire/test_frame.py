import io
from decimal import Decimal

import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

from crossmargin.base.failure import InputRefused, Reason
from crossmargin.domain.book import Book
from crossmargin.wire import frame
from crossmargin.wire.book import parse_book
from crossmargin.wire.frame import csv_rows, frame_rows, parquet_rows, with_rows
from tests.wire.books import AS_OF_NS, account, document

POSITIONS = pl.DataFrame(
    {
        "account": ["a", "b", "a"],
        "listing": ["BTC/USDT:USDT", "BTC/USD:BTC", "BTC/USDT:USDT-261225"],
        "contracts": [0.1, -3.0, 2.0],
        "entry_price": [60000.5, None, 61000.0],
    }
)
CSV = b"""account,listing,contracts,entry_price
a,BTC/USDT:USDT,0.1,60000.5
b,BTC/USD:BTC,-3,
a,BTC/USDT:USDT-261225,2,61000

"""


def book_of(rows: list[frame.Row]) -> Book:
    accounts = [account("bybit"), account("bybit") | {"id": "b"}]
    return parse_book(with_rows(document(*accounts), positions=rows), as_of_ns=AS_OF_NS)


def parquet_of(table: pl.DataFrame) -> bytes:
    buffer = io.BytesIO()
    table.write_parquet(buffer)
    return buffer.getvalue()


def test_every_kind_of_table_gives_the_same_book() -> None:
    text_columns = POSITIONS.to_dict(as_series=False)
    texts = pd.DataFrame(text_columns).astype(object).where(POSITIONS.to_pandas().notna(), None)
    books = [
        book_of(rows)
        for rows in (
            csv_rows(CSV, "positions.csv"),
            csv_rows(b"\xef\xbb\xbf" + CSV.replace(b"\n", b"\r\n"), "positions.csv"),
            frame_rows(POSITIONS, "frame"),
            frame_rows(POSITIONS.to_arrow(), "frame"),
            frame_rows(texts, "frame"),
            parquet_rows(parquet_of(POSITIONS), "positions.parquet"),
        )
    ]
    assert [len(book.positions) for book in books] == [3] * 6
    assert all(book.positions == books[0].positions for book in books)
    assert books[0].positions[0].cost_settle == Decimal("6000.05")
    assert books[0].positions[2].cost_settle is None


def test_parquet_is_read_by_pyarrow_where_polars_is_not_installed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    installed = {"pyarrow"}
    monkeypatch.setattr(
        frame.importlib.util, "find_spec", lambda name: name if name in installed else None
    )
    assert book_of(parquet_rows(parquet_of(POSITIONS), "file")).positions
    installed.clear()
    with pytest.raises(InputRefused, match=r"crossmargin\[frames\]"):
        parquet_rows(parquet_of(POSITIONS), "file")


def test_balances_join_their_accounts() -> None:
    rows = csv_rows(b"account,asset,amount,chain\na,stETH,1.5,ethereum\n", "balances.csv")
    book = parse_book(with_rows(document(account()), balances=rows), as_of_ns=AS_OF_NS)
    assert [(x.asset, x.location.chain) for x in book.balances] == [("stETH", "ethereum")]


@pytest.mark.parametrize(
    ("rows", "reason"),
    [
        ([{"account": "zz", "listing": "BTC/USDT:USDT", "contracts": 1}], Reason.UNKNOWN_ACCOUNT),
        ([{"listing": "BTC/USDT:USDT", "contracts": 1}], Reason.UNKNOWN_ACCOUNT),
        ([{"account": "a", "symbol": "BTC/USDT:USDT"}], Reason.UNKNOWN_FIELD),
        ([{"account": "a", "listing": "BTC/USDT:USDT"}], Reason.MISSING_FIELD),
        (
            [{"account": "a", "listing": "BTC/USDT:USDT", "contracts": float("nan")}],
            Reason.NOT_A_NUMBER,
        ),
        (
            [{"account": "a", "listing": "BTC/USDT:USDT", "contracts": "1e3"}],
            Reason.NOT_A_NUMBER,
        ),
    ],
)
def test_a_faulty_row_is_refused_like_a_faulty_document(
    rows: list[frame.Row], reason: Reason
) -> None:
    with pytest.raises(InputRefused) as caught:
        book_of(rows)
    assert reason in [fault.reason for fault in caught.value.failures]


@pytest.mark.parametrize("data", [b"", b"a,a\n1,2\n", b"a,b\n1\n", b"\xff", b'a\n"x'])
def test_a_faulty_csv_is_refused(data: bytes) -> None:
    with pytest.raises(InputRefused):
        csv_rows(data, "file")


def test_what_is_no_dataframe_is_refused() -> None:
    with pytest.raises(InputRefused, match="not a dataframe"):
        frame_rows({"account": ["a"]}, "frame")
    assert frame_rows(pa.table({"account": ["a"]}), "frame") == [{"account": "a"}]
