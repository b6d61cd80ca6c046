import numpy as np
import pytest

from crossmargin.base.failure import InputRefused
from crossmargin.base.instant import NS_PER_DAY
from crossmargin.market.history import ReturnHistory
from crossmargin.scenario.basis import basis
from crossmargin.scenario.scenario_set import VolShock
from tests.scenario.tables import built

START_NS = 1_577_836_800 * 10**9  # 2020-01-01


def history(**closes: list[float]) -> ReturnHistory:
    days = len(next(iter(closes.values())))
    return ReturnHistory(
        assets=tuple(closes),
        date_ns=START_NS + NS_PER_DAY * np.arange(days, dtype=np.int64),
        price=np.array(list(closes.values()), dtype=np.float64).T,
        source=tuple("test" for _ in closes),
    )


CLOSES = history(BTC=[100.0, 110.0, 99.0, 99.0], ETH=[10.0, 12.0, 9.0, 18.0])
DVOL = history(BTC=[0.5, 0.6, 0.45, 0.9])
PROXIES = 'proxy={stablecoin="USD", coin="BTC", liquid_staking="base", wrapped="base"}'


def test_historical_scenarios_are_joint_simple_moves_of_all_assets() -> None:
    s = built(f'kind="historical"\nwindow_days=3\nhorizon_days=1\n{PROXIES}', history=CLOSES)
    moves = dict(zip(s.assets, s.spot_move, strict=True))
    assert moves["BTC"] == pytest.approx([0.1, -0.1, 0.0])
    assert moves["ETH"] == pytest.approx([0.2, -0.25, 1.0])
    assert moves["SOL"].tolist() == moves["BTC"].tolist()
    assert moves["stETH"].tolist() == moves["ETH"].tolist()
    assert not moves["USD"].any()
    assert not moves["USDT"].any()
    assert not moves["sUSDe"].any()
    assert s.probability == pytest.approx([1 / 3] * 3)
    assert s.labels == ("1 d to 2020-01-02", "1 d to 2020-01-03", "1 d to 2020-01-04")


def test_a_longer_horizon_overlaps_and_the_newest_move_is_last() -> None:
    s = built(f'kind="historical"\nwindow_days=2\nhorizon_days=2\n{PROXIES}', history=CLOSES)
    assert s.spot_move[0] == pytest.approx([99 / 100 - 1, 99 / 110 - 1])


def test_the_vol_index_moves_on_the_same_days() -> None:
    s = built(
        f'kind="historical"\nwindow_days=2\nhorizon_days=1\n{PROXIES}\n'
        'vol_rule={shock="relative", power_short=0.3}\nvol_proxy={coin="BTC","*"="BTC",'
        'fiat="BTC"}',
        assets=("BTC", "ETH", "USD"),
        history=CLOSES,
        vol_history=DVOL,
    )
    assert s.vol_move[0] == pytest.approx([0.45 / 0.6 - 1, 1.0])
    assert s.vol_move[1].tolist() == s.vol_move[0].tolist()
    assert s.vol_rules[s.vol_rule[0]].shock is VolShock.RELATIVE


def test_an_asset_without_history_needs_a_named_proxy() -> None:
    with pytest.raises(InputRefused, match="no history of SOL"):
        built(
            'kind="historical"\nwindow_days=2\nhorizon_days=1\nproxy={"stETH"="ETH"}',
            history=CLOSES,
        )
    with pytest.raises(InputRefused, match="nor of its proxy DOGE"):
        built(
            'kind="historical"\nwindow_days=2\nhorizon_days=1\nproxy={"SOL"="DOGE"}',
            assets=("SOL",),
            history=CLOSES,
        )


def test_a_window_longer_than_the_history_is_refused() -> None:
    with pytest.raises(InputRefused, match="need more history"):
        built(f'kind="historical"\nwindow_days=4\nhorizon_days=1\n{PROXIES}', history=CLOSES)


