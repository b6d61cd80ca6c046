"""Deribit's standard margin: perpetuals whose rates grow with their size, and short options."""

import re

from crossmargin.conformance.case import Case
from crossmargin.conformance.scene import Scene
from crossmargin.conformance.scene_lines import MAIN
from crossmargin.conformance.translation import (
    Figure,
    LevelFigure,
    ListFigure,
    ShareFigure,
    SizeFigure,
    Translation,
)
from crossmargin.conformance.vector_reading import (
    COIN,
    given,
    inputs_shape,
    lacking,
    listed,
    nearest_misfit,
    renamed,
    right_of,
)
from crossmargin.conformance.verdict import Unsupported
from crossmargin.rulebook.amount import Amount
from crossmargin.wire.units import float_of, negative_of, seconds_of_days

WORDS = {
    "position_coins": """size_coins coins contracts size qty position position_btc position_eth
        position_sol size_btc size_eth size_sol""",
    "price": "mark_price index_price index mark underlying",
}
FUTURE = inputs_shape(
    "im_base mm_base increment_per_coin",
    "size_usd position_coins price linear inverse currency",
)
MARKS = "mark_price_coins mark_coins mark_price mark mark_price_usd"
SPOTS = "underlying underlying_price futures_mark forward index spot"
CONTRACTS = "contracts size qty"
OPTION = inputs_shape(
    "strike factors.im_a factors.im_b factors.mm",
    f"{MARKS} {SPOTS} {CONTRACTS} type right option_type side days_to_expiry",
)
BOUGHT = frozenset({"long", "buy", "bought", "1"})
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
    named = renamed(case, WORDS)
    needed = ("size_usd", "price") if "size_usd" in named.inputs else ("position_coins",)
    return nearest_misfit(named, [FUTURE]) or lacking(named, *needed) or _future(named)


def _is_inverse(case: Case) -> bool:
    """As the vector says it; else coins with a price are linear, and contracts in dollars never."""
    words = set(re.findall(r"[a-z]+", " ".join([case.name, *case.expected]).lower()))
    if "linear" in case.inputs:
        return not case.inputs["linear"]
    if "size_usd" in case.inputs or words & {"inverse", "coins"}:
        return True
    return "price" not in case.inputs and not words & {"linear", "usd", "usdc", "usdt"}


def _future(case: Case) -> Translation:
    """A position for each size. Without dollars to divide, one coin is one dollar: only coins
    count.
    """
    inputs = case.inputs
    inverse = _is_inverse(case)
    sizes = inputs["size_usd"] if "size_usd" in inputs else inputs["position_coins"]
    in_dollars = "size_usd" in inputs or not inverse
    scene = Scene()
    mark = inputs.get("price", 1) if in_dollars else 1
    coin = scene.asset(COIN, index=mark)
    settle = coin if inverse else scene.asset("USDC", index=1)
    quote = "USD" if inverse else settle
    row = scene.perpetual(coin, quote=quote, settle=settle, inverse=inverse, mark=mark)
    names = [f"account {number}" for number in range(len(listed(sizes)))]
    for account, size in zip(names, listed(sizes), strict=True):
        scene.position(row, size, account=account)
    of = "coins" if inverse else "notional"
    figures = {key: [_figure(key, of, account) for account in names] for key in case.expected}
    return Translation(
        recipe="deribit-standard",
        scene=scene,
        figures={
            key: ListFigure(figures=tuple(each)) if isinstance(sizes, list) else each[0]
            for key, each in figures.items()
        },
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
    bought = str(inputs.get("side", "")).lower() in BOUGHT
    scene.position(row, contracts if bought or contracts < 0 else negative_of(contracts))
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


def _figure(key: str, size: str, account: str = MAIN) -> Figure:
    words = key.split("_")
    if words[0] in ("im", "initial"):
        level = "initial"
    elif words[0] in ("mm", "maintenance"):
        level = "maintenance"
    else:
        raise KeyError(f"expected.{key}")
    required = LevelFigure(level=level, part="requirement", account=account)
    if "rate" in words or "frac" in words:
        base = SizeFigure(amount=Amount.ABS_NET, of=size, account=account)
        return ShareFigure(of=required, base=base)
    return required
