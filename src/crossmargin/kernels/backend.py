"""Which implementation stands behind the kernels: the native one where it is installed.

Both give the same bits; the choice is one of speed alone and is made once, at import. Tests choose
with `use_backend`.
"""

from types import ModuleType
from typing import Final, Literal, final

from crossmargin.kernels import native, reference

BackendName = Literal["reference", "native"]


@final
class _Choice:
    """The one place that holds which implementation is in use."""

    __slots__ = ("kernels",)

    def __init__(self) -> None:
        self.kernels: ModuleType = native if native.LIBRARY is not None else reference


_CHOICE: Final = _Choice()


def chosen() -> ModuleType:
    """The module whose functions the kernels call now: `reference` or `native`."""
    return _CHOICE.kernels


def backend_name() -> str:
    """`reference` or `native`, as a receipt prints it."""
    return str(_CHOICE.kernels.NAME)


def use_backend(name: BackendName) -> None:
    """From now on all kernels are those of `name`; raises ValueError where it is not installed."""
    if name == "native" and native.LIBRARY is None:
        raise ValueError("crossmargin-native is not installed")
    if name not in ("reference", "native"):
        raise ValueError(f"no backend is called {name!r}: reference or native")
    _CHOICE.kernels = native if name == "native" else reference


def backend_note() -> str | None:
    """One line for the edge to print once where the native kernels are missing, else None."""
    if native.LIBRARY is not None:
        return None
    return "kernels: NumPy; crossmargin-native gives the same figures several times faster"
