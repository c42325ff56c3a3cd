"""What leaves: the agreed items and rows of a version of the data, as CSV or Parquet, piece by piece.

Values leave as they were handed over. In particular a text that begins with = or + is not changed, although a
spreadsheet may take it for a formula: a delivery that alters values would be worse, and the page says so.
"""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from decimal import Decimal, InvalidOperation
from functools import reduce
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet

from models import Resource
from workflow import store
from workflow.resources import WATERMARK

FORMATS = {"csv": "text/csv", "parquet": "application/vnd.apache.parquet"}
BATCH, GROUP = 16_384, 131_072
COMPARISONS: dict[str, Callable[[Any, Any], Any]] = {
    "<": pc.less,
    "<=": pc.less_equal,
    ">": pc.greater,
    ">=": pc.greater_equal,
}
WORDS = frozenset({"=", "!=", "in", "between", *COMPARISONS})
NUMBER = r"^[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?$"
# A piece of CSV with its number of rows; of Parquet, whose rows lie in groups, rows come with the group's bytes.
Piece = tuple[bytes, int]


class Undeliverable(Exception):
    """The terms name items or rows that the data do not have; nobody is given something else instead."""


def check(resource: Resource, items: Sequence[str], rows: Sequence[Mapping[str, Any]]) -> None:
    """Look at whether a version of the data has what the terms name.

    :raises Undeliverable: it has not
    """
    with store.reader(resource.sha256) as file:
        schema = pa.parquet.ParquetFile(file).schema_arrow
    missing = [name for name in (*items, *(row["item"] for row in rows)) if name not in schema.names]
    if missing:
        raise Undeliverable(f"no column {missing[0]!r}")
    empty = pa.RecordBatch.from_pylist([], schema=schema)
    mask(empty, rows)


def count(resource: Resource, rows: Sequence[Mapping[str, Any]]) -> int:
    """Return how many rows the terms give access to."""
    if not rows:
        return resource.rows
    asked = list(dict.fromkeys(row["item"] for row in rows))
    return sum(batch.num_rows for batch in selected(resource, asked, rows))


def as_csv(
    resource: Resource, items: Sequence[str], rows: Sequence[Mapping[str, Any]], mark: str = ""
) -> Iterator[Piece]:
    """Return the agreed part as CSV (RFC 4180, UTF-8), in pieces.

    :param mark: the reference of the entitlement, borne by each row in a column of its own
    """
    names = [*(items or resource.columns), *([WATERMARK] if mark else [])]
    yield line_of(names), 0
    for batch in selected(resource, items, rows):
        yield lines(marked(batch, mark)), batch.num_rows


def as_parquet(
    resource: Resource, items: Sequence[str], rows: Sequence[Mapping[str, Any]], mark: str = ""
) -> Iterator[Piece]:
    """Return the agreed part as Parquet, in pieces.

    :param mark: the reference of the entitlement, borne by each row in a column of its own and by the file
    """
    sink = Sink()
    with store.reader(resource.sha256) as file:
        whole = pa.parquet.ParquetFile(file).schema_arrow
    schema = pa.schema([whole.field(name) for name in (items or whole.names)])
    if mark:
        schema = schema.append(pa.field(WATERMARK, pa.string())).with_metadata({WATERMARK: mark})
    writer = pa.parquet.ParquetWriter(pa.PythonFile(sink, "w"), schema, compression="zstd", use_dictionary=False)
    group: list[pa.RecordBatch] = []
    held = 0
    for batch in selected(resource, items, rows):
        group.append(marked(batch, mark))
        held += batch.num_rows
        if held >= GROUP:
            writer.write_table(pa.Table.from_batches(group).cast(schema))
            yield sink.taken(), held
            group, held = [], 0
    if group:
        writer.write_table(pa.Table.from_batches(group).cast(schema))
    writer.close()
    yield sink.taken(), held


WRITERS = {"csv": as_csv, "parquet": as_parquet}


def selected(resource: Resource, items: Sequence[str], rows: Sequence[Mapping[str, Any]]) -> Iterator[pa.RecordBatch]:
    """Return the agreed rows, with the agreed items and no others, in batches."""
    wanted = list(items) or list(resource.columns)
    needed = list(dict.fromkeys([*wanted, *(row["item"] for row in rows)]))
    with store.reader(resource.sha256) as file:
        for batch in pa.parquet.ParquetFile(file).iter_batches(batch_size=BATCH, columns=needed):
            chosen = batch.filter(mask(batch, rows)) if rows else batch
            if chosen.num_rows:
                yield chosen.select(wanted)


def mask(batch: pa.RecordBatch, rows: Sequence[Mapping[str, Any]]) -> Any:
    """Say of each row whether it meets every rule; where a value is missing, no rule is met."""
    return reduce(pc.and_kleene, (met(batch.column(row["item"]), row) for row in rows), pa.scalar(True))


