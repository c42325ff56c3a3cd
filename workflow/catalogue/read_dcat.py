"""Read a catalogue in the words of DCAT: a `data.json` of DCAT-US, JSON-LD, or RDF/XML.

Nothing that a document refers to is fetched: XML may declare no entities, and JSON-LD brings its context with it.
"""

import warnings
from collections.abc import Iterator, Mapping
from typing import Any

import orjson
from lxml import etree
from rdflib import DCTERMS, FOAF, RDF, SKOS, BNode, Graph, Literal, Namespace, URIRef
from rdflib.term import Node

from workflow.catalogue.row import CatalogueError, Defaults, Refusal, Row, understand

DCAT = Namespace("http://www.w3.org/ns/dcat#")
# What relative addresses are completed with.
BASE = "urn:catalogue:"


def is_data_json(document: Any) -> bool:
    """Say whether a JSON document is a catalogue of DCAT-US."""
    return isinstance(document, dict) and isinstance(document.get("dataset"), list)


def read_data_json(document: Mapping[str, Any], defaults: Defaults) -> Iterator[Row | Refusal]:
    """Yield the entries of a DCAT-US catalogue; they are counted from 1."""
    for number, dataset in enumerate(document["dataset"], start=1):
        if isinstance(dataset, dict):
            yield understand(number, _fields_of_json(dataset), defaults)
        else:
            yield Refusal(number, "", "The row is not a data set.")


def _fields_of_json(dataset: Mapping[str, Any]) -> dict[str, str | list[str]]:
    distributions = [one for one in _list(dataset.get("distribution")) if isinstance(one, dict)]
    themes = [_said(theme) for theme in _list(dataset.get("theme"))]
    publisher = dataset.get("publisher")
    return {
        "key": _said(dataset.get("identifier")) or _said(dataset.get("@id")),
        "name": _said(dataset.get("title")),
        "summary": _said(dataset.get("description")),
        "provider": _said(publisher.get("name")) if isinstance(publisher, dict) else _said(publisher),
        "domain": themes[0] if themes else "",
        "open_attribute": _said(dataset.get("accessLevel")),
        "open_conditions": _said(dataset.get("rights")),
        "frequency": _said(dataset.get("accrualPeriodicity")),
        "formats": [_said(one.get("format")) or _said(one.get("mediaType")) for one in distributions],
        "tags": [_said(word) for word in _list(dataset.get("keyword"))] + themes[1:],
        "first_published": _day(_said(dataset.get("issued"))),
        "updated_on": _day(_said(dataset.get("modified"))),
        "coverage": "；".join(filter(None, (_said(dataset.get("temporal")), _said(dataset.get("spatial"))))),
        "page": _said(dataset.get("landingPage")),
        "extra_license": _said(dataset.get("license")),
    }


def graph_of_xml(data: bytes) -> Graph:
    """Return the statements of an RDF/XML document.

    :raises CatalogueError: it is not well formed, declares entities, or is other XML
    """
    parser = etree.XMLParser(resolve_entities=False, load_dtd=False, no_network=True, huge_tree=False)
    try:
        tree = etree.fromstring(data, parser).getroottree()
    except etree.XMLSyntaxError as error:
        raise CatalogueError(f"The XML cannot be read: {error.msg}.") from error
    if tree.docinfo.doctype or tree.docinfo.internalDTD is not None:
        raise CatalogueError("The XML declares a document type, which could hide what it holds.")
    if tree.getroot().tag != f"{{{RDF}}}RDF":
        raise CatalogueError("This XML is not RDF/XML, so it is not a DCAT catalogue.")
    try:
        return Graph().parse(data=etree.tostring(tree, encoding="utf-8"), format="xml", publicID=BASE)
    except Exception as error:  # The parser raises many kinds, also of the libraries below it.
        raise CatalogueError(f"The RDF/XML cannot be read: {str(error)[:200]}") from error


def graph_of_json(document: Any) -> Graph:
    """Return the statements of a JSON-LD document.

    :raises CatalogueError: it refers to a context elsewhere, or is not JSON-LD
    """
    if _elsewhere(document):
        raise CatalogueError("The JSON-LD refers to a context elsewhere, which is not fetched.")
    try:
        # rdflib's reader of JSON-LD still leans on a class that rdflib itself gives up.
        with warnings.catch_warnings(action="ignore", category=DeprecationWarning):
            return Graph().parse(data=orjson.dumps(document), format="json-ld", base=BASE)
    except Exception as error:  # The parser raises many kinds, also of the libraries below it.
        raise CatalogueError(f"The JSON-LD cannot be read: {str(error)[:200]}") from error


