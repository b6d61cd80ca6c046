"""The past at today's volatility: written out by hand, and where it equals the plain past."""

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crossmargin.base.failure import InputRefused
from crossmargin.base.instant import NS_PER_DAY
from tests.scenario.tables import built
from tests.scenario.test_families import PROXIES, history

HEAD = f'kind="filtered"\nhorizon_days=1\n{PROXIES}\n'
TODAY = 'window_days=3\ndecay=0.9\nestimate="simple"'


def _by_hand(closes: list[float], decay: float, window: int) -> list[float]:
    moves = [after / before - 1.0 for before, after in pairwise(closes)]
    variance = [sum(m * m for m in moves[:30]) / len(moves[:30])]
    for move in moves:
        variance.append(decay * variance[-1] + (1.0 - decay) * move * move)
    scaled = [m * (variance[-1] / v) ** 0.5 for m, v in zip(moves, variance, strict=False)]
    return scaled[-window:]


CLOSES = [100.0, 110.0, 99.0, 104.0, 91.0]


def test_each_move_is_scaled_from_the_forecast_of_its_day_to_todays() -> None:
    s = built(HEAD + TODAY, assets=("BTC", "USD"), history=history(BTC=CLOSES))
    assert s.spot_move[0] == pytest.approx(_by_hand(CLOSES, 0.9, 3))
    assert not s.spot_move[1].any()
    assert s.labels[-1] == "1 d to 2020-01-05, at today's volatility"


def test_log_returns_are_scaled_as_logs_and_become_simple_moves_after() -> None:
    s = built(HEAD + TODAY.replace("simple", "log"), assets=("BTC",), history=history(BTC=CLOSES))
    logs = np.diff(np.log(CLOSES))
    variance = [np.mean(logs**2)]
    for each in logs:
        variance.append(0.9 * variance[-1] + 0.1 * each * each)
    expected = np.exp(logs * np.sqrt(variance[-1] / np.array(variance[:-1]))) - 1.0
    assert s.spot_move[0] == pytest.approx(expected[-3:])


@given(st.integers(2, 4), st.sampled_from(["simple", "log"]))
def test_today_is_never_calmer_than_the_days_of_the_floor(days: int, estimate: str) -> None:
    calm = [*CLOSES, 91.1, 91.0, 91.1, 91.0, 91.1, 91.0]
    head = HEAD + TODAY.replace("simple", estimate)
    free = built(head, assets=("BTC",), history=history(BTC=calm))
    held = built(f"{head}\nfloor_days={days}", assets=("BTC",), history=history(BTC=calm))
    # The last days are calm themselves: no floor by them alone.
    assert held.spot_move == pytest.approx(free.spot_move)
    whole = built(f"{head}\nfloor_days=3650", assets=("BTC",), history=history(BTC=calm))
    moves = np.diff(calm) / calm[:-1] if estimate == "simple" else np.diff(np.log(calm))
    variance = [np.mean(moves**2)]
    for each in moves:
        variance.append(0.9 * variance[-1] + 0.1 * each * each)
    raised = max(variance[-1], np.mean(moves**2))
    scaled = moves[-3:] * np.sqrt(raised / np.array(variance[-4:-1]))
    expected = scaled if estimate == "simple" else np.exp(scaled) - 1.0
    assert raised > variance[-1]
    assert whole.spot_move[0] == pytest.approx(expected)


def test_the_time_of_the_window_passes_where_the_table_says_so() -> None:
    two = f'kind="historical"\nhorizon_days=2\n{PROXIES}\nwindow_days=2\n'
    still = built(two, assets=("BTC",), history=history(BTC=CLOSES))
    passing = built(f"{two}time_passes=true", assets=("BTC",), history=history(BTC=CLOSES))
    assert not still.time_ns.any()
    assert (passing.time_ns == 2 * NS_PER_DAY).all()
    assert np.array_equal(passing.spot_move, still.spot_move)
    with pytest.raises(InputRefused, match="time_passes"):
        built(f'{two}time_passes="yes"', assets=("BTC",), history=history(BTC=CLOSES))


def test_two_day_moves_are_scaled_by_the_forecast_for_their_first_day() -> None:
    table = (
        f'kind="filtered"\nhorizon_days=2\n{PROXIES}\nwindow_days=2\ndecay=0.9\nestimate="simple"'
    )
    s = built(table, assets=("BTC",), history=history(BTC=CLOSES))
    moves = np.diff(CLOSES) / CLOSES[:-1]
    variance = [np.mean(moves**2)]
    for each in moves:
        variance.append(0.9 * variance[-1] + 0.1 * each * each)
    raw = np.array([CLOSES[3] / CLOSES[1], CLOSES[4] / CLOSES[2]]) - 1.0
    scale = np.sqrt(variance[-1] / np.array([variance[1], variance[2]]))
    assert s.spot_move[0] == pytest.approx(raw * scale)


@given(st.floats(0.001, 0.2), st.floats(0.5, 0.999))
@settings(max_examples=20)
def test_in_constant_volatility_the_filter_changes_nothing(size: float, decay: float) -> None:
    closes = [100.0]
    for sign in (1, -1, -1, 1, -1, 1):
        closes.append(closes[-1] * (1.0 + sign * size))
    tail = f'window_days=5\ndecay={decay}\nestimate="simple"'
    s = built(HEAD + tail, assets=("BTC",), history=history(BTC=closes))
    plain = built(
        f'kind="historical"\nhorizon_days=1\nwindow_days=5\n{PROXIES}',
        assets=("BTC",),
        history=history(BTC=closes),
    )
    assert s.spot_move == pytest.approx(plain.spot_move, rel=1e-9)


