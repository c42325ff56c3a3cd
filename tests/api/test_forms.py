"""A form asks exactly what its schema asks, and reads exactly what a person answered."""

import re
from datetime import date
from enum import StrEnum
from html.parser import HTMLParser

import pytest
from flask import Flask, render_template_string
from flask_login import LoginManager
from markupsafe import Markup
from marshmallow import Schema, ValidationError, fields, validate
from werkzeug.datastructures import MultiDict

from api import forms, language
from api.forms import answered, described
from workflow.fields import Answer, BodyReference, Day, Group, Lines, Text, Tick, choice, level


class Colour(StrEnum):
    RED = "red"
    BLUE = "blue"


class Order(Answer):
    """Every kind of question at once."""

    name = Text(2, 60, metadata={"label": "名称", "hint": "与执照一致"})
    scene = Text(30, 500, metadata={"label": "应用场景"})
    use = choice({"sell": ("出售", "面向市场"), "study": "研究"}, metadata={"label": "用途", "section": "用途"})
    paper = Text(5, 100, required=False, metadata={"label": "论文题目", "when": {"use": "study"}})
    month = choice({str(n): f"{n} 月" for n in range(1, 13)}, required=False, metadata={"label": "月份"})
    grade = level({"0": "0 级", "1": "1 级"}, metadata={"label": "级别"})
    secret = fields.Boolean(required=True, metadata={"label": "涉密", "widget": "choice", "private": "restricted"})
    modes = fields.List(fields.Enum(Colour, by_value=True), required=True, metadata={"label": "颜色"})
    items = Lines(metadata={"label": "数据项"})
    body = BodyReference(required=False, metadata={"label": "单位"})
    day = Day(required=False, metadata={"label": "日期"})
    copies = fields.Integer(validate=validate.Range(min=1, max=9), metadata={"label": "份数"})
    agreed = Tick(metadata={"label": "我同意"})
    code = fields.String(metadata={"label": "口令", "widget": "password"})


SENT = {
    "name": " 客流\r\n", "scene": "一\r\n二", "use": "sell", "grade": "1", "secret": "false",
    "items": "线路\r\n\r\n 站点 ", "agreed": "true", "code": " a ", "csrf_token": "x", "nonce": "y", "draft": "1",
}  # fmt: skip


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("name", "text"), ("scene", "textarea"), ("use", "choice"), ("month", "select"), ("grade", "choice"),
        ("secret", "choice"), ("modes", "checks"), ("items", "lines"), ("body", "text"), ("day", "date"),
        ("copies", "number"), ("agreed", "check"), ("code", "password"),
    ],
)  # fmt: skip
def test_each_question_has_the_control_that_suits_it(name, kind):
    assert described(Order)[name].kind == kind


def test_a_question_no_control_can_ask_is_refused():
    with pytest.raises(TypeError, match="Nested"):
        described(Schema.from_dict({"inner": fields.Nested(Order)}))


def test_a_control_says_what_the_schema_demands():
    form = described(Order)
    assert (form["name"].required, form["day"].required) == (True, False)
    assert (form["name"].maxlength, form["items"].maxlength) == (60, None)
    assert (form["copies"].minimum, form["copies"].maximum) == ("1", "9")
    assert (form["use"].section, form["name"].hint, form["secret"].private) == ("用途", "与执照一致", "restricted")


def test_choices_carry_their_labels_and_hints():
    form = described(Order)
    offered = [(choice.value, choice.label, choice.hint) for choice in form["use"].choices]
    assert offered == [("sell", "出售", "面向市场"), ("study", "研究", "")]
    assert [(c.value, c.label) for c in form["secret"].choices] == [("true", "是"), ("false", "否")]
    assert [c.value for c in form["modes"].choices] == ["red", "blue"]


def test_choices_known_only_now_turn_a_field_into_a_choice():
    few, many = [("", ""), (1, "甲"), (2, "乙")], [(n, str(n)) for n in range(9)]
    assert described(Order, options={"body": few})["body"].kind == "choice"
    assert [c.value for c in described(Order, options={"body": few})["body"].choices] == ["1", "2"]
    assert described(Order, options={"body": many})["body"].kind == "select"


