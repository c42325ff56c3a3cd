"""The description of the interface: an OpenAPI document, made of the schemas and views themselves."""

from typing import Any

import flask_smorest
from apispec.ext.marshmallow import MarshmallowPlugin
from apispec.ext.marshmallow.openapi import OpenAPIConverter
from flask import Flask
from marshmallow.fields import Field

from api.language import LANGUAGES, say
from api.questions import listed, longest
from api.v1.problems import BY_STATUS, MEDIA_TYPE, Outdated, problem_of
from api.v1.reading import ADDRESS, Section
from api.v1.schemas import ProblemDetails
from workflow.errors import NotOpen
from workflow.fields import Reference, Text
from workflow.links import LinkExpired

VERSION = "1.0.0"
DESCRIPTION = (
    "Everything that a person can do on the pages of the service, a program can do here for that person: read the open "
    "list and published demands, open cases, follow them, and answer the steps that wait. Texts are in Chinese or "
    "English, as Accept-Language asks. Moments are in UTC. Every refusal is problem+json (RFC 9457)."
)
SETTINGS = {
    "API_TITLE": "Kaimen",
    "API_VERSION": VERSION,
    "OPENAPI_VERSION": "3.1.0",
    "OPENAPI_URL_PREFIX": ADDRESS,
    "OPENAPI_JSON_PATH": "openapi.json",
}


class Converter(OpenAPIConverter):
    """The way from fields to JSON Schema; what stands for an answer left out is not always one that may be given."""

    def field2default(self, field: Field[Any], **how: Any) -> dict[str, Any]:
        """Return what is taken for an answer left out, where it could be given as well."""
        default = super().field2default(field, **how)
        offered = self.field2choices(field).get("enum")
        return default if offered is None or default.get("default") in offered else {}


class Plugin(MarshmallowPlugin):
    """The part of apispec that knows marshmallow, with our converter."""

    Converter = Converter


class Interface(flask_smorest.Api):
    """The interface for programs, with its description; failures are answered by the table of problems."""

    ERROR_SCHEMA = ProblemDetails

    def _register_error_handlers(self) -> None:
        """Leave failures to the table of problems; smorest would take those of the pages as well."""

    def _register_responses(self) -> None:
        """Describe every refusal that is not named as a problem; smorest would describe its own."""
        content = {MEDIA_TYPE: {"schema": ProblemDetails}}
        self.spec.components.response("DEFAULT_ERROR", {"description": "Another problem", "content": content})

    def _register_pagination_header(self) -> None:
        """Leave out the header of smorest's pages; ours are named by cursors in the answer."""

    def add(self, section: Section) -> None:
        """Add a part of the interface, and describe it."""
        app: Flask = self._app
        app.extensions["flask-smorest"]["blp_name_to_api"][section.name] = self
        app.register_blueprint(section)
        section.register_views_in_doc(self, app, self.spec, name=section.name, parameters=None)
        self.spec.tag({"name": section.tag, "description": section.description})


def interface(app: Flask) -> Interface:
    """Return the interface of a service, still without its parts."""
    app.config.update(SETTINGS)
    plugin = Plugin()
    made = Interface(
        app,
        spec_kwargs={
            "marshmallow_plugin": plugin,
            "info": {"description": DESCRIPTION},
            "servers": [{"url": app.config["PUBLIC_URL"]}],
        },
    )
    converter = made.ma_plugin.converter
    converter.map_to_openapi_type(Reference, "string", None)
    converter.add_attribute_function(labelled)
    made.spec.components.security_scheme("token", {"type": "http", "scheme": "bearer"})
    for status, described in statuses().items():
        content = {MEDIA_TYPE: {"schema": ProblemDetails}}
        made.spec.components.response(f"Problem{status}", {"description": described, "content": content})
    return made


def statuses() -> dict[int, str]:
    """Return every status with which a request may be refused, each with its sentence."""
    said = {status: say(problem.title, "en") for status, problem in BY_STATUS.items()}
    said |= {problem.status: problem.title for problem in map(problem_of, (NotOpen, LinkExpired, Outdated))}
    said[503] = "Something on our side went wrong; nothing was changed, and a repeat is safe."
    return dict(sorted(said.items()))


def labelled(_: Any, field: Field[Any], **__: Any) -> dict[str, Any]:
    """Return what a field's description says beyond its type: its label in both languages, and what applies to it."""
    metadata = field.metadata
    said: dict[str, Any] = {}
    if "label" in metadata:
        said["title"] = say(metadata["label"], "en")
        said["x-label"] = both(metadata["label"])
    if metadata.get("hint"):
        said["description"] = say(metadata["hint"], "en")
        said["x-hint"] = both(metadata["hint"])
    if metadata.get("words"):
        said["x-words"] = {str(value): both(str(words)) for value, words in metadata["words"].items()}
    if metadata.get("when"):
        said["x-when"] = {name: listed(value) for name, value in metadata["when"].items()}
    if isinstance(field, Text) and field.least:
        said["minLength"] = field.least
    if most := longest(field):
        said["maxLength"] = most
    return said


def both(text: str) -> dict[str, str]:
    """Return a text in both languages."""
    return {language: say(text, language) for language in LANGUAGES}
