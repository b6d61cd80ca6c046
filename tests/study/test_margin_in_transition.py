"""Existing risk in steps, new risk at once: through the one path."""

from dataclasses import replace

import numpy as np
import pytest

from crossmargin.study.margin_in_transition import margin_in_transition
from crossmargin.wire.recipes import read_recipe
from tests.rulebook.history_scene import scene
from tests.rulebook.tiny import GROSS, tiny

TENTH = read_recipe(tiny().encode())
FIFTH = read_recipe(tiny(GROSS.replace("rate = 0.1", "rate = 0.2")).encode())


def test_what_was_held_rises_in_steps_and_what_was_added_pays_in_full() -> None:
    now, priced = scene(
        {
            "more": {"BTC": 3.0},
            "same": {"BTC": 2.0},
            "less": {"BTC": 1.0},
            "turned": {"BTC": -2.0},
            "new": {"BTC": 1.0},
        }
    )
    before, _ = scene(
        {"more": {"BTC": 2.0}, "same": {"BTC": 2.0}, "less": {"BTC": 2.0}, "turned": {"BTC": 2.0}}
        | {"new": {}}
    )
    before = replace(before, universe=now.universe)
    asked = np.array([12_000.0, 12_000.0, 12_000.0, 12_000.0, 0.0])
    found = margin_in_transition(
        FIFTH, now, before, asked, priced, level="maintenance", limit_frac=0.25
    )
    assert found.unlimited.tolist() == [36_000, 24_000, 12_000, 24_000, 12_000]
    # 15,000 of the 24,000 for what was held, and 12,000 for what was not.
    assert found.required.tolist() == [27_000, 15_000, 12_000, 24_000, 12_000]
    assert found.in_transition.tolist() == [9_000, 9_000, 0, 0, 0]


def test_when_parameters_stay_nothing_is_in_transition() -> None:
    now, priced = scene({"a": {"BTC": 2.0, "ETH": -5.0}})
    found = margin_in_transition(
        TENTH, now, now, np.array([13_500.0]), priced, level="maintenance", limit_frac=0.0
    )
    assert found.required.tolist() == [13_500.0]
    assert found.in_transition.tolist() == [0.0]


def test_books_over_other_instruments_are_no_before_and_after() -> None:
    now, priced = scene({"a": {"BTC": 2.0}})
    before, _ = scene({"a": {"BTC": 2.0}})
    with pytest.raises(ValueError, match="same accounts over the same universe"):
        margin_in_transition(
            TENTH, now, before, np.zeros(1), priced, level="maintenance", limit_frac=0.1
        )
