"""Values as plain JSON values and back, as their type hints say: no field can be forgotten."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields, is_dataclass
from decimal import MAX_EMAX, MAX_PREC, MIN_EMIN, Context, Decimal
from enum import Enum
from types import NoneType, UnionType
from typing import Any, TypeAlias, Union, final, get_args, get_origin, get_type_hints

Write: TypeAlias = Callable[[Any], Any]

_WHOLE = Context(prec=MAX_PREC, Emax=MAX_EMAX, Emin=MIN_EMIN)


@final
@dataclass(frozen=True, slots=True)
class Form:
    """One type: a text that names all its fields, how it is written, and how it is read."""

    shape: str
    write: Write
    read: Write


@final
class Forms:
    """Forms by type hint, each made once.

    Exact forms keep a value as it is: the exponent of a decimal, the order of a mapping. Canonical
    ones write equal values equally, for a hash. `own` makes the forms of generic classes that no
    dataclass is, from the forms of their arguments.
    """

    def __init__(
        self,
        own: Mapping[type, Callable[..., Form]] | None = None,
        *,
        canonical: bool = False,
    ) -> None:
        self._own = dict(own or {})
        self._made: dict[Any, Form] = {}
        self._canonical = canonical

    def of(self, hint: Any) -> Form:
        """The form of a type hint; TypeError where there is none."""
        found = self._made.get(hint)
        if found is None:
            found = self._made[hint] = self._form(hint)
        return found

    def _form(self, hint: Any) -> Form:
        origin, arguments = get_origin(hint), get_args(hint)
        kind = origin or hint
        if kind in self._own:
            return self._own[kind](*(self.of(x) for x in arguments))
        if origin in (Union, UnionType):
            return self._union(arguments)
        if origin is tuple:
            return self._tuple(arguments)
        if origin is frozenset:
            return _frozenset(self.of(arguments[0]))
        if isinstance(origin, type) and issubclass(origin, Mapping):
            return self._mapping(*arguments)
        if isinstance(hint, type):
            return self._class(hint)
        raise TypeError(f"no plain form for {hint}")

    def _class(self, kind: type) -> Form:
        if kind in (int, str, bool, float):
            return Form(kind.__name__, _same, _checked(kind))
        if kind is Decimal:
            return Form("Decimal", _canonical_text if self._canonical else str, Decimal)
        if issubclass(kind, Enum):
            named = ",".join(str(x.value) for x in kind)
            return Form(f"{kind.__name__}<{named}>", _value, kind)
        if is_dataclass(kind):
            return self._dataclass(kind)
        raise TypeError(f"no plain form for {kind.__name__}")

    def _dataclass(self, kind: type) -> Form:
        hints = get_type_hints(kind)
        names = [field.name for field in fields(kind)]
        forms = [self.of(hints[name]) for name in names]
        steps = [(name, form.write) for name, form in zip(names, forms, strict=True)]
        reads = [form.read for form in forms]

        def read(plain: Any) -> Any:
            if len(plain) != len(names):
                raise ValueError(f"{kind.__name__} has {len(names)} fields, not {len(plain)}")
            values = [read(x) for read, x in zip(reads, plain, strict=True)]
            return kind(**dict(zip(names, values, strict=True)))

        named = (f"{name}:{form.shape}" for name, form in zip(names, forms, strict=True))
        return Form(
            f"{kind.__name__}({','.join(named)})",
            lambda value: [write(getattr(value, name)) for name, write in steps],
            read,
        )

    def _union(self, kinds: tuple[Any, ...]) -> Form:
        """None or one type as it is; one of several with the name of its class."""
        present = [kind for kind in kinds if kind is not NoneType]
        optional = len(present) < len(kinds)
        forms = {kind.__name__: self.of(kind) for kind in present}
        shape = "|".join([*sorted(form.shape for form in forms.values()), *["None"] * optional])
        if len(present) == 1:
            (form,) = forms.values()
            write, read = form.write, form.read
        else:

            def write(value: Any) -> Any:
                name = type(value).__name__
                return [name, forms[name].write(value)]

            def read(plain: Any) -> Any:
                name, inner = plain
                return forms[name].read(inner)

        if not optional:
            return Form(shape, write, read)
        return Form(
            shape,
            lambda value: None if value is None else write(value),
            lambda plain: None if plain is None else read(plain),
        )

    def _tuple(self, kinds: tuple[Any, ...]) -> Form:
        if len(kinds) == 2 and kinds[1] is Ellipsis:
            each = self.of(kinds[0])
            return Form(
                f"({each.shape},...)",
                lambda value: [each.write(x) for x in value],
                lambda plain: tuple(each.read(x) for x in plain),
            )
        forms = [self.of(kind) for kind in kinds]
        return Form(
            f"({','.join(form.shape for form in forms)})",
            lambda value: [form.write(x) for form, x in zip(forms, value, strict=True)],
            lambda plain: tuple(form.read(x) for form, x in zip(forms, plain, strict=True)),
        )

    def _mapping(self, key: Any, item: Any) -> Form:
        """By text: an object. By anything else: a list of pairs."""
        keys, items = self.of(key), self.of(item)
        shape = f"{{{keys.shape}:{items.shape}}}"
        in_order = sorted if self._canonical else list
        if key is str:
            return Form(
                shape,
                lambda value: {name: items.write(value[name]) for name in in_order(value)},
                lambda plain: {name: items.read(x) for name, x in plain.items()},
            )

        def write(value: Any) -> Any:
            pairs = [[keys.write(name), items.write(x)] for name, x in value.items()]
            return sorted(pairs, key=_key_text) if self._canonical else pairs

        return Form(shape, write, lambda plain: {keys.read(k): items.read(x) for k, x in plain})


def _frozenset(each: Form) -> Form:
    return Form(
        f"{{{each.shape}}}",
        lambda value: sorted(each.write(x) for x in value),
        lambda plain: frozenset(each.read(x) for x in plain),
    )


def _key_text(pair: list[Any]) -> str:
    return json.dumps(pair[0])


def _same(value: Any) -> Any:
    return value


def _value(value: Enum) -> Any:
    return value.value


def _checked(kind: type) -> Write:
    def read(plain: Any) -> Any:
        if type(plain) is not kind:
            raise ValueError(f"{plain!r} is no {kind.__name__}")
        return plain

    return read


def _canonical_text(value: Decimal) -> str:
    """Equal decimals give the same text: 1.50 and 1.5, 0 and -0."""
    if not value.is_finite():
        return str(value)
    return str(value.normalize(_WHOLE)) if value else "0"
