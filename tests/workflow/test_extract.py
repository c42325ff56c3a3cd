"""What leaves: the agreed items and rows and nothing else, exactly as they are."""

import csv
import io
import subprocess
import sys
from decimal import Decimal

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from models import Resource
from workflow import extract, site, store

ROWS = [
    {"区": "黄浦", "数": "7", "日": "2026-01-01"},
    {"区": "静安", "数": "12", "日": "2026-02-01"},
    {"区": "黄浦", "数": "", "日": "2026-03-01"},
    {"区": "徐汇", "数": "n/a", "日": ""},
    {"区": "静安", "数": "-3.5", "日": "2026-12-31"},
]


def resource_of(table) -> Resource:
    made = io.BytesIO()
    pq.write_table(table, made, row_group_size=2)
    sha256, size = store.put(made.getvalue())
    return Resource(sha256=sha256, size=size, columns=table.schema.names, rows=table.num_rows, version=1)


@pytest.fixture
def place(tmp_path, monkeypatch):
    monkeypatch.setattr(site, "_find", [lambda: site.Site("http://test", store=str(tmp_path))])


@pytest.fixture
def resource(place):
    return resource_of(pa.Table.from_pylist(ROWS))


def read(resource, items=(), rows=(), mark=""):
    pieces = list(extract.as_csv(resource, items, rows, mark))
    found = list(csv.DictReader(io.StringIO(b"".join(piece for piece, _ in pieces).decode(), newline="")))
    assert sum(number for _, number in pieces) == len(found) == (extract.count(resource, rows))
    table = pq.read_table(io.BytesIO(b"".join(p for p, _ in extract.as_parquet(resource, items, rows, mark))))
    assert [{k: "" if v is None else str(v) for k, v in row.items()} for row in table.to_pylist()] == found
    return found


def test_only_agreed_items_leave(resource):
    assert read(resource, ["日"]) == [{"日": row["日"]} for row in ROWS]
    assert list(read(resource, ["数", "区"])[0]) == ["数", "区"]
    assert read(resource) == ROWS


@pytest.mark.parametrize(
    ("item", "word", "value", "found"),
    [
        ("区", "=", "黄浦", [0, 2]),
        ("区", "!=", "黄浦", [1, 3, 4]),
        ("区", "in", ["黄浦", "徐汇"], [0, 2, 3]),
        ("区", "in", "黄浦、徐汇", [0, 2, 3]),
        ("区", "in", "黄浦", [0, 2]),
        ("数", "=", "7", [0]),
        ("数", "=", "7.0", []),
        ("数", "<", "10", [0, 4]),
        ("数", "<=", 7, [0, 4]),
        ("数", ">", "7", [1]),
        ("数", ">=", "7", [0, 1]),
        ("数", "between", ["-3.5", "7"], [0, 4]),
        ("日", ">=", "2026-02-01", [1, 2, 4]),
        ("日", "between", "2026-01-01, 2026-02-28", [0, 1]),
        ("数", "<", "1e3", [0, 1, 4]),
    ],
)
def test_only_agreed_rows_leave(resource, item, word, value, found):
    assert read(resource, [], [{"item": item, "is": word, "value": value}]) == [ROWS[number] for number in found]


def test_every_rule_must_be_met(resource):
    rules = [{"item": "区", "is": "=", "value": "静安"}, {"item": "数", "is": ">", "value": "0"}]
    assert read(resource, ["日"], rules) == [{"日": "2026-02-01"}]


def test_an_item_may_bound_rows_without_leaving(resource):
    assert read(resource, ["日"], [{"item": "区", "is": "=", "value": "徐汇"}]) == [{"日": ""}]


@pytest.mark.parametrize(
    ("items", "rows"),
    [
        (["没有"], []),
        (["日"], [{"item": "没有", "is": "=", "value": "1"}]),
        (["日"], [{"item": "区", "is": "like", "value": "1"}]),
        (["日"], [{"item": "区", "is": "between", "value": ["1"]}]),
        (["日"], [{"item": "区", "is": "in", "value": []}]),
    ],
)
def test_what_the_data_do_not_have_is_not_delivered_as_something_else(resource, items, rows):
    with pytest.raises(extract.Undeliverable):
        extract.check(resource, items, rows)


