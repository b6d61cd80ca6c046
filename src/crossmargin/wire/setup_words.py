"""A file that says who prices what and which breakers there are: TOML, read strictly."""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Final, final

from crossmargin.base.failure import Failure, InputRefused, Reason, refuse_if_any
from crossmargin.engine.breaker import Breaker, BreakerAction, Metric
from crossmargin.engine.price_rules import PriceRules
from crossmargin.market.marks import PerpetualMarkPolicy
from crossmargin.market.option_mark import OptionMarkPolicy
from crossmargin.market.oracle_policy import (
    BackingRule,
    Fallback,
    FallbackKind,
    OraclePolicy,
    SourceTerms,
)
from crossmargin.wire.record import (
    Field,
    Fields,
    amount_field,
    choice_field,
    code_field,
    decimal_field,
    foreign_field,
    integer_field,
    read_record,
    read_records,
    text_field,
    texts_field,
)

WORDS_MAX: Final = 1 << 16
DEFAULT_WORDS: Final = 'trusted = ["oracle"]\n'
"""Prices come from one source that has made them already; there are no breakers."""


@final
@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class SetupWords:
    """What a setup file says, and its text."""

    text: str
    prices: PriceRules
    breakers: tuple[Breaker, ...]


_SECONDS = "seconds"
_TOP: Fields = (
    texts_field("trusted", "sources that are believed alone"),
    decimal_field("interval_frac", "how far a stale trusted price may have gone"),
    foreign_field("price", "policies by asset"),
    foreign_field("marks", "perpetual, option"),
    foreign_field("breaker", "circuit breakers"),
)
_POLICY: Fields = (
    foreign_field("sources", "names, or tables with clamps", required=True),
    amount_field("band_low", "dollars", required=True),
    amount_field("band_high", "dollars", required=True),
    integer_field("quorum", "sources that must be heard", low=2, high=1000),
    *(
        decimal_field(name, "a fraction")
        for name in ("deviation_frac", "jump_frac", "spread_frac", "interval_frac")
    ),
    *(decimal_field(f"{name}_{_SECONDS}", "a time") for name in ("stale", "future", "hold")),
    amount_field(f"averaging_{_SECONDS}", "a window"),
    foreign_field("fallback", "what prices it when the doubt lasts"),
    foreign_field("backing", "what stands behind it"),
)
_SOURCE: Fields = (
    text_field("name", "of the source", required=True),
    amount_field("clamp_low", "the least that it can say"),
    amount_field("clamp_high", "the most that it can say"),
)
_FALLBACK: Fields = (
    Field("name", lambda value, where: value, {"type": "string"}, "in words", required=True),
    choice_field("kind", "last_good or redemption", FallbackKind, required=True),
    amount_field(f"after_{_SECONDS}", "of doubt", required=True),
)
_BACKING: Fields = (
    code_field("base", "what it wraps or is pegged to", required=True),
    amount_field("ratio", "coins of the base for one", required=True),
    amount_field("gap_frac", "from the redemption value", required=True),
    amount_field("backed_frac_min", "the least share", required=True),
    amount_field(f"proof_stale_{_SECONDS}", "age of a proof", required=True),
)
_MARKS: Fields = (foreign_field("perpetual", "clamp and window"), foreign_field("option", "same"))
_PERPETUAL: Fields = (
    decimal_field("premium_cap_frac", "of the index"),
    amount_field(f"averaging_{_SECONDS}", "a window"),
)
_OPTION: Fields = (
    amount_field("strike_cap_frac", "from the neighbouring strikes"),
    amount_field("sample_cap_frac", "from its own mean"),
    amount_field(f"averaging_{_SECONDS}", "a window"),
)
_BREAKER: Fields = (
    text_field("name", "of the breaker", required=True),
    choice_field("metric", "what is measured", Metric, required=True),
    code_field("asset", "of a price move"),
    amount_field(f"window_{_SECONDS}", "over which time", required=True),
    decimal_field("bound", "from where on", required=True),
    texts_field("actions", "no_new_risk, no_withdrawals", required=True),
    decimal_field(f"calm_{_SECONDS}", "until it lets go; absent: only by hand"),
)


