import sys

import pytest

from tests.docs.page import Block, blocks_of, commands_of, run_block, run_console, run_python

PAGE = """# A page

```python
price = 100
```

```console
$ git status
$ crossmargin margin book.json  # exits 2
equity ... 7
$ crossmargin recipes
```
"""


def console(text: str) -> Block:
    return Block(kind="console", text=text, line=1)


def python(text: str) -> Block:
    return Block(kind="python", text=text, line=1)


def prints(text: str, status: int = 0):
    def main() -> None:
        print(text)
        sys.exit(status)

    return main


def test_blocks_are_found_with_their_lines() -> None:
    assert [(block.kind, block.line) for block in blocks_of(PAGE)] == [
        ("python", 4),
        ("console", 8),
    ]


def test_commands_carry_the_output_and_the_exit_status_shown() -> None:
    git, margin, recipes = commands_of(blocks_of(PAGE)[1])
    assert git.words == ("git", "status")
    assert (margin.words[1:], margin.output, margin.status) == (
        ("margin", "book.json"),
        "equity ... 7",
        2,
    )
    assert (recipes.output, recipes.status, recipes.line) == (None, 0, 11)


def test_output_that_matches_passes_and_output_that_differs_fails() -> None:
    block = console("$ crossmargin margin book.json\nequity ... 7\n")
    run_console(block, prints("equity   1\nand 7"), "page")
    with pytest.raises(AssertionError, match="instead of"):
        run_console(block, prints("equity 1\nand 8"), "page")


def test_an_exit_status_that_is_not_shown_fails() -> None:
    with pytest.raises(AssertionError, match="ended with 2"):
        run_console(console("$ crossmargin margin book.json\n"), prints("", 2), "page")


def test_output_below_a_command_that_is_not_run_fails() -> None:
    with pytest.raises(AssertionError, match="may show output"):
        run_console(console("$ git status\nclean\n"), prints(""), "page")


def test_a_pipe_is_refused() -> None:
    with pytest.raises(AssertionError, match="needs a shell"):
        run_console(console("$ crossmargin recipes | sort\n"), prints(""), "page")


def test_a_python_block_sees_the_names_of_the_blocks_above_it() -> None:
    names: dict[str, object] = {}
    run_python(python("price = 100\n"), names, "page")
    run_python(python(">>> double = 2 * price\n>>> double\n200\n"), names, "page")
    run_python(python("assert double == 200\n"), names, "page")
    with pytest.raises(AssertionError, match="Expected"):
        run_python(python(">>> price\n101\n"), names, "page")


def test_a_python_block_that_fails_names_the_line_of_the_page() -> None:
    block = Block(kind="python", text="price = 100\nassert price == 101\n", line=40)
    with pytest.raises(AssertionError) as caught:
        run_python(block, {}, "page")
    assert caught.traceback[-1].lineno == 40


@pytest.mark.parametrize("kind", ["", "sh", "bash", "pycon"])
def test_a_kind_that_nothing_checks_is_refused(kind: str) -> None:
    with pytest.raises(AssertionError, match="not checked by anything"):
        run_block(Block(kind=kind, text="", line=1), {}, prints(""), "page")
