"""One reading shows everything that is wrong, of whatever kind, and nothing is taken over."""

import pytest

from crossmargin.base.failure import InputRefused, Reason
from crossmargin.wire.book import parse_book

AS_OF_NS = 1_786_147_200_000_000_000

SPOILT = """{
 "schema": "crossmargin/book/1",
 "entities": [{"id": "a", "name": "a", "house": true}, {"id": "a", "name": "b", "house": true}],
 "accounts": [
  {"id": "x", "entity": "a", "venue": "deribit", "parent": "y", "colour": 1,
   "positions": [
    {"listing": "BTC/USD:BTC", "contracts": "ten", "entry_price": "1"},
    {"listing": "\u0412\u0422\u0421/USD:BTC", "contracts": "1"},
    {"listing": "BTC/USD:BTC-200101-100-C", "contracts": "1", "entry_price": "1"},
    {"listing": "BTC/USD:BTC", "contracts": NaN, "entry_price": "1"},
    {"listing": "BTC/USD:BTC", "contracts": 1e999, "entry_price": "1"}],
   "balances": [{"asset": "XYZ", "amount": "1"}]},
  {"id": "y", "entity": "a", "venue": "deribit", "parent": "x",
   "balances": [{"asset": "BTC", "amount": LONG}]}]
}"""


def test_faults_of_numbers_fields_names_time_and_tree_are_shown_together() -> None:
    document = SPOILT.replace("LONG", "9" * 5000).encode()
    with pytest.raises(InputRefused) as refused:
        parse_book(document, as_of_ns=AS_OF_NS)
    found = {(failure.where, failure.reason) for failure in refused.value.failures}
    account = "book.accounts[0]"
    assert found == {
        ("book.entities[1].id", Reason.DUPLICATE),
        (f"{account}.colour", Reason.UNKNOWN_FIELD),
        (f"{account}.parent", Reason.CYCLE),
        ("book.accounts[1].parent", Reason.CYCLE),
        (f"{account}.positions[0].contracts", Reason.NOT_A_NUMBER),
        (f"{account}.positions[1].listing", Reason.LOOK_ALIKE),
        (f"{account}.positions[2].listing", Reason.EXPIRED),
        (f"{account}.positions[3].contracts", Reason.NOT_A_NUMBER),
        (f"{account}.positions[4].contracts", Reason.OUT_OF_BOUNDS),
        (f"{account}.balances[0].asset", Reason.UNKNOWN_ASSET),
        ("book.accounts[1].balances[0].amount", Reason.OUT_OF_BOUNDS),
    }
    assert len(refused.value.failures) == len(found)
