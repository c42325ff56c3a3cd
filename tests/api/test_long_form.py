"""A long application in the browser: rows come and go, files stay, and several people write on one draft."""

import json
import re
from io import BytesIO

import pytest
from lxml import html
from werkzeug.datastructures import MultiDict

from models import Case, Companion, Draft, File, db
from tests.applications import FORM
from workflow.worklist import open_items

PDF = b"%PDF-1.4\n1 0 obj<<>>endobj\ntrailer<<>>\n%%EOF\n"


def flat(answer):
    """Return an answer as a browser sends it."""
    pairs = []
    for name, value in answer.items():
        if isinstance(value, list) and value and isinstance(value[0], dict):
            for number, row in enumerate(value):
                pairs += [(f"{name}-{number}-{inner}", said) for inner, said in flat(row).items(multi=True)]
        elif isinstance(value, list):
            pairs.append((name, "\r\n".join(map(str, value))))
        elif isinstance(value, bool):
            pairs += [(name, "true")] if value else []
        else:
            pairs.append((name, str(value)))
    return MultiDict(pairs)


class Desk:
    """A draft application of the citizen, and the companion who writes on it as well."""

    def __init__(self, app, walker, client_of, people) -> None:
        self.app, self.people, self.clients = app, people, client_of
        with app.app_context():
            case = walker.at("submit_application")
            self.reference, self.entry = case.reference, walker.dataset().code
            companion = walker.person("stranger")
            citizen = walker.person("citizen")
            db.session.add(
                Companion(case_id=case.id, email=companion.email, user_id=companion.id, invited_by_id=citizen.id)
            )
            db.session.commit()
        self.path = f"/requester/cases/{self.reference}/submit_application"

    def open(self, word="citizen"):
        """Return the form as a person sees it: what it sends back when nothing is touched."""
        page = self.clients(getattr(self.people, word)).get(self.path)
        assert page.status_code == 200, page.text
        return sent_by(page)

    def send(self, form, word="citizen", status=None, **more):
        """Send a form, and return the answer."""
        page = self.clients(getattr(self.people, word)).post(self.path, data=form, **more)
        assert status in (None, page.status_code), page.text
        return page

    def kept(self):
        """Return what is kept of the draft."""
        with self.app.app_context():
            return db.session.scalars(db.select(Draft)).one().form

    def count(self, table):
        with self.app.app_context():
            return db.session.scalar(db.select(db.func.count()).select_from(table))


def sent_by(page):
    """Return what the form of a page sends when it is sent as it is."""
    form = html.fromstring(page.text).xpath("//form[contains(@class, 'km-form')]")[0]
    # A browser leaves out the line break with which a text begins in the page.
    return MultiDict((name, value.removeprefix("\n")) for name, value in form.form_values())


@pytest.fixture
def desk(app, walker, client_of, people):
    """Return a draft application on which two people write."""
    return Desk(app, walker, client_of, people)


def good(desk, **changes):
    row = {"dataset": desk.entry, "items": [], "rows": [], "need": "研究站点周边的客流需要逐项的数据。"}
    return flat(FORM | {"datasets": [row]} | changes)


def over(form, changes):
    """Return a form with some fields written anew."""
    made = MultiDict(form)
    for name, value in changes.items():
        made[name] = value
    return made


def test_a_whole_application_is_handed_in_through_its_form(desk):
    form = desk.open()
    desk.send(over(form, good(desk)), status=303)
    with desk.app.app_context():
        case = db.session.scalar(db.select(Case).where(Case.reference == desk.reference))
        assert case.state == "submitted"
        assert [row["name"] for row in case.application.form["people"]] == ["人员甲", "人员乙"]
    assert desk.count(Draft) == 0


def test_a_long_form_has_numbered_sections_and_says_how_far_each_is(desk):
    tree = html.fromstring(desk.clients(desk.people.citizen).get(desk.path).text)
    sections = tree.xpath("//section[starts-with(@id, 's-')]/@id")
    links = tree.xpath("//nav[contains(@class, 'km-progress')]/ol/li/a/@href")
    assert len(sections) > 5
    assert links == [f"#{each}" for each in sections]
    page = desk.send(over(desk.open(), {"applicant": "上", "truthful": "true"}), status=422)
    tree = html.fromstring(page.text)
    states = tree.xpath("//nav/ol/li/@data-state")
    assert states[1] == "wrong"
    assert tree.xpath("//a[@href='#f-applicant']")
    assert tree.xpath("//a[@href='#f-people-0-name' or @href='#f-people']")


