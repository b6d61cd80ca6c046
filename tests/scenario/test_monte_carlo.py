"""Simulated moves: what the seed may change, what it may not, and what a copula joins."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import kendalltau, norm, rankdata, spearmanr

from crossmargin.base.counter_hash import counter_hash, unit_fraction
from crossmargin.base.failure import InputRefused
from crossmargin.market.history import ReturnHistory
from crossmargin.scenario.scenario_set import ScenarioSet
from tests.scenario.tables import built
from tests.scenario.test_families import PROXIES, history

WINDOW = 200


def _past() -> ReturnHistory:
    """Two coins that mostly go together, from plain words of the counter hash."""
    draw = unit_fraction(counter_hash(5, 1, np.arange(2 * WINDOW, dtype=np.uint64))) - 0.5
    common, own = draw[:WINDOW] * 0.2, draw[WINDOW:] * 0.1
    return history(
        BTC=[100.0, *(100.0 * np.cumprod(1.0 + common))],
        ETH=[10.0, *(10.0 * np.cumprod(1.0 + 0.8 * common + own))],
    )


PAST = _past()


def simulated(
    draws: int = WINDOW,
    seed: int = 7,
    copula: str = "gaussian",
    correlation: str = "estimated",
    shrinkage: float = 0.0,
    more: str = "",
) -> ScenarioSet:
    text = (
        f'kind="monte_carlo"\nwindow_days={WINDOW}\nhorizon_days=1\n{PROXIES}\ndraws={draws}\n'
        f'seed={seed}\ncopula="{copula}"\ncorrelation="{correlation}"\nshrinkage={shrinkage}\n{more}'
    )
    return built(text, assets=("BTC", "ETH", "USD"), history=PAST)


def _past_moves() -> np.ndarray:
    return PAST.price[1:] / PAST.price[:-1] - 1.0


@given(st.integers(0, 2**53), st.sampled_from(["gaussian", "student"]))
@settings(max_examples=15, deadline=None)
def test_each_coin_keeps_the_moves_of_its_past_whatever_the_seed(seed: int, copula: str) -> None:
    more = "degrees=3" if copula == "student" else ""
    s = simulated(seed=seed, copula=copula, more=more)
    for row in range(2):
        assert np.array_equal(np.sort(s.spot_move[row]), np.sort(_past_moves()[:, row]))
    assert not s.spot_move[2].any()


def test_the_seed_stands_in_every_label_and_decides_every_draw() -> None:
    first, again, other = simulated(), simulated(), simulated(seed=8)
    assert first.labels[16] == "draw 17 of 200, seed 7"
    assert np.array_equal(first.spot_move, again.spot_move)
    assert not np.array_equal(first.spot_move, other.spot_move)


def _rank_correlation_of_the_fitted_copula() -> float:
    """Spearman's coefficient of a Gaussian copula, 6/pi asin(rho/2), with rho of normal scores."""
    scores = norm.ppf((rankdata(_past_moves(), axis=0) - 0.5) / WINDOW)
    return float(6.0 / np.pi * np.arcsin(np.corrcoef(scores.T)[0, 1] / 2.0))


def test_draws_have_the_rank_correlation_of_the_fitted_copula() -> None:
    s = simulated(draws=20_000)
    found = spearmanr(s.spot_move[0], s.spot_move[1]).statistic
    assert found == pytest.approx(_rank_correlation_of_the_fitted_copula(), abs=0.01)
    assert found == pytest.approx(spearmanr(_past_moves()).statistic, abs=0.05)


def test_correlations_of_none_one_and_the_other_sign() -> None:
    none = simulated(draws=20_000, correlation="none")
    full = simulated(draws=2_000, correlation="full")
    flipped = simulated(draws=20_000, correlation="flipped")
    past = _rank_correlation_of_the_fitted_copula()
    assert spearmanr(none.spot_move[0], none.spot_move[1]).statistic == pytest.approx(0, abs=0.03)
    assert (np.diff(full.spot_move[1][np.argsort(full.spot_move[0], kind="stable")]) >= 0).all()
    found = spearmanr(flipped.spot_move[0], flipped.spot_move[1]).statistic
    assert found == pytest.approx(-past, abs=0.03)
    shrunk = simulated(draws=20_000, shrinkage=1.0)
    assert np.array_equal(shrunk.spot_move, none.spot_move)


def test_student_draws_keep_kendalls_tau_and_bring_extremes_together() -> None:
    gauss = simulated(draws=20_000, shrinkage=0.5)
    student = simulated(draws=20_000, copula="student", shrinkage=0.5, more="degrees=2")
    taus = [kendalltau(*each.spot_move[:2]).statistic for each in (gauss, student)]
    assert taus[0] == pytest.approx(taus[1], abs=0.03)

    def both_in_the_worst_percent(s: ScenarioSet) -> float:
        worst = s.spot_move[:2] <= np.quantile(s.spot_move[:2], 0.01, axis=1)[:, None]
        return float(worst.all(axis=0).mean())

    assert both_in_the_worst_percent(student) > 1.5 * both_in_the_worst_percent(gauss)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (("seed=7\n", ""), "seed: is needed"),
        (('copula="gaussian"', 'copula="clayton"'), "none of gaussian, student"),
        (('copula="gaussian"', 'copula="student"'), "degrees: is needed"),
        (("shrinkage=0.0", "shrinkage=0.0\ndegrees=3"), "belongs to the student copula"),
        (("draws=50", "draws=2.5"), "not a whole number"),
        (('correlation="estimated"', 'correlation="half"'), "estimated, none, full, flipped"),
    ],
)
def test_nothing_of_a_simulation_is_left_to_chance(change: tuple[str, str], message: str) -> None:
    text = (
        f'kind="monte_carlo"\nwindow_days=50\nhorizon_days=1\n{PROXIES}\ndraws=50\n'
        'seed=7\ncopula="gaussian"\ncorrelation="estimated"\nshrinkage=0.0\n'
    )
    assert change[0] in text
    with pytest.raises(InputRefused, match=message):
        built(text.replace(*change), assets=("BTC",), history=PAST)
