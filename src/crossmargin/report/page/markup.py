"""Pieces of HTML. Every text goes through `text`, so nothing out of a book can become markup."""

import re
from collections.abc import Iterable, Sequence
from html import escape

from crossmargin.report.amount_text import printable, shown_amount, shown_frac
from crossmargin.rulebook.standing import Standing
from crossmargin.rulebook.statement_types import LevelFigures

_ICONS = {
    Standing.HEALTHY: "✓",
    Standing.WARNED: "▲",
    Standing.CALLED: "◆",
    Standing.REDUCE_ONLY: "◆",
    Standing.LIQUIDATING: "✕",
    Standing.BANKRUPT: "✕",
    Standing.UNAVAILABLE: "?",
}


_FIGURE = re.compile(r"[-+]?[0-9.,]+(e[-+]?[0-9]+)?")
_WORD_HEADS = {"level", "status", "figure", "reason", "nearest"}
_WORDS = ' class="words"'
_COLUMNS = ("(i) venue", "(ii) house, silos", "(iii) enforceable", "(iv) economic")


def column_number(number: int) -> str:
    """The glossary's number of a column and its shortest name."""
    return _COLUMNS[number] if number < len(_COLUMNS) else f"({number + 1})"


def text(value: str) -> str:
    """A text as HTML shows it: escaped, control characters made visible, line ends as breaks."""
    return "<br>".join(escape(printable(line), quote=True) for line in value.split("\n"))


def chip(standing: Standing, before: str = "") -> str:
    """The standing as icon, word and colour."""
    word = standing.value.replace("_", " ")
    return (
        f'<span class="chip {standing.value}"><span aria-hidden="true">{_ICONS[standing]}</span> '
        f"{text(before + word)}</span>"
    )


def data_table(caption: str, heads: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A table of ready-made cells that scrolls sideways; the first cell heads its row."""
    head = "".join(
        f'<th scope="col"{_WORDS if each in _WORD_HEADS else ""}>{text(each)}</th>'
        for each in heads
    )
    body = "".join(
        f'<tr><th scope="row">{first}</th>' + "".join(map(_data_cell, heads[1:], rest)) + "</tr>"
        for first, *rest in rows
    )
    return (
        f'<div class="scroll" tabindex="0" role="region" aria-label="{text(caption)}">'
        f"<table><caption>{text(caption)}</caption><thead><tr>{head}</tr></thead>"
        f"<tbody>{body}</tbody></table></div>"
    )


def _data_cell(head: str, inside: str) -> str:
    """A cell; words stand on the left, and a figure is never broken into two lines."""
    figure = ' class="figure"' if _FIGURE.fullmatch(inside) else ""
    return f"<td{_WORDS if head in _WORD_HEADS else figure}>{inside}</td>"


def folded(summary: str, inside: str) -> str:
    """Something to open."""
    return f"<details><summary>{text(summary)}</summary>{inside}</details>"


def card(title: str, inside: str, note: str = "", kind: str = "") -> str:
    """A section with its heading and one sentence of what it says."""
    about = f'<p class="note">{text(note)}</p>' if note else ""
    return f'<section class="card {kind}"><h2>{text(title)}</h2>{about}{inside}</section>'


def used_bar(level: LevelFigures) -> str:
    """How much of the equity the requirement uses, up to 150 %, with marks at 80 % and 100 %."""
    if level.utilisation is None:
        words = "no equity" if level.utilisation_reason == "no_equity" else "not available"
        full = "over" if level.utilisation_reason == "no_equity" else "unknown"
        return f'<span class="used"><span class="bar {full}"></span><b>{words}</b></span>'
    kind = "over" if level.utilisation > 1 else "near" if level.utilisation >= 0.8 else "fine"
    width = min(max(level.utilisation, 0.0), 1.5) / 1.5
    return (
        f'<span class="used"><span class="bar {kind}" style="--used:{width:.4f}"></span>'
        f"<b>{shown_frac(level.utilisation)}</b></span>"
    )


def signed_buffer(level: LevelFigures | None) -> str:
    """A level's buffer; a negative one stands out by its sign, weight and colour."""
    buffer = None if level is None else level.buffer
    kind = "short" if buffer is not None and buffer < 0 else ""
    return f'<span class="{kind}">{text(shown_amount(buffer))}</span>'
