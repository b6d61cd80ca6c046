from hypothesis import given, settings
from hypothesis import strategies as st

from crossmargin.engine.table import Table


@settings(max_examples=60)
@given(steps=st.lists(st.tuples(st.text(max_size=3), st.integers() | st.none()), max_size=40))
def test_a_table_is_a_dict_whose_earlier_versions_stay(
    steps: list[tuple[str, int | None]],
) -> None:
    table: Table[int] = Table()
    plain: dict[str, int] = {}
    versions = [(table, dict(plain))]
    for key, value in steps:
        if value is not None:
            table = table.put(key, value)
            plain[key] = value
        elif key in plain:
            table = table.without(key)
            del plain[key]
        versions.append((table, dict(plain)))
    for version, expected in versions:
        assert list(version.items()) == sorted(expected.items())
        assert len(version) == len(expected)
        assert all(key in version and version[key] == value for key, value in expected.items())
        assert version.get("no such key") is None


def test_a_table_of_many_keys_finds_each() -> None:
    table: Table[int] = Table()
    for number in range(10_000):
        table = table.put(f"account-{number}", number)
    assert len(table) == 10_000
    assert all(table[f"account-{number}"] == number for number in range(0, 10_000, 97))
