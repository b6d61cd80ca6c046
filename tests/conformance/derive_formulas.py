"""Derive's three margins written once more, one position at a time, with libm: the second opinion.

Formulas of derivexyz/v2-core (PMRMLib_2, PMRMLib, StandardManager), in plain floats.
"""

import math
from collections import defaultdict
from typing import Any

SECONDS_PER_DAY = 86_400
YEAR = 365 * SECONDS_PER_DAY


def black(forward: float, strike: float, vol: float, years: float, call: bool) -> float:
    """Undiscounted."""
    deviation = vol * math.sqrt(years)
    if deviation == 0.0:
        return max(forward - strike if call else strike - forward, 0.0)
    if forward == 0.0:
        return 0.0 if call else strike
    d1 = math.log(forward / strike) / deviation + deviation / 2
    d2 = d1 - deviation
    sign = 1 if call else -1
    return sign * (forward * normal(sign * d1) - strike * normal(sign * d2))


def normal(x: float) -> float:
    return 0.5 * math.erfc(-x / math.sqrt(2))


def by_expiry(inputs: dict[str, Any]) -> list[tuple[dict[str, Any], list[dict[str, Any]]]]:
    held = defaultdict(list)
    for option in inputs["options"]:
        held[option["seconds_to_expiry"]].append(option)
    feeds = {x["seconds_to_expiry"]: x for x in inputs["expiries"]}
    return [(feeds[seconds], options) for seconds, options in held.items()]


def worth(
    expiry: dict[str, Any],
    options: list[dict[str, Any]],
    multiple: float,
    discount: float,
    vol_of: Any,
) -> float:
    years = expiry["seconds_to_expiry"] / YEAR
    forward = expiry["forward_variable_part"] * multiple + expiry["forward_fixed_part"]
    return sum(
        x["amount"] * discount * black(forward, x["strike"], vol_of(x), years, x["call"])
        for x in options
    )


def term(seconds: float, days_floor: float, short: float, long: float) -> float:
    days = max(seconds / SECONDS_PER_DAY, days_floor)
    return (30 / days) ** (short if seconds <= 30 * SECONDS_PER_DAY else long)


def naked(options: list[dict[str, Any]]) -> float:
    net: dict[float, float] = defaultdict(float)
    for x in options:
        net[x["strike"]] += x["amount"]
    return sum(max(-amount, 0.0) for amount in net.values())


def low(confidence: float, below: float, factor: float) -> float:
    return (1 - confidence) * factor if confidence < below else 0.0


def basis_loss(values: list[float], now: float, factor: float) -> float:
    return max(0.0, now - min(values)) * factor


