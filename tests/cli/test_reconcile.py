"""`crossmargin reconcile`: every reported figure of the fund, and where ours differ."""

import json

from tests.cli.run import FUND, MARKET, crossmargin


def test_every_figure_that_a_venue_reports_stands_beside_ours() -> None:
    ended = crossmargin("reconcile", FUND, "-m", MARKET, "--json")
    rows = json.loads(ended.out)
    assert {row["account"] for row in rows} >= {"binance-main", "deribit-main", "okx-main"}
    yielding = {row["figure"]: row for row in rows if row["account"] == "deribit-yield"}
    assert yielding["maintenance"]["within"] is True
    assert ended.status == 3


def test_a_difference_names_the_component_that_it_lies_in() -> None:
    ended = crossmargin("reconcile", FUND, "-m", MARKET)
    lines = [line for line in ended.out.splitlines() if line.startswith("okx-main")]
    assert any("maintenance" in line and "futures_maintenance" in line for line in lines)


def test_the_portfolio_margin_of_a_message_is_ours_to_the_cent() -> None:
    ended = crossmargin("reconcile", FUND, "-m", MARKET, "--json")
    rows = {row["figure"]: row for row in json.loads(ended.out) if row["account"] == "deribit-main"}
    assert abs(float(rows["initial"]["difference"])) < 0.011
    assert abs(float(rows["maintenance"]["difference"])) < 0.011


def test_a_parameter_needs_the_recipe_that_it_is_of() -> None:
    ended = crossmargin("reconcile", FUND, "-m", MARKET, "--set", "leverage=3")
    assert ended.status == 1
    assert "name it" in ended.err
