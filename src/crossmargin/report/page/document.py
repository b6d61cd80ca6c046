"""The page as one text: sections, styles, data and script in place, and a policy that allows
nothing else.
"""

import json
from base64 import b64encode
from functools import cache
from hashlib import sha256
from importlib.resources import files
from typing import Any

from crossmargin.base.instant import instant_text
from crossmargin.report.exhibit import Exhibit
from crossmargin.report.page import book_sections as book
from crossmargin.report.page.account_order import accounts_shown
from crossmargin.report.page.account_section import account_section
from crossmargin.report.page.chart_data import chart_data
from crossmargin.report.page.markup import text

_ESCAPES = {
    "<": "\\u003c",
    ">": "\\u003e",
    "&": "\\u0026",
    "\u2028": "\\u2028",
    "\u2029": "\\u2029",
}


def page_html(exhibit: Exhibit) -> str:
    """One self-contained HTML document: it asks the network for nothing, and reads without its
    script.

    Nothing of the input can become markup or script: text is escaped, data are inert JSON, and the
    page's own policy runs only the two scripts whose hashes it names.
    """
    library, script = asset("echarts.min.js"), asset("page.js")
    policy = (
        "default-src 'none'; base-uri 'none'; form-action 'none'; img-src data:; "
        f"style-src 'unsafe-inline'; script-src {_allowed(library)} {_allowed(script)}"
    )
    statement = exhibit.statement
    moment = instant_text(statement.as_of_ns)
    sections = "".join(
        (
            book.headline(statement),
            book.silo_section(statement),
            book.columns_section(statement),
            book.recipes_section(exhibit.recipes),
            *(
                account_section(exhibit, row, number)
                for number, row in enumerate(accounts_shown(statement))
            ),
            book.places_section(statement),
            book.losses_section(statement),
            book.reported_section(statement),
            book.footing(exhibit),
        )
    )
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8">'
        f'<meta http-equiv="Content-Security-Policy" content="{policy}">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        '<meta name="color-scheme" content="light dark">'
        f"<title>Margin, {text(moment)}</title><style>{asset('page.css')}</style></head><body>"
        f"<header><div><h1>Margin</h1><p>As of {text(moment)}, in {text(statement.reporting)}</p>"
        "</div>"
        '<button id="theme" type="button" aria-pressed="false">Dark</button></header>'
        f"<main>{sections}</main>"
        "<footer>Made with crossmargin. Pictures: Apache ECharts (Apache-2.0).</footer>"
        f'<script type="application/json" id="data">{_inert(chart_data(exhibit))}</script>'
        f"<script>{library}</script><script>{script}</script></body></html>\n"
    )


@cache
def asset(name: str) -> str:
    """The text of a file that the page carries."""
    return files("crossmargin.report.page").joinpath("assets", name).read_text(encoding="utf-8")


def _allowed(script: str) -> str:
    return f"'sha256-{b64encode(sha256(script.encode()).digest()).decode()}'"


def _inert(values: dict[str, Any]) -> str:
    """JSON that cannot end its own element; NaN is refused."""
    shown = json.dumps(values, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    return "".join(_ESCAPES.get(character, character) for character in shown)
