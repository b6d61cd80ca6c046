"""Planted defects stay where they can be planted: a list that no longer fits finds nothing."""

import pytest

from tests.simulation.mutants import MUTANTS, Mutant
from tests.style.sources import ROOT


@pytest.mark.parametrize("mutant", MUTANTS, ids=lambda mutant: mutant.says)
def test_each_defect_has_its_one_place_and_tests_that_are_there(mutant: Mutant) -> None:
    text = (ROOT / "src" / "crossmargin" / mutant.file).read_text(encoding="utf-8")
    assert text.count(mutant.old) == 1
    assert mutant.new != mutant.old
    assert all((ROOT / "tests" / name).exists() for name in mutant.first)
