import json
from pathlib import Path
from typing import Any

import pytest

from crossmargin.cli.exit_status import ExitStatus
from tests.cli.run import crossmargin

DATA = Path(__file__).parents[1] / "conformance" / "data"


@pytest.fixture
def vectors(tmp_path: Path) -> Path:
    """A matched, a differing and an unsupported vector."""
    cases: list[dict[str, Any]] = json.loads((DATA / "derive.json").read_bytes())
    named = {case["case"]: case for case in cases}
    good = named["Test6"]
    wrong = {**good, "case": "wrong", "expected": {**good["expected"], "mm": 1.0}}
    path = tmp_path / "vectors.json"
    path.write_text(json.dumps([good, wrong, named["Test3_step0"]]))
    return path


def test_a_difference_is_told_and_ends_with_three(vectors: Path) -> None:
    ended = crossmargin("conform", str(vectors))
    assert ended.status == ExitStatus.CHECK_FAILED
    assert "differing: derive-srm, wrong" in ended.out
    assert "mm: expected 1.0, got -135.604" in ended.out
    assert "not supported: derive-dutch-auction, Test3_step0" in ended.out
    counts = [line.split() for line in ended.out.splitlines()[:4]]
    assert counts[1:] == [
        ["derive-dutch-auction", "1", "0", "0", "1"],
        ["derive-srm", "2", "1", "1", "0"],
        ["all", "3", "1", "1", "1"],
    ]


def test_the_same_as_json(vectors: Path) -> None:
    ended = crossmargin("conform", str(vectors), "--json")
    found = json.loads(ended.out)
    assert ended.status == ExitStatus.CHECK_FAILED
    assert [found[key] for key in ("run", "matched", "differing", "unsupported")] == [3, 1, 1, 1]
    assert set(found["systems"]["derive-srm"]) == {"run", "matched", "differing", "unsupported"}
    assert [case["verdict"] for case in found["cases"]] == ["matched", "differing", "unsupported"]


def test_one_system_alone_and_several_files(vectors: Path) -> None:
    ended = crossmargin("conform", str(vectors), str(DATA / "vega.json"), "--system", "vega")
    assert ended.status == ExitStatus.DONE
    assert "derive" not in ended.out


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ((), "name at least one file"),
        (("nowhere.json",), "nowhere.json"),
        ((str(DATA / "vega.json"), "--system", "nobody"), "no vector of 'nobody'"),
    ],
)
def test_what_cannot_be_run_is_refused(words: tuple[str, ...], said: str) -> None:
    ended = crossmargin("conform", *words)
    assert ended.status == ExitStatus.INPUT_REFUSED
    assert said in ended.err
