"""A scenario family as a table of price moves by vol moves; the worst cell is marked by a star."""

from collections.abc import Sequence
from decimal import Decimal

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from crossmargin.report.amount_text import printable, short_amount, shown_amount, shown_move
from crossmargin.report.plain_table import plain_table
from crossmargin.rulebook.statement_types import Heatmap

CELLS_PER_LINE = 9
WORST_SHOWN = 12


def heatmap_view(heatmap: Heatmap) -> Group:
    """Blocks of at most nine price moves, or the worst scenarios when the family is no grid."""
    grid = grid_of(heatmap)
    worst = (
        f"{printable(heatmap.labels[heatmap.worst])}: {shown_amount(heatmap.profit[heatmap.worst])}"
    )
    parts: list[RenderableType] = []
    if grid is None:
        parts.append(_ranking(heatmap))
    else:
        moves = sorted(set(heatmap.price_moves))
        blocks = range(0, len(moves), CELLS_PER_LINE)
        parts += [_block(heatmap, grid, moves[at : at + CELLS_PER_LINE]) for at in blocks]
    parts.append(Text(f"* worst: {worst}"))
    return Group(*parts)


def grid_of(heatmap: Heatmap) -> dict[tuple[float, float], int] | None:
    """Scenario by (price move, vol move); None when two scenarios share a cell."""
    cells: dict[tuple[float, float], int] = {}
    for number, key in enumerate(zip(heatmap.price_moves, heatmap.vol_moves, strict=True)):
        if key in cells:
            return None
        cells[key] = number
    full = len(set(heatmap.price_moves)) * len(set(heatmap.vol_moves))
    return cells if 2 * len(cells) >= full else None


def title_of(heatmap: Heatmap) -> str:
    """Whose profit and loss it is, of what, in which family."""
    return (
        f"Profit and loss of {printable(heatmap.account_id)} in {printable(heatmap.underlying)}, "
        f"scenarios {printable(heatmap.family)}"
    )


def _block(heatmap: Heatmap, grid: dict[tuple[float, float], int], moves: Sequence[float]) -> Table:
    table = plain_table(title_of(heatmap), "vol", *(shown_move(move) for move in moves))
    largest = max((abs(profit) for profit in heatmap.profit), default=Decimal(0))
    for vol in sorted(set(heatmap.vol_moves), reverse=True):
        cells = [_cell(heatmap, grid.get((move, vol)), largest) for move in moves]
        table.add_row(Text(shown_move(vol)), *cells)
    return table


def _cell(heatmap: Heatmap, number: int | None, largest: Decimal) -> Text:
    if number is None:
        return Text("")
    profit = heatmap.profit[number]
    mark = "*" if number == heatmap.worst else ""
    strong = abs(profit) * 2 > largest
    colour = "green" if profit > 0 else "red" if profit < 0 else "default"
    return Text(mark + short_amount(float(profit)), style=f"bold {colour}" if strong else colour)


def _ranking(heatmap: Heatmap) -> Table:
    table = plain_table(title_of(heatmap), "what", "price", "profit")
    order = sorted(range(len(heatmap.profit)), key=lambda s: (heatmap.profit[s], s))
    for number in order[:WORST_SHOWN]:
        mark = "* " if number == heatmap.worst else ""
        table.add_row(
            Text(mark + printable(heatmap.labels[number])),
            Text(shown_move(heatmap.price_moves[number])),
            Text(shown_amount(heatmap.profit[number])),
        )
    return table
