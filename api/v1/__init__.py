"""JSON for programs: the same door as the pages, described by an OpenAPI document."""

from flask import Flask, Response, request

from api.security import API
from api.v1 import (
    applications,
    cases,
    committee,
    companions,
    conditions,
    data,
    datasets,
    demands,
    documents,
    entitlements,
    factors,
    files,
    judging,
    limits,
    problems,
    public_register,
    steps,
    tokens,
    worklist,
)
from api.v1.document import interface

SECTIONS = (
    tokens.section,
    tokens.account,
    factors.section,
    steps.section,
    cases.section,
    documents.section,
    files.section,
    steps.answers,
    applications.section,
    applications.policies,
    companions.section,
    companions.invitations,
    judging.section,
    worklist.section,
    entitlements.section,
    datasets.section,
    conditions.section,
    public_register.section,
    data.section,
    demands.section,
    committee.section,
    committee.members,
    limits.section,
    limits.days,
)


def register(app: Flask) -> None:
    """Give the service its interface for programs."""
    problems.register(app)
    made = interface(app)
    for section in SECTIONS:
        made.add(section)
    app.after_request(tell_program)


def tell_program(response: Response) -> Response:
    """Say on what an answer depends, so that nothing between us and the program mixes readers up."""
    if request.path.startswith(API):
        response.vary.update(("Authorization", "Cookie", "Accept-Language"))
    return response
