from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from crossmargin.report.waterfall import STEPS_SHOWN, waterfall
from crossmargin.rulebook.statement_types import NodeFigures
from tests.report.statements import node, portfolio_requirement

cents = st.integers(-(10**9), 10**9).map(lambda units: str(Decimal(units) / 100))
leaves = st.builds(
    lambda name, amount: node(name, "exposure", amount), st.sampled_from("abcdef"), cents
)


def inner(children: st.SearchStrategy[NodeFigures]) -> st.SearchStrategy[NodeFigures]:
    return st.builds(
        lambda operation, amount, below: node("x", operation, amount, *below),
        st.sampled_from(["sum", "max", "scale", "clamp", "per expiry"]),
        cents,
        st.lists(children, min_size=1, max_size=5),
    )


@given(st.recursive(leaves, inner, max_leaves=40))
def test_steps_add_up_to_the_root_exactly_whatever_the_tree(root: NodeFigures) -> None:
    steps = waterfall(root)
    assert steps is not None
    assert sum((step.amount for step in steps), start=Decimal(0)) == root.amount
    assert len(steps) <= STEPS_SHOWN + 1


def test_the_loser_of_a_max_is_no_step_and_a_scale_spreads_over_the_charges() -> None:
    steps = waterfall(portfolio_requirement("221000", "1.3 times"))
    assert steps is not None
    assert [step.name for step in steps[:3]] == ["scan", "option_minimum", "netting_credit"]
    assert steps[0].amount == Decimal("195260.325")  # 150,200.25 x 1.3
    assert steps[0].driver == "price -16 %, vol up"
    assert steps[2].amount < 0


def test_an_unavailable_root_has_no_steps() -> None:
    assert waterfall(node("total", "sum", None)) is None