def met(column: Any, row: Mapping[str, Any]) -> Any:
    """Say of each value of a column whether it meets a rule.

    :raises Undeliverable: the rule compares in a way that is not known, or with something the column cannot hold
    """
    word, said = row["is"], row["value"]
    if word not in WORDS:
        raise Undeliverable(f"unknown comparison {word!r}")
    values = [str(value) for value in listed(said, several=word in ("in", "between"))]
    if not values or (word == "between" and len(values) != 2):
        raise Undeliverable(f"{word} needs other values")
    try:
        if word in ("=", "!="):
            same = pc.equal(column, held(values[0], column.type))
            return same if word == "=" else pc.invert(same)
        if word == "in":
            return reduce(pc.or_kleene, (pc.equal(column, held(value, column.type)) for value in values))
        if pa.types.is_string(column.type) or pa.types.is_large_string(column.type):
            column, bounds = measured(column, values)
        else:
            bounds = [held(value, column.type) for value in values]
    except pa.ArrowException as error:
        raise Undeliverable(f"the column cannot be compared with the value of {word}") from error
    if word == "between":
        return pc.and_kleene(pc.greater_equal(column, bounds[0]), pc.less_equal(column, bounds[1]))
    return COMPARISONS[word](column, bounds[0])


def held(value: str, kind: pa.DataType) -> Any:
    """Return a value as the column holds its own."""
    return pa.scalar(value, pa.string()).cast(kind)


def measured(column: Any, values: Sequence[str]) -> tuple[Any, list[Any]]:
    """Return a column of text as it is to be compared: as numbers with numbers, else as text.

    A text that is no number has no place among numbers, and meets no bound.
    """
    try:
        numbers = [float(Decimal(value)) for value in values]
    except InvalidOperation:
        return column, [pa.scalar(value, column.type) for value in values]
    written = pc.match_substring_regex(column, NUMBER)
    as_numbers = pc.cast(pc.if_else(written, column, pa.scalar(None, column.type)), pa.float64())
    return as_numbers, [pa.scalar(number, pa.float64()) for number in numbers]


def listed(said: Any, *, several: bool) -> list[Any]:
    """Return the values of a rule; what a form sent in one line is taken apart at its commas."""
    if isinstance(said, list | tuple):
        return list(said)
    if several and isinstance(said, str):
        return [part.strip() for part in re.split("[,，、;；]", said) if part.strip()]
    return [said]


def marked(batch: pa.RecordBatch, mark: str) -> pa.RecordBatch:
    """Return rows that bear the reference of their entitlement, where they are to."""
    if not mark:
        return batch
    marks = pa.repeat(pa.scalar(mark), batch.num_rows)
    return pa.RecordBatch.from_arrays([*batch.columns, marks], names=[*batch.schema.names, WATERMARK])


def lines(batch: pa.RecordBatch) -> bytes:
    """Return rows as lines of CSV."""
    columns = [quoted(text(column)) for column in batch.columns]
    if len(columns) == 1:
        # A line with nothing in it would be no line at all.
        columns = [pc.if_else(pc.equal(columns[0], ""), '""', columns[0])]
    columns[-1] = pc.binary_join_element_wise(columns[-1], "\r\n", "")
    return letters(pc.binary_join_element_wise(*columns, ","))


def line_of(names: Sequence[str]) -> bytes:
    """Return the first line of a CSV file."""
    return lines(
        pa.RecordBatch.from_arrays([pa.array([name]) for name in names], names=[str(i) for i in range(len(names))])
    )


def text(column: Any) -> Any:
    """Return a column's values as text; what is missing is empty."""
    return pc.fill_null(column.cast(pa.string()), "")


def quoted(column: Any) -> Any:
    """Put in quotes the values that need them."""
    raw = letters(column)
    if b'"' in raw:
        plain = pc.replace_substring(column, '"', '""')
    elif any(sign in raw for sign in (b",", b"\n", b"\r")):
        plain = column
    else:
        return column
    return pc.if_else(
        pc.match_substring_regex(column, '[",\r\n]'), pc.binary_join_element_wise('"', plain, '"', ""), column
    )


def letters(column: Any) -> bytes:
    """Return the letters of a column of text, one value after the other."""
    _, places, content = column.buffers()
    if not len(column) or content is None:
        return b""
    offsets = memoryview(places).cast("i")
    first, last = offsets[column.offset], offsets[column.offset + len(column)]
    return bytes(memoryview(content)[first:last])


class Sink:
    """Where a writer leaves what it has written until it is fetched."""

    def __init__(self) -> None:
        self.parts: list[bytes] = []
        self.place, self.closed = 0, False

    def write(self, part: Any) -> int:
        """Keep what is written."""
        self.parts.append(bytes(part))
        self.place += len(self.parts[-1])
        return len(self.parts[-1])

    def tell(self) -> int:
        """Return how much has been written."""
        return self.place

    def taken(self) -> bytes:
        """Return what has been written since the last time."""
        written, self.parts = b"".join(self.parts), []
        return written

    def flush(self) -> None:
        """Do nothing: it is fetched."""

    def readable(self) -> bool:
        """Say that nothing is read from it."""
        return False

    def writable(self) -> bool:
        """Say that it can be written to."""
        return True

    def seekable(self) -> bool:
        """Say that one only goes on."""
        return False

    def close(self) -> None:
        """End the writing."""
        self.closed = True
