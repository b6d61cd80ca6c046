import csv
import io
import json
from decimal import Decimal
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from crossmargin.cli.exit_status import ExitStatus
from tests.cli.run import FUND, MARKET, Ended, crossmargin


@pytest.fixture(scope="module")
def shown() -> Ended:
    return crossmargin("margin", FUND, "--market", MARKET)


@pytest.fixture(scope="module")
def document() -> dict:
    return json.loads(crossmargin("margin", FUND, "-m", MARKET, "--json").out)


def test_the_fund_is_shown_whole_and_nothing_of_it_is_to_be_liquidated(shown: Ended) -> None:
    assert shown.status == ExitStatus.DONE
    assert shown.err == ""
    for title in (
        *("Accounts, each under its own rulebook", "The venue's own figures beside ours"),
        *("Liquidation moves", "Venues", "Entities", "Netting sets", "Four views"),
        *("If one of these is lost", "Assumed fields: "),
    ):
        assert title in shown.out, title
    assert max(len(line) for line in shown.out.splitlines()) <= 80


def test_tables_and_json_show_the_same_accounts(shown: Ended, document: dict) -> None:
    assert len(document["accounts"]) == 9
    for account in document["accounts"]:
        assert account["id"] in shown.out
        for level in account["levels"].values():
            buffer = Decimal(level["equity"]) - Decimal(level["requirement"])
            assert Decimal(level["buffer"]) == buffer
    assert {venue["id"] for venue in document["venues"]} == {
        *("deribit", "okx", "binance", "bybit", "hyperliquid")
    }


def test_a_narrow_terminal_loses_no_digit(shown: Ended, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "40")
    narrow = crossmargin("margin", FUND, "--market", MARKET)
    assert narrow.out == shown.out


def test_csv_has_the_figures_of_json(document: dict) -> None:
    ended = crossmargin("margin", FUND, "-m", MARKET, "--csv", "--no-moves")
    rows = list(csv.DictReader(io.StringIO(ended.out)))
    first = document["accounts"][0]
    (row,) = [
        row
        for row in rows
        if (row["account"], row["column"], row["level"]) == (first["id"], "venue", "maintenance")
    ]
    assert row["buffer"] == first["levels"]["maintenance"]["buffer"]


def test_a_book_can_come_from_standard_input(document: dict) -> None:
    book = Path(FUND).read_bytes()
    ended = crossmargin("margin", "-", "-m", MARKET, "--json", stdin=book)
    assert json.loads(ended.out)["inputs_hash"] == document["inputs_hash"]


def test_parquet_holds_the_rows_of_the_statement(tmp_path: Path) -> None:
    out = tmp_path / "fund.parquet"
    ended = crossmargin("margin", FUND, "-m", MARKET, "--no-moves", "--parquet", str(out))
    assert ended.status == ExitStatus.DONE
    table = pq.read_table(out)
    assert table.num_rows > 40
    assert {"account", "level", "buffer"} <= set(table.column_names)


def test_everything_wrong_with_a_book_is_one_line_each_with_its_path_and_nothing_is_shown() -> None:
    book = json.loads(Path(FUND).read_bytes())
    book["accounts"][0]["colour"] = "blue"
    book["accounts"][1]["venue"] = 7
    ended = crossmargin("margin", "-", "-m", MARKET, stdin=json.dumps(book).encode())
    assert ended.status == ExitStatus.INPUT_REFUSED
    assert ended.out == ""
    lines = ended.err.splitlines()
    assert any("accounts[0].colour" in line for line in lines)
    assert any("accounts[1].venue" in line for line in lines)


def test_a_parameter_moves_the_figures_and_the_hash(document: dict) -> None:
    words = ("margin", FUND, "-m", MARKET, "--json", "--no-moves", "--recipe", "net-delta")
    plain = json.loads(crossmargin(*words).out)
    moved = json.loads(crossmargin(*words, "--set", "move=0.3").out)
    assert plain["recipe"] == moved["recipe"] == "net-delta"
    assert len({plain["inputs_hash"], moved["inputs_hash"], document["inputs_hash"]}) == 3
    assert Decimal(moved["accounts"][0]["levels"]["initial"]["requirement"]) > Decimal(
        plain["accounts"][0]["levels"]["initial"]["requirement"]
    )


@pytest.mark.parametrize(
    "words",
    [
        ("--recipe", "no-such-recipe"),
        ("--recipe", "net-delta", "--set", "no_such=1"),
        ("--set", "move=0.3"),
        ("--recipe", "net-delta", "--set", "move=99"),
        ("--json", "--csv"),
        ("--html", "no/such/folder/page.html"),
    ],
)
def test_what_cannot_be_asked_is_refused_in_words(words: tuple[str, ...]) -> None:
    ended = crossmargin("margin", FUND, "-m", MARKET, "--no-moves", *words)
    assert ended.status == ExitStatus.INPUT_REFUSED
    assert len(ended.err.splitlines()) == 1
    assert ended.out == ""


def test_a_missing_file_is_refused_by_its_name() -> None:
    ended = crossmargin("margin", "nothing.json", "-m", MARKET)
    assert ended.status == ExitStatus.INPUT_REFUSED
    assert "nothing.json" in ended.err


def test_explain_prints_trees_and_scenarios() -> None:
    ended = crossmargin("margin", FUND, "-m", MARKET, "--explain", "--no-moves")
    assert ended.status == ExitStatus.DONE
    assert ended.out.count("initial requirement: ") == 9
    assert "Profit and loss of deribit-main in BTC" in ended.out
    assert "* worst: " in ended.out


def test_an_account_that_is_to_be_liquidated_gives_status_2(tmp_path: Path) -> None:
    book = tmp_path / "market.json"
    made = crossmargin(
        "generate", "market-book", "--accounts", "260", "--out", str(book), "-m", MARKET
    )
    assert made.status == ExitStatus.DONE
    ended = crossmargin("margin", str(book), "-m", MARKET, "--no-moves", "--json")
    assert ended.status == ExitStatus.LIQUIDATABLE
    assert len(json.loads(ended.out)["accounts"]) == 260
