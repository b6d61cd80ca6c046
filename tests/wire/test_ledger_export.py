import csv
import io
import re

import polars as pl
import pyarrow.parquet
import pytest
from hypothesis import given
from hypothesis import strategies as st

from crossmargin.base.failure import InputRefused
from crossmargin.base.instant import parse_instant
from crossmargin.ledger.entry import Code, EntryState
from crossmargin.ledger.ledger import Ledger
from crossmargin.ledger.path import account_path, fees_path, world_path
from crossmargin.wire.ledger_beancount import (
    beancount_account,
    beancount_commodity,
    ledger_beancount,
)
from crossmargin.wire.ledger_export import COLUMNS, ledger_csv, ledger_parquet
from tests.ledger.money import deposit, histories, move, post

DAY_NS = parse_instant("2026-08-08T12:00:00Z")
DECIMALS = {"BTC": 8, "USDC": 6}


def small_ledger():
    ledger = post(Ledger(), deposit("desk", "USDC", 1_500_000), event_id="e1", event_time_ns=DAY_NS)
    withdrawal = move(
        account_path("desk", "USDC"),
        world_path("USDC"),
        10**30,
        Code.WITHDRAWAL,
        EntryState.PENDING,
    )
    return post(
        ledger,
        withdrawal,
        move(account_path("desk", "USDC"), fees_path("USDC"), 25, Code.FEE),
        event_id='=cmd|" /c calc"',
        event_time_ns=DAY_NS + 1,
    )


@given(histories(most=10))
def test_csv_holds_every_field_of_every_entry(ledger):
    rows = list(csv.DictReader(io.StringIO(ledger_csv(ledger.entries()))))
    assert rows == [
        {name: "" if getattr(x, name) is None else str(getattr(x, name)) for name in COLUMNS}
        for x in ledger.entries()
    ]


@pytest.mark.parametrize("start", ["=", "+", "-", "@", "\t", "\r", "\n", "'"])
def test_no_cell_of_the_csv_is_a_formula_and_the_text_comes_back(start):
    text = f"{start}1+1"
    ledger = post(Ledger(), deposit("desk", "USDC", 1), event_id=text)
    (row,) = csv.DictReader(io.StringIO(ledger_csv(ledger.entries()), newline=""))
    assert row["event_id"] == "'" + text
    assert row["amount_units"] == "1"


def test_parquet_holds_amounts_beyond_64_bits():
    entries = list(small_ledger().entries())
    written = ledger_parquet(entries)
    frame = pl.read_parquet(written)
    assert frame.columns == list(COLUMNS)
    assert [int(x) for x in frame["amount_units"]] == [x.amount_units for x in entries]
    assert frame["names"].to_list() == [x.names for x in entries]
    table = pyarrow.parquet.read_table(io.BytesIO(written))
    assert table.column("hash").to_pylist() == [x.hash for x in entries]


def test_both_frame_libraries_write_the_same_table(monkeypatch):
    entries = list(small_ledger().entries())
    ours = pl.read_parquet(ledger_parquet(entries))
    present = importlib_find_spec_without(monkeypatch, "polars")
    assert pl.read_parquet(ledger_parquet(entries)).equals(ours)
    present.add("pyarrow")
    with pytest.raises(InputRefused, match="crossmargin"):
        ledger_parquet(entries)


def importlib_find_spec_without(monkeypatch, name):
    """Make a library look absent; more names may be added to the set that comes back."""
    import importlib.util  # noqa: PLC0415 - patched below

    absent = {name}
    found = importlib.util.find_spec
    monkeypatch.setattr(
        importlib.util, "find_spec", lambda x, *more: None if x in absent else found(x, *more)
    )
    return absent


def test_beancount_text_shows_each_entry_and_asserts_each_balance():
    text = ledger_beancount(small_ledger().entries(), DECIMALS)
    lines = text.splitlines()
    assert "2026-08-08 open Liabilities:Account:Id-desk:USDC USDC" in lines
    assert '2026-08-08 * "deposit" "e1"' in lines
    assert "  Equity:World:USDC  1.500000 USDC" in lines
    assert "  Liabilities:Account:Id-desk:USDC  -1.500000 USDC" in lines
    assert r'2026-08-08 * "fee" "=cmd|\" /c calc\""' in lines
    assert sum(" note Liabilities:Account:Id-desk:USDC " in line for line in lines) == 1
    assert [line for line in lines if " balance " in line] == [
        "2026-08-09 balance Liabilities:Account:Id-desk:USDC  -1.499975 USDC",
        "2026-08-09 balance Income:Fees:USDC  -0.000025 USDC",
        "2026-08-09 balance Equity:World:USDC  1.500000 USDC",
    ]


@given(histories(most=10))
def test_the_transactions_of_beancount_add_up_to_its_assertions(ledger):
    text = ledger_beancount(ledger.entries(), DECIMALS)
    postings = re.findall(r"^  (\S+:\S+)  (-?)([0-9.]+) \S+$", text, re.MULTILINE)
    sums = {}
    for account, sign, digits in postings:
        units = int(digits.replace(".", "")) * (-1 if sign else 1)
        sums[account] = sums.get(account, 0) + units
    asserted = re.findall(r" balance (\S+)  (-?)([0-9.]+) ", text)
    assert asserted
    for account, sign, digits in asserted:
        assert sums.get(account, 0) == int(digits.replace(".", "")) * (-1 if sign else 1)
    assert sum(sums.values()) == 0


TEXTS = st.text(min_size=1, max_size=6)


@given(TEXTS, TEXTS)
def test_two_accounts_never_share_a_name_in_beancount(one, other):
    names = [beancount_account(account_path(x, "USDC")) for x in (one, other)]
    assert (names[0] == names[1]) == (one == other)
    for name in names:
        assert re.fullmatch(r"Liabilities:Account:Id-[A-Za-z0-9-]*:USDC", name)


CODES = st.text(st.sampled_from("aAbBXx.'_-19é"), min_size=1, max_size=5)


@given(CODES, CODES)
def test_two_assets_never_share_a_name_in_beancount(one, other):
    names = [beancount_commodity(x) for x in (one, other)]
    assert (names[0] == names[1]) == (one == other)
    for name in names:
        assert re.fullmatch(r"[A-Z]([A-Z0-9'._-]*[A-Z0-9])?", name)


def test_an_asset_without_decimals_is_refused():
    with pytest.raises(InputRefused, match="USDC"):
        ledger_beancount(small_ledger().entries(), {"BTC": 8})


def test_an_empty_ledger_exports_its_header_alone():
    assert ledger_csv([]) == ",".join(COLUMNS) + "\r\n"
    assert pl.read_parquet(ledger_parquet([])).shape == (0, len(COLUMNS))
    assert " open " not in ledger_beancount([], {})