def test_values_with_a_kind_are_compared_as_such(place):
    table = pa.table(
        {
            "n": pa.array([1, 10, None, 9], pa.int64()),
            "d": pa.array([Decimal("1.10"), Decimal("2.00"), None, Decimal("3.00")]),
            "t": pa.array([0, 1, 2, None], pa.date32()),
        }
    )
    resource = resource_of(table)

    def read_n(*rule):
        return [row["n"] for row in read(resource, ["n"], [dict(zip(("item", "is", "value"), rule, strict=True))])]

    assert read_n("n", "<", "10") == ["1", "9"]
    assert read_n("n", "in", ["9", "10"]) == ["10", "9"]
    assert read_n("n", "!=", 1) == ["10", "9"]
    assert read_n("d", "=", "1.1") == ["1"]
    assert read_n("t", ">=", "1970-01-02") == ["10", ""]
    with pytest.raises(extract.Undeliverable):
        extract.check(resource, ["n"], [{"item": "n", "is": "<", "value": "many"}])


def test_the_mark_stands_in_every_row_and_in_the_file(resource):
    found = read(resource, ["日"], [], "QX-2026-000031")
    assert {row["kaimen_entitlement"] for row in found} == {"QX-2026-000031"}
    made = b"".join(piece for piece, _ in extract.as_parquet(resource, ["日"], [], "QX-2026-000031"))
    assert pq.read_schema(io.BytesIO(made)).metadata[b"kaimen_entitlement"] == b"QX-2026-000031"


def test_lines_end_as_the_standard_says_and_a_lonely_blank_is_a_line(resource):
    [first, *rest] = extract.as_csv(resource, ["数"], [])
    assert first == ("数\r\n".encode(), 0)
    assert b"".join(piece for piece, _ in rest) == b'7\r\n12\r\n""\r\nn/a\r\n-3.5\r\n'


texts = st.text(st.characters(codec="utf-8"), max_size=12) | st.sampled_from(['"', ",", "\n", "\r\n", '",\r\n"', ""])


@given(st.lists(st.lists(texts, min_size=3, max_size=3), min_size=1, max_size=8))
@settings(max_examples=150, deadline=None)
def test_any_text_comes_back_as_it_was(rows):
    batch = pa.RecordBatch.from_arrays([pa.array(column) for column in zip(*rows, strict=True)], names=["a", "b", "c"])
    back = list(csv.reader(io.StringIO(extract.lines(batch).decode(), newline=""), strict=True))
    assert back == rows
    part = batch.slice(len(rows) // 2)
    assert list(csv.reader(io.StringIO(extract.lines(part).decode(), newline=""))) == rows[len(rows) // 2 :]


LARGE = """
import io, resource, sys
from pathlib import Path
from models import Resource
from workflow import extract, site, store
site.found_by(lambda: site.Site("http://test", store=sys.argv[1]))
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
data = Resource(sha256=sys.argv[2], columns=["a", "b"], rows=0)
size = sum(len(piece) for write in (extract.as_csv, extract.as_parquet) for piece, _ in write(data, [], []))
print(size, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before)
"""


def test_a_large_set_leaves_in_constant_memory(tmp_path, monkeypatch):
    def grown(name, groups):
        place = tmp_path / name
        monkeypatch.setattr(site, "_find", [lambda: site.Site("http://test", store=str(place))])
        with (
            (tmp_path / "made").open("wb") as file,
            pq.ParquetWriter(file, pa.schema({"a": "string", "b": "string"})) as out,
        ):
            for number in range(groups):
                numbers = range(number * 100_000, (number + 1) * 100_000)
                out.write_table(
                    pa.table({"a": [f"{n * 7919 % 10**9:09d}" * 8 for n in numbers], "b": [f"{n}" for n in numbers]})
                )
        with (tmp_path / "made").open("rb") as file:
            sha256, _ = store.put(file)
        done = subprocess.run(
            [sys.executable, "-c", LARGE, str(place), sha256], capture_output=True, text=True, check=True
        )
        return [int(word) for word in done.stdout.split()]

    (small, some), (large, much) = grown("small", 4), grown("large", 24)
    assert large > 200_000_000
    assert large > 5.5 * small
    # Six times the data takes no more than a little more memory, in KB.
    assert much < some + 60_000, (some, much)
    assert much < 400_000