def pmrm2(case: dict[str, Any]) -> dict[str, Any]:
    inputs, params = case["inputs"], case["params"]
    margin = params["margin"]
    basis, other = params["basiscontingency"], params["othercontingency"]
    spot, stable, perp = inputs["spot"], inputs["stable_price"], inputs["perp"]
    expiries = by_expiry(inputs)
    values = [x["amount"] * x["price"] / stable for x in inputs["collaterals"]]
    now = [
        worth(
            e,
            o,
            1.0,
            math.exp(-max(e["rate"], 0) * e["seconds_to_expiry"] / YEAR),
            lambda x: x["vol"],
        )
        for e, o in expiries
    ]
    gained = [scenario_gain(case, each, values, now) for each in params["scenarios"]]
    basis_total = 0.0
    for (e, o), before in zip(expiries, now, strict=True):
        years = e["seconds_to_expiry"] / YEAR
        discount = math.exp(-max(e["rate"], 0) * years)
        after = [
            worth(e, o, basis[key], discount, lambda x: x["vol"])
            for key in ("SCENARIO_SPOT_UP", "SCENARIO_SPOT_DOWN")
        ]
        factor = basis["BASIS_CONT_ADD_FACTOR"] + basis["BASIS_CONT_MULT_FACTOR"] * years
        basis_total += basis_loss(after, before, factor)
    perp_size = abs(perp["position"]) * spot
    own = inputs["spot_confidence"]
    manager = min(own, perp["confidence"]) if perp["position"] else own
    below, strength = other["CONF_THRESHOLD"], other["CONF_MARGIN"]
    confidence = low(manager, below, strength) * perp_size
    for e, o in expiries:
        least = min(manager, e["forward_confidence"], e["rate_confidence"], e["vol_confidence"])
        confidence += low(least, below, strength) * spot * sum(abs(x["amount"]) for x in o)
    for each, value in zip(inputs["collaterals"], values, strict=True):
        confidence += low(min(each["confidence"], own), below, strength) * value
    shorts = sum(naked(o) for _, o in expiries) * spot
    market = inputs["cash"] + sum(now) + sum(values)
    market += perp["unrealised_pnl"] + perp["unrealised_funding"]
    worst = min([-basis_total, *gained])
    factor = margin["IM_LOSS_FACTOR"]
    factor += max(0.0, other["PEG_LOSS_THRESHOLD"] - stable) * other["PEG_LOSS_FACTOR"]
    haircuts = list(zip(inputs["collaterals"], values, strict=True))
    figures = {
        "mark_to_market": market,
        "option_mtm": sum(now),
        "collateral_mtm": sum(values),
        "basis_contingency": -basis_total,
        "mm_loss_factor": margin["MM_LOSS_FACTOR"],
        "im_loss_factor": factor,
        "oracle_contingency": -confidence,
        "mm_perp_contingency": -perp_size * other["MM_PERP_PERCENT"],
        "im_perp_contingency": -perp_size * other["IM_PERP_PERCENT"],
        "mm_collateral_haircut": -sum(x["mm_haircut"] * v for x, v in haircuts),
        "im_collateral_haircut": -sum(x["im_extra_haircut"] * v for x, v in haircuts),
        "mm_option_contingency": -shorts * other["MM_OPTION_PERCENT"],
        "im_option_contingency": -shorts * other["IM_OPTION_PERCENT"],
        "scenario_pnl": gained,
    }
    static = sum(figures[f"mm_{x}"] for x in STATIC)
    extra = sum(figures[f"im_{x}"] for x in STATIC)
    figures["mm"] = market + worst * margin["MM_LOSS_FACTOR"] + static
    figures["im"] = market + worst * factor + static + extra - confidence
    return figures


STATIC = ("perp_contingency", "collateral_haircut", "option_contingency")


def scenario_gain(
    case: dict[str, Any], scenario: dict[str, Any], values: list[float], now: list[float]
) -> float:
    inputs, params = case["inputs"], case["params"]
    margin, vol = params["margin"], params["volshock"]
    multiple, perp = scenario["spot_mult"], inputs["perp"]
    gain = perp["position"] * perp["mark_price"] * (multiple - 1)
    gain += sum(
        value * (multiple - 1)
        for each, value in zip(inputs["collaterals"], values, strict=True)
        if each["risk_cancelling"]
    )
    turned = scenario["vol"] in ("linear", "abs")
    for (e, o), before in zip(by_expiry(inputs), now, strict=True):
        years, rate = e["seconds_to_expiry"] / YEAR, max(e["rate"], 0)
        long_rate = rate * margin["LONG_RATE_MULTSCALE"] + margin["LONG_RATE_ADDSCALE"]
        short_rate = rate * margin["SHORT_RATE_MULTSCALE"] + margin["SHORT_RATE_ADDSCALE"]
        claim = margin["BASE_STATIC_DISCOUNT"] * math.exp(-years * long_rate)
        debt = margin["BASE_STATIC_DISCOUNT_NEG"] * math.exp(years * short_rate)
        discount = math.exp(-rate * years)
        shock = term(
            e["seconds_to_expiry"], vol["DTE_FLOOR"], vol["SHORTTERMPOWER"], vol["LONGTERMPOWER"]
        )

        def vol_of(x: dict[str, Any], e: dict[str, Any] = e, shock: float = shock) -> float:
            return shocked_vol(params, scenario["vol"], x, e, shock)

        after = worth(e, o, 1.0 if turned else multiple, discount, vol_of)
        after *= claim if after >= 0 else min(debt, 1 / discount)
        gain += -abs(after - before) if turned else after - before
    return gain * scenario["dampening"]


