"""Companions: who works on an application with the requester, the invitation of others, and how one is taken up."""

from typing import Any

from flask import current_app
from flask.typing import ResponseReturnValue
from marshmallow import Schema, fields, validate

from api.companions import CompanionsPage, Invitation
from api.v1.case_schemas import Recorded
from api.v1.cases import find, recorded
from api.v1.reading import Section, person
from api.v1.schemas import Strict, moment, number, several, word, yes
from models import N_, Companion
from workflow import companions

section = Section("companions", "/cases", N_("一起填写的人"))
invitations = Section("invitations", "/invitations", N_("邀请"))
ASKED = {"email": "colleague@example.org", "signs": True}
LINKED = {"link": "https://open.example.cn/join/Zk3…"}


class CompanionShown(Schema):
    """Somebody who works on an application with the requester, or has been asked to."""

    id = number(N_("编号，移除时用"))
    email = word(N_("邮箱"))
    name = word(N_("姓名；还没有加入时为空"))
    signs = yes(N_("可以代表申请人签署协议"))
    invited_at = moment(N_("邀请时间"))
    joined_at = moment(N_("加入时间"))


class CompanionList(Schema):
    """Who works on an application with the requester."""

    items = several(CompanionShown, N_("一起填写的人"))


class Invited(CompanionShown):
    """Somebody who has just been asked; the link is shown this once."""

    link = word(N_("邀请链接，只显示这一次；信里也有"))


class Link(Strict):
    """The link of an invitation."""

    link = fields.String(
        required=True,
        validate=validate.Length(1, 500),
        error_messages={"required": N_("请填写这一项。"), "null": N_("请填写这一项。")},
        metadata={"label": N_("信里的链接，或者它的最后一段")},
    )


class InvitationShown(Schema):
    """An invitation: who asks whom for what."""

    reference = word(N_("办件编号"))
    inviter = word(N_("邀请人"))
    email = word(N_("受邀邮箱"))
    signs = yes(N_("可以代表申请人签署协议"))
    invited_at = moment(N_("邀请时间"))


@section.route("/<reference>/companions", methods=["GET"])
@section.response(200, CompanionList)
def list_companions(reference: str) -> dict[str, Any]:
    """List who works on an application with the requester.

    For the requester's side alone.
    """
    case = CompanionsPage.opened(find(reference, person()).reference)
    return {"items": [companion_shown(each) for each in companions.listed(case)]}


@section.route("/<reference>/companions", methods=["POST"])
@section.arguments(Invitation, example=ASKED)
@section.response(201, Invited)
@section.doc(responses={409: "Problem409"})
def invite_companion(asked: dict[str, Any], reference: str) -> dict[str, Any]:
    """Ask somebody to work on an application with you.

    They get a letter with a link that can be taken up once. Whoever takes it up reads the whole application, writes on
    its drafts and answers what the applicant is asked; with `signs` they may sign the agreement. An invitation to the
    same address replaces the one before. Only the requester asks others.
    """
    case = CompanionsPage.opened(find(reference, person()).reference)
    url = current_app.config["PUBLIC_URL"]
    link = companions.invite(case, asked["email"], asked["signs"], actor=person(), url=url)
    made = companions.found(companions.secret_of(link))
    return companion_shown(made) | {"link": link}


@section.route("/<reference>/companions/<int:number>", methods=["DELETE"])
@section.response(204)
def remove_companion(reference: str, number: int) -> ResponseReturnValue:
    """Take somebody off an application, withdraw an invitation, or leave."""
    someone = person()
    companions.remove(find(reference, someone), number, actor=someone)
    return "", 204


@invitations.route("/read", methods=["POST"])
@invitations.arguments(Link, example=LINKED)
@invitations.response(200, InvitationShown)
@invitations.doc(responses={410: "Problem410"})
def read_invitation(sent: dict[str, Any]) -> dict[str, Any]:
    """Read who asks you for what, before you take an invitation up."""
    person()
    asked = companions.found(companions.secret_of(sent["link"]))
    return {
        "reference": asked.case.reference,
        "inviter": asked.invited_by.name,
        "email": asked.email,
        "signs": asked.signs,
        "invited_at": asked.invited_at,
    }


@invitations.route("/take-up", methods=["POST"])
@invitations.arguments(Link, example=LINKED)
@invitations.response(200, Recorded)
@invitations.doc(responses={409: "Problem409", 410: "Problem410"})
def take_up_invitation(sent: dict[str, Any]) -> ResponseReturnValue:
    """Take an invitation up."""
    someone = person()
    return recorded(companions.join(companions.secret_of(sent["link"]), actor=someone), None, someone)


def companion_shown(each: Companion) -> dict[str, Any]:
    """Return a companion as the requester's side sees them."""
    named = ("id", "email", "signs", "invited_at", "joined_at")
    return {name: getattr(each, name) for name in named} | {"name": each.user.name if each.user else ""}
