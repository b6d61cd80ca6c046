"""Which rulebook each account has, and what a figure rests on."""

from collections.abc import Mapping, Sequence
from dataclasses import fields
from typing import Any

from crossmargin.api.prepared import Prepared
from crossmargin.base.canonical import content_hash
from crossmargin.base.failure import Failure, InputRefused, Reason, refuse_if_any
from crossmargin.domain.account import Account
from crossmargin.domain.asset import Asset, AssetClass
from crossmargin.domain.book import Book
from crossmargin.rulebook.account_settings import settings_overrides
from crossmargin.rulebook.recipe import Recipe
from crossmargin.wire.recipes import bundled_recipe

HOUSE = "house"


def recipe_of(name: str, overrides: Mapping[str, Any] | None = None) -> Recipe:
    """The bundled recipe of that name with parameters replaced."""
    return bundled_recipe(name, overrides)


def venue_recipes(
    book: Book, recipe: str | None, overrides: Mapping[str, Any] | None
) -> dict[str, Recipe]:
    """Account -> rulebook: its own, or `recipe` for all, with the account's settings; `overrides`
    go before them. An account without a rulebook gets the house model.
    """
    if overrides and recipe is None:
        message = "parameters are set for one recipe: name it"
        raise InputRefused([Failure(Reason.MISSING_FIELD, "recipe", message)])
    gathered: dict[str, list[Account]] = {}
    for account in book.accounts.values():
        gathered.setdefault(recipe or account.recipe or HOUSE, []).append(account)
    failures: list[Failure] = []
    found: dict[str, Recipe] = {}
    for name, accounts in sorted(gathered.items()):
        own = bundled_recipe(name, overrides if name == recipe else None)
        settings = settings_overrides(own, accounts, failures)
        if settings:
            own = bundled_recipe(name, {**settings, **(overrides or {})})
        found |= {account.account_id: own for account in accounts}
    refuse_if_any(failures)
    return {account: found[account] for account in book.accounts}


def coin_betas(assets: Mapping[str, Asset]) -> dict[str, float]:
    """The joint move: everything but money moves alike, one for one."""
    still = (AssetClass.FIAT, AssetClass.STABLECOIN)
    return {code: 1.0 for code, asset in assets.items() if asset.asset_class not in still}


def inputs_hash(prepared: Prepared, recipes: Sequence[Recipe]) -> str:
    """One hash over book, market and rulebooks: what a third party needs to repeat a figure.

    What a venue reports is no part of it: it is no input.
    """
    columns, book, priced = prepared.columns, prepared.book, prepared.priced
    return content_hash(
        {
            "universe": [list(columns.universe.listing_ids), list(columns.universe.assets)],
            "assets": [priced.assets[code] for code in columns.universe.assets],
            "accounts": [book.accounts[str(account)] for account in columns.account_ids],
            "netting_sets": [book.netting_sets[name] for name in sorted(book.netting_sets)],
            "positions": _arrays(columns.positions),
            "balances": _arrays(columns.balances),
            "orders": _arrays(columns.orders),
            "market": _arrays(priced.market),
            "totals": _arrays(priced.totals),
            "history": [
                None if history is None else _arrays(history)
                for history in (priced.history, priced.vol_history)
            ],
            "recipes": sorted({recipe.terms.content_hash for recipe in recipes}),
        }
    )


def _arrays(columns: Any) -> dict[str, Any]:
    return {field.name: getattr(columns, field.name) for field in fields(columns)}