def shocked_vol(
    params: dict[str, Any], word: str, option: dict[str, Any], expiry: dict[str, Any], shock: float
) -> float:
    vol, skew = params["volshock"], params["skewshock"]
    if word == "up":
        return max(vol["MIN_VOL_EVAL_SHOCKED"], option["vol"] * (1 + vol["VOLRANGEUP"] * shock))
    if word == "down":
        return option["vol"] * max(0.0, 1 - vol["VOLRANGEDOWN"] * shock)
    if word == "none":
        return option["vol"]
    root = math.sqrt(expiry["seconds_to_expiry"] / YEAR)
    name = "LINEAR" if word == "linear" else "ABS"
    cap = skew[f"{name}_SCALE_CAP"] + skew[f"{name}_CBASE"] * root
    width = root * skew["MIN_WIDTH_SCALE"]
    width *= skew["VOL_PARAM_STATIC"] + skew["VOL_PARAM_SCALE"] * root
    width = max(skew["MIN_K_STAR"], width)
    forward = expiry["forward_variable_part"] + expiry["forward_fixed_part"]
    k = math.log(option["strike"] / forward)
    k = abs(k) if word == "abs" else k
    share = min(cap, k * cap / width) if k >= 0 else max(-cap, k * cap / width)
    return option["vol"] * max(0.0, 1 + share)


def pmrm1(case: dict[str, Any]) -> dict[str, Any]:
    inputs, p = case["inputs"], case["params"]
    spot, stable, perp, base = (
        inputs["spot"],
        inputs["stable_price"],
        inputs["perp"],
        inputs["base"],
    )
    expiries = by_expiry(inputs)
    now = [worth(e, o, 1.0, 1.0, lambda x: x["vol"]) for e, o in expiries]
    gained = []
    for scenario in p["scenarios"]:
        multiple = scenario["spot_mult"]
        gain = (perp["position"] * perp["mark_price"] + base * spot / stable) * (multiple - 1)
        for (e, o), before in zip(expiries, now, strict=True):
            seconds = e["seconds_to_expiry"]
            days_floor = p["dte_floor_sec"] / SECONDS_PER_DAY
            shock = term(seconds, days_floor, p["short_term_power"], p["long_term_power"])
            times = {
                "up": 1 + p["vol_range_up"] * shock,
                "down": max(0.0, 1 - p["vol_range_down"] * shock),
                "none": 1.0,
            }[scenario["vol"]]
            after = worth(e, o, multiple, 1.0, lambda x, times=times: x["vol"] * times)
            rate = max(e["rate"], 0) * p["rate_mult"] + p["rate_add"]
            if after > 0:
                after *= p["base_static_discount"] * math.exp(-seconds / YEAR * rate)
            gain += after - before
        gained.append(gain)
    basis_total = 0.0
    for (e, o), before in zip(expiries, now, strict=True):
        after_all = [
            worth(e, o, p[key], 1.0, lambda x: x["vol"])
            for key in ("basis_spot_up", "basis_spot_down")
        ]
        factor = p["basis_add"] + p["basis_mult"] * e["seconds_to_expiry"] / YEAR
        basis_total += basis_loss(after_all, before, factor)
    static = abs(perp["position"]) * p["perp_percent"] + base * p["base_percent"]
    static += sum(naked(o) for _, o in expiries) * p["option_percent"]
    static *= spot
    own = inputs["spot_confidence"]
    manager = min(own, perp["confidence"]) if perp["position"] else own
    below, strength = p["conf_threshold"], p["conf_margin"]
    confidence = low(manager, below, strength) * (abs(perp["position"]) + base) * spot
    for e, o in expiries:
        least = min(manager, e["forward_confidence"], e["rate_confidence"], e["vol_confidence"])
        confidence += low(least, below, strength) * spot * sum(abs(x["amount"]) for x in o)
    market = inputs["cash"] + sum(now) + base * spot / stable
    market += perp["unrealised_pnl"] + perp["unrealised_funding"]
    worst = min([-basis_total, *gained]) - static
    factor = p["im_factor"] + max(0.0, p["peg_threshold"] - stable) * p["peg_factor"]
    return {
        "im": market + worst * factor - confidence,
        "mm": market + worst,
        "mark_to_market": market,
        "basis_contingency": -basis_total,
        "static_contingency": static,
        "scenario_pnl": gained,
    }


