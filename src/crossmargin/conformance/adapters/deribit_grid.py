"""Deribit's portfolio margin of futures and perpetuals: the matrix cell by cell, and its shocks."""

from typing import Any

from crossmargin.conformance.case import Case
from crossmargin.conformance.scene import Scene
from crossmargin.conformance.translation import (
    Figure,
    LevelFigure,
    NodeFigure,
    ScenarioFigure,
    Translation,
)
from crossmargin.conformance.vector_reading import (
    COIN,
    inputs_shape,
    lacking,
    listed,
    nearest_misfit,
    renamed,
)
from crossmargin.conformance.verdict import Unsupported
from crossmargin.wire.units import coins_of_lots, float_of, seconds_of_days

WORDS = {
    "position_coins": "delta_coins coins size_coins position positions_coins q deltas delta",
    "days": "days_to_expiry dte",
    "index_price": "index price",
    "extended_dampener": "extended_dampener_usd dampener dampener_usd",
    "threshold": "delta_total_liq_shock_threshold threshold_usd delta_threshold_usd",
    "mm_factor": "maintenance_factor maintenance_margin_factor",
}
PARAMETERS = {
    "price_range": "price_range",
    "extended_dampener": "dampener",
    "annualised_move_risk": "roll_per_year",
    "min_annualised_move": "roll_least",
    "m_inc": "delta_shock_slope",
}
"""Stated for one currency."""
SCALARS = {
    "mm_factor": "maintenance_factor",
    "max_delta_shock": "delta_shock_cap",
    "threshold": "delta_free",
}
COUNTED = "buckets_count vol_scenarios_count extended_table_factor"
GRID = inputs_shape(
    "position_coins",
    f"{' '.join(PARAMETERS)} {' '.join(SCALARS)} days index_price mark_price {COUNTED}",
)
KNOWN = {"buckets_count": 4, "vol_scenarios_count": 3, "extended_table_factor": 1}
STANDARD = "standard pnl pnls pnl_by_bucket pnl_standard standard_pnl standard_table"
EXTENDED = "extended extended_pnl pnl_extended extended_table"
CELLS, END = 27, 35
"""Cells of the standard table, and of it with the extended one."""
SAME_VOL = (1, 4, 7, 10, 13, 16, 19, 22, 25)
"""Of the cells of the standard table, those in which vol does not move."""
NODES = {
    "worst_case": "worst_case",
    "roll_shock": "roll_shock",
    "delta_shock": "delta_shock",
    "risk_matrix_margin": "risk_matrix_margin",
}
LEVELS = {
    "initial_margin": "initial",
    "im": "initial",
    "maintenance_margin": "maintenance",
    "mm": "maintenance",
}


def is_of_positions(case: Case) -> bool:
    """Whether the vector states positions for the matrix or for the delta shock."""
    return "price_range" in case.inputs or "m_inc" in case.inputs


def translate(case: Case) -> Translation | Unsupported:
    """Inverse contracts worth so many coins under `deribit-segregated-portfolio`, in coin."""
    named = renamed(case, WORDS)
    wrong = nearest_misfit(named, [GRID]) or lacking(named, "position_coins")
    if wrong is not None:
        return wrong
    other = [key for key, known in KNOWN.items() if named.inputs.get(key, known) != known]
    if other:
        return Unsupported(reason=f"inputs.{other[0]} is another than {KNOWN[other[0]]}")
    return _grid(named)


def _grid(case: Case) -> Translation:
    inputs, scene = case.inputs, Scene()
    mark = inputs.get("mark_price", inputs.get("index_price", 1))
    coin = scene.asset(COIN, index=inputs.get("index_price", mark))
    sizes = listed(inputs["position_coins"])
    terms: list[Any] = listed(inputs.get("days", [None for _ in sizes]))
    for number, (size, days) in enumerate(zip(sizes, terms, strict=True)):
        row = (
            scene.future(coin, seconds=seconds_of_days(days), settle=coin, inverse=True, mark=mark)
            if days
            else scene.perpetual(
                coin, settle=coin, inverse=True, name=f"#{number}", mark=mark, funding_rate=0
            )
        )
        scene.position(row, coins_of_lots(size, mark), entry=mark)
    figures: dict[str, Figure] = {
        **{key: LevelFigure(level=level, part="requirement") for key, level in LEVELS.items()},
        **{key: NodeFigure(level="maintenance", node=node) for key, node in NODES.items()},
    }
    for key in STANDARD.split():
        whole = len(listed(case.expected.get(key))) == CELLS
        figures[key] = _cells(tuple(range(CELLS)) if whole else SAME_VOL)
    beyond = _cells(tuple(range(CELLS, END)))
    figures.update(dict.fromkeys(EXTENDED.split(), beyond))
    overrides: dict[str, Any] = {
        name: {coin: float_of(inputs[key])} for key, name in PARAMETERS.items() if key in inputs
    }
    overrides.update(
        {name: float_of(inputs[key]) for key, name in SCALARS.items() if key in inputs}
    )
    overrides.setdefault("dampener", {coin: 0.0})
    return Translation(
        recipe="deribit-segregated-portfolio",
        scene=scene,
        figures=figures,
        overrides=overrides,
        reporting=coin,
    )


def _cells(numbers: tuple[int, ...]) -> Figure:
    return ScenarioFigure(
        level="maintenance", cells=tuple(("worst_case", number) for number in numbers)
    )
