from decimal import Decimal

import pytest

from crossmargin.base.failure import InputRefused
from crossmargin.wire import units


def test_what_is_written_is_what_is_read() -> None:
    assert units.decimal_of(0.1) == Decimal("0.1")
    assert units.decimal_of("18446744073709551615") == 18446744073709551615
    assert units.float_of("0.25") == 0.25


@pytest.mark.parametrize("value", ["abc", None, True, float("nan"), "Infinity", [1]])
def test_what_is_no_number_is_refused(value: object) -> None:
    with pytest.raises(InputRefused):
        units.decimal_of(value)  # type: ignore[arg-type]


def test_smallest_units_become_coins_exactly() -> None:
    assert units.whole_coins(1_500_000, 6) == Decimal("1.5")
    assert units.whole_coins("1", 18) == Decimal("1e-18")
    assert units.whole_coins(7, -3) == 7_000


def test_shares_become_fractions() -> None:
    assert units.frac_of_ppm(387_653) == 0.387653
    assert units.frac_of_percent(91) == 0.91


def test_lots_and_position_units_become_contracts() -> None:
    assert units.coins_of_lots(-3, 0.1) == Decimal("-0.3")
    assert units.contracts_at_factor(40_000, 10.0) == 4_000


def test_days_and_seconds_are_the_same_time() -> None:
    assert units.seconds_of_days(1.5) == 129_600
    assert units.days_of_seconds(129_600) == 1.5


def test_a_multiple_of_a_price_is_a_move() -> None:
    assert units.move_of_multiple(1.18) == 0.18
    assert units.move_of_multiple(0.34) == -0.66


def test_parts_of_a_whole_become_fractions() -> None:
    assert units.share_of(1_860, 20_000.0) == 0.093
    assert [units.fraction_of(x) for x in ("+1/3", "-2", 0.25)] == [1 / 3, -2.0, 0.25]
    assert units.level_of_worst(6, 2_500) == 0.9976
    for wrong in (lambda: units.share_of(1, 0), lambda: units.fraction_of("1/0")):
        with pytest.raises(InputRefused, match="is divided by"):
            wrong()
