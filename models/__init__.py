"""What the service remembers."""

from models import sqlite
from models.base import N_, db, now
from models.case import KIND_TITLES, PREFIXES, Answer, Case, CaseStatus, Counter
from models.classification import Classification, OpenType
from models.dataset import FREQUENCY_TITLES, Dataset, DatasetGroup, DatasetState, Frequency, take_codes
from models.definition import Definition
from models.demand import Demand, Support
from models.event import Event, EventKind
from models.incident import Incident, Resolution
from models.job import Job, JobState, Letter
from models.limit import Holiday, Limit, Unit
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
    "BODY_ROLES",
    "CITY_ROLES",
    "FREQUENCY_TITLES",
    "INDEXES",
    "KINDS",
    "KIND_TITLES",
    "N_",
    "PREFIXES",
    "Answer",
    "Case",
    "CaseStatus",
    "Classification",
    "Clock",
    "ClockState",
    "Counter",
    "Dataset",
    "DatasetGroup",
    "DatasetState",
    "Definition",
    "Demand",
    "Draft",
    "Event",
    "EventKind",
    "Frequency",
    "Holiday",
    "Incident",
    "Job",
    "JobState",
    "Letter",
    "Limit",
    "Listing",
    "Membership",
    "OpenType",
    "Organisation",
    "OrganisationKind",
    "Pause",
    "Resolution",
    "Role",
    "Support",
    "Token",
    "Unit",
    "User",
    "WorkItem",
    "WorkState",
    "db",
    "now",
    "sqlite",
    "take_codes",
]  # fmt: skip
