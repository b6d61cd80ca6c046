"""Small book documents and recorded messages for the tests of the book reader."""

from copy import deepcopy
from typing import Any

import pytest

from crossmargin.base.failure import Failure, InputRefused
from crossmargin.base.instant import parse_instant
from crossmargin.domain.book import Book
from crossmargin.wire.book import parse_book

AS_OF_NS = parse_instant("2026-08-08T08:00:00Z") or 0

FUND: dict[str, Any] = {"id": "fund", "name": "A fund", "house": True}


def account(venue: str = "okx", **fields: Any) -> dict[str, Any]:
    return {"id": "a", "entity": "fund", "venue": venue, **fields}


def document(*accounts: dict[str, Any], **fields: Any) -> dict[str, Any]:
    return deepcopy(
        {
            "schema": "crossmargin/book/1",
            "entities": [FUND],
            "accounts": list(accounts) or [account()],
            **fields,
        }
    )


def recorded(
    venue: str, *messages: tuple[str, Any], as_of_ns: int = AS_OF_NS, **fields: Any
) -> Book:
    rows = [{"format": source, "payload": payload} for source, payload in messages]
    return parse_book(document(account(venue, recorded=rows), **fields), as_of_ns=as_of_ns)


def refused(data: bytes | dict[str, Any], *, as_of_ns: int = AS_OF_NS) -> list[Failure]:
    with pytest.raises(InputRefused) as caught:
        parse_book(data, as_of_ns=as_of_ns)
    return list(caught.value.failures)
