"""Data behind a few entries of a demonstration, so that what has been agreed can be downloaded.

Lines, sections of rivers and days are real; the figures follow a formula, and every row says so.
"""

import csv
import datetime as dt
import io
from collections.abc import Iterator
from dataclasses import dataclass

from models import Dataset, db
from workflow import calendar, resources

NOTE = "演示数值，由公式生成"
DAYS = 60
METRO = [f"{number}号线" for number in range(1, 19)] + ["浦江线"]
BUSES = ("20路", "37路", "42路", "49路", "71路", "123路", "隧道三线", "大桥六线")
SECTIONS = (
    ("黄浦江", "淀峰"),
    ("黄浦江", "松浦大桥"),
    ("黄浦江", "临江"),
    ("黄浦江", "杨浦大桥"),
    ("苏州河", "白鹤"),
    ("苏州河", "华漕"),
    ("苏州河", "浙江路桥"),
    ("淀山湖", "湖心区"),
)

Row = tuple[object, ...]


@dataclass(frozen=True)
class Table:
    """The data of one entry of the list."""

    # The entry's key at its source, as `catalogue.csv` has it.
    key: str
    columns: tuple[str, ...]


METRO_FLOW = Table("SH-0685", ("日期", "线路", "工作日", "进站人次", "出站人次", "说明"))
BUS_RUNS = Table("SH-0553", ("日期", "线路", "计划班次", "实发班次", "说明"))
WATER = Table("SH-1501", ("日期", "河湖", "断面", "水温", "pH", "溶解氧", "氨氮", "水质类别", "说明"))


def days() -> list[dt.date]:
    """Return the days that the tables cover; always the same, so that a table is loaded once."""
    return [dt.date(2026, 1, 1) + dt.timedelta(days=number) for number in range(DAYS)]


def metro_flow() -> Iterator[Row]:
    """Yield each line's passengers on each day."""
    for day in days():
        works = calendar.is_working(day)
        for place, line in enumerate(METRO, 1):
            entries = (900_000 - 37_000 * place) * (100 if works else 72) // 100 + day.toordinal() * 7919 % 9973
            yield day, line, "是" if works else "否", entries, entries - day.toordinal() * 31 % 997, NOTE


def bus_runs() -> Iterator[Row]:
    """Yield each line's runs on each day."""
    for day in days():
        for place, line in enumerate(BUSES, 1):
            planned = (160 if calendar.is_working(day) else 128) - 6 * place
            yield day, line, planned, planned - (day.toordinal() * place) % 4, NOTE


def water() -> Iterator[Row]:
    """Yield what was measured in each section on each day."""
    for day in days():
        for place, (river, section) in enumerate(SECTIONS, 1):
            step = (day.toordinal() * 13 + place * 29) % 100
            ammonia = 0.15 + step / 100 + place / 20
            grade = "Ⅱ" if ammonia <= 0.5 else "Ⅲ" if ammonia <= 1.0 else "Ⅳ"
            warm, acid, oxygen = 6 + step / 20, 7.2 + step % 9 / 10, 9.8 - step / 40
            yield day, river, section, f"{warm:.1f}", f"{acid:.1f}", f"{oxygen:.2f}", f"{ammonia:.2f}", grade, NOTE


TABLES = ((METRO_FLOW, metro_flow), (BUS_RUNS, bus_runs), (WATER, water))


def load() -> int:
    """Load the tables whose entries are on the list and have no data yet; return how many."""
    loaded = 0
    for table, rows in TABLES:
        entry = db.session.scalar(db.select(Dataset).where(Dataset.source_key == table.key))
        if entry is None or resources.newest(entry.id) is not None:
            continue
        if not entry.items:
            entry.items = list(table.columns)
            db.session.commit()
        resources.load(entry, io.BytesIO(as_csv(table.columns, rows())), None)
        loaded += 1
    return loaded


def as_csv(columns: tuple[str, ...], rows: Iterator[Row]) -> bytes:
    """Return a table as a CSV file."""
    written = io.StringIO()
    writer = csv.writer(written)
    writer.writerow(columns)
    writer.writerows(rows)
    return written.getvalue().encode()
