"""SIMM and the schedule in the shapes of their vectors, against formulas written a second time."""

from itertools import product
from math import sqrt
from statistics import NormalDist
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crossmargin.conformance.verdict import Unsupported
from tests.conformance.vectors import agrees, published, verdict

FEW = settings(max_examples=10, deadline=None)
SIMM = "ISDA SIMM 2.5"
AMOUNT = st.integers(-300, 300).map(lambda x: x * 1e5)


def by_hand(
    amounts: dict[tuple[str, str, str], float],
    weight: dict[str, float],
    inside: dict[str, float],
    between: dict[str, float],
    threshold: dict[str, float],
) -> float:
    """Delta margin of {(product class, bucket, name): amount}, written as the rulebook has it."""
    total = 0.0
    for silo in sorted({(p, b == "Residual") for p, b, _ in amounts}):
        own = {k: x for k, x in amounts.items() if (k[0], k[1] == "Residual") == silo}
        sizes, sums = [], []
        buckets = sorted({b for _, b, _ in own})
        for bucket in buckets:
            rows = [x for (_, b, _), x in own.items() if b == bucket]
            crowd = [max(1.0, sqrt(abs(x) / threshold[bucket])) for x in rows]
            ws = [x * c * weight[bucket] for x, c in zip(rows, crowd, strict=True)]
            square = sum(
                a * b * (1.0 if i == j else inside[bucket] * min(c, d) / max(c, d))
                for (i, (a, c)), (j, (b, d)) in product(
                    enumerate(zip(ws, crowd, strict=True)), repeat=2
                )
            )
            size = sqrt(max(square, 0.0))
            sizes.append(size)
            sums.append(max(min(sum(ws), size), -size))
        square = sum(k * k for k in sizes) + sum(
            between["|".join(sorted((buckets[i], buckets[j])))] * sums[i] * sums[j]
            for i, j in product(range(len(buckets)), repeat=2)
            if i != j
        )
        total += sqrt(max(square, 0.0))
    return total


@FEW
@given(
    st.lists(
        st.tuples(
            st.sampled_from(["Equity", "Credit"]),
            st.sampled_from(["1", "2", "11", "Residual"]),
            st.sampled_from(["A", "B", "C"]),
            AMOUNT,
        ),
        min_size=1,
        max_size=10,
    )
)
def test_buckets_of_two_product_classes_with_a_residual(
    rows: list[tuple[str, str, str, float]],
) -> None:
    weight = {"1": 26.0, "2": 28.0, "11": 18.0, "Residual": 34.0}
    inside = {"1": 0.18, "2": 0.2, "11": 0.45, "Residual": 0.0}
    between = {"1|2": 0.2, "1|11": 0.15, "11|2": 0.18}
    threshold = {"1": 1e7, "2": 1e7, "11": 2.1e9, "Residual": 6e5}
    net: dict[tuple[str, str, str], float] = {}
    for kind, bucket, name, amount in rows:
        net[kind, bucket, name] = net.get((kind, bucket, name), 0.0) + amount
    agrees(
        SIMM,
        {
            "risk_class": "Equity",
            "sensitivities": [
                {"qualifier": name, "bucket": bucket, "amount": amount, "product_class": kind}
                for kind, bucket, name, amount in rows
            ],
            "risk_weight": weight,
            "intra_bucket_correlation": inside,
            "concentration_threshold_usd": threshold,
            "inter_bucket_correlation": between,
            "holding_period_days": 10,
        },
        {"delta_margin": by_hand(net, weight, inside, between, threshold)},
        1.0,
    )


CURRENCIES = {"EUR": "Regular", "JPY": "Regular", "TRY": "High", "BRL": "High"}
GROUP_RHO = {"Regular|Regular": 0.5, "High|Regular": 0.27, "High|High": 0.42}
NAME_RHO = {
    f"{a}|{b}": GROUP_RHO["|".join(sorted((CURRENCIES[a], CURRENCIES[b])))]
    for a in CURRENCIES
    for b in CURRENCIES
    if a < b
}
GROUP_WEIGHT = {"Regular": 7.4, "High": 13.6}


