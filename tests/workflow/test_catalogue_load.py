"""Catalogues on their way into the open list: all or nothing, and twice is once."""

import datetime as dt
from collections import Counter
from pathlib import Path

import pytest

from models import Dataset, DatasetGroup, DatasetState, Listing, OpenType, Organisation, OrganisationKind, db
from workflow import search
from workflow.catalogue import source
from workflow.catalogue.load import Report, load
from workflow.catalogue.query import Filters, search_datasets
from workflow.catalogue.row import Defaults, Refusal

pytestmark = pytest.mark.usefixtures("context")
REAL = Path(__file__).resolve().parents[3] / "shared" / "data"
TODAY = dt.date(2026, 11, 23)
HEAD = "entry_id,dataset_name,summary,provider,open_attribute,formats,last_updated\n"
TWO = "1,公交线路,,市交通委,无条件开放,csv,2026-01-01\n2,医院名单,,市卫健委,有条件开放,,2026-02-01\n"


def bring(text: str, today: dt.date = TODAY, **defaults) -> Report:
    return load(source.recognise(text.encode(), Defaults(origin="test", **defaults)).rows, today)


def entries() -> list[Dataset]:
    return list(db.session.scalars(db.select(Dataset).order_by(Dataset.code)))


def counted() -> int:
    return db.session.scalar(db.select(db.func.coalesce(db.func.sum(DatasetGroup.total), 0)))


def test_rows_become_entries_under_codes_in_their_order_to_be_evaluated_in_a_year():
    report = bring(HEAD + TWO)
    first, second = entries()
    assert (report.added, report.bodies, report.refused) == (2, 2, [])
    assert [first.code, second.code] == ["DS-000001", "DS-000002"]
    assert (first.source, first.source_key, first.reevaluate_on) == ("test", "1", dt.date(2027, 11, 23))
    assert (first.provider.name, first.provider.kind) == ("市交通委", OrganisationKind.BODY)
    assert (first.summary, second.formats) == ("", [])


def test_a_catalogue_brought_again_changes_nothing():
    bring(HEAD + TWO)
    again = bring(HEAD + TWO, today=TODAY + dt.timedelta(days=30))
    assert (again.added, again.changed, again.unchanged, again.bodies) == (0, 0, 2, 0)
    assert [one.reevaluate_on for one in entries()] == [dt.date(2027, 11, 23)] * 2


def test_only_a_row_that_has_changed_is_written_and_what_it_leaves_empty_stays():
    bring(HEAD + TWO)
    entries()[0].conditions, entries()[0].state = "注明来源", DatasetState.SUSPENDED
    db.session.flush()
    again = bring(HEAD + TWO.replace("公交线路", "公交站点"))
    first = entries()[0]
    assert (again.added, again.changed, again.unchanged) == (0, 1, 1)
    assert (first.code, first.name, first.conditions) == ("DS-000001", "公交站点", "注明来源")
    assert (first.state, first.reevaluate_on) == (DatasetState.SUSPENDED, dt.date(2027, 11, 23))
    assert list(db.session.scalars(search.matching("dataset", "线路"))) == []
    assert list(db.session.scalars(search.matching("dataset", "站点"))) == [first.id]


def test_an_entry_that_its_body_has_taken_over_is_left_to_it(walker):
    bring(HEAD + TWO)
    case = walker.listing()
    case.listing = Listing(fields={}, dataset=entries()[0])
    db.session.flush()
    again = bring(HEAD + TWO.replace("公交线路", "公交站点"))
    assert (again.changed, again.unchanged, entries()[0].name) == (0, 1, "公交线路")
    assert "taken the entry over" in again.refused[0].reason


def test_rows_that_share_name_and_provider_are_both_kept_where_they_differ():
    head = "dataset_name,provider,open_attribute,update_frequency\n"
    text = head + "公交,市交通委,无条件开放,每天\n公交,市交通委,无条件开放,每年\n公交,市交通委,无条件开放,每天\n"
    report = bring(text)
    assert report.added == 2
    assert [refusal.reason for refusal in report.refused] == ["The row repeats row 2."]
    again = bring(text)
    assert (again.added, again.unchanged, len(again.refused)) == (0, 2, 1)


def test_a_party_that_asks_for_data_provides_none():
    db.session.add(Organisation(name="示例公司", kind=OrganisationKind.PARTY))
    db.session.flush()
    report = bring(HEAD + TWO.replace("市交通委", "示例公司"))
    assert report.added == 1
    assert "party that asks" in report.refused[0].reason


def test_a_body_that_is_known_is_not_entered_twice():
    known = db.session.scalar(db.select(Organisation).where(Organisation.kind == OrganisationKind.BODY))
    report = bring(HEAD + TWO.replace("市交通委", known.name))
    assert report.bodies == 1
    assert entries()[0].provider_id == known.id


def test_progress_is_told_of_every_row():
    seen = []
    rows = source.recognise((HEAD + TWO + "3,,,,,,\n").encode(), Defaults(origin="t")).rows
    load(rows, TODAY, seen.append)
    load(rows, TODAY, seen.append)
    assert sum(seen) == 2 * len(rows) == 6


def test_an_entry_made_without_the_importer_gets_a_code_and_can_be_found():
    bring(HEAD + TWO)
    body = entries()[0].provider_id
    db.session.add(Dataset(name="地铁客流", provider_id=body, open_type=OpenType.CONDITIONAL))
    db.session.flush()
    assert entries()[-1].code == "DS-000003"
    assert search_datasets("地铁", Filters()).rows == [entries()[-1]]


def test_what_is_withdrawn_leaves_search_and_counts_and_comes_back_with_its_state():
    bring(HEAD + TWO)
    assert counted() == 2
    entries()[0].state = DatasetState.WITHDRAWN
    db.session.flush()
    assert (counted(), search_datasets("公交", Filters()).total) == (1, 0)
    assert search_datasets("", Filters()).total == 1
    entries()[0].state = DatasetState.PUBLISHED
    db.session.flush()
    assert (counted(), search_datasets("公交", Filters()).total) == (2, 1)
    db.session.delete(entries()[0])
    db.session.flush()
    assert (counted(), search_datasets("公交", Filters()).total) == (1, 0)


@pytest.mark.skipif(not REAL.is_dir(), reason="the real catalogues are not at hand")
@pytest.mark.parametrize(
    ("file", "rows", "added", "missing"),
    [
        ("catalogue.csv", 2234, 2234, 0),
        ("catalogue_other_portals.csv", 750, 542, 0),
        ("open_plan_baiyun.csv", 56, 56, 0),
        ("standards/dcat_us_cms_data.json", 150, 150, 0),
        ("standards/dcat_ap_it_alessandria.rdf", 5, 5, 0),
        ("standards/ckan_package_search_birmingham.json", 10, 10, 28),
    ],
)
def test_every_row_of_a_real_catalogue_comes_in_or_is_refused_with_a_reason(file, rows, added, missing):
    catalogue = source.from_file(REAL / file, Defaults())
    report = load(catalogue.rows, TODAY)
    reasons = Counter(refusal.reason for refusal in report.refused if isinstance(refusal, Refusal))
    assert (report.rows, report.added, catalogue.missing) == (rows, added, missing)
    assert report.added + sum(reasons.values()) == rows
    assert all(reasons)
    again = load(source.from_file(REAL / file, Defaults()).rows, TODAY)
    assert (again.added, again.changed, again.unchanged) == (0, 0, added)
