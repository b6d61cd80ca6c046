"""Runs seeds and says what they found: `python -m tests.simulation.run_seeds COUNT FIRST`."""

import json
import sys

from tests.simulation.simulator import failure_of


def main(count: int, first: int) -> int:
    failures = []
    for seed in range(first, first + count):
        failure = failure_of(seed)
        if failure is not None:
            failures.append(failure)
            print(failure, flush=True)
    print(json.dumps({"seeds": count, "first": first, "failures": len(failures)}))
    return 3 if failures else 0


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1]), int(sys.argv[2])))
