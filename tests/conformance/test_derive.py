import copy
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crossmargin.conformance.case import Case
from crossmargin.conformance.runner import answered, verdict_of
from crossmargin.conformance.systems import ADAPTERS
from crossmargin.conformance.translation import Translation
from crossmargin.conformance.verdict import Differing, Matched, Unsupported
from crossmargin.rulebook.assess import MarginColumns
from tests.conformance import derive_formulas
from tests.conformance.vectors import published, verdict

CASES = {case.name: case for case in (*published("derive"), *published("derive-srm"))}
FORMULAS = {
    "derive-pmrm1": derive_formulas.pmrm1,
    "derive-pmrm2": derive_formulas.pmrm2,
    "derive-srm": derive_formulas.srm,
}
CLOSE = {"rel": 1e-8, "abs": 1e-8}


def tables(name: str) -> dict[str, Any]:
    """A published vector's tables, to be changed freely."""
    case = CASES[name]
    return copy.deepcopy({"inputs": case.inputs, "params": case.params})


def second_opinion(system: str, made: dict[str, Any]) -> None:
    expected = FORMULAS[system](made)
    found = verdict(system, made["inputs"], made["params"], expected, CLOSE)
    count = sum(len(x) if isinstance(x, list) else 1 for x in expected.values())
    assert found == Matched(figures=count)


@pytest.mark.parametrize("case", CASES.values(), ids=lambda case: case.name)
def test_a_published_vector_matches_in_every_figure_that_it_states(case: Case) -> None:
    found = verdict_of(case)
    if case.system == "derive-dutch-auction":
        assert isinstance(found, Unsupported)
        assert "needs the floor action" in found.reason
    else:
        assert isinstance(found, Matched), found


@pytest.mark.parametrize("name", ["test_31_perps_basic_perp_low_confidence_2", "Test10", "Test6"])
def test_a_figure_that_is_a_little_off_is_told_with_both_numbers(name: str) -> None:
    case = CASES[name]
    expected = {**case.expected, "im": case.expected["im"] * (1 + 1e-5)}
    found = verdict(case.system, case.inputs, case.params, expected, case.tolerance)
    assert isinstance(found, Differing)
    (wrong,) = found.differences
    assert (wrong.figure, wrong.expected) == ("im", expected["im"])
    assert wrong.got == pytest.approx(case.expected["im"], rel=1e-7)


AMOUNTS = st.sampled_from([-30.0, -2.5, -1.0, -0.1, 0, 0.1, 1.0, 12.0])
CONFIDENCES = st.sampled_from([1.0, 0.95, 0.55, 0.39, 0.1])
STABLE = st.sampled_from([1.0, 0.98, 0.97, 0.5, 1.02])
SECONDS = st.sampled_from([0, 900, 86_400, 1_800_000, 2_592_000, 2_592_001, 31_536_000])
VOLS = st.floats(0.05, 3.0)
PERPETUALS = st.fixed_dictionaries(
    {
        "position": AMOUNTS,
        "mark_price": st.floats(900, 1_100),
        "confidence": CONFIDENCES,
        "unrealised_pnl": st.sampled_from([0, -321.0, 99.5]),
        "unrealised_funding": st.sampled_from([0.0, 1.25, -7.0]),
    }
)


def options_at(seconds: int) -> st.SearchStrategy[list[dict[str, Any]]]:
    option = {
        "seconds_to_expiry": st.just(seconds),
        "strike": st.sampled_from([400.0, 900.0, 1_000.0, 1_005.5, 3_000.0]),
        "call": st.booleans(),
        "amount": AMOUNTS,
        "vol": VOLS,
    }
    # One vol per strike and right: two quotes of one option would contradict each other.
    return st.lists(
        st.fixed_dictionaries(option), max_size=3, unique_by=lambda x: (x["strike"], x["call"])
    )


@st.composite
def terms(draw: st.DrawFn, feeds: dict[str, Any]) -> dict[str, Any]:
    """Up to three expiries with their options."""
    seconds = draw(st.lists(SECONDS, max_size=3, unique=True))
    return {
        "expiries": [
            {"seconds_to_expiry": s, **draw(st.fixed_dictionaries(feeds))} for s in seconds
        ],
        "options": [x for s in seconds for x in draw(options_at(s))],
    }


