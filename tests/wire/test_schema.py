import json
from typing import Any

from crossmargin.wire.book import parse_book
from crossmargin.wire.book_dump import dump_book
from crossmargin.wire.book_fields import ACCOUNT_FIELDS, RECORDED_FORMATS
from crossmargin.wire.recorded import READERS
from crossmargin.wire.schema import book_schema, market_schema
from tests.wire.books import AS_OF_NS, account, document


def unknown_names(value: Any, schema: dict[str, Any], path: str = "") -> list[str]:
    """Names of `value` that a closed object of `schema` does not have."""
    if isinstance(value, list):
        items = schema.get("items", {})
        return [name for item in value for name in unknown_names(item, items, path)]
    if not isinstance(value, dict) or schema.get("additionalProperties") is not False:
        return []
    known = schema["properties"]
    found = [f"{path}.{name}" for name in value if name not in known]
    found += [f"{path}.{name}" for name in schema["required"] if name not in value]
    for name, item in value.items():
        found += unknown_names(item, known.get(name, {}), f"{path}.{name}")
    return found


def test_the_schemas_are_json_and_describe_every_field() -> None:
    for schema in (book_schema(), market_schema()):
        again = json.loads(json.dumps(schema))
        assert again["type"] == "object"
        assert again["additionalProperties"] is False
        assert all(field["description"] for field in again["properties"].values())
    rows = book_schema()["properties"]["accounts"]["items"]["properties"]
    assert list(rows) == [field.name for field in ACCOUNT_FIELDS]


def test_a_dumped_book_has_no_field_that_the_schema_does_not_have() -> None:
    held = account(
        "bybit",
        positions=[{"listing": "1000PEPE/USDT:USDT", "contracts": 1, "entry_price": "0.01"}],
        balances=[{"asset": "stETH", "amount": "1", "chain": "ethereum"}],
        loans=[{"id": "l", "asset": "USDT", "amount": 5}],
        orders=[
            {"id": "o", "listing": "BTC/USDT", "side": "buy", "contracts": 1, "kind": "market"}
        ],
        reported={"currency": "USD", "source": "by hand", "figures": {"maintenance": 1}},
    )
    book = parse_book(document(held), as_of_ns=AS_OF_NS)
    dumped = json.loads(dump_book(book))
    assert unknown_names(dumped, book_schema(), "book") == []
    assert unknown_names({"accounts": [{"postions": []}]}, book_schema(), "book")


def test_every_recorded_format_has_a_reader() -> None:
    assert {*READERS, "ccxt.positions", "ccxt.balance"} == set(RECORDED_FORMATS)
