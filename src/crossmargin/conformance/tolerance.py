"""The stated tolerance of a vector, and at least one tick per position."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, final

from crossmargin.base.failure import Failure, InputRefused, Reason, refuse_if_any

WITHOUT_ONE_FRAC = 1e-6
"""A vector without a tolerance: relative, for everything but integers, which are exact."""

DECIMALS_FRAC = 1e-12
"""What is stated as rounded is exact; so much is lost in writing it as a decimal number."""


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Tolerance:
    """Largest difference: the larger of `absolute` and `relative` x |expected|.

    `integers_exact` where the relative part is not stated but assumed. `named` widens it for
    figures whose name contains a word.
    """

    absolute: float = 0.0
    relative: float = 0.0
    integers_exact: bool = False
    named: Mapping[str, float] = field(default_factory=dict)

    def allowed(self, figure: str, expected: float, ticks: float) -> float:
        """The largest difference of one figure. `ticks`: one tick per position, in its unit."""
        named = [each for word, each in self.named.items() if word in figure]
        relative = 0.0 if self.integers_exact and isinstance(expected, int) else self.relative
        return max(ticks, self.absolute, relative * abs(expected), *named)


def read_tolerance(written: Any, where: str) -> Tolerance:
    """The tolerance as a vector states it; a word that nobody knows is refused with its path.

    A number is absolute. `rounding` says how the published figure was rounded: the recipe does
    that, so the figure must agree.
    """
    if written is None:
        return Tolerance(relative=WITHOUT_ONE_FRAC, integers_exact=True)
    if isinstance(written, int | float) and not isinstance(written, bool):
        refuse_if_any(_wrong("abs", written, where))
        return Tolerance(absolute=float(written))
    if not isinstance(written, Mapping):
        raise InputRefused([Failure(Reason.WRONG_TYPE, where, "is no number and no table")])
    refuse_if_any([f for key, value in written.items() for f in _wrong(key, value, where)])
    named = {
        key.removesuffix("_abs"): float(value)
        for key, value in written.items()
        if key.endswith("_abs")
    }
    exact = "rounding" in written and not {"rel", "abs"} & written.keys()
    return Tolerance(
        absolute=float(written.get("abs", 0.0)),
        relative=DECIMALS_FRAC if exact else float(written.get("rel", 0.0)),
        integers_exact=exact,
        named=named,
    )


def _wrong(key: str, value: Any, where: str) -> list[Failure]:
    if key == "rounding":
        fits, kind = isinstance(value, str), "text"
    elif key in ("rel", "abs") or key.endswith("_abs"):
        number = isinstance(value, int | float) and not isinstance(value, bool)
        fits, kind = number and value >= 0, "a number of 0 or more"
    else:
        message = "is no tolerance; there are rel, abs, rounding and NAME_abs"
        return [Failure(Reason.UNKNOWN_FIELD, f"{where}.{key}", message)]
    message = f"{value!r} is not {kind}"
    return [] if fits else [Failure(Reason.WRONG_TYPE, f"{where}.{key}", message)]
