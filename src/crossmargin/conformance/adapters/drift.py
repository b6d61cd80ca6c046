"""Drift v2: weights of one token, strict prices, accounts with spot orders, isolated positions."""

import re
from collections.abc import Iterable, Mapping
from typing import Any

from crossmargin.conformance.case import Case
from crossmargin.conformance.scene import Scene
from crossmargin.conformance.scene_lines import MAIN
from crossmargin.conformance.shape import misfit, shape
from crossmargin.conformance.translation import (
    Figure,
    LevelFigure,
    NodeFigure,
    ShareFigure,
    SufficientFigure,
    Translation,
    WorthFigure,
)
from crossmargin.conformance.verdict import Unsupported, needs_action
from crossmargin.domain.holding import Side
from crossmargin.wire.units import float_of, negative_of

ACTIONS = {
    "base_amount": "how much of a position a liquidation takes",
    "liquidation_fee": "the fee of a liquidator",
    "max_pct": "the share of an account that may be liquidated",
    "insurance_fee": "the fee that a liquidation gives to the insurance fund",
    "liability_amount": "how much of a debt a liquidation repays",
}
WEIGHTS = (
    "initial_asset_weight",
    "maintenance_asset_weight",
    "initial_liability_weight",
    "maintenance_liability_weight",
)
SIZED = shape(
    """inputs.token_amount inputs.side params.base_weight params.imf_factor expected.weight"""
)
SCALED = shape(
    """inputs.total_deposits_tokens inputs.oracle_price params.initial_asset_weight
    params.scale_start_usd expected.weight""",
    "inputs.twap_5min",
)
PREDICTED = shape(
    """inputs.oracle_price inputs.max_price inputs.base inputs.quote
    params.margin_ratio_initial params.margin_ratio_maintenance""",
    """params.upnl_weight_initial params.upnl_weight_maintenance
    expected.initial_margin expected.initial_weighted_upnl
    expected.maintenance_margin expected.maintenance_weighted_upnl""",
)
STRICT = shape(
    "inputs.oracle inputs.twap_5min",
    """inputs.deposit_usdc inputs.borrow_usdc params.rule params.liability_weight
    params.asset_weight expected.margin_requirement expected.total_collateral""",
)
MARKETS = """params.perp_initial_ratio params.perp_maintenance_ratio params.upnl_weight_negative
    params.usdc_weight params.open_order_margin params.user_max_margin_ratio params.margin_buffer
    params.requirement params.*.initial_asset_weight params.*.maintenance_asset_weight
    params.*.initial_liability_weight params.*.maintenance_liability_weight params.*.imf_factor"""
ACCOUNT = shape(
    "inputs.prices.*",
    f"""{MARKETS} inputs.deposits.* inputs.borrows.* inputs.open_spot_orders[].token!
    inputs.open_spot_orders[].ask inputs.open_spot_orders[].bid inputs.perp.market!
    inputs.perp.size! inputs.perp.quote inputs.perp.bids inputs.perp.asks
    expected.margin_requirement expected.total_collateral
    expected.margin_requirement_plus_buffer expected.total_collateral_plus_buffer""",
)
ISOLATED = shape(
    """inputs.prices.* inputs.isolated[].market inputs.isolated[].size inputs.isolated[].quote
    inputs.isolated[].deposit_usdc""",
    f"""{MARKETS} inputs.cross.deposits.* inputs.cross.borrows.*
    expected.cross_margin_requirement expected.cross_total_collateral
    expected.cross_margin_requirement_plus_buffer expected.cross_total_collateral_plus_buffer
    expected.isolated_margin_requirement expected.isolated_total_collateral
    expected.isolated_margin_requirement_plus_buffer
    expected.isolated_total_collateral_plus_buffer
    expected.cross_ok expected.isolated_ok expected.account_ok""",
)

STRICT_RULE = r"(asset|deposit).* at min\(.*|(liability|borrow).* at max\(.*"

USDC = "USDC"
TOKEN, UNWEIGHTED = "TOKEN", "UNWEIGHTED"
BUFFERED = {"initial": "initial_buffered", "maintenance": "liquidation_end"}
PARTS = {"margin_requirement": "requirement", "total_collateral": "equity"}
WEIGHT = ShareFigure(of=LevelFigure(level="initial"), base=WorthFigure())


def translate(case: Case) -> Translation | Unsupported:
    """One of the shapes of Drift's unit tests, under the recipe `drift-v2`."""
    for key, what in ACTIONS.items():
        if key in case.expected:
            return needs_action(what)
    for expected, known, translated in (
        ("side", SIZED, _sized),
        ("total_deposits_tokens", SCALED, _scaled),
        ("max_price", PREDICTED, _predicted),
        ("twap_5min", STRICT, _strict),
        ("isolated", ISOLATED, _isolated),
    ):
        if expected in case.inputs:
            return misfit(case, known) or translated(case)
    return misfit(case, ACCOUNT) or _account(case)


