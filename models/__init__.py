"""What the service remembers."""

from models import sqlite
from models.agreement import AGREEMENT_STATES, Agreement, AgreementState, AgreementTemplate, ClauseChange
from models.application import Application, ApplicationVersion, DataRequest, Review
from models.base import N_, SHANGHAI, db, local_day, now
from models.case import KIND_TITLES, PREFIXES, Answer, Case, CaseStatus, Counter
from models.classification import Classification, OpenType
from models.companion import Companion
from models.conditions import Conditions, ConditionsDraft
from models.consultation import (
    STANCES,
    Consultation,
    Expert,
    ExpertChange,
    Interest,
    Meeting,
    Opinion,
    Remark,
    SealedOpinion,
    Seat,
    Stance,
)
from models.dataset import FREQUENCY_TITLES, Dataset, DatasetGroup, DatasetState, Frequency, take_codes
from models.definition import Definition
from models.demand import Demand, Support
from models.document import Document, DocumentState, Signature
from models.entitlement import ENTITLEMENT_STATES, Access, Entitlement, EntitlementState, Resource
from models.event import Event, EventKind
from models.factor import Factor, FactorReset, RecoveryCode
from models.file import File
from models.incident import Incident, Resolution
from models.job import Job, JobState, Letter
from models.limit import Correction, Holiday, Limit, Unit
from models.listing import Listing
from models.search import INDEXES, KINDS
from models.user import (
    BODY_ROLES,
    CITY_ROLES,
    Membership,
    Organisation,
    OrganisationKind,
    Role,
    Token,
    User,
)
from models.work import Clock, ClockState, Draft, Pause, WorkItem, WorkState

__all__ = [
    "AGREEMENT_STATES",
    "BODY_ROLES",
    "CITY_ROLES",
    "ENTITLEMENT_STATES",
    "FREQUENCY_TITLES",
    "INDEXES",
    "KINDS",
    "KIND_TITLES",
    "N_",
    "PREFIXES",
    "SHANGHAI",
    "STANCES",
    "Access",
    "Agreement",
    "AgreementState",
    "AgreementTemplate",
    "Answer",
    "Application",
    "ApplicationVersion",
    "Case",
    "CaseStatus",
    "Classification",
    "ClauseChange",
    "Clock",
    "ClockState",
    "Companion",
    "Conditions",
    "ConditionsDraft",
    "Consultation",
    "Correction",
    "Counter",
    "DataRequest",
    "Dataset",
    "DatasetGroup",
    "DatasetState",
    "Definition",
    "Demand",
    "Document",
    "DocumentState",
    "Draft",
    "Entitlement",
    "EntitlementState",
    "Event",
    "EventKind",
    "Expert",
    "ExpertChange",
    "Factor",
    "FactorReset",
    "File",
    "Frequency",
    "Holiday",
    "Incident",
    "Interest",
    "Job",
    "JobState",
    "Letter",
    "Limit",
    "Listing",
    "Meeting",
    "Membership",
    "OpenType",
    "Opinion",
    "Organisation",
    "OrganisationKind",
    "Pause",
    "RecoveryCode",
    "Remark",
    "Resolution",
    "Resource",
    "Review",
    "Role",
    "SealedOpinion",
    "Seat",
    "Signature",
    "Stance",
    "Support",
    "Token",
    "Unit",
    "User",
    "WorkItem",
    "WorkState",
    "db",
    "local_day",
    "now",
    "sqlite",
    "take_codes",
]  # fmt: skip
