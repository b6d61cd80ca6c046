"""What a command writes: to standard output, to a file, or a sign of life while it works."""

import json
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, TextIO

from crossmargin.base.failure import Failure, InputRefused, Reason

COLUMNS_MIN = 80

if TYPE_CHECKING:
    from rich.console import Console


def output_console() -> "Console":
    """Standard output, never narrower than 80 columns: no digit is cut off."""
    from rich.console import Console  # noqa: PLC0415 - a tenth of a second that --json does not need

    console = Console(file=sys.stdout, highlight=False, soft_wrap=False)
    console.width = max(console.width, COLUMNS_MIN)
    return console


def write_json(values: Mapping[str, Any] | Sequence[Any]) -> None:
    """Values as indented JSON on standard output; NaN is a bug and is refused."""
    sys.stdout.write(json.dumps(values, indent=2, ensure_ascii=False, allow_nan=False) + "\n")


def write_text(text: str) -> None:
    """A text as it is on standard output."""
    sys.stdout.write(text)


def write_file(path: Path, data: bytes) -> None:
    """A whole file, or `InputRefused` naming the path."""
    with _refused_by_name(path):
        path.write_bytes(data)


@contextmanager
def writing(path: Path) -> Iterator[TextIO]:
    """A text file to write piece by piece, or `InputRefused` naming the path."""
    with _refused_by_name(path), path.open("w", encoding="utf-8", newline="\n") as file:
        yield file


@contextmanager
def _refused_by_name(path: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        failure = Failure(Reason.MISSING_DATA, str(path), error.strerror or "cannot be written")
        raise InputRefused([failure]) from error


@contextmanager
def at_work(what: str) -> Iterator[None]:
    """Shows on a terminal's standard error that `what` goes on; writes nothing anywhere else."""
    if not sys.stderr.isatty():
        yield
        return
    from rich.console import Console  # noqa: PLC0415 - only where somebody is watching

    with Console(file=sys.stderr).status(what):
        yield
