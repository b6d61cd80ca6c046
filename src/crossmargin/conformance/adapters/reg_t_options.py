"""Regulation T: naked options, straddles and strangles, spreads."""

from dataclasses import dataclass
from typing import Any, final

from crossmargin.conformance.case import Case
from crossmargin.conformance.scene import Scene
from crossmargin.conformance.scene_lines import MAIN
from crossmargin.conformance.translation import Figure, LevelFigure, Translation
from crossmargin.conformance.vector_reading import (
    COIN,
    RIGHTS,
    given,
    inputs_shape,
    lacking,
    nearest_misfit,
    right_of,
)
from crossmargin.conformance.verdict import Unsupported
from crossmargin.domain.instrument import Right
from crossmargin.wire.units import float_of, negative_of, seconds_of_days

SPOTS = "S underlying spot underlying_price index stock stock_price"
STRIKES = "K strike"
PREMIUMS = "premium mark price"
CONTRACTS = "contracts qty"
TYPES = "type right option_type"
GIVEN = f"{SPOTS} rate min_rate multiplier days_to_expiry"
NAKED = inputs_shape("", f"{GIVEN} {STRIKES} {PREMIUMS} {TYPES} {CONTRACTS}")
INNER = " ".join(f"legs[].{name}" for name in f"{TYPES} {STRIKES} {PREMIUMS} {CONTRACTS}".split())
LEGS = inputs_shape("legs", f"{GIVEN} {INNER}")
SIDES = {
    "call": "call_strike call_K K_call call_premium premium_call",
    "put": "put_strike put_K K_put put_premium premium_put",
}
NESTED = " ".join(f"{side}.{name}" for side in SIDES for name in f"{STRIKES} {PREMIUMS}".split())
STRADDLE = inputs_shape("", f"{GIVEN} {' '.join(SIDES.values())} {NESTED} {CONTRACTS}")
ENDS = {
    "short": "short_strike K_short short_K short_premium premium_short",
    "long": "long_strike K_long long_K long_premium premium_long",
}
SPREAD = inputs_shape("", f"{GIVEN} {' '.join(ENDS.values())} {TYPES} {CONTRACTS}")
SHARES_PER_CONTRACT = 100
ANY_TERM_DAYS = 30
"""The rules of options of one expiry do not read their term."""


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Leg:
    """One option; `contracts` as held, sold ones negative."""

    right: Right
    strike: Any
    premium: Any
    contracts: Any


def translate(case: Case) -> Translation | Unsupported:
    """The legs under `reg-t`, together in one account and each in one of its own."""
    keys = set(case.inputs)
    if "legs" in keys:
        return nearest_misfit(case, [LEGS]) or lacking(case, SPOTS) or _held(case, _listed(case))
    if keys & {*SIDES, *_words(SIDES)}:
        return nearest_misfit(case, [STRADDLE]) or lacking(case, SPOTS) or _held(case, _sides(case))
    if keys & _words(ENDS):
        return nearest_misfit(case, [SPREAD]) or lacking(case, SPOTS) or _held(case, _ends(case))
    needed = lacking(case, SPOTS, STRIKES, PREMIUMS)
    return nearest_misfit(case, [NAKED]) or needed or _held(case, _alone(case))


def _words(table: dict[str, str]) -> set[str]:
    return {word for names in table.values() for word in names.split()}


def _sold(contracts: Any) -> Any:
    """Contracts are sold unless they are stated as negative already."""
    held = 1 if contracts is None else contracts
    return held if held < 0 else negative_of(held)


def _alone(case: Case) -> list[Leg]:
    inputs = case.inputs
    return [
        Leg(
            right=right_of(case),
            strike=given(inputs, STRIKES),
            premium=given(inputs, PREMIUMS),
            contracts=_sold(given(inputs, CONTRACTS)),
        )
    ]


def _listed(case: Case) -> list[Leg]:
    """[type, strike, premium, contracts] each, or a table; without contracts one is sold."""
    found = []
    for leg in case.inputs["legs"]:
        if isinstance(leg, dict):
            kind, strike = given(leg, TYPES), given(leg, STRIKES)
            premium, held = given(leg, PREMIUMS), given(leg, CONTRACTS)
        else:
            kind, strike, premium, *rest = leg
            held = rest[0] if rest else None
        found.append(
            Leg(
                right=RIGHTS[str(kind).lower()],
                strike=strike,
                premium=premium,
                contracts=-1 if held is None else held,
            )
        )
    return found


def _sides(case: Case) -> list[Leg]:
    """A call and a put, both sold."""
    inputs, found = case.inputs, []
    for side, names in SIDES.items():
        strike_names, premium_names = _split(names)
        table = inputs.get(side)
        own = table if isinstance(table, dict) else {}
        found.append(
            Leg(
                right=RIGHTS[side],
                strike=given(own, STRIKES) if own else given(inputs, strike_names),
                premium=given(own, PREMIUMS) if own else given(inputs, premium_names),
                contracts=_sold(given(inputs, CONTRACTS)),
            )
        )
    return found


def _ends(case: Case) -> list[Leg]:
    """One option sold and one bought."""
    inputs, found = case.inputs, []
    count = given(inputs, CONTRACTS) or 1
    for end, names in ENDS.items():
        strike_names, premium_names = _split(names)
        premium = given(inputs, premium_names)
        found.append(
            Leg(
                right=right_of(case),
                strike=given(inputs, strike_names),
                premium=0 if premium is None else premium,
                contracts=_sold(count) if end == "short" else count,
            )
        )
    return found


def _split(names: str) -> tuple[str, str]:
    """The names of the strike, and those of the premium."""
    words = names.split()
    premiums = [word for word in words if "premium" in word]
    return " ".join(word for word in words if word not in premiums), " ".join(premiums)


def _held(case: Case, legs: list[Leg]) -> Translation | Unsupported:
    if any(leg.strike is None or leg.premium is None for leg in legs):
        return Unsupported(reason="a leg of inputs lacks its strike or its premium")
    inputs, scene = case.inputs, Scene()
    spot = given(inputs, SPOTS)
    index = scene.asset(COIN, index=spot)
    figures: dict[str, Figure] = {
        key: LevelFigure(level="maintenance", part="requirement")
        for key in ("requirement", "margin", "total")
    }
    for number, leg in enumerate(legs):
        row = scene.option(
            index,
            seconds=seconds_of_days(inputs.get("days_to_expiry", ANY_TERM_DAYS)),
            strike=leg.strike,
            right=leg.right,
            contract_size=inputs.get("multiplier", SHARES_PER_CONTRACT),
            forward=spot,
            mark=leg.premium,
        )
        for account in (MAIN, f"only {number}"):
            scene.position(row, leg.contracts, account=account)
        side = "call" if leg.right is Right.CALL else "put"
        own = LevelFigure(level="maintenance", part="requirement", account=f"only {number}")
        for key in ("requirement", "margin", "side"):
            figures.setdefault(f"{side}_{key}", own)
    overrides: dict[str, Any] = {}
    if "rate" in inputs:
        overrides["rate"] = {index: float_of(inputs["rate"])}
    if "min_rate" in inputs:
        overrides["least"] = float_of(inputs["min_rate"])
    return Translation(recipe="reg-t", scene=scene, figures=figures, overrides=overrides)
