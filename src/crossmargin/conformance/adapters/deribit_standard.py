"""Deribit's standard margin: perpetuals whose rates grow with their size, and short options."""

from crossmargin.conformance.case import Case
from crossmargin.conformance.scene import Scene
from crossmargin.conformance.translation import (
    Figure,
    LevelFigure,
    ShareFigure,
    SizeFigure,
    Translation,
)
from crossmargin.conformance.vector_reading import (
    COIN,
    given,
    inputs_shape,
    lacking,
    nearest_misfit,
    right_of,
)
from crossmargin.conformance.verdict import Unsupported
from crossmargin.rulebook.amount import Amount
from crossmargin.wire.units import float_of, negative_of, seconds_of_days

SIZES = "position_coins size_coins coins contracts size qty"
PRICES = "mark_price index_price index price mark underlying"
FUTURE = inputs_shape(
    "im_base mm_base increment_per_coin",
    f"size_usd {SIZES} {PRICES} linear currency",
)
MARKS = "mark_price_coins mark_coins mark_price mark mark_price_usd"
SPOTS = "underlying underlying_price futures_mark forward index spot"
CONTRACTS = "contracts size qty"
OPTION = inputs_shape(
    "strike factors.im_a factors.im_b factors.mm",
    f"{MARKS} {SPOTS} {CONTRACTS} type right option_type side days_to_expiry",
)
ANY_TERM_DAYS = 30
"""The rule of an option does not read its term."""


def translate(case: Case) -> Translation | Unsupported:
    """One position under `deribit-standard`, in its settlement currency."""
    if "strike" in case.inputs:
        return (
            nearest_misfit(case, [OPTION])
            or lacking(case, SPOTS, MARKS, CONTRACTS)
            or _option(case)
        )
    needed = ("size_usd", PRICES) if "size_usd" in case.inputs else (SIZES,)
    return nearest_misfit(case, [FUTURE]) or lacking(case, *needed) or _future(case)


def _future(case: Case) -> Translation:
    """In dollars and without dollars to divide, one coin is one dollar: only coins count."""
    inputs = case.inputs
    inverse = "size_usd" in inputs or not any("usd" in key for key in case.expected)
    price = given(inputs, PRICES)
    scene = Scene()
    mark = price if price is not None and ("size_usd" in inputs or not inverse) else 1
    coin = scene.asset(COIN, index=mark)
    settle = coin if inverse else scene.asset("USDC", index=1)
    quote = "USD" if inverse else settle
    row = scene.perpetual(coin, quote=quote, settle=settle, inverse=inverse, mark=mark)
    scene.position(row, inputs["size_usd"] if "size_usd" in inputs else given(inputs, SIZES))
    return Translation(
        recipe="deribit-standard",
        scene=scene,
        figures={key: _figure(key, "coins" if inverse else "notional") for key in case.expected},
        overrides={
            "initial_base": {coin: float_of(inputs["im_base"])},
            "maintenance_base": {coin: float_of(inputs["mm_base"])},
            "increment_per_coin": {coin: float_of(inputs["increment_per_coin"])},
        },
        reporting=settle,
    )


def _option(case: Case) -> Translation:
    """Contracts are sold unless they are stated as negative already."""
    inputs = case.inputs
    in_coin = given(inputs, "mark_price_coins mark_coins") is not None
    spot = given(inputs, SPOTS)
    scene = Scene()
    coin = scene.asset(COIN, index=spot)
    settle = coin if in_coin else scene.asset("USDT", index=1)
    row = scene.option(
        coin,
        seconds=seconds_of_days(inputs.get("days_to_expiry", ANY_TERM_DAYS)),
        strike=inputs["strike"],
        right=right_of(case),
        quote="USD" if in_coin else settle,
        settle=settle,
        inverse=in_coin,
        forward=spot,
        mark=given(inputs, MARKS),
    )
    contracts = given(inputs, CONTRACTS)
    scene.position(row, contracts if contracts < 0 else negative_of(contracts))
    factors = inputs["factors"]
    return Translation(
        recipe="deribit-standard",
        scene=scene,
        figures={key: _figure(key, "coins") for key in case.expected},
        overrides={
            "option_initial": float_of(factors["im_a"]),
            "option_least": float_of(factors["im_b"]),
            "option_maintenance": float_of(factors["mm"]),
        },
        reporting=settle,
    )


def _figure(key: str, size: str) -> Figure:
    words = key.split("_")
    if words[0] in ("im", "initial"):
        level = "initial"
    elif words[0] in ("mm", "maintenance"):
        level = "maintenance"
    else:
        raise KeyError(f"expected.{key}")
    required = LevelFigure(level=level, part="requirement")
    if "rate" in words or "frac" in words:
        return ShareFigure(of=required, base=SizeFigure(amount=Amount.ABS_NET, of=size))
    return required
