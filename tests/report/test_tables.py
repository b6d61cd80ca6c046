import io
from dataclasses import replace
from decimal import Decimal

import pytest
from rich.console import Console, RenderableType

from crossmargin.report.heatmap import grid_of, heatmap_view
from crossmargin.report.nodes import node_names, part_lines
from crossmargin.report.tables import statement_view
from crossmargin.report.tree import account_tree
from tests.report.statements import level, node, rows_of_silos, sample_exhibit, sample_heatmap


def shown(view: RenderableType, width: int = 80, encoding: str = "utf-8") -> str:
    raw = io.BytesIO()
    file = io.TextIOWrapper(raw, encoding=encoding, newline="")
    console = Console(file=file, width=width, force_terminal=False, color_system=None)
    console.print(view)
    file.flush()
    return raw.getvalue().decode(encoding)


@pytest.mark.parametrize("view", ["statement", "tree", "heatmap"])
def test_every_view_fits_eighty_columns_in_ascii(view: str) -> None:
    views = {
        "statement": lambda: statement_view(sample_exhibit()),
        "tree": lambda: account_tree(rows_of_silos()[0]),
        "heatmap": lambda: heatmap_view(sample_heatmap()),
    }
    text = shown(views[view](), encoding="ascii")
    assert max(len(line) for line in text.splitlines()) <= 80


def test_the_statement_shows_every_account_level_place_and_view() -> None:
    text = shown(statement_view(sample_exhibit()), width=160)
    for piece in (
        *("deribit-options", "okx-main", "bybit-carry", "example-spv", "deribit-master-agreement"),
        *("[XX] liquidating", "[!] warned", "[ok] healthy", "[?] unavailable"),
        *("Shortfall of the silos: 3,500.00", "bybit-carry (117.5% used)"),
        *("not reachable", "and recovers beyond", "missing mark", "all by beta"),
        *("NO (1,000.00)", "169,874", "enforceable benefit", "61,000"),
        *("not available as collateral", "Ethena", "okx-portfolio", "grid_edge"),
        *("Assumed fields: 3", "no volume in the file"),
    ):
        assert piece in text, piece


def test_no_digit_is_cut_off_however_large_the_amounts() -> None:
    exhibit = sample_exhibit()
    column = exhibit.statement.columns[0]
    huge = replace(
        column.rows[0],
        account_id="a-name-that-is-far-longer-than-its-column",
        levels=(level("maintenance", "999999999999", "-999999999999"),),
        net_liquidation_value=Decimal("99999999"),
    )
    statement = replace(exhibit.statement, columns=(replace(column, rows=(huge,)),))
    view = statement_view(replace(exhibit, statement=statement))
    narrow, wide = shown(view), shown(view, width=300)
    assert "2,000,000.00M" in wide
    assert max(len(line) for line in narrow.splitlines()) <= 80
    assert sorted(filter(str.isdigit, narrow)) == sorted(filter(str.isdigit, wide))


def test_a_sum_of_silos_is_never_given_a_standing() -> None:
    text = shown(statement_view(sample_exhibit()), width=160)
    venues = text[text.index("\nVenues") : text.index("\nFour views")]
    standings = [line for line in venues.splitlines() if line.strip().startswith("[")]
    assert standings == [line for line in standings if "ok" in line]  # the netting set's own
    assert "worst [XX] liquidating" in venues


def test_a_hostile_name_steers_neither_markup_nor_terminal() -> None:
    text = shown(statement_view(sample_exhibit()), width=200)
    assert "[red]x[/red]" in text
    assert not any(ord(c) < 32 and c != "\n" for c in text)
    assert "\u202e" not in text


def test_the_tree_marks_the_winner_and_names_the_driver() -> None:
    text = shown(account_tree(rows_of_silos()[0]))
    assert "> scan 150,200  scan_loss  <- price -16 %, vol up  wins" in text
    assert "basis 98,000  scale  <- 2026-12-25\n" in text


def test_one_part_of_the_tree_can_be_asked_for() -> None:
    row = rows_of_silos()[0]
    text = shown(account_tree(row, "basis"))
    assert "basis" in text
    assert "option_minimum" not in text
    assert node_names(row) == (
        *("equity", "cash", "unrealised", "total", "charges", "worst", "scan", "basis"),
        *("option_minimum", "netting_credit"),
    )


def test_parts_beyond_the_largest_are_shown_as_one_sum() -> None:
    parts = tuple((f"listing-{number}", str(number)) for number in range(-4, 6))
    lines = part_lines(node("scan", "scan_loss", "5", parts=parts))
    assert lines[0] == "listing-5 5.00"
    assert lines[-1] == "3 more 2.00"
    assert len(lines) == 7


def test_the_worst_cell_of_the_heatmap_has_the_star() -> None:
    text = shown(heatmap_view(sample_heatmap()))
    assert text.count("*-90.8k") == 1
    assert "* worst: price -16%, vol +50%: -90,840" in text


def test_scenarios_that_are_no_grid_are_ranked() -> None:
    heatmap = sample_heatmap()
    line = replace(heatmap, price_moves=(0.1,) * 27, vol_moves=(0.0,) * 27)
    assert grid_of(line) is None
    text = shown(heatmap_view(line))
    assert "* price -16%, vol +50%" in text
    assert len(text.splitlines()) < 40


def test_a_statement_without_anything_optional_is_still_shown() -> None:
    exhibit = sample_exhibit()
    statement = replace(
        exhibit.statement, losses=(), assumed=(), columns=exhibit.statement.columns[:1]
    )
    text = shown(statement_view(replace(exhibit, statement=statement, recipes=())))
    assert "Assumed fields of the market: 0" in text
    assert "If one of these" not in text


def test_a_part_of_nothing_is_left_out() -> None:
    empty = node("cash", "cash", "0", parts=(("USDC", "0"),))
    assert part_lines(empty) == []
    assert Decimal(0) == empty.parts[0].amount
