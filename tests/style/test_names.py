import importlib
import subprocess
import sys

import pytest

import crossmargin
from tests.style.sources import module_name, python_files

MODULES = [module_name(path) for path in python_files("src") if path.stem != "__main__"]

# What `import crossmargin` must leave alone: each costs tens of milliseconds.
HEAVY = ["cyclopts", "numpy", "pandas", "polars", "pyarrow", "rich", "scipy"]


@pytest.mark.parametrize("name", MODULES)
def test_every_exported_name_can_be_imported(name: str) -> None:
    module = importlib.import_module(name)
    exported = getattr(module, "__all__", [])
    assert len(exported) == len(set(exported))
    assert [symbol for symbol in exported if not hasattr(module, symbol)] == []


def test_every_public_name_of_the_package_is_exported() -> None:
    assert set(crossmargin.__all__) <= set(dir(crossmargin))
    for name in crossmargin.__all__:
        assert getattr(crossmargin, name) is not None


def test_an_unknown_name_of_the_package_is_refused() -> None:
    with pytest.raises(AttributeError, match="margin_of_safety"):
        _ = crossmargin.margin_of_safety


def test_importing_the_package_loads_no_heavy_library() -> None:
    code = f"import sys, crossmargin; print(sorted(set({HEAVY}) & set(sys.modules)))"
    shown = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert shown.stdout.strip() == "[]"


def test_the_public_entry_points_load_no_frame_library() -> None:
    code = (
        "import sys, crossmargin\n"
        "for name in crossmargin.__all__: getattr(crossmargin, name)\n"
        f"print(sorted((set({HEAVY}) - {{'numpy'}}) & set(sys.modules)))"
    )
    shown = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert shown.stdout.strip() == "[]"
