"""The asset registry and the venues' contract terms, read from TOML."""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from functools import cache
from importlib import resources
from typing import Any, final

from crossmargin.base.failure import Failure, InputRefused, Reason, refuse_if_any
from crossmargin.domain.asset import Alias, Asset, AssetClass, AssetRegistry, LeveragedToken
from crossmargin.domain.instrument import Future, Instrument, Option, Perpetual, Spot
from crossmargin.domain.symbol import token_name
from crossmargin.wire.record import (
    amount_field,
    choice_field,
    code_field,
    decimal_field,
    flag_field,
    integer_field,
    note_field,
    read_record,
    read_records,
    record_list_field,
    text_field,
    texts_field,
)

DECIMALS_MAX = 30

ASSET_FIELDS = (
    code_field("code", "canonical code, in its issuer's spelling", required=True),
    integer_field(
        "decimals", "digits of the smallest unit", low=0, high=DECIMALS_MAX, required=True
    ),
    choice_field(
        "class", "what it is, as far as valuation and stress care", AssetClass, required=True
    ),
    note_field("issuer", "who redeems it"),
    text_field("issuer_family", "issuers that fail together"),
    code_field(
        "wraps", "the base asset: a wrapper has its own price and is never priced as its base"
    ),
    code_field("peg", "the currency a stablecoin promises"),
)
ALIAS_FIELDS = (
    code_field("alias", "another name", required=True),
    code_field("asset", "the canonical code it stands for", required=True),
    amount_field("multiplier", "coins per unit of the name: 1000 for 1000PEPE"),
)
_TOKEN_FIELDS = (
    code_field("token", "name of the token", required=True),
    code_field("underlying", "what it holds", required=True),
    decimal_field("leverage", "times the underlying, negative for a short token", required=True),
)
_REGISTRY_FIELDS = (
    record_list_field("asset", "assets", ASSET_FIELDS),
    record_list_field("alias", "aliases", ALIAS_FIELDS),
    record_list_field("leveraged_token", "leveraged tokens", _TOKEN_FIELDS),
)
_RULE_FIELDS = (
    text_field("venue", "venue", required=True),
    texts_field("kinds", "spot, perpetual, future, option", required=True),
    flag_field("inverse", "whether settled in the coin; either when absent"),
    texts_field("underlyings", "underlyings; every one when absent"),
    amount_field("size", "one contract", required=True),
    amount_field("step", "smallest change of a quantity"),
)


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class ContractTerm:
    """What one contract of some instruments of one venue is."""

    venue: str
    kinds: frozenset[str]
    inverse: bool | None
    underlyings: frozenset[str] | None
    contract_size: Decimal
    contract_step: Decimal | None


def read_registry(data: bytes, where: str) -> AssetRegistry:
    """TOML bytes -> registry; every fault of the file at once as `InputRefused`."""
    failures: list[Failure] = []
    table = read_record(_toml(data, where), _REGISTRY_FIELDS, where, failures)
    assets = asset_rows(table.get("asset", ()), f"{where}.asset", failures)
    aliases = alias_rows(table.get("alias", ()), f"{where}.alias", failures)
    tokens = _token_rows(table.get("leveraged_token", ()), f"{where}.leveraged_token", failures)
    failures += registry_failures(AssetRegistry(assets, aliases), assets, aliases, where)
    known = {asset.code for asset in assets}
    failures += [
        Failure(Reason.UNKNOWN_ASSET, where, f"{token.token} holds {token.underlying}, unknown")
        for token in tokens
        if token.underlying not in known
    ]
    refuse_if_any(failures)
    return AssetRegistry(assets, aliases, tokens)


def asset_rows(rows: Any, where: str, failures: list[Failure]) -> list[Asset]:
    """A list of asset records -> assets; what is wrong goes to `failures`."""
    return [
        Asset(
            code=row["code"],
            decimals=row["decimals"],
            asset_class=row["class"],
            issuer=row.get("issuer"),
            issuer_family=row.get("issuer_family"),
            wraps=row.get("wraps"),
            peg=row.get("peg"),
        )
        for row, _ in read_records(rows, ASSET_FIELDS, where, failures)
    ]


def alias_rows(rows: Any, where: str, failures: list[Failure]) -> list[Alias]:
    """A list of alias records -> aliases; what is wrong goes to `failures`."""
    return [
        Alias(alias=row["alias"], asset=row["asset"], multiplier=row.get("multiplier", Decimal(1)))
        for row, _ in read_records(rows, ALIAS_FIELDS, where, failures)
    ]


