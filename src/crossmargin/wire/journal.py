"""The first record of a journal: under which setup its events were received."""

import json
from collections.abc import Sequence

from crossmargin.base.failure import Failure, InputRefused, Reason, refuse_if_any
from crossmargin.wire.record import note_field, read_record, text_field, texts_field
from crossmargin.wire.strict_json import strict_json

JOURNAL_SCHEMA = "crossmargin/journal/1"
_FIELDS = (
    text_field("schema", "which format this is", required=True),
    texts_field("recipes", "rulebooks, the default one first", required=True),
    note_field("config_hash", "the name of the whole setup", required=True),
)


def journal_head(recipes: Sequence[str], config_hash: str) -> bytes:
    """The first record of a new journal."""
    head = {"schema": JOURNAL_SCHEMA, "recipes": list(recipes), "config_hash": config_hash}
    return json.dumps(head, separators=(",", ":")).encode()


def read_journal_head(body: bytes) -> tuple[tuple[str, ...], str]:
    """Recipes and configuration hash of a journal; `InputRefused` when it begins otherwise."""
    failures: list[Failure] = []
    record = read_record(strict_json(body, "journal[1]"), _FIELDS, "journal[1]", failures)
    refuse_if_any(failures)
    if record["schema"] != JOURNAL_SCHEMA:
        message = f"{record['schema']} is not {JOURNAL_SCHEMA}"
        raise InputRefused([Failure(Reason.UNSUPPORTED, "journal[1].schema", message)])
    return record["recipes"], record["config_hash"]
