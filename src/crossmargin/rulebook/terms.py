"""The terms of a rulebook: its figures and scenario families, without the trees that use them."""

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import Any, TypeAlias, final

from crossmargin.rulebook.selection import Selection

ParameterValue: TypeAlias = (
    float | tuple[float, ...] | Mapping[str, float] | Mapping[str, tuple[float, ...]]
)


@final
@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Parameter:
    """One figure of a rulebook, with its bounds and where it comes from.

    `value` is None when no source gives it: it must then come from the user, and the recipe is
    incomplete. `by` names what a table is indexed by (asset, settle, listing, economic_id, venue,
    account), None for one number or one list; `otherwise` is the entry of every label that the
    table does not name. `source` is an address, or `inferred`, or `illustrative`.
    """

    name: str
    value: ParameterValue | None
    low: float
    high: float
    source: str
    by: str | None = None
    otherwise: float | tuple[float, ...] | None = None


@final
@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Terms:
    """One version of a rulebook's terms.

    `reporting` is the currency of all amounts, or `settle`: then each settlement asset of an
    account stands alone and is reported in itself. `tick_exponents` maps a reporting asset to its
    tick's power of two, with `*` for all others. `rounding_unit` is the unit to which roots are
    rounded outward, None for none. `base_value` says whether scans start from the model's value or
    from the mark, `conversion` whether their results are converted at the unshocked or the shocked
    rate, `discounting` whether the model discounts options at the market's rate, at that unless it
    is negative, or not at all. `covers` says which instruments the rulebook is for, empty for all:
    an account with others has no figures under it.
    """

    name: str
    title: str
    valid_from: str
    source: str
    note: str
    reporting: str
    tick_exponents: Mapping[str, int]
    rounding_unit: Fraction | None
    base_value: str
    conversion: str
    discounting: str = "market"
    parameters: Mapping[str, Parameter]
    scenarios: Mapping[str, Mapping[str, Any]]
    fields: tuple[str, ...]
    covers: tuple[Selection, ...] = ()
    content_hash: str

    def tick_exponent(self, reporting: str) -> int:
        """The power of two of one tick of a reporting asset."""
        return self.tick_exponents.get(reporting, self.tick_exponents["*"])

    def missing(self) -> tuple[str, ...]:
        """Names of parameters that have no value: while there are any, the recipe is incomplete."""
        return tuple(name for name, p in self.parameters.items() if p.value is None)
