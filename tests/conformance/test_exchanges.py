"""Worked examples of exchanges and clearing houses, and what nobody can read of them."""

import json
from dataclasses import replace
from typing import Any

import pytest

from crossmargin.conformance.case import Case, read_cases
from crossmargin.conformance.runner import report, run_cases, verdict_of
from crossmargin.conformance.verdict import Differing, Matched, Unsupported
from tests.conformance.vectors import DATA, figures_in, published, verdict


@pytest.mark.parametrize("case", published("exchanges"), ids=lambda case: case.name)
def test_a_worked_example_matches(case: Case) -> None:
    assert verdict_of(case) == Matched(figures=figures_in(case.expected))


@pytest.mark.parametrize("case", published("exchanges"), ids=lambda case: case.name)
def test_another_number_is_seen_as_a_difference(case: Case) -> None:
    more = 2 * case.tolerance + 1
    expected = {
        key: [*value[:-1], value[-1] + more] if isinstance(value, list) else value + more
        for key, value in case.expected.items()
    }
    found = verdict_of(replace(case, expected=expected))
    assert isinstance(found, Differing), found
    assert [each.figure.split("[")[0] for each in found.differences] == list(expected)


@pytest.mark.parametrize("case", published("exchanges"), ids=lambda case: case.name)
def test_a_key_that_nobody_knows_is_named_and_never_ignored(case: Case) -> None:
    for inputs, expected, name in (
        ({**case.inputs, "colour": 1}, case.expected, "inputs.colour"),
        (case.inputs, {**case.expected, "colour": 1}, "expected.colour"),
    ):
        found = verdict_of(replace(case, inputs=inputs, expected=expected))
        assert isinstance(found, Unsupported)
        assert name in found.reason


def test_a_system_that_nobody_knows_is_named_with_its_keys() -> None:
    found = verdict("Nobody", {"size": 1, "price": 2}, {}, {"im": 1})
    assert found == Unsupported(
        reason="no adapter knows the system 'Nobody'; unknown keys inputs.size, inputs.price"
    )


def test_one_file_may_hold_both_formats() -> None:
    first, second = (
        json.loads((DATA / f"{name}.json").read_bytes())[:5] for name in ("dydx", "exchanges")
    )
    found = report(run_cases(read_cases(json.dumps([*first, *second]).encode())))
    assert found["matched"] == found["run"] == 10
    assert {each["system"] for each in found["cases"]} > {"dydx-v4", "Deribit PM"}


def test_a_naked_option_without_a_type_is_read_from_the_title_or_not_at_all() -> None:
    inputs = {"S": 1095, "K": 1120, "premium": 2.5, "rate": 0.15, "min_rate": 0.1}
    found = verdict("Reg-T / Cboe 10.3", inputs, {}, {"requirement": 14_175})
    assert isinstance(found, Unsupported)
    assert "call or a put" in found.reason


@pytest.mark.parametrize(
    ("system", "inputs", "expected"),
    [
        ("dYdX v4", {"rounding": "floor", "notional_quantums": 10}, "initial_margin_quantums"),
        ("dYdX v4", {"rounding": "ceil", "open_interest_notional": 1}, "adjusted_imf_ppm"),
        ("Coinbase INTX", {"im": 0.2, "close_out_rule": "IM/2"}, "close_out"),
        ("LCH PAIRS", {"losses": "drawn at random", "n_tail": 6}, "es"),
    ],
)
def test_a_rule_in_other_words_is_never_run_as_the_known_one(
    system: str, inputs: dict[str, Any], expected: str
) -> None:
    if system == "dYdX v4":
        inputs = {"initial_margin_ppm": 1000, **inputs}
    found = verdict(system, inputs, {}, {expected: 1})
    assert isinstance(found, Unsupported), found


@pytest.mark.parametrize(
    ("name", "left_out", "said"),
    [
        ("Deribit SM", "mark_price", "inputs.price"),
        ("OKX options", "mark_coins", "inputs.mark_coins or inputs.mark"),
        ("OKX PM", "mr4_rate_perp", "inputs.mr4_rate_perp"),
        ("OKX PM", "mr6_pnl_at_24pct", "inputs.mr6_pnl_at_24pct"),
        ("Deribit PM v1", "option_rate", "inputs.option_rate"),
        ("Paradex PM", "mark_iv", "inputs.mark_iv"),
        ("Binance COIN-M", "bracket_floor_btc", "inputs.bracket_floor_btc or"),
        ("Hyperliquid", "notional", "inputs.notional"),
        ("EMIR APC", "stressed", "inputs.stressed"),
    ],
)
def test_a_figure_that_is_needed_and_left_out_is_named(name: str, left_out: str, said: str) -> None:
    case = next(each for each in published("exchanges") if each.system.startswith(name))
    inputs = {key: value for key, value in case.inputs.items() if key != left_out}
    found = verdict_of(replace(case, inputs=inputs))
    assert isinstance(found, Unsupported), found
    assert said in found.reason


@pytest.mark.parametrize(
    ("name", "key", "value"),
    [
        ("Paradex PM", "strike", -1),
        ("Paradex PM", "strike", "high"),
        ("SPAN", "T_days", 1e18),
        ("Deribit PM", "days_to_expiry", 1e18),
        ("Deribit SM", "im_base", 2),
    ],
)
def test_figures_of_no_market_are_refused(name: str, key: str, value: Any) -> None:
    case = next(each for each in published("exchanges") if each.system.startswith(name))
    found = verdict_of(replace(case, inputs={**case.inputs, key: value}))
    assert isinstance(found, Unsupported), found
    assert found.reason.startswith("refused: ")
