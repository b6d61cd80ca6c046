"""Canonical bytes of plain data, so that a hash names exactly one input."""

import hashlib
import json
from dataclasses import fields, is_dataclass
from decimal import Decimal
from enum import Enum
from typing import Any

import numpy as np


def canonical_bytes(value: Any) -> bytes:
    """Plain data (mappings, sequences, dataclasses, numbers, text, arrays) -> one byte string.

    Mappings are ordered by key, floats are written as their exact hexadecimal form, NaN is refused.
    """
    return json.dumps(
        _plain(value), sort_keys=True, separators=(",", ":"), ensure_ascii=True
    ).encode()


def content_hash(value: Any) -> str:
    """SHA-256 of the canonical bytes, as hexadecimal text."""
    return hashlib.sha256(canonical_bytes(value)).hexdigest()


def _plain(value: Any) -> Any:
    if value is None or isinstance(value, bool | str) or type(value) is int:
        return value
    if isinstance(value, float):
        if value != value:
            raise ValueError("NaN has no canonical form")
        return {"f": value.hex()}
    if isinstance(value, Enum):
        return _plain(value.value)
    if isinstance(value, Decimal):
        return {"d": format(value.normalize(), "f")}
    if isinstance(value, np.ndarray):
        return {
            "a": hashlib.sha256(np.ascontiguousarray(value).tobytes()).hexdigest(),
            "s": [int(n) for n in value.shape],
            "t": value.dtype.str,
        }
    if is_dataclass(value) and not isinstance(value, type):
        return {f.name: _plain(getattr(value, f.name)) for f in fields(value)}
    if isinstance(value, dict):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    if isinstance(value, set | frozenset):
        return sorted(_plain(item) for item in value)
    raise TypeError(f"no canonical form for {type(value).__name__}")
