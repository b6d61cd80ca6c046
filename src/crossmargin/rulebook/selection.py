"""Which rows a charge reads: a filter over instrument kinds, rights, inverse, assets and
underlyings.
"""

from dataclasses import dataclass
from typing import final

import numpy as np
from numpy.typing import NDArray

from crossmargin.domain.universe import Kind, Universe

DERIVATIVES = (Kind.PERPETUAL, Kind.FUTURE, Kind.OPTION)


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Selection:
    """Rows that meet every condition given; an empty condition lets all through.

    `assets` names settlement assets (the asset itself for a balance), `underlyings` underlyings.
    """

    kinds: tuple[Kind, ...] = ()
    right: str | None = None
    inverse: bool | None = None
    assets: tuple[str, ...] = ()
    underlyings: tuple[str, ...] = ()
    not_assets: tuple[str, ...] = ()

    def instruments(self, universe: Universe) -> NDArray[np.bool_]:
        """(instruments,) which instrument rows are selected."""
        chosen = np.ones(universe.instruments_count, dtype=np.bool_)
        if self.kinds:
            chosen &= np.isin(universe.kind, np.array(self.kinds, dtype=np.int8))
        if self.right is not None:
            chosen &= (universe.kind == Kind.OPTION) & (universe.is_call == (self.right == "call"))
        if self.inverse is not None:
            chosen &= universe.inverse == self.inverse
        if self.assets:
            chosen &= np.isin(universe.settle, _rows(universe, self.assets))
        if self.not_assets:
            chosen &= ~np.isin(universe.settle, _rows(universe, self.not_assets))
        if self.underlyings:
            chosen &= np.isin(universe.underlying, _rows(universe, self.underlyings))
        return chosen

    @property
    def reads_balances(self) -> bool:
        """Whether it asks for balance rows; a selection asks for positions or for balances, not
        both.
        """
        return self.kinds == (Kind.BALANCE,)


FUTURES = Selection(kinds=(Kind.PERPETUAL, Kind.FUTURE))
"""What gains and loses against its entry: nobody owns its value."""


def _rows(universe: Universe, names: tuple[str, ...]) -> NDArray[np.int64]:
    return np.array([i for i, code in enumerate(universe.assets) if code in names], dtype=np.int64)
