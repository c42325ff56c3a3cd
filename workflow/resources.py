"""The data behind a data set: a CSV or Parquet file taken in whole, as a new version, or not at all.

Every value stays as it was handed over: what comes as CSV is text, whatever it looks like, so that 007 stays 007.
"""

import csv
import hashlib
import io
import os
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from tempfile import TemporaryFile
from typing import IO, Any

import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet
from marshmallow import ValidationError
from sqlalchemy import select

from models import N_, Dataset, Resource, User, db
from workflow import sniff, store

CSV, PARQUET = "text/csv", "application/vnd.apache.parquet"
PARQUET_MARK = b"PAR1"
# The column in which a copy bears the number of its entitlement; no data may have one of this name.
WATERMARK = "kaimen_entitlement"
# A group of rows is as much as is held in memory at once.
GROUP_ROWS, GROUP_BYTES, BLOCK = 131_072, 64 * 1024 * 1024, 4 * 1024 * 1024
MOST_COLUMNS = 1000
# Told how many more bytes have been read; each file is read twice.
Progress = Callable[[int], None]


def load(dataset: Dataset, file: IO[bytes], person: User | None, progress: Progress = lambda read: None) -> Resource:
    """Take in a file as the newest version of a data set's data; the same file twice is one version.

    The file is read from its beginning, in pieces, whatever its size. No transaction is open meanwhile.

    :param progress: told how many bytes have been read
    :raises ValidationError: the file is neither CSV nor Parquet, is broken, or lacks items of the entry
    """
    key, items, loader = dataset.id, list(dataset.items), person.id if person else None
    db.session.rollback()
    source = digest(file, progress)
    if (same := newest(key)) is not None and same.source == source:
        return same
    db.session.rollback()
    with TemporaryFile() as kept:
        media_type, columns, rows = converted(file, kept, items, progress)
        kept.seek(0)
        sha256, size = store.put(kept)
    # Two who load at once get different versions, one after the other.
    db.session.refresh(dataset, with_for_update={"of": Dataset})
    before = newest(key)
    loaded = Resource(dataset_id=key, version=before.version + 1 if before else 1, media_type=media_type, source=source)
    loaded.sha256, loaded.size, loaded.columns, loaded.rows, loaded.loaded_by_id = sha256, size, columns, rows, loader
    db.session.add(loaded)
    db.session.commit()
    return loaded


def newest(dataset: int) -> Resource | None:
    """Return the newest version of a data set's data, if it has any."""
    query = select(Resource).where(Resource.dataset_id == dataset).order_by(Resource.version.desc()).limit(1)
    found: Resource | None = db.session.scalar(query)
    return found


def versions(dataset: Dataset) -> list[Resource]:
    """Return every version of a data set's data, the newest first."""
    query = select(Resource).where(Resource.dataset_id == dataset.id).order_by(Resource.version.desc())
    return list(db.session.scalars(query))


def digest(file: IO[bytes], progress: Progress) -> str:
    """Return the hash of a file's bytes."""
    said = hashlib.sha256()
    for piece in sniff.read(file):
        said.update(piece)
        progress(len(piece))
    return said.hexdigest()


def converted(file: IO[bytes], kept: IO[bytes], items: list[str], progress: Progress) -> tuple[str, list[str], int]:
    """Write a file's rows in columns; return what kind it was, the names of the columns, and the number of rows."""
    head, foot = sniff.head_and_foot(file, 4)
    try:
        if head == PARQUET_MARK:
            if foot != PARQUET_MARK:
                raise fault(N_("文件不完整，可能上传中断了，请重新上传。"))
            media_type, schema, batches = PARQUET, *from_parquet(file, items, progress)
        else:
            media_type, schema, batches = CSV, *from_csv(file, items, progress)
        rows = write(kept, schema, batches)
    except (pa.ArrowException, OSError) as error:
        # The words of the library repeat the data; they are not for a log.
        raise fault(N_("文件读不下去：内容不是完整的 CSV 或 Parquet。")) from error
    if not rows:
        raise fault(N_("文件里没有数据行。"))
    return media_type, list(schema.names), rows


def from_parquet(file: IO[bytes], items: list[str], progress: Progress) -> tuple[pa.Schema, Iterator[pa.RecordBatch]]:
    """Return the columns of a Parquet file, and its rows bit by bit."""
    opened = pa.parquet.ParquetFile(pa.PythonFile(Counted(file, progress), "r"))
    schema = opened.schema_arrow.remove_metadata()
    check_columns(schema, items)
    return schema, opened.iter_batches(batch_size=16_384)


def from_csv(file: IO[bytes], items: list[str], progress: Progress) -> tuple[pa.Schema, Iterator[pa.RecordBatch]]:
    """Return the columns of a CSV file, all of them text, and its rows bit by bit."""
    encoding = sniff.encoding(file)
    if encoding is None:
        raise fault(N_("文件的编码既不是 UTF-8 也不是 GB18030，或者不是文本。"))
    names = header(file, encoding)
    schema = pa.schema([(name, pa.string()) for name in names])
    check_columns(schema, items)
    wrong: list[Any] = []

    def note(row: Any) -> str:
        wrong.append([N_("第 %(row)s 行有 %(found)d 列，应有 %(expected)d 列。"), said(row)])
        return "error"

    def batches() -> Iterator[pa.RecordBatch]:
        try:
            yield from reader
        except pa.ArrowInvalid:
            if wrong:
                raise fault(*wrong[0]) from None
            raise

    file.seek(0)
    try:
        reader = pa.csv.open_csv(
            Counted(file, progress),
            pa.csv.ReadOptions(use_threads=False, block_size=BLOCK, encoding=encoding),
            pa.csv.ParseOptions(newlines_in_values=True, invalid_row_handler=note),
            pa.csv.ConvertOptions(column_types=dict.fromkeys(names, pa.string()), strings_can_be_null=False),
        )
    except pa.ArrowInvalid:
        if wrong:
            raise fault(*wrong[0]) from None
        raise
    return schema, batches()


