"""The seal beside a SQLite journal: one digest per page of the database file.

The chain covers what records say; the seal covers every other byte of the file too (free space,
inner pages, counters), so that no byte can change unseen. A page's digest is written before a
checkpoint moves the page from the write-ahead log into the file.
"""

import hashlib
import os
import struct
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final, final

from crossmargin.base.failure import Failure, Reason
from crossmargin.store.port import StoreDamaged
from crossmargin.store.raw_file import raw_length, raw_pages
from crossmargin.store.wal_file import WalContent

_MAGIC: Final = b"cmseal01"
_FORMAT: Final = struct.Struct(">8sQII")
DIGEST_BYTES: Final = 8


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Seal:
    """Digests of the pages of a database file, one after the other; `generation` counts seals."""

    generation: int
    page_bytes: int
    digests: bytes

    @property
    def page_count(self) -> int:
        """How many pages the file has."""
        return len(self.digests) // DIGEST_BYTES


def seal_path(path: Path) -> Path:
    """The file beside the journal `path`."""
    return path.with_name(path.name + "-seal")


def page_digest(number: int, page: bytes) -> bytes:
    """8 bytes that change with any byte of a page, and with its number."""
    salt = number.to_bytes(8, "big")
    return hashlib.blake2b(page, digest_size=DIGEST_BYTES, salt=salt).digest()


def sealed_file(path: Path, page_bytes: int) -> Seal:
    """The seal of a whole database file as it is."""
    pages = raw_pages(path, page_bytes, raw_length(path) // page_bytes)
    digests = (page_digest(number, page) for number, page in enumerate(pages, start=1))
    return Seal(generation=1, page_bytes=page_bytes, digests=b"".join(digests))


def sealed_after(seal: Seal, log: bytes, content: WalContent) -> Seal:
    """The seal of the database file once the committed pages of a log have been moved into it."""
    digests = bytearray(seal.digests[: content.page_count * DIGEST_BYTES])
    digests.extend(bytes(content.page_count * DIGEST_BYTES - len(digests)))
    for number, offset in content.page_offset.items():
        if number <= content.page_count:
            place = (number - 1) * DIGEST_BYTES
            page = log[offset : offset + content.page_bytes]
            digests[place : place + DIGEST_BYTES] = page_digest(number, page)
    return replace(seal, generation=seal.generation + 1, digests=bytes(digests))


def page_failures(seal: Seal, path: Path, content: WalContent) -> list[Failure]:
    """Pages of a database file that are not the sealed ones, by number.

    A page that the log holds is read from there by everybody, and is left out.
    """
    failures: list[Failure] = []
    pages = raw_pages(path, seal.page_bytes, seal.page_count)
    for number, page in enumerate(pages, start=1):
        place = (number - 1) * DIGEST_BYTES
        sealed = seal.digests[place : place + DIGEST_BYTES]
        if number not in content.page_offset and page_digest(number, page) != sealed:
            message = "it is not the page that was sealed: bytes were changed"
            where = f"{path.name}.page[{number}]"
            failures.append(Failure(Reason.CONTRADICTION, where, message))
    length = raw_length(path)
    if length != seal.page_count * seal.page_bytes and not content.page_offset:
        message = f"{length} bytes where {seal.page_count * seal.page_bytes} were sealed"
        failures.append(Failure(Reason.MISSING_DATA, path.name, message))
    return failures


def write_seal(path: Path, seal: Seal) -> None:
    """Replace the seal in one step; durable when this returns."""
    head = _FORMAT.pack(_MAGIC, seal.generation, seal.page_bytes, seal.page_count)
    content = head + seal.digests
    target = seal_path(path)
    fresh = target.with_name(target.name + "-new")
    with fresh.open("wb") as file:
        file.write(content + hashlib.sha256(content).digest())
        file.flush()
        os.fsync(file.fileno())
    fresh.replace(target)
    flush_folder(path)


def read_seal(path: Path) -> Seal | None:
    """The seal, None when there is none; `StoreDamaged` when it is not readable."""
    file = seal_path(path)
    if not file.exists():
        return None
    content = file.read_bytes()
    body, digest = content[:-32], content[-32:]
    if hashlib.sha256(body).digest() != digest or body[: len(_MAGIC)] != _MAGIC:
        message = "it does not hold the digests of the pages: bytes were changed or cut off"
        raise StoreDamaged([Failure(Reason.CONTRADICTION, file.name, message)])
    _, generation, page_bytes, _ = _FORMAT.unpack(body[: _FORMAT.size])
    return Seal(generation=generation, page_bytes=page_bytes, digests=body[_FORMAT.size :])


def flush_folder(path: Path) -> None:
    """Make the names of new files durable, where the system lets a folder be flushed."""
    if os.name != "posix":
        return
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
