"""Collateral of several coins after flat haircuts, as BIT.com prints it: a table with columns."""

from typing import Any

from crossmargin.conformance.adapters import deribit_standard
from crossmargin.conformance.case import Case
from crossmargin.conformance.scene import Scene
from crossmargin.conformance.translation import Figure, LevelFigure, Translation
from crossmargin.conformance.vector_reading import inputs_shape, nearest_misfit
from crossmargin.conformance.verdict import Unsupported
from crossmargin.wire.units import float_of

TABLE = inputs_shape("assets", "columns")
COLUMNS = ["ccy", "qty", "haircut", "index"]
TOTAL = "total"


def translate(case: Case) -> Translation | Unsupported:
    """Each coin in an account of its own and all of them in one, under `deribit-cross-standard`;
    options as at Deribit, whose rule they follow.
    """
    if "strike" in case.inputs:
        return deribit_standard.translate(case)
    return nearest_misfit(case, [TABLE]) or _collateral(case)


def _collateral(case: Case) -> Translation | Unsupported:
    columns = case.inputs.get("columns", COLUMNS)
    if sorted(columns) != sorted(COLUMNS):
        return Unsupported(reason=f"inputs.columns are {columns}, and not {COLUMNS}")
    rows: list[dict[str, Any]] = [
        dict(zip(columns, row, strict=True)) for row in case.inputs["assets"]
    ]
    scene = Scene()
    for row in rows:
        code = scene.asset(row["ccy"], index=row["index"])
        scene.balance(code, row["qty"])
        scene.balance(code, row["qty"], account=_alone(code))
    held = [row["ccy"] for row in rows]
    figures: dict[str, Figure] = {
        code: LevelFigure(level="maintenance", part="equity", account=_alone(code)) for code in held
    }
    figures[TOTAL] = LevelFigure(level="maintenance", part="equity")
    return Translation(
        recipe="deribit-cross-standard",
        scene=scene,
        figures=figures,
        overrides={"haircut": {row["ccy"]: float_of(row["haircut"]) for row in rows}},
    )


def _alone(code: str) -> str:
    return f"only {code}"
