"""Start of a process to the first margin, against `import numpy` alone."""

import os
import statistics
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from tempfile import TemporaryDirectory
from time import perf_counter
from typing import Final

from crossmargin.cli.bench_case import Measured, Target, compared

BOOK: Final = Path("examples/fund.json")
MARKET: Final = Path("examples/market.json")
FIRST_MARGIN: Final = (
    f"import crossmargin; crossmargin.margin({str(BOOK)!r}, {str(MARKET)!r}, explain=False)"
)


def startup_cases(*, quick: bool) -> list[Measured]:
    """Milliseconds of a whole process."""
    name = "import and first margin of the fund against import numpy"
    target = Target(must=2.5, aim=1.3, ceiling=True)
    if not (BOOK.exists() and MARKET.exists()):
        return [compared(name, "ms", target, None, None)]
    programs = {"numpy": "import numpy", "ours": FIRST_MARGIN}
    taken: dict[str, list[float]] = {key: [] for key in programs}
    with TemporaryDirectory() as folder:
        environment = with_bytecode(folder)
        for done in range(6 if quick else 16):
            for key, program in programs.items():
                start = perf_counter()
                subprocess.run([sys.executable, "-c", program], check=True, env=environment)
                if done:  # the first round compiles, and fills the file cache
                    taken[key].append((perf_counter() - start) * 1e3)
    median = {key: statistics.median(values) for key, values in taken.items()}
    return [compared(name, "ms", target, median["ours"], median["numpy"])]


def with_bytecode(folder: str) -> Mapping[str, str]:
    """The environment, with compiled modules kept in `folder`, as an installed package has them.

    Where the environment says that none are written, every start would compile NumPy and us anew,
    and the ratio would be one of two compilations.
    """
    kept = {name: text for name, text in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    return {**kept, "PYTHONPYCACHEPREFIX": folder}
