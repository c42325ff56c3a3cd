"""What is fetched from a portal's address, and what is not."""

import threading
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest

from workflow.catalogue import source
from workflow.catalogue.row import CatalogueError, Defaults

HEAD = "dataset_name,provider,open_attribute"
LINE = "公交线路,市交通委,无条件开放"


@pytest.mark.parametrize("address", ["ftp://x/y", "file:///etc/passwd", "gopher://x", "javascript:1"])
def test_only_web_addresses_are_fetched(address):
    with pytest.raises(CatalogueError, match="http or https"):
        source.fetch(address)


def test_a_portal_that_does_not_answer_is_said_so():
    with pytest.raises(CatalogueError, match="cannot be reached"):
        source.fetch("http://127.0.0.1:9/")


class Portal(BaseHTTPRequestHandler):
    """A portal that leads to its list, leads in circles, fails, or answers without end."""

    def do_GET(self):
        leads = {"/moved": "/list", "/circle": "/circle", "/out": "file:///etc/passwd"}
        if self.path in leads:
            self.send_response(302)
            self.send_header("Location", leads[self.path])
            self.end_headers()
            return
        body = {"/list": f"{HEAD}\n{LINE}\n".encode(), "/large": b"x" * 100_000}.get(self.path)
        self.send_response(200 if body else 503)
        self.end_headers()
        self.wfile.write(body or b"")

    def log_message(self, *_):
        """Say nothing."""


@pytest.fixture
def portal():
    server = HTTPServer(("127.0.0.1", 0), Portal)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


def test_a_catalogue_is_fetched_also_where_its_address_has_moved(portal):
    for path in ("/list", "/moved"):
        (row,) = source.from_address(portal + path, Defaults()).rows
        assert (row.name, row.source) == ("公交线路", "127.0.0.1")


@pytest.mark.parametrize(
    ("path", "why"),
    [("/circle", "without end"), ("/out", "http or https"), ("/none", "answers 503"), ("/large", "larger")],
)
def test_a_portal_that_leads_astray_fails_or_floods_is_refused(portal, monkeypatch, path, why):
    monkeypatch.setattr(source, "LARGEST", 50_000)
    with pytest.raises(CatalogueError, match=why):
        source.fetch(portal + path)
