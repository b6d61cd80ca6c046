"""Plants one defect after the other in a copy of the package and runs tests on it: those nearest to
it, then all of the engine, its ledger and its journal, until one fails.

`python -m tests.simulation.run_mutants FIRST COUNT`.
"""

import importlib
import json
import os
import shutil
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

import pytest

from tests.simulation.mutants import MUTANTS, Mutant
from tests.style.sources import ROOT

TESTS = (
    "engine",
    "ledger",
    "action",
    "simulation/test_seeds.py",
    "store/test_restart.py",
    "store/test_contract.py",
    "store/test_damage.py",
    "cli/test_engine.py",
)
KILLED_LEAST = 0.95


def main(first: int, count: int) -> int:
    for name in ("hypothesis", "numpy", "sqlalchemy"):
        importlib.import_module(name)
    killed, survived = 0, []
    for mutant in MUTANTS[first : first + count]:
        dead = _dies(mutant)
        killed += dead
        if not dead:
            survived.append(mutant.says)
        print(f"{'killed' if dead else 'SURVIVED'}: {mutant.says}", flush=True)
    planted = killed + len(survived)
    print(json.dumps({"planted": planted, "killed": killed, "survived": survived}))
    return 0 if planted and killed >= KILLED_LEAST * planted else 3


def _dies(mutant: Mutant) -> bool:
    """Whether a test fails: the nearest ones are asked first, and alone."""
    with tempfile.TemporaryDirectory() as place:
        copy = Path(place) / "src" / "crossmargin"
        shutil.copytree(ROOT / "src" / "crossmargin", copy)
        file = copy / mutant.file
        text = file.read_text(encoding="utf-8")
        if text.count(mutant.old) != 1:
            message = f"{mutant.says}: {mutant.old!r} stands {text.count(mutant.old)} times"
            raise SystemExit(message)
        file.write_text(text.replace(mutant.old, mutant.new), encoding="utf-8")
        return any(_fails(copy.parent, names) for names in (mutant.first, TESTS))


def _fails(source: Path, names: Sequence[str]) -> bool:
    """Whether tests fail on the package in `source`; in a child that has nothing to load but it."""
    child = os.fork()
    if child == 0:
        sys.path.insert(0, str(source))
        sys.dont_write_bytecode = True
        os.environ["PYTHONPATH"] = str(source)
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, 1)
        os.dup2(nowhere, 2)
        tests = [str(ROOT / "tests" / name) for name in names]
        os._exit(pytest.main(["-x", "-q", "-p", "no:cacheprovider", "-n", "0", *tests]))
    _, status = os.waitpid(child, 0)
    ended = os.waitstatus_to_exitcode(status)
    if ended not in (pytest.ExitCode.OK, pytest.ExitCode.TESTS_FAILED):
        raise SystemExit(f"the tests of {names} ended with {ended}")
    return ended == pytest.ExitCode.TESTS_FAILED


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1]), int(sys.argv[2])))
