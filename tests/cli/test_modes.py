"""`crossmargin modes`: the fund in four modes, as a table and exactly."""

import json
from decimal import Decimal

import pytest

from crossmargin.cli.exit_status import ExitStatus
from tests.cli.run import FUND, MARKET, crossmargin

MODES = ["isolated", "cross", "portfolio", "hybrid"]
EMPTY = b'{"schema": "crossmargin/book/1", "entities": [], "accounts": []}'


def test_four_modes_stand_side_by_side_and_exactly(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    shown = crossmargin("modes", FUND, "-m", MARKET, "--pool", "owner")
    rows = json.loads(crossmargin("modes", FUND, "-m", MARKET, "--pool", "owner", "--json").out)
    assert shown.status == ExitStatus.DONE
    assert [row["mode"] for row in rows] == MODES
    assert max(len(line) for line in shown.out.splitlines()) <= 80
    for row in rows:
        assert f"{Decimal(row['requirement']['initial']):,.0f}" in shown.out
        assert row["reason"] is None
    isolated, cross, _, hybrid = rows
    assert isolated["accounts"] == 9
    assert cross["recipes"] == ["cross-tiered"]
    assert hybrid["recipes"] == ["house", "isolated-tiered"]
    assert isolated["nearest"]["account"] == "bybit-eth-isolated"
    assert Decimal(hybrid["worst_loss"]["amount"]) < Decimal(cross["worst_loss"]["amount"])


def test_a_rulebook_that_lacks_a_figure_is_refused_by_name() -> None:
    ended = crossmargin("modes", FUND, "-m", MARKET, "--portfolio", "okx-portfolio")
    assert ended.status == ExitStatus.INPUT_REFUSED
    assert "vol_relative" in ended.err


def test_a_book_without_accounts_takes_nothing_in_any_mode() -> None:
    ended = crossmargin("modes", "-", "-m", MARKET, "--json", stdin=EMPTY)
    rows = json.loads(ended.out)
    assert [row["requirement"]["initial"] for row in rows] == ["0"] * 4
    assert {row["nearest_reason"] for row in rows} == {"not_reachable"}
    assert {row["worst_loss"] for row in rows} == {None}
