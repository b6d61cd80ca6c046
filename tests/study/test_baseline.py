"""The back-test counts as others count: breaches of three plain models over the bundled closes."""

import numpy as np
import pytest

from crossmargin.study.baseline import run_baseline
from crossmargin.wire.bundle import read_bundled
from crossmargin.wire.history import read_global_closes

CLOSES = "package:btc_eth_daily_close_premium_2017_2026.csv"


@pytest.fixture(scope="module")
def runs() -> dict[tuple[str, str, str], object]:
    history = read_global_closes(read_bundled(CLOSES), "closes")
    return {(run.model, run.underlying, run.side): run for run in run_baseline(history)}


@pytest.mark.parametrize(
    ("model", "coin", "breaches"),
    [
        ("ewma-normal", "BTC", 50),
        ("filtered-historical", "BTC", 32),
        ("historical", "BTC", 23),
        ("ewma-normal", "ETH", 46),
        ("filtered-historical", "ETH", 33),
        ("historical", "ETH", 31),
    ],
)
def test_breaches_of_a_long_position_on_2777_days(
    runs: dict, model: str, coin: str, breaches: int
) -> None:
    run = runs[model, coin, "long"]
    assert run.coverage.days == 2777
    assert run.coverage.breaches == breaches


def test_normal_margin_fails_and_filtered_history_does_not(runs: dict) -> None:
    assert runs["ewma-normal", "BTC", "long"].coverage.kupiec_p < 0.001
    assert runs["filtered-historical", "BTC", "long"].coverage.kupiec_p > 0.3


def test_a_margin_uses_nothing_of_its_own_day(runs: dict) -> None:
    history = read_global_closes(read_bundled(CLOSES), "closes")
    price = history.price.copy()
    price[-1] *= 0.5
    changed = type(history)(
        assets=history.assets, date_ns=history.date_ns, price=price, source=history.source
    )
    for run in run_baseline(changed):
        before = runs[run.model, run.underlying, run.side]
        assert np.array_equal(run.margin_frac, before.margin_frac)
