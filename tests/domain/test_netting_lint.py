from dataclasses import replace

import pytest

from crossmargin.base.failure import Reason
from crossmargin.domain.account import Account, Entity, NettingOpinion, NettingSet
from crossmargin.domain.netting_lint import economic_view_only, netting_failures

ENTITIES = {
    "fund": Entity(entity_id="fund", name="Fund", affiliates=("gp",)),
    "gp": Entity(entity_id="gp", name="General partner"),
    "stranger": Entity(entity_id="stranger", name="Stranger"),
    "client": Entity(entity_id="client", name="Client", house=False),
}
ACCOUNTS = {
    name: Account(account_id=name, entity_id=entity, venue=venue, netting_set_id=held)
    for name, entity, venue, held in (
        ("main", "fund", "okx", "n"),
        ("second", "gp", "okx", "n"),
        ("elsewhere", "fund", "bybit", None),
        ("foreign", "stranger", "okx", None),
        ("theirs", "client", "okx", None),
    )
}
SET = NettingSet(
    netting_set_id="n",
    members=("main", "second"),
    counterparty_legal_entity="Aux Cayes FinTech Co. Ltd.",
    agreement="terms of service",
    close_out_netting_opinion=NettingOpinion.YES,
    opinion_date="2026-01-15",
    opinion_law="English law",
)


def reasons(*sets: NettingSet, accounts: dict[str, Account] | None = None) -> list[Reason]:
    by_id = {s.netting_set_id: s for s in sets}
    named = accounts or {
        name: replace(
            account,
            netting_set_id=next((s.netting_set_id for s in sets if name in s.members), None),
        )
        for name, account in ACCOUNTS.items()
    }
    return [failure.reason for failure in netting_failures(by_id, named, ENTITIES)]


def test_a_set_of_one_group_at_one_venue_is_sound() -> None:
    assert netting_failures({"n": SET}, ACCOUNTS, ENTITIES) == ()


@pytest.mark.parametrize(
    ("members", "reason"),
    [
        (("main", "nobody"), Reason.UNKNOWN_ACCOUNT),
        (("main", "elsewhere"), Reason.CONTRADICTION),
        (("main", "foreign"), Reason.CONTRADICTION),
        ((), Reason.MISSING_FIELD),
    ],
)
def test_who_may_not_be_netted_is_refused(members: tuple[str, ...], reason: Reason) -> None:
    assert reasons(replace(SET, members=members)) == [reason]


def test_house_and_client_money_never_mix() -> None:
    found = netting_failures(
        {"n": replace(SET, members=("main", "theirs"))},
        {name: replace(x, netting_set_id="n") for name, x in ACCOUNTS.items()
         if name in ("main", "theirs")},
        {**ENTITIES, "client": replace(ENTITIES["client"], affiliates=("fund",))},
    )  # fmt: skip
    assert [failure.message for failure in found] == ["house and client money never mix"]


def test_an_account_stands_in_one_set() -> None:
    assert reasons(SET, replace(SET, netting_set_id="m", members=("main",))) == [Reason.DUPLICATE]


def test_account_and_set_name_each_other() -> None:
    other = {**ACCOUNTS, "main": replace(ACCOUNTS["main"], netting_set_id="x")}
    assert reasons(SET, accounts=other) == [Reason.CONTRADICTION]


def test_an_opinion_names_its_date_and_law() -> None:
    assert reasons(replace(SET, opinion_date=None, opinion_law=None)) == [Reason.INCOMPLETE] * 2


@pytest.mark.parametrize("opinion", NettingOpinion)
def test_without_an_opinion_a_set_is_an_economic_view_only(opinion: NettingOpinion) -> None:
    doubted = replace(SET, close_out_netting_opinion=opinion)
    assert economic_view_only(doubted) is (opinion is not NettingOpinion.YES)
    assert reasons(doubted) == []
