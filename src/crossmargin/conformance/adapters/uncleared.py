"""Margin of uncleared derivatives between banks: no rulebook of this engine."""

from crossmargin.conformance.case import Case
from crossmargin.conformance.verdict import Unsupported

WHY = "no crypto rulebook: sensitivities and trade values of uncleared derivatives are no book here"


def translate(case: Case) -> Unsupported:
    """Read and not run, with what the vector has."""
    keys = ", ".join(f"inputs.{key}" for key in case.inputs)
    return Unsupported(reason=f"{case.system}: {WHY} ({keys})")
