"""Agreement: the terms of a grant become an agreement that both sides have signed (Order 21, article 15)."""

from typing import Any

from marshmallow import ValidationError, validate, validates_schema

from models import N_, AgreementState, Case, Role, User
from workflow import agreements, factors
from workflow.fields import Answer, Code, Group, Text, Tick, choice, prose
from workflow.stage import Stage

stage = Stage(__name__)


def number(offered: str) -> Text:
    """Return the field that names a clause.

    :param offered: which clauses a form offers
    """
    return Text(1, 20, metadata={"label": N_("第几条"), "options": offered})


class Override(Answer):
    """A clause that departs from the template."""

    clause = number("clauses")
    text = prose(10, 4000, N_("条款"))
    text_en = prose(0, 4000, N_("条款（英文）"))
    reason = prose(5, 500, N_("为什么与示范文本不同"), rows=2)


class ClauseAnswer(Answer):
    """What becomes of a change that the other side has proposed."""

    clause = number("clauses")
    answer = choice({"accept": N_("接受"), "decline": N_("不接受")}, metadata={"label": N_("答复")})
    reason = prose(0, 500, N_("说明"), rows=2)


class AgreementDraft(Answer):
    """The agreement as the body proposes it: the template, but for what is said here."""

    overrides = Group(
        Override, most=30, metadata={"label": N_("与示范文本不同的条款"), "hint": N_("没有的不填；每处都会标明。")}
    )
    answers = Group(
        ClauseAnswer, most=30, metadata={"label": N_("答复对方的修改"), "hint": N_("对方提出的每处修改都要答复。")}
    )
    remark = prose(0, 1000, N_("告知申请人"))


@stage.step(Role.CLERK, AgreementDraft, limit="agreement_signing")
def draft_agreement(case: Case, answer: dict[str, Any], clerk: User) -> None:
    """Draft the agreement."""
    agreement = agreements.begin(case)
    agreements.answer(agreement, answer["answers"], clerk)
    agreement.round += 1
    agreements.override(agreement, answer["overrides"], clerk)
    agreement.state, case.state = AgreementState.NEGOTIATING, "negotiating"


class ClauseProposal(Answer):
    """Other words for a clause."""

    clause = number("negotiable")
    text = prose(10, 4000, N_("改为"))
    reason = prose(5, 500, N_("理由"), rows=2)


class Negotiation(Answer):
    """Whether the applicant agrees to the clauses."""

    clauses = choice({"agreed": N_("同意全部条款"), "change": N_("提出修改")}, metadata={"label": N_("对条款的意见")})
    proposals = Group(
        ClauseProposal,
        most=30,
        metadata={"label": N_("修改建议"), "hint": N_("只有标明可以协商的条款能改。"), "when": {"clauses": "change"}},
    )

    @validates_schema(skip_on_field_errors=True)
    def a_change_names_a_clause(self, data: dict[str, Any], **_: Any) -> None:
        """Ask for the clauses that are to be changed."""
        if data["clauses"] == "change" and not data["proposals"]:
            raise ValidationError(N_("请至少写一处修改。"), "proposals")


@stage.step(Role.REQUESTER, Negotiation, limit="agreement_signing")
def negotiate_clauses(case: Case, answer: dict[str, Any], requester: User) -> dict[str, Any]:
    """Negotiate the clauses."""
    agreement = agreements.agreement_of(case)
    if answer["clauses"] == "change":
        agreements.propose(agreement, answer["proposals"], requester)
        case.state = "agreeing"
    return {"clauses": answer["clauses"]}


class Signing(Answer):
    """A signature: the will to sign, and the code of the second factor."""

    agreed = Tick(
        required=True,
        metadata={"label": N_("我已通读协议，有权代表本方签署")},
        validate=validate.Equal(True, error=N_("请确认这一项。")),
    )
    code = Code()


@stage.step(Role.REQUESTER, Signing, limit="agreement_signing")
def sign_agreement(case: Case, answer: dict[str, Any], signatory: User) -> dict[str, Any]:
    """Sign the agreement for the applicant.

    Returns the hash of the signed document, for the journal.
    """
    agreements.may_sign_for_party(case, signatory)
    factors.demand(signatory, answer["code"])
    signed = agreements.sign(case, "party", signatory)
    agreements.agreement_of(case).state, case.state = AgreementState.SIGNED, "countersigning"
    return signed


@stage.step(Role.DECIDER, Signing, limit="agreement_signing")
def countersign_agreement(case: Case, answer: dict[str, Any], decider: User) -> dict[str, Any]:
    """Countersign the agreement for the body.

    Returns the hash of the signed document, for the journal.
    """
    factors.demand(decider, answer["code"])
    return agreements.sign(case, "body", decider)


@stage.service
def make_agreement(case: Case) -> None:
    """Have the agreed text made into a document."""
    agreements.make(case)
    case.state = "signing"


@stage.service
def enter_into_force(case: Case) -> dict[str, Any]:
    """Let the signed agreement take effect."""
    agreements.enter_into_force(case)
    case.state = "provisioning"
    return {"agreement": "effective"}


@stage.service
def lapse_agreement(case: Case) -> dict[str, Any]:
    """Let the agreement lapse that was not signed in time."""
    agreements.lapse(case)
    case.state = "unsigned"
    return {"agreement": "lapsed"}
