"""GARCH parameters fitted to a history, to be handed to a recipe: the engine itself fits nothing.

The fit is that of the package `arch`: maximum likelihood under normal innovations around zero.
"""

import importlib
import importlib.util
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, final

import numpy as np

from crossmargin.base.failure import Failure, InputRefused, Reason
from crossmargin.market.history import ReturnHistory, log_moves, simple_moves
from crossmargin.scenario.filtered import Estimate

PERCENT = 100.0
"""The optimiser works on returns in per cent: squares of fractions are too small for its steps."""
DAYS_LEAST = 250


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class GarchFit:
    """`omega`, `alpha` and `beta` by asset, omega a variance of a day's return as a fraction; and
    the log likelihood of each fit, of returns as fractions.
    """

    omega: Mapping[str, float]
    alpha: Mapping[str, float]
    beta: Mapping[str, float]
    log_likelihood: Mapping[str, float]

    @property
    def parameters(self) -> dict[str, dict[str, float]]:
        """What a recipe with parameters of these names takes in their place."""
        return {"omega": dict(self.omega), "alpha": dict(self.alpha), "beta": dict(self.beta)}


def fit_garch(
    history: ReturnHistory, assets: Sequence[str], *, days: int, estimate: Estimate
) -> GarchFit:
    """A GARCH(1, 1) for each asset over its last `days` daily returns, log or simple as `estimate`
    says.

    `InputRefused` where `arch` is not installed, a history is missing, short or has gaps, and where
    the fit did not converge or has no long-run variance: then it is no forecast.
    """
    arch = _arch()
    returns = _returns(history, assets, days, estimate)
    fits = {}
    failures = []
    for code, own in zip(assets, returns.T, strict=True):
        model = arch.arch_model(PERCENT * own, mean="Zero", vol="GARCH", p=1, q=1, rescale=False)
        fitted = model.fit(disp="off", show_warning=False)
        omega, alpha, beta = (float(each) for each in fitted.params)
        if fitted.convergence_flag != 0 or not (omega > 0.0 and alpha + beta < 1.0):
            text = f"the fit of {code} gives no forecast: alpha and beta add up to {alpha + beta:g}"
            failures.append(Failure(Reason.OUT_OF_BOUNDS, f"garch.{code}", text))
        likelihood = float(fitted.loglikelihood) + days * float(np.log(PERCENT))
        fits[code] = (omega / PERCENT**2, alpha, beta, likelihood)
    if failures:
        raise InputRefused(failures)
    return GarchFit(
        omega={code: fit[0] for code, fit in fits.items()},
        alpha={code: fit[1] for code, fit in fits.items()},
        beta={code: fit[2] for code, fit in fits.items()},
        log_likelihood={code: fit[3] for code, fit in fits.items()},
    )


def _arch() -> Any:
    if importlib.util.find_spec("arch") is None:
        message = "fitting needs arch: pip install crossmargin[research]"
        raise InputRefused([Failure(Reason.UNSUPPORTED, "garch", message)])
    return importlib.import_module("arch")


def _returns(
    history: ReturnHistory, assets: Sequence[str], days: int, estimate: Estimate
) -> np.ndarray[tuple[int, int], np.dtype[np.float64]]:
    """(days, assets) daily returns, newest last."""
    failures = [
        Failure(Reason.MISSING_DATA, f"garch.{code}", "there is no history of it")
        for code in assets
        if code not in history.assets
    ]
    if days < DAYS_LEAST:
        text = f"{days} days are too few for three parameters: at least {DAYS_LEAST}"
        failures.append(Failure(Reason.OUT_OF_BOUNDS, "garch.days", text))
    if failures:
        raise InputRefused(failures)
    moves = (log_moves if estimate is Estimate.LOG else simple_moves)(history, 1)[-days:]
    own = moves[:, [history.assets.index(code) for code in assets]]
    if len(own) < days or not np.isfinite(own).all():
        message = f"{days} days without a gap are needed"
        raise InputRefused([Failure(Reason.MISSING_DATA, "garch.history", message)])
    return own