@pytest.mark.parametrize(
    ("stored", "name", "shown"),
    [
        ({"day": date(2027, 3, 1)}, "day", "2027-03-01"),
        ({"secret": False}, "secret", "false"),
        ({"modes": [Colour.RED]}, "modes", ("red",)),
        ({"items": ["甲", "乙"]}, "items", "甲\n乙"),
        ({"body": {"id": "7", "label": "市交通委"}}, "body", "7"),
        ({"grade": 1}, "grade", "1"),
        ({}, "items", ""),
    ],
)
def test_what_was_answered_before_is_shown_again(stored, name, shown):
    assert described(Order, stored)[name].value == shown


def test_a_default_is_chosen_before_anything_is_answered():
    schema = Schema.from_dict({"cure": choice({"none": "没有"}, required=False, load_default="none")})
    assert described(schema)["cure"].chosen("none")
    assert not described(schema, {"cure": "other"})["cure"].chosen("none")


def test_only_the_schemas_fields_are_read():
    assert answered(MultiDict(SENT), Order) == {
        "name": "客流", "scene": "一\n二", "use": "sell", "grade": "1", "secret": "false",
        "items": ["线路", "站点"], "agreed": True, "code": " a ",
    }  # fmt: skip


def test_one_answer_sent_twice_is_refused():
    sent = MultiDict([*SENT.items(), ("use", "study")])
    with pytest.raises(ValidationError) as refusal:
        answered(sent, Order)
    assert list(refusal.value.messages) == ["use"]


def test_a_list_takes_all_its_answers():
    sent = MultiDict([("modes", "red"), ("modes", "blue")])
    assert answered(sent, Order)["modes"] == ["red", "blue"]


def test_a_blank_answer_is_no_answer():
    answer = answered(MultiDict({"name": "  ", "items": "\r\n ", "modes": ""}), Order)
    assert answer == {"agreed": False}
    with pytest.raises(ValidationError) as refusal:
        Order().load(answer)
    assert {"name", "scene", "use", "grade", "secret", "modes"} <= refusal.value.messages.keys()


def test_a_field_that_does_not_apply_is_not_read():
    assert "paper" not in answered(MultiDict({"use": "sell", "paper": "题目一二三"}), Order)
    assert answered(MultiDict({"use": "study", "paper": "题目一二三"}), Order)["paper"] == "题目一二三"
    assert described(Order)["paper"].condition == "“用途”选“研究”时填写"


def wrong(answer, schema=Order):
    with pytest.raises(ValidationError) as refusal:
        schema().load(answer)
    return described(schema, answer, refusal.value.messages)


def test_mistakes_say_how_to_mend_them():
    form = wrong({"name": "客", "scene": "短", "copies": 12, "modes": ["green"], "day": "gestern"})
    assert form["name"].mistakes == ("写得再具体一些，至少 2 个字。",)
    assert form["copies"].mistakes == ("在 1 和 9 之间。",)
    assert form["modes"].mistakes == ("从列出的选项里选。",)
    assert form["day"].mistakes == ("请写成 2027-03-31 这样的日期。",)
    assert form.wrong == sum(len(control.mistakes) for control in form.controls)


def test_a_missing_answer_is_asked_for_by_its_label():
    schema = Schema.from_dict(
        {
            "text": fields.String(required=True, metadata={"label": "名称"}),
            "tick": fields.Boolean(validate=validate.Equal(True), metadata={"label": "我同意"}),
            "few": fields.List(fields.Integer(), validate=validate.Length(min=2), metadata={"label": "几项"}),
        }
    )
    form = wrong({"tick": False, "few": [1]}, schema)
    assert [form[name].mistakes for name in ("text", "tick", "few")] == [
        ("请填写“名称”。",), ("请勾选“我同意”。",), ("至少要 2 项。",),
    ]  # fmt: skip


def test_what_is_wrong_with_the_whole_is_told_without_a_field():
    form = described(Order, {}, {"_schema": ["整张表不对"], "ghost": ["没有这一项"]})
    assert form.mistakes == ("整张表不对", "没有这一项")


FORM = """{% from "_fields.html" import schema_form with context %}{{ schema_form(schema, values, errors, **more) }}"""


class Page(HTMLParser):
    """What a browser makes of a form: its controls, labels and ids."""

    def __init__(self, text):
        super().__init__()
        self.tags = []
        self.feed(text)

    def handle_starttag(self, tag, attributes):
        self.tags.append((tag, dict(attributes)))

    def values(self, attribute):
        return [found[attribute] for _, found in self.tags if attribute in found]


