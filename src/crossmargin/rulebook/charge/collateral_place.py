"""Where collateral is kept, and what that does to its credit: location haircuts and caps."""

from dataclasses import dataclass
from typing import final

import numpy as np
from numpy.typing import NDArray

from crossmargin.base.failure import Failure, Reason, refuse_if_any
from crossmargin.collateral.cap import Cap, shared_scale
from crossmargin.rulebook.charge.collateral_haircuts import by_asset
from crossmargin.rulebook.context import Context
from crossmargin.rulebook.group_field import entry_of, required
from crossmargin.rulebook.place import PlaceKind, lost_with
from crossmargin.rulebook.terms import Parameter

F8 = NDArray[np.float64]
I8 = NDArray[np.int64]

PLACES = ("venue", "chain", "bridge", "custodian")


@final
@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Holdings:
    """(rows,) the batch's balances and, behind them, profit by account and settlement asset, kept
    nowhere.

    `places` holds for each of `PLACES` (rows,) the number of the place in the book's names, -1 for
    none.
    """

    account: I8
    asset: I8
    amount: F8
    usable: NDArray[np.bool_]
    places: dict[str, I8]


def holdings(context: Context, profit: F8 | None) -> Holdings:
    """The batch's balances, with `profit` (positions,) in coins of the settlement asset netted by
    asset.
    """
    b, p, universe = context.balances, context.positions, context.run.universe
    places = {"venue": b.venue, "chain": b.chain, "bridge": b.bridge, "custodian": b.custodian}
    if profit is None:
        return Holdings(
            account=b.account, asset=b.asset, amount=b.amount, usable=b.usable, places=places
        )
    width = len(universe.assets)
    gained = np.flatnonzero(profit)
    key = p.account[gained] * width + universe.settle[p.instrument[gained]]
    present, pair = np.unique(key, return_inverse=True)
    nowhere = np.full(len(present), -1, dtype=np.int64)
    return Holdings(
        account=np.concatenate([b.account, present // width]),
        asset=np.concatenate([b.asset, present % width]),
        amount=np.concatenate(
            [b.amount, np.bincount(pair, weights=profit[gained], minlength=len(present))]
        ),
        usable=np.concatenate([b.usable, np.ones(len(present), dtype=np.bool_)]),
        places={name: np.concatenate([own, nowhere]) for name, own in places.items()},
    )


def location_weight(context: Context, held: Holdings, references: tuple[str, ...]) -> F8:
    """(rows,) product of 1 - haircut over the parameters; NaN where a place has no haircut."""
    weight = np.ones(len(held.account))
    for reference in references:
        parameter = _parameter(context, reference)
        if parameter.by not in PLACES:
            words = ", ".join(PLACES)
            raise KeyError(f"params.{parameter.name} is by {parameter.by}: a location is {words}")
        place = held.places[parameter.by]
        haircut = _entries(parameter, context.balances.places)
        weight *= np.where(place >= 0, 1.0 - np.append(haircut, np.nan)[place], 1.0)
    return weight


def account_caps(
    context: Context, held: Holdings, references: tuple[str, ...], *, of_places: bool
) -> tuple[Cap, ...]:
    """One cap per parameter, and one per wrapped coin, in reporting currency; a label without an
    entry has no limit.

    `InputRefused` for a cap of a place where `of_places` is False.
    """
    parameters = [_parameter(context, reference) for reference in references]
    refuse_if_any(
        Failure(
            Reason.UNSUPPORTED,
            f"recipe {context.run.terms.name}, params.{parameter.name}",
            f"a cap by {parameter.by} beside weights scaled by size",
        )
        for parameter in parameters
        if parameter.by in PLACES and not of_places
    )
    return tuple(
        cap
        for parameter in parameters
        for cap in (
            _of_wrappers(context, held, parameter)
            if parameter.by == PlaceKind.WRAPPER
            else [_cap(context, held, parameter)]
        )
    )


def _of_wrappers(context: Context, held: Holdings, parameter: Parameter) -> list[Cap]:
    """A cap for each wrapped coin: what wraps it in turn counts as well, under caps of its own."""
    facts, codes = context.run.priced.assets, context.run.universe.assets
    made_of = [lost_with(PlaceKind.WRAPPER, code, facts) for code in codes]
    labels = tuple(sorted({name for own in made_of for name in own}))
    caps = []
    for label, limit in zip(labels, _entries(parameter, labels).tolist(), strict=True):
        key = np.array([0 if label in own else -1 for own in made_of], dtype=np.int64)[held.asset]
        caps.append(Cap(key=key, limit=np.full(len(key), limit)))
    return caps


def _cap(context: Context, held: Holdings, parameter: Parameter) -> Cap:
    assets = context.run.universe.assets
    if parameter.by in PLACES:
        key, labels = held.places[parameter.by], context.balances.places
    elif parameter.by == "asset":
        key, labels = held.asset, assets
    elif parameter.by == "issuer_family":
        own = [context.run.priced.assets[code].issuer_family for code in assets]
        labels = tuple(sorted({family for family in own if family is not None}))
        number = {family: i for i, family in enumerate(labels)}
        family = [-1 if each is None else number[each] for each in own]
        key = np.array(family, dtype=np.int64)[held.asset]
    else:
        raise KeyError(f"params.{parameter.name} is by {parameter.by}: no cap is")
    limit = np.append(_entries(parameter, labels), np.nan)
    return Cap(key=key, limit=limit[key])


def venue_scale(context: Context, held: Holdings, reference: str | None) -> F8:
    """(rows,) the share of coins that a venue still counts, from the totals over all accounts.

    NaN where there is a limit and the total is not known.
    """
    scale = np.ones(len(held.account))
    if reference is None:
        return scale
    limit = by_asset(context.run, reference)
    assets, places = context.run.universe.assets, context.balances.places
    totals = context.run.priced.totals.venue_collateral
    venue = held.places["venue"]
    inside = np.flatnonzero(venue >= 0)
    key = venue[inside] * len(assets) + held.asset[inside]
    present, pair = np.unique(key, return_inverse=True)
    known = [
        totals.get((places[one // len(assets)], assets[one % len(assets)]))
        for one in present.tolist()
    ]
    total = np.array([np.nan if quoted is None else quoted.value for quoted in known])
    scale[inside] = shared_scale(limit[present % len(assets)], total)[pair]
    return scale


def _parameter(context: Context, reference: str) -> Parameter:
    parameter = context.run.terms.parameters[reference.removeprefix("$")]
    required(context.run, parameter)
    return parameter


def _entries(parameter: Parameter, labels: tuple[str, ...]) -> F8:
    entries = [entry_of(parameter, label) for label in labels]
    if any(isinstance(entry, tuple) for entry in entries):
        raise TypeError(f"params.{parameter.name} is a list where a number is needed")
    return np.array([np.nan if entry is None else entry for entry in entries], dtype=np.float64)
