"""The public functions of the package."""

import json
import subprocess
import sys
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

import crossmargin
from crossmargin import api
from crossmargin.base.failure import InputRefused
from tests.rulebook.books import account, book, level, market, market_json, prepared

EXAMPLES = Path(__file__).parents[1] / "examples"
D = Decimal


def document(*accounts: dict[str, Any]) -> dict[str, Any]:
    return {
        "schema": "crossmargin/book/1",
        "entities": [{"id": "desk", "name": "A desk", "house": True}],
        "accounts": list(accounts),
    }


LONG = account("a", "bybit", {"BTC/USDT:USDT": 1}, {"USDT": 20_000}, recipe="cross-tiered")


def test_the_public_names_are_those_of_the_package() -> None:
    for name in crossmargin.__all__:
        assert getattr(crossmargin, name) is not None
    assert crossmargin.margin is api.margin
    assert dir(crossmargin) == sorted(crossmargin.__all__)
    with pytest.raises(AttributeError, match="has no attribute 'marginn'"):
        _ = crossmargin.marginn


def test_the_package_itself_imports_nothing_of_the_engine() -> None:
    code = "import sys, crossmargin; print(sorted(m for m in sys.modules if m == 'numpy'))"
    ended = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert ended.stdout.strip() == "[]"


def test_a_book_and_a_market_give_a_result() -> None:
    over = crossmargin.load_market(EXAMPLES / "market.json")
    held = crossmargin.load_book(EXAMPLES / "fund.json", over)
    result = crossmargin.margin(held, over, liquidation=False, explain=False)
    assert isinstance(result, crossmargin.Result)
    (first, *_) = result.statement.columns
    assert len(first.rows) == 9
    assert len(result.heatmaps) == 9


def test_sources_may_be_paths_bytes_or_plain_data() -> None:
    plain = document(LONG)
    as_bytes = json.dumps(plain).encode()
    expected = crossmargin.margin(plain, market_json()).statement
    for source in (as_bytes, crossmargin.load_book(plain, market()), plain):
        assert crossmargin.margin(source, market()).statement == expected


def test_a_book_needs_the_moment_that_says_what_has_expired() -> None:
    with pytest.raises(InputRefused, match="pass the market, or as_of_ns"):
        crossmargin.load_book(document(LONG))
    as_of_ns = market().snapshot.as_of_ns
    assert crossmargin.load_book(document(LONG), as_of_ns=as_of_ns).positions


def test_a_file_that_is_not_there_is_refused_by_its_path() -> None:
    with pytest.raises(InputRefused, match=r"nowhere\.json: No such file or directory"):
        crossmargin.load_market("nowhere.json")


def test_one_recipe_may_be_asked_for_and_its_parameters_set() -> None:
    found = crossmargin.margin(document(LONG), market(), recipe="net-delta", set={"move": 0.5})
    (row,) = found.statement.columns[0].rows
    assert (row.recipe, level(row, "initial").requirement) == ("net-delta", D(30_000))
    with pytest.raises(InputRefused, match="parameters are set for one recipe: name it"):
        crossmargin.margin(document(LONG), market(), set={"move": 0.5})
    with pytest.raises(InputRefused, match=r"move\.value: 2 is outside its bounds, 0 to 1"):
        crossmargin.margin(document(LONG), market(), recipe="net-delta", set={"move": 2})


def test_the_house_model_may_be_set_too_and_then_in_every_column() -> None:
    found = crossmargin.margin(
        document(LONG), market(), recipe="house", set={"maintenance_factor": 1}
    )
    for column in found.statement.columns:
        (row,) = column.rows
        assert level(row, "initial").requirement == level(row).requirement


def test_an_account_without_a_rulebook_gets_the_house_model() -> None:
    own = {key: value for key, value in LONG.items() if key != "recipe"}
    (row,) = crossmargin.margin(document(own), market()).statement.columns[0].rows
    assert row.recipe == "house"


def leveraged(**settings: str) -> dict[str, Any]:
    return {**LONG, "settings": settings}


def initial(source: dict[str, Any], **more: Any) -> Decimal | None:
    (row, *_) = crossmargin.margin(source, market(), **more).statement.columns[0].rows
    return level(row, "initial").requirement


