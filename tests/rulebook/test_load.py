"""A recipe file is read whole or refused whole, with every fault, its place and its remedy."""

import pytest

from crossmargin.base.failure import InputRefused
from crossmargin.wire.recipes import bundled_recipe, read_recipe
from tests.rulebook.tiny import GROSS, HEAD, tiny

PARAMS = """
[params]
rate = { value = 0.1, low = 0.0, high = 1.0, source = "illustrative" }
"""
RATED = GROSS.replace("0.1 }", '"$rate" }')
SCAN = '{ charge = "scan_loss", scenarios = "grid" }'
GRID = """
[scenarios.grid]
kind = "grid"
price_move = [-0.1, 0.1]
vol = ["same"]
"""


def refusal(text: str, overrides: dict[str, object] | None = None) -> list[str]:
    with pytest.raises(InputRefused) as caught:
        read_recipe(text.encode(), overrides)
    return [str(failure) for failure in caught.value.failures]


def test_a_recipe_of_one_level_is_read() -> None:
    recipe = read_recipe(tiny(RATED, PARAMS).encode())
    assert (recipe.name, recipe.liquidation_level) == ("tiny", "maintenance")
    assert recipe.terms.parameters["rate"].source == "illustrative"


FAULTS = [
    # the file itself
    ("name = ", "recipe: is not TOML"),
    (HEAD, "tiny.level: is required [missing_field]"),
    (tiny(head="color = 1"), "tiny.color: a recipe has no such table or field [unknown_field]"),
    (tiny(head="define = 3"), "tiny.define: is not a table [wrong_type]"),
    (tiny(head="scenarios = { a = 1 }"), "tiny.scenarios.a: is not a table [wrong_type]"),
    (f"{HEAD}\nlevel = {{}}", "tiny.level: a recipe has at least one level [missing_field]"),
    (
        tiny().replace("tick_exponent = -14", "tick_exponent = 0.01"),
        "tiny.tick_exponent.*: 0.01 is not a power of two between -60 and 20",
    ),
    (tiny(head="rounding_unit = -1"), "tiny.rounding_unit: -1 is not a positive decimal in quotes"),
    (tiny(head='base_value = "mid"'), "tiny.base_value: 'mid' is not mark or model"),
    (tiny(head='conversion = "spot"'), "tiny.conversion: 'spot' is not unshocked or shocked"),
    (
        tiny(head='liquidation = "end"'),
        "tiny.liquidation: 'end' is no level; there are maintenance",
    ),
    (tiny(head="fields = [1]"), "tiny.fields: is a list of names of market figures"),
    (tiny(head='fields = ["notional"]'), "tiny.fields: notional is a field already [duplicate]"),
    # levels and nodes
    (
        f"{HEAD}\n[level.maintenance]\nequity = {{ charge = 'cash' }}",
        "tiny.level.maintenance: a level has two trees, equity and requirement, and nothing else",
    ),
    (tiny("7"), "tiny.level.maintenance.requirement: 7 is not a table [wrong_type]"),
    (
        tiny('{ op = "mean", parts = [] }'),
        "tiny.level.maintenance.requirement.op: a node has ref, charge, per or op; op is 'mean'",
    ),
    (tiny('{ op = "sum" }'), "tiny.level.maintenance.requirement.parts: is required"),
    (
        tiny('{ op = "sum", parts = [] }'),
        "tiny.level.maintenance.requirement.parts: is not a list of nodes",
    ),
    (
        tiny(f'{{ op = "scale", part = {GROSS}, factor = 2, by = "listing" }}'),
        "tiny.level.maintenance.requirement.by: scale has part, factor [unknown_field]",
    ),
    (
        tiny('{ ref = "worst" }'),
        "tiny.level.maintenance.requirement: no node is defined as 'worst'; there are none",
    ),
    (
        tiny(
            '{ ref = "a" }',
            '[define.a]\nop = "sum"\nparts = [{ ref = "b" }]\n'
            '[define.b]\nop = "sum"\nparts = [{ ref = "a" }]',
        ),
        "tiny.define.b.parts[0]: refers to itself: a -> b -> a [cycle]",
    ),
    (
        tiny(GROSS, f"[define.spare]\nop = 'sum'\nparts = [{GROSS}]"),
        "tiny.define.spare: no level and no node refers to it [contradiction]",
    ),
    # charges
    (
        tiny('{ charge = "exposures" }'),
        "tiny.level.maintenance.requirement.charge: 'exposures' is no charge; there are ",
    ),
    (
        tiny(GROSS.replace("rate = 0.1", "factor = 0.1")),
        "tiny.level.maintenance.requirement.factor: no such field; this table has amount, by, of",
    ),
    (
        tiny(GROSS.replace("rate = 0.1", "factor = 0.1")),
        "tiny.level.maintenance.requirement.rate: is required [missing_field]",
    ),
    (
        tiny(GROSS.replace('"gross"', '"total"')),
        "tiny.level.maintenance.requirement.amount: 'total' is not net or abs_net or net_long",
    ),
    (
        tiny(GROSS.replace('of = "notional"', 'of = "size"')),
        "tiny.requirement: no of is called 'size'; there are adv, coins",
    ),
    (
        tiny(GROSS.replace('by = "listing"', 'by = "desk"')),
        "tiny.requirement: no by is called 'desk'; there are account, economic_id",
    ),
    (
        tiny(GROSS.replace("0.1 }", '0.1, select = { kind = "swap" } }')),
        "tiny.level.maintenance.requirement.select.kind: ['swap'] is no kind; there are spot",
    ),
    (
        tiny(GROSS.replace("0.1 }", '0.1, select = { coin = "BTC" } }')),
        "tiny.level.maintenance.requirement.select.coin: no such field; this table has assets",
    ),
    # rates
    (
        tiny(GROSS.replace("0.1 }", '"10 %" }')),
        "tiny.level.maintenance.requirement.rate: '10 %' is no number and no $parameter",
    ),
    (
        tiny(GROSS.replace("0.1 }", "inf }")),
        "tiny.level.maintenance.requirement.rate: inf is not a finite number [not_a_number]",
    ),
    (
        tiny(GROSS.replace("0.1 }", '{ kind = "cubic" } }')),
        "tiny.level.maintenance.requirement.rate.kind: 'cubic' is no rate; there are ",
    ),
    (
        tiny(GROSS.replace("0.1 }", '{ kind = "max", rates = [] } }')),
        "tiny.level.maintenance.requirement.rate.rates: there is no rate [missing_field]",
    ),
    (
        tiny(
            GROSS.replace(
                "0.1 }", '{ kind = "step", field = "days", bounds = [7, 1], rates = [1, 2, 3] } }'
            )
        ),
        "tiny.level.maintenance.requirement.rate: a step has ascending bounds and one rate more",
    ),
    (
        tiny(GROSS.replace("0.1 }", '{ kind = "field", field = "iv" } }')),
        "tiny.requirement: no field is called 'iv'; there are adv",
    ),
    # parameters
    (tiny(RATED), "tiny.requirement: no parameter is called 'rate'; there are none"),
    (
        tiny(GROSS, PARAMS),
        "tiny.params.rate: is used by no node and no scenario [contradiction]",
    ),
    (
        tiny(RATED, PARAMS.replace("value = 0.1", "value = 1.1")),
        "tiny.params.rate.value: 1.1 is outside its bounds, 0 to 1 [out_of_bounds]",
    ),
    (
        tiny(RATED, PARAMS.replace("low = 0.0, ", "")),
        "tiny.params.rate.low: is required: each figure has bounds and says where it comes from",
    ),
    (
        tiny(RATED, PARAMS.replace(', source = "illustrative"', "")),
        "tiny.params.rate.source: is required: each figure has bounds and says where",
    ),
    (
        tiny(RATED, PARAMS.replace("value", "val")),
        "tiny.params.rate.val: a parameter has by, high, low, otherwise, source, value",
    ),
    (
        tiny(RATED, PARAMS.replace("value = 0.1", 'value = 0.1, by = "coin"')),
        "tiny.params.rate.by: 'coin' is no index; there are asset",
    ),
    (
        tiny(RATED, PARAMS.replace("value = 0.1", "value = { BTC = 0.1 }")),
        "tiny.params.rate.value: is a table, so it needs `by`: what its keys are [missing_field]",
    ),
    (
        tiny(RATED, PARAMS.replace("value = 0.1", 'by = "asset", value = { BTC = "x" }')),
        "tiny.params.rate.value.BTC: 'x' is not a number [wrong_type]",
    ),
    (
        tiny(RATED, PARAMS.replace("value = 0.1", "value = [0.1, 0.2]")),
        "tiny.requirement: params.rate is a list where a number is needed [wrong_type]",
    ),
    (
        tiny(RATED, PARAMS.replace("value = 0.1", 'by = "chain", value = { tron = 0.1 }')),
        "tiny.requirement: params.rate is by chain, which only collateral is told apart by",
    ),
    (
        tiny(RATED, PARAMS.replace("value = 0.1", 'by = "wrapper", value = { stETH = 0.1 }')),
        "tiny.requirement: params.rate is by wrapper, which only collateral is told apart by",
    ),
    (
        tiny(RATED, PARAMS.replace("value = 0.1", 'by = "peg", value = { "0.99" = 0.1 }')),
        "tiny.requirement: params.rate is by peg, which only the rates of quote_hedge are",
    ),
    (
        tiny(RATED, PARAMS.replace("value = 0.1", 'by = "peg", value = { "1.01" = 0.1 }')),
        "tiny.params.rate.value: '1.01' is no price of a pegged coin: above 0 and at most 1",
    ),
    # scenarios
    (tiny(SCAN), "tiny.requirement: no scenarios is called 'grid'; there are none"),
    (tiny(GROSS, GRID), "tiny.scenarios.grid: is used by no charge [contradiction]"),
    (
        tiny(SCAN, GRID.replace("vol =", 'price_edge = "$edge"\nvol =')),
        "tiny.scenarios.grid: no parameter is called 'edge'",
    ),
    # groupings
    (
        tiny(f'{{ per = "expiry", part = {GROSS.replace("listing", "underlying")} }}'),
        "tiny.requirement.part: by underlying does not add up to expiry [contradiction]",
    ),
    (
        tiny(f'{{ per = "listing", part = {{ per = "expiry", part = {GROSS} }} }}'),
        "tiny.requirement.part: per expiry does not add up to listing [contradiction]",
    ),
    (
        tiny(f'{{ per = "desk", part = {GROSS} }}'),
        "tiny.requirement: no grouping is called 'desk'; there are account",
    ),
    # the ladder
    (tiny(head='ladder = "usual"'), "tiny.ladder: is a list of tables, one per rung [wrong_type]"),
    (
        tiny(head="liquidation_at_zero = 'yes'"),
        "tiny.liquidation_at_zero: 'yes' is not true or false",
    ),
    (
        tiny(tables="[[ladder]]\nstanding = 'doomed'\nmeasured = 'buffer'\nlevel = 'maintenance'"),
        "tiny.ladder[0].standing: 'doomed' is not healthy or warned",
    ),
    (
        tiny(tables="[[ladder]]\nstanding = 'warned'\nmeasured = 'buffer'\nlevel = 'initial'"),
        "tiny.ladder[0].level: 'initial' is no level; there are maintenance",
    ),
    (
        tiny(tables="[[ladder]]\nstanding = 'warned'\nmeasured = 'buffer'"),
        "tiny.ladder[0].level: buffer needs one; there are maintenance",
    ),
    (
        tiny(
            tables="[[ladder]]\nstanding = 'bankrupt'\nmeasured = 'net_liquidation_value'\n"
            "level = 'maintenance'"
        ),
        "tiny.ladder[0].level: net liquidation value has no level: no rulebook changes it",
    ),
    (
        tiny(tables="[[ladder]]\nstanding = 'healthy'\nmeasured = 'buffer'\nlevel = 'maintenance'"),
        "tiny.ladder[0].standing: no rung leads to healthy",
    ),
    (
        tiny(
            tables="[[ladder]]\nstanding = 'bankrupt'\nmeasured = 'net_liquidation_value'\n"
            "[[ladder]]\nstanding = 'warned'\nmeasured = 'buffer'\nlevel = 'maintenance'"
        ),
        "tiny.ladder: warned stands below bankrupt: best first [contradiction]",
    ),
]


