"""Bytes of a database file beside SQLite's own connections to it.

A POSIX system drops every lock that a process has on a file when the process closes any descriptor
of it. Opening and closing the file here would take SQLite's locks away, and another process could
remove the log under a connection that still uses it. So a descriptor, once opened, stays open: one
per journal and process.

Source: "How To Corrupt An SQLite Database File", section 2.2, sqlite.org/howtocorrupt.html.
"""

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Final

_KEPT: Final[dict[tuple[int, int], int]] = {}
"""(device, inode) -> descriptor; while it is open, no other file can have that inode."""

_READ_ONLY: Final = os.O_RDONLY | getattr(os, "O_BINARY", 0)


def raw_length(path: Path) -> int:
    """Bytes of the file now."""
    return path.stat().st_size


def raw_pages(path: Path, page_bytes: int, count: int) -> Iterator[bytes]:
    """The first `count` pages of the file; shorter ones, or empty ones, where it ends early."""
    descriptor = _descriptor(path)
    for place in range(count):
        os.lseek(descriptor, place * page_bytes, os.SEEK_SET)
        yield os.read(descriptor, page_bytes)


def _descriptor(path: Path) -> int:
    found = path.stat()
    key = (found.st_dev, found.st_ino)
    if key not in _KEPT:
        _KEPT[key] = os.open(path, _READ_ONLY)
    return _KEPT[key]