def test_a_gap_in_the_dates_is_refused() -> None:
    dates = CLOSES.date_ns.copy()
    dates[-1] += NS_PER_DAY
    gapped = ReturnHistory(
        assets=CLOSES.assets, date_ns=dates, price=CLOSES.price.copy(), source=CLOSES.source
    )
    with pytest.raises(InputRefused, match="a day is missing before 2020-01-05"):
        built(f'kind="historical"\nwindow_days=2\nhorizon_days=1\n{PROXIES}', history=gapped)


def test_without_a_history_nothing_is_invented() -> None:
    with pytest.raises(InputRefused, match="there is no price history"):
        built(f'kind="historical"\nwindow_days=2\nhorizon_days=1\n{PROXIES}')
    with pytest.raises(InputRefused, match="history of a vol index"):
        built(
            f'kind="historical"\nwindow_days=2\nhorizon_days=1\n{PROXIES}\nvol_rule={{shock="relative"}}',
            history=CLOSES,
        )


STRESS = """
kind = "stress"
[[event]]
name = "March 2020"
price_move = { BTC = -0.528, ETH = -0.592, coin = -0.60 }
vol_move = { coin = 1.0 }
vol_rule = { shock = "relative" }
time_days = 1
[[event]]
name = "USDT at 0.87"
discount = { USDT = 0.13 }
[[event]]
name = "stETH at 0.94, ETH down"
price_move = { ETH = -0.5 }
discount = { stETH = 0.06 }
venue_move = { deribit = -0.01, "*" = 0.0 }
loss_weight = 0.5
"""


def test_named_stress_moves_what_it_names_and_nothing_else() -> None:
    s = built(STRESS)
    moves = {a: s.spot_move[i] for i, a in enumerate(s.assets)}
    assert moves["BTC"].tolist() == [-0.528, 0.0, 0.0]
    assert moves["SOL"].tolist() == [-0.60, 0.0, 0.0]
    assert moves["USDT"].tolist() == [0.0, -0.13, 0.0]
    assert moves["stETH"] == pytest.approx([-0.592, 0.0, 0.5 * 0.94 - 1])
    assert s.venue_move[:, 2].tolist() == [-0.01, 0.0]
    assert s.loss_weight.tolist() == [1.0, 1.0, 0.5]
    assert s.time_ns.tolist() == [NS_PER_DAY, 0, 0]
    assert s.vol_move[0].tolist() == [1.0, 0.0, 0.0]


def test_an_event_with_a_vol_move_must_say_how_it_acts() -> None:
    with pytest.raises(InputRefused, match="vol_move and vol_rule go together"):
        built('kind="stress"\n[[event]]\nname="x"\nvol_move={BTC=1.0}')


def test_events_have_a_probability_only_where_they_are_said_to_be_equally_likely() -> None:
    text = 'kind="stress"\nequally_likely=%s\n[[event]]\nname="x"\n[[event]]\nname="y"'
    likely = built(text % "true").probability
    assert likely is not None
    assert likely.tolist() == [0.5, 0.5]
    assert built(text % "false").probability is None
    with pytest.raises(InputRefused, match="equally_likely"):
        built(text % "1")


def test_basis_has_two_scenarios_per_venue_and_two_for_the_term() -> None:
    s = built('kind="basis"\nvenue_move="$venue_basis"\nterm_move=0.05')
    assert s.venue_move.tolist() == [
        [0.005, -0.005, 0.0, 0.0, 0.0, 0.0],
        [0.0, 0.0, 0.005, -0.005, 0.0, 0.0],
    ]
    assert s.term_move.tolist() == [0.0, 0.0, 0.0, 0.0, 0.05, -0.05]
    assert not s.spot_move.any()


def test_a_book_without_any_venue_has_one_basis_scenario_in_which_nothing_moves() -> None:
    still = basis("basis", ["USD", "BTC"], [], {})
    assert (still.labels, still.scenarios_count) == (("no derivatives",), 1)
    assert not still.spot_move.any()


def test_a_basis_table_names_every_venue() -> None:
    with pytest.raises(InputRefused, match="names neither okx"):
        built('kind="basis"\nvenue_move={deribit=0.01}')
    with pytest.raises(InputRefused, match="needs a venue_move"):
        built('kind="basis"')