def srm(case: dict[str, Any]) -> dict[str, Any]:
    inputs, p = case["inputs"], case["params"]
    initial = maintenance = market = inputs["cash"]
    depeg = max(0.0, p["depeg_threshold"] - inputs["stable_price"]) * p["depeg_factor"]
    for each in inputs["markets"]:
        spot, conf, perp, base = (
            each["spot"],
            each["spot_confidence"],
            each["perp"],
            each["base"],
        )
        size = abs(perp["position"])
        profit = perp["unrealised_pnl"] + perp["unrealised_funding"]
        initial += profit - size * perp["mark_price"] * p["im_perp"]
        maintenance += profit - size * perp["mark_price"] * p["mm_perp"]
        worst = min(conf, perp["confidence"])
        initial -= low(worst, p["oc_perp_threshold"], p["oc_factor"]) * spot * size
        credit = base * spot * p["base_margin_factor"]
        initial += credit * p["base_im_scale"]
        maintenance += credit
        initial -= low(conf, p["oc_base_threshold"], p["oc_factor"]) * base * spot
        market += profit + base * spot / inputs["stable_price"]
        feeds = {x["seconds_to_expiry"]: x for x in each["expiries"]}
        held = defaultdict(list)
        for option in each["options"]:
            held[option["seconds_to_expiry"]].append(option)
        shorts = 0.0
        for seconds, options in held.items():
            own = sum(max(-x["amount"], 0.0) for x in options)
            shorts += own
            e = feeds[seconds]
            least = min(conf, e["forward_confidence"], e["vol_confidence"])
            initial -= low(least, p["oc_option_threshold"], p["oc_factor"]) * spot * own
            initial -= option_need(options, e, spot, p, initial=True)
            maintenance -= option_need(options, e, spot, p, initial=False)
            market += sum(x["amount"] * mark_of(x, e) for x in options)
        initial -= depeg * spot * (size + shorts)
    return {"im": initial, "mm": maintenance, "mark_to_market": market}


def mark_of(option: dict[str, Any], expiry: dict[str, Any]) -> float:
    years = option["seconds_to_expiry"] / YEAR
    return black(expiry["forward"], option["strike"], option["vol"], years, option["call"])


def option_need(
    options: list[dict[str, Any]],
    expiry: dict[str, Any],
    spot: float,
    p: dict[str, Any],
    *,
    initial: bool,
) -> float:
    """Positive: what one expiry's options need."""
    isolated = sum(isolated_need(x, expiry, spot, p, initial=initial) for x in options)
    prices = [0.0, *(x["strike"] for x in options)]
    loss = max(max(0.0, -sum(x["amount"] * payoff(x, s) for x in options)) for s in prices)
    calls = sum(x["amount"] for x in options if x["call"])
    scale = p["unpaired_im_scale"] if initial else p["unpaired_mm_scale"]
    return min(isolated, loss + scale * expiry["forward"] * max(0.0, -calls))


def payoff(option: dict[str, Any], price: float) -> float:
    away = price - option["strike"]
    return max(away if option["call"] else -away, 0.0)


def isolated_need(
    option: dict[str, Any], expiry: dict[str, Any], spot: float, p: dict[str, Any], *, initial: bool
) -> float:
    if option["amount"] >= 0:
        return 0.0
    short = -option["amount"]
    value = short * mark_of(option, expiry)
    otm = option["strike"] - spot if option["call"] else spot - option["strike"]
    multiple = max(p["max_spot_req"] - max(otm, 0.0) / spot, p["min_spot_req"])
    formula = value + short * multiple * spot
    if option["call"]:
        return formula if initial else value + short * p["mm_call_spot_req"] * spot
    least = value + max(short * p["mm_put_spot_req"] * spot, p["mm_put_mtm_req"] * value)
    return max(formula, p["mm_offset_scale"] * least) if initial else least
