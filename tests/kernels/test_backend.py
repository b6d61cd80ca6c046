import subprocess
import sys
from types import ModuleType

import numpy as np
import pytest

from crossmargin import kernels
from crossmargin.kernels import backend, native, native_library, reference
from tests.kernels.native_sets import LIBRARY, needs_native


@pytest.fixture
def _backend_kept():
    before = kernels.backend_name()
    yield
    kernels.use_backend(before)


def test_both_backends_offer_the_same_kernels() -> None:
    for name in reference.__all__:
        assert callable(getattr(native, name)) or name == "NAME"


@needs_native
def test_the_native_kernels_are_chosen_where_they_are_installed() -> None:
    assert kernels.BACKEND == "native"
    assert kernels.backend_note() is None


@needs_native
@pytest.mark.usefixtures("_backend_kept")
def test_the_backend_can_be_changed_and_no_figure_changes() -> None:
    change = np.arange(12.0).reshape(3, 4) - 5.5
    rows = (change, np.array([0, 2, 1]), np.array([1.5, -2.0, 3.0]), np.array([0, 2, 3]))
    answers = []
    for name in ("reference", "native"):
        kernels.use_backend(name)
        assert kernels.backend_name() == name
        book = kernels.resident_book(*rows, np.array([0, 1]), 1)
        answers.append(
            [
                kernels.net_ticks(*rows).tolist(),
                [part.tolist() for part in kernels.net_worst_tail(*rows, 2, tail_fraction=0.5)],
                [part.tolist() for part in kernels.net_ranked(*rows, 2)],
                kernels.gross_bound_ticks(*rows).tolist(),
                book.tail(1),
            ]
        )
    assert answers[0] == answers[1]


def test_an_unknown_backend_is_refused() -> None:
    with pytest.raises(ValueError, match="reference or native"):
        kernels.use_backend("numba")


def test_without_the_native_distribution_the_twin_serves_and_says_so() -> None:
    code = (
        "import sys; sys.modules['crossmargin_native'] = None\n"
        "from crossmargin import kernels\n"
        "print(kernels.BACKEND, '|', kernels.backend_note())\n"
        "try: kernels.use_backend('native')\n"
        "except ValueError as error: print(error)"
    )
    shown = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    first, second = shown.stdout.splitlines()
    assert first.startswith("reference | kernels: NumPy")
    assert second == "crossmargin-native is not installed"


def test_a_native_distribution_of_another_seam_is_refused(monkeypatch) -> None:
    other = ModuleType("crossmargin_native")
    other.SEAM = native_library.SEAM + 1
    monkeypatch.setitem(sys.modules, "crossmargin_native", other)
    with pytest.raises(ImportError, match="install it anew"):
        native_library._library()


def test_the_choice_made_at_import_is_the_one_in_use() -> None:
    assert backend.chosen().NAME == kernels.backend_name() == kernels.BACKEND
    assert (LIBRARY is None) == (kernels.BACKEND == "reference")