def _sized(case: Case) -> Translation | Unsupported:
    """The weight of so many coins: what they count for over what they are worth."""
    side, amount = case.inputs["side"], case.inputs["token_amount"]
    if side not in ("asset", "liability"):
        return Unsupported(reason=f"inputs.side {side!r} is neither asset nor liability")
    scene = Scene()
    held = amount if side == "asset" else negative_of(amount)
    scene.balance(scene.asset(TOKEN, index=1, twap=1), held)
    return Translation(
        recipe="drift-v2",
        scene=scene,
        figures={"weight": WEIGHT},
        overrides={
            f"initial_{side}_weight": {TOKEN: float_of(case.params["base_weight"])},
            "size_factor": {TOKEN: float_of(case.params["imf_factor"])},
        },
    )


def _scaled(case: Case) -> Translation:
    """The weight of one coin of an asset of which the venue has so much: what it counts for over
    what another counts for that has the same prices and is not weighted.
    """
    price = case.inputs["oracle_price"]
    twap = case.inputs.get("twap_5min")
    scene = Scene()
    for token in (TOKEN, UNWEIGHTED):
        scene.asset(token, index=price, twap=price if twap is None else twap)
        scene.balance(token, 1, account=token)
        scene.figure("venue_deposits", token, case.inputs["total_deposits_tokens"])
    return Translation(
        recipe="drift-v2",
        scene=scene,
        figures={
            "weight": ShareFigure(
                of=LevelFigure(level="initial", account=TOKEN),
                base=LevelFigure(level="initial", account=UNWEIGHTED),
            )
        },
        overrides={
            "initial_asset_weight": {
                TOKEN: float_of(case.params["initial_asset_weight"]),
                UNWEIGHTED: 1.0,
            },
            "scale_start": {TOKEN: float_of(case.params["scale_start_usd"])},
        },
    )


def _predicted(case: Case) -> Translation:
    """A share of a prediction market: a perpetual that pays at most so much."""
    params, price = case.params, case.inputs["oracle_price"]
    scene = Scene()
    row = scene.perpetual(scene.asset(TOKEN, index=price, twap=price), mark=price)
    scene.position(row, case.inputs["base"], cost=negative_of(case.inputs["quote"]))
    figures: dict[str, Figure] = {}
    overrides: dict[str, object] = {"payout": {row: float_of(case.inputs["max_price"])}}
    for level in ("initial", "maintenance"):
        figures[f"{level}_margin"] = LevelFigure(level=level, part="requirement")
        figures[f"{level}_weighted_upnl"] = NodeFigure(level=level, node=f"profit_{level}")
        overrides[f"perp_{level}_ratio"] = float_of(params[f"margin_ratio_{level}"])
        if f"upnl_weight_{level}" in params:
            overrides[f"gain_weight_{level}"] = float_of(params[f"upnl_weight_{level}"])
    return Translation(recipe="drift-v2", scene=scene, figures=figures, overrides=overrides)


def _strict(case: Case) -> Translation | Unsupported:
    """A deposit or a debt of a coin whose slow price is another than its price."""
    rule = case.params.get("rule")
    if rule is not None and not re.fullmatch(STRICT_RULE, str(rule)):
        return Unsupported(reason=f"params.rule states a rule that is not known: {rule!r}")
    scene = Scene()
    scene.asset(USDC, index=case.inputs["oracle"], twap=case.inputs["twap_5min"])
    scene.account()
    if "deposit_usdc" in case.inputs:
        scene.balance(USDC, case.inputs["deposit_usdc"])
    if "borrow_usdc" in case.inputs:
        scene.balance(USDC, negative_of(case.inputs["borrow_usdc"]))
    return Translation(
        recipe="drift-v2",
        scene=scene,
        figures={key: LevelFigure(level="initial", part=part) for key, part in PARTS.items()},
        overrides={
            f"initial_{name}": {USDC: float_of(case.params.get(name, 1))}
            for name in ("asset_weight", "liability_weight")
        },
    )


def _account(case: Case) -> Translation | Unsupported:
    """Deposits, debts, spot orders and one perpetual of a cross account."""
    inputs, level = case.inputs, _level(case)
    if level is None:
        return Unsupported(reason=f"params.requirement {case.params['requirement']!r} is no level")
    scene = _market(case)
    _hold(scene, inputs, MAIN)
    for order in inputs.get("open_spot_orders") or ():
        row = scene.spot(_known(scene, order["token"]), quote=USDC)
        for side, key in ((Side.BUY, "bid"), (Side.SELL, "ask")):
            if order.get(key):
                scene.order(row, side, order[key])
    perp = inputs.get("perp")
    if perp is not None:
        row = _perpetual(scene, case, perp["market"])
        cost = negative_of(perp["quote"]) if "quote" in perp else None
        scene.position(row, perp["size"], cost=cost)
        for side, key in ((Side.BUY, "bids"), (Side.SELL, "asks")):
            if perp.get(key):
                scene.order(row, side, perp[key])
    return Translation(
        recipe="drift-v2",
        scene=scene,
        figures=_figures("", MAIN, level),
        overrides=_overrides(case, [MAIN]),
    )


