"""The data files that come with the package, by name."""

from importlib import resources

from crossmargin.base.failure import Failure, InputRefused, Reason

PREFIX = "package:"


def bundled_names() -> tuple[str, ...]:
    """Names of the bundled CSV files, sorted."""
    folder = resources.files("crossmargin").joinpath("data")
    return tuple(sorted(x.name for x in folder.iterdir() if x.name.endswith(".csv")))


def read_bundled(reference: str) -> bytes:
    """`package:NAME` -> the bytes of that bundled file.

    Raises `InputRefused` for any other reference: no path leads out of the bundle.
    """
    name = reference.removeprefix(PREFIX)
    if not reference.startswith(PREFIX) or name not in bundled_names():
        known = ", ".join(PREFIX + x for x in bundled_names())
        raise InputRefused(
            [Failure(Reason.MISSING_DATA, "include", f"{reference!r} is none of {known}")]
        )
    return resources.files("crossmargin").joinpath("data").joinpath(name).read_bytes()
