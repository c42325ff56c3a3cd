"""Open a ballot that has closed, as work of its own: should it fail, every opinion stays where it is, sealed."""

from models import Case, Job
from workflow import casework
from workflow.outbox import Sessions
from workflow.site import Site


def open_ballot(session: Sessions, job: Job, site: Site) -> None:
    """Tell a case that its ballot may be opened; a second run finds that it does not wait for this any more."""
    casework.signal(session.get_one(Case, job.data["case"]), "open_ballot")