@FEW
@given(st.tuples(AMOUNT, AMOUNT, AMOUNT, AMOUNT), st.sampled_from(["name", "group", "bucket"]))
def test_currencies_stand_in_one_bucket_whatever_their_group(
    amounts: tuple[float, ...], spelt: str
) -> None:
    limit = {"EUR": 5.1e9, "JPY": 1e6, "TRY": 1.2e6, "BRL": 1e7}
    own = dict(zip(CURRENCIES, amounts, strict=True))
    crowd = {name: max(1.0, sqrt(abs(x) / limit[name])) for name, x in own.items()}
    ws = {name: own[name] * crowd[name] * GROUP_WEIGHT[CURRENCIES[name]] for name in own}
    square = sum(
        x
        * y
        * (1.0 if a == b else NAME_RHO["|".join(sorted((a, b)))])
        * min(crowd[a], crowd[b])
        / max(crowd[a], crowd[b])
        for (a, x), (b, y) in product(ws.items(), repeat=2)
    )
    rows: list[dict[str, Any]] = [
        {"qualifier": name, "bucket": "", "amount": x, "product_class": "RatesFX"}
        for name, x in own.items()
    ]
    if spelt != "name":
        for row in rows:
            row[spelt] = CURRENCIES[row["qualifier"]]
    home = {"qualifier": "USD", "bucket": "", "amount": 6.1e8, "product_class": "RatesFX"}
    by_name = {name: GROUP_WEIGHT[group] for name, group in CURRENCIES.items()}
    agrees(
        SIMM,
        {
            "risk_class": "FX",
            "sensitivities": [home, *rows],
            "risk_weight": by_name if spelt == "name" else GROUP_WEIGHT,
            "intra_bucket_correlation": NAME_RHO if spelt == "name" else GROUP_RHO,
            "concentration_threshold_usd": limit,
            "inter_bucket_correlation": {},
            "holding_period_days": 10,
        },
        {"delta_margin": sqrt(max(square, 0.0))},
        1.0,
    )


@FEW
@given(
    amount=st.integers(-50, 50).map(lambda x: x * 1e5),
    days=st.sampled_from([5, 14, 30, 365, 1825]),
    weight=st.integers(10, 70),
)
def test_one_vega_and_its_curvature(amount: float, days: int, weight: int) -> None:
    normal = NormalDist()
    sigma = weight * sqrt(365 / 14) / normal.inv_cdf(0.99)
    vega = abs(0.45 * 0.58 * sigma * amount)
    bent = 0.5 * min(1.0, 14 / days) * sigma * amount
    theta = min(0.0, 1.0 if amount > 0 else -1.0)
    scale = (normal.inv_cdf(0.995) ** 2 - 1) * (1 + theta) - theta
    curvature = max(0.0, bent + scale * abs(bent))
    agrees(
        SIMM,
        {
            "amount_vega": amount,
            "tenor_days": days,
            "risk_weight_delta": weight,
            "hvr": 0.58,
            "vega_risk_weight": 0.45,
        },
        {"total": vega + curvature, "vega_margin": vega, "curvature_margin": curvature},
        1.0,
    )


@FEW
@given(
    values=st.lists(st.integers(-900, 900), min_size=1, max_size=5),
    size=st.integers(1, 500),
    rate=st.sampled_from([0.01, 0.06, 0.15]),
)
def test_the_schedule_nets_by_replacement_cost(values: list[int], size: int, rate: float) -> None:
    gross = sum(max(each, 0) for each in values)
    ratio = max(sum(values), 0) / gross if gross else 1.0
    whole = rate * size * len(values)
    inputs = {"notionals": [size, *[-size for _ in values[1:]]], "rate": rate, "pvs": values}
    due = (0.4 + 0.6 * ratio) * whole
    agrees("Schedule IM", inputs, {"im": due, "gross_im": whole}, 1e-6)
    rule = "0.4*gross + 0.6*NGR*gross; NGR=1 when gross PV is 0"
    agrees("Schedule IM", {"gross_im": whole, "trade_pvs": values, "rule": rule}, {"im": due}, 1e-6)


def case_of(inputs: str) -> dict[str, Any]:
    return next(
        dict(case.inputs)
        for case in published("exchanges")
        if case.system == SIMM and inputs in case.inputs
    )


@pytest.mark.parametrize(
    ("key", "value", "said"),
    [
        ("risk_class", "Rates", "inputs.risk_class 'Rates'"),
        ("risk_weight", {"3": 1}, "inputs.risk_weight has no entry"),
        ("concentration_threshold_usd", {"3": 1}, "has no entry"),
        ("holding_period_weeks", 2, "inputs.holding_period_weeks"),
    ],
)
def test_sensitivities_of_another_kind_are_never_run_as_these(
    key: str, value: Any, said: str
) -> None:
    found = verdict(SIMM, {**case_of("sensitivities"), key: value}, {}, {"delta_margin": 1})
    assert isinstance(found, Unsupported)
    assert said in found.reason


@pytest.mark.parametrize("key", ["sigma", "scaling", "lambda_"])
def test_a_rule_of_vega_in_other_words_is_named(key: str) -> None:
    found = verdict(SIMM, {**case_of("amount_vega"), key: "another"}, {}, {"total": 1})
    assert isinstance(found, Unsupported)
    assert f"inputs.{key}" in found.reason


def test_a_correlation_that_is_needed_and_left_out_is_named() -> None:
    rows = [
        {"qualifier": name, "bucket": "1", "amount": 1e6, "product_class": "Equity"}
        for name in ("A", "B")
    ]
    inputs = {**case_of("sensitivities"), "sensitivities": rows, "intra_bucket_correlation": {}}
    found = verdict(SIMM, inputs, {}, {"delta_margin": 1})
    assert isinstance(found, Unsupported)
    assert "inputs.intra_bucket_correlation has no entry for 1 A and 1 B" in found.reason
