from dataclasses import replace
from decimal import Decimal

from crossmargin.report.totals import (
    entity_totals,
    nearest_row,
    netting_set_rows,
    silos,
    urgency,
    venue_totals,
)
from crossmargin.rulebook.standing import Standing
from tests.report.statements import level, rows_of_silos, sample_statement


def with_silos(*rows):
    statement = sample_statement()
    return replace(statement, columns=(replace(statement.columns[0], rows=rows),))


def test_a_sum_of_silos_has_a_shortfall_although_its_surplus_is_larger() -> None:
    rich, _, short, _ = rows_of_silos()
    (total,) = venue_totals(with_silos(rich, replace(short, venue=rich.venue)))
    maintenance = total.levels[1]
    assert maintenance.buffer == Decimal("342345.67") - Decimal("3500.0001")
    assert total.shortfall == Decimal("3500.0001")
    assert total.worst is Standing.LIQUIDATING
    assert total.nearest == short.account_id


def test_a_sum_with_an_unavailable_member_is_unavailable_and_never_a_part_of_it() -> None:
    rows = rows_of_silos()
    fund = next(total for total in entity_totals(with_silos(*rows)) if total.name == "example-fund")
    assert fund.net_liquidation_value is None
    assert fund.shortfall is None
    assert fund.levels[0].equity is None
    assert fund.levels[0].requirement == Decimal("221000") + Decimal("88000") + Decimal("1200")


def test_amounts_of_two_currencies_are_not_added() -> None:
    dollars, coins, _, _ = rows_of_silos()
    rows = (dollars, replace(coins, venue=dollars.venue, reporting="BTC"))
    assert [total.reporting for total in venue_totals(with_silos(*rows))] == ["USD", "BTC"]


def test_the_nearest_row_is_the_one_with_a_requirement_and_no_equity() -> None:
    rows = rows_of_silos()
    broke = replace(rows[0], account_id="broke", levels=(level("maintenance", "-1", "5"),))
    assert nearest_row((*rows, broke)) is broke
    assert urgency(broke) == float("inf")
    assert nearest_row(rows) is rows[2]
    assert nearest_row(rows[3:]) is None


def test_netting_sets_are_the_pools_of_the_third_column() -> None:
    statement = sample_statement()
    assert [row.account_id for row in netting_set_rows(statement)] == ["deribit-master-agreement"]
    assert netting_set_rows(replace(statement, columns=statement.columns[:2])) == ()
    assert silos(replace(statement, columns=())) == ()
