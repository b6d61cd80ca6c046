"""Published grids and vol shocks with other numbers and legs, against formulas written a second
time.
"""

from fractions import Fraction
from math import erf, log, sqrt
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.conformance.vectors import agrees

FEW = settings(max_examples=8, deadline=None)
RATE = st.integers(1, 50).map(lambda x: x / 100)


@FEW
@given(
    vol=st.integers(1, 300).map(lambda x: x / 100),
    days=st.sampled_from([0.5, 1, 7, 29, 30, 31, 90, 365]),
    up=RATE,
    down=RATE,
    inclusive=st.booleans(),
)
def test_vol_shocks_by_term(
    vol: float, days: float, up: float, down: float, inclusive: bool
) -> None:
    short = days <= 30 if inclusive else days < 30
    factor = (30 / days) ** (0.3 if short else 0.13)
    agrees(
        "Deribit PM",
        {
            "mark_iv": vol,
            "days_to_expiry": days,
            "volatility_range_up": up,
            "volatility_range_down": down,
            "short_term_vega_power": 0.3,
            "long_term_vega_power": 0.13,
            "min_volatility_for_shock_up": 0.5,
            "short_term_if": "days<=30" if inclusive else "days<30",
        },
        {
            "time_factor": factor,
            "vol_up": max(0.5, vol * (1 + up * factor)),
            "vol_down": max(0.0, vol * (1 - down * factor)),
        },
        1e-8,
    )


def black(kind: str, forward: float, strike: float, deviation: float) -> float:
    def chance(x: float) -> float:
        return (1 + erf(x / sqrt(2))) / 2

    if deviation == 0.0:
        return max(0.0, forward - strike if kind == "C" else strike - forward)
    up = log(forward / strike) / deviation + deviation / 2
    call = forward * chance(up) - strike * chance(up - deviation)
    return call if kind == "C" else call - forward + strike


def span(legs: list[tuple[str, float, float]], days: int, vol: float) -> dict[str, Any]:
    price, scan, points = 20_000.0, 1_500.0, 0.05
    thirds = ["0", "0", "+1/3", "+1/3", "-1/3", "-1/3", "+2/3", "+2/3", "-2/3", "-2/3"]
    multiples = [*thirds, "+1", "+1", "-1", "-1", "+2", "-2"]
    moves, shares = [1, -1] * 7 + [0, 0], [1] * 14 + [0.35, 0.35]

    def value(at: float, shocked: float) -> float:
        root = sqrt(days / 365)
        return sum(
            held * (at if kind == "F" else black(kind, at, strike, shocked * root))
            for kind, strike, held in legs
        )

    losses = [
        share * (value(price, vol) - value(price + float(Fraction(m)) * scan, vol + points * move))
        for m, move, share in zip(multiples, moves, shares, strict=True)
    ]
    options = [leg for leg in legs if leg[0] != "F"]
    worth = sum(
        held * black(kind, price, strike, vol * sqrt(days / 365)) for kind, strike, held in options
    )
    risk = max(0.0, *losses)
    return {
        "inputs": {
            "F": price,
            "T_days": days,
            "iv": vol,
            "price_scan_range": scan,
            "vol_scan_range_abs": points,
            "legs": [list(leg) for leg in legs],
            "pricing": f"Black-76, r=0, T={days}/365 in every scenario",
            "price_moves_multiples": multiples,
            "vol_moves": moves,
            "fraction": shares,
        },
        "expected": {
            "scan_risk": risk,
            "active_scenario": 1 + losses.index(max(losses)),
            "net_option_value": worth,
            "span_requirement": max(0.0, risk - worth),
        },
    }


@pytest.mark.parametrize(
    "legs",
    [
        [("C", 21_000, -1), ("P", 19_000, -1)],
        [("C", 20_000, -2), ("C", 21_000, 1), ("C", 22_000, 1)],
        [("P", 18_000, 3), ("F", 0, 1)],
        [("F", 0, -2)],
    ],
)
@pytest.mark.parametrize(("days", "vol"), [(7, 0.3), (90, 0.15)])
def test_sixteen_scenarios_of_any_legs(
    legs: list[tuple[str, float, float]], days: int, vol: float
) -> None:
    made = span(legs, days, vol)
    agrees("SPAN (NSE variant)", made["inputs"], made["expected"], 1e-4)