def _isolated(case: Case) -> Translation | Unsupported:
    """A cross account, and beside it each isolated position as an account of its own."""
    level = _level(case)
    if level is None:
        return Unsupported(reason=f"params.requirement {case.params['requirement']!r} is no level")
    scene = _market(case)
    scene.account("cross")
    _hold(scene, case.inputs.get("cross") or {}, "cross")
    names = [f"isolated {number}" for number in range(len(case.inputs["isolated"]))]
    for name, bucket in zip(names, case.inputs["isolated"], strict=True):
        row = _perpetual(scene, case, bucket["market"])
        scene.position(row, bucket["size"], cost=negative_of(bucket["quote"]), account=name)
        scene.balance(USDC, bucket["deposit_usdc"], account=name)
    figures = _figures("cross_", "cross", level)
    if len(names) == 1:
        figures.update(_figures("isolated_", names[0], level))
    figures["cross_ok"] = SufficientFigure(level=level, accounts=("cross",))
    figures["isolated_ok"] = SufficientFigure(level=level, accounts=tuple(names))
    figures["account_ok"] = SufficientFigure(level=level, accounts=("cross", *names))
    unread = [key for key in case.expected if key not in figures]
    if unread:
        return Unsupported(reason=f"{', '.join(unread)} of several isolated positions")
    return Translation(
        recipe="drift-v2",
        scene=scene,
        figures=figures,
        overrides=_overrides(case, scene.accounts),
    )


def _level(case: Case) -> str | None:
    word = str(case.params.get("requirement", "Initial")).lower()
    return word if word in BUFFERED else None


def _figures(prefix: str, account: str, level: str) -> dict[str, Figure]:
    own = {
        f"{prefix}{key}": LevelFigure(level=level, part=part, account=account)
        for key, part in PARTS.items()
    }
    buffered = {
        f"{prefix}{key}_plus_buffer": LevelFigure(level=BUFFERED[level], part=part, account=account)
        for key, part in PARTS.items()
    }
    return {**own, **buffered}


def _market(case: Case) -> Scene:
    """Where a vector states one price of a token it is its slow price too."""
    scene = Scene()
    for token, price in case.inputs["prices"].items():
        scene.asset(token, index=price, twap=price)
    return scene


def _hold(scene: Scene, holder: Mapping[str, Any], account: str) -> None:
    scene.account(account)
    for token, amount in (holder.get("deposits") or {}).items():
        scene.balance(_known(scene, token), amount, account=account)
    for token, amount in (holder.get("borrows") or {}).items():
        scene.balance(_known(scene, token), negative_of(amount), account=account)


def _known(scene: Scene, token: str) -> str:
    """The token; one that the vector states no price of has none."""
    return token if token in scene.assets else scene.asset(token)


def _perpetual(scene: Scene, case: Case, market: str) -> str:
    mark = case.inputs["prices"].get(market)
    return scene.perpetual(_known(scene, market), quote=USDC, settle=USDC, mark=mark)


def _overrides(case: Case, accounts: Iterable[str]) -> dict[str, object]:
    params = case.params
    names = {token.lower(): token for token in case.inputs["prices"]}
    tokens = {
        names.get(key.lower(), key.upper()): table
        for key, table in params.items()
        if isinstance(table, dict)
    }
    usdc = float_of(params.get("usdc_weight", 1))
    made: dict[str, object] = {
        name: {
            USDC: usdc,
            **{token: float_of(table[name]) for token, table in tokens.items() if name in table},
        }
        for name in WEIGHTS
    }
    made["size_factor"] = {
        token: float_of(table.get("imf_factor", 0)) for token, table in tokens.items()
    }
    renamed = {
        "perp_initial_ratio": "perp_initial_ratio",
        "perp_maintenance_ratio": "perp_maintenance_ratio",
        "upnl_weight_negative": "loss_weight",
        "open_order_margin": "open_order_margin",
        "margin_buffer": "margin_buffer",
    }
    for key, ours in renamed.items():
        if key in params:
            made[ours] = float_of(params[key])
    if "user_max_margin_ratio" in params:
        ratio = float_of(params["user_max_margin_ratio"])
        made["user_ratio"] = dict.fromkeys(accounts, ratio)
    return made
