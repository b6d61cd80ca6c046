from crossmargin.conformance.scene import Scene
from crossmargin.domain.holding import Side
from tests.rulebook.scenes import amounts, assessed
from tests.rulebook.tiny import tiny

EACH = '{ charge = "order_count", each = 0.5 }'
PERPETUALS = '{ charge = "order_count", each = 0.5, select = { kind = "perpetual" } }'
PER_LISTING = '{ per = "listing", part = { charge = "order_count", each = 0.5 } }'


def orders() -> Scene:
    scene = Scene()
    row = scene.perpetual(scene.asset("SOL", index=100), mark=100)
    spot = scene.spot("SOL", mark=100)
    for account, count in (("one", 2), ("two", 0), ("three", 1)):
        scene.account(account)
        for _ in range(count):
            scene.order(row, Side.BUY, 7, account=account)
            scene.order(spot, Side.SELL, 1, account=account)
    return scene


def test_every_open_order_costs_the_same_whatever_its_size() -> None:
    assert amounts(assessed(orders(), tiny(EACH)), "maintenance", "requirement") == [2.0, 0.0, 1.0]
    assert amounts(assessed(orders(), tiny(PER_LISTING)), "maintenance", "requirement") == [
        2.0,
        0.0,
        1.0,
    ]


def test_only_orders_in_what_is_selected_count() -> None:
    found = assessed(orders(), tiny(PERPETUALS))
    assert amounts(found, "maintenance", "requirement") == [1.0, 0.0, 0.5]


def test_each_order_is_a_part_of_the_row_it_would_change() -> None:
    found = assessed(orders(), tiny(EACH))
    _, requirement = found.answers["maintenance"]
    assert requirement.outcome.parts is not None
    parts = requirement.outcome.parts.positions * 2.0**found.tick_exponent
    assert sorted(parts.tolist()) == [0.5, 0.5, 1.0, 1.0]
