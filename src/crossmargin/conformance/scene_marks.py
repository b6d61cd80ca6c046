"""Marks of options that a vector describes by their vols."""

from dataclasses import replace

import numpy as np

from crossmargin.domain.universe import Kind, Universe
from crossmargin.market.columns import MarketColumns
from crossmargin.valuation.missing import missing_fields
from crossmargin.valuation.option import option_value


def with_model_marks(universe: Universe, market: MarketColumns) -> MarketColumns:
    """The market with an option's mark, where none is stated, at the value of the model.

    Discounted at its rate; where no rate is stated the source does not discount.
    """
    stated = replace(market, rate=np.nan_to_num(market.rate))
    lacking = np.array(
        [bool(x) for x in missing_fields(universe, stated, base="model", time_passes=False)]
    )
    option = universe.kind == Kind.OPTION
    rows = np.flatnonzero(option & np.isnan(market.mark) & ~lacking)
    mark = market.mark.copy()
    mark[rows] = option_value(universe, stated, rows) / universe.contract_size[rows]
    mark.setflags(write=False)
    return replace(market, mark=mark)
