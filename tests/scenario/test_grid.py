import numpy as np
import pytest

from crossmargin.base.failure import InputRefused, Reason
from crossmargin.base.instant import NS_PER_DAY
from crossmargin.scenario.scenario_set import ScenarioSet, VolShock
from tests.scenario.tables import DERIBIT, HOUSE, OKX, ONE_MOVE, PARADEX, SPAN, built


def row(scenarios: ScenarioSet, code: str) -> np.ndarray:
    return scenarios.spot_move[scenarios.assets.index(code)]


def test_a_deribit_grid_has_27_standard_and_8_extended_cells() -> None:
    s = built(DERIBIT)
    assert s.family.count("standard") == 27
    assert s.family.count("extended") == 8
    assert row(s, "BTC")[:6].tolist() == [-0.16, -0.16, -0.16, -0.12, -0.12, -0.12]
    # The published weights of the family: 16 % over the move.
    assert s.loss_weight[27:] == pytest.approx(
        [0.16 / 0.66, 0.16 / 0.33, 0.32, 0.16, 0.08, 0.16 / 3, 0.04, 0.032], rel=1e-15
    )
    assert s.damping_multiple[27:] == pytest.approx(
        [3.125, 1.0625, 2.125, 5.25, 11.5, 17.75, 24.0, 30.25]
    )
    assert not s.damping_multiple[:27].any()
    assert (s.loss_weight[:27] == 1.0).all()


def test_a_vol_move_takes_its_sign_from_the_reference() -> None:
    s = built(DERIBIT)
    assert s.vol_move[0, :3].tolist() == [-0.25, 0.0, 0.5]
    assert [s.vol_rules[k].shock for k in s.vol_rule[:3]] == [
        VolShock.RELATIVE,
        VolShock.NONE,
        VolShock.RELATIVE,
    ]
    assert s.vol_rules[s.vol_rule[2]].vol_floor == 0.5


def test_the_paradex_grid_is_the_published_list_of_24() -> None:
    up, down = 0.40, -0.22
    s = built(PARADEX)
    published = [
        (0.16, up, 1),
        *[(p, v, 1) for p in (0.12, 0.08, 0.04, 0, -0.04, -0.08, -0.12) for v in (up, down)],
        (-0.16, up, 1),
        *zip(
            (-0.66, -0.33, 0.5, 1, 2, 3, 4, 5),
            [up] * 8,
            (0.24, 0.48, 0.32, 0.16, 0.08, 0.0533, 0.04, 0.032),
            strict=True,
        ),
    ]
    cells = list(zip(row(s, "BTC"), s.vol_move[0], s.loss_weight, strict=True))
    assert cells == published


def test_the_okx_family_is_a_union_of_points_and_relative_with_an_edge_per_underlying() -> None:
    s = built(OKX)
    assert s.scenarios_count == 35
    assert row(s, "BTC")[::5] == pytest.approx([-0.12, -0.08, -0.04, 0.0, 0.04, 0.08, 0.12])
    assert row(s, "SOL")[::5] == pytest.approx([-0.18, -0.12, -0.06, 0.0, 0.06, 0.12, 0.18])
    shocks = [s.vol_rules[k].shock for k in s.vol_rule[:5]]
    assert shocks == ["points", "points", "none", "relative", "relative"]
    assert s.labels[0] == "price -1 x range, vol points down"


def test_span_has_14_scenarios_and_2_extremes_at_35_per_cent() -> None:
    s = built(SPAN)
    assert s.scenarios_count == 16
    assert s.loss_weight.tolist() == [1.0] * 14 + [0.35, 0.35]
    assert row(s, "BTC")[-2:].tolist() == [0.186, -0.186]
    assert s.vol_move[0, :4].tolist() == [0.04, -0.04, 0.04, -0.04]


def test_one_move_of_15_per_cent_is_two_scenarios() -> None:
    s = built(ONE_MOVE)
    assert s.labels == ("price -15 %, vol same", "price +15 %, vol same")


