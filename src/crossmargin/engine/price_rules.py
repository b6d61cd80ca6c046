"""Who may say what a price is: part of the setup. Without a rule a price prices nothing."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import final

from crossmargin.market.marks import PerpetualMarkPolicy
from crossmargin.market.option_mark import OptionMarkPolicy
from crossmargin.market.oracle_policy import OraclePolicy


@final
@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class PriceRules:
    """`policies` by asset: its sources are heard by the engine and made into one price.

    `trusted` names sources whose prices come made already: one message is the price, of any asset
    without a policy, and of any mark that no policy makes. Nobody else is believed. A trusted price
    that is stale may have gone by `interval_frac`. With `perpetual` the marks of perpetuals are
    made from the index and their own book, with `option` those of options from the vols that are
    quoted; a mark that somebody says is then refused.
    """

    policies: Mapping[str, OraclePolicy] = field(default_factory=dict)
    trusted: tuple[str, ...] = ()
    interval_frac: float = 0.5
    perpetual: PerpetualMarkPolicy | None = None
    option: OptionMarkPolicy | None = None


NOBODY = PriceRules()
"""No source prices anything."""
