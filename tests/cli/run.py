"""Runs the commands in this process as their script would."""

import io
import sys
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass

from crossmargin.cli.main import main
from tests.style.sources import ROOT

FUND = str(ROOT / "examples" / "fund.json")
MARKET = str(ROOT / "examples" / "market.json")


@dataclass(frozen=True, slots=True, kw_only=True)
class Ended:
    status: int
    out: str
    err: str


def crossmargin(*words: str, stdin: bytes = b"") -> Ended:
    """Status, standard output and standard error of one command."""
    out, err = io.StringIO(), io.StringIO()
    argv_before, stdin_before = sys.argv, sys.stdin
    sys.argv = ["crossmargin", *words]
    sys.stdin = io.TextIOWrapper(io.BytesIO(stdin), encoding="utf-8")
    try:
        with redirect_stdout(out), redirect_stderr(err):
            status = main()
    finally:
        sys.argv, sys.stdin = argv_before, stdin_before
    return Ended(status=int(status), out=out.getvalue(), err=err.getvalue())
