"""The pages and the commands of the open list, as visitors and operators meet them."""

import csv
import io
import json
import re

import pytest
from lxml import html

from api.seed.catalogue import FILE, load_seed
from models import Dataset, DatasetState, Demand, OpenType, db, now
from workflow.catalogue import source
from workflow.catalogue.row import Defaults, Row


@pytest.fixture
def listed(app):
    """Return the service with the entries that come with it."""
    with app.app_context():
        load_seed()
        db.session.commit()
    return app


@pytest.fixture
def visitor(listed):
    return listed.test_client()


def page(client, address: str, status: int = 200):
    answer = client.get(address)
    assert answer.status_code == status, answer.text
    return html.fromstring(answer.text)


def select(node, selector: str) -> list:
    """Return the elements below a node that a chain of simple CSS selectors means."""
    path = "."
    for step in selector.replace(":checked", "[@checked]").split():
        name, sign, rest = re.fullmatch(r"([\w-]*)([.#\[]?)(.*?)\]?", step).groups()
        has = {
            ".": f"[contains(concat(' ', normalize-space(@class), ' '), ' {rest} ')]",
            "#": f"[@id='{rest}']",
            "[": f"[@{rest.lstrip('@').replace('=', '=' + chr(39)) + chr(39)}]" if "=" in rest else f"[{rest}]",
            "": "",
        }
        path += f"//{name or '*'}{has[sign]}"
    return node.xpath(path)


def names(tree) -> list[str]:
    return [link.text_content() for link in select(tree, ".km-result .km-title")]


def code_of(app, **where) -> str:
    with app.app_context():
        return db.session.scalar(db.select(Dataset.code).filter_by(**where).order_by(Dataset.id))


def change(app, code: str, **fields) -> None:
    with app.app_context():
        one = db.session.scalar(db.select(Dataset).where(Dataset.code == code))
        for name, value in fields.items():
            setattr(one, name, value)
        db.session.commit()


def test_the_seed_names_eight_providers_all_three_open_types_and_a_reason_for_what_is_closed(listed):
    rows = source.from_file(FILE, Defaults()).rows
    assert all(isinstance(row, Row) for row in rows)
    assert len(rows) >= 60
    assert len({row.provider for row in rows}) >= 8
    assert {row.open_type for row in rows} == {OpenType.NON_OPEN, OpenType.CONDITIONAL, OpenType.UNCONDITIONAL}
    assert all(row.ground and row.reevaluate_on for row in rows if row.open_type is OpenType.NON_OPEN)
    assert all(row.conditions and row.ground for row in rows if row.open_type is OpenType.CONDITIONAL)
    with listed.app_context():
        assert (load_seed().added, load_seed().unchanged) == (0, len(rows))


def test_two_characters_find_entries_and_are_marked(visitor):
    tree = page(visitor, "/datasets?q=公交")
    assert names(tree)
    assert all("公交" in name for name in names(tree))
    assert {mark.text for mark in select(tree, ".km-result mark")} == {"公交"}
    assert select(tree, "#q")[0].get("value") == "公交"


def test_choices_stand_in_the_address_are_shown_as_chips_and_can_be_taken_back(visitor):
    tree = page(visitor, "/datasets?q=空气&open_type=conditional&frequency=daily")
    chips = select(tree, ".km-chip")
    assert [chip.text_content().strip() for chip in chips] == ["有条件开放", "每天"]
    assert [box.get("value") for box in select(tree, "aside input:checked")] == ["conditional", "daily"]
    back = select(chips[0], "a")[0].get("href")
    assert [chip.text_content().strip() for chip in select(page(visitor, back), ".km-chip")] == ["每天"]
    assert "frequency=daily" in back
    assert "open_type" not in back


def test_each_count_is_what_its_choice_leaves(visitor):
    tree = page(visitor, "/datasets")
    counted = 0
    for label in select(tree, "aside label"):
        box, end = select(label, "input")[0], select(label, ".end")[0]
        if box.get("name") in ("open_type", "domain"):
            chosen = page(visitor, f"/datasets?{box.get('name')}={box.get('value')}")
            assert f"找到 {end.text} 个数据集" in select(chosen, "#res-t")[0].text_content()
            counted += 1
    assert counted > 10


