"""What a command reads: files, or standard input where a path is `-`; and `--set name=value`."""

import sys
import tomllib
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from crossmargin.base.failure import Failure, Reason, refuse_if_any

STDIN = "-"


def input_source(path: str) -> Path | bytes:
    """The path, or the bytes of standard input for `-`."""
    return sys.stdin.buffer.read() if path == STDIN else Path(path)


def book_and_market(book: str, market: str) -> tuple[Path | bytes, Path | bytes]:
    """Both inputs; standard input can be one of them only."""
    if book == market == STDIN:
        message = "the book and the market cannot both be standard input"
        refuse_if_any([Failure(Reason.CONTRADICTION, "market", message)])
    return input_source(book), input_source(market)


def assignments(pairs: Sequence[str]) -> dict[str, Any]:
    """`name=value` pairs; a value is written as in a recipe file: 0.15, [1, 2], {BTC = 0.1}."""
    failures: list[Failure] = []
    values: dict[str, Any] = {}
    for pair in pairs:
        name, sign, written = pair.partition("=")
        where = f"--set {name or pair}"
        if not sign or not name or not written:
            message = f"{pair!r} is not name=value"
            failures.append(Failure(Reason.WRONG_TYPE, "--set", message))
        elif name in values:
            failures.append(Failure(Reason.DUPLICATE, where, "is set twice"))
        elif (value := _value(written)) is None:
            message = f"{written!r} is no number, list or table as a recipe file writes it"
            failures.append(Failure(Reason.WRONG_TYPE, where, message))
        else:
            values[name] = value
    refuse_if_any(failures)
    return values


def _value(written: str) -> Any:
    """One value in TOML, None for anything else."""
    if "\n" in written or "\r" in written:
        return None
    try:
        return tomllib.loads(f"value = {written}")["value"]
    except tomllib.TOMLDecodeError:
        return None
