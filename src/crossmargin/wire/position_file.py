"""Positions of many accounts from one Parquet or Arrow file, column by column, never row by row."""

import importlib
import importlib.util
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, final

import numpy as np
from numpy.typing import NDArray

from crossmargin.base.failure import Failure, InputRefused, Reason
from crossmargin.kernels import repeated_row

COLUMNS: Final = ("account", "listing", "contracts")
ARROW_SUFFIXES: Final = (".arrow", ".feather")


@final
@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class PositionRows:
    """Rows by account as kernels take them: account g has the rows indptr[g]:indptr[g+1].

    `account` (accounts,) numbers or names as the file has them; `listing_index` (rows,) numbers the
    listings asked for; `contracts` (rows,) float64, signed.
    """

    account: NDArray[Any]
    listing_index: NDArray[np.int64]
    contracts: NDArray[np.float64]
    indptr: NDArray[np.int64]


def read_position_file(path: Path, listing_ids: Sequence[str]) -> PositionRows:
    """Positions of a file with the columns account, listing and contracts, sorted by account.

    `account` holds integers or text, `listing` names of `listing_ids` or their numbers, `contracts`
    finite doubles. An Arrow file is mapped into memory; a Parquet file is decoded. `InputRefused`
    for a missing column, an empty cell, an unknown listing, an account whose rows do not lie
    together, or a listing that an account has twice.
    """
    table = _table(path)
    where = str(path)
    missing = [name for name in COLUMNS if name not in table.column_names]
    if missing:
        raise _refused(Reason.MISSING_FIELD, where, f"no column {', '.join(missing)}")
    holed = [name for name in COLUMNS if table.column(name).null_count]
    if holed:
        raise _refused(Reason.MISSING_FIELD, where, f"empty cells in {', '.join(holed)}")
    listing = _listing_index(table.column("listing"), listing_ids, where)
    contracts = _numbers(table.column("contracts"), np.float64, f"{where}.contracts")
    if not np.isfinite(contracts).all():
        raise _refused(Reason.NOT_A_NUMBER, f"{where}.contracts", "a cell is not a finite number")
    account, indptr = _accounts(table.column("account"), where)
    repeated = repeated_row(listing, indptr, len(listing_ids))
    if repeated >= 0:
        message = (
            f"row {repeated}: its account has listing {listing_ids[listing[repeated]]} already"
        )
        raise _refused(Reason.DUPLICATE, where, message)
    return PositionRows(account=account, listing_index=listing, contracts=contracts, indptr=indptr)


def _table(path: Path) -> Any:
    """The columns of a file, text as a dictionary and numbers into it."""
    if importlib.util.find_spec("pyarrow") is None:
        message = "position files need pyarrow: pip install crossmargin[frames]"
        raise _refused(Reason.UNSUPPORTED, str(path), message)
    arrow = importlib.import_module("pyarrow")
    try:
        if path.suffix in ARROW_SUFFIXES:
            with arrow.memory_map(str(path)) as source:
                return importlib.import_module("pyarrow.ipc").open_file(source).read_all()
        file = importlib.import_module("pyarrow.parquet").ParquetFile(
            path, memory_map=True, read_dictionary=["account", "listing"]
        )
        wanted = [name for name in COLUMNS if name in file.schema_arrow.names]
        return file.read(columns=wanted)
    except (arrow.ArrowException, OSError) as error:
        raise _refused(Reason.WRONG_TYPE, str(path), f"not a table: {error}") from None


def _listing_index(column: Any, listing_ids: Sequence[str], where: str) -> NDArray[np.int64]:
    arrow = importlib.import_module("pyarrow")
    if arrow.types.is_integer(column.type):
        index = _numbers(column, np.int64, f"{where}.listing")
        if index.size and not 0 <= index.min() <= index.max() < len(listing_ids):
            raise _refused(Reason.UNKNOWN_SYMBOL, f"{where}.listing", "a number names no listing")
        return index
    words = _encoded(column, f"{where}.listing")
    known = {name: number for number, name in enumerate(listing_ids)}
    names = words.dictionary.to_pylist()
    unknown = sorted(name for name in names if name not in known)
    if unknown:
        raise _refused(
            Reason.UNKNOWN_SYMBOL, f"{where}.listing", f"unknown: {', '.join(unknown[:5])}"
        )
    numbers = np.array([known[name] for name in names], dtype=np.int64)
    numbered: NDArray[np.int64] = numbers[words.indices.to_numpy(zero_copy_only=False)]
    return numbered


def _accounts(column: Any, where: str) -> tuple[NDArray[Any], NDArray[np.int64]]:
    """(accounts,) the accounts in the order of the file, and the rows that each has."""
    arrow = importlib.import_module("pyarrow")
    names: NDArray[Any] | None = None
    if arrow.types.is_integer(column.type):
        number = _numbers(column, np.int64, f"{where}.account")
    else:
        words = _encoded(column, f"{where}.account")
        names = np.asarray(words.dictionary.to_numpy(zero_copy_only=False))
        number = words.indices.to_numpy(zero_copy_only=False)
    starts = np.flatnonzero(number[1:] != number[:-1]) + 1
    indptr = np.concatenate([[0], starts, [number.size]] if number.size else [[0]])
    account = number[indptr[:-1]]
    ordered = account if (account[1:] > account[:-1]).all() else np.sort(account)
    if (ordered[1:] == ordered[:-1]).any():
        message = "the rows of an account do not lie together: sort the file by account"
        raise _refused(Reason.DUPLICATE, f"{where}.account", message)
    return (account if names is None else names[account]), indptr.astype(np.int64)


def _encoded(column: Any, where: str) -> Any:
    """Text as one dictionary and the numbers into it."""
    arrow = importlib.import_module("pyarrow")
    if not arrow.types.is_dictionary(column.type):
        if not (arrow.types.is_string(column.type) or arrow.types.is_large_string(column.type)):
            raise _refused(Reason.WRONG_TYPE, where, f"neither text nor integers: {column.type}")
        column = column.dictionary_encode()
    one = column.unify_dictionaries().combine_chunks()
    return one.chunk(0) if isinstance(one, arrow.ChunkedArray) else one


def _numbers(column: Any, kind: Any, where: str) -> NDArray[Any]:
    arrow = importlib.import_module("pyarrow")
    fits = arrow.types.is_integer if kind is np.int64 else arrow.types.is_floating
    if not fits(column.type):
        raise _refused(Reason.WRONG_TYPE, where, f"not numbers of the right kind: {column.type}")
    return np.ascontiguousarray(column.to_numpy(), dtype=kind)


def _refused(reason: Reason, where: str, message: str) -> InputRefused:
    return InputRefused([Failure(reason, where, message)])
