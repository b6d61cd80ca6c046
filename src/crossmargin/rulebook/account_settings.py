"""Settings of accounts (a leverage that was chosen, say) as values of a recipe's parameters by
account.
"""

from collections.abc import Mapping, Sequence

from crossmargin.base.exact import parse_decimal
from crossmargin.base.failure import Failure, Reason
from crossmargin.domain.account import Account
from crossmargin.rulebook.group_field import entry_of
from crossmargin.rulebook.recipe import Recipe
from crossmargin.rulebook.terms import Parameter

ACCOUNT = "account"


def settings_overrides(
    recipe: Recipe, accounts: Sequence[Account], failures: list[Failure]
) -> Mapping[str, Mapping[str, object]]:
    """Parameter -> account -> its own value, for the parameters that `accounts` set.

    A setting of an account whose own rulebook is another one is not for this one, unless it has
    such a parameter. What is no number, or no parameter by account, is added to `failures`.
    """
    own: dict[str, dict[str, object]] = {}
    for account in accounts:
        for name, text in account.settings.items():
            parameter = recipe.terms.parameters.get(name)
            if parameter is None or parameter.by != ACCOUNT:
                if account.recipe == recipe.name:
                    failures.append(_unknown(account, name, recipe))
                continue
            number = parse_decimal(text)
            if number is None:
                where = f"accounts.{account.account_id}.settings.{name}"
                failures.append(Failure(Reason.NOT_A_NUMBER, where, f"{text!r} is not a number"))
                continue
            own.setdefault(name, {})[account.account_id] = float(number)
    return {
        name: _entries(recipe.terms.parameters[name], accounts) | values
        for name, values in own.items()
    }


def _entries(parameter: Parameter, accounts: Sequence[Account]) -> dict[str, object]:
    """What the recipe itself says for each account, as a recipe file would write it."""
    said = {each.account_id: entry_of(parameter, each.account_id) for each in accounts}
    return {
        account: list(entry) if isinstance(entry, tuple) else entry
        for account, entry in said.items()
        if entry is not None
    }


def _unknown(account: Account, name: str, recipe: Recipe) -> Failure:
    known = [key for key, parameter in recipe.terms.parameters.items() if parameter.by == ACCOUNT]
    there = ", ".join(known) or "none"
    return Failure(
        Reason.UNKNOWN_FIELD,
        f"accounts.{account.account_id}.settings.{name}",
        f"{recipe.name} has no such parameter by account; it has {there}",
    )
