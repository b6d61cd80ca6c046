"""Effects as lines of JSON: every figure is exact text, every instant RFC 3339."""

import json
from dataclasses import fields, is_dataclass
from decimal import Decimal
from enum import Enum
from typing import Any

from crossmargin.action.call import MarginCall
from crossmargin.base.exact import decimal_text
from crossmargin.base.instant import instant_text
from crossmargin.engine.effect import CallChanged, Effect
from crossmargin.market.price_vector import PriceVector

_CALL_WORDS = ("call_id", "account_id", "state", "amount", "disputed", "deadline", "ways")
"""What an effect repeats of a call; the rest stands in the list of calls."""
_WORDS = {
    "EventRefused": "refused",
    "EventRepeated": "repeated",
    "EventLate": "late",
    "Decision": "decision",
    "StandingChanged": "standing",
    "Alarm": "alarm",
    "CallChanged": "call",
    "ParameterPreviewed": "preview",
}


def effect_line(effect: Effect) -> str:
    """One effect as a line of JSON without a line end."""
    return json.dumps(effect_values(effect), separators=(",", ":"), ensure_ascii=True)


def effect_values(effect: Effect) -> dict[str, Any]:
    """An effect as plain values; `effect` says which one it is."""
    values = _plain(effect)
    if isinstance(effect, CallChanged):
        values["call"] = {name: values["call"][name] for name in _CALL_WORDS}
        values["call"]["due"] = decimal_text(effect.call.due)
    return {"effect": _WORDS[type(effect).__name__], **values}


def _plain(value: Any) -> Any:
    if is_dataclass(value) and not isinstance(value, type):
        found: dict[str, Any] = {}
        for field in fields(value):
            item = getattr(value, field.name)
            if field.name.endswith("_ns"):
                text = None if item is None else _time(field.name, item)
                found[field.name.removesuffix("_ns")] = text
            elif isinstance(item, PriceVector):
                found[field.name] = _vector(item)
            elif field.name == "buffers":
                found["buffers"] = dict(item)
            else:
                found[field.name] = _plain(item)
        return found
    if isinstance(value, Decimal):
        return decimal_text(value)
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, tuple):
        return [_plain(item) for item in value]
    return value


def _vector(prices: PriceVector) -> dict[str, Any]:
    """The prices of a decision by asset, its marks by listing, and their hash."""
    return {
        "hash": prices.content_hash,
        "assets": {
            own.asset: {
                "state": own.state.value,
                "index": _figure(own.index),
                "low": _figure(own.low),
                "high": _figure(own.high),
                "new_credit": own.new_credit,
                **({} if own.fallback is None else {"fallback": own.fallback}),
                "said": {source: _figure(price) for source, price, _ in own.said},
            }
            for own in prices.prices
        },
        "marks": {
            own.listing_id: {"mark": _figure(own.mark), "vol": _figure(own.vol)}
            for own in prices.marks
        },
    }


def _figure(value: float | None) -> str | None:
    """A figure as the shortest text that reads as the same number."""
    return None if value is None else repr(value)


_INSTANTS = frozenset(
    {
        "effective_ns",
        "since_ns",
        "at_ns",
        "issued_ns",
        "deadline_ns",
        "locked_until_ns",
        "dispute_until_ns",
    }
)


def _time(name: str, value_ns: int) -> str:
    """An instant as RFC 3339 text, a length of time in seconds."""
    if name in _INSTANTS:
        return instant_text(value_ns)
    return f"{decimal_text(Decimal(value_ns) / 10**9)} s"


def call_values(call: MarginCall) -> dict[str, Any]:
    """A margin call as plain values."""
    return plain_values(call)


def plain_values(value: Any) -> dict[str, Any]:
    """Any record of the engine as plain values."""
    values: dict[str, Any] = _plain(value)
    return values