@pytest.fixture
def page():
    app = Flask(__name__, template_folder="../../templates")
    app.config["SECRET_KEY"] = "test"
    LoginManager(app).user_loader(lambda key: None)
    language.register(app)
    forms.register(app)
    app.jinja_env.globals["csrf_token"] = lambda: "the-token"

    def render(values=None, errors=None, language="zh", **more):
        with app.test_request_context("/", headers={"Cookie": f"lang={language}"}):
            return render_template_string(FORM, schema=Order, values=values, errors=errors, more=more)

    return render


def test_every_control_has_a_label_and_every_reference_a_target(page):
    parsed = Page(page({"name": "客"}, {"name": ["写长些"], "use": ["选一项"], "agreed": ["勾选"]}))
    ids = parsed.values("id")
    assert len(ids) == len(set(ids))
    assert set(parsed.values("for")) <= set(ids)
    assert {word for value in parsed.values("aria-describedby") for word in value.split()} <= set(ids)
    assert {link[1:] for link in parsed.values("href")} <= set(ids)
    labelled = {attributes["for"] for tag, attributes in parsed.tags if tag == "label" and "for" in attributes}
    controls = [attributes for tag, attributes in parsed.tags if tag in ("input", "select", "textarea")]
    alone = {each["id"] for each in controls if each.get("type") not in ("hidden", "radio", "checkbox")}
    assert alone == labelled


def test_a_form_carries_the_tokens_of_its_origin_and_of_its_one_submission(page):
    hidden = {a["name"]: a["value"] for t, a in Page(page()).tags if a.get("type") == "hidden"}
    assert hidden.keys() == {"csrf_token", "nonce"}
    assert hidden["csrf_token"] == "the-token"
    assert len(hidden["nonce"]) > 16
    assert hidden["nonce"] not in page()


def test_a_draft_is_offered_only_where_one_can_be_kept(page):
    assert 'name="draft"' not in page()
    assert 'name="draft"' in page(draft=True)


def test_what_people_write_cannot_become_markup(page):
    text = page({"name": '"><script>', "scene": "</textarea><script>"}, {"name": ["<script>"]})
    assert "<script" not in text


def test_a_password_is_never_sent_back(page):
    assert "geheim" not in page({"code": "geheim"})


def test_a_mistake_is_announced_at_its_control_and_in_the_summary(page):
    text = page({}, {"name": ["写长些"]})
    assert re.search(r'id="f-name"[^>]*aria-invalid="true"[^>]*aria-describedby="f-name-h f-name-e"', text)
    assert re.search(r'href="#f-name"', text)
    assert "km-summary" not in page({})


def test_a_blank_form_holds_nothing_of_the_form_before_it(page):
    blank = re.sub(r'name="nonce" value="[^"]*"', "", page())
    written = page({"name": "某人写的字", "use": "study", "modes": ["red"], "agreed": True}, {"day": ["某处不对"]})
    assert {"某人写的字", "某处不对"} <= set(re.findall(r"某[\w]+", written))
    assert re.sub(r'name="nonce" value="[^"]*"', "", page()) == blank
    assert "某" not in blank


def test_a_control_is_drawn_again_for_each_answer_and_only_once_while_it_is_blank():
    drawings = []

    def draw(control):
        drawings.append(control.value)
        return Markup("<p>%s</p>") % control.value

    for value in ("甲", "", "乙", ""):
        assert forms.drawn(described(Drawn, {"name": value})["name"], draw) == f"<p>{value}</p>"
    assert drawings == ["甲", "", "乙"]


class Drawn(Answer):
    """A form that no other test draws."""

    name = Text(2, 60, metadata={"label": "只在这里画的一项"})


def test_a_blank_form_speaks_the_language_of_its_reader(page):
    with_options = {"options": {"body": [("1", "甲局")]}}
    assert "选填" in page()
    assert "选填" in page(**with_options)
    assert ">optional<" in page(language="en")
    assert "选填" not in page(language="en", **with_options)
    assert "甲局" in page(language="en", **with_options)
    assert "甲局" not in page(language="en")


class Helper(Answer):
    """One row of a group."""

    name = Text(2, 60, metadata={"label": "姓名"})
    kind = choice({"own": "自有", "other": "其他"}, metadata={"label": "来源"})
    from_whom = Text(2, 60, required=False, metadata={"label": "谁的", "when": {"kind": "other"}})
    skills = Lines(metadata={"label": "技能"})
    asked = Tick(metadata={"label": "已征得同意"})


