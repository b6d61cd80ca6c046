"""The ledger as beancount text, so that another program adds it up.

Source of the syntax: "Beancount Language Syntax", beancount.github.io/docs.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from fractions import Fraction
from typing import Final

from crossmargin.base.exact import decimal_text
from crossmargin.base.failure import Failure, InputRefused, Reason, refuse_if_any
from crossmargin.base.instant import NS_PER_DAY, instant_text
from crossmargin.ledger.entry import Entry, EntryState
from crossmargin.ledger.path import PathKind, path_parts

_ROOTS: Final = {
    PathKind.ACCOUNT: "Liabilities:Account",
    PathKind.PENDING: "Liabilities:Pending",
    PathKind.WORLD: "Equity:World",
    PathKind.FEES: "Income:Fees",
    PathKind.ROUNDING: "Income:Rounding",
}

_PLAIN_COMMODITY: Final = re.compile(r"(?!X\.)[A-Z]([A-Z0-9'._-]{0,22}[A-Z0-9])?\Z", re.ASCII)
_PLAIN_COMPONENT: Final = re.compile(r"[A-Z0-9][A-Za-z0-9]*\Z", re.ASCII)


def ledger_beancount(entries: Iterable[Entry], decimals: Mapping[str, int]) -> str:
    """Entries from the first on as beancount text: a debit is +, a credit is -, in whole coins.

    Posted entries are transactions, pending and voided ones notes; a balance assertion per account
    on the day after the last entry lets the other program confirm every balance. `decimals`: digits
    of an asset's smallest unit; `InputRefused` for one that is missing.
    """
    kept = list(entries)
    missing = sorted({x.asset for x in kept} - set(decimals))
    refuse_if_any(Failure(Reason.UNKNOWN_ASSET, x, "how many decimals it has") for x in missing)
    lines = ['option "title" "crossmargin ledger"', ""]
    lines += _openings(kept)
    for entry in kept:
        lines += _directive(entry, decimals)
    lines += _assertions(kept, decimals)
    return "\n".join(lines) + "\n"


def beancount_account(path: str) -> str:
    """A ledger account's name in beancount; two paths never share one.

    What its names may not hold stands as a code point between dashes: desk/sub is Id-desk-2f-sub.
    """
    parts = path_parts(path)
    if parts is None:
        message = "it is no ledger account"
        raise InputRefused([Failure(Reason.UNKNOWN_ACCOUNT, path, message)])
    asset = parts.asset if _PLAIN_COMPONENT.match(parts.asset) else f"X-{_spelled(parts.asset)}"
    owner = [] if parts.owner is None else [f"Id-{_spelled(parts.owner)}"]
    return ":".join([_ROOTS[parts.kind], *owner, asset])


def beancount_commodity(asset: str) -> str:
    """An asset's name in beancount, which knows no small letters: stETH is X.'S'TETH."""
    if _PLAIN_COMMODITY.match(asset):
        return asset
    spelled = (
        x
        if "A" <= x <= "Z" or "0" <= x <= "9"
        else f"'{x.upper()}"
        if "a" <= x <= "z"
        else f"_{ord(x):X}_"
        for x in asset
    )
    # It must end with a letter or a digit, which the code point of an odd last letter does not.
    return f"X.{''.join(spelled)}".removesuffix("_")


def _openings(entries: Sequence[Entry]) -> list[str]:
    """The day on which each account and each commodity is first named."""
    first_ns: dict[str, int] = {}
    assets: dict[str, str] = {}
    for entry in entries:
        for path in (entry.debit, entry.credit):
            first_ns[path] = min(entry.event_time_ns, first_ns.get(path, entry.event_time_ns))
            assets[path] = entry.asset
    named = sorted(set(assets.values()))
    began = {x: min(ns for path, ns in first_ns.items() if assets[path] == x) for x in named}
    lines = [
        line
        for asset in named
        for line in (
            f"{_day(began[asset])} commodity {beancount_commodity(asset)}",
            f"  name: {_quoted(asset)}",
        )
    ]
    lines += [
        f"{_day(first_ns[path])} open {beancount_account(path)} {beancount_commodity(assets[path])}"
        for path in sorted(assets)
    ]
    return [*lines, ""]


def _directive(entry: Entry, decimals: Mapping[str, int]) -> list[str]:
    day = _day(entry.event_time_ns)
    amount = _coins(entry.amount_units, entry.asset, decimals)
    if entry.state is not EntryState.POSTED:
        said = f"entry {entry.sequence} {entry.state} {entry.code} {amount}"
        named = "" if entry.names is None else f" of entry {entry.names}"
        note = _quoted(f"{said}{named}: {entry.event_id}")
        return [f"{day} note {beancount_account(entry.debit)} {note}", ""]
    return [
        f"{day} * {_quoted(entry.code)} {_quoted(entry.event_id)}",
        f"  sequence: {entry.sequence}",
        *([] if entry.names is None else [f"  names: {entry.names}"]),
        f'  hash: "{entry.hash}"',
        f"  {beancount_account(entry.debit)}  {amount}",
        f"  {beancount_account(entry.credit)}  -{amount}",
        "",
    ]


def _assertions(entries: Sequence[Entry], decimals: Mapping[str, int]) -> list[str]:
    if not entries:
        return []
    balance_units: dict[str, int] = {}
    assets: dict[str, str] = {}
    for entry in entries:
        moved = entry.amount_units if entry.state is EntryState.POSTED else 0
        for path, sign in ((entry.debit, 1), (entry.credit, -1)):
            balance_units[path] = balance_units.get(path, 0) + sign * moved
            assets[path] = entry.asset
    day = _day(max(x.event_time_ns for x in entries) + NS_PER_DAY)
    return [
        f"{day} balance {beancount_account(path)}  {_coins(units, assets[path], decimals)}"
        for path, units in sorted(balance_units.items())
    ]


def _coins(units: int, asset: str, decimals: Mapping[str, int]) -> str:
    places = decimals[asset]
    return f"{decimal_text(Fraction(units, 10**places), places)} {beancount_commodity(asset)}"


def _day(instant_ns: int) -> str:
    return instant_text(instant_ns)[:10]


def _spelled(text: str) -> str:
    return "".join(x if x.isascii() and x.isalnum() else f"-{ord(x):x}-" for x in text)


def _quoted(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
    return f'"{escaped}"'
