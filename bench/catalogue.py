"""Measure how the open list answers with 1,000 and with 100,000 data sets.

`python -m bench.catalogue` prints a table for SQLite; with `--postgresql` one for PostgreSQL as well. Most of the time
it takes goes into bringing in the entries.
"""

import argparse
import datetime as dt
import random
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from flask import Flask
from sqlalchemy import text

from bench import databases
from models import Frequency, OpenType, db
from workflow.catalogue.load import load
from workflow.catalogue.query import Filters, search_datasets
from workflow.catalogue.row import Row

SMALL, LARGE = 1_000, 100_000
ROUNDS = 30
TODAY = dt.date(2026, 11, 23)

PLACES = "黄浦 徐汇 长宁 静安 普陀 虹口 杨浦 闵行 宝山 嘉定 浦东 金山 松江 青浦 奉贤 崇明"
OFFICES = "交通 生态环境 卫生健康 教育 公安 民政 水务 绿化市容 文化旅游 市场监管 应急管理 规划资源 统计 体育 农业农村"
DOMAINS = "城市建设 民生服务 经济建设 教育科技 资源环境 公共安全 卫生健康 文化休闲 道路交通 机构团体 社会发展"
SUBJECTS = (
    "公交线路 地铁客流 空气质量 地表水质 医疗机构 预防接种 幼儿园 中小学 文物保护点 公园绿地 垃圾分类 菜市场 养老机构 "
    "停车场 加油站 充电桩 公共厕所 健身步道 图书馆 博物馆 旅行社 食品经营许可 行政处罚 行政许可 财政预算 人口统计 "
    "就业培训 社会组织 律师事务所 防汛物资 桥梁 隧道 航道 码头 高新技术企业 专利 地名 建设用地 供水水量 污水处理"
)
KINDS = "信息 名单 统计 明细 目录 分布 监测数据 登记记录"
FORMATS = [["csv", "json", "rdf", "xlsx", "xml"], [], ["csv"], ["xls"], ["csv", "xlsx"], ["api"]]
QUESTIONS: dict[str, tuple[str, dict[str, str]]] = {
    "the whole list": ("", {}),
    "two facets": ("", {"open_type": "conditional", "domain": "道路交通"}),
    "two characters, in one name of eight": ("信息", {}),
    "two characters, in one name of forty": ("公交", {}),
    "two words and a facet": ("空气质量 监测", {"open_type": "conditional"}),
    "three words that seldom meet": ("体育局 码头 2011", {}),
}


def rows(count: int) -> Iterator[Row]:
    """Yield made-up entries shaped like a real list: each body keeps a dozen series, and adds to them."""
    chance = random.Random(21)
    places, domains, subjects, kinds = (words.split() for words in (PLACES, DOMAINS, SUBJECTS, KINDS))
    bodies = [f"上海市{place}区人民政府" for place in places] + [f"上海市{office}局" for office in OFFICES.split()]
    series = [
        (
            body,
            chance.choice(domains),
            chance.choices(list(OpenType)[1:], [3, 30, 67])[0],
            chance.choice(list(Frequency)),
            chance.choice(FORMATS),
        )
        for body in bodies
        for _ in range(20)
    ]
    for number in range(count):
        body, domain, open_type, frequency, formats = chance.choice(series)
        subject = chance.choice(subjects)
        name = f"{chance.choice(places)}区{subject}{chance.choice(kinds)}（{2000 + number % 27}年）"
        yield Row(
            number=number + 1,
            source="bench",
            key=str(number),
            name=name,
            provider=body,
            open_type=open_type,
            summary=f"{name}，包括{subject}和{chance.choice(subjects)}的名称、地址、联系方式等内容，供公众查询。",
            domain=domain,
            frequency=frequency,
            formats=formats,
            tags=[chance.choice(subjects), chance.choice(subjects)],
            updated_on=TODAY - dt.timedelta(days=chance.randrange(3000)),
        )


def filled(folder: Path, url: str, count: int) -> Flask:
    """Return the service with a list of so many entries."""
    app = databases.app_on(folder / str(count), url)
    with app.app_context():
        db.create_all()
        load(list(rows(count)), TODAY)
        db.session.commit()
        if db.engine.dialect.name == "postgresql":
            # The database does so by itself a little after so many rows have come.
            with db.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
                connection.execute(text("VACUUM ANALYZE"))
    return app


def search_of(app: Flask, query: str, chosen: dict[str, str]) -> Callable[[], None]:
    """Return the search as the pages and the interface make it."""
    filters = Filters({facet: frozenset([value]) for facet, value in chosen.items()})

    def ask() -> None:
        with app.app_context():
            search_datasets(query, filters)

    return ask


def page_of(app: Flask, query: str, chosen: dict[str, str]) -> Callable[[], None]:
    """Return the opening of the page, as a visitor without an account asks for it."""
    client = app.test_client()

    def ask() -> None:
        answer = client.get("/datasets", query_string={"q": query, **chosen})
        if answer.status_code != 200:
            raise RuntimeError(f"The page answers {answer.status_code}.")

    return ask


def measured(*actions: Callable[[], None]) -> list[float]:
    """Return how many milliseconds each action usually takes; they take turns, so that they share the weather."""
    times: list[list[float]] = [[] for _ in actions]
    for turn in range(ROUNDS + 3):
        for action, kept in zip(actions, times, strict=True):
            begun = time.perf_counter()
            action()
            if turn >= 3:
                kept.append((time.perf_counter() - begun) * 1000)
    return [statistics.median(kept) for kept in times]


def results(small: Flask, large: Flask) -> list[tuple[str, float, float, float]]:
    """Return for each question: what it is, milliseconds with 1,000 and with 100,000 entries, and their ratio."""
    found = []
    for kind, asked in (("search", search_of), ("page", page_of)):
        for label, question in QUESTIONS.items():
            before, after = measured(asked(small, *question), asked(large, *question))
            found.append((f"{kind}: {label}", before, after, after / before))
    return found


def report(title: str, small: Flask, large: Flask) -> None:
    """Print the results as a table."""
    print(f"{title:50} {SMALL:>10,} {LARGE:>10,}  ratio")
    for label, before, after, ratio in results(small, large):
        print(f"{label:50} {before:7.1f} ms {after:7.1f} ms {ratio:6.2f}")


def main() -> None:
    """Fill the databases, measure, and print."""
    parser = argparse.ArgumentParser(prog="python -m bench.catalogue", description=__doc__)
    parser.add_argument("--postgresql", action="store_true", help="measure on PostgreSQL as well")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        report("SQLite", *(filled(Path(folder), "", count) for count in (SMALL, LARGE)))
    if not options.postgresql:
        return
    with (
        tempfile.TemporaryDirectory() as folder,
        databases.server() as address,
        databases.postgresql(address) as (small, _),
        databases.postgresql(address) as (large, _),
    ):
        report("PostgreSQL", filled(Path(folder), small, SMALL), filled(Path(folder), large, LARGE))


if __name__ == "__main__":
    main()
