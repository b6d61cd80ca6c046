"""What a million accounts cost beside ten thousand, in time and in memory."""

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Final

from crossmargin.cli.bench_aggregation import Rows, rows_of
from crossmargin.cli.bench_case import Measured, Target, compared, medians

FEW: Final = 10_000
MANY: Final = 1_000_000
MEMORY_MUST_MIB: Final = 32.0
MEMORY_AIM_MIB: Final = 2.0
_STATUS: Final = Path("/proc/self/status")
_RESET: Final = Path("/proc/self/clear_refs")


def scale_cases(*, quick: bool) -> list[Measured]:
    """Cost per account from 10^4 to 10^6 accounts, and memory added at 10^6."""
    few, many = rows_of(FEW), rows_of(MANY)
    # As many passes over the few as bring it to the same number of accounts.
    repeats = 10 if quick else MANY // FEW
    variants: dict[str, Callable[[], object]] = {
        "few": lambda: [few.aggregate() for _ in range(repeats)],
        "many": many.aggregate,
    }
    seconds = medians(variants, 3 if quick else 9, 3.0 if quick else 20.0)
    cost = compared(
        f"cost per account, {FEW:,} to {MANY:,} accounts",
        "ns per account",
        Target(must=1.1, aim=1.0, ceiling=True),
        seconds["many"] / MANY * 1e9,
        seconds["few"] / (FEW * repeats) * 1e9,
    )
    return [cost, _memory(many)]


def _memory(rows: Rows) -> Measured:
    """Peak memory of the process that one call adds, less its result columns."""
    target = Target(must=MEMORY_MUST_MIB, aim=MEMORY_AIM_MIB, ceiling=True)
    name = f"memory added for {rows.accounts_count:,} accounts"
    added = None
    if sys.platform == "linux" and _STATUS.exists():
        _RESET.write_text("5")  # the peak starts again from what is held now
        before = _resident_bytes("VmRSS")
        result = rows.aggregate()
        columns = sum(part.nbytes for part in result)
        added = max(0.0, (_resident_bytes("VmHWM") - before - columns) / 2**20)
    return Measured(name=name, ours=added, reference=None, unit="MiB", ratio=added, target=target)


def _resident_bytes(field: str) -> int:
    for line in _STATUS.read_text(encoding="ascii").splitlines():
        if line.startswith(field):
            return int(line.split()[1]) * 1024
    raise ValueError(f"the status of the process has no {field}")