def test_a_calm_past_before_a_storm_is_never_scaled_below_nothing() -> None:
    closes = [100.0, 99.9, 100.0, 99.9, 20.0]
    for estimate in ("simple", "log"):
        tail = f'window_days=4\ndecay=0.9\nestimate="{estimate}"'
        s = built(HEAD + tail, assets=("BTC",), history=history(BTC=closes))
        assert (s.spot_move > -1.0).all()


@pytest.mark.parametrize(
    ("tail", "message"),
    [
        ('window_days=3\nestimate="log"', "decay: is needed"),
        (f'window_days=3\nestimate="log"\n{"omega=1e-4"}', "alpha: is needed"),
        (f'window_days=3\nestimate="log"\ndecay=0.9\n{"alpha=0.1"}', "does not go with alpha"),
        (f'window_days=3\nestimate="log"\n{"omega=1e-4"}\nalpha=0.3\nbeta=0.7', "no long-run"),
        (
            f'window_days=3\nestimate="log"\n{"omega={ETH=1e-4}"}\nalpha=0.1\nbeta=0.7',
            "names neither BTC",
        ),
        (f'window_days=3\nestimate="log"\n{"omega=0.0"}\nalpha=0.1\nbeta=0.7', "not within 1e-12"),
        ('window_days=3\nestimate="log"\ndecay=0.9\nvol_decay=0.9', "does not go with decay"),
        ("window_days=3\ndecay=0.9", "estimate: None is none of log, simple"),
        ('window_days=3\ndecay=1.5\nestimate="log"', "not within 0.5 to 0.9999"),
        ('window_days=3\ndecay=0.9\nestimate="log"\nseed=1', "seed: is not a key here"),
    ],
)
def test_nothing_is_assumed_that_the_table_does_not_say(tail: str, message: str) -> None:
    with pytest.raises(InputRefused, match=message):
        built(HEAD + tail, assets=("BTC",), history=history(BTC=CLOSES))


def test_a_day_that_is_missing_before_the_window_is_refused_too() -> None:
    gapped = history(BTC=[100.0, float("nan"), 99.0, 104.0, 91.0, 92.0])
    with pytest.raises(InputRefused, match="every day of the history"):
        built(HEAD + TODAY, assets=("BTC",), history=gapped)


GARCH = "omega = { BTC = 1e-4, ETH = 4e-4 }\nalpha = { BTC = 0.2, '*' = 0.1 }\nbeta = 0.7\n"


def _garch_by_hand(closes: list[float], figures: tuple[float, float, float], days: int) -> list:
    omega, alpha, beta = figures
    moves = [after / before - 1.0 for before, after in pairwise(closes)]
    variance = [omega / (1.0 - alpha - beta)]
    for move in moves:
        variance.append(omega + alpha * move * move + beta * variance[-1])
    over = []
    for v in variance:
        ahead = [v]
        while len(ahead) < days:
            ahead.append(omega + (alpha + beta) * ahead[-1])
        over.append(sum(ahead))
    raw = [closes[i + days] / closes[i] - 1.0 for i in range(len(closes) - days)]
    return [m * (over[-1] / v) ** 0.5 for m, v in zip(raw, over, strict=False)]


@pytest.mark.parametrize("days", [1, 2])
def test_a_garch_scales_each_window_by_the_forecast_for_it_whole(days: int) -> None:
    table = f'kind="filtered"\nhorizon_days={days}\nwindow_days=2\nestimate="simple"\n{PROXIES}\n'
    other = [50.0, 51.0, 60.0, 40.0, 41.0]
    s = built(table + GARCH, ("BTC", "SOL", "ETH"), history=history(BTC=CLOSES, ETH=other))
    assert s.spot_move[0] == pytest.approx(_garch_by_hand(CLOSES, (1e-4, 0.2, 0.7), days)[-2:])
    assert s.spot_move[2] == pytest.approx(_garch_by_hand(other, (4e-4, 0.1, 0.7), days)[-2:])
    # Solana has no history: it moves as its proxy does, by the proxy's parameters.
    assert s.spot_move[1].tolist() == s.spot_move[0].tolist()


def test_vol_indexes_beside_a_garch_have_a_decay_of_their_own() -> None:
    table = (
        'kind="filtered"\nhorizon_days=1\nwindow_days=2\nestimate="simple"\n'
        "omega=1e-4\nalpha=0.1\nbeta=0.7\nvol_rule={shock='relative'}\n"
    )
    past, index = history(BTC=CLOSES), history(BTC=[0.5, 0.6, 0.45, 0.9, 0.8])
    with pytest.raises(InputRefused, match="vol_decay: is needed"):
        built(table, ("BTC",), history=past, vol_history=index)
    s = built(f"{table}vol_decay=0.9", ("BTC",), history=past, vol_history=index)
    assert s.vol_move[0] == pytest.approx(_by_hand([0.5, 0.6, 0.45, 0.9, 0.8], 0.9, 2))