@pytest.mark.parametrize("held", [-1, 2.5])
@pytest.mark.parametrize(("kind", "strike"), [("C", 50_000), ("P", 40_000), ("C", 65_000)])
@pytest.mark.parametrize("days", [20, 120])
def test_the_listed_grid_of_one_option(held: float, kind: str, strike: float, days: int) -> None:
    spot, vol = 50_000.0, 0.6
    moves = [0.16, 0.12, 0.0, -0.12, -0.16]
    grid = [[m, v, 1] for m in moves for v in (0.4, -0.22)] + [[-0.66, 0.4, 0.24], [5, 0.4, 0.032]]
    factor = (30 / max(1, days)) ** (0.30 if days < 30 else 0.13)
    root = sqrt(days / 365)
    mark = black(kind, spot, strike, vol * root)
    losses = [
        -held * w * (black(kind, spot * (1 + m), strike, vol * (1 + v * factor) * root) - mark)
        for m, v, w in grid
    ]
    agrees(
        "Paradex PM (published 24-scenario grid, Deribit family)",
        {
            "spot": spot,
            "strike": strike,
            "dte": days,
            "mark_iv": vol,
            "type": kind,
            "qty": held,
            "pricing": "Black-76 on spot, r=0, T=dte/365, mark price = model price",
            "vol_rule": "iv*(1+shock*(30/max(1,dte))^(0.30 if dte<30 else 0.13))",
            "scenarios_spot_vol_weight": grid,
        },
        {
            "model_mark": mark,
            "scan_risk": max(losses),
            "worst_scenario_number": 1 + losses.index(max(losses)),
        },
        1e-4,
    )


def test_a_margin_of_stated_parts() -> None:
    parts = {"worst_case": 0.06, "roll_shock": 0.003, "delta_shock": 0, "open_orders_margin": 0.01}
    agrees(
        "Deribit PM",
        {**parts, "mmp_margin": 0.05, "mm_factor": 0.8},
        {"risk_matrix_margin": 0.063, "initial_margin": 0.123, "maintenance_margin": 0.0504},
        1e-9,
    )


def test_deltas_of_different_terms_do_not_net_when_they_roll() -> None:
    roll = {"annualised_move_risk": 0.05, "min_annualised_move": 0.005}
    agrees("Deribit PM", {"delta_coins": -0.99949, **roll}, {"roll_shock": 0.00499745}, 1e-9)
    agrees(
        "Deribit PM",
        {"deltas": [1.0, -1.0, 2.0], "days": [0, 11, 73], **roll},
        {"roll_shock": 0.005 + 0.005 + 2 * 0.05 / 5},
        1e-9,
    )


def test_a_hedge_across_stablecoins_pays_by_marginal_tiers() -> None:
    agrees(
        "OKX PM",
        {"hedge_usd": 10e6, "bounds": [1e6, 5e6, None], "rates": [0.0075, 0.0175, 0.025]},
        {"mr9": 202_500},
        1e-6,
    )


def test_legs_of_a_listed_grid_are_added_scenario_by_scenario() -> None:
    spot, vol, days = 50_000.0, 0.6, 30
    grid = [[0.16, 0.4, 1], [-0.16, 0.4, 1], [0, -0.22, 1], [2, 0.4, 0.08]]
    legs = [("C", 55_000.0, -1), ("P", 45_000.0, -2), ("perp", None, 0.5)]

    def value(kind: str, strike: float | None, price: float, shocked: float) -> float:
        if strike is None:
            return price
        return black(kind, price, strike, shocked * sqrt(days / 365))

    marks = [value(kind, strike, spot, vol) for kind, strike, _ in legs]
    losses = [
        weight
        * sum(
            held * (mark - value(kind, strike, spot * (1 + move), vol * (1 + shock)))
            for (kind, strike, held), mark in zip(legs, marks, strict=True)
        )
        for move, shock, weight in grid
    ]
    agrees(
        "Paradex PM",
        {
            "spot": spot,
            "dte": days,
            "mark_iv": vol,
            "legs": [
                {"type": "C", "strike": 55_000, "qty": -1, "dte": days, "mark_iv": vol},
                {"type": "P", "strike": 45_000, "qty": -2},
                {"kind": "perp", "qty": 0.5},
            ],
            "scenarios_spot_vol_weight": grid,
        },
        {
            "scan_risk": max(losses),
            "worst_scenario_number": 1 + losses.index(max(losses)),
            "mmr_before_fees": max(losses) / 2,
        },
        1e-4,
    )
