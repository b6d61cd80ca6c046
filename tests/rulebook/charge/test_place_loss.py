"""The total loss of one place: named, the worst of all, never more than what is there."""

import math
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from crossmargin.base.failure import InputRefused
from crossmargin.domain.asset import Asset
from crossmargin.rulebook.charge.place_loss import PlaceLoss
from crossmargin.rulebook.context import Context
from crossmargin.rulebook.place import PlaceKind
from crossmargin.wire.recipes import read_recipe
from tests.rulebook.small_book import in_units, small_context
from tests.rulebook.tiny import tiny

PRICE = {"ETH": 3_000.0, "stETH": 2_990.0, "wstETH": 3_600.0, "USDT": 1.0, "USDC": 1.0}
WRAPS = {"stETH": "ETH", "wstETH": "stETH"}
ISSUER = {"stETH": "Lido", "wstETH": "Lido", "USDT": "Tether", "USDC": "Circle"}


def held(*accounts: list[dict[str, Any]], price: dict[str, float] = PRICE) -> Context:
    context = small_context(
        accounts={f"a{i}": {"balances": rows} for i, rows in enumerate(accounts)}, prices=price
    )
    facts = {
        code: replace(fact, wraps=WRAPS.get(code), issuer=ISSUER.get(code))
        for code, fact in context.run.priced.assets.items()
    }
    context.run.priced.assets = facts
    return context


def found(context: Context, *kinds: PlaceKind) -> list[tuple[float, str]]:
    """Dollars and the loss that they are, by account."""
    outcome = PlaceLoss(kinds=kinds).evaluate(context, "account")
    assert outcome.driver is not None
    names = [outcome.driver_names[i] if i >= 0 else "" for i in outcome.driver]
    return list(zip(in_units(context, outcome.amount).tolist(), names, strict=True))


def row(asset: str, amount: float, **places: Any) -> dict[str, Any]:
    known = {kind: name for kind, name in places.items() if name is not None}
    return {"asset": asset, "amount": amount, **known}


def test_the_worst_total_loss_counts_and_is_named() -> None:
    context = held(
        [
            row("USDT", 500, venue="okx"),
            row("ETH", 1, bridge="span", chain="base"),
            row("USDC", 200, bridge="span", chain="main"),
        ],
        [row("USDT", 10, venue="okx")],
        [],
    )
    assert found(context, PlaceKind.VENUE, PlaceKind.BRIDGE) == [
        (3_200.0, "loss of bridge span"),
        (10.0, "loss of venue okx"),
        (0.0, ""),
    ]
    assert found(context, PlaceKind.CHAIN)[0] == (3_000.0, "loss of chain base")


def test_a_wrapper_takes_what_wraps_it_and_not_what_it_wraps() -> None:
    context = held([row("ETH", 5), row("stETH", 1), row("wstETH", 2)], [row("wstETH", 1)])
    assert found(context, PlaceKind.WRAPPER) == [
        (2_990.0 + 7_200.0, "loss of wrapper stETH"),
        (3_600.0, "loss of wrapper stETH"),
    ]
    assert found(context, PlaceKind.ISSUER)[0] == (10_190.0, "loss of issuer Lido")


def test_debts_and_coins_that_give_no_credit_cannot_be_lost() -> None:
    context = held(
        [row("USDT", -100, venue="okx"), row("USDC", 30, venue="okx", usable=False)],
        [row("USDT", 40, venue="okx"), row("USDT", -100, venue="okx")],
    )
    assert found(context, PlaceKind.VENUE) == [(0.0, ""), (40.0, "loss of venue okx")]


def test_a_coin_without_a_price_makes_the_figure_of_its_holder_unavailable() -> None:
    context = held(
        [row("USDT", 1, venue="okx"), row("ETH", 1, venue="bybit")],
        [row("ETH", 1, venue="bybit")],
        price={**PRICE, "USDT": math.nan},
    )
    amounts = [amount for amount, _ in found(context, PlaceKind.VENUE)]
    assert math.isnan(amounts[0])
    assert amounts[1] == 3_000.0


@given(
    st.lists(
        st.tuples(
            st.sampled_from(sorted(PRICE)),
            st.integers(-20, 20),
            st.sampled_from(["a", "b", None]),
            st.sampled_from(["x", "y", None]),
        ),
        max_size=8,
    )
)
def test_it_is_the_largest_sum_over_any_place_and_at_most_all_that_is_held(rows: list[Any]) -> None:
    lines = [row(code, n, venue=venue, chain=chain) for code, n, venue, chain in rows]
    context = held(lines)
    outcome = PlaceLoss(kinds=(PlaceKind.VENUE, PlaceKind.CHAIN)).evaluate(context, "account")
    worth = [(max(n, 0) * PRICE[code], venue, chain) for code, n, venue, chain in rows]
    sums = [sum(w for w, venue, _ in worth if venue == place) for place in ("a", "b")]
    sums += [sum(w for w, _, chain in worth if chain == place) for place in ("x", "y")]
    amount = float(in_units(context, outcome.amount)[0])
    assert amount == pytest.approx(max(sums), abs=1e-3)
    assert amount <= sum(w for w, _, _ in worth) + 1e-3
    assert outcome.parts is not None
    assert outcome.parts.balances.sum() == outcome.amount[0]


def test_a_recipe_may_hold_the_loss_of_its_worst_bridge() -> None:
    text = tiny('{ charge = "place_loss", kinds = ["bridge", "issuer_family"] }')
    assert read_recipe(text.encode()).level("maintenance") is not None
    with pytest.raises(InputRefused, match="bank"):
        read_recipe(text.replace("bridge", "bank").encode())
    with pytest.raises(ValueError, match="one underlying alone"):
        PlaceLoss(kinds=(PlaceKind.VENUE,)).evaluate(held([]), "underlying")


def test_families_of_issuers_fail_together() -> None:
    context = held([row("USDT", 5), row("USDC", 7)])
    context.run.priced.assets = {
        code: replace(fact, issuer_family="group" if code in ("USDT", "USDC") else None)
        for code, fact in context.run.priced.assets.items()
    }
    assert found(context, PlaceKind.ISSUER_FAMILY, PlaceKind.ISSUER) == [
        (12.0, "loss of issuer family group")
    ]
    assert all(isinstance(fact, Asset) for fact in context.run.priced.assets.values())
    assert np.isfinite(found(context, PlaceKind.ISSUER)[0][0])