def read_setup_words(text: str, where: str = "setup") -> SetupWords:
    """TOML -> what it says. `InputRefused` with everything that is wrong, field by field."""
    if len(text) > WORDS_MAX:
        message = f"longer than {WORDS_MAX} characters"
        raise InputRefused([Failure(Reason.OUT_OF_BOUNDS, where, message)])
    try:
        tables = tomllib.loads(text, parse_float=Decimal)
    except tomllib.TOMLDecodeError as error:
        raise InputRefused([Failure(Reason.WRONG_TYPE, where, str(error))]) from error
    failures: list[Failure] = []
    top = read_record(tables, _TOP, where, failures)
    policies = _policies(top.get("price", {}), f"{where}.price", failures)
    marks = read_record(top.get("marks", {}), _MARKS, f"{where}.marks", failures)
    perpetual = _made(
        PerpetualMarkPolicy,
        marks.get("perpetual"),
        _PERPETUAL,
        f"{where}.marks.perpetual",
        failures,
    )
    option = _made(
        OptionMarkPolicy, marks.get("option"), _OPTION, f"{where}.marks.option", failures
    )
    breakers = _breakers(top.get("breaker", []), f"{where}.breaker", failures)
    refuse_if_any(failures)
    interval = {"interval_frac": float(top["interval_frac"])} if "interval_frac" in top else {}
    return SetupWords(
        text=text,
        prices=PriceRules(
            policies=policies,
            trusted=top.get("trusted", ()),
            perpetual=perpetual,
            option=option,
            **interval,
        ),
        breakers=breakers,
    )


def _policies(value: object, where: str, failures: list[Failure]) -> dict[str, OraclePolicy]:
    if not isinstance(value, Mapping):
        failures.append(Failure(Reason.WRONG_TYPE, where, "tables by asset were expected"))
        return {}
    found: dict[str, OraclePolicy] = {}
    for asset, table in value.items():
        place = f"{where}.{asset}"
        own = read_record(table, _POLICY, place, failures)
        more: dict[str, Any] = {
            "asset": asset,
            "sources": tuple(_sources(own.pop("sources", ()), f"{place}.sources", failures)),
        }
        for name, kind, fields in (
            ("fallback", Fallback, _FALLBACK),
            ("backing", BackingRule, _BACKING),
        ):
            more[name] = _made(kind, own.pop(name, None), fields, f"{place}.{name}", failures)
        policy = _constructed(OraclePolicy, {**_plain(own), **more}, failures)
        if policy is not None:
            found[asset] = policy
    return found


def _sources(value: object, where: str, failures: list[Failure]) -> list[SourceTerms]:
    rows = value if isinstance(value, list) else [value]
    named = [{"name": row} if isinstance(row, str) else row for row in rows]
    records = read_records(named, _SOURCE, where, failures)
    return [SourceTerms(**_plain(record)) for record, _ in records]


def _breakers(value: object, where: str, failures: list[Failure]) -> tuple[Breaker, ...]:
    found = []
    for record, place in read_records(value, _BREAKER, where, failures):
        words = [word.value for word in BreakerAction]
        wrong = [name for name in record["actions"] if name not in words]
        if wrong:
            message = f"{', '.join(wrong)} is none of {', '.join(words)}"
            failures.append(Failure(Reason.OUT_OF_BOUNDS, f"{place}.actions", message))
            continue
        plain = {"calm_ns": None, **_plain(record)}
        plain["actions"] = tuple(BreakerAction(name) for name in record["actions"])
        own = _constructed(Breaker, plain, failures)
        if own is not None:
            found.append(own)
    return tuple(found)


def _made(kind: Any, value: object, fields: Fields, where: str, failures: list[Failure]) -> Any:
    """A record as its class, None where there is none or it is faulty."""
    if value is None:
        return None
    before = len(failures)
    record = read_record(value, fields, where, failures)
    return _constructed(kind, _plain(record), failures) if len(failures) == before else None


def _constructed(kind: Any, values: Mapping[str, Any], failures: list[Failure]) -> Any:
    """What its own checks refuse is among the failures; a missing field is there already."""
    try:
        return kind(**values)
    except InputRefused as refusal:
        failures += refusal.failures
    except TypeError:
        if not failures:
            raise
    return None


def _plain(record: Mapping[str, Any]) -> dict[str, Any]:
    """Fields of a class: seconds as nanoseconds, other decimals as floats."""
    found: dict[str, Any] = {}
    for name, value in record.items():
        if name.endswith(f"_{_SECONDS}"):
            found[f"{name.removesuffix(_SECONDS)}ns"] = int(value * 10**9)
        else:
            found[name] = float(value) if isinstance(value, Decimal) else value
    return found
