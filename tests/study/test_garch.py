"""GARCH parameters from a history: what arch fits, and what a recipe makes of it."""

import importlib.util
from dataclasses import replace

import numpy as np
import pytest
from arch import arch_model

from crossmargin.base.failure import InputRefused
from crossmargin.market.history import ReturnHistory, log_moves
from crossmargin.market.volatility import garch_variance
from crossmargin.rulebook.assess import assess
from crossmargin.scenario.filtered import Estimate
from crossmargin.study.garch import GarchFit, fit_garch
from crossmargin.wire.bundle import read_bundled
from crossmargin.wire.history import read_daily_closes
from crossmargin.wire.recipes import read_recipe
from tests.rulebook.history_scene import past, required, scene
from tests.rulebook.tiny import tiny

DAYS = 1000
FAMILY = """
[scenarios.days]
kind = "filtered"
window_days = 60
horizon_days = 1
estimate = "log"
omega = "$omega"
alpha = "$alpha"
beta = "$beta"
"""


@pytest.fixture(scope="module")
def closes() -> ReturnHistory:
    name = "package:btc_eth_daily_close_premium_2017_2026.csv"
    return read_daily_closes(read_bundled(name), "closes")


@pytest.fixture(scope="module")
def fit(closes: ReturnHistory) -> GarchFit:
    return fit_garch(closes, ["BTC"], days=DAYS, estimate=Estimate.LOG)


def test_our_recursion_has_the_conditional_vol_of_the_fitted_model(
    closes: ReturnHistory, fit: GarchFit
) -> None:
    returns = log_moves(closes, 1)[-DAYS:, :1]
    model = arch_model(100.0 * returns[:, 0], mean="Zero", vol="GARCH", p=1, q=1, rescale=False)
    fitted = model.fit(disp="off")
    figures = [np.array([own["BTC"]]) for own in (fit.omega, fit.alpha, fit.beta)]
    ours = 100.0 * np.sqrt(garch_variance(returns, *figures)[:, 0])
    # The two start differently, which is forgotten by beta a day.
    assert ours[200:-1] == pytest.approx(fitted.conditional_volatility[200:], rel=1e-9)
    ahead = float(np.sqrt(fitted.forecast(horizon=1).variance.iloc[-1, 0]))
    assert ours[-1] == pytest.approx(ahead, rel=1e-9)


def test_no_parameters_nearby_are_more_likely(closes: ReturnHistory, fit: GarchFit) -> None:
    returns = log_moves(closes, 1)[-DAYS:, :1]

    def likelihood(omega: float, alpha: float, beta: float) -> float:
        figures = [np.array([each]) for each in (omega, alpha, beta)]
        v = garch_variance(returns, *figures)[:-1, 0]
        return float(-0.5 * np.sum(np.log(2.0 * np.pi * v) + returns[:, 0] ** 2 / v))

    own = (fit.omega["BTC"], fit.alpha["BTC"], fit.beta["BTC"])
    best = likelihood(*own)
    # Up to what the first day's start says otherwise.
    assert best == pytest.approx(fit.log_likelihood["BTC"], abs=1.0)
    for place in range(3):
        for factor in (0.8, 1.2):
            other = [each * (factor if i == place else 1.0) for i, each in enumerate(own)]
            if other[1] + other[2] < 1.0:
                assert likelihood(*other) < best


def test_a_recipe_takes_what_was_fitted(closes: ReturnHistory, fit: GarchFit) -> None:
    params = "".join(
        f'[params.{name}]\nby = "asset"\nlow = 0.0\nhigh = 1.0\nsource = "a study"\n'
        for name in ("omega", "alpha", "beta")
    )
    text = tiny(
        '{ charge = "expected_shortfall", scenarios = "days", level = 0.95 }', params + FAMILY
    )
    with pytest.raises(InputRefused, match="set it to use the recipe"):
        required(text, *scene({"a": {"BTC": 1.0}}))
    # The scene has ether too, and an asset that moves needs a forecast.
    with pytest.raises(InputRefused, match="names neither ETH"):
        assess(read_recipe(text.encode(), fit.parameters), *scene({"a": {"BTC": 1.0}}))
    given = {name: {**own, "ETH": own["BTC"]} for name, own in fit.parameters.items()}
    found = assess(read_recipe(text.encode(), given), *scene({"a": {"BTC": 1.0}, "b": {}}))
    figures = [np.array([own["BTC"]]) for own in (fit.omega, fit.alpha, fit.beta)]
    logs = log_moves(past(), 1)[:, :1]
    variance = garch_variance(logs, *figures)
    scaled = np.expm1(logs * np.sqrt(variance[-1] / variance[:-1]))[-60:, 0]
    worst = np.sort(scaled)[:3]
    expected = -60_000.0 * float(worst.mean())
    asked = found.levels["maintenance"].requirement * 2.0**found.tick_exponent
    assert asked.tolist() == pytest.approx([expected, 0.0], abs=1e-3)


def test_a_history_that_cannot_be_fitted_is_refused(closes: ReturnHistory) -> None:
    with pytest.raises(InputRefused, match="no history of it"):
        fit_garch(closes, ["SOL"], days=DAYS, estimate=Estimate.LOG)
    with pytest.raises(InputRefused, match="at least 250"):
        fit_garch(closes, ["BTC"], days=100, estimate=Estimate.LOG)
    price = closes.price.copy()
    price[-5, 0] = np.nan
    with pytest.raises(InputRefused, match="without a gap"):
        fit_garch(replace(closes, price=price), ["BTC"], days=DAYS, estimate=Estimate.LOG)
    with pytest.raises(InputRefused, match="without a gap"):
        fit_garch(closes, ["BTC"], days=100_000, estimate=Estimate.SIMPLE)


def test_without_arch_the_message_says_what_to_install(
    closes: ReturnHistory, monkeypatch: pytest.MonkeyPatch
) -> None:
    known = importlib.util.find_spec
    monkeypatch.setattr(
        importlib.util, "find_spec", lambda name: None if name == "arch" else known(name)
    )
    with pytest.raises(InputRefused, match=r"pip install crossmargin\[research\]"):
        fit_garch(closes, ["BTC"], days=DAYS, estimate=Estimate.LOG)
