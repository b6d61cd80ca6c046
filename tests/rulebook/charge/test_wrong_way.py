"""Coins of an issuer that is linked to whoever holds or keeps them give no credit."""

import math
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crossmargin.base.failure import InputRefused
from crossmargin.conformance.scene import Scene
from crossmargin.domain.asset import AssetClass
from crossmargin.rulebook.assess import assess
from crossmargin.wire.recipes import read_recipe
from tests.rulebook.tiny import GROSS, tiny

PRICE = {"FUND": 2.0, "GOOD": 1.0, "wFUND": 2.0}
ISSUER = {"FUND": "Fund Ltd", "GOOD": "Circle", "wFUND": "Bridge"}
LINKS = ("Fund Ltd/fund", "Circle/harbour")


def credit(
    held: dict[str, dict[str, float]],
    links: tuple[str, ...] = LINKS,
    *,
    owners: tuple[str, ...] | None = None,
    venue: str | None = None,
) -> list[float]:
    """Dollars of equity by account; the account's name is its owner."""
    made = Scene()
    for code, price in PRICE.items():
        wraps = "FUND" if code == "wFUND" else None
        made.asset(code, asset_class=AssetClass.STABLECOIN, wraps=wraps, index=price)
        made.assets[code] = replace(made.assets[code], issuer=ISSUER[code])
    for account, coins in held.items():
        made.account(account)
        for code, amount in coins.items():
            made.balance(code, amount, account=account)
    book, priced = made.built()
    book = replace(book, owner_ids=tuple(held) if owners is None else owners)
    if venue is not None:
        balances = replace(
            book.balances, places=(venue,), venue=np.zeros(len(book.balances.account), dtype=int)
        )
        book = replace(book, balances=balances)
    table = ", ".join(f'"{link}"' for link in links)
    equity = (
        '{ charge = "collateral", rates = "$haircut", stated = "haircut", price = "index", '
        f'debt_price = "index", wrong_way = [{table}] }}'
    )
    params = '[params.haircut]\nvalue = 0.1\nlow = 0.0\nhigh = 1.0\nsource = "illustrative"\n'
    found = assess(read_recipe(tiny(GROSS, params, equity=equity).encode()), book, priced)
    return [float(each) * 2.0**-14 for each in found.levels["maintenance"].equity]


def test_own_paper_counts_nothing_and_that_of_others_in_full() -> None:
    coins = {"FUND": 100.0, "GOOD": 50.0}
    found = credit({"fund": coins, "other": coins})
    assert found == pytest.approx([45.0, 180.0 + 45.0], abs=1e-3)


def test_what_wraps_own_paper_is_own_paper() -> None:
    found = credit({"fund": {"wFUND": 100.0}, "other": {"wFUND": 100.0}})
    assert found == pytest.approx([0.0, 180.0], abs=1e-3)


def test_a_venue_may_be_the_party() -> None:
    assert credit({"a": {"GOOD": 100.0}}, venue="harbour") == [0.0]
    assert credit({"a": {"GOOD": 100.0}}, venue="elsewhere") == pytest.approx([90.0], abs=1e-3)


def test_an_affiliate_hands_its_links_on() -> None:
    links = ("Fund Ltd/Fund LP", "Fund LP/desk", "desk/Fund LP")
    held = {"desk": {"FUND": 100.0}, "other": {"FUND": 100.0}}
    assert credit(held, links) == pytest.approx([0.0, 180.0], abs=1e-3)
    assert credit(held, links[:1]) == pytest.approx([180.0, 180.0], abs=1e-3)
    # A link is read one way: what the desk issues is no concern of the issuer's own holders.
    assert credit({"Fund Ltd": {"GOOD": 1.0}}, links) == pytest.approx([0.9], abs=1e-3)


def test_an_issuer_is_linked_to_itself() -> None:
    assert credit({"Circle": {"GOOD": 100.0}}, ("x/y",)) == [0.0]


def test_a_debt_in_own_paper_is_owed_in_full() -> None:
    assert credit({"fund": {"FUND": -10.0, "GOOD": 100.0}}) == pytest.approx([70.0], abs=1e-3)


def test_a_holder_without_a_name_may_be_linked() -> None:
    found = credit({"a": {"FUND": 1.0}, "b": {"wFUND": 1.0}}, ("Fund Ltd/fund",), owners=())
    assert [math.isnan(each) for each in found] == [True, True]
    assert credit({"a": {"FUND": 1.0}}, (), owners=()) == pytest.approx([1.8], abs=1e-3)


@given(st.integers(0, 1000), st.integers(0, 1000))
@settings(max_examples=15)
def test_a_longer_table_never_gives_more(fund: int, good: int) -> None:
    held = {"fund": {"FUND": float(fund), "GOOD": float(good)}}
    more, less = credit(held), credit(held, (*LINKS, "Circle/fund"))
    assert less[0] <= more[0] <= credit(held, ("x/y",))[0]
    assert less == [0.0]


def test_what_is_no_link_is_refused() -> None:
    with pytest.raises(InputRefused, match="'Circle' is not issuer/party"):
        credit({"a": {"GOOD": 1.0}}, ("Circle",))
