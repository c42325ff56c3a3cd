"""Give the open list out again: as DCAT, and as the table that the importer reads."""

from collections.abc import Iterator
from typing import Any

from models import Dataset, DatasetState, Frequency, OpenType, db

CHUNK = 500
CONTEXT = {
    "dcat": "http://www.w3.org/ns/dcat#",
    "dct": "http://purl.org/dc/terms/",
    "foaf": "http://xmlns.com/foaf/0.1/",
    "xsd": "http://www.w3.org/2001/XMLSchema#",
}
_RIGHTS = "http://publications.europa.eu/resource/authority/access-right/"
_FREQUENCY = "http://publications.europa.eu/resource/authority/frequency/"
RIGHTS = {OpenType.UNCONDITIONAL: "PUBLIC", OpenType.CONDITIONAL: "RESTRICTED", OpenType.NON_OPEN: "NON_PUBLIC"}
FREQUENCIES = {
    Frequency.REALTIME: "UPDATE_CONT", Frequency.DAILY: "DAILY", Frequency.WEEKLY: "WEEKLY",
    Frequency.MONTHLY: "MONTHLY", Frequency.QUARTERLY: "QUARTERLY", Frequency.HALF_YEARLY: "ANNUAL_2",
    Frequency.YEARLY: "ANNUAL", Frequency.IRREGULAR: "IRREG", Frequency.STATIC: "NEVER", Frequency.OTHER: "OTHER",
}  # fmt: skip
COLUMNS = (
    "entry_id", "dataset_name", "summary", "provider", "domain", "national_theme", "open_attribute", "open_conditions",
    "grade", "delivery_modes", "ground", "supervision", "coverage", "update_frequency", "formats", "data_items", "tags",
    "first_published", "last_updated", "reevaluate_on", "source_page",
)  # fmt: skip


def listed() -> Iterator[Dataset]:
    """Yield every entry on the list in the order of the codes, a few at a time."""
    last = 0
    query = db.select(Dataset).where(Dataset.state != DatasetState.WITHDRAWN).order_by(Dataset.id).limit(CHUNK)
    while part := db.session.scalars(query.where(Dataset.id > last)).all():
        last = part[-1].id
        yield from part
        db.session.expunge_all()


def dcat(dataset: Dataset, address: str) -> dict[str, Any]:
    """Return an entry as a `dcat:Dataset`; what is not known is left out.

    :param address: the address of the entry's page, which stands for the entry
    """
    said = {
        "@id": address,
        "@type": "dcat:Dataset",
        "dct:identifier": dataset.code,
        "dct:title": dataset.name,
        "dct:description": dataset.summary,
        "dct:publisher": {"@type": "foaf:Agent", "foaf:name": dataset.provider.name},
        "dct:accessRights": {"@id": _RIGHTS + RIGHTS[dataset.open_type]} if dataset.open_type in RIGHTS else None,
        "dct:rights": dataset.ground if dataset.open_type is OpenType.NON_OPEN else dataset.conditions,
        "dct:accrualPeriodicity": {"@id": _FREQUENCY + FREQUENCIES[dataset.frequency]},
        "dct:issued": _day(dataset.first_published),
        "dct:modified": _day(dataset.updated_on),
        "dcat:theme": dataset.domain,
        "dcat:keyword": dataset.tags,
        "dcat:landingPage": {"@id": dataset.source_page or address},
        "dcat:distribution": [{"@type": "dcat:Distribution", "dct:format": word} for word in dataset.formats],
    }
    return {name: value for name, value in said.items() if value}


def line(dataset: Dataset) -> list[str]:
    """Return an entry as a row under `COLUMNS`."""
    values = (
        dataset.code, dataset.name, dataset.summary, dataset.provider.name, dataset.domain, dataset.theme,
        dataset.open_type, dataset.conditions, "" if dataset.grade is None else dataset.grade,
        ";".join(dataset.delivery_modes), dataset.ground, dataset.supervision, dataset.coverage, dataset.frequency,
        ";".join(dataset.formats), "、".join(dataset.items), ";".join(dataset.tags), dataset.first_published or "",
        dataset.updated_on or "", dataset.reevaluate_on or "", dataset.source_page or "",
    )  # fmt: skip
    return [str(value) for value in values]


def _day(day: Any) -> dict[str, str] | None:
    return {"@value": day.isoformat(), "@type": "xsd:date"} if day else None
