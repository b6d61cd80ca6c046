"""A recipe file's tables -> a `Recipe`, or everything that is wrong with it, in a risk analyst's
words.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any, final

from crossmargin.base.canonical import content_hash
from crossmargin.base.exact import parse_decimal
from crossmargin.base.failure import Failure, InputRefused, Reason, refuse_if_any
from crossmargin.rulebook.fields import FIELDS
from crossmargin.rulebook.grammar import read_charge, read_rate, read_selection
from crossmargin.rulebook.lint import lint
from crossmargin.rulebook.load_call import read_call
from crossmargin.rulebook.load_ladder import read_ladder
from crossmargin.rulebook.load_procyclicality import with_procyclicality
from crossmargin.rulebook.node import (
    Bracket,
    BySign,
    Clamp,
    Extreme,
    Leaf,
    Node,
    Per,
    RoundTo,
    Scale,
    Share,
    Sum,
)
from crossmargin.rulebook.owner_size import OWNER_FIELDS
from crossmargin.rulebook.parameters import read_parameters
from crossmargin.rulebook.recipe import Level, Recipe
from crossmargin.rulebook.selection import Selection
from crossmargin.rulebook.terms import Terms

HEAD = {
    "name",
    "title",
    "valid_from",
    "source",
    "note",
    "reporting",
    "tick_exponent",
    "rounding_unit",
    "base_value",
    "conversion",
    "discounting",
    "liquidation",
    "liquidation_at_zero",
    "params",
    "scenarios",
    "fields",
    "covers",
    "define",
    "level",
    "ladder",
    "call",
    "procyclicality",
}


def load_recipe(tables: Mapping[str, Any], overrides: Mapping[str, Any] | None = None) -> Recipe:
    """Parsed TOML -> a checked recipe.

    `overrides` replace parameter values by name, within their bounds. `InputRefused` with all
    failures.
    """
    name = str(tables.get("name", "recipe"))
    failures = [
        Failure(Reason.UNKNOWN_FIELD, f"{name}.{key}", "a recipe has no such table or field")
        for key in tables
        if key not in HEAD
    ]
    failures.extend(
        Failure(Reason.MISSING_FIELD, f"{name}.{key}", "is required")
        for key in ("name", "title", "valid_from", "source", "reporting", "tick_exponent", "level")
        if key not in tables
    )
    refuse_if_any(failures)
    failures.extend(_not_tables(name, tables))
    refuse_if_any(failures)
    terms = _terms(name, tables, overrides or {}, failures)
    trees = _Trees(name=name, written=tables.get("define", {}), failures=failures)
    levels = tuple(_level(key, table, trees) for key, table in tables["level"].items())
    if "procyclicality" in tables:
        levels = with_procyclicality(
            [level for level in levels if level is not None],
            tables["procyclicality"],
            f"{name}.procyclicality",
            trees.node,
            failures,
        )
    trees.build_all()
    liquidation = tables.get("liquidation", "maintenance")
    names = list(tables["level"])
    if liquidation not in names:
        message = f"{liquidation!r} is no level; there are {', '.join(names)}"
        failures.append(Failure(Reason.OUT_OF_BOUNDS, f"{name}.liquidation", message))
    call = None
    if "call" in tables:
        call = read_call(tables["call"], f"{name}.call", terms.parameters, failures)
    refuse_if_any(failures)
    recipe = Recipe(
        terms=terms,
        levels=tuple(level for level in levels if level is not None),
        liquidation_level=liquidation,
        ladder=read_ladder(tables, names, failures),
        call=call,
    )
    refuse_if_any(failures)
    refuse_if_any(lint(recipe, trees.defined, trees.used, tables.get("call", {})))
    return recipe


def _not_tables(name: str, tables: Mapping[str, Any]) -> Iterator[Failure]:
    """What should be a table of tables and is not; a recipe without levels."""
    for key in ("params", "scenarios", "define", "level"):
        if not isinstance(tables.get(key, {}), Mapping):
            yield Failure(Reason.WRONG_TYPE, f"{name}.{key}", "is not a table")
    scenarios = tables.get("scenarios", {})
    if isinstance(scenarios, Mapping):
        for family, table in scenarios.items():
            if not isinstance(table, Mapping):
                where = f"{name}.scenarios.{family}"
                yield Failure(Reason.WRONG_TYPE, where, "is not a table")
    if tables["level"] == {}:
        yield Failure(Reason.MISSING_FIELD, f"{name}.level", "a recipe has at least one level")


def _terms(
    name: str, tables: Mapping[str, Any], overrides: Mapping[str, Any], failures: list[Failure]
) -> Terms:
    exponent = tables["tick_exponent"]
    exponents = dict(exponent) if isinstance(exponent, Mapping) else {"*": exponent}
    exponents.setdefault("*", -14)
    for asset, value in exponents.items():
        if not isinstance(value, int) or not -60 <= value <= 20:
            message = f"{value!r} is not a power of two between -60 and 20"
            failures.append(Failure(Reason.OUT_OF_BOUNDS, f"{name}.tick_exponent.{asset}", message))
    words = {
        "base_value": (tables.get("base_value", "mark"), ("mark", "model")),
        "conversion": (tables.get("conversion", "unshocked"), ("unshocked", "shocked")),
        "discounting": (tables.get("discounting", "market"), ("market", "not_negative", "none")),
    }
    for key, (word, allowed) in words.items():
        if word not in allowed:
            message = f"{word!r} is not {' or '.join(allowed)}"
            failures.append(Failure(Reason.OUT_OF_BOUNDS, f"{name}.{key}", message))
    parameters = read_parameters(name, tables.get("params", {}), overrides, failures)
    unit = tables.get("rounding_unit")
    rounding = None if unit is None else parse_decimal(str(unit))
    if unit is not None and (rounding is None or rounding <= 0):
        message = f"{unit!r} is not a positive decimal in quotes"
        failures.append(Failure(Reason.NOT_A_NUMBER, f"{name}.rounding_unit", message))
    return Terms(
        name=name,
        title=str(tables["title"]),
        valid_from=str(tables["valid_from"]),
        source=str(tables["source"]),
        note=str(tables.get("note", "")),
        reporting=str(tables["reporting"]),
        tick_exponents=exponents,
        rounding_unit=None if rounding is None else Fraction(rounding),
        base_value=words["base_value"][0],
        conversion=words["conversion"][0],
        discounting=words["discounting"][0],
        parameters=parameters,
        scenarios=dict(tables.get("scenarios", {})),
        fields=_fields(name, tables.get("fields", []), failures),
        covers=_covers(name, tables.get("covers", []), failures),
        content_hash=content_hash(
            {
                "file": _plain(tables),
                "set": dict(sorted(overrides.items())),
            }
        ),
    )


def _covers(name: str, written: Any, failures: list[Failure]) -> tuple[Selection, ...]:
    where = f"{name}.covers"
    if not isinstance(written, list):
        message = "is a list of selections: what the rulebook is for"
        failures.append(Failure(Reason.WRONG_TYPE, where, message))
        return ()
    read = [read_selection(each, f"{where}[{i}]", failures) for i, each in enumerate(written)]
    return tuple(each for each in read if each is not None)


def _fields(name: str, written: Any, failures: list[Failure]) -> tuple[str, ...]:
    if not isinstance(written, list) or not all(isinstance(each, str) for each in written):
        message = "is a list of names of market figures"
        failures.append(Failure(Reason.WRONG_TYPE, f"{name}.fields", message))
        return ()
    taken = [each for each in written if each in FIELDS or each in OWNER_FIELDS]
    failures.extend(
        Failure(Reason.DUPLICATE, f"{name}.fields", f"{each} is a field already") for each in taken
    )
    return tuple(written)


def _plain(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {key: _plain(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_plain(item) for item in value]
    return value if isinstance(value, int | float | str | bool) else str(value)


def _level(key: str, table: Any, trees: "_Trees") -> Level | None:
    where = f"{trees.name}.level.{key}"
    if not isinstance(table, Mapping) or set(table) != {"equity", "requirement"}:
        message = "a level has two trees, equity and requirement, and nothing else"
        trees.failures.append(Failure(Reason.WRONG_TYPE, where, message))
        return None
    equity = trees.node(table["equity"], f"{where}.equity", "equity")
    requirement = trees.node(table["requirement"], f"{where}.requirement", "requirement")
    if equity is None or requirement is None:
        return None
    return Level(name=key, equity=equity, requirement=requirement)


@final
@dataclass(slots=True, kw_only=True)
class _Trees:
    """Builds nodes; a defined node is built once, whoever refers to it."""

    name: str
    written: Mapping[str, Any]
    failures: list[Failure]
    defined: dict[str, Node] = field(default_factory=dict)
    used: set[str] = field(default_factory=set)
    building: list[str] = field(default_factory=list)

    def build_all(self) -> None:
        """Build what no level refers to as well, so that a fault in it is reported too."""
        for key in self.written:
            self.named(key, f"{self.name}.define.{key}")

    def node(self, table: Any, where: str, name: str) -> Node | None:
        """One node from its table: `ref`, `charge`, `per` or `op`."""
        if not isinstance(table, Mapping):
            self.failures.append(Failure(Reason.WRONG_TYPE, where, f"{table!r} is not a table"))
            return None
        if "ref" in table:
            self.used.add(str(table["ref"]))
            return self.named(str(table["ref"]), where)
        if "charge" in table:
            charge = read_charge(table, where, self.failures)
            return None if charge is None else Leaf(name=name, charge=charge)
        if "per" in table:
            return self._per(table, where, name)
        return self._operation(table, where, name)

    def named(self, key: str, where: str) -> Node | None:
        """The defined node called `key`; a cycle and an unknown name are failures."""
        if key in self.defined:
            return self.defined[key]
        if key in self.building:
            path = " -> ".join([*self.building[self.building.index(key) :], key])
            self.failures.append(Failure(Reason.CYCLE, where, f"refers to itself: {path}"))
            return None
        if key not in self.written:
            message = (
                f"no node is defined as {key!r}; there are {', '.join(self.written) or 'none'}"
            )
            self.failures.append(Failure(Reason.MISSING_FIELD, where, message))
            return None
        self.building.append(key)
        node = self.node(self.written[key], f"{self.name}.define.{key}", key)
        self.building.pop()
        if node is not None:
            self.defined[key] = node
        return node

    def _per(self, table: Mapping[str, Any], where: str, name: str) -> Node | None:
        inner = {key: value for key, value in table.items() if key != "per"}
        if set(inner) == {"part"}:
            part = self.node(inner["part"], f"{where}.part", f"{name}.part")
        else:
            part = self.node(inner, where, f"{name}.each")
        return None if part is None else Per(name=name, grouping=str(table["per"]), part=part)

    def _operation(self, table: Mapping[str, Any], where: str, name: str) -> Node | None:
        word = table.get("op")
        fields = OPERATIONS.get(str(word))
        if fields is None:
            words = ", ".join(OPERATIONS)
            message = f"a node has ref, charge, per or op; op is {word!r}, there are {words}"
            self.failures.append(Failure(Reason.OUT_OF_BOUNDS, f"{where}.op", message))
            return None
        before = len(self.failures)
        for key in table:
            if key != "op" and key not in fields:
                message = f"{word} has {', '.join(fields)}"
                self.failures.append(Failure(Reason.UNKNOWN_FIELD, f"{where}.{key}", message))
        for key, needed in fields.items():
            if needed and key not in table:
                self.failures.append(Failure(Reason.MISSING_FIELD, f"{where}.{key}", "is required"))
        if len(self.failures) > before:
            return None
        parts = self._parts(table, where, name)
        rates: dict[str, Any] = {
            key: read_rate(table[key], f"{where}.{key}", self.failures)
            for key in ("factor", "positive", "negative", "low", "high", "unit", "out_of")
            if key in table
        }
        for key in ("bounds", "rates"):
            if key in table:
                rates[key] = self._reference(table[key], f"{where}.{key}")
        if len(self.failures) > before:
            return None
        return _make(str(word), name, tuple(p for p in parts if p is not None), rates)

    def _reference(self, written: Any, where: str) -> Any:
        """The "$name" of a parameter with one list, or one for each label."""
        if not isinstance(written, str) or not written.startswith("$"):
            self.failures.append(Failure(Reason.WRONG_TYPE, where, f"{written!r} is no $parameter"))
        return written

    def _parts(self, table: Mapping[str, Any], where: str, name: str) -> list[Node | None]:
        if "part" in table:
            return [self.node(table["part"], f"{where}.part", f"{name}.part")]
        listed = table["parts"]
        if not isinstance(listed, list) or not listed:
            self.failures.append(
                Failure(Reason.WRONG_TYPE, f"{where}.parts", "is not a list of nodes")
            )
            return []
        return [
            self.node(each, f"{where}.parts[{i}]", f"{name}.{i + 1}")
            for i, each in enumerate(listed)
        ]


OPERATIONS: Mapping[str, Mapping[str, bool]] = {
    "sum": {"parts": True},
    "max": {"parts": True},
    "min": {"parts": True},
    "scale": {"part": True, "factor": True},
    "by_sign": {"part": True, "positive": True, "negative": True},
    "floor": {"part": True, "low": True},
    "clamp": {"part": True, "low": False, "high": False},
    "round_up": {"part": True, "unit": True},
    "round_down": {"part": True, "unit": True},
    "share_up": {"part": True, "factor": True, "out_of": True, "unit": True},
    "share_down": {"part": True, "factor": True, "out_of": True, "unit": True},
    "brackets": {"part": True, "bounds": True, "rates": True},
}
"""Each operation's fields, and whether they are required."""


def _make(word: str, name: str, parts: tuple[Node, ...], rates: Mapping[str, Any]) -> Node:
    match word:
        case "sum":
            return Sum(name=name, parts=parts)
        case "max" | "min":
            return Extreme(name=name, parts=parts, largest=word == "max")
        case "scale":
            return Scale(name=name, part=parts[0], factor=rates["factor"])
        case "by_sign":
            return BySign(
                name=name, part=parts[0], positive=rates["positive"], negative=rates["negative"]
            )
        case "floor" | "clamp":
            return Clamp(name=name, part=parts[0], low=rates.get("low"), high=rates.get("high"))
        case "round_up" | "round_down":
            return RoundTo(name=name, part=parts[0], unit=rates["unit"], up=word == "round_up")
        case "share_up" | "share_down":
            return Share(name=name, part=parts[0], **rates, up=word == "share_up")
        case "brackets":
            return Bracket(name=name, part=parts[0], bounds=rates["bounds"], rates=rates["rates"])
        case _:
            raise InputRefused([Failure(Reason.UNSUPPORTED, name, f"no operation {word}")])
