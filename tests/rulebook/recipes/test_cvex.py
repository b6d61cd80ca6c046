"""CVEX on its published ratio, and by brute force over a covariance matrix."""

import math

import numpy as np
import pytest

from tests.rulebook.recipes.venue_book import Assessed, assessed

BTC, ETH = "BTC/USDC:USDC", "ETH/USDC:USDC"
FUTURE = "BTC/USDC:USDC-260327"
INDEX = {"BTC": 50_000.0, "ETH": 2_500.0, "USDC": 1.0}


def cvex(positions: dict[str, object], cash: float = 1_000.0, **figures: object) -> Assessed:
    given = {
        "alpha": {"BTC": 0.09, "ETH": 0.12},
        "beta": {"BTC/ETH": 2 * 0.7 * 0.09 * 0.12},
        "gamma": 0.0,
        "initial_factor": 1.25,
        **figures,
    }
    return assessed(
        "cvex",
        "deribit",
        index=INDEX,
        listings={
            BTC: {"mark": 50_000, "contract_size": 1},
            ETH: {"mark": 2_500, "contract_size": 1},
            FUTURE: {"mark": 50_000, "contract_size": 1},
        },
        positions=positions,
        balances={"USDC": cash},
        overrides=given,
    )


def test_the_published_margin_ratio_is_three_quarters() -> None:
    found = cvex({BTC: {"contracts": 0.2, "entry_price": 49_000}})
    assert found.equity() == pytest.approx(1_200, abs=1e-3)
    assert found.requirement() == pytest.approx(900, abs=1e-3)
    assert found.requirement() / found.equity() == pytest.approx(0.75, abs=1e-6)
    assert found.requirement("initial") == pytest.approx(1_125, abs=1e-3)


def test_a_portfolio_is_the_deviation_of_its_sum() -> None:
    found = cvex(
        {BTC: 2, FUTURE: -1, ETH: -30},
        cash=100_000,
        gamma={f"deribit:{name}": own for name, own in {BTC: 0.01, FUTURE: 0.02, ETH: 0.0}.items()},
    )
    alpha, correlation = np.array([0.09, 0.12]), np.array([[1.0, 0.7], [0.7, 1.0]])
    factors = np.zeros((5, 5))
    factors[:2, :2] = np.outer(alpha, alpha) * correlation
    factors[2:, 2:] = np.diag([0.01**2, 0.02**2, 0.0])
    held = np.array([50_000.0, -75_000.0, 100_000.0, -50_000.0, -75_000.0])
    brute = math.sqrt(sum(held[i] * held[j] * factors[i, j] for i in range(5) for j in range(5)))
    assert found.requirement() == pytest.approx(brute, abs=1e-3)
    assert found.requirement() < 0.09 * 50_000 + 0.12 * 75_000


def test_a_pair_without_a_figure_has_no_requirement() -> None:
    alone = cvex({BTC: 2}, beta={"BTC/SOL": 0.0})
    assert alone.requirement() == pytest.approx(9_000, abs=1e-3)
    assert math.isnan(cvex({BTC: 2, ETH: 1}, beta={"BTC/SOL": 0.0}).requirement())
