"""SQLite's write-ahead log, read as bytes: which pages it holds, and whether it is whole.

Source: "WAL-mode File Format", sqlite.org/walformat.html and section 4 of fileformat2.html.
"""

import struct
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Final, final

import numpy as np
from numpy.typing import NDArray

HEADER_BYTES: Final = 32
FRAME_HEADER_BYTES: Final = 24
_MAGIC_LITTLE: Final = 0x377F0682
_MAGIC_BIG: Final = 0x377F0683
_WORD: Final = 0xFFFFFFFF


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class WalContent:
    """Committed pages of a log: page number -> where its newest bytes begin in the log.

    `page_count`: pages of the database after the last commit, 0 when the log has none. `broken_at`:
    the first frame (from 1; 0 = the header) of this log that its checksum refutes, or None.
    """

    page_bytes: int
    page_offset: Mapping[int, int]
    page_count: int
    broken_at: int | None


EMPTY: Final = WalContent(page_bytes=0, page_offset={}, page_count=0, broken_at=None)


def wal_content(log: bytes) -> WalContent:
    """What a log holds, up to the last commit before the first frame that is not whole."""
    if not log:
        return EMPTY
    broken = WalContent(page_bytes=0, page_offset={}, page_count=0, broken_at=0)
    if len(log) < HEADER_BYTES:
        return broken
    magic, _, page_bytes, _, salt_1, salt_2, sum_1, sum_2 = struct.unpack(">8I", log[:HEADER_BYTES])
    if magic not in (_MAGIC_LITTLE, _MAGIC_BIG) or not 512 <= page_bytes <= 65536:
        return broken
    order = ">u4" if magic == _MAGIC_BIG else "<u4"
    head = np.frombuffer(log, dtype=order, count=6).reshape(1, 6)
    running = _advanced((0, 0), 3, _weighted(head)[0])
    if running != (sum_1, sum_2):
        return broken
    return _frames(log, page_bytes, (salt_1, salt_2), running, order)


def _frames(
    log: bytes, page_bytes: int, salts: tuple[int, int], running: tuple[int, int], order: str
) -> WalContent:
    frame_bytes = FRAME_HEADER_BYTES + page_bytes
    count = (len(log) - HEADER_BYTES) // frame_bytes
    frames = np.frombuffer(log, dtype=np.uint8, offset=HEADER_BYTES, count=count * frame_bytes)
    frames = frames.reshape(count, frame_bytes)
    summed = np.concatenate([frames[:, :8], frames[:, FRAME_HEADER_BYTES:]], axis=1).view(order)
    heads = np.ascontiguousarray(frames[:, :FRAME_HEADER_BYTES]).view(">u4").tolist()
    parts = _weighted(summed)
    committed: dict[int, int] = {}
    waiting: dict[int, int] = {}
    page_count, broken_at = 0, None
    for place, (page, size, salt_1, salt_2, sum_1, sum_2) in enumerate(heads):
        if (salt_1, salt_2) != salts:
            # Frames of an older log, or the salt itself was hit: what was acknowledged tells.
            break
        running = _advanced(running, summed.shape[1] // 2, parts[place])
        if running != (sum_1, sum_2):
            broken_at = place + 1
            break
        waiting[page] = HEADER_BYTES + place * frame_bytes + FRAME_HEADER_BYTES
        if size:
            committed |= waiting
            waiting.clear()
            page_count = size
    return WalContent(
        page_bytes=page_bytes, page_offset=committed, page_count=page_count, broken_at=broken_at
    )


def _advanced(running: tuple[int, int], steps: int, part: tuple[int, int]) -> tuple[int, int]:
    """The running checksum after so many pairs of words, whose own share is `part`."""
    (a, b), (c, d) = _power(steps)
    first, second = running
    return (a * first + b * second + part[0]) & _WORD, (c * first + d * second + part[1]) & _WORD


def _weighted(words: NDArray[np.uint32]) -> list[tuple[int, int]]:
    """(rows, words) 32-bit words -> each row's own share of the two running sums, modulo 2**32.

    One pair (x, y) takes the sums (p, q) to p' = p + q + x, q' = q + p' + y: linear, so a row's
    share is two sums of products with powers of that step.
    """
    native = words.astype(np.uint32)
    first, second = _weights(words.shape[1] // 2)
    sums = ((native * weight).sum(axis=1, dtype=np.uint32).tolist() for weight in (first, second))
    return list(zip(*sums, strict=True))


@lru_cache(maxsize=8)
def _weights(pairs: int) -> tuple[NDArray[np.uint32], NDArray[np.uint32]]:
    """(words,) weight of every word in the first and in the second running sum."""
    first: list[int] = []
    second: list[int] = []
    for left in reversed(range(pairs)):
        (a, b), (c, d) = _power(left)
        first += [(a + b) & _WORD, b]
        second += [(c + d) & _WORD, d]
    return np.array(first, dtype=np.uint32), np.array(second, dtype=np.uint32)


@lru_cache(maxsize=1 << 16)
def _power(steps: int) -> tuple[tuple[int, int], tuple[int, int]]:
    """((1, 1), (1, 2)) to the power `steps`, modulo 2**32."""
    if steps == 0:
        return (1, 0), (0, 1)
    (a, b), (c, d) = _power(steps // 2)
    a, b, c, d = a * a + b * c, a * b + b * d, c * a + d * c, c * b + d * d
    if steps % 2:
        a, b, c, d = a + c, b + d, a + 2 * c, b + 2 * d
    return (a & _WORD, b & _WORD), (c & _WORD, d & _WORD)