def test_a_short_form_stays_as_it_is(desk, walker, client_of, people):
    with desk.app.app_context():
        reference = walker.at("screen_demand").reference
    page = client_of(people.desk).get(f"/desk/cases/{reference}/screen_demand").text
    assert "km-progress" not in page


@pytest.mark.parametrize(
    ("button", "names"),
    [({"add": "people"}, ["人员甲", "人员乙", ""]), ({"remove": "people-0"}, ["人员乙"])],
)
def test_a_row_comes_or_goes_without_script_and_nothing_is_lost_or_checked(desk, button, names):
    changed = over(desk.open(), good(desk, applicant="短", scenario="还没写完"))
    page = desk.send(over(changed, button), status=200)
    again = sent_by(page)
    assert [again.get(f"people-{n}-name") for n in range(len(names))] == names
    assert (again["applicant"], again["scenario"]) == ("短", "还没写完")
    assert again["base"] == changed["base"]
    assert "km-summary" not in page.text
    assert desk.count(Draft) == 0


def test_blank_rows_are_dropped_when_the_draft_is_kept(desk):
    form = over(desk.open(), {"people-3-name": "丙", "people-7-name": " ", "joined-0-name": ""})
    desk.send(over(form, {"draft": "1"}), status=303)
    kept = desk.kept()
    assert kept["people"] == [{"name": "丙"}]
    assert "joined" not in kept


def test_what_is_wrong_in_a_row_is_shown_there_and_the_row_is_kept(desk):
    people = [dict(FORM["people"][0]), dict(FORM["people"][1], email="keine")]
    page = desk.send(over(desk.open(), good(desk, people=people)), status=422)
    tree = html.fromstring(page.text)
    assert tree.xpath("//input[@aria-invalid='true']/@name") == ["people-1-email"]
    assert tree.xpath("//div[contains(@class, 'km-summary')]//a/@href") == ["#f-people-1-email"]
    assert sent_by(page)["people-1-email"] == "keine"


def test_files_are_kept_although_the_rest_has_mistakes(desk):
    form = over(desk.open(), {"applicant": "短"})
    form.setlist("attachments-files", [(BytesIO(PDF), "方案.pdf"), (BytesIO(b"MZ\x90\x00" + b"x" * 99), "方案二.pdf")])
    page = desk.send(form, status=422, content_type="multipart/form-data")
    assert desk.count(File) == 1
    again = sent_by(page)
    assert re.search(r">方案\.pdf<", page.text)
    assert "方案二.pdf" in page.text
    numbers = again.getlist("attachments")
    assert len(numbers) == 1
    desk.send(over(again, {"draft": "1"}), status=303)
    assert desk.kept()["attachments"] == numbers
    removed = over(desk.open(), {"attachments-remove": numbers[0], "draft": "1"})
    desk.send(removed, status=303)
    assert "attachments" not in desk.kept()


def saved(desk, form, word="citizen"):
    """Save as the page's script does, and return what it is told."""
    page = desk.send(over(form, {"draft": "1"}), word, 200, headers={"Accept": "application/json"})
    return json.loads(page.text)


def test_the_script_is_told_when_it_was_saved_how_far_it_is_and_what_would_be_refused(desk):
    told = saved(desk, over(desk.open(), {"applicant": "上", "people-0-email": "keine"}))
    assert told["saved"].startswith("草稿保存于")
    assert told["hints"].keys() == {"f-applicant", "f-people-0-email"}
    assert [each["state"] for each in told["sections"]].count("wrong") == 0
    assert desk.kept()["applicant"] == "上"