PORTFOLIO_FEEDS = {
    "forward_fixed_part": st.sampled_from([0.0, 0.0, 250.0]),
    "forward_variable_part": st.floats(600, 1_300),
    "forward_confidence": CONFIDENCES,
    "rate": st.sampled_from([0.0, 0.06, -0.02, 0.3]),
    "rate_confidence": CONFIDENCES,
    "vol_confidence": CONFIDENCES,
}
ACCOUNT = {
    "cash": st.sampled_from([0, -5_000.0, 12_345.67]),
    "spot": st.floats(900, 1_100),
    "spot_confidence": CONFIDENCES,
    "stable_price": STABLE,
    "perp": PERPETUALS,
}
COLLATERALS = st.lists(
    st.fixed_dictionaries(
        {
            "name": st.sampled_from(["ETH", "USDC", "LBTC"]),
            "amount": st.sampled_from([0.0, 1.0, 123.5]),
            "price": st.sampled_from([1.0, 1_000.0]),
            "confidence": CONFIDENCES,
            "risk_cancelling": st.booleans(),
            "mm_haircut": st.sampled_from([0, 0.15, 1.0]),
            "im_extra_haircut": st.sampled_from([0, 0.05]),
        }
    ),
    max_size=3,
)
SCENARIOS = st.lists(
    st.fixed_dictionaries(
        {
            "spot_mult": st.sampled_from([1, 0.34, 0.82, 1.045, 1.18, 4.0]),
            "vol": st.sampled_from(["up", "down", "none", "linear", "abs"]),
            "dampening": st.sampled_from([1, 1.0, 0.018, 5, 0.0]),
        }
    ),
    min_size=1,
    max_size=5,
)
AT_BOUNDS = {
    ("volshock", "VOLRANGEUP"): [0, 0.5, 10],
    ("volshock", "VOLRANGEDOWN"): [0, 0.275, 10],
    ("volshock", "MIN_VOL_EVAL_SHOCKED"): [0, 0.45, 20],
    ("volshock", "SHORTTERMPOWER"): [0, 0.3, 2.0],
    ("volshock", "DTE_FLOOR"): [0.01, 1.0, 45, 399],
    ("skewshock", "LINEAR_SCALE_CAP"): [0, 0.15, 10],
    ("skewshock", "ABS_SCALE_CAP"): [0, 0.15, 10],
    ("skewshock", "LINEAR_CBASE"): [-10, -0.05, 10],
    ("skewshock", "MIN_K_STAR"): [0.01, 10],
    ("skewshock", "VOL_PARAM_SCALE"): [-20, -0.1, 20],
    ("margin", "LONG_RATE_ADDSCALE"): [0, 0.08, 10],
    ("margin", "SHORT_RATE_MULTSCALE"): [0, 0.5, 10],
    ("margin", "BASE_STATIC_DISCOUNT"): [0, 0.95, 4],
    ("margin", "BASE_STATIC_DISCOUNT_NEG"): [0, 1.04, 4],
    ("basiscontingency", "SCENARIO_SPOT_UP"): [1.045, 2.999999],
    ("basiscontingency", "SCENARIO_SPOT_DOWN"): [0.05, 0.955, 0.9999],
    ("othercontingency", "PEG_LOSS_FACTOR"): [0, 2.0, 10],
    ("othercontingency", "CONF_MARGIN"): [0, 1.0, 20],
    ("othercontingency", "IM_PERP_PERCENT"): [0, 0.005, 3.0],
}


@settings(max_examples=15, deadline=None)
@given(
    account=st.fixed_dictionaries({**ACCOUNT, "collaterals": COLLATERALS}),
    held=terms(PORTFOLIO_FEEDS),
    scenarios=SCENARIOS,
    chosen=st.fixed_dictionaries({key: st.sampled_from(x) for key, x in AT_BOUNDS.items()}),
)
def test_the_second_portfolio_margin_is_that_of_plain_formulas_at_its_bounds(
    account: dict[str, Any],
    held: dict[str, Any],
    scenarios: list[dict[str, Any]],
    chosen: dict[tuple[str, str], float],
) -> None:
    params = tables("test_69_misc_change_dte_min")["params"]
    for (table, key), value in chosen.items():
        params[table][key] = value
    params["scenarios"] = scenarios
    second_opinion("derive-pmrm2", {"inputs": {**account, **held}, "params": params})


@settings(max_examples=12, deadline=None)
@given(
    account=st.fixed_dictionaries({**ACCOUNT, "base": st.sampled_from([0.0, 1.0, 50.5])}),
    held=terms(PORTFOLIO_FEEDS),
    days_floor=st.sampled_from([3_600, 86_400, 4_000_000]),
)
def test_the_first_portfolio_margin_is_that_of_plain_formulas(
    account: dict[str, Any], held: dict[str, Any], days_floor: int
) -> None:
    params = {**tables("Test10")["params"], "dte_floor_sec": days_floor}
    second_opinion("derive-pmrm1", {"inputs": {**account, **held}, "params": params})


