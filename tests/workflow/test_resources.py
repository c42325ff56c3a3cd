"""The data behind a data set: taken in whole, value by value as they are, or not at all."""

import csv
import io
import random

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from marshmallow import ValidationError

from api.seed import data
from api.seed.catalogue import FILE
from models import Resource, db
from tests.walks import Walker
from workflow import extract, resources

pytestmark = pytest.mark.usefixtures("context")
HEAD = "站点名称,空闲枪数,采集时间\n"
GOOD = (HEAD + "人民广场,007,2026-01-01\n静安寺,1.10,2026-01-02\n").encode()


@pytest.fixture
def dataset(walker: Walker):
    """Return an entry of the open list with three items."""
    return walker.at("amend_listing").listing.dataset


def load(dataset, content, **how):
    return resources.load(dataset, io.BytesIO(content), None, **how)


def refusal(dataset, content):
    before = db.session.scalar(db.select(db.func.count(Resource.id)))
    with pytest.raises(ValidationError) as refused:
        load(dataset, content)
    db.session.rollback()
    assert db.session.scalar(db.select(db.func.count(Resource.id))) == before
    return refused.value.messages["file"][0]


def told(resource, items=(), rows=(), mark=""):
    return b"".join(piece for piece, _ in extract.as_csv(resource, items, rows, mark)).decode()


def parquet(table, **how):
    made = io.BytesIO()
    pq.write_table(table, made, **how)
    return made.getvalue()


def test_a_file_becomes_the_newest_version(dataset):
    first = load(dataset, GOOD)
    assert (first.version, first.rows, first.columns) == (1, 2, ["站点名称", "空闲枪数", "采集时间"])
    second = load(dataset, GOOD + "外滩,3,2026-01-03\n".encode())
    assert (second.version, second.rows) == (2, 3)
    assert resources.newest(dataset.id) == second
    assert resources.versions(dataset) == [second, first]


def test_the_same_file_twice_is_one_version(dataset):
    assert load(dataset, GOOD) == load(dataset, GOOD)
    assert db.session.scalar(db.select(db.func.count(Resource.id))) == 1


def test_values_stay_as_they_were_handed_over(dataset):
    odd = HEAD + '=1+1,007,\n"a,""b""\nc", 1.10 ,"\r\n"\n,,\n+86,NULL,true\n'
    shown = told(load(dataset, odd.encode()))
    assert shown == (HEAD + '=1+1,007,\n"a,""b""\nc", 1.10 ,"\r\n"\n,,\n+86,NULL,true\n').replace("\n", "\r\n").replace(
        '""b""\r\nc', '""b""\nc'
    ).replace('"\r\r\n"', '"\r\n"')


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030"])
def test_both_encodings_are_read(dataset, encoding):
    loaded = load(dataset, GOOD.decode().encode(encoding))
    assert told(loaded).encode() == GOOD.replace(b"\n", b"\r\n")


def test_a_large_file_in_the_older_encoding_is_read_over_the_seams(dataset):
    rows = "".join(f"站点{number}龘,{number},2026\n" for number in range(300_000))
    loaded = load(dataset, (HEAD + rows).encode("gb18030"))
    assert loaded.rows == 300_000
    assert told(loaded) == (HEAD + rows).replace("\n", "\r\n")


def test_parquet_keeps_its_kinds_of_values(dataset):
    table = pa.table(
        {
            "站点名称": ["a", None, "c"],
            "空闲枪数": pa.array([1, 2, None], pa.int32()),
            "采集时间": pa.array([0, 86_400_000, 1], pa.timestamp("ms")),
            "flag": [True, False, None],
        }
    )
    loaded = load(dataset, parquet(table))
    assert (loaded.rows, loaded.media_type) == (3, resources.PARQUET)
    made = b"".join(piece for piece, _ in extract.as_parquet(loaded, ["空闲枪数", "flag"], []))
    back = pq.read_table(io.BytesIO(made))
    assert back.schema.types == [pa.int32(), pa.bool_()]
    assert back.equals(table.select(["空闲枪数", "flag"]))
    assert told(loaded, ["空闲枪数", "站点名称"]) == "空闲枪数,站点名称\r\n1,a\r\n2,\r\n,c\r\n"


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "列名"),
        (HEAD.encode(), "没有数据行"),
        (b"\x00\x01\x02", "编码"),
        (GOOD + "一列\n".encode(), "列，应有"),
        (GOOD + "一,二,三,四\n".encode(), "列，应有"),
        ("站点名称,空闲枪数\na,1\n".encode(), "没有：%(names)s"),
        ("站点名称,空闲枪数,采集时间,站点名称\na,1,2,3\n".encode(), "重复"),
        ("站点名称,空闲枪数,采集时间,\na,1,2,3\n".encode(), "列名"),
        ("站点名称,空闲枪数,采集时间,kaimen_entitlement\na,1,2,3\n".encode(), "由平台使用"),
        (b"PAR1 but nothing more", "不完整"),
        (b"PAR1" + bytes(100) + b"PAR1", "读不下去"),
    ],
)
def test_a_bad_file_changes_nothing(dataset, content, words):
    load(dataset, GOOD)
    assert words in refusal(dataset, content)
    assert resources.newest(dataset.id).version == 1


def test_a_parquet_file_with_a_broken_page_changes_nothing(dataset):
    table = pa.table({name: [str(random.Random(7).random())] * 5000 for name in ("站点名称", "空闲枪数", "采集时间")})
    content = bytearray(parquet(table, compression="snappy"))
    content[40:400] = bytes(360)
    assert "读不下去" in refusal(dataset, bytes(content))


def test_columns_within_columns_are_refused(dataset):
    names = {name: ["a"] for name in ("站点名称", "空闲枪数", "采集时间")}
    for value in ([[1, 2]], [{"a": 1}], [b"\xff"]):
        assert "单个的值" in refusal(dataset, parquet(pa.table({**names, "more": value})))


def test_progress_is_told_of_every_byte_twice(dataset):
    read = []
    load(dataset, GOOD * 1, progress=read.append)
    assert sum(read) >= 2 * len(GOOD)


def test_the_tables_of_the_demonstration_belong_to_entries_of_its_list():
    with FILE.open(encoding="utf-8") as file:
        keys = {row["entry_id"] for row in csv.DictReader(file)}
    for table, rows in data.TABLES:
        assert table.key in keys
        made = list(rows())
        assert {len(row) for row in made} == {len(table.columns)}
        assert {row[-1] for row in made} == {data.NOTE}
    assert data.as_csv(table.columns, rows()) == data.as_csv(table.columns, rows())