def said(row: Any) -> dict[str, Any]:
    """Return what is wrong with a row, without the row itself."""
    return {"row": row.number or "?", "found": row.actual_columns, "expected": row.expected_columns}


def header(file: IO[bytes], encoding: str) -> list[str]:
    """Return the names in the first line of a CSV file."""
    file.seek(0)
    text = io.TextIOWrapper(Kept(file), "utf-8-sig" if encoding == "utf-8" else encoding, newline="")  # type: ignore[type-var]
    try:
        return next(csv.reader(text, strict=True), [])
    except (csv.Error, UnicodeDecodeError) as error:
        raise fault(N_("第一行不是列名。")) from error
    finally:
        text.detach()


def check_columns(schema: pa.Schema, items: Iterable[str]) -> None:
    """Refuse columns that cannot be delivered, and a file that lacks items of the entry."""
    names = schema.names
    if not names or len(names) > MOST_COLUMNS or any(not name.strip() or sniff.unwritten(name) for name in names):
        raise fault(N_("第一行不是列名。"))
    if WATERMARK in names:
        raise fault(N_("列名 %(names)s 由平台使用，请改名。"), {"names": WATERMARK})
    if twice := [name for name, times in Counter(names).items() if times > 1]:
        raise fault(N_("列名重复：%(names)s。"), {"names": "、".join(twice[:10])})
    if nested := [field.name for field in schema if not plain(field.type)]:
        raise fault(N_("这些列不是单个的值：%(names)s。"), {"names": "、".join(nested[:10])})
    if missing := [item for item in items if item not in set(names)]:
        raise fault(N_("目录里的这些数据项在文件里没有：%(names)s。"), {"names": "、".join(missing[:10])})


def plain(kind: pa.DataType) -> bool:
    """Say whether values of a type can be written as text, as every delivery must be able to."""
    if pa.types.is_nested(kind) or pa.types.is_binary(kind) or pa.types.is_large_binary(kind):
        return False
    try:
        pa.array([], kind).cast(pa.string())
    except pa.ArrowException:
        return False
    return True


def write(kept: IO[bytes], schema: pa.Schema, batches: Iterable[pa.RecordBatch]) -> int:
    """Write rows in groups of a bounded size; return how many there were."""
    total, group, rows, size = 0, [], 0, 0
    with pa.parquet.ParquetWriter(pa.PythonFile(kept, "w"), schema, compression="zstd", use_dictionary=False) as writer:
        for batch in batches:
            group.append(batch)
            rows, size = rows + batch.num_rows, size + batch.nbytes
            if rows >= GROUP_ROWS or size >= GROUP_BYTES:
                writer.write_table(pa.Table.from_batches(group, schema))
                total, group, rows, size = total + rows, [], 0, 0
        if group:
            writer.write_table(pa.Table.from_batches(group, schema))
    return total + rows


def fault(words: str, values: dict[str, Any] | None = None) -> ValidationError:
    """Return the refusal of a file, said of the field that hands it in."""
    return ValidationError({"file": [words, values] if values else [words]})


class Kept(io.BufferedIOBase):
    """A file that whoever wraps it does not close."""

    def __init__(self, file: IO[bytes]) -> None:
        self.file = file

    def readable(self) -> bool:
        """Say that it can be read."""
        return True

    def read(self, size: int | None = -1) -> bytes:
        """Read from the file."""
        return self.file.read(-1 if size is None else size)

    read1 = read

    def close(self) -> None:
        """Leave the file open."""


class Counted:
    """A file that tells how much of it has been read."""

    def __init__(self, file: IO[bytes], progress: Progress) -> None:
        self.file, self.progress, self.closed = file, progress, False

    def read(self, size: int = -1) -> bytes:
        """Read from the file."""
        piece = self.file.read(size)
        self.progress(len(piece))
        return piece

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        """Go to a place in the file."""
        return self.file.seek(offset, whence)

    def tell(self) -> int:
        """Return the place in the file."""
        return self.file.tell()

    def readable(self) -> bool:
        """Say that it can be read."""
        return True

    def writable(self) -> bool:
        """Say that it cannot be written."""
        return False

    def seekable(self) -> bool:
        """Say that one can go to any place in it."""
        return True

    def flush(self) -> None:
        """Do nothing: nothing is written."""

    def close(self) -> None:
        """Leave the file open; whoever opened it closes it."""
        self.closed = True


def from_path(dataset: Dataset, path: Path, person: User | None, progress: Progress = lambda read: None) -> Resource:
    """Take in the file at a path.

    :raises ValidationError: it cannot be read, or as `load` says
    """
    try:
        with path.open("rb") as file:
            return load(dataset, file, person, progress)
    except OSError as error:
        raise fault(N_("打不开这个文件。")) from error
