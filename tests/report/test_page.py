import json
import re
from base64 import b64encode
from dataclasses import replace
from hashlib import sha256
from html.parser import HTMLParser

import pytest

from crossmargin.report.html import notebook_html
from crossmargin.report.page import page_html
from crossmargin.report.page.account_order import ACCOUNTS_SHOWN, accounts_shown
from crossmargin.report.page.document import asset
from tests.report.statements import HOSTILE, rows_of_silos, sample_exhibit, sample_statement

VOID = {"meta", "br", "link", "img", "input", "hr"}
HOSTILES = (
    HOSTILE,
    '"><img src=x onerror=alert(1)>',
    "' onfocus=alert(1) autofocus='",
    "<!--<script>",
    "]]></style><style>*{display:none}",
    "javascript:alert(1)",
    "\u2028&lt;b&gt;",
)


class Page(HTMLParser):
    """The elements of a page, and the text inside scripts and everywhere else."""

    def __init__(self, text: str) -> None:
        super().__init__(convert_charrefs=True)
        self.open: list[str] = []
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.scripts: list[str] = []
        self.said: list[str] = []
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        (self.scripts if self.open[-1:] == ["script"] else self.said).append(data)


def page() -> Page:
    return Page(page_html(sample_exhibit()))


def renamed(name: str):
    """The sample with every text that a book can carry replaced by `name`."""
    exhibit = sample_exhibit()
    row = replace(
        rows_of_silos()[0],
        account_id=name,
        venue=name,
        entity_id=name,
        recipe=name,
        reasons=(name,),
    )
    row = replace(row, liquidation=tuple(replace(c, asset=name) for c in row.liquidation))
    columns = tuple(
        replace(column, rows=(row,), label=name, nearest=name)
        for column in exhibit.statement.columns
    )
    statement = replace(exhibit.statement, columns=columns, assumed=((name, name),), reporting=name)
    return replace(
        exhibit,
        statement=statement,
        heatmaps=tuple(
            replace(h, account_id=name, underlying=name, labels=(name,) * 27)
            for h in exhibit.heatmaps
        ),
        curves=tuple(replace(c, account_id=name, underlying=name) for c in exhibit.curves),
        collateral=tuple(replace(c, account_id=name, asset=name) for c in exhibit.collateral),
        recipes=tuple(replace(r, recipe=name, title=name, reason=name) for r in exhibit.recipes),
    )


def test_every_element_that_is_opened_is_closed_in_its_place() -> None:
    assert page().open == []


def test_the_page_refers_to_nothing_outside_itself() -> None:
    shown = page()
    for tag, attributes in shown.tags:
        assert tag not in {"link", "iframe", "object", "embed", "base", "form", "img"}
        assert "src" not in attributes
        assert attributes.get("href", "#").startswith("#")
        assert not any(name.startswith("on") for name in attributes)
    style = asset("page.css")
    assert "url(" not in style
    assert "@import" not in style
    for call in ("fetch(", "XMLHttpRequest", "innerHTML", "eval(", "import(", "new Function"):
        assert call not in asset("page.js")


def test_the_policy_allows_the_two_scripts_of_the_page_and_nothing_else() -> None:
    shown = page()
    policy = next(a["content"] for t, a in shown.tags if a.get("http-equiv"))
    assert policy is not None
    assert policy.startswith("default-src 'none'")
    hashes = [
        b64encode(sha256(asset(name).encode()).digest()).decode()
        for name in ("echarts.min.js", "page.js")
    ]
    assert re.findall(r"'sha256-([^']+)'", policy) == hashes
    assert "unsafe-eval" not in policy


def test_no_vendored_or_own_asset_can_end_its_element() -> None:
    for name in ("echarts.min.js", "page.js"):
        assert "</script" not in asset(name).lower()
        assert "<!--" not in asset(name)
    assert "</style" not in asset("page.css").lower()


@pytest.mark.parametrize("name", HOSTILES)
def test_no_name_out_of_a_book_becomes_markup_or_script(name: str) -> None:
    calm, hostile = Page(page_html(renamed("calm"))), Page(page_html(renamed(name)))
    assert [tag for tag, _ in hostile.tags] == [tag for tag, _ in calm.tags]
    assert [sorted(a) for _, a in hostile.tags] == [sorted(a) for _, a in calm.tags]
    assert len(hostile.scripts) == len(calm.scripts) == 3
    assert hostile.open == []
    tree = Page(notebook_html(renamed(name).statement))
    assert {tag for tag, _ in tree.tags} <= {
        *("div", "p", "b", "span"),
        *("table", "thead", "tbody", "tr", "th", "td"),
    }


def test_the_data_of_the_pictures_are_the_figures_of_the_statement() -> None:
    data = json.loads(page().scripts[0])
    assert len(data["accounts"]) == 4
    named = data["accounts"][3]
    (maintenance,) = [w for w in named["waterfalls"] if w["level"] == "maintenance"]
    assert sum(step["amount"] for step in maintenance["steps"]) == pytest.approx(170_000)
    cells = named["heatmaps"][0]["cells"]
    assert len(cells) == 27
    assert [cell["short"] for cell in cells if cell["worst"]] == ["-90.8k"]
    assert named["curves"][0]["liquidated_below"] == 41_230.5
    assert named["moves"][2]["asset"] == "all by beta"
    assert [row["locked"] for row in data["columns"]] == [None, 291_000, 230_000, 190_000]
    assert [row["name"] for row in data["recipes"]] == ["house", "net-delta"]


def test_the_page_reads_without_its_script() -> None:
    said = " ".join(page().said)
    for piece in (
        *("Shortfall of the silos", "3,500.00", "bybit-carry", "liquidating", "not available"),
        *("scan", "price -16 %, vol up", "wins", "not reachable", "enforceable benefit 61,000"),
        *("If one of these is lost", "no volume in the file", "outside"),
    ):
        assert piece in said, piece


def test_everything_that_can_be_used_can_be_reached_by_keyboard_and_has_a_name() -> None:
    for tag, attributes in page().tags:
        assert "onclick" not in attributes
        if attributes.get("role") in {"img", "region"}:
            assert attributes["aria-label"]
        if "scroll" in (attributes.get("class") or "").split():
            assert attributes["tabindex"] == "0"
        if tag == "html":
            assert attributes["lang"] == "en"


def test_the_page_stays_small_enough_to_send() -> None:
    assert len(page_html(sample_exhibit()).encode()) < 1_200_000


def test_the_nearest_accounts_are_shown_first_and_those_left_out_are_counted() -> None:
    statement = sample_statement()
    silos = rows_of_silos()
    assert [row.account_id for row in accounts_shown(statement)] == [
        *("bybit-carry", HOSTILE, "okx-main", "deribit-options")
    ]
    many = tuple(replace(silos[0], account_id=f"a{number}") for number in range(150))
    crowded = replace(statement, columns=(replace(statement.columns[0], rows=many),))
    assert len(accounts_shown(crowded)) == ACCOUNTS_SHOWN
    text = page_html(replace(sample_exhibit(), statement=crowded))
    assert "50 more accounts are in the statement" in text


def test_an_amount_that_is_not_a_number_is_refused_rather_than_drawn() -> None:
    exhibit = sample_exhibit()
    curve = replace(exhibit.curves[0], today=(float("nan"),) * 81)
    with pytest.raises(ValueError, match="JSON"):
        page_html(replace(exhibit, curves=(curve,)))
