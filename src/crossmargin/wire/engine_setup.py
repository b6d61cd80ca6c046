"""The engine's setup from what comes with the package: assets, recipes by name, price history."""

import tomllib
from collections.abc import Collection, Iterator, Sequence

from crossmargin.base.failure import Failure, Reason, refuse_if_any
from crossmargin.engine.setup import Settings, Setup
from crossmargin.wire.assets import bundled_registry
from crossmargin.wire.bundle import read_bundled
from crossmargin.wire.history import read_daily_closes, read_vol_index
from crossmargin.wire.recipes import recipe_text
from crossmargin.wire.setup_words import DEFAULT_WORDS, SetupWords, read_setup_words

PRICES = "btc_eth_daily_close_premium_2017_2026.csv"
VOLS = "deribit_dvol_daily_2021_2026.csv"


def bundled_setup(
    recipes: Sequence[str], settings: Settings | None = None, words: str = DEFAULT_WORDS
) -> Setup:
    """A setup of bundled recipes; the first is for accounts that name none. `words` is the text of
    a setup file: who prices what, and the circuit breakers.

    `InputRefused` for an unknown recipe, and for everything that is wrong with the words.
    """
    registry = bundled_registry()
    own = read_setup_words(words)
    refuse_if_any(_unknown(own, registry.codes()))
    return Setup(
        assets={code: registry.asset(code) for code in registry.codes()},
        recipes={name: tomllib.loads(recipe_text(name).decode()) for name in recipes},
        default_recipe=recipes[0],
        history=read_daily_closes(read_bundled(f"package:{PRICES}"), PRICES),
        vol_history=read_vol_index(read_bundled(f"package:{VOLS}"), VOLS),
        settings=settings or Settings(),
        prices=own.prices,
        breakers=own.breakers,
    )


def _unknown(words: SetupWords, codes: Collection[str]) -> Iterator[Failure]:
    """Assets that a setup file names and nobody knows."""
    named = {f"setup.price.{asset}": asset for asset in words.prices.policies}
    named |= {
        f"setup.price.{asset}.backing.base": policy.backing.base
        for asset, policy in words.prices.policies.items()
        if policy.backing is not None
    }
    named |= {
        f"setup.breaker.{own.name}": own.asset for own in words.breakers if own.asset is not None
    }
    for where, asset in sorted(named.items()):
        if asset not in codes:
            yield Failure(Reason.UNKNOWN_ASSET, where, f"no asset is called {asset!r}")
