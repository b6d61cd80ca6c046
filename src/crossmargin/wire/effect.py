"""Effects as lines of JSON: every figure is exact text, every instant RFC 3339."""

import json
from dataclasses import fields, is_dataclass
from enum import Enum
from typing import Any

from crossmargin.base.instant import instant_text
from crossmargin.engine.effect import Effect

_WORDS = {
    "EventRefused": "refused",
    "EventRepeated": "repeated",
    "EventLate": "late",
    "Decision": "decision",
    "StandingChanged": "standing",
    "Alarm": "alarm",
}


def effect_line(effect: Effect) -> str:
    """One effect as a line of JSON without a line end."""
    return json.dumps(effect_values(effect), separators=(",", ":"), ensure_ascii=True)


def effect_values(effect: Effect) -> dict[str, Any]:
    """An effect as plain values; `effect` says which one it is."""
    return {"effect": _WORDS[type(effect).__name__], **_plain(effect)}


def _plain(value: Any) -> Any:
    if is_dataclass(value) and not isinstance(value, type):
        found: dict[str, Any] = {}
        for field in fields(value):
            item = getattr(value, field.name)
            if field.name == "since_ns":
                found["since"] = instant_text(item)
            elif field.name == "buffers":
                found["buffers"] = dict(item)
            else:
                found[field.name] = _plain(item)
        return found
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, tuple):
        return [_plain(item) for item in value]
    return value
