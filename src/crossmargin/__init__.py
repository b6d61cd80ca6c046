"""Margin of crypto derivatives across instruments, accounts, venues and chains.

Equity is what an account has, requirement is what it needs, and buffer is the difference.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from crossmargin.api import (
        book_of_ccxt,
        compare,
        load_book,
        load_market,
        margin,
        modes,
        switch_mode,
        what_if,
    )
    from crossmargin.base.failure import InputRefused
    from crossmargin.report.result import Result
    from crossmargin.wire.recipes import recipe_names

__all__ = [
    "__version__",
    "InputRefused",
    "Result",
    "book_of_ccxt",
    "compare",
    "load_book",
    "load_market",
    "margin",
    "modes",
    "recipe_names",
    "switch_mode",
    "what_if",
]

__version__ = "0.1.0"

_HOMES = {
    "InputRefused": "crossmargin.base.failure",
    "Result": "crossmargin.report.result",
    "book_of_ccxt": "crossmargin.api",
    "compare": "crossmargin.api",
    "load_book": "crossmargin.api",
    "load_market": "crossmargin.api",
    "margin": "crossmargin.api",
    "modes": "crossmargin.api",
    "recipe_names": "crossmargin.wire.recipes",
    "switch_mode": "crossmargin.api",
    "what_if": "crossmargin.api",
}
"""Where each public name lives. It is imported when it is first asked for: whoever needs one floor
of the package does not wait for all of them.
"""


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(_HOMES[name]), name)


def __dir__() -> list[str]:
    return sorted(__all__)
