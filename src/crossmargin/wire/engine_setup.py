"""The engine's setup from what comes with the package: assets, recipes by name, price history."""

import tomllib
from collections.abc import Sequence

from crossmargin.engine.price_rules import PriceRules
from crossmargin.engine.setup import Settings, Setup
from crossmargin.wire.assets import bundled_registry
from crossmargin.wire.bundle import read_bundled
from crossmargin.wire.history import read_daily_closes, read_vol_index
from crossmargin.wire.recipes import recipe_text

PRICES = "btc_eth_daily_close_premium_2017_2026.csv"
VOLS = "deribit_dvol_daily_2021_2026.csv"


def bundled_setup(recipes: Sequence[str], settings: Settings | None = None) -> Setup:
    """A setup of bundled recipes; the first is for accounts that name none.

    `InputRefused` for an unknown recipe.
    """
    registry = bundled_registry()
    return Setup(
        assets={code: registry.asset(code) for code in registry.codes()},
        recipes={name: tomllib.loads(recipe_text(name).decode()) for name in recipes},
        default_recipe=recipes[0],
        history=read_daily_closes(read_bundled(f"package:{PRICES}"), PRICES),
        vol_history=read_vol_index(read_bundled(f"package:{VOLS}"), VOLS),
        settings=settings or Settings(),
        prices=PriceRules(trusted=("oracle",)),
    )
