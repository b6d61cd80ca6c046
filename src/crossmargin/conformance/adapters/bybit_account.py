"""Bybit's unified account: short options in cross margin, and coins after tiered ratios."""

from typing import Any

from crossmargin.conformance.case import Case
from crossmargin.conformance.scene import Scene
from crossmargin.conformance.translation import (
    Figure,
    LevelFigure,
    ListFigure,
    NodeFigure,
    ShareFigure,
    Translation,
)
from crossmargin.conformance.vector_reading import (
    given,
    inputs_shape,
    listed,
    nearest_misfit,
    renamed,
    right_of,
    tiers,
)
from crossmargin.conformance.verdict import Unsupported
from crossmargin.wire.units import float_of, seconds_of_days

WORDS = {
    "index": "index_price underlying_price underlying spot",
    "mark": "mark_price option_mark",
    "size": "qty contracts position",
    "mm_factor": "mmf maintenance_factor",
    "liq_fee": "liquidation_fee liq_fee_rate liquidation_fee_rate",
}
ENTRIES = "entry avg_price average_price entry_price order_price"
LARGER = "im_factor im_a im_factor_high"
LEAST = "im_factor_min im_b im_factor_low"
OPTION = inputs_shape(
    "strike index mark size",
    f"""mm_factor liq_fee {ENTRIES} {LARGER} {LEAST} type right option_type margin_balance
    days_to_expiry""",
)
TIERED = "tier_upper_bounds ratios"
ANY_COIN = {"coin": "qty quantity amount coins size", "coin_index": "index index_price"}
SUFFIX = "_index"
SAME = {
    "mm": "position_mm",
    "maintenance_margin": "position_mm",
    "im": "position_im",
    "initial_margin": "position_im",
    "order_im": "position_im",
    "position_initial_margin": "position_im",
    "position_maintenance_margin": "position_mm",
}
MONEY = ("usdt", "usdc", "usd")
FACTORS = {
    "option_maintenance": "mm_factor",
    "option_fee": "liq_fee",
    "option_initial": LARGER,
    "option_least": LEAST,
}


def translate(case: Case) -> Translation | Unsupported:
    """One option, or balances each in an account of its own, under `bybit-cross`."""
    if "strike" in case.inputs:
        option = renamed(case, WORDS)
        return nearest_misfit(option, [OPTION]) or _option(option)
    if "index" in case.inputs:
        case = renamed(case, ANY_COIN)
    coins = [key.removesuffix(SUFFIX) for key in case.inputs if key.endswith(SUFFIX)]
    indexed = " ".join(f"{coin} {coin}{SUFFIX}" for coin in coins)
    table = inputs_shape(f"{indexed} {TIERED}", " ".join(MONEY))
    if not coins:
        return nearest_misfit(case, [inputs_shape(TIERED)]) or Unsupported(
            reason="missing keys inputs of a coin and of its index"
        )
    return nearest_misfit(case, [table]) or _collateral(case, coins)


def _option(case: Case) -> Translation:
    inputs = case.inputs
    scene = Scene()
    coin = scene.asset("BTC", index=inputs["index"])
    row = scene.option(
        coin,
        seconds=seconds_of_days(inputs.get("days_to_expiry", 30)),
        strike=inputs["strike"],
        right=right_of(case),
        forward=inputs["index"],
        mark=inputs["mark"],
    )
    entry = given(inputs, ENTRIES)
    scene.position(row, inputs["size"], entry=inputs["mark"] if entry is None else entry)
    if "margin_balance" in inputs:
        scene.balance(scene.asset("USDC", index=1), inputs["margin_balance"])
    figures: dict[str, Figure] = {
        "position_mm": NodeFigure(level="maintenance", node="option_maintenance"),
        "position_im": NodeFigure(level="initial", node="option_initial"),
    }
    for key, same in SAME.items():
        figures[key] = figures[same]
    for key, level in (("account_mm_rate", "maintenance"), ("account_im_rate", "initial")):
        figures[key] = ShareFigure(
            of=LevelFigure(level=level, part="requirement"),
            base=LevelFigure(level=level, part="equity"),
        )
    return Translation(
        recipe="bybit-cross",
        scene=scene,
        figures=figures,
        overrides={
            name: float_of(given(inputs, keys))
            for name, keys in FACTORS.items()
            if given(inputs, keys) is not None
        },
    )


def _collateral(case: Case, coins: list[str]) -> Translation:
    """A list of amounts is as many accounts; what is stated once stands in each of them."""
    inputs = case.inputs
    bound, ratio = tiers(inputs["tier_upper_bounds"], inputs["ratios"])
    scene = Scene()
    held: list[Any] = [inputs[name] for name in (*coins, *MONEY) if name in inputs]
    longest = sorted((listed(each) for each in held), key=len)[-1]
    names = [f"account {number}" for number in range(len(longest))]
    for name in (*coins, *MONEY):
        if name in inputs:
            price = inputs.get(f"{name}{SUFFIX}", 1)
            code = scene.asset(name.upper(), index=price)
            amounts = listed(inputs[name])
            for number, account in enumerate(names):
                scene.balance(code, amounts[number if len(amounts) > 1 else 0], account=account)
    figures = tuple(
        LevelFigure(level="maintenance", part="equity", account=account) for account in names
    )
    several = any(isinstance(each, list) for each in held)
    counted: Figure = ListFigure(figures=figures) if several else figures[0]
    return Translation(
        recipe="bybit-cross",
        scene=scene,
        figures=dict.fromkeys(("margin_balance", "collateral_value", "value"), counted),
        overrides={
            "collateral_bounds": {
                **{coin.upper(): [float_of(each) for each in bound] for coin in coins},
                **{money.upper(): [] for money in MONEY},
            },
            "collateral_ratios": {
                **{coin.upper(): [float_of(each) for each in ratio] for coin in coins},
                **{money.upper(): [1.0] for money in MONEY},
            },
        },
    )