def test_two_people_change_different_fields_and_both_are_kept(desk):
    hers, his = desk.open(), desk.open("stranger")
    desk.send(over(hers, {"applicant": "示例公司", "draft": "1"}), status=303)
    page = desk.send(over(his, {"responsible": "人员丙", "draft": "1"}), "stranger", 303)
    kept = desk.kept()
    assert (kept["applicant"], kept["responsible"]) == ("示例公司", "人员丙")
    again = desk.clients(desk.people.stranger).get(page.location)
    assert "别人刚改过：申请人名称" in again.text
    assert sent_by(again)["applicant"] == "示例公司"


def test_two_people_change_one_field_and_the_second_sees_both_and_chooses(desk):
    hers, his = desk.open(), desk.open("stranger")
    desk.send(over(hers, {"scenario": "她写的场景", "draft": "1"}), status=303)
    page = desk.send(over(his, {"scenario": "他写的场景", "draft": "1"}), "stranger", 409)
    assert desk.kept()["scenario"] == "她写的场景"
    assert "她写的场景" in page.text
    assert html.fromstring(page.text).xpath("//div[contains(@class, 'km-summary')]//a/@href") == ["#f-scenario"]
    again = sent_by(page)
    assert again["scenario"] == "他写的场景"
    # Sent once more as it is, his words stand: he has seen hers.
    desk.send(over(again, {"draft": "1"}), "stranger", 303)
    assert desk.kept()["scenario"] == "他写的场景"
    # With hers ticked, hers stand.
    desk.send(over(hers, {"scenario": "她又写的", "draft": "1"}), status=409)
    mine = over(desk.open(), {"scenario": "三稿"})
    desk.send(over(desk.open("stranger"), {"scenario": "四稿", "draft": "1"}), "stranger", 303)
    both = sent_by(desk.send(over(mine, {"draft": "1"}), status=409))
    desk.send(over(both, {"theirs": "scenario", "draft": "1"}), status=303)
    assert desk.kept()["scenario"] == "四稿"


def test_both_add_a_person_and_both_are_kept(desk):
    first = over(desk.open(), {"people-0-name": "甲甲", "draft": "1"})
    desk.send(first, status=303)
    hers, his = desk.open(), desk.open("stranger")
    desk.send(over(hers, {"people-1-name": "乙乙", "draft": "1"}), status=303)
    desk.send(over(his, {"people-1-name": "丙丙", "draft": "1"}), "stranger", 303)
    assert [row["name"] for row in desk.kept()["people"]] == ["甲甲", "乙乙", "丙丙"]
    gone = MultiDict([(name, value) for name, value in desk.open().items(multi=True) if "people-0" not in name])
    desk.send(over(gone, {"draft": "1"}), status=303)
    assert [row["name"] for row in desk.kept()["people"]] == ["乙乙", "丙丙"]


def test_what_somebody_else_has_just_written_is_seen_before_it_is_handed_in(desk):
    his = desk.open("stranger")
    whole = over(desk.open(), good(desk))
    desk.send(over(his, {"certificates": "ISO 27001", "draft": "1"}), "stranger", 303)
    page = desk.send(whole, status=409)
    assert "别人刚改过" in page.text
    again = sent_by(page)
    assert (again["certificates"], again["applicant"]) == ("ISO 27001", FORM["applicant"])
    desk.send(again, status=303)
    with desk.app.app_context():
        case = db.session.scalar(db.select(Case).where(Case.reference == desk.reference))
        assert case.application.form["certificates"] == "ISO 27001"


def test_the_script_goes_on_saving_beside_somebody_else(desk):
    hers, his = desk.open(), desk.open("stranger")
    told = saved(desk, over(hers, {"applicant": "示例公司"}))
    hers = over(hers, {"applicant": "示例公司", "base": told["base"]})
    saved(desk, over(his, {"address": "示例路 2 号"}), "stranger")
    told = saved(desk, over(hers, {"applicant": "示例公司二"}))
    assert "地址" in told["news"]
    kept = desk.kept()
    assert (kept["applicant"], kept["address"]) == ("示例公司二", "示例路 2 号")
    # She has not seen his address yet, and still does not undo it.
    told = saved(desk, over(hers, {"applicant": "示例公司三", "base": told["base"]}))
    assert (desk.kept()["applicant"], desk.kept()["address"]) == ("示例公司三", "示例路 2 号")


