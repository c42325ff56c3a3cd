"""Read a catalogue that is the answer of a CKAN portal to `package_search`."""

from collections.abc import Iterator, Mapping
from typing import Any

from workflow.catalogue.row import CatalogueError, Defaults, Refusal, Row, understand


def is_ckan(document: Any) -> bool:
    """Say whether a JSON document is the answer of a CKAN portal."""
    return isinstance(document, dict) and "success" in document and ("result" in document or "error" in document)


def packages(document: Mapping[str, Any]) -> tuple[list[Any], int]:
    """Return the packages of an answer, and how many there are in all.

    :raises CatalogueError: the portal reports an error, or answered something else than a search
    """
    if not document["success"]:
        error = document.get("error")
        said = error.get("message") if isinstance(error, dict) else error
        raise CatalogueError(f"The CKAN portal reports an error: {str(said or 'it gives no reason')[:200]}")
    result = document.get("result")
    found = result.get("results") if isinstance(result, dict) else None
    if not isinstance(result, dict) or not isinstance(found, list):
        raise CatalogueError("This CKAN answer holds no list of data sets; ask the portal for `package_search`.")
    count = result.get("count")
    return found, count if isinstance(count, int) else len(found)


def read(found: list[Any], defaults: Defaults) -> Iterator[Row | Refusal]:
    """Yield the entries of a list of packages; they are counted from 1."""
    for number, package in enumerate(found, start=1):
        if not isinstance(package, dict):
            yield Refusal(number, "", "The row is not a data set.")
            continue
        name = _said(package.get("title")) or _said(package.get("name"))
        if package.get("private") is True:
            yield Refusal(number, name[:80], "The data set is private in its portal.")
        elif package.get("state", "active") != "active":
            yield Refusal(number, name[:80], f"The data set is “{_said(package['state'])}” in its portal.")
        else:
            yield understand(number, _fields(package, name), defaults)


def _fields(package: Mapping[str, Any], name: str) -> dict[str, str | list[str]]:
    resources = [resource for resource in _list(package.get("resources")) if isinstance(resource, dict)]
    groups = [_named(group) for group in _list(package.get("groups"))]
    extras = {
        _said(extra.get("key")).lower(): _said(extra.get("value"))
        for extra in _list(package.get("extras"))
        if isinstance(extra, dict)
    }
    return {
        "key": _said(package.get("id")),
        "name": name,
        "summary": _said(package.get("notes")).replace("\r\n", "\n"),
        "provider": _named(package.get("organization")) or _said(package.get("author")),
        "domain": groups[0] if groups else "",
        "open_attribute": _open_attribute(package, extras),
        "frequency": extras.get("frequency", "") or extras.get("accrual_periodicity", ""),
        "formats": [_said(resource.get("format")) or _said(resource.get("mimetype")) for resource in resources],
        "tags": [_named(tag) for tag in _list(package.get("tags"))] + groups[1:],
        "first_published": _said(package.get("metadata_created"))[:10],
        "updated_on": _said(package.get("metadata_modified"))[:10],
        "page": _said(package.get("url")),
        "extra_license": _said(package.get("license_title")),
    }


def _open_attribute(package: Mapping[str, Any], extras: Mapping[str, str]) -> str:
    """Return the word for how far a package is open: as it says itself, or by whether its licence is an open one."""
    stated = extras.get("access_level", "") or extras.get("access_rights", "")
    if stated or "isopen" not in package:
        return stated
    return "open" if package["isopen"] is True else "restricted"


def _named(value: Any) -> str:
    if not isinstance(value, dict):
        return _said(value)
    return next((_said(value[key]) for key in ("title", "display_name", "name") if value.get(key)), "")


def _said(value: Any) -> str:
    return str(value) if isinstance(value, str | int | float) else ""


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []
