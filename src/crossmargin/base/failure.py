"""Bad or missing input is collected as values and shown together; it is never an exception
alone.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from typing import final


@final
class Reason(StrEnum):
    """Why an input was refused or a figure is unavailable. Lower snake words, stable codes."""

    UNKNOWN_FIELD = "unknown_field"
    MISSING_FIELD = "missing_field"
    WRONG_TYPE = "wrong_type"
    NOT_A_NUMBER = "not_a_number"
    OUT_OF_BOUNDS = "out_of_bounds"
    UNKNOWN_SYMBOL = "unknown_symbol"
    UNKNOWN_ASSET = "unknown_asset"
    UNKNOWN_ACCOUNT = "unknown_account"
    UNKNOWN_RECIPE = "unknown_recipe"
    DUPLICATE = "duplicate"
    CYCLE = "cycle"
    EXPIRED = "expired"
    LOOK_ALIKE = "look_alike"
    CONTRADICTION = "contradiction"
    MISSING_DATA = "missing_data"
    STALE = "stale"
    INCOMPLETE = "incomplete"
    UNSUPPORTED = "unsupported"
    OVERFLOW = "overflow"


@final
@dataclass(frozen=True, slots=True)
class Failure:
    """One thing that is wrong: a stable reason, the path to the field, one sentence."""

    reason: Reason
    where: str
    message: str

    def __str__(self) -> str:
        return f"{self.where}: {self.message} [{self.reason.value}]"


@final
class InputRefused(ValueError):  # noqa: N818 - reads as the sentence the user sees
    """Everything that is wrong with an input, at once. Nothing was computed or applied."""

    def __init__(self, failures: Iterable[Failure]) -> None:
        self.failures: tuple[Failure, ...] = tuple(failures)
        super().__init__("\n".join(str(failure) for failure in self.failures))


def refuse_if_any(failures: Iterable[Failure]) -> None:
    """Raise `InputRefused` with all of `failures`, or return when there are none."""
    found = tuple(failures)
    if found:
        raise InputRefused(found)
