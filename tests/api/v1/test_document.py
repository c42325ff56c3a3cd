"""The description of the interface: valid, complete, and in step with what the service does."""

import re

from jsonschema import Draft202012Validator
from openapi_spec_validator import OpenAPIV31SpecValidator

from api.v1 import examples
from api.v1.cases import BEGINNING, FIRST
from api.v1.problems import TABLE
from models import KIND_TITLES, Expert, db
from tests.answers import ANSWERS
from tests.applications import conditional
from workflow.errors import Refused
from workflow.history import FOR_PUBLIC, FOR_REQUESTER
from workflow.stages import STEPS


def test_the_document_is_valid(description):
    assert description.document["openapi"].startswith("3.1")
    assert list(OpenAPIV31SpecValidator(description.document).iter_errors()) == []


def test_every_route_is_described(app, description):
    rules = [rule for rule in app.url_map.iter_rules() if rule.rule.startswith("/api/v1/")]
    served = {
        (method.lower(), re.sub(r"<(?:\w+:)?(\w+)>", r"{\1}", rule.rule))
        for rule in rules
        for method in rule.methods - {"HEAD", "OPTIONS"}
    }
    assert served - set(description.operations) == {("get", "/api/v1/openapi.json")}
    assert set(description.operations) <= served


def test_every_operation_has_a_name_of_its_own_a_title_and_its_refusals(description):
    operations = description.operations.values()
    names = [operation["operationId"] for operation in operations]
    assert len(set(names)) == len(names)
    for operation in operations:
        assert operation["summary"]
        assert not operation["summary"].endswith(".")
        assert {"429", "500"} <= set(operation["responses"])
        assert operation["security"] in ([{}], [{"token": []}])


def test_every_step_has_an_operation_with_its_own_fields(description):
    schemas = description.document["components"]["schemas"]
    for name, step in STEPS.items():
        operation = description.operations["post", f"/api/v1/cases/{{reference}}/steps/{name}"]
        wrapper = schemas[operation["requestBody"]["content"]["application/json"]["schema"]["$ref"].rpartition("/")[2]]
        inner = wrapper["properties"]["answer"]
        reference = inner.get("$ref") or inner["allOf"][0]["$ref"]
        described = schemas[reference.rpartition("/")[2]]
        fields = step.answer().fields
        assert set(described["properties"]) == set(fields), name
        assert set(described.get("required", ())) == {field for field in fields if fields[field].required}, name
        assert described["additionalProperties"] is False
        for field in described["properties"].values():
            assert set(field["x-label"]) == {"zh", "en"}


def test_the_examples_are_right(app, body):
    assert set(examples.ANSWERS) == set(STEPS)
    with app.app_context():
        entry = conditional()
        for name, answer in examples.ANSWERS.items():
            # The body and the data set that an example names are another installation's.
            known = {**answer, "body": body} if "body" in answer else answer
            if name == "seat_experts":
                keys = [str(member.user_id) for member in db.session.scalars(db.select(Expert).limit(6))]
                known = {**answer, "experts": keys[:5], "chair": keys[0], "stand_ins": keys[5:]}
            if "datasets" in answer:
                known = {**answer, "datasets": [{**answer["datasets"][0], "dataset": entry.code}]}
            assert STEPS[name].answer().validate(known) == {}, name


def test_answers_that_the_service_takes_follow_the_description(description):
    # The tests' own answers to these need what a case brings with it.
    whole = {name: answer for name, answer in ANSWERS.items() if answer and not answer.get("agreed")}
    for name, answer in {**examples.ANSWERS, **whole}.items():
        operation = description.operations["post", f"/api/v1/cases/{{reference}}/steps/{name}"]
        schema = operation["requestBody"]["content"]["application/json"]["schema"]
        Draft202012Validator(description.absolute(schema), registry=description.registry).validate({"answer": answer})


def test_every_refusal_has_its_problem():
    family = {Refused}
    while grown := {child for parent in family for child in parent.__subclasses__()} - family:
        family |= grown
    here = {child for child in family if child.__module__ in ("workflow.errors", "api.v1.problems")} - {Refused}
    assert {re.sub(r"(?<=[a-z])(?=[A-Z])", "-", child.__name__).lower() for child in here} <= set(TABLE)


def test_every_kind_can_be_opened_by_its_first_step():
    assert set(FIRST) == set(BEGINNING) == set(KIND_TITLES)
    assert set(FIRST.values()) <= set(STEPS)


def test_what_readers_are_shown_is_asked_by_the_steps():
    for table in (FOR_REQUESTER, FOR_PUBLIC):
        for name, shown in table.items():
            assert shown <= set(STEPS[name].answer().fields), name
    assert all(FOR_PUBLIC[name] <= FOR_REQUESTER[name] for name in FOR_PUBLIC)
