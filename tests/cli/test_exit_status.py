from dataclasses import replace

from crossmargin.cli.exit_status import ExitStatus, figures_status, margin_status
from crossmargin.rulebook.standing import Standing
from tests.report.statements import rows_of_silos


def test_liquidatable_goes_before_unavailable_and_a_warning_is_no_failure() -> None:
    healthy, warned, liquidating, unavailable = rows_of_silos()
    assert margin_status((healthy, warned)) is ExitStatus.DONE
    assert margin_status((healthy, unavailable)) is ExitStatus.UNAVAILABLE
    assert margin_status((unavailable, liquidating, healthy)) is ExitStatus.LIQUIDATABLE
    bankrupt = replace(healthy, standing=Standing.BANKRUPT)
    assert margin_status((bankrupt,)) is ExitStatus.LIQUIDATABLE


def test_only_margin_tells_who_is_liquidatable() -> None:
    _, _, liquidating, unavailable = rows_of_silos()
    assert figures_status((liquidating,)) is ExitStatus.DONE
    assert figures_status((liquidating, unavailable)) is ExitStatus.UNAVAILABLE


def test_one_missing_figure_is_enough_to_be_unavailable() -> None:
    healthy = rows_of_silos()[0]
    lost = replace(healthy, net_liquidation_value=None)
    assert margin_status((healthy, lost)) is ExitStatus.UNAVAILABLE
    assert margin_status(()) is ExitStatus.DONE
