"""The fenced blocks of a Markdown page, and how each kind is made to prove itself."""

import doctest
import io
import json
import re
import shlex
import sys
import tomllib
from collections.abc import Callable
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass
from pathlib import Path

FENCE = re.compile(
    r"^```(?P<kind>[\w-]*)[^\n]*\n(?P<text>.*?)^```[ \t]*$", re.MULTILINE | re.DOTALL
)
LINK = re.compile(r"(?<!!)\[[^\]]*\]\((?P<target>[^)\s]+)\)|!\[[^\]]*\]\((?P<image>[^)\s]+)\)")
EXITS = re.compile(r"\s+# exits (?P<status>\d+)$")
SHELL_ONLY = {"|", ">", ">>", "&&", "||", ";", "&"}
COMPARISON = doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE


@dataclass(frozen=True, slots=True, kw_only=True)
class Block:
    """One fenced block: its kind, its text and the line of the page on which the text begins."""

    kind: str
    text: str
    line: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Command:
    """One line after `$ ` in a console block; `output` is None where the page shows none."""

    words: tuple[str, ...]
    output: str | None
    status: int
    line: int


def blocks_of(page: str) -> list[Block]:
    """Every fenced block of a page, top to bottom."""
    return [
        Block(kind=found["kind"], text=found["text"], line=page.count("\n", 0, found.start()) + 2)
        for found in FENCE.finditer(page)
    ]


def commands_of(block: Block) -> list[Command]:
    """The commands of a console block, each with the lines printed below it."""
    commands: list[Command] = []
    lines = block.text.splitlines()
    starts = [index for index, line in enumerate(lines) if line.startswith("$ ")]
    assert starts[:1] == [0], f"line {block.line}: a console block begins with `$ `"
    for start, end in zip(starts, [*starts[1:], len(lines)], strict=True):
        shown = "\n".join(lines[start + 1 : end]).strip("\n")
        text = lines[start].removeprefix("$ ")
        exits = EXITS.search(text)
        commands.append(
            Command(
                words=tuple(shlex.split(EXITS.sub("", text))),
                output=shown or None,
                status=int(exits["status"]) if exits else 0,
                line=block.line + start,
            )
        )
    return commands


def run_python(block: Block, namespace: dict[str, object], page: str) -> None:
    """Run a python block in the namespace of its page; `>>>` lines must print what is shown."""
    if ">>> " not in block.text:
        source = "\n" * (block.line - 1) + block.text
        exec(compile(source, page, "exec"), namespace)
        return
    example = doctest.DocTestParser().get_doctest(block.text, namespace, page, page, block.line - 1)
    report = io.StringIO()
    runner = doctest.DocTestRunner(optionflags=COMPARISON, verbose=False)
    # The runner would empty the namespace, which later blocks of the page still need.
    failed = runner.run(example, out=report.write, clear_globs=False).failed
    namespace.update(example.globs)
    assert failed == 0, report.getvalue()


def run_console(block: Block, main: Callable[[], object], page: str) -> None:
    """Run the `crossmargin` commands of a console block; others are shown to the reader only."""
    for command in commands_of(block):
        where = f"{page}:{command.line}"
        if command.words[0] != "crossmargin":
            assert command.output is None, f"{where}: only `crossmargin` commands may show output"
            continue
        refused = SHELL_ONLY & set(command.words)
        assert not refused, f"{where}: {sorted(refused)} needs a shell; `< FILE` is understood"
        status, printed = run_command(command.words, main)
        assert status == command.status, f"{where}: ended with {status}\n{printed}"
        if command.output is not None:
            matches = doctest.OutputChecker().check_output(
                command.output + "\n", printed.strip("\n") + "\n", COMPARISON
            )
            assert matches, f"{where}: printed\n{printed}\ninstead of\n{command.output}"


def run_command(words: tuple[str, ...], main: Callable[[], object]) -> tuple[int, str]:
    """Exit status and all that one command prints, run in this process as its script would."""
    stdin = sys.stdin
    if "<" in words:
        sign = words.index("<")
        stdin = io.TextIOWrapper(io.BytesIO(Path(words[sign + 1]).read_bytes()), encoding="utf-8")
        words = words[:sign] + words[sign + 2 :]
    printed = io.StringIO()
    argv_before, stdin_before = sys.argv, sys.stdin
    sys.argv, sys.stdin = list(words), stdin
    try:
        with redirect_stdout(printed), redirect_stderr(printed):
            returned = main()
    except SystemExit as ended:
        returned = ended.code
    finally:
        sys.argv, sys.stdin = argv_before, stdin_before
    if isinstance(returned, str):
        return 1, printed.getvalue() + returned
    return (returned if isinstance(returned, int) else 0), printed.getvalue()


def run_block(
    block: Block, namespace: dict[str, object], main: Callable[[], object], page: str
) -> None:
    """Run, or at least parse, one block; a kind that nothing checks is refused."""
    match block.kind:
        case "python":
            run_python(block, namespace, page)
        case "console":
            run_console(block, main, page)
        case "toml":
            tomllib.loads(block.text)
        case "json":
            json.loads(block.text)
        case "text" | "csv" | "mermaid":
            pass
        case other:
            raise AssertionError(
                f"{page}:{block.line}: a block of kind {other!r} is not checked by anything: "
                "write python or console (run), toml or json (parsed), text, csv or mermaid (shown)"
            )
