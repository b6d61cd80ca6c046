"""`crossmargin conform`: published vectors through the engine, and what became of each."""

from pathlib import Path
from typing import Annotated, Any

from cyclopts import Parameter

from crossmargin.base.failure import Failure, InputRefused, Reason
from crossmargin.cli.exit_status import ExitStatus
from crossmargin.cli.printing import write_json, write_text
from crossmargin.conformance.case import Case, read_cases
from crossmargin.conformance.runner import refuse_empty, report, run_cases


def conform(
    *files: Path,
    system: str | None = None,
    as_json: Annotated[bool, Parameter(name="--json", negative="")] = False,
) -> int:
    """Run published vectors through the engine; exit status 3 when a figure differs.

    Parameters
    ----------
    files
        JSON lists of vectors: system, case or what, inputs, params, expected, source, tolerance.
    system
        Only the vectors of this system.
    as_json
        Counts, and the verdict on every vector, as JSON.
    """
    if not files:
        message = "name at least one file of vectors"
        raise InputRefused([Failure(Reason.MISSING_FIELD, "files", message)])
    results = run_cases([case for file in files for case in _cases(file)], system)
    refuse_empty(results, system)
    found = report(results)
    if as_json:
        write_json(found)
    else:
        write_text("\n".join(_lines(found)) + "\n")
    return ExitStatus.CHECK_FAILED if found["differing"] else ExitStatus.DONE


def _cases(file: Path) -> tuple[Case, ...]:
    try:
        return read_cases(file.read_bytes(), file.name)
    except OSError as error:
        failure = Failure(Reason.MISSING_DATA, str(file), error.strerror or "cannot be read")
        raise InputRefused([failure]) from error


def _lines(found: dict[str, Any]) -> list[str]:
    width = max(len(name) for name in [*found["systems"], "all"])
    head = f"{'':{width}}  {'run':>6} {'matched':>8} {'differing':>10} {'not supported':>14}"
    lines = [head]
    for name, counts in [*found["systems"].items(), ("all", found)]:
        lines.append(
            f"{name:{width}}  {counts['run']:>6} {counts['matched']:>8} "
            f"{counts['differing']:>10} {counts['unsupported']:>14}"
        )
    for case in found["cases"]:
        if case["verdict"] == "differing":
            lines.append(f"differing: {case['system']}, {case['case']}")
            lines += [
                f"  {each['figure']}: expected {each['expected']}, got {each['got']}"
                + ("" if each["difference"] is None else f", difference {each['difference']:.6g}")
                for each in case["differences"]
            ]
            lines += [f"  {reason}" for reason in case["reasons"]]
        elif case["verdict"] == "unsupported":
            lines.append(f"not supported: {case['system']}, {case['case']}: {case['reason']}")
    return lines