def test_a_closed_entry_is_listed_with_its_reason_and_the_day_it_is_looked_at_again(visitor):
    text = select(page(visitor, "/datasets?open_type=non_open&q=公交驾驶员"), ".km-result")[0].text_content()
    for words in ("非开放", "涉及个人信息", "第十一条", "下次评估", "2027年6月30日", "提出需求"):
        assert words in text


def test_nothing_found_leads_to_a_demand_that_carries_the_words(visitor):
    tree = page(visitor, "/datasets?q=月球背面的公交")
    assert names(tree) == []
    links = [link.get("href") for link in select(tree, ".km-empty a")]
    assert "/demands/new?subject=%E6%9C%88%E7%90%83%E8%83%8C%E9%9D%A2%E7%9A%84%E5%85%AC%E4%BA%A4" in links


def test_pages_lead_on_and_keep_the_choices(visitor):
    tree = page(visitor, "/datasets?open_type=unconditional")
    assert len(names(tree)) == 20
    (on,) = [link.get("href") for link in select(tree, "a[rel=next]")]
    second = page(visitor, on)
    assert "open_type=unconditional" in on
    assert not set(names(tree)) & set(names(second))
    assert select(second, "a[rel=prev]")


@pytest.mark.parametrize(
    "query",
    ["q=%07", "q=%22%27%3C", "q=" + "公" * 5000, "page=0", "page=-5", "page=99999999999999999999", "page=x", "sort=x",
     "open_type=x", "provider=%C2%B2", "provider=99999999999999999999999", "domain=%07&format=%FF", "q=a&q=b"],
)  # fmt: skip
def test_no_address_breaks_the_list(visitor, query):
    page(visitor, f"/datasets?{query}")


def test_what_is_typed_is_shown_as_text(visitor):
    answer = visitor.get("/datasets?q=<script>alert(1)</script>&domain=<b>x</b>")
    assert "<script>alert" not in answer.text
    assert "<b>x" not in answer.text


def test_an_entry_with_conditions_shows_them_before_anything_else_and_leads_to_an_application(listed, visitor):
    tree = page(visitor, f"/datasets/{code_of(listed, open_type=OpenType.CONDITIONAL)}")
    assert select(tree, "main .card h2")[0].text_content() == "使用条件"
    conditions = select(select(tree, "main .card")[0], "li")
    assert [item[0].text for item in conditions] == [f"C{number}" for number in range(1, len(conditions) + 1)]
    assert len(conditions) >= 4
    assert "申请使用" in tree.text_content()
    assert "第十一条" in select(tree, "aside")[0].text_content()


def test_a_closed_entry_gives_its_reason_and_an_open_one_says_that_anybody_may_use_it(listed, visitor):
    closed = page(visitor, f"/datasets/{code_of(listed, open_type=OpenType.NON_OPEN)}")
    assert select(closed, "main .card h2")[0].text_content() == "不开放的理由"
    free = page(visitor, f"/datasets/{code_of(listed, open_type=OpenType.UNCONDITIONAL)}")
    assert "任何人都可以使用" in select(free, "main .card")[0].text_content()


def test_a_suspended_entry_says_why_and_cannot_be_fetched(listed, visitor):
    code = code_of(listed, open_type=OpenType.UNCONDITIONAL)
    change(listed, code, state=DatasetState.SUSPENDED, state_reason="正在核实一件权利主张")
    text = page(visitor, f"/datasets/{code}").text_content()
    assert "暂停开放" in text
    assert "正在核实一件权利主张" in text
    assert "现在不能获取" in text


def test_a_withdrawn_entry_leaves_the_list_but_its_page_says_what_became_of_it(listed, visitor):
    code = code_of(listed, open_type=OpenType.UNCONDITIONAL)
    change(listed, code, state=DatasetState.WITHDRAWN, state_reason="数据已经停止采集")
    assert "数据已经停止采集" in page(visitor, f"/datasets/{code}").text_content()
    assert names(page(visitor, f"/datasets?q={code}")) == []
    assert code not in visitor.get("/datasets.csv").text
    assert code not in visitor.get("/datasets.jsonld").text