@pytest.mark.parametrize(("text", "message"), FAULTS, ids=[message for _, message in FAULTS])
def test_each_fault_is_refused_with_its_place_and_in_words(text: str, message: str) -> None:
    found = refusal(text)
    assert any(failure.startswith(message) for failure in found), found


def test_all_faults_of_a_recipe_are_told_at_once() -> None:
    text = tiny(
        RATED.replace('"gross"', '"total"'),
        PARAMS.replace("value = 0.1", "value = 7"),
        head='conversion = "spot"',
    )
    assert [failure.split(":")[0] for failure in refusal(text)] == [
        "tiny.conversion",
        "tiny.params.rate.value",
        "tiny.level.maintenance.requirement.amount",
    ]


def test_a_fault_in_a_node_that_no_level_uses_is_told_too() -> None:
    faulty = "[define.spare]\ncharge = 'exposure'\namount = 'gross'"
    assert any("tiny.define.spare.of: is required" in each for each in refusal(tiny(GROSS, faulty)))


def test_an_override_replaces_a_value_within_its_bounds_and_says_so() -> None:
    text = tiny(RATED, PARAMS)
    changed = read_recipe(text.encode(), {"rate": 0.5})
    assert changed.terms.parameters["rate"].value == 0.5
    assert changed.terms.parameters["rate"].source == "set by the user"
    assert changed.terms.content_hash != read_recipe(text.encode()).terms.content_hash
    assert refusal(text, {"rate": 1.5}) == [
        "tiny.params.rate.value: 1.5 is outside its bounds, 0 to 1 [out_of_bounds]"
    ]
    assert refusal(text, {"speed": 1}) == [
        "tiny.params.speed: the recipe has no such parameter; it has rate [unknown_field]"
    ]


def test_a_parameter_without_a_value_makes_the_recipe_incomplete_until_it_is_set() -> None:
    text = tiny(RATED, PARAMS.replace("value = 0.1, ", ""))
    assert read_recipe(text.encode()).terms.missing() == ("rate",)
    assert read_recipe(text.encode(), {"rate": 0.2}).terms.missing() == ()


def test_a_recipe_nobody_knows_is_refused_with_the_known_names() -> None:
    with pytest.raises(InputRefused, match=r"no recipe is called 'hous'; there are .*house"):
        bundled_recipe("hous")
