"""The decision tables answer every case, and answer as the regulation says."""

from collections.abc import Iterator
from itertools import product
from pathlib import Path
from typing import Any

import pytest

from workflow.engine import Decision, NoRule, Table, UnknownName
from workflow.engine.coverage import problems

FOLDER = Path(__file__).parents[2] / "bpmn"
FILES = sorted(FOLDER.glob("*.dmn"))

HARMLESS: dict[str, Any] = {
    "state_secret": False,
    "law_forbids": False,
    "ban_cure": "none",
    "personal_information": False,
    "personal_cure": "none",
    "trade_secret": False,
    "secret_cure": "none",
    "security_demand": "normal",
    "timeliness": "normal",
    "continuous_supply": False,
}
ONE_OFF: dict[str, Any] = {
    "open_type": "conditional",
    "grade": 0,
    "personal_information": False,
    "personal_cure": "none",
    "continuous_supply": False,
    "timeliness": "normal",
}


def xml(name: str) -> str:
    return (FOLDER / f"{name}.dmn").read_text(encoding="utf-8")


def table(name: str) -> Table:
    return Table.parse(xml(name).encode())


def decide(name: str, **inputs: Any) -> Decision:
    return table(name).decide(inputs)


def every_case(of: Table) -> Iterator[dict[str, Any]]:
    names = [column.name for column in of.inputs]
    for values in product(*(column.domain for column in of.inputs)):
        yield dict(zip(names, values, strict=True))


class TestEveryTable:
    def test_a_hole_is_found(self):
        last = xml("open_type").rindex("<rule ")
        holed = xml("open_type")[:last] + "</decisionTable></decision></definitions>"
        assert any("no rule fits" in problem for problem in problems(Table.parse(holed.encode())))

    def test_an_overlap_is_found(self):
        overlapping = xml("grade_default").replace("[2..3]", "[1..3]")
        assert any("both fit" in problem for problem in problems(Table.parse(overlapping.encode())))

    def test_there_are_tables(self):
        tables = {"open_type", "grade", "grade_default", "delivery_mode", "channel", "review_route"}
        assert {file.stem for file in FILES} == tables

    @pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
    def test_answers_every_case_as_its_policy_promises(self, file):
        assert problems(table(file.stem)) == []

    @pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
    def test_is_named_as_its_file(self, file):
        assert table(file.stem).name == file.stem

    @pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
    def test_every_rule_quotes_the_law_and_says_what_it_means(self, file):
        for rule in table(file.stem).rules:
            assert rule.reference
            assert rule.description.endswith("。")
            assert rule.reference != rule.description

    @pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
    def test_a_missing_input_is_never_guessed(self, file):
        with pytest.raises(UnknownName):
            table(file.stem).decide({})

    def test_a_value_nobody_foresaw_is_an_incident(self):
        with pytest.raises(NoRule):
            decide("grade_default", national_grade="general", grade=5)


class TestOpenType:
    @pytest.mark.parametrize(
        ("evidence", "answer", "rule"),
        [
            ({"state_secret": True}, "out_of_scope", "DT1-01"),
            ({"law_forbids": True}, "non_open", "DT1-02"),
            ({"personal_information": True}, "non_open", "DT1-03"),
            ({"trade_secret": True}, "non_open", "DT1-04"),
            ({"personal_information": True, "personal_cure": "consent"}, "conditional", "DT1-05"),
            ({"personal_information": True, "personal_cure": "deidentified"}, "conditional", "DT1-06"),
            ({"security_demand": "high"}, "conditional", "DT1-07"),
            ({"timeliness": "high"}, "conditional", "DT1-08"),
            ({"continuous_supply": True}, "conditional", "DT1-09"),
            ({"personal_information": True, "personal_cure": "anonymised"}, "reviewer_choice", "DT1-10"),
            ({"trade_secret": True, "secret_cure": "consent"}, "reviewer_choice", "DT1-11"),
            ({"trade_secret": True, "secret_cure": "treated"}, "reviewer_choice", "DT1-11"),
            ({"law_forbids": True, "ban_cure": "treated"}, "reviewer_choice", "DT1-12"),
            ({}, "unconditional", "DT1-13"),
        ],
    )
    def test_each_ground_has_its_type(self, evidence, answer, rule):
        decision = decide("open_type", **{**HARMLESS, **evidence})
        assert decision.outputs == {"table_type": answer}
        assert [each.id for each in decision.rules] == [rule]

    def test_curing_personal_information_does_not_hide_a_trade_secret(self):
        decision = decide(
            "open_type",
            **{**HARMLESS, "personal_information": True, "personal_cure": "anonymised", "trade_secret": True},
        )
        assert decision.outputs["table_type"] == "non_open"

    def test_nothing_uncured_is_ever_opened(self):
        of = table("open_type")
        for case in every_case(of):
            uncured = (
                (case["law_forbids"] and case["ban_cure"] == "none")
                or (case["personal_information"] and case["personal_cure"] == "none")
                or (case["trade_secret"] and case["secret_cure"] == "none")
            )
            closed = of.decide(case).outputs["table_type"] in ("out_of_scope", "non_open")
            assert closed is bool(case["state_secret"] or uncured), case

    def test_only_what_touches_nothing_is_unconditional_without_a_reviewer(self):
        of = table("open_type")
        for case in every_case(of):
            touches = (
                case["state_secret"]
                or case["law_forbids"]
                or case["personal_information"]
                or case["trade_secret"]
                or case["continuous_supply"]
                or "high" in (case["security_demand"], case["timeliness"])
            )
            assert (of.decide(case).outputs["table_type"] == "unconditional") is not touches, case


