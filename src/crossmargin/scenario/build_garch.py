"""The parameters of a GARCH forecast in a scenario table: figures of a study, handed down."""

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from crossmargin.base.failure import Reason
from crossmargin.scenario.filtered import Garch
from crossmargin.scenario.joint_history import PastMoves
from crossmargin.scenario.table_reader import OTHERWISE, TableReader

F8 = NDArray[np.float64]

GARCH_KEYS = frozenset({"omega", "alpha", "beta"})
OMEGA_LEAST = 1e-12
"""A variance of a day's return: a millionth of a per cent of vol is no vol."""


def garch_names(table: Mapping[str, Any]) -> list[str]:
    """Which of the parameters a table has, in a written order."""
    return sorted(GARCH_KEYS & table.keys())


def read_garch(reader: TableReader, table: Mapping[str, Any], where: str, past: PastMoves) -> Garch:
    """`omega`, `alpha` and `beta`: a number each, or by the code of the history that moves.

    An asset that moves as its proxy has the proxy's. Failures are kept in the reader.
    """
    for key in sorted(GARCH_KEYS - table.keys()):
        reader.fail(Reason.MISSING_FIELD, f"{where}.{key}", "is needed")
    used = sorted(set(past.column) - {-1})
    omega = _by_column(reader, table, "omega", where, past, (OMEGA_LEAST, 1.0))
    alpha = _by_column(reader, table, "alpha", where, past, (0.0, 1.0))
    beta = _by_column(reader, table, "beta", where, past, (0.0, 1.0))
    for column in used:
        together = float(alpha[column] + beta[column])
        if together >= 1.0:
            code = past.history.assets[column]
            text = f"alpha and beta of {code} add up to {together:g}: there is no long-run variance"
            reader.fail(Reason.OUT_OF_BOUNDS, f"{where}.beta", text)
    return Garch(omega=omega, alpha=alpha, beta=beta)


def _by_column(
    reader: TableReader,
    table: Mapping[str, Any],
    key: str,
    where: str,
    past: PastMoves,
    bounds: tuple[float, float],
) -> F8:
    """(C,) the figure of each column that moves something, NaN for the others."""
    figures = np.full(len(past.history.assets), np.nan)
    if key not in table:
        return figures
    path = f"{where}.{key}"
    found = reader.value(table[key], path)
    by_code = found if isinstance(found, Mapping) else {OTHERWISE: found}
    for column in sorted(set(past.column) - {-1}):
        code = past.history.assets[column]
        if code not in by_code and OTHERWISE not in by_code:
            reader.fail(Reason.MISSING_FIELD, path, f"names neither {code} nor {OTHERWISE}")
            continue
        own = by_code.get(code, by_code.get(OTHERWISE))
        figures[column] = reader.number(own, f"{path}.{code}", *bounds)
    return figures
