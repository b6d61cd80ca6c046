"""One figure per group: fields of listing and market, and parameters of the recipe by their
index.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import final

import numpy as np
from numpy.typing import NDArray

from crossmargin.base.failure import Failure, InputRefused, Reason
from crossmargin.rulebook.context import ACCOUNT, Context
from crossmargin.rulebook.owner_size import OWNER_FIELDS, owner_size
from crossmargin.rulebook.run import Run
from crossmargin.rulebook.terms import Parameter

F8 = NDArray[np.float64]

RISK_UNIT = "risk_unit"


def group_field(context: Context, at: str, name: str) -> F8:
    """(groups,) a field that is one figure within each group, NaN for a group without rows or
    without it.

    Sizes of the owner (`owner_coins`, `owner_notional`) are the owner's in the group's underlying.
    `InputRefused` when rows of one group disagree: the grouping is too coarse for the field.
    """
    if name in OWNER_FIELDS:
        own = one_per_group(context, at, _underlying(context.run), "underlying")
        return owner_size(context, at, name, own)
    return one_per_group(context, at, context.field(name), name)


def _underlying(run: Run) -> F8:
    return run.keep("underlying number", lambda: run.universe.underlying.astype(np.float64))


def one_per_group(context: Context, at: str, by_instrument: F8, name: str) -> F8:
    """(groups,) `by_instrument` (instruments,) reduced to the one figure of each group.

    `name` names the column within the run. Keys over whose instruments it is one figure, or missing
    for all of them, need no look at the rows.
    """
    groups = context.groups(at)
    if at != ACCOUNT:
        table = context.run.keep(
            ("one per key", at, name), lambda: _by_key(context.key(at), by_instrument)
        )
        if table.told[groups.key].all():
            return np.asarray(table.figure[groups.key])
    out = np.full(len(groups.account), np.nan)
    for block in ("positions", "balances"):
        rows = groups.rows[block]
        if not len(rows.order):
            continue
        filled = np.flatnonzero(np.diff(rows.indptr) > 0)
        values = by_instrument[context.block(block).instrument[rows.order]]
        starts = rows.indptr[filled]
        lowest, highest = np.fmin.reduceat(values, starts), np.fmax.reduceat(values, starts)
        known = np.where(np.isnan(out[filled]), lowest, out[filled])
        if np.any(lowest < highest) or np.any(known != lowest, where=~np.isnan(lowest)):
            where = f"recipe {context.run.terms.name}"
            message = f"{name} is not one figure per {at}: the grouping is too coarse for it"
            raise InputRefused([Failure(Reason.CONTRADICTION, where, message)])
        out[filled] = known
    return out


@final
@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _ByKey:
    """(keys,) a figure, and whether every instrument of the key has it, or none has any."""

    figure: F8
    told: NDArray[np.bool_]


def _by_key(key: NDArray[np.int64], by_instrument: F8) -> _ByKey:
    inside = key >= 0
    own, values = key[inside], by_instrument[inside]
    size = int(own.max(initial=-1)) + 1
    lowest, highest = np.full(size, np.inf), np.full(size, -np.inf)
    with np.errstate(invalid="ignore"):
        np.minimum.at(lowest, own, values)
        np.maximum.at(highest, own, values)
    missing = np.bincount(own, weights=np.isnan(values), minlength=size)
    none = (missing > 0) & (missing == np.bincount(own, minlength=size))
    return _ByKey(figure=np.where(none, np.nan, lowest), told=none | (lowest == highest))


def group_parameter(context: Context, at: str, name: str) -> F8:
    """(groups,) a numeric parameter, by asset, listing, venue or account where it is indexed.

    A risk unit has the parameters of the asset at its bottom: staked ether those of ether.
    """
    parameter = context.run.terms.parameters[name]
    required(context.run, parameter)
    if parameter.by is None:
        return np.full(context.groups_count(at), _number(parameter, parameter.value))
    if parameter.by == "account":
        return account_parameter(context, parameter)[context.groups(at).account]
    if parameter.by == "asset" and at == RISK_UNIT:
        base = context.run.universe.listings_count + context.groups(at).key
        return np.asarray(instrument_parameter(context.run, name)[base])
    return one_per_group(context, at, instrument_parameter(context.run, name), f"params.{name}")


def instrument_parameter(run: Run, name: str) -> F8:
    """(instruments,) a numeric parameter by its index; NaN where the table has no entry and no
    otherwise.
    """
    key = f"${name}"
    if key not in run.columns:
        parameter = run.terms.parameters[name]
        required(run, parameter)
        labels = instrument_labels(run, parameter)
        entry = {
            label: _number(parameter, entry_of(parameter, label)) for label in dict.fromkeys(labels)
        }
        column = np.array([entry[label] for label in labels])
        column.setflags(write=False)
        run.columns[key] = column
    return run.columns[key]


def list_by_instrument(run: Run, reference: str) -> F8:
    """(instruments, entries) a parameter ("$name") that is a list, by its index; NaN behind the
    end of a shorter one, and at least one entry.
    """
    parameter = run.terms.parameters[reference.removeprefix("$")]
    required(run, parameter)
    labels = [""] * run.universe.instruments_count
    if parameter.by is not None:
        labels = instrument_labels(run, parameter)
    entries = {label: _list(parameter, entry_of(parameter, label)) for label in set(labels)}
    width = max([1, *(len(entry) for entry in entries.values())])
    padded = {label: (*entry, *[np.nan] * (width - len(entry))) for label, entry in entries.items()}
    return np.array([padded[label] for label in labels], dtype=np.float64).reshape(
        len(labels), width
    )


def entry_of(parameter: Parameter, label: str) -> object:
    """The parameter's entry for one label of its index, else its `otherwise`."""
    if not isinstance(parameter.value, Mapping):
        return parameter.value
    return parameter.value.get(label, parameter.otherwise)


