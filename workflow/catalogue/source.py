"""Get a catalogue from a file or an address, and recognise what it is."""

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlencode, urljoin, urlsplit, urlunsplit

import orjson
import requests

from workflow.catalogue import read_ckan, read_csv, read_dcat
from workflow.catalogue.row import CatalogueError, Defaults, Refusal, Row

LARGEST = 128 * 2**20
# Seconds to wait for a connection, for the next part of an answer, and for the whole of it.
PATIENCE, LONGEST = (10, 60), 600
MOST_REDIRECTS, MOST_PAGES = 5, 2000
_TELL = {"Accept": "application/json, application/ld+json, application/rdf+xml, text/csv, */*;q=0.5"}


@dataclass(frozen=True)
class Catalogue:
    """A catalogue that has been recognised: its format, its rows, and how many more its portal holds."""

    format: str
    rows: list[Row | Refusal]
    missing: int = 0


def from_file(path: Path, defaults: Defaults) -> Catalogue:
    """Return the catalogue that a file holds; rows that name no source get the name of the file.

    :raises CatalogueError: the file cannot be read or holds no catalogue
    """
    try:
        if path.stat().st_size > LARGEST:
            raise CatalogueError(f"The file is larger than {LARGEST // 2**20} MB.")
        data = path.read_bytes()
    except OSError as error:
        raise CatalogueError(f"The file cannot be opened: {error.strerror}.") from error
    return recognise(data, replace(defaults, origin=path.stem[:100]))


def from_address(address: str, defaults: Defaults, get: Callable[[str], bytes] | None = None) -> Catalogue:
    """Return the catalogue that lies at an address; further pages of a CKAN portal are fetched as well.

    Rows that name no source get the name of the host.

    :param get: fetches an address, in place of the network
    :raises CatalogueError: nothing can be fetched, or it is no catalogue
    """
    get = get or fetch
    origin = urlsplit(address).hostname or address
    return recognise(get(address), replace(defaults, origin=origin), lambda start: get(_page(address, start)))


def recognise(data: bytes, defaults: Defaults, more: Callable[[int], bytes] | None = None) -> Catalogue:
    """Return the catalogue in some bytes, whatever their format.

    :param more: fetches the page of a CKAN answer that begins after so many data sets
    :raises CatalogueError: the bytes are no catalogue
    """
    start = data[:4096].lstrip(b"\xef\xbb\xbf \t\r\n").lower()
    if not start:
        raise CatalogueError("The file is empty.")
    if data[:2] in (b"\xff\xfe", b"\xfe\xff"):
        raise CatalogueError("The file is in UTF-16; save it as UTF-8.")
    if start.startswith((b"<!doctype html", b"<html")):
        raise CatalogueError("This is a web page, not a catalogue.")
    if start.startswith(b"<"):
        return Catalogue("DCAT (RDF/XML)", list(read_dcat.read_graph(read_dcat.graph_of_xml(data), defaults)))
    if start[:1] in b"{[":
        return _json(_parsed(data), defaults, more)
    return Catalogue("CSV", list(read_csv.read(_decoded(data), defaults)))


def fetch(address: str) -> bytes:
    """Return what lies at a web address.

    :raises CatalogueError: it is no web address, does not answer in time, or answers with an error or too much
    """
    for _ in range(MOST_REDIRECTS + 1):
        if urlsplit(address).scheme not in ("http", "https"):
            raise CatalogueError("A catalogue is fetched from http or https addresses alone.")
        try:
            with requests.get(address, timeout=PATIENCE, stream=True, allow_redirects=False, headers=_TELL) as answer:
                if answer.is_redirect:
                    address = urljoin(address, answer.headers["Location"])
                    continue
                if answer.status_code != requests.codes.ok:
                    raise CatalogueError(f"The portal answers {answer.status_code} instead of a catalogue.")
                return b"".join(_capped(answer.iter_content(2**16)))
        except requests.RequestException as error:
            raise CatalogueError(f"The portal cannot be reached: {type(error).__name__}.") from error
    raise CatalogueError("The portal leads from one address to the next without end.")


def _capped(chunks: Iterator[bytes]) -> Iterator[bytes]:
    size, end = 0, time.monotonic() + LONGEST
    for chunk in chunks:
        size += len(chunk)
        if time.monotonic() > end:
            raise CatalogueError(f"The portal needs more than {LONGEST // 60} minutes to answer.")
        if size > LARGEST:
            raise CatalogueError(f"The portal's answer is larger than {LARGEST // 2**20} MB.")
        yield chunk


def _json(document: Any, defaults: Defaults, more: Callable[[int], bytes] | None) -> Catalogue:
    if read_ckan.is_ckan(document):
        found, count = read_ckan.packages(document)
        pages = 1
        while more and len(found) < count and pages < MOST_PAGES:
            page, _ = read_ckan.packages(_answer(_parsed(more(len(found)))))
            if not page:
                break
            found, pages = [*found, *page], pages + 1
        return Catalogue("CKAN", list(read_ckan.read(found, defaults)), missing=max(count - len(found), 0))
    if read_dcat.is_data_json(document):
        return Catalogue("DCAT (data.json)", list(read_dcat.read_data_json(document, defaults)))
    return Catalogue("DCAT (JSON-LD)", list(read_dcat.read_graph(read_dcat.graph_of_json(document), defaults)))


def _answer(document: Any) -> dict[str, Any]:
    if not read_ckan.is_ckan(document):
        raise CatalogueError("A further page of the CKAN portal is not what the first one was.")
    return dict(document)


def _parsed(data: bytes) -> Any:
    try:
        return orjson.loads(_decoded(data))
    except orjson.JSONDecodeError as error:
        raise CatalogueError(f"The JSON cannot be read, perhaps it breaks off: {error}.") from error


def _decoded(data: bytes) -> str:
    """Return the text of a file in UTF-8, with or without a mark, or in GB 18030."""
    if b"\x00" in data:
        raise CatalogueError("The file holds zero bytes, so it is not text.")
    for encoding in ("utf-8-sig", "gb18030"):
        try:
            return data.decode(encoding)
        except UnicodeDecodeError:
            continue
    raise CatalogueError("The file is neither in UTF-8 nor in GB 18030.")


def _page(address: str, start: int) -> str:
    parts = urlsplit(address)
    query = {**parse_qs(parts.query), "start": [str(start)]}
    return urlunsplit(parts._replace(query=urlencode(query, doseq=True)))
