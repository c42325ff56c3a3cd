"""Programs that speak JSON: each signs in by a token, and each of its answers is held against the description."""

import json
from types import SimpleNamespace

import pytest
from jsonschema import Draft202012Validator
from referencing import Registry, Resource
from referencing.jsonschema import DRAFT202012

from api import create_app
from models import User, db
from tests.answers import ANSWERS
from tests.conftest import people_of, settings
from workflow import tokens

HERE = "urn:kaimen:openapi"


class Description:
    """The OpenAPI document, against which answers are checked."""

    def __init__(self, document: dict) -> None:
        self.document = document
        resource = Resource(contents=document, specification=DRAFT202012)
        self.registry = Registry().with_resource(HERE, resource)
        self.operations = {
            (method, template): operation
            for template, operations in document["paths"].items()
            for method, operation in operations.items()
            if method != "parameters"
        }

    def operation(self, method: str, path: str) -> tuple[str, dict] | None:
        """Return the operation that answers a request; a path without places is meant before one with some."""
        parts = path.split("/")
        for (verb, template), operation in sorted(self.operations.items(), key=lambda one: one[0][1].count("{")):
            wanted = template.split("/")
            same = len(wanted) == len(parts) and all(w == p or w[:1] == "{" for w, p in zip(wanted, parts, strict=True))
            if same and verb == method.lower():
                return template, operation
        return None

    def check(self, method: str, path: str, response) -> None:
        """Fail unless an answer is one that the document describes."""
        found = self.operation(method, path.partition("?")[0])
        if found is None:
            assert response.status_code in (404, 405)
            return
        _, operation = found
        described = operation["responses"].get(str(response.status_code))
        assert described is not None, f"{method} {path} answers {response.status_code}, which is not described"
        while "$ref" in described:
            described = self.document["components"]["responses"][described["$ref"].rpartition("/")[2]]
        content = described.get("content", {})
        if not content:
            assert not response.data
            return
        schema = content[response.mimetype if response.mimetype in content else "*/*"]["schema"]
        if schema.get("format") == "binary":
            return
        Draft202012Validator(self.absolute(schema), registry=self.registry).validate(response.json)

    @staticmethod
    def absolute(schema: dict) -> dict:
        """Return a schema whose references lead into the document from wherever it stands."""
        return json.loads(json.dumps(schema).replace('"#/', f'"{HERE}#/'))


class Program:
    """A program that acts for one person, or for nobody."""

    def __init__(self, app, description: Description, token: str | None) -> None:
        self.client, self.description = app.test_client(), description
        self.headers = {"Authorization": f"Bearer {token}"} if token else {}

    def ask(self, method: str, path: str, said=None, headers=None, **how):
        """Send a request and check its answer against the description."""
        path = f"/api/v1{path}"
        body = {} if said is None else {"data": json.dumps(said), "content_type": "application/json"}
        response = self.client.open(path, method=method, headers={**self.headers, **(headers or {})}, **{**body, **how})
        self.description.check(method, path, response)
        return response

    def get(self, path: str, **how):
        return self.ask("GET", path, **how)

    def post(self, path: str, said=None, **how):
        return self.ask("POST", path, said, **how)

    def answer(self, reference: str, step: str, answer: dict | None = None, **how):
        """Answer a step; well, unless another answer is given."""
        said = {"answer": ANSWERS[step] if answer is None else answer}
        return self.post(f"/cases/{reference}/steps/{step}", said, **how)


@pytest.fixture(scope="session")
def description(tmp_path_factory) -> Description:
    """Return the OpenAPI document; it is the same on every database."""
    app = create_app(settings(tmp_path_factory.mktemp("description"), ""))
    return Description(app.test_client().get("/api/v1/openapi.json").json)


@pytest.fixture
def program(app, description):
    """Return a maker of programs: `program("clerk")` acts for the clerk, `program()` for nobody."""
    made: dict[str | None, Program] = {}

    def act_for(word: str | None = None, scopes=tokens.SCOPES) -> Program:
        if word not in made or scopes is not tokens.SCOPES:
            secret = None
            if word is not None:
                with app.app_context():
                    email = getattr(people_of(app), word)
                    user = db.session.scalar(db.select(User).where(User.email == email))
                    secret = tokens.create_token(user, "test", scopes, 1)[1]
            made[word] = Program(app, description, secret)
        return made[word]

    return act_for


@pytest.fixture
def body(app, walker) -> str:
    """Return the key of the transport commission."""
    with app.app_context():
        return str(walker.body().id)


@pytest.fixture
def demand(program, body) -> SimpleNamespace:
    """Return a demand that has been handed in, and one that waits for the clerk."""

    def opened() -> str:
        response = program("citizen").post("/cases", {"kind": "demand", "answer": ANSWERS["submit_demand"]})
        assert response.status_code == 201, response.json
        return response.json["reference"]

    def routed() -> str:
        reference = opened()
        answer = {**ANSWERS["screen_demand"], "body": body}
        assert program("desk").answer(reference, "screen_demand", answer).status_code == 200
        return reference

    return SimpleNamespace(opened=opened, routed=routed)