def account_parameter(context: Context, parameter: Parameter) -> F8:
    """(accounts of the batch,) a parameter indexed by account."""
    if not isinstance(parameter.value, Mapping) or not parameter.value:
        return np.full(context.accounts_count, _number(parameter, entry_of(parameter, "")))
    names = context.account_names
    first = context.first_account
    return np.array(
        [
            _number(parameter, entry_of(parameter, str(names[first + i])))
            for i in range(context.accounts_count)
        ]
    )


def required(run: Run, parameter: Parameter) -> None:
    """Refuse a parameter that no source gives and the user has not set."""
    if parameter.value is None:
        where = f"recipe {run.terms.name}, params.{parameter.name}"
        message = "no source gives this figure: set it to use the recipe"
        raise InputRefused([Failure(Reason.INCOMPLETE, where, message)])


def instrument_labels(run: Run, parameter: Parameter) -> list[str]:
    """(instruments,) what each instrument is called in the table of a parameter."""
    u = run.universe
    match parameter.by:
        case "asset":
            return [u.assets[i] for i in u.underlying]
        case "settle":
            return [u.assets[i] for i in u.settle]
        case "listing":
            return [u.name_of(i) for i in range(u.instruments_count)]
        case "economic_id":
            return [u.economic_ids[i] if i >= 0 else "" for i in u.economic_key]
        case "venue":
            return [u.venues[i] if i >= 0 else "" for i in u.venue_key]
        case _:
            raise KeyError(f"params.{parameter.name} cannot be indexed by {parameter.by}")


def _list(parameter: Parameter, value: object) -> tuple[float, ...]:
    if value is None:
        return ()
    if isinstance(value, tuple):
        return value
    raise TypeError(f"params.{parameter.name} is a number where a list is needed")


def _number(parameter: Parameter, value: object) -> float:
    if value is None:
        return float("nan")
    if isinstance(value, float | int):
        return float(value)
    raise TypeError(f"params.{parameter.name} is a list where a number is needed")
