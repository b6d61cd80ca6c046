"""Plants one defect after the other in a copy of the package and runs tests on it: those nearest to
it, then all of the engine, its ledger and its journal, until one fails.

`python -m tests.simulation.run_mutants FIRST COUNT`.
"""

import json
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

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
    with tempfile.TemporaryDirectory() as place:
        copy = Path(place) / "src" / "crossmargin"
        shutil.copytree(ROOT / "src" / "crossmargin", copy)
        file = copy / mutant.file
        text = file.read_text(encoding="utf-8")
        if text.count(mutant.old) != 1:
            message = f"{mutant.says}: {mutant.old!r} stands {text.count(mutant.old)} times"
            raise SystemExit(message)
        file.write_text(text.replace(mutant.old, mutant.new), encoding="utf-8")
        tests = [f"tests/{name}" for name in (*mutant.first, *TESTS)]
        command = [sys.executable, "-m", "pytest", "-x", "-q", "-p", "no:cacheprovider", *tests]
        environment = {**os.environ, "PYTHONPATH": str(copy.parent), "PYTHONDONTWRITEBYTECODE": "1"}
        ended = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, check=False)
    return ended.returncode == 1


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1]), int(sys.argv[2])))
