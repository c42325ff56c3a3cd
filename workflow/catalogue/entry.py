"""The entry of the open list that a case is about: written, changed, suspended, withdrawn."""

import datetime as dt
from typing import Any

from models import Case, CaseStatus, Dataset, DatasetState, Frequency, Listing, OpenType, db
from workflow import calendar, conditions
from workflow.errors import NotFound, NotOpen

# The fields that a clerk describes and the entry shows.
DESCRIBED = ("name", "summary", "domain", "formats", "items", "tags", "coverage", "sample")


def write(case: Case) -> Dataset:
    """Write what the case describes into the open list: a new entry, or a new version of its own."""
    listing, today = listing_of(case), calendar.today()
    entry = listing.dataset
    if entry is None:
        if case.body_id is None:
            raise LookupError(f"{case.reference} belongs to no body")
        entry = Dataset(provider_id=case.body_id, first_published=today, open_type=OpenType.NON_OPEN)
        db.session.add(entry)
        listing.dataset = entry
    for name in DESCRIBED:
        if name in listing.fields:
            setattr(entry, name, listing.fields[name])
    if "frequency" in listing.fields:
        entry.frequency = Frequency(listing.fields["frequency"])
    take_over_classification(case, entry)
    entry.state, entry.updated_on = DatasetState.PUBLISHED, today
    # The reason of an amendment is public; that of an earlier suspension is no longer true.
    entry.state_reason = listing.reason if listing.narrowing else ""
    if case.demand is not None:
        case.demand.dataset = entry
    db.session.flush()
    if case.classification is not None:
        conditions.keep_words(entry, case)
    return entry


def take_over_classification(case: Case, entry: Dataset) -> None:
    """Give the entry the open type, grade, conditions and modes that were confirmed for it."""
    sheet = case.classification
    if sheet is None or sheet.open_type is None:
        return
    entry.open_type, entry.grade = sheet.open_type, sheet.grade
    entry.conditions, entry.supervision = sheet.conditions, sheet.supervision
    entry.delivery_modes, entry.ground = sheet.delivery_modes, sheet.grounds
    entry.reevaluate_on = sheet.reevaluate_on or a_year_after(calendar.today())


def set_state(case: Case, state: DatasetState) -> None:
    """Suspend, resume or withdraw the case's entry, with the reason that the public reads."""
    listing = case.listing
    if listing is None or listing.dataset is None:
        return
    listing.dataset.state = state
    listing.dataset.state_reason = "" if state is DatasetState.PUBLISHED else listing.reason


def set_next_evaluation(case: Case, day: dt.date | None) -> None:
    """Write down when the entry is to be evaluated again; a year from today unless a day is given (article 13)."""
    entry = listing_of(case).dataset
    if entry is not None:
        entry.reevaluate_on = day or a_year_after(calendar.today())


def adopt(case: Case, entry: Dataset) -> None:
    """Let a new listing case take over an entry that came to the list without one, such as an imported one.

    Raises NotOpen when a case has the entry already.
    """
    # Two people who take the entry in hand at once come here one after the other.
    db.session.refresh(entry, with_for_update={"of": Dataset})
    if case_of(entry) is not None:
        raise NotOpen(entry.code)
    case.title, case.body_id, case.state = entry.name, entry.provider_id, "listed"
    case.status = CaseStatus.OPEN
    case.listing = Listing(fields=fields_of(entry), dataset=entry)


def fields_of(entry: Dataset) -> dict[str, Any]:
    """Return the described fields of an entry, as a form shows them."""
    return {name: getattr(entry, name) for name in DESCRIBED} | {"frequency": entry.frequency.value}


def case_of(entry: Dataset) -> Case | None:
    """Return the listing case that keeps an entry, if there is one."""
    query = db.select(Case).join(Listing, Listing.case_id == Case.id).where(Listing.dataset_id == entry.id)
    case: Case | None = db.session.scalar(query.where(Case.kind == "listing").order_by(Case.id.desc()).limit(1))
    return case


def by_code(code: str) -> Dataset:
    """Return the entry with a code.

    Raises NotFound when there is none.
    """
    entry: Dataset | None = db.session.scalar(db.select(Dataset).where(Dataset.code == code))
    if entry is None:
        raise NotFound(code)
    return entry


def a_year_after(day: dt.date) -> dt.date:
    """Return the same day of the next year; the first of March where there is none."""
    return dt.date(day.year + 1, 3, 1) if (day.month, day.day) == (2, 29) else day.replace(year=day.year + 1)


def listing_of(case: Case) -> Listing:
    """Return what a case is to write into the open list."""
    if case.listing is None:
        raise LookupError(f"{case.reference} describes no data set")
    return case.listing
