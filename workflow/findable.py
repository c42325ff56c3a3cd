"""Keep the search index in step with what the public may find: the open list and the published demands."""

from collections.abc import Iterable, Sequence
from typing import Any

from sqlalchemy import Connection, Text, and_, cast, event, inspect, select
from sqlalchemy.orm import Mapper, Session, contains_eager, scoped_session

from models import Dataset, DatasetGroup, DatasetState, Demand, Organisation, local_day
from workflow import search

CHUNK = 500


def labels(facet: str, values: Iterable[str | int]) -> list[str]:
    """Return the labels by which the open list is narrowed to some values of a facet."""
    return [f"{facet}={value}" for value in values]


def index_datasets(session: Session | scoped_session[Any], keys: Sequence[int] | None = None) -> int:
    """Index data sets anew, after rows were written past the mapper; returns how many are on the list.

    :param keys: the data sets to index; nothing means all
    """
    count = 0
    keys = list(session.scalars(select(Dataset.id))) if keys is None else keys
    for start in range(0, len(keys), CHUNK):
        part = keys[start : start + CHUNK]
        datasets = session.scalars(
            select(Dataset)
            .join(Dataset.provider)
            .options(contains_eager(Dataset.provider))
            .where(Dataset.id.in_(part))
            .execution_options(populate_existing=True)
        ).all()
        search.remove(session, "dataset", *part)
        listed = [one for one in datasets if one.state is not DatasetState.WITHDRAWN]
        groups = _groups(session, [one.id for one in listed])
        documents = [_dataset(one, one.provider.name, groups[one.id]) for one in listed]
        search.index(session, "dataset", *documents)
        count += len(listed)
    return count


def _groups(session: search.Writer, keys: Sequence[int]) -> dict[int, int]:
    """Return the groups in which some data sets are counted."""
    same = (
        DatasetGroup.open_type == cast(Dataset.open_type, Text),
        DatasetGroup.domain == Dataset.domain,
        DatasetGroup.provider_id == Dataset.provider_id,
        DatasetGroup.frequency == cast(Dataset.frequency, Text),
        DatasetGroup.formats == cast(Dataset.formats, Text),
    )
    query = select(Dataset.id, DatasetGroup.id).join(DatasetGroup, and_(*same)).where(Dataset.id.in_(keys))
    return dict(session.execute(query).all())


def _dataset(dataset: Dataset, provider: str, group: int) -> search.Document:
    """Return what can be found of a data set."""
    words = (dataset.code, dataset.summary, provider, dataset.domain, dataset.theme, *dataset.items, *dataset.tags)
    bears = [
        *labels("open_type", [dataset.open_type]),
        *labels("domain", [dataset.domain]),
        *labels("provider", [dataset.provider_id]),
        *labels("frequency", [dataset.frequency]),
        *labels("format", dataset.formats),
    ]
    day = dataset.updated_on or dataset.first_published
    return search.Document(dataset.id, dataset.name, "\n".join(words), bears, day, group)


@event.listens_for(Dataset, "after_insert")
@event.listens_for(Dataset, "after_update")
def _dataset_written(_: Mapper[Dataset], connection: Connection, dataset: Dataset) -> None:
    if dataset.state is DatasetState.WITHDRAWN:
        search.remove(connection, "dataset", dataset.id)
        return
    provider = connection.scalar(select(Organisation.name).where(Organisation.id == dataset.provider_id))
    group = _groups(connection, [dataset.id])[dataset.id]
    search.index(connection, "dataset", _dataset(dataset, provider or "", group))


@event.listens_for(Dataset, "after_delete")
def _dataset_deleted(_: Mapper[Dataset], connection: Connection, dataset: Dataset) -> None:
    search.remove(connection, "dataset", dataset.id)


@event.listens_for(Demand, "after_insert")
@event.listens_for(Demand, "after_update")
def _demand_written(_: Mapper[Demand], connection: Connection, demand: Demand) -> None:
    seen = inspect(demand).attrs
    if not any(seen[name].history.has_changes() for name in ("published_at", "public_subject", "public_text")):
        return
    if demand.published_at is None:
        search.remove(connection, "demand", demand.case_id)
        return
    document = search.Document(
        demand.case_id, demand.public_subject, demand.public_text, day=local_day(demand.published_at)
    )
    search.index(connection, "demand", document)


@event.listens_for(Demand, "after_delete")
def _demand_deleted(_: Mapper[Demand], connection: Connection, demand: Demand) -> None:
    search.remove(connection, "demand", demand.case_id)
