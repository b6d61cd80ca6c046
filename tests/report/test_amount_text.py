from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crossmargin.report.amount_text import (
    decimal_text,
    printable,
    short_amount,
    shown_amount,
    shown_frac,
    shown_move,
)


@pytest.mark.parametrize(
    ("amount", "shown"),
    [
        ("0", "0"),
        ("-0.0000001", "-1e-7"),
        ("0.00012", "0.0001"),
        ("-0.5", "-0.5000"),
        ("1234.5", "1,234.50"),
        ("-9999.99", "-9,999.99"),
        ("1234567.89", "1,234,568"),
        ("-99999999", "-99,999,999"),
        ("100000000", "100.00M"),
        ("-123456789012", "-123,456.79M"),
    ],
)
def test_an_amount_is_rounded_for_the_eye_by_its_size(amount: str, shown: str) -> None:
    assert shown_amount(Decimal(amount)) == shown


def test_an_unavailable_amount_says_so() -> None:
    assert shown_amount(None) == "n/a"
    assert shown_frac(None) == "n/a"
    assert decimal_text(None) is None


@given(
    st.decimals(
        allow_nan=False, allow_infinity=False, places=20, min_value=-(10**12), max_value=10**12
    )
)
def test_decimal_text_reads_back_exactly_and_has_no_exponent(amount: Decimal) -> None:
    shown = decimal_text(amount)
    assert shown is not None
    assert Decimal(shown) == amount
    assert "e" not in shown.lower()


@given(
    st.decimals(
        allow_nan=False, allow_infinity=False, places=12, min_value=-(10**9), max_value=10**9
    )
)
def test_rounding_for_the_eye_never_turns_a_loss_into_zero_or_a_gain(amount: Decimal) -> None:
    assert shown_amount(amount).startswith("-") == (amount < 0)


@given(st.floats(min_value=-9e14, max_value=9e14))
def test_a_short_amount_fits_its_cell(amount: float) -> None:
    assert len(short_amount(amount).lstrip("-")) <= 7


def test_a_move_shows_its_sign_and_a_decimal_only_where_there_is_one() -> None:
    assert [shown_move(move) for move in (-0.16, 0.0, 0.04, 0.125)] == [
        "-16%",
        "0%",
        "+4%",
        "+12.5%",
    ]


def test_no_control_or_direction_character_survives() -> None:
    assert printable("a\x1b[2J\u202eb\x00\u200b\ud800") == "a?[2J?b???"
    assert printable("BTC-äß 漢") == "BTC-äß 漢"
