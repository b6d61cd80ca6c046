import pytest

from crossmargin.base.failure import InputRefused
from crossmargin.cli.inputs import assignments, book_and_market


def test_values_are_written_as_in_a_recipe_file() -> None:
    assert assignments(["a=0.15", "b=[1, 2.5]", "c={BTC = 0.1, ETH = 0.2}"]) == {
        "a": 0.15,
        "b": [1, 2.5],
        "c": {"BTC": 0.1, "ETH": 0.2},
    }


@pytest.mark.parametrize("pair", ["a", "=1", "a=", "a=one", "a=1\nb=2", "a={"])
def test_what_is_no_assignment_is_refused(pair: str) -> None:
    with pytest.raises(InputRefused, match="--set"):
        assignments([pair])


def test_everything_wrong_is_refused_at_once() -> None:
    with pytest.raises(InputRefused) as refused:
        assignments(["a=1", "a=2", "b", "c=x"])
    assert len(refused.value.failures) == 3


def test_standard_input_cannot_be_both() -> None:
    with pytest.raises(InputRefused, match="both"):
        book_and_market("-", "-")