class TestGrade:
    def test_the_highest_dimension_prevails_and_amplified_harm_adds_one_up_to_four(self):
        of = table("grade")
        for case in every_case(of):
            highest = max(case["person"], case["organisation"], case["thing"])
            assert of.decide(case).outputs["grade"] == min(highest + case["amplified"], 4), case

    @pytest.mark.parametrize(
        ("national_grade", "grade", "answer"),
        [
            ("core", 0, "out_of_scope"),
            ("important", 0, "non_open"),
            ("important", 4, "non_open"),
            ("general", 4, "non_open"),
            ("general", 3, "conditional"),
            ("general", 2, "conditional"),
            ("general", 1, "unconditional"),
            ("general", 0, "unconditional"),
        ],
    )
    def test_each_grade_has_its_default_type(self, national_grade, grade, answer):
        decision = decide("grade_default", national_grade=national_grade, grade=grade)
        assert decision.outputs == {"grade_type": answer}


class TestDeliveryMode:
    @pytest.mark.parametrize(
        ("case", "modes", "note"),
        [
            ({"open_type": "non_open", "grade": 3}, "", "aggregate_only"),
            ({"open_type": "out_of_scope"}, "", "aggregate_only"),
            ({"grade": 4}, "", "aggregate_only"),
            ({"open_type": "unconditional", "grade": 2}, "", "aggregate_only"),
            (
                {"open_type": "unconditional", "personal_information": True, "personal_cure": "consent"},
                "",
                "aggregate_only",
            ),
            ({"grade": 3, "continuous_supply": True}, "sandbox", "output_check"),
            ({"grade": 3, "personal_information": True}, "sandbox", "output_check"),
            ({"grade": 2, "personal_information": True, "timeliness": "high"}, "sandbox", "consented_query_only"),
            ({"grade": 2, "timeliness": "high"}, "api", "key_quota"),
            ({"grade": 1, "continuous_supply": True}, "api", "key_quota"),
            ({"grade": 2}, "download", "watermarked"),
            ({"grade": 2, "personal_information": True, "personal_cure": "anonymised"}, "download", "watermarked"),
            ({"grade": 1}, "download", "logged"),
            ({"open_type": "unconditional", "grade": 1, "continuous_supply": True}, "download,api", "none"),
            (
                {"open_type": "unconditional", "personal_information": True, "personal_cure": "anonymised"},
                "download,api",
                "none",
            ),
        ],
    )
    def test_each_case_has_its_modes(self, case, modes, note):
        decision = decide("delivery_mode", **{**ONE_OFF, **case})
        assert decision.outputs == {"delivery_modes": modes, "delivery_note": note}

    def test_personal_information_leaves_only_through_the_sandbox_unless_anonymised(self):
        of = table("delivery_mode")
        for case in every_case(of):
            if case["personal_information"] and case["personal_cure"] != "anonymised":
                assert of.decide(case).outputs["delivery_modes"] in ("", "sandbox"), case


class TestChannel:
    @pytest.mark.parametrize(
        ("asks_for", "channel"),
        [
            ("single_document", "disclosure"),
            ("raw_product", "authorised_operation"),
            ("for_duties", "sharing"),
            ("listed_unconditional", "download"),
            ("listed_conditional", "application"),
            ("unlisted", "demand"),
        ],
    )
    def test_each_wish_has_one_channel(self, asks_for, channel):
        assert decide("channel", asks_for=asks_for).outputs == {"channel": channel}
