from decimal import Decimal

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from crossmargin.domain.columns import PositionColumns
from crossmargin.domain.flatten import position_columns
from crossmargin.domain.holding import Position
from crossmargin.domain.universe import build_universe
from crossmargin.engine.rows import KeptRows
from tests.engine.day import INVERSE, OPTION, PERPETUAL, listing

LISTINGS = (PERPETUAL, INVERSE, OPTION)
UNIVERSE = build_universe([listing(name) for name in LISTINGS], ["BTC", "USD", "USDC"])
COST = st.none() | st.sampled_from([Decimal(0), Decimal("1.5"), Decimal("-7")])
STEPS = st.lists(
    st.tuples(st.sampled_from(LISTINGS), st.none() | st.tuples(st.integers(-2, 2), COST)),
    max_size=12,
)


def _values(columns: PositionColumns) -> list[list[float]]:
    fields = ("account", "instrument", "contracts", "cost", "funding")
    return [np.nan_to_num(getattr(columns, name), nan=-99.0).tolist() for name in fields]


@given(steps=STEPS)
def test_rows_that_were_kept_are_those_that_are_made_anew(
    steps: list[tuple[str, tuple[int, Decimal | None] | None]],
) -> None:
    kept = KeptRows(UNIVERSE)
    positions: dict[str, Position] = {}
    for name, change in steps:
        positions = dict(positions)
        if change is None:
            positions.pop(name, None)
        else:
            contracts, cost = change
            positions[name] = Position(
                account_id="anna",
                listing_id=name,
                contracts=Decimal(contracts),
                cost_settle=cost,
            )
        found = kept.columns("anna", positions)
        fresh = position_columns(positions.values(), {"anna": 0}, UNIVERSE)
        assert _values(found) == _values(fresh)
        assert found.contracts.dtype == fresh.contracts.dtype
        assert kept.columns("anna", positions) is found
