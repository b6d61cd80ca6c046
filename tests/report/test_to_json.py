import json
from decimal import Decimal

from crossmargin.report.to_json import explained_values, recipe_values, statement_values
from tests.report.statements import HOSTILE, rows_of_silos, sample_exhibit, sample_statement


def values():
    return json.loads(json.dumps(statement_values(sample_statement()), allow_nan=False))


def test_the_document_has_the_stated_fields() -> None:
    document = values()
    assert {
        *("as_of", "recipe", "inputs_hash", "tick", "accounts"),
        *("venues", "entities", "netting_sets", "columns"),
    } <= document.keys()
    account = document["accounts"][0]
    assert {"id", "venue", "levels", "nlv", "standing", "liquidation", "reported"} <= account.keys()
    assert account["levels"]["maintenance"] == {
        "equity": "512345.67",
        "requirement": "170000",
        "buffer": "342345.67",
        "utilisation": 170000 / 512345.67,
    }
    assert document["as_of"] == "2026-08-08T08:00:00Z"


def test_accounts_under_several_recipes_have_no_one_recipe_and_name_their_own() -> None:
    document = values()
    assert (document["recipe"], document["recipe_reason"]) == (None, "one_per_account")
    assert [account["recipe"] for account in document["accounts"]][:2] == [
        "deribit-portfolio",
        "cross-tiered",
    ]


def test_what_is_unavailable_is_null_beside_its_reason() -> None:
    account = values()["accounts"][3]
    assert account["id"] == HOSTILE
    assert account["nlv"] is None
    assert account["reasons"] == ["PURR has no index price"]
    level = account["levels"]["maintenance"]
    assert (level["equity"], level["requirement"]) == (None, "0.00012")
    assert (level["utilisation"], level["utilisation_reason"]) == (None, "unavailable")
    assert account["liquidation"][0]["reason"] == "missing_mark"


def test_every_amount_is_a_decimal_string() -> None:
    def amounts(value):
        if isinstance(value, dict):
            for key, inner in value.items():
                if key in {
                    "equity",
                    "requirement",
                    "buffer",
                    "nlv",
                    "amount",
                    "locked",
                    "shortfall",
                }:
                    yield inner
                yield from amounts(inner)
        elif isinstance(value, list):
            for inner in value:
                yield from amounts(inner)

    found = [each for each in amounts(values()) if each is not None and not isinstance(each, dict)]
    assert len(found) > 50
    assert all(isinstance(each, str) and Decimal(each).is_finite() for each in found)


def test_the_tree_keeps_winner_driver_and_parts() -> None:
    trees = explained_values(rows_of_silos()[0])["trees"]
    worst = trees["initial"]["requirement"]["children"][0]["children"][0]
    scan, basis = worst["children"]
    assert (scan["winner"], basis["winner"]) == (True, False)
    assert scan["driver"] == "price -16 %, vol up"
    assert sum(Decimal(part["amount"]) for part in scan["parts"]) == Decimal(scan["amount"])


def test_a_recipe_that_lacks_a_figure_says_which() -> None:
    row = recipe_values(sample_exhibit().recipes[2])
    assert (row["status"], row["locked"], row["requirement"]) == ("incomplete", None, {})
    assert "grid_edge" in row["reason"]
