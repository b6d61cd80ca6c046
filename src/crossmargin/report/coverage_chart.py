"""A picture of margin against loss through each crash: one row per portfolio, one field per crash.

Scalable vector graphics as text: pure, so that the same runs draw the same picture.
"""

from collections.abc import Sequence
from html import escape

import numpy as np
from numpy.typing import NDArray

from crossmargin.study.backtest import Backtest
from crossmargin.study.crash import CRASHES, Crash

WIDTH, HEIGHT, GAP, LEFT, TOP = 190, 90, 14, 190, 40
MARGIN_COLOUR, LOSS_COLOUR, BREACH_COLOUR = "#1f5fa8", "#b8b8b8", "#c0392b"


def coverage_chart(runs: Sequence[tuple[str, Backtest]]) -> str:
    """SVG: bars are losses of the day, red where they are beyond the margin; the line is the
    margin.

    Fields of one row share one scale. Crashes of which no run has a day are left out.
    """
    crashes = [crash for crash in CRASHES if any(crash.holds(run.date_ns).any() for _, run in runs)]
    wide = LEFT + len(crashes) * (WIDTH + GAP)
    high = TOP + len(runs) * (HEIGHT + GAP) + GAP
    head = 'xmlns="http://www.w3.org/2000/svg" font-family="sans-serif" font-size="11"'
    parts = [
        f'<svg {head} viewBox="0 0 {wide} {high}">',
        f'<rect width="{wide}" height="{high}" fill="white"/>',
        f'<text x="8" y="{TOP - 14}" fill="#666">line: margin; bar: loss; red: beyond</text>',
    ]
    parts += [
        f'<text x="{LEFT + number * (WIDTH + GAP)}" y="{TOP - 14}">{escape(crash.name)}</text>'
        for number, crash in enumerate(crashes)
    ]
    for row, (model, run) in enumerate(runs):
        top = TOP + row * (HEIGHT + GAP)
        parts += _row(model, run, crashes, top)
    return "\n".join([*parts, "</svg>"]) + "\n"


def _row(model: str, run: Backtest, crashes: Sequence[Crash], top: int) -> list[str]:
    days = [crash.holds(run.date_ns) for crash in crashes]
    seen = np.any(days, axis=0) if days else np.zeros(len(run.date_ns), dtype=np.bool_)
    most = max([1e-9, *run.margin_frac[seen].tolist(), *run.loss_frac[seen].tolist()])
    name = f"{run.portfolio.name} {run.portfolio.side}"
    parts = [
        f'<text x="8" y="{top + 14}">{escape(model)}</text>',
        f'<text x="8" y="{top + 28}">{escape(name)}</text>',
        f'<text x="8" y="{top + 42}" fill="#666">top: {most:.1%} of a leg</text>',
    ]
    if run.portfolio.options:
        parts.append(f'<text x="8" y="{top + 56}" fill="#666">vol index surface</text>')
    for number, chosen in enumerate(days):
        left = LEFT + number * (WIDTH + GAP)
        parts += _field(run.margin_frac[chosen], run.loss_frac[chosen], left, top, most)
    return parts


def _field(
    margin: NDArray[np.float64], loss: NDArray[np.float64], left: int, top: int, most: float
) -> list[str]:
    base = top + HEIGHT
    parts = [
        f'<rect x="{left}" y="{top}" width="{WIDTH}" height="{HEIGHT}" fill="none" stroke="#ddd"/>'
    ]
    if not len(margin):
        return parts
    wide = WIDTH / len(margin)
    points = []
    for day, (asked, lost) in enumerate(zip(margin.tolist(), loss.tolist(), strict=True)):
        x, tall = left + day * wide, HEIGHT * max(lost, 0.0) / most
        colour = BREACH_COLOUR if lost > asked else LOSS_COLOUR
        parts.append(
            f'<rect x="{x + 0.1 * wide:.1f}" y="{base - tall:.1f}" width="{0.8 * wide:.1f}" '
            f'height="{tall:.1f}" fill="{colour}"/>'
        )
        y = base - HEIGHT * asked / most
        points += [f"{x:.1f},{y:.1f}", f"{x + wide:.1f},{y:.1f}"]
    line = " ".join(points)
    parts.append(f'<polyline points="{line}" fill="none" stroke="{MARGIN_COLOUR}"/>')
    return parts