class Party(Answer):
    """A form with groups of rows."""

    title = Text(2, 60, metadata={"label": "名称"})
    helpers = Group(Helper, least=1, most=3, metadata={"label": "人员名单"})
    guests = Group(Helper, metadata={"label": "来宾"})


ROWS = {
    "title": "聚会", "helpers-0-name": " 甲甲 ", "helpers-0-kind": "own", "helpers-0-skills": "一\r\n二",
    "helpers-7-name": "乙乙", "helpers-7-kind": "other", "helpers-7-from_whom": "丙丙", "helpers-7-asked": "true",
    "helpers-10-kind": "", "helpers-10-name": "  ",
}  # fmt: skip


def test_the_rows_of_a_group_are_read_in_their_order_and_blank_ones_are_dropped():
    assert answered(MultiDict(ROWS), Party) == {
        "title": "聚会",
        "helpers": [
            {"name": "甲甲", "kind": "own", "skills": ["一", "二"], "asked": False},
            {"name": "乙乙", "kind": "other", "from_whom": "丙丙", "asked": True},
        ],
    }


def test_a_field_of_a_row_depends_on_the_answers_of_its_own_row():
    mixed = MultiDict(ROWS | {"helpers-0-from_whom": "不该读"})
    assert "from_whom" not in answered(mixed, Party)["helpers"][0]
    assert described(Party, answered(mixed, Party))["helpers"].group[1][2].when == (("helpers-1-kind", ("other",)),)


def test_a_rows_field_sent_twice_is_refused_where_it_stands():
    sent = MultiDict([*ROWS.items(), ("helpers-7-name", "丁丁")])
    with pytest.raises(ValidationError) as refusal:
        answered(sent, Party)
    assert refusal.value.messages == {"helpers": {1: {"name": ["这一项只能有一个答案。"]}}}


def test_what_is_wrong_with_a_row_is_told_at_its_own_field():
    form = wrong({"title": "聚会", "helpers": [{"name": "甲甲", "kind": "own"}, {"name": "乙", "kind": "x"}]}, Party)
    first, second = form["helpers"].group
    assert not any(control.mistakes for control in first)
    assert (second[0].name, second[0].mistakes) == ("helpers-1-name", ("写得再具体一些，至少 2 个字。",))
    assert ("f-helpers-1-name", "人员名单 2 · 姓名", "写得再具体一些，至少 2 个字。") in form.faults
    assert form.wrong == 2


def test_too_few_and_too_many_rows_are_told_at_the_group():
    row = {"name": "甲甲", "kind": "own"}
    assert wrong({"title": "聚会"}, Party)["helpers"].mistakes == ("请至少填写一行。",)
    assert wrong({"title": "聚会", "helpers": [row] * 4}, Party)["helpers"].mistakes == ("行数太多，请删减。",)


def test_a_group_that_is_no_list_of_rows_is_refused_and_shown_without_failing():
    for nonsense in ("甲", [1], {"0": {}}, [["甲"]], [{"name": {"a": 1}}], [{"ghost": "1"}]):
        form = wrong({"title": "聚会", "helpers": nonsense}, Party)
        assert form.wrong


def test_a_group_shows_as_many_blank_rows_as_it_needs():
    form = described(Party)
    assert [len(form[name].group) for name in ("helpers", "guests")] == [1, 0]
    assert [control.name for control in form["helpers"].group[0]][:2] == ["helpers-0-name", "helpers-0-kind"]


@pytest.mark.parametrize(
    ("button", "names"),
    [({"add": "helpers"}, ["甲甲", "乙乙", None, None]), ({"remove": "helpers-0"}, ["乙乙", None])],
)
def test_a_row_is_added_or_removed_and_everything_else_is_kept(button, names):
    values, group = forms.rearranged(MultiDict(ROWS | button), Party)
    assert (group, values["title"]) == ("helpers", "聚会")
    assert [row.get("name") for row in values["helpers"]] == names


@pytest.mark.parametrize("button", [{}, {"add": "title"}, {"remove": "ghost-1"}, {"add": ""}, {"remove": "helpers"}])
def test_no_other_button_moves_rows(button):
    assert forms.rearranged(MultiDict(ROWS | button), Party) is None
