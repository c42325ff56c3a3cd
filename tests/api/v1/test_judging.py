"""What stands beside an application, for programs of those who judge it and for nobody else."""

from tests.applications import TERMS
from workflow import conditions


def test_those_who_judge_read_conditions_changes_and_like_cases(app, program, walker):
    with app.app_context():
        conditions.publish(walker.dataset(), TERMS, walker.person("decider"))
        case = walker.at("review_application")
        reference, draft = case.reference, walker.at("submit_application").reference
    found = program("reviewer").get(f"/cases/{reference}/judging").json
    assert [line["criterion"].rpartition(".")[2] for line in found["criteria"]][:2] == ["C1", "C2"]
    assert {line["machine"] for line in found["criteria"]} == {"met", "ask"}
    assert (found["differences"], found["departs"]) == ([], [])
    assert program("auditor").get(f"/cases/{reference}/judging").status_code == 200
    assert program("citizen").get(f"/cases/{reference}/judging").status_code == 403
    assert program("stranger").get(f"/cases/{reference}/judging").status_code == 404
    assert program("other_reviewer").get(f"/cases/{reference}/judging").status_code == 404
    assert program().get(f"/cases/{reference}/judging").status_code == 401
    assert program("auditor").get(f"/cases/{draft}/judging").status_code == 404


def test_a_case_that_applies_for_nothing_is_refused(program, demand):
    reference = demand.routed()
    assert program("clerk").get(f"/cases/{reference}/judging").status_code == 404