def test_the_settings_of_an_account_are_its_values_of_the_parameters_by_account() -> None:
    assert initial(document(LONG)) == D(3_000)
    assert initial(document(leveraged(leverage="5"))) == D(12_000)
    other = {**LONG, "id": "b"}
    rows = crossmargin.margin(document(leveraged(leverage="5"), other), market()).statement
    assert [level(row, "initial").requirement for row in rows.columns[0].rows] == [12_000, 3_000]
    asked = {"recipe": "cross-tiered", "set": {"leverage": 10.0}}
    assert initial(document(leveraged(leverage="5")), **asked) == D(6_000)


def test_a_setting_that_the_rulebook_does_not_know_is_refused() -> None:
    with pytest.raises(InputRefused) as caught:
        crossmargin.margin(document(leveraged(speed="5", leverage="fast")), market())
    speed, leverage = (str(failure) for failure in caught.value.failures)
    assert speed == (
        "accounts.a.settings.speed: cross-tiered has no such parameter by account; it has leverage "
        "[unknown_field]"
    )
    assert leverage == "accounts.a.settings.leverage: 'fast' is not a number [not_a_number]"
    # Under another recipe than its own the setting is none of its business.
    assert initial(document(leveraged(speed="5")), recipe="net-delta") == D(9_000)


def test_a_setting_outside_the_bounds_is_refused() -> None:
    with pytest.raises(
        InputRefused, match=r"leverage\.value\.a: 500 is outside its bounds, 1 to 125"
    ):
        crossmargin.margin(document(leveraged(leverage="500")), market())


def test_the_same_book_under_every_recipe_is_one_row_each() -> None:
    rows = {row["recipe"]: row for row in crossmargin.compare(document(LONG), market())}
    assert set(rows) == set(crossmargin.recipe_names())
    assert {row["status"] for row in rows.values()} <= {
        "complete",
        "incomplete",
        "unavailable",
        "unsupported",
    }
    assert all(row["reason"] for row in rows.values() if row["status"] != "complete")
    house = rows["house"]
    assert house["status"] == "complete"
    # Nothing is cut from tether: what is tied up is what is needed.
    assert house["locked"] == house["requirement"]["maintenance"]


def test_a_recipe_that_refuses_a_book_is_named_and_the_others_are_not_lost() -> None:
    old = replace(market(), prices=None, vol_index=None)
    rows = crossmargin.compare(document(LONG), old, ["historical-es", "net-delta"])
    assert [row["status"] for row in rows] == ["unsupported", "complete"]
    assert "history" in rows[0]["reason"]


def test_every_input_is_in_the_hash_and_nothing_else() -> None:
    def hashed(source: dict[str, Any], over: Any = None, **more: Any) -> str:
        found = crossmargin.margin(
            source, over or market(), explain=False, liquidation=False, **more
        )
        return found.statement.inputs_hash

    prices = market().prices
    assert prices is not None
    younger = replace(prices, date_ns=prices.date_ns[1:], price=prices.price[1:])
    plain = hashed(document(LONG))
    assert plain == hashed(document({**LONG, "balances": LONG["balances"][::-1]}))
    changed = [
        hashed(document({**LONG, "id": "b"})),
        hashed(document({**LONG, "mode": "cross", "recipe": "net-delta"})),
        hashed(document(leveraged(leverage="5"))),
        hashed(document(account("a", "bybit", {"BTC/USDT:USDT": 2}, {"USDT": 20_000}))),
        hashed(document(LONG), market_json(index={"BTC": 60_001.0})),
        hashed(document(LONG), replace(market(), prices=younger)),
        hashed(document(LONG), recipe="net-delta"),
        hashed(document(LONG), recipe="net-delta", set={"move": 0.2}),
    ]
    assert len({plain, *changed}) == 1 + len(changed)
    told = {"currency": "USDT", "source": "the venue", "figures": {"equity": "1"}}
    assert plain == hashed(document({**LONG, "reported": told}))


def test_an_assumed_figure_counts_only_where_it_concerns_what_is_held() -> None:
    over = crossmargin.load_market(EXAMPLES / "market.json")
    own = document(account("a", "binance", {}, {"USDT": 1}))
    few = api.prepare(crossmargin.load_book(own, over), over).assumed
    assert {path.split(".")[1] for path, _ in few} == {"USDT"}
    fund = crossmargin.load_book(EXAMPLES / "fund.json", over)
    assert len(few) < len(api.prepare(fund, over).assumed)


def test_a_book_over_a_market_computes_nothing_yet() -> None:
    ready = prepared(book(LONG))
    assert ready.priced.priced == {}
