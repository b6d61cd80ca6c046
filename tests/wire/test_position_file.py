import numpy as np
import pytest

from crossmargin.base.failure import InputRefused, Reason
from crossmargin.wire.position_file import read_position_file

pyarrow = pytest.importorskip("pyarrow")
parquet = pytest.importorskip("pyarrow.parquet")

LISTINGS = ("BTC-PERP", "ETH-PERP", "BTC-60000-C")
TABLE = {
    "account": ["anna", "anna", "bert", "cleo", "cleo"],
    "listing": ["ETH-PERP", "BTC-60000-C", "BTC-PERP", "BTC-PERP", "ETH-PERP"],
    "contracts": [1.5, -2.0, 3.0, -4.0, 5.25],
}


def written(path, table: dict, **options):
    parquet.write_table(pyarrow.table(table), path, **options)
    return path


def assert_is_the_table(rows) -> None:
    assert rows.account.tolist() == ["anna", "bert", "cleo"]
    assert rows.listing_index.tolist() == [1, 2, 0, 0, 1]
    assert rows.contracts.tolist() == TABLE["contracts"]
    assert rows.indptr.tolist() == [0, 2, 3, 5]


def test_columns_become_rows_by_account(tmp_path) -> None:
    assert_is_the_table(read_position_file(written(tmp_path / "held.parquet", TABLE), LISTINGS))


def test_row_groups_with_dictionaries_of_their_own_are_read_as_one(tmp_path) -> None:
    path = written(tmp_path / "held.parquet", TABLE, row_group_size=2)
    assert_is_the_table(read_position_file(path, LISTINGS))


@pytest.mark.parametrize("kind", ["string", "large_string", "dictionary"])
def test_an_arrow_file_is_read_alike(tmp_path, kind: str) -> None:
    table = pyarrow.table(TABLE)
    if kind == "dictionary":
        table = table.set_column(1, "listing", table.column("listing").dictionary_encode())
    elif kind == "large_string":
        table = table.set_column(0, "account", table.column("account").cast(pyarrow.large_string()))
    path = tmp_path / "held.arrow"
    with pyarrow.OSFile(str(path), "wb") as sink, pyarrow.ipc.new_file(sink, table.schema) as out:
        out.write_table(table, max_chunksize=2)
    assert_is_the_table(read_position_file(path, LISTINGS))


def test_accounts_and_listings_may_be_numbers(tmp_path) -> None:
    table = TABLE | {
        "account": np.array([7, 7, 3, 9, 9], dtype=np.int32),
        "listing": np.array([1, 2, 0, 0, 1], dtype=np.int16),
    }
    rows = read_position_file(written(tmp_path / "held.parquet", table), LISTINGS)
    assert rows.account.tolist() == [7, 3, 9]
    assert rows.listing_index.tolist() == [1, 2, 0, 0, 1]
    assert rows.indptr.tolist() == [0, 2, 3, 5]


def test_a_file_without_rows_has_no_accounts(tmp_path) -> None:
    schema = pyarrow.schema([("account", "int64"), ("listing", "string"), ("contracts", "float64")])
    path = tmp_path / "held.parquet"
    parquet.write_table(schema.empty_table(), path)
    rows = read_position_file(path, LISTINGS)
    assert rows.account.size == rows.contracts.size == 0
    assert rows.indptr.tolist() == [0]


@pytest.mark.parametrize(
    ("change", "reason", "said"),
    [
        ({"contracts": [1.0, float("nan"), 1.0, 1.0, 1.0]}, Reason.NOT_A_NUMBER, "finite"),
        ({"contracts": [1.0, None, 1.0, 1.0, 1.0]}, Reason.MISSING_FIELD, "empty cells"),
        ({"contracts": ["1", "2", "3", "4", "5"]}, Reason.WRONG_TYPE, "right kind"),
        ({"contracts": [1, 2, 3, 4, 5]}, Reason.WRONG_TYPE, "right kind"),
        ({"listing": ["X", "Y", "BTC-PERP", "X", "X"]}, Reason.UNKNOWN_SYMBOL, "unknown: X, Y"),
        ({"listing": [0, 1, 2, 3, 0]}, Reason.UNKNOWN_SYMBOL, "names no listing"),
        ({"listing": [1.0, 2.0, 0.0, 0.0, 1.0]}, Reason.WRONG_TYPE, "neither text nor integers"),
        ({"listing": ["ETH-PERP"] * 5}, Reason.DUPLICATE, "row 1: its account has listing ETH"),
        ({"account": ["a", "b", "a", "c", "c"]}, Reason.DUPLICATE, "sort the file by account"),
        ({"account": [True, True, False, True, True]}, Reason.WRONG_TYPE, "neither text nor"),
    ],
)
def test_what_is_no_book_is_refused_with_its_column(tmp_path, change, reason, said) -> None:
    path = written(tmp_path / "held.parquet", TABLE | change)
    with pytest.raises(InputRefused) as refused:
        read_position_file(path, LISTINGS)
    (failure,) = refused.value.failures
    assert failure.reason is reason
    assert said in failure.message


def test_a_missing_column_and_a_file_that_is_no_table_are_refused(tmp_path) -> None:
    partial = {name: TABLE[name] for name in ("account", "listing")}
    with pytest.raises(InputRefused, match="no column contracts"):
        read_position_file(written(tmp_path / "held.parquet", partial), LISTINGS)
    for name in ("text.parquet", "text.arrow"):
        (tmp_path / name).write_text("no table")
        with pytest.raises(InputRefused, match="not a table"):
            read_position_file(tmp_path / name, LISTINGS)
    with pytest.raises(InputRefused, match="not a table"):
        read_position_file(tmp_path / "absent.parquet", LISTINGS)
