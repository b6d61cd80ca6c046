import re
import tomllib

from tests.style.sources import PACKAGE, ROOT

CONTRACTS = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"][
    "importlinter"
]["contracts"]
FLOORS = [re.findall(r"\w+", layer) for layer in CONTRACTS[0]["layers"]]


def test_the_core_that_is_held_pure_is_every_built_floor_from_engine_down() -> None:
    engine = FLOORS.index(["engine"])
    core = {name for floor in FLOORS[engine:] for name in floor}
    built = {name for name in core if (PACKAGE / name).is_dir()}
    assert {
        module.removeprefix("crossmargin.") for module in CONTRACTS[1]["source_modules"]
    } == built


def test_a_floor_is_optional_only_until_it_is_built() -> None:
    optional = {
        name for layer in CONTRACTS[0]["layers"] for name in re.findall(r"\((\w+)\)", layer)
    }
    built = {
        name for name in optional if (PACKAGE / name).is_dir() or (PACKAGE / f"{name}.py").is_file()
    }
    assert built == set(), "take the brackets off in pyproject.toml"
