"""The worst fill of open orders is at least what any choice of up to twelve orders needs."""

import itertools

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.rulebook.recipes.given import GIVEN
from tests.rulebook.recipes.venue_book import assessed

LISTINGS = {
    "BTC/USD:BTC": {"mark": 50_000},
    "BTC/USDC:USDC": {"mark": 50_010},
    "BTC/USD:BTC-260327-50000-C": {"mark": 0.1, "vol": 0.6},
    "BTC/USD:BTC-260327-45000-P": {"mark": 0.05, "vol": 0.6},
}
SIZE = {"BTC/USD:BTC": 50_000}
FORWARDS = {("BTC", "2026-03-27T08:00:00Z"): 50_200}
orders = st.lists(
    st.tuples(
        st.sampled_from(sorted(LISTINGS)), st.sampled_from(["buy", "sell"]), st.integers(1, 3)
    ),
    max_size=5,
)
positions = st.dictionaries(st.sampled_from(sorted(LISTINGS)), st.integers(-3, 3), max_size=3)


def initial(
    recipe: str, held: dict[str, int], filled: list[tuple[str, str, int]], open_: bool
) -> float:
    """What the account needs to open: with the orders resting, or with them filled at the mark."""
    total = dict(held)
    if not open_:
        for name, side, contracts in filled:
            total[name] = total.get(name, 0) + (contracts if side == "buy" else -contracts)
    return assessed(
        recipe,
        "deribit",
        index={"BTC": 50_000, "USDC": 1},
        listings=LISTINGS,
        forwards=FORWARDS,
        balances={"BTC": 20, "USDC": 1_000_000},
        positions={name: n * SIZE.get(name, 1) for name, n in total.items()},
        orders=[
            {
                "listing": name,
                "side": side,
                "contracts": n * SIZE.get(name, 1),
                "limit_price": LISTINGS[name]["mark"],
            }
            for name, side, n in filled
            if open_
        ],
        overrides=GIVEN.get(recipe),
    ).requirement("initial")


@pytest.mark.parametrize(
    "recipe",
    ["deribit-cross-standard", "deribit-portfolio", "span", "okx-portfolio", "bybit-portfolio"],
)
@settings(max_examples=5)
@given(held=positions, resting=orders)
def test_no_choice_of_orders_needs_more_than_the_worst_fill(
    recipe: str, held: dict[str, int], resting: list[tuple[str, str, int]]
) -> None:
    worst = initial(recipe, held, resting, True)
    for chosen in itertools.product([False, True], repeat=len(resting)):
        filled = [order for order, taken in zip(resting, chosen, strict=True) if taken]
        # A filled option is worth its mark, which SPAN counts in the requirement.
        if recipe == "span" and any("-" in name.split(":")[1] for name, _, _ in filled):
            continue
        assert initial(recipe, held, filled, False) <= worst + 0.05


def test_of_twelve_orders_the_worst_subset_inside_the_scan_is_found_exactly() -> None:
    resting = [
        (name, side, 1 + i % 3)
        for i, (name, side) in enumerate(
            itertools.islice(itertools.cycle(itertools.product(LISTINGS, ("buy", "sell"))), 12)
        )
    ]
    words = {
        "index": {"BTC": 50_000, "USDC": 1},
        "listings": LISTINGS,
        "forwards": FORWARDS,
        "overrides": GIVEN["bybit-portfolio"],
    }
    changes = []
    for name in LISTINGS:
        book = assessed("bybit-portfolio", "deribit", positions={name: SIZE.get(name, 1)}, **words)
        context = book.columns.context
        assert context is not None
        row = context.run.universe.listing_ids.index(f"deribit:{name}")
        changes.append(context.run.scan("stress").change[row] * SIZE.get(name, 1))
    of = dict(zip(LISTINGS, changes, strict=True))
    worst = 0.0
    for chosen in itertools.product([0, 1], repeat=len(resting)):
        total = sum(
            taken * n * (1 if side == "buy" else -1) * of[name]
            for (name, side, n), taken in zip(resting, chosen, strict=True)
        )
        worst = max(worst, float(-min(total))) if any(chosen) else worst
    found = assessed(
        "bybit-portfolio",
        "deribit",
        orders=[
            {
                "listing": name,
                "side": side,
                "contracts": n * SIZE.get(name, 1),
                "limit_price": LISTINGS[name]["mark"],
            }
            for name, side, n in resting
        ],
        **words,
    )
    assert found.node("worst_loss_with_orders") / found.unit == pytest.approx(worst, abs=12)
