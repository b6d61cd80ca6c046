"""Crowds and depth through the cycle in a market file."""

import json

import pytest

from crossmargin.base.failure import InputRefused
from crossmargin.market.totals import MarketTotals
from crossmargin.wire.assets import bundled_registry, bundled_terms
from crossmargin.wire.bundle import read_bundled
from crossmargin.wire.market import read_market

MARKET = {
    "schema": "crossmargin/market/1",
    "as_of": "2026-08-08T00:00:00Z",
    "sequence": 1,
    "source": "test",
    "assets": [{"asset": "BTC", "index": 60000}],
}


def read(**totals: object) -> MarketTotals:
    file = {**MARKET, "totals": {"as_of": "2026-08-07T00:00:00Z", **totals}}
    data = json.dumps(file).encode()
    return read_market(data, read_bundled, bundled_registry(), bundled_terms()).snapshot.totals


def test_crowds_and_depths_are_read_with_their_owners() -> None:
    found = read(
        crowd_long={"BTC": "30000000.5"},
        crowd_short={"BTC": 0},
        owner_crowd_long={"fund/BTC": 6e6},
        owner_crowd_short={"desk/BTC": 1},
        cycle_depth={"BTC": {"value": 5e7, "source": "a month"}},
    )
    assert found.crowd_long["BTC"].value == 30_000_000.5
    assert found.crowd_short["BTC"].value == 0.0
    assert found.owner_crowd_long["fund", "BTC"].value == 6e6
    assert found.owner_crowd_short["desk", "BTC"].value == 1.0
    assert found.cycle_depth["BTC"].source.text == "a month"


@pytest.mark.parametrize(
    ("totals", "message"),
    [
        ({"crowd_long": {"BTC": -1}}, "crowd_long"),
        ({"cycle_depth": {"NONE": 1}}, "NONE is no canonical asset"),
        ({"owner_crowd_short": {"BTC": 1}}, "two names with a slash"),
        ({"owner_crowd_long": {"fund/NONE": 1}}, "NONE is no canonical asset"),
    ],
)
def test_a_crowd_that_cannot_be_is_refused(totals: dict[str, object], message: str) -> None:
    with pytest.raises(InputRefused, match=message):
        read(**totals)