def test_an_entry_without_summary_says_so(listed, visitor):
    code = code_of(listed, open_type=OpenType.UNCONDITIONAL)
    change(listed, code, summary="")
    assert "没有摘要" in page(visitor, f"/datasets/{code}").text_content()


@pytest.mark.parametrize("code", ["DS-999999", "x", "%00", "' OR 1=1", "公" * 300, "DS-000001.csv"])
def test_an_entry_that_is_not_there_is_not_found(visitor, code):
    page(visitor, f"/datasets/{code}", 404)


def test_only_the_body_s_own_people_are_offered_to_manage_an_entry(listed, people, client_of):
    with listed.app_context():
        query = db.select(Dataset.code).join(Dataset.provider).where(Dataset.provider.has(name="上海市交通委员会"))
        address = f"/datasets/{db.session.scalar(query)}"
    for person in (people.citizen, people.other_clerk, people.desk):
        assert "办理这个条目" not in page(client_of(person), address).text_content()
    assert "办理这个条目" not in page(listed.test_client(), address).text_content()
    assert "办理这个条目" in page(client_of(people.clerk), address).text_content()


def test_published_demands_answered_with_an_entry_are_shown_and_unpublished_ones_are_not(listed, walker):
    code = code_of(listed, open_type=OpenType.NON_OPEN)
    with listed.app_context():
        case = walker.demand()
        demand = db.session.get(Demand, case.id)
        demand.dataset_id = db.session.scalar(db.select(Dataset.id).where(Dataset.code == code))
        demand.published_at, demand.public_subject = None, "月度汇总统计"
        db.session.commit()
        assert "月度汇总统计" not in page(listed.test_client(), f"/datasets/{code}").text_content()
        demand.published_at = now()
        db.session.commit()
    assert "月度汇总统计" in page(listed.test_client(), f"/datasets/{code}").text_content()


def test_the_list_given_out_as_dcat_can_be_brought_in_again(visitor):
    answer = visitor.get("/datasets.jsonld")
    assert answer.mimetype == "application/ld+json"
    rows = source.recognise(answer.data, Defaults(origin="kaimen")).rows
    before = {row.name: row for row in source.from_file(FILE, Defaults()).rows}
    assert {row.name for row in rows} == set(before)
    for row in rows:
        same = before[row.name]
        assert (row.provider, row.open_type, row.frequency) == (same.provider, same.open_type, same.frequency)
        assert (row.summary, row.updated_on, set(row.formats)) == (same.summary, same.updated_on, set(same.formats))


def test_an_entry_given_out_as_dcat_bears_its_address_and_its_right_of_access(listed, visitor):
    code = code_of(listed, open_type=OpenType.CONDITIONAL)
    said = json.loads(visitor.get(f"/datasets/{code}.jsonld").data)
    assert said["@id"].endswith(f"/datasets/{code}")
    assert said["dct:accessRights"]["@id"].endswith("/RESTRICTED")
    assert visitor.get("/datasets/DS-999999.jsonld").status_code == 404


def test_the_list_given_out_as_a_table_holds_every_entry_and_no_formula(listed, visitor):
    change(listed, code_of(listed, open_type=OpenType.UNCONDITIONAL), name="=HYPERLINK(1)")
    text = visitor.get("/datasets.csv").data.decode("utf-8-sig")
    table = list(csv.DictReader(io.StringIO(text)))
    assert len(table) == len(source.from_file(FILE, Defaults()).rows)
    assert "'=HYPERLINK(1)" in {row["dataset_name"] for row in table}
    assert all(isinstance(row, Row) for row in source.recognise(text.encode(), Defaults(origin="k")).rows)


def test_the_index_can_be_made_anew(listed, visitor):
    with listed.app_context():
        db.session.execute(db.text("DELETE FROM search_dataset"))
        db.session.commit()
    assert names(page(visitor, "/datasets?q=公交")) == []
    assert "67" in listed.test_cli_runner().invoke(args=["index-catalogue"]).output
    assert names(page(visitor, "/datasets?q=公交"))