def registry_failures(
    registry: AssetRegistry, assets: list[Asset], aliases: list[Alias], where: str
) -> list[Failure]:
    """What contradicts itself: names twice, unknown bases, wrappers in a circle."""
    found: list[Failure] = []
    names = [asset.code for asset in assets] + [alias.alias for alias in aliases]
    found += [
        Failure(Reason.DUPLICATE, where, f"the name {name} stands twice")
        for name in sorted({name for name in names if names.count(name) > 1})
    ]
    for alias in aliases:
        if alias.asset not in registry:
            found.append(
                Failure(
                    Reason.UNKNOWN_ASSET,
                    where,
                    f"{alias.alias} is an alias of {alias.asset}, which is no asset",
                )
            )
    for asset in assets:
        for role, code in (("wraps", asset.wraps), ("peg", asset.peg)):
            if code is not None and code not in registry:
                found.append(
                    Failure(Reason.UNKNOWN_ASSET, where, f"{asset.code} {role} {code}, unknown")
                )
        if asset.wraps is not None and _wraps_in_a_circle(registry, asset):
            found.append(Failure(Reason.CYCLE, where, f"{asset.code} wraps itself"))
    return found


@cache
def bundled_registry() -> AssetRegistry:
    """The registry that comes with the package."""
    return read_registry(_resource("crossmargin.domain", "assets.toml"), "assets.toml")


@cache
def bundled_terms() -> tuple[ContractTerm, ...]:
    """The venues' contract terms that come with the package."""
    where = "contract_terms.toml"
    failures: list[Failure] = []
    field = record_list_field("rule", "rules", _RULE_FIELDS)
    table = read_record(
        _toml(_resource("crossmargin.wire", where), where), (field,), where, failures
    )
    terms = tuple(
        ContractTerm(
            venue=row["venue"],
            kinds=frozenset(row["kinds"]),
            inverse=row.get("inverse"),
            underlyings=frozenset(row["underlyings"]) if "underlyings" in row else None,
            contract_size=row["size"],
            contract_step=row.get("step"),
        )
        for row, _ in read_records(table.get("rule", ()), _RULE_FIELDS, where, failures)
    )
    refuse_if_any(failures)
    return terms


def term_of(
    venue: str, instrument: Instrument, terms: tuple[ContractTerm, ...]
) -> ContractTerm | None:
    """The first term that fits, or None: then the book must say what one contract is."""
    kind, inverse = _kind(instrument)
    for term in terms:
        if (
            term.venue == venue
            and kind in term.kinds
            and (term.inverse is None or term.inverse == inverse)
            and (term.underlyings is None or instrument.underlying in term.underlyings)
        ):
            return term
    return None


def _kind(instrument: Instrument) -> tuple[str, bool]:
    match instrument:
        case Spot():
            return "spot", False
        case Perpetual(inverse=inverse):
            return "perpetual", inverse
        case Future(inverse=inverse):
            return "future", inverse
        case Option(inverse=inverse):
            return "option", inverse


def _token_rows(rows: Any, where: str, failures: list[Failure]) -> list[LeveragedToken]:
    tokens = []
    for row, place in read_records(rows, _TOKEN_FIELDS, where, failures):
        token = LeveragedToken(
            token=row["token"], underlying=row["underlying"], leverage=row["leverage"]
        )
        if token.token != token_name(token.underlying, token.leverage):
            failures.append(
                Failure(Reason.CONTRADICTION, place, f"{token.token} is not so leveraged a name")
            )
        tokens.append(token)
    return tokens


def _wraps_in_a_circle(registry: AssetRegistry, asset: Asset) -> bool:
    seen = {asset.code}
    base = asset.wraps
    while base is not None and base in registry:
        if base in seen:
            return True
        seen.add(base)
        base = registry.asset(base).wraps
    return False


def _toml(data: bytes, where: str) -> Mapping[str, Any]:
    try:
        return tomllib.loads(data.decode("utf-8"), parse_float=Decimal)
    except (UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise InputRefused([Failure(Reason.WRONG_TYPE, where, f"not TOML: {error}")]) from None


def _resource(package: str, name: str) -> bytes:
    return resources.files(package).joinpath(name).read_bytes()
