"""The compiled module of the `crossmargin-native` distribution, if it is installed."""

import importlib
from types import ModuleType
from typing import Any, Final

SEAM: Final = 4


def _library() -> ModuleType | None:
    """The compiled module, None where not installed; one that is broken or old is an error."""
    try:
        library = importlib.import_module("crossmargin_native")
    except ModuleNotFoundError as error:
        if error.name != "crossmargin_native":
            raise
        return None
    if library.SEAM != SEAM:
        raise ImportError(
            f"crossmargin-native has seam {library.SEAM}, this crossmargin needs {SEAM}: "
            "install it anew"
        )
    return library


LIBRARY: Final[Any] = _library()