def test_a_clash_stays_unsettled_for_the_script_until_somebody_chooses(desk):
    hers, his = desk.open(), desk.open("stranger")
    saved(desk, over(hers, {"scenario": "她写的"}))
    told = saved(desk, over(his, {"scenario": "他写的"}), "stranger")
    assert "请选用哪一份" in told["news"]
    told = saved(desk, over(his, {"scenario": "他写的", "base": told["base"]}), "stranger")
    assert "请选用哪一份" in told["news"]
    assert desk.kept()["scenario"] == "她写的"


def test_a_program_keeps_a_draft_beside_others(desk, client_of, people):
    path = f"/api/v1/cases/{desk.reference}/steps/submit_application/draft"
    his = desk.open("stranger")
    proof = {"X-CSRFToken": desk.open()["csrf_token"]}
    first = client_of(people.citizen).put(
        path, headers=proof, json={"answer": {"applicant": "甲公司", "people": [{"name": "甲甲"}]}}
    )
    assert first.status_code == 200, first.text
    desk.send(over(his, {"address": "示例路 2 号", "draft": "1"}), "stranger", 303)
    answer = {"applicant": "乙公司", "people": [{"name": "甲甲"}]}
    again = client_of(people.citizen).put(path, headers=proof, json={"answer": answer, "base": first.json["base"]})
    assert again.json["answer"] == {"applicant": "乙公司", "people": [{"name": "甲甲"}], "address": "示例路 2 号"}
    proof = {"X-CSRFToken": his["csrf_token"]}
    blind = client_of(people.stranger).put(path, headers=proof, json={"answer": {"applicant": "丙公司"}})
    assert blind.json["clashes"] == ["applicant"]
    assert desk.kept()["applicant"] == "乙公司"


@pytest.mark.parametrize("base", ["", "{", "[]", '{"applicant": 7}', "x" * 60_000, '{"applicant": [1, 2]}'])
def test_marks_that_say_nothing_do_no_harm(desk, base):
    hers = over(desk.open(), {"applicant": "示例公司", "base": base, "draft": "1"})
    desk.send(hers, status=303)
    desk.send(over(hers, {"applicant": "示例公司二"}))
    page = desk.send(over(desk.open("stranger"), {"applicant": "他的", "base": base, "draft": "1"}), "stranger", 409)
    assert "km-summary" in page.text
    assert desk.kept()["applicant"] != "他的"


def test_nobody_else_writes_on_the_draft(desk, people):
    form = over(desk.open(), {"draft": "1"})
    for word in ("clerk", "desk", "auditor"):
        assert desk.send(form, word).status_code == 404
    with desk.app.app_context():
        case = db.session.scalar(db.select(Case).where(Case.reference == desk.reference))
        assert [item.step for item in open_items(case) if not item.offered] == ["submit_application"]
    assert desk.count(Draft) == 0


def test_what_was_said_in_rows_and_files_can_be_read_in_the_history(desk, client_of, people):
    form = over(desk.open(), good(desk))
    form.setlist("attachments-files", [(BytesIO(PDF), "方案.pdf")])
    desk.send(form, status=303, content_type="multipart/form-data")
    page = client_of(people.citizen).get(f"/cases/{desk.reference}").text
    words = " ".join(html.fromstring(page).xpath("//ol[contains(@class, 'km-log')]")[0].text_content().split())
    assert "姓名：人员甲；职责：数据工程师；所在单位：上海示例科技有限公司" in words
    assert "方案.pdf" in words
    assert "{" not in words
    told = client_of(people.citizen).get(f"/api/v1/cases/{desk.reference}/events").json["items"]
    texts = {each["name"]: each["text"] for line in told for each in line["answer"]}
    assert texts["people"][1].startswith("姓名：人员乙；")
    assert texts["attachments"] == ["方案.pdf"]


def test_the_code_of_a_data_set_is_shown_with_its_name(desk):
    page = desk.send(over(desk.open(), {"datasets-0-dataset": desk.entry.lower(), "add": "datasets"}), status=200)
    assert "轨道交通分站客流" in page.text
    desk.send(over(desk.open(), {"datasets-0-dataset": "\u202eDS-1", "add": "datasets"}), status=200)
