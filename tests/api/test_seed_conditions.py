"""The demonstration's conditional entries have conditions as data, which their own applications can meet."""

import pytest

from api.seed import conditions as seed
from api.seed.catalogue import load_seed
from models import Dataset, OpenType, db
from tests.applications import FORM
from workflow import conditions
from workflow.conditions import UNMET


@pytest.fixture
def entries(context) -> list[Dataset]:
    load_seed()
    db.session.commit()
    seed.load()
    return list(db.session.scalars(db.select(Dataset).where(Dataset.open_type == OpenType.CONDITIONAL)))


def test_every_conditional_entry_has_conditions_that_a_machine_can_check(entries):
    assert len(entries) > 10
    for entry in entries:
        version = conditions.in_force(entry)
        assert version.version == 1
        assert {"people", "months", "mode", "protection_level", "logging"} <= set(conditions.asked(version))
        assert entry.conditions


def test_a_good_application_meets_them_where_data_can_be_downloaded(entries):
    met = []
    for entry in entries:
        version = conditions.in_force(entry)
        if "download" in version.terms["modes"]:
            results = {result for _, result in conditions.selfcheck(version, FORM)}
            met.append(UNMET not in results)
    assert met
    assert all(met)


def test_what_is_there_stays_as_it_is(entries):
    assert seed.load() == 0
    load_seed()
    db.session.commit()
    assert {conditions.in_force(entry).version for entry in entries} == {1}
