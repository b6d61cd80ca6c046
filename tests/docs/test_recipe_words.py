"""The page on recipes names every word that a recipe may write."""

from pathlib import Path

import pytest

from crossmargin.rulebook.amount import Amount
from crossmargin.rulebook.charge_names import CHARGES
from crossmargin.rulebook.context import GROUPINGS
from crossmargin.rulebook.fields import FIELDS
from crossmargin.rulebook.grammar import COMBINED, RATES
from crossmargin.rulebook.load import HEAD, OPERATIONS
from crossmargin.rulebook.parameters import INDEXES
from crossmargin.rulebook.shaping import SHAPES

PAGE = (Path(__file__).parents[2] / "docs" / "recipes.md").read_text(encoding="utf-8")
WORDS = sorted(
    {*Amount, *CHARGES, *COMBINED, *FIELDS, *GROUPINGS, *HEAD, *INDEXES, *OPERATIONS, *RATES}
    | set(SHAPES)
)


@pytest.mark.parametrize("word", [str(word) for word in WORDS])
def test_the_page_names_the_word(word: str) -> None:
    assert f"`{word}`" in PAGE or f'"{word}"' in PAGE or f"[{word}" in PAGE
