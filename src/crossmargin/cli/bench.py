"""`crossmargin bench`: our speed on this machine beside its peers and the machine's own limits."""

import sys
from typing import Any

from crossmargin.cli.bench_aggregation import bandwidth_cases, peer_cases
from crossmargin.cli.bench_case import Measured
from crossmargin.cli.bench_load import load_cases
from crossmargin.cli.bench_margin import margin_cases
from crossmargin.cli.bench_pricing import pricing_cases
from crossmargin.cli.bench_resident import resident_cases
from crossmargin.cli.bench_scale import scale_cases
from crossmargin.cli.bench_startup import startup_cases
from crossmargin.cli.exit_status import ExitStatus
from crossmargin.cli.input_words import Flag
from crossmargin.cli.printing import at_work, output_console, write_json
from crossmargin.kernels import backend_note

CASES = (
    pricing_cases,
    bandwidth_cases,
    peer_cases,
    scale_cases,
    resident_cases,
    startup_cases,
    load_cases,
    margin_cases,
)


def bench(*, quick: Flag = False, json: Flag = False) -> int:
    """Our speed on this machine beside its peers and the machine's own limits.

    Exits with 3 when a ratio is worse than the least accepted. A peer that is not installed has no
    figure.

    Parameters
    ----------
    quick
        Smaller books and fewer rounds: under a minute.
    json
        The figures as JSON instead of a table.
    """
    note = backend_note()
    if note is not None:
        sys.stderr.write(f"{note}\n")
    with at_work("Measuring"):
        rows = run_bench(quick=quick)
    if json:
        write_json(rows)
    else:
        output_console().print(_table(rows))
    missed = any(row["met"] is False for row in rows)
    return ExitStatus.CHECK_FAILED if missed else ExitStatus.DONE


def run_bench(*, quick: bool) -> list[dict[str, Any]]:
    """One row per figure: name, ours, reference, unit, ratio, must, aim, met."""
    measured: list[Measured] = [line for case in CASES for line in case(quick=quick)]
    return [line.row() for line in measured]


def _table(rows: list[dict[str, Any]]) -> Any:
    from rich.table import Table  # noqa: PLC0415 - --json does not need it

    table = Table("figure", box=None)
    for name in ("ours", "reference", "unit", "ratio", "must", "aim", "met"):
        table.add_column(name, justify="left" if name in ("unit", "met") else "right")
    for row in rows:
        numbers = [_shown(row[name]) for name in ("ours", "reference")]
        ratios = [_shown(row[name]) for name in ("ratio", "must", "aim")]
        met = {True: "yes", False: "NO", None: "-"}[row["met"]]
        table.add_row(row["name"], *numbers, row["unit"], *ratios, met)
    return table


def _shown(number: float | None) -> str:
    return "-" if number is None else f"{number:.4g}"
