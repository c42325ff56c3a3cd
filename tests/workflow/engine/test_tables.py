"""A table answers as its hit policy says, quotes the rule, and is tried on every case before it is used."""

from typing import Any

import pytest

from tests.workflow.engine.toys import FILES
from workflow.engine import BadFile, BadTable, ManyRules, NoRule, Table, UnknownName
from workflow.engine.cells import Cell, domain, literal
from workflow.engine.coverage import problems

TRACK = FILES["track.dmn"]


def table(policy: str, *rules: tuple[str, str, str], size: str = "[0..4]", amplified: str = "true,false") -> Table:
    """Return a table of two inputs and one output."""

    def column(name: str, values: str) -> str:
        return (
            f"<input><inputExpression><text>{name}</text></inputExpression>"
            f"<inputValues><text>{values}</text></inputValues></input>"
        )

    rows = "".join(
        f'<rule id="r{number}"><description>Order, article {number}</description>'
        f"<inputEntry><text>{one.replace('<', '&lt;')}</text></inputEntry>"
        f"<inputEntry><text>{two}</text></inputEntry><outputEntry><text>{three}</text></outputEntry></rule>"
        for number, (one, two, three) in enumerate(rules, 1)
    )
    return Table.parse(
        f'<definitions xmlns="https://www.omg.org/spec/DMN/20191111/MODEL/"><decision id="t">'
        f"<decisionTable hitPolicy={policy}>{column('size', size)}{column('amplified', amplified)}"
        f'<output name="grade"/>{rows}</decisionTable></decision></definitions>'.encode()
    )


@pytest.mark.parametrize(
    ("text", "fit", "unfit"),
    [
        ("-", [1, "x", None, True], []),
        ("", [0, "x"], []),
        ('"a","b"', ["a", "b"], ["c", "A", None, 1]),
        ('not("a","b")', ["c", None], ["a", "b"]),
        (">= 3", [3, 4, 3.5], [2, "4", None, True]),
        ("< -1.5", [-2], [-1.5, 0]),
        ("[1..3]", [1, 2, 3], [0, 4, "2"]),
        ("(1..3]", [2, 3], [1]),
        ("[1..3[", [1, 2.9], [3]),
        ("true", [True], [1, False, "true"]),
        ("1", [1, 1.0], [True, "1"]),
        ("null", [None], [0, False, ""]),
        ('[0..1], 4, "most"', [0, 1, 4, "most"], [2, 3]),
        ('"a, b","say \\"so\\""', ["a, b", 'say "so"'], ["a"]),
        ("not(> 2)", [2, "x"], [3]),
    ],
)
def test_a_cell_fits_what_it_says(text: str, fit: list[Any], unfit: list[Any]) -> None:
    cell = Cell(text)
    assert [value for value in fit if not cell(value)] == []
    assert [value for value in unfit if cell(value)] == []


@pytest.mark.parametrize(
    "text", ["open", '"a" "b"', '"a",', ">= x", "[a..b]", "not()", "f(x)", "1 + 1", "truely", '"a']
)
def test_a_cell_that_is_no_test_is_refused(text: str) -> None:
    with pytest.raises(BadTable):
        Cell(text)


def test_an_output_is_one_literal() -> None:
    assert [literal(text) for text in ('"open"', "3", "-0.5", "true", "null")] == ["open", 3, -0.5, True, None]
    for text in ("", "-", '"a","b"', ">= 3", "[1..2]", "grade", '"a",'):
        with pytest.raises(BadTable):
            literal(text)


def test_allowed_values_are_listed_or_a_range_of_whole_numbers() -> None:
    assert domain('"a","b"') == ["a", "b"]
    assert domain("[0..2], 9") == [0, 1, 2, 9]
    assert domain("]0..2]") == [1, 2]
    for text in (">= 0", "[0..1.5]", "anything"):
        with pytest.raises(BadTable):
            domain(text)


def test_a_rule_is_quoted_with_its_id_and_legal_reference() -> None:
    decision = Table.parse(TRACK).decide({"level": "open", "grade": 4, "other": 1})
    assert decision.outputs == {"track": "conditional", "days": 30}
    [rule] = decision.rules
    assert (rule.id, rule.reference) == ("open_high", "Toy Order, article 2")
    assert rule.description.startswith("Open data of a high grade")


def test_without_annotations_the_description_is_the_legal_reference() -> None:
    assert table('"FIRST"', ("-", "-", "1")).rules[0].reference == "Order, article 1"


@pytest.mark.parametrize(
    ("policy", "expected", "rules"),
    [
        ('"FIRST"', 2, ["r1"]),
        ('"RULE ORDER"', [2, 3, 1], ["r1", "r2", "r3"]),
        ('"COLLECT"', [2, 3, 1], ["r1", "r2", "r3"]),
        ('"COLLECT" aggregation="MAX"', 3, ["r1", "r2", "r3"]),
        ('"COLLECT" aggregation="MIN"', 1, ["r1", "r2", "r3"]),
        ('"COLLECT" aggregation="SUM"', 6, ["r1", "r2", "r3"]),
        ('"COLLECT" aggregation="COUNT"', 3, ["r1", "r2", "r3"]),
    ],
)
def test_each_hit_policy_means_what_it_says(policy: str, expected: Any, rules: list[str]) -> None:
    tried = table(policy, (">= 2", "-", "2"), ("-", "true", "3"), ("-", "-", "1"))
    decision = tried.decide({"size": 2, "amplified": True})
    assert decision.outputs == {"grade": expected}
    assert [rule.id for rule in decision.rules] == rules