def test_a_house_grid_lets_a_day_pass_in_every_cell() -> None:
    s = built(HOUSE)
    assert s.scenarios_count == 27
    assert (s.time_ns == NS_PER_DAY).all()


def test_money_does_not_move_with_the_market_and_a_wrapper_moves_with_what_it_wraps() -> None:
    s = built(OKX)
    assert not row(s, "USD").any()
    assert not row(s, "USDT").any()
    assert not row(s, "sUSDe").any()
    assert row(s, "stETH").tolist() == row(s, "ETH").tolist()


def test_a_class_of_assets_can_be_named() -> None:
    s = built(
        'kind="grid"\nprice_move=[1.0]\nprice_edge={coin=0.2,BTC=0.1,stablecoin=0.01}\nvol=["same"]'
    )
    moves = dict(zip(s.assets, s.spot_move[:, 0].tolist(), strict=True))
    assert moves == {
        "BTC": 0.1,
        "ETH": 0.2,
        "SOL": 0.2,
        "USD": 0.0,
        "USDT": 0.01,
        "sUSDe": 0.01,
        "stETH": 0.2,
    }


def test_an_asset_of_unknown_class_is_refused_rather_than_moved_or_left() -> None:
    with pytest.raises(InputRefused, match="NEW is not named") as refused:
        built(ONE_MOVE, assets=("BTC", "NEW"))
    assert refused.value.failures[0].reason is Reason.UNKNOWN_ASSET


@pytest.mark.parametrize(
    ("table", "where"),
    [
        ('kind="grid"\nprice_move=[0.1]\nvol=["same"]\nspot=1', "scenarios.test.spot"),
        ('kind="grid"\nprice_move=[0.1]\nvol=["up"]', "scenarios.test.vol"),
        ('kind="grid"\nvol=["same"]', "scenarios.test.price_move"),
        ('kind="grid"\nprice_move=["0.1"]\nvol=["same"]', "scenarios.test.price_move[0]"),
        ('kind="grid"\nprice_move=[nan]\nvol=["same"]', "scenarios.test.price_move[0]"),
        ('kind="grid"\nprice_move=["$nothing"]\nvol=["same"]', "scenarios.test.price_move[0]"),
        (
            'kind="grid"\nprice_move=[0.1]\nvol=["same"]\nloss_weight=-0.5',
            "scenarios.test.loss_weight",
        ),
        (
            'kind="grid"\nprice_move=[0.1]\nvol=["same"]\nloss_weight=[1.0, 0.5]',
            "scenarios.test.loss_weight",
        ),
        (
            'kind="grid"\nprice_move=[0.1]\nvol=["same"]\ndampened=true',
            "scenarios.test.standard_range",
        ),
        (
            'kind="grid"\nprice_move=[0.1]\nvol=["same"]\nprice_edge={BTC=0.1}',
            "scenarios.test.price_edge",
        ),
        (
            'kind="grid"\nprice_move=[0.1]\nvol=["same"]\nprice_edge={BTX=0.1,"*"=0.1}',
            "scenarios.test.price_edge.BTX",
        ),
        (
            'kind="grid"\nprice_move=[0.1]\nvol=["x"]\nvol_move.x={shock="up",move=1}',
            "scenarios.test.vol_move.x.shock",
        ),
        (
            'kind="grid"\nprice_move=[0.1]\nvol=["x"]\nvol_move.x={shock="points"}',
            "scenarios.test.vol_move.x.move",
        ),
        ('kind="grid"\nprice_move=[-1.0]\nvol=["same"]', "scenarios.test.spot_move"),
        ('kind="matrix"', "scenarios.test.kind"),
    ],
)
def test_what_is_wrong_with_a_table_is_named_by_its_path(table: str, where: str) -> None:
    with pytest.raises(InputRefused) as refused:
        built(table)
    assert where in [failure.where for failure in refused.value.failures]


def test_everything_wrong_with_a_table_is_shown_at_once() -> None:
    with pytest.raises(InputRefused) as refused:
        built('kind="grid"\nprice_move=[true]\nvol=["up", "down"]\nwidth=3')
    assert len(refused.value.failures) == 4
