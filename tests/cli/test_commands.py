import json
import subprocess
import sys
import tomllib
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from crossmargin.cli.exit_status import ExitStatus
from crossmargin.cli.main import COMMANDS
from tests.cli.run import FUND, MARKET, crossmargin


@pytest.mark.parametrize(
    "words", [(), ("nonsense",), ("margin",), ("schema", "bok"), ("margin", "a", "b")]
)
def test_a_wrong_call_is_told_on_standard_error(words: tuple[str, ...]) -> None:
    ended = crossmargin(*words)
    assert ended.status == (ExitStatus.USAGE if words else ExitStatus.DONE)
    assert (ended.err == "") == (not words)


@pytest.mark.parametrize("name", sorted(COMMANDS))
def test_every_command_has_help(name: str) -> None:
    ended = crossmargin(name, "--help")
    assert ended.status == ExitStatus.DONE
    assert ended.out.startswith(f"Usage: crossmargin {name}")


def test_compare_shows_every_recipe_in_one_table(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "120")
    shown = crossmargin("compare", FUND, "-m", MARKET)
    rows = json.loads(crossmargin("compare", FUND, "-m", MARKET, "--json").out)
    assert {"house", "net-delta", "deribit-portfolio", "historical-es"} <= {
        r["recipe"] for r in rows
    }
    for row in rows:
        assert row["recipe"] in shown.out
        assert row["locked"] is not None or row["reason"]
    one = crossmargin("compare", FUND, "-m", MARKET, "-r", "house", "--json")
    assert [row["recipe"] for row in json.loads(one.out)] == ["house"]


def test_explain_shows_one_account_and_one_part() -> None:
    words = ("explain", "deribit-main", "-b", FUND, "-m", MARKET)
    whole = crossmargin(*words)
    assert whole.status == ExitStatus.DONE
    assert "initial requirement" in whole.out
    assert "Profit and loss of deribit-main" in whole.out
    nodes = json.loads(crossmargin(*words, "--json").out)[0]["trees"]["maintenance"]["requirement"]
    part = crossmargin(*words, "--part", nodes["name"], "--json")
    found = json.loads(part.out)[0]["nodes"]
    assert {"amount": nodes["amount"]}.items() <= found[-1].items()


@pytest.mark.parametrize("words", [("nobody",), ("deribit-main", "--part", "nothing")])
def test_explain_names_what_there_is_when_asked_for_what_there_is_not(
    words: tuple[str, ...],
) -> None:
    ended = crossmargin("explain", *words, "-b", FUND, "-m", MARKET)
    assert ended.status == ExitStatus.INPUT_REFUSED
    assert "it has" in ended.err or "they have" in ended.err


def test_recipes_are_listed_and_printed_as_they_are() -> None:
    listed = json.loads(crossmargin("recipes", "--json").out)
    shown = crossmargin("recipes")
    for recipe in listed:
        assert recipe["name"] in shown.out.replace("\n", "")
    text = crossmargin("recipes", "show", "net-delta").out
    assert tomllib.loads(text)["name"] == "net-delta"
    assert crossmargin("recipes", "show").status == ExitStatus.INPUT_REFUSED
    assert crossmargin("recipes", "show", "none").status == ExitStatus.INPUT_REFUSED


def test_greeks_are_shown_per_account_and_underlying() -> None:
    shown = crossmargin("greeks", FUND, "-m", MARKET)
    rows = json.loads(crossmargin("greeks", FUND, "-m", MARKET, "--json").out)
    assert shown.status == ExitStatus.DONE
    strangle = next(row for row in rows if row["account"] == "deribit-yield")
    assert strangle["underlying"] == "ETH"
    assert strangle["gamma_dollars_per_1pc"] < 0
    assert strangle["vega_dollars_per_point"] < 0
    assert strangle["theta_dollars_per_day"] > 0
    assert max(len(line) for line in shown.out.splitlines()) <= 80


@pytest.mark.parametrize("what", ["book", "market"])
def test_schema_is_a_json_schema(what: str) -> None:
    document = json.loads(crossmargin("schema", what).out)
    assert document["$id"] == f"crossmargin/{what}/1"
    assert document["type"] == "object"


def test_a_generated_book_as_tables_has_longs_equal_to_shorts(tmp_path: Path) -> None:
    out = tmp_path / "book.parquet"
    words = ("--accounts", "300", "--out", str(out), "-m", MARKET)
    assert crossmargin("generate", "market-book", *words).status == ExitStatus.DONE
    positions = pq.read_table(out).to_pandas()
    sums = positions.groupby("listing")["contracts"].sum()
    assert sums.abs().max() < 1e-9
    assert len(pq.read_table(tmp_path / "book.balances.parquet")) == 300


@pytest.mark.parametrize(
    "words", [("--accounts", "5", "--out", "b.json"), ("--accounts", "300", "--out", "b.txt")]
)
def test_a_book_that_cannot_be_made_is_refused(words: tuple[str, ...], tmp_path: Path) -> None:
    *rest, name = words
    ended = crossmargin("generate", "market-book", *rest, str(tmp_path / name), "-m", MARKET)
    assert ended.status == ExitStatus.INPUT_REFUSED
    assert len(ended.err.splitlines()) == 1


def test_without_a_market_or_a_file_the_bundled_chain_goes_to_standard_output() -> None:
    ended = crossmargin("generate", "market-book", "--accounts", "260")
    assert ended.status == ExitStatus.DONE
    assert len(json.loads(ended.out)["accounts"]) == 260


def test_a_reader_that_has_seen_enough_ends_the_command_quietly() -> None:
    code = "import sys; from crossmargin.cli.main import main; sys.exit(main())"
    process = subprocess.Popen(
        [sys.executable, "-c", code, "schema", "book"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    assert process.stdout is not None
    process.stdout.close()
    _, err = process.communicate()
    assert err == b""
    assert process.returncode == ExitStatus.DONE