def _elsewhere(value: Any) -> bool:
    """Say whether a JSON-LD document has to be completed by something that lies elsewhere."""
    if isinstance(value, list):
        return any(_elsewhere(part) for part in value)
    if not isinstance(value, dict):
        return False
    contexts = value.get("@context")
    remote = any(isinstance(context, str) for context in (contexts if isinstance(contexts, list) else [contexts]))
    return remote or "@import" in value or any(_elsewhere(part) for part in value.values())


def read_graph(graph: Graph, defaults: Defaults) -> Iterator[Row | Refusal]:
    """Yield the entries of the data sets that a graph describes; they are counted from 1.

    :raises CatalogueError: the graph describes no data sets
    """
    datasets = sorted(set(graph.subjects(RDF.type, DCAT.Dataset)), key=str)
    if not datasets:
        raise CatalogueError("The document describes no data sets (dcat:Dataset).")
    for number, dataset in enumerate(datasets, start=1):
        yield understand(number, _fields_of_graph(graph, dataset), defaults)


def _fields_of_graph(graph: Graph, dataset: Node) -> dict[str, str | list[str]]:
    distributions = list(graph.objects(dataset, DCAT.distribution))
    kinds = [_label(graph, kind) for one in distributions for kind in graph.objects(one, DCTERMS.format)]
    kinds += [str(kind) for one in distributions for kind in graph.objects(one, DCAT.mediaType)]
    themes = sorted(_label(graph, theme) for theme in graph.objects(dataset, DCAT.theme))
    identifier = _literal(graph, dataset, DCTERMS.identifier)
    return {
        "key": identifier or ("" if isinstance(dataset, BNode) else str(dataset)),
        "name": _literal(graph, dataset, DCTERMS.title),
        "summary": _literal(graph, dataset, DCTERMS.description),
        "provider": _provider(graph, dataset),
        "domain": themes[0] if themes else "",
        "open_attribute": _address(graph, dataset, DCTERMS.accessRights),
        "open_conditions": _literal(graph, dataset, DCTERMS.rights),
        "frequency": _address(graph, dataset, DCTERMS.accrualPeriodicity),
        "formats": kinds,
        "tags": sorted(str(word) for word in graph.objects(dataset, DCAT.keyword)) + themes[1:],
        "first_published": _day(_literal(graph, dataset, DCTERMS.issued)),
        "updated_on": _day(_literal(graph, dataset, DCTERMS.modified)),
        "page": _address(graph, dataset, DCAT.landingPage) or ("" if isinstance(dataset, BNode) else str(dataset)),
        "extra_license": _address(graph, dataset, DCTERMS.license),
    }


def _provider(graph: Graph, dataset: Node) -> str:
    for relation in (DCTERMS.publisher, DCTERMS.rightsHolder, DCTERMS.creator):
        for agent in graph.objects(dataset, relation):
            if name := str(agent) if isinstance(agent, Literal) else _literal(graph, agent, FOAF.name):
                return name
    return ""


def _literal(graph: Graph, subject: Node, relation: URIRef) -> str:
    """Return the text of a relation: the Chinese one, else one without a language, else any."""
    found = [value for value in graph.objects(subject, relation) if isinstance(value, Literal)]
    found.sort(key=lambda value: (not (value.language or "").startswith("zh"), value.language or "", str(value)))
    return str(found[0]) if found else ""


def _address(graph: Graph, subject: Node, relation: URIRef) -> str:
    """Return what a relation leads to: an address, else a text; always the same one of several."""
    found = sorted(str(value) for value in graph.objects(subject, relation) if not isinstance(value, BNode))
    return found[0] if found else ""


def _label(graph: Graph, concept: Node) -> str:
    """Return the name of a concept, or the last part of its address."""
    if isinstance(concept, Literal):
        return str(concept)
    return _literal(graph, concept, SKOS.prefLabel) or str(concept).rstrip("/").rpartition("/")[2]


def _day(text: str) -> str:
    """Return the day of a moment; an interval, which some portals write instead, says none."""
    return text[:10] if text[:4].isdigit() else ""


def _said(value: Any) -> str:
    return str(value) if isinstance(value, str | int | float) else ""


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [] if value is None else [value]