def test_two_fitting_rules_of_a_unique_table_are_one_too_many() -> None:
    tried = table('"UNIQUE"', (">= 2", "-", "2"), ("-", "true", "3"))
    assert tried.decide({"size": 1, "amplified": True}).outputs == {"grade": 3}
    with pytest.raises(ManyRules, match="r1, r2"):
        tried.decide({"size": 2, "amplified": True})


@pytest.mark.parametrize(
    "policy", ['"FIRST"', '"UNIQUE"', '"RULE ORDER"', '"COLLECT"', '"COLLECT" aggregation="COUNT"']
)
def test_no_fitting_rule_is_never_an_answer(policy: str) -> None:
    with pytest.raises(NoRule):
        table(policy, (">= 2", "-", "2")).decide({"size": 1, "amplified": True})


def test_a_word_that_is_missing_is_not_taken_for_any_word() -> None:
    with pytest.raises(UnknownName, match="amplified"):
        table('"FIRST"', ("-", "-", "2")).decide({"size": 1})


@pytest.mark.parametrize(
    "policy", ['"ANY"', '"PRIORITY"', '"OUTPUT ORDER"', '"UNIQUE" aggregation="MAX"', '"COLLECT" aggregation="MEAN"']
)
def test_other_hit_policies_are_refused(policy: str) -> None:
    with pytest.raises(BadTable, match="policy"):
        table(policy, ("-", "-", "2"))


def test_a_table_is_xml_without_tricks() -> None:
    for data in (b"", b"no", b'<!DOCTYPE d [<!ENTITY e "x">]><definitions/>', b"<definitions/>", TRACK[:-9]):
        with pytest.raises(BadFile):
            Table.parse(data)


def test_a_total_table_without_overlap_has_no_problems() -> None:
    assert problems(Table.parse(TRACK)) == []
    assert problems(table('"FIRST"', (">= 3", "-", "2"), ("-", "-", "1"))) == []


@pytest.mark.parametrize("policy", ['"FIRST"', '"UNIQUE"', '"RULE ORDER"', '"COLLECT"'])
def test_a_table_that_leaves_a_case_open_is_reported_with_the_case(policy: str) -> None:
    [problem] = problems(table(policy, ("[0..3]", "-", "2"), ("4", "true", "3")))
    assert problem == "no rule fits 1 cases, for example size=4, amplified=False"


def test_overlapping_rules_of_a_unique_table_are_reported_with_a_case() -> None:
    found = problems(table('"UNIQUE"', ("-", "-", "2"), ("[2..3]", "true", "3")))
    assert found == ["the rules 'r1' and 'r2' both fit, for example size=2, amplified=True"]


def test_a_rule_that_never_decides_anything_is_reported() -> None:
    hidden = problems(table('"FIRST"', (">= 2", "-", "2"), ("4", "-", "3"), ("-", "-", "1")))
    assert hidden == ["the rule 'r2' never decides anything"]
    impossible = problems(table('"COLLECT"', ("-", "-", "2"), ("> 9", "-", "3")))
    assert impossible == ["the rule 'r2' never decides anything"]


def test_a_test_for_a_value_that_is_not_allowed_is_reported() -> None:
    found = problems(table('"FIRST"', ("7,2", "-", "2"), ("-", "-", "1")))
    assert found == ["the rule 'r1' tests 'size' for 7, which is not allowed there"]


def test_an_output_must_be_among_the_allowed_ones_and_a_number_where_numbers_are_compared() -> None:
    found = problems(
        Table.parse(
            TRACK.replace(b'<outputEntry id="secret_3"><text>"closed"', b'<outputEntry id="secret_3"><text>"shut"')
        )
    )
    assert found == ["the rule 'secret' answers 'shut', which 'track' does not allow"]
    assert "not a number" in problems(table('"COLLECT" aggregation="MAX"', ("-", "-", '"high"')))[0]


def test_ids_references_and_allowed_values_are_asked_for() -> None:
    bare = TRACK.replace(b' id="restricted"', b' id="secret"').replace(b"Toy Order, article 3", b"")
    bare = bare.replace(b'<inputValues id="track_grade_values"><text>[0..4]</text></inputValues>', b"")
    assert problems(Table.parse(bare)) == [
        "the id 'secret' is given to 2 rules",
        "the rule 'secret' has no legal reference",
        "the input 'grade' lists no allowed values",
    ]


def test_too_many_cases_to_try_are_reported_and_not_tried() -> None:
    found = problems(table('"FIRST"', ("-", "-", "1"), size="[0..200000]"))
    assert len(found) == 1
    assert "shorten" in found[0]
