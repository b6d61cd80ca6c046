"""The first record of a journal: under which setup its events were received."""

import json
from collections.abc import Sequence

from crossmargin.base.failure import Failure, InputRefused, Reason, refuse_if_any
from crossmargin.wire.record import Field, note_field, read_record, text_field, texts_field
from crossmargin.wire.setup_words import DEFAULT_WORDS, WORDS_MAX
from crossmargin.wire.strict_json import strict_json

JOURNAL_SCHEMA = "crossmargin/journal/1"


def _words(value: object, where: str) -> str | Failure:
    if isinstance(value, str) and len(value) <= WORDS_MAX:
        return value
    return Failure(Reason.WRONG_TYPE, where, "the text of a setup file was expected")


_FIELDS = (
    text_field("schema", "which format this is", required=True),
    texts_field("recipes", "rulebooks, the default one first", required=True),
    note_field("config_hash", "the name of the whole setup", required=True),
    Field("setup", _words, {"type": "string"}, "the text of the setup file"),
)


def journal_head(recipes: Sequence[str], config_hash: str, words: str = DEFAULT_WORDS) -> bytes:
    """The first record of a new journal, with the text of its setup file."""
    head = {
        "schema": JOURNAL_SCHEMA,
        "recipes": list(recipes),
        "config_hash": config_hash,
        "setup": words,
    }
    return json.dumps(head, separators=(",", ":")).encode()


def read_journal_head(body: bytes) -> tuple[tuple[str, ...], str, str]:
    """Recipes, configuration hash and setup file of a journal; `InputRefused` when it begins
    otherwise.
    """
    failures: list[Failure] = []
    record = read_record(strict_json(body, "journal[1]"), _FIELDS, "journal[1]", failures)
    refuse_if_any(failures)
    if record["schema"] != JOURNAL_SCHEMA:
        message = f"{record['schema']} is not {JOURNAL_SCHEMA}"
        raise InputRefused([Failure(Reason.UNSUPPORTED, "journal[1].schema", message)])
    return record["recipes"], record["config_hash"], record.get("setup", DEFAULT_WORDS)