STANDARD_FEEDS = {
    "forward": st.floats(600, 1_500),
    "forward_confidence": CONFIDENCES,
    "vol_confidence": CONFIDENCES,
}


@st.composite
def markets(draw: st.DrawFn) -> list[dict[str, Any]]:
    names = draw(st.lists(st.sampled_from(["ETH", "BTC", "SOL"]), max_size=2, unique=True))
    return [
        {
            "name": name,
            "spot": draw(st.floats(900, 1_100)),
            "spot_confidence": draw(CONFIDENCES),
            "base": draw(st.sampled_from([0.0, 3.7, 120.0])),
            "perp": draw(PERPETUALS),
            **draw(terms(STANDARD_FEEDS)),
        }
        for name in names
    ]


@settings(max_examples=15, deadline=None)
@given(
    cash=st.sampled_from([0, -5_000.0, 12_345.67]),
    stable=STABLE,
    held=markets(),
    put_share=st.sampled_from([0.0, 0.075, 0.9]),
    scale=st.sampled_from([0.5, 1.0]),
)
def test_the_standard_margin_is_that_of_plain_formulas(
    cash: float, stable: float, held: list[dict[str, Any]], put_share: float, scale: float
) -> None:
    params = {**tables("Test6")["params"], "mm_put_mtm_req": put_share, "base_im_scale": scale}
    inputs = {"cash": cash, "stable_price": stable, "markets": held}
    second_opinion("derive-srm", {"inputs": inputs, "params": params})


def test_the_smaller_of_isolated_margin_and_settlement_loss_counts_in_each_expiry() -> None:
    """A short 2000 put covered by a long 1200 put loses at most 800, and is held to 365."""
    case = CASES["test_short_put_spread_with_iso_margin"]
    assert case.expected == {"im_truncated": -365, "mm_truncated": -215}
    made = tables(case.name)
    made["inputs"]["markets"][0]["options"][0]["strike"] = 1_900.0
    second_opinion("derive-srm", made)
    assert derive_formulas.srm(made)["im"] == pytest.approx(-100.0)


def test_an_unknown_vol_shock_is_named() -> None:
    case = CASES["test_31_perps_basic_perp_low_confidence_2"]
    made = tables(case.name)
    made["params"]["scenarios"][0]["vol"] = "sideways"
    found = verdict(case.system, made["inputs"], made["params"], case.expected)
    assert found == Unsupported(reason="unknown vol shocks sideways")


def test_an_option_without_its_expiry_is_refused_with_its_path() -> None:
    case = CASES["test_69_misc_change_dte_min"]
    made = tables(case.name)
    made["inputs"]["expiries"] = []
    found = verdict(case.system, made["inputs"], made["params"], case.expected)
    assert isinstance(found, Unsupported)
    assert "inputs.options[0].seconds_to_expiry" in found.reason


def test_a_parameter_outside_its_bounds_is_refused_by_the_recipe() -> None:
    case = CASES["test_69_misc_change_dte_min"]
    made = tables(case.name)
    made["params"]["margin"]["MM_LOSS_FACTOR"] = 11.0
    found = verdict(case.system, made["inputs"], made["params"], case.expected)
    assert isinstance(found, Unsupported)
    assert "maintenance_factor" in found.reason
    assert "outside its bounds" in found.reason


def test_parts_of_every_node_add_up_to_its_amount() -> None:
    for name in ("test_36_tails_general_tail_test_2", "test_general_portfolio_pm"):
        case = CASES[name]
        columns = _answered(case)
        assert columns.context is not None
        for equity, requirement in columns.answers.values():
            for root in (equity, requirement):
                parts = root.outcome.parts
                assert parts is not None
                total = parts.positions.sum() + parts.balances.sum()
                size = abs(parts.positions).sum() + abs(parts.balances).sum()
                assert total == pytest.approx(float(root.outcome.amount[0]), abs=1e-9 * size + 64)


def _answered(case: Case) -> MarginColumns:
    translation = ADAPTERS[case.system](case)
    assert isinstance(translation, Translation)
    columns, _ = answered(translation)
    assert columns is not None
    return columns


def test_every_vector_keeps_its_address() -> None:
    assert all("derivexyz/v2-core" in case.source for case in CASES.values())
