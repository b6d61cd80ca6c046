"""Reading a scenario table: every key is known, every number resolves, everything wrong is kept."""

import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeAlias, final

import numpy as np
from numpy.typing import NDArray

from crossmargin.base.failure import Failure, InputRefused, Reason
from crossmargin.domain.asset import Asset, AssetClass
from crossmargin.scenario.scenario_set import DOLLAR

F8 = NDArray[np.float64]
Resolve: TypeAlias = Callable[[str], float | Mapping[str, float]]

OTHERWISE = "*"
_STILL = (AssetClass.FIAT, AssetClass.STABLECOIN)


@final
class TableReader:
    """Reads values of one scenario table and collects what is wrong with them.

    A number is a number, `$name` or `-$name`; a figure per asset is a number for all that move, or
    a table by asset code, asset class and `*`.
    """

    __slots__ = ("assets", "facts", "failures", "resolve", "venues")

    def __init__(
        self,
        assets: Sequence[str],
        venues: Sequence[str],
        facts: Mapping[str, Asset],
        resolve: Resolve,
    ) -> None:
        self.assets = tuple(assets)
        self.venues = tuple(venues)
        self.facts = facts
        self.resolve = resolve
        self.failures: list[Failure] = []

    def fail(self, reason: Reason, where: str, message: str) -> None:
        """Keep one more thing that is wrong."""
        self.failures.append(Failure(reason, where, message))

    def keys(self, table: Mapping[str, Any], known: frozenset[str], where: str) -> None:
        """Every key of `table` must be in `known`."""
        for key in table:
            if key not in known:
                text = f"is not a key here; known are {', '.join(sorted(known))}"
                self.fail(Reason.UNKNOWN_FIELD, f"{where}.{key}", text)

    def value(self, value: Any, where: str) -> float | Mapping[str, Any]:
        """A number or a table, with a `$name` or `-$name` resolved; NaN when it is wrong."""
        if isinstance(value, str) and value.lstrip("-").startswith("$"):
            return self._resolved(value, where)
        if isinstance(value, bool) or not isinstance(value, int | float | Mapping):
            text = f"{value!r} is neither a number, a $parameter nor a table of numbers"
            self.fail(Reason.WRONG_TYPE, where, text)
            return math.nan
        if not isinstance(value, Mapping) and not math.isfinite(value):
            self.fail(Reason.NOT_A_NUMBER, where, f"{value} is not a finite number")
            return math.nan
        return value

    def number(
        self, value: Any, where: str, low: float = -math.inf, high: float = math.inf
    ) -> float:
        """One number within low..high; NaN when it is wrong, which the set itself refuses too."""
        found = self.value(value, where)
        if isinstance(found, Mapping):
            self.fail(Reason.WRONG_TYPE, where, "is one number here, not one per asset")
            return math.nan
        if not math.isnan(found) and not low <= found <= high:
            self.fail(Reason.OUT_OF_BOUNDS, where, f"{found} is not within {low} to {high}")
        return float(found)

    def numbers(self, value: Any, where: str) -> F8:
        """A list of numbers, (K,)."""
        if not isinstance(value, Sequence) or isinstance(value, str) or not value:
            self.fail(Reason.WRONG_TYPE, where, "is a list of numbers with at least one in it")
            return np.full(1, math.nan)
        return np.array([self.number(item, f"{where}[{i}]") for i, item in enumerate(value)])

    def whole(self, value: Any, where: str) -> int:
        """One whole number of at least 1."""
        found = self.number(value, where, low=1, high=1e6)
        if found != found or found != int(found):
            self.fail(Reason.WRONG_TYPE, where, f"{value!r} is not a whole number")
            return 1
        return int(found)

    def flag(self, value: Any, where: str) -> bool:
        """True or false, nothing else."""
        if not isinstance(value, bool):
            self.fail(Reason.WRONG_TYPE, where, f"{value!r} is neither true nor false")
            return False
        return value

    def text(self, value: Any, where: str) -> str:
        """A name."""
        if not isinstance(value, str) or not value:
            self.fail(Reason.WRONG_TYPE, where, f"{value!r} is not a name")
            return ""
        return value

    def names(self, value: Any, where: str) -> dict[str, str]:
        """A table of names."""
        if not isinstance(value, Mapping):
            self.fail(Reason.WRONG_TYPE, where, "is a table of names")
            return {}
        return {str(key): self.text(item, f"{where}.{key}") for key, item in value.items()}

    def per_asset(self, value: Any, where: str, *, unnamed: float | None = None) -> F8:
        """(U,) a figure per asset.

        A number is meant for everything that moves. In a table an asset takes the figure of its own
        code, else of its class, else of what it wraps, else of `*`. Money (fiat and stablecoins) is
        never meant by a lone number or by `*`: it stays at 0 unless it is named. `unnamed` is for
        assets that nothing names; without it they are a failure.
        """
        found = self.value(value, where)
        if not isinstance(found, Mapping) and math.isnan(found):
            return np.full(len(self.assets), math.nan)
        table = found if isinstance(found, Mapping) else {OTHERWISE: found}
        figures = {
            key: self.number(item, f"{where}.{key}" if table is found else where)
            for key, item in table.items()
        }
        # A parameter's table is for every book, so it may name assets that this one has never seen.
        if found is value:
            self._unknown_names(figures, where)
        return np.array([self._figure(asset, figures, where, unnamed) for asset in self.assets])

    def per_venue(self, value: Any, where: str) -> dict[str, float]:
        """A figure per venue: a number for all, or a table by venue name with `*`."""
        found = self.value(value, where)
        table = found if isinstance(found, Mapping) else {OTHERWISE: found}
        figures = {key: self.number(item, f"{where}.{key}") for key, item in table.items()}
        for venue in self.venues:
            if venue not in figures and OTHERWISE not in figures:
                self.fail(Reason.MISSING_FIELD, where, f"names neither {venue} nor *")
        otherwise = figures.get(OTHERWISE, math.nan)
        return {venue: figures.get(venue, otherwise) for venue in self.venues}

    def class_of(self, asset: str, where: str) -> AssetClass | None:
        """The class of an asset; None, and a failure, when nothing is known about it."""
        if asset == DOLLAR:
            return AssetClass.FIAT
        if asset in self.facts:
            return self.facts[asset].asset_class
        text = f"{asset} is not named, and neither its class nor what it wraps is known"
        self.fail(Reason.UNKNOWN_ASSET, where, text)
        return None

    def _figure(
        self, asset: str, figures: Mapping[str, float], where: str, unnamed: float | None
    ) -> float:
        code: str | None = asset
        for _ in range(len(self.facts) + 1):
            if code is None:
                break
            if code in figures:
                return figures[code]
            found = self.class_of(code, where)
            if found is None:
                return math.nan
            if found.value in figures:
                return figures[found.value]
            if found in _STILL:
                return 0.0
            code = self.facts[code].wraps
        if OTHERWISE in figures:
            return figures[OTHERWISE]
        if unnamed is None:
            text = f"names neither {asset}, its class, what it wraps, nor *"
            self.fail(Reason.MISSING_FIELD, where, text)
            return math.nan
        return unnamed

    def _unknown_names(self, figures: Mapping[str, float], where: str) -> None:
        """A code that is neither of the run nor a known asset is a typing error, not a market."""
        classes = {asset_class.value for asset_class in AssetClass}
        for key in figures:
            if key not in {OTHERWISE, DOLLAR, *self.assets, *self.facts, *classes}:
                text = "is neither a known asset, an asset class nor *"
                self.fail(Reason.UNKNOWN_ASSET, f"{where}.{key}", text)

    def _resolved(self, reference: str, where: str) -> float | Mapping[str, float]:
        sign = -1.0 if reference.startswith("-") else 1.0
        try:
            found = self.resolve(reference.removeprefix("-"))
        except InputRefused as refused:
            self.failures += [each for each in refused.failures if each not in self.failures]
            return math.nan
        except (KeyError, TypeError) as error:
            self.fail(Reason.UNKNOWN_FIELD, where, f"{reference} cannot be read here: {error}")
            return math.nan
        if isinstance(found, Mapping):
            return {key: sign * item for key, item in found.items()}
        return sign * found
