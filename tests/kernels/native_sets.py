"""The native kernels under every instruction set and several numbers of threads of this machine."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from crossmargin.kernels import native

LIBRARY: Any = native.LIBRARY
SETS: list[str] = LIBRARY.instruction_sets() if LIBRARY is not None else []
THREADS = (1, 2, 3)

needs_native = pytest.mark.skipif(LIBRARY is None, reason="crossmargin-native is not installed")


@contextmanager
def running(instruction_set: str, threads: int) -> Iterator[None]:
    """Inside, native kernels run so; afterwards as before."""
    before = LIBRARY.instruction_set(), LIBRARY.threads()
    LIBRARY.use_instruction_set(instruction_set)
    LIBRARY.use_threads(threads)
    try:
        yield
    finally:
        LIBRARY.use_instruction_set(before[0])
        LIBRARY.use_threads(before[1])


def every_way() -> list[tuple[str, int]]:
    """Each instruction set with each number of threads."""
    return [(name, threads) for name in SETS for threads in THREADS]
