"""Place loss: the total loss of one place, issuer or wrapped coin, the worst of all."""

from dataclasses import dataclass
from typing import final

import numpy as np

from crossmargin.rulebook.charge.asset_price import Price, asset_price
from crossmargin.rulebook.charge.balance_rows import balance_parts
from crossmargin.rulebook.charge.interface import Outcome, Parts
from crossmargin.rulebook.charge.row_ticks import row_ticks, tick_sum
from crossmargin.rulebook.context import ACCOUNT, Context
from crossmargin.rulebook.place import PlaceKind, places


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class PlaceLoss:
    """The largest value that an account keeps at one place of the `kinds`: each total loss is a
    scenario, and the driver names it. Debts stay owed; coins that give no credit cannot be lost.
    """

    kinds: tuple[PlaceKind, ...]
    price: Price = Price.INDEX

    def evaluate(self, context: Context, at: str) -> Outcome:
        """Ticks >= 0 per account; NaN where coins at a place have no price. ValueError below the
        account: a place is lost whole.
        """
        if at != ACCOUNT:
            raise ValueError(f"a place is not lost in one {at} alone")
        run, rows = context.run, context.balances
        held = (rows.amount > 0.0) & rows.usable
        price = asset_price(run, self.price)[rows.asset]
        value = np.where(held, rows.amount, 0.0) * np.where(held, price, 0.0)
        ticks = row_ticks(context, value, "a coin that could be lost")
        count = context.accounts_count
        worst = np.zeros(count)
        driver = np.full(count, -1, dtype=np.int64)
        names: list[str] = []
        lost_with = np.zeros((0, len(rows.account)), dtype=np.bool_)
        for kind in dict.fromkeys(self.kinds):
            for name, lost in places(kind, rows, run.universe.assets, run.priced.assets):
                own = np.where(lost, ticks, 0.0)
                total = tick_sum(rows.account, own, count, "what is kept at a place")
                larger = (total > worst) | (np.isnan(total) & ~np.isnan(worst))
                worst = np.where(larger, total, worst)
                driver = np.where(larger, len(names), driver)
                names.append(f"loss of {kind.value.replace('_', ' ')} {name}")
                if context.explain:
                    lost_with = np.concatenate([lost_with, lost[None, :]])
        parts = None
        if context.explain:
            mine = driver[rows.account]
            hit = np.zeros(len(rows.account), dtype=np.bool_)
            if names:
                hit = (mine >= 0) & lost_with[np.maximum(mine, 0), np.arange(len(mine))]
            own = np.where(hit, ticks, 0.0)
            parts = Parts(
                positions=np.zeros(len(context.positions.account)),
                balances=balance_parts(context, rows.account, rows.asset, own),
            )
        driver = np.where(np.isnan(worst), -1, driver)
        return Outcome(amount=worst, driver=driver, driver_names=tuple(names), parts=parts)
