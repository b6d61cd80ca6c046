"""Time of whole processes from start to an import done, interleaved; bare Python is the floor.

Run: python benchmarks/startup.py
"""

import statistics
import subprocess
import sys
from time import perf_counter

REPEATS = 15
CASES = {
    "python alone": "pass",
    "import crossmargin": "import crossmargin",
    "import numpy": "import numpy",
    "import numpy, scipy.special": "import numpy, scipy.special",
}


def seconds(code: str) -> float:
    """Wall time of one process that runs `code`."""
    start = perf_counter()
    subprocess.run([sys.executable, "-c", code], check=True)
    return perf_counter() - start


def main() -> None:
    """Print the median of each case and what it adds to the bare interpreter."""
    times: dict[str, list[float]] = {name: [] for name in CASES}
    for repeat in range(REPEATS + 1):
        for name, code in CASES.items():
            taken = seconds(code)
            if repeat:  # the first round fills the file cache
                times[name].append(taken)
    floor = statistics.median(times["python alone"])
    for name, taken_all in times.items():
        median = statistics.median(taken_all)
        print(f"{name:30} {median * 1e3:7.1f} ms  (+{(median - floor) * 1e3:.1f} ms)")


if __name__ == "__main__":
    main()
