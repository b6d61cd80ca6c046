"""The readers of single values let through exact numbers and clean text, and nothing else."""

from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crossmargin.base.failure import Failure, Reason
from crossmargin.wire.number import (
    read_decimal,
    read_instant,
    read_integer,
    read_note,
    read_text,
)

CYRILLIC_BTC = "\u0412\u0422\u0421"


def _reason(outcome: object) -> Reason:
    assert isinstance(outcome, Failure)
    assert outcome.where == "here"
    return outcome.reason


@pytest.mark.parametrize(
    ("value", "reason"),
    [
        ("ten", Reason.NOT_A_NUMBER),
        ("nan", Reason.NOT_A_NUMBER),
        ("-Infinity", Reason.NOT_A_NUMBER),
        ("", Reason.NOT_A_NUMBER),
        (" 1", Reason.NOT_A_NUMBER),
        ("1 ", Reason.NOT_A_NUMBER),
        ("1\n", Reason.NOT_A_NUMBER),
        ("1,000", Reason.NOT_A_NUMBER),
        ("1_000", Reason.NOT_A_NUMBER),
        ("+1", Reason.NOT_A_NUMBER),
        ("01", Reason.NOT_A_NUMBER),
        ("1.", Reason.NOT_A_NUMBER),
        (".5", Reason.NOT_A_NUMBER),
        ("0x10", Reason.NOT_A_NUMBER),
        ("1e5", Reason.NOT_A_NUMBER),
        ("1e1000000", Reason.NOT_A_NUMBER),
        ("\u0661\u0662", Reason.LOOK_ALIKE),
        ("\uff11", Reason.LOOK_ALIKE),
        ("9" * 5000, Reason.OUT_OF_BOUNDS),
        ("0." + "1" * 40, Reason.OUT_OF_BOUNDS),
        (-(10**24), Reason.OUT_OF_BOUNDS),
        (1e300, Reason.OUT_OF_BOUNDS),
        (1e-300, Reason.OUT_OF_BOUNDS),
        (Decimal("1e1000000"), Reason.OUT_OF_BOUNDS),
        (Decimal("sNaN"), Reason.NOT_A_NUMBER),
        (float("nan"), Reason.NOT_A_NUMBER),
        (float("inf"), Reason.NOT_A_NUMBER),
        (True, Reason.WRONG_TYPE),
        (None, Reason.WRONG_TYPE),
        ([1], Reason.WRONG_TYPE),
        ({}, Reason.WRONG_TYPE),
        (b"1", Reason.WRONG_TYPE),
    ],
)
def test_what_is_not_a_plain_number_is_refused_with_its_reason(
    value: object, reason: Reason
) -> None:
    assert _reason(read_decimal(value, "here")) is reason


@given(st.decimals(min_value=-(10**20), max_value=10**20, places=12))
@settings(max_examples=60)
def test_plain_text_is_read_exactly(value: Decimal) -> None:
    assert read_decimal(format(value, "f"), "here") == value


@given(st.floats(min_value=-1e15, max_value=1e15).filter(lambda x: x == 0 or abs(x) > 1e-10))
@settings(max_examples=60)
def test_a_float_counts_as_its_shortest_decimal_form(value: float) -> None:
    exact = read_decimal(value, "here")
    assert isinstance(exact, Decimal)
    assert float(exact) == value


@given(st.text(max_size=80))
@settings(max_examples=150)
def test_any_text_is_either_an_exact_decimal_or_a_failure(text: str) -> None:
    outcome = read_decimal(text, "here")
    if isinstance(outcome, Decimal):
        assert outcome.is_finite()
        assert text.isascii()
        assert outcome == Decimal(text)
    else:
        assert outcome.where == "here"


def test_an_integer_of_5_000_digits_is_refused_without_being_printed() -> None:
    assert _reason(read_decimal(10**5000, "here")) is Reason.OUT_OF_BOUNDS


def test_negative_zero_becomes_zero() -> None:
    assert str(read_decimal("-0.00", "here")) == "0"
    assert str(read_decimal(-0.0, "here")) == "0"


def test_a_whole_number_may_be_written_with_a_point_and_a_fraction_may_not() -> None:
    assert read_integer(Decimal("3.0"), "here") == 3
    assert read_integer("-12", "here") == -12
    assert _reason(read_integer("1.5", "here")) is Reason.WRONG_TYPE
    assert _reason(read_integer("9" * 5000, "here")) is Reason.OUT_OF_BOUNDS


def test_a_letter_of_another_script_is_named_as_a_look_alike() -> None:
    outcome = read_text(CYRILLIC_BTC, "here")
    assert _reason(outcome) is Reason.LOOK_ALIKE
    assert "CYRILLIC CAPITAL LETTER VE" in str(outcome)


@pytest.mark.parametrize("text", ["", "a" * 129, "a\x00b", "a\nb", " BTC", "BTC ", "\x1b[31m"])
def test_control_characters_and_odd_lengths_are_not_identifiers(text: str) -> None:
    assert _reason(read_text(text, "here")) is Reason.OUT_OF_BOUNDS


def test_words_for_people_may_be_of_any_script_but_never_turn_the_line() -> None:
    assert read_note("Société Générale, 株式会社", "here") == "Société Générale, 株式会社"
    assert _reason(read_note("abc\u202edef", "here")) is Reason.OUT_OF_BOUNDS
    assert _reason(read_note("\ud800", "here")) is Reason.OUT_OF_BOUNDS
    assert _reason(read_note("  ", "here")) is Reason.OUT_OF_BOUNDS
    assert _reason(read_note(5, "here")) is Reason.WRONG_TYPE


def test_an_instant_needs_a_zone_and_a_plausible_year() -> None:
    assert read_instant("1970-01-02T00:00:00Z", "here") != 0
    assert read_instant("2026-08-08T08:00:00Z", "here") == 1_786_176_000 * 10**9
    assert read_instant("2026-08-08T10:00:00+02:00", "here") == 1_786_176_000 * 10**9
    assert _reason(read_instant("2026-08-08T08:00:00", "here")) is Reason.OUT_OF_BOUNDS
    assert _reason(read_instant("1970-01-02T00:00:00Z", "here")) is Reason.OUT_OF_BOUNDS
    assert _reason(read_instant("2026-02-30", "here")) is Reason.OUT_OF_BOUNDS
    assert _reason(read_instant(1_786_176_000, "here")) is Reason.WRONG_TYPE
