"""Whole processes from start to end, interleaved: an import, and the margin of the bundled fund.

    python benchmarks/startup.py [--rounds N]

The peer of `crossmargin margin` of the fund is what a program of the field imports before it does
anything: `import numpy, scipy.special`. Bare Python is the floor of both. Exit 3 where a limit is
not met.
"""

import argparse
import statistics
import subprocess
import sys
from pathlib import Path
from time import perf_counter

EXAMPLES = Path(__file__).parent.parent / "examples"
PYTHON = sys.executable
MARGIN = [
    str(Path(PYTHON).parent / "crossmargin"),
    "margin",
    str(EXAMPLES / "fund.json"),
    "--market",
    str(EXAMPLES / "market.json"),
]
PEER = "import numpy, scipy.special"
CASES = {
    "python alone": [PYTHON, "-c", "pass"],
    "import crossmargin": [PYTHON, "-c", "import crossmargin"],
    PEER: [PYTHON, "-c", PEER],
    "crossmargin margin, no moves": [*MARGIN, "--no-moves"],
    "crossmargin margin": MARGIN,
}
IMPORT_MUST_SECONDS = 0.3
MARGIN_MUST_RATIO = 4.0


def seconds(arguments: list[str]) -> float:
    """Wall time of one process."""
    start = perf_counter()
    subprocess.run(arguments, check=True, stdout=subprocess.DEVNULL)
    return perf_counter() - start


def main() -> int:
    """Print the median of each case, and both limits."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=9)
    rounds = parser.parse_args().rounds
    times: dict[str, list[float]] = {name: [] for name in CASES}
    for done in range(rounds + 1):
        for name, arguments in CASES.items():
            taken = seconds(arguments)
            if done:  # the first round fills the file cache
                times[name].append(taken)
    median = {name: statistics.median(taken) for name, taken in times.items()}
    floor = median["python alone"]
    for name, taken in median.items():
        print(f"{name:30} {taken * 1e3:7.1f} ms  (+{(taken - floor) * 1e3:.1f} ms)")
    ratio = median["crossmargin margin"] / median[PEER]
    imported = median["import crossmargin"]
    print(f"margin of the fund / {PEER}: {ratio:.2f}, must be at most {MARGIN_MUST_RATIO:g}")
    print(f"import crossmargin: {imported:.3f} s, must be below {IMPORT_MUST_SECONDS:g} s")
    return 0 if ratio <= MARGIN_MUST_RATIO and imported < IMPORT_MUST_SECONDS else 3


if __name__ == "__main__":
    sys.exit(main())
