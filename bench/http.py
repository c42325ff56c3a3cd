"""Measure what a submit and a form page cost over HTTP: CPU of the web process, and the time a person waits.

A real server with one process answers a real client on this machine; CPU is read from the process itself.
`python -m bench.http` prints it.
"""

import os
import re
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from types import SimpleNamespace

import psutil
import requests

from bench.databases import app_on, postgresql, prepare, server
from tests.answers import DEMAND

SUBMITS = 120
PASSWORD = re.compile(r"^Password: (\S+)$", re.MULTILINE)
FIELD = re.compile(r'name="(csrf_token|nonce)" value="([^"]*)"')


def free_port() -> int:
    """Return a port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def web_process(parent: subprocess.Popen[bytes]) -> psutil.Process:
    """Return the process that answers, once it is there."""
    for _ in range(100):
        if children := psutil.Process(parent.pid).children():
            return children[0]
        time.sleep(0.1)
    raise RuntimeError("the server did not start")


def cpu(process: psutil.Process) -> float:
    """Return the CPU seconds a process has used."""
    used = process.cpu_times()
    return float(used.user + used.system)


def signed_in(base: str, folder: Path) -> requests.Session:
    """Return a client that has signed in as a citizen."""
    client = requests.Session()
    client.trust_env = False
    password = PASSWORD.search((folder / "demo-passwords.txt").read_text("utf-8"))
    for _ in range(100):
        try:
            page = client.get(f"{base}/sign-in").text
            break
        except requests.ConnectionError:
            time.sleep(0.1)
    form = dict(FIELD.findall(page)) | {
        "email": "citizen1@demo.kaimen.example",
        "password": password[1] if password else "",
    }
    client.post(f"{base}/sign-in", data=form).raise_for_status()
    return client


def measure(folder: Path, url: str) -> SimpleNamespace:
    """Return CPU and waiting time, in milliseconds, of the form page and of a submit on a database."""
    prepare(app_on(folder, url))
    port = free_port()
    base = f"http://127.0.0.1:{port}"
    settings = {"DATA_DIR": str(folder), "DATABASE_URL": url, "DEMO": "1", "SECRET_KEY": "for measuring alone"}
    command = [sys.executable, "-m", "gunicorn", "--bind", f"127.0.0.1:{port}", "--workers", "1", "--threads", "2"]
    command += ["--no-control-socket", "--log-level", "error", "wsgi:app"]
    running = subprocess.Popen(command, env={**os.environ, **settings}, cwd=Path(__file__).parent.parent)
    try:
        process, client = web_process(running), signed_in(base, folder)
        form = f"{base}/demands/new"
        for _ in range(10):
            client.post(form, data=dict(FIELD.findall(client.get(form).text)) | DEMAND, allow_redirects=False)
        before, waits, pages = cpu(process), [], []
        for _ in range(SUBMITS):
            began = time.perf_counter()
            pages.append(client.get(form).text)
            waits.append(time.perf_counter() - began)
        page_cpu, page_wait = (cpu(process) - before) / SUBMITS, statistics.median(waits)
        shown = client.cookies.copy()
        before, waits = cpu(process), []
        for page in pages:
            # A browser goes on to the page that says what was done; here nobody reads it, and the session would grow.
            client.cookies.update(shown)
            began = time.perf_counter()
            answer = client.post(form, data=dict(FIELD.findall(page)) | DEMAND, allow_redirects=False)
            waits.append(time.perf_counter() - began)
            if answer.status_code != 303:
                raise RuntimeError(f"a submit was answered with {answer.status_code}")
        submit_cpu, submit_wait = (cpu(process) - before) / SUBMITS, statistics.median(waits)
    finally:
        running.terminate()
        running.wait()
    figures = (page_cpu, page_wait, submit_cpu, submit_wait)
    return SimpleNamespace(
        **dict(zip(("page_cpu", "page_wait", "submit_cpu", "submit_wait"), (f * 1000 for f in figures), strict=True))
    )


def rows() -> list[tuple[str, SimpleNamespace]]:
    """Return the figures of both databases."""
    found = []
    with tempfile.TemporaryDirectory() as folder:
        found.append(("SQLite", measure(Path(folder), "")))
    with server() as address, postgresql(address) as (url, _), tempfile.TemporaryDirectory() as folder:
        found.append(("PostgreSQL", measure(Path(folder), url)))
    return found


def table(found: list[tuple[str, SimpleNamespace]]) -> str:
    """Return the rows as a table in Markdown."""
    head = "| over HTTP, ms | form page, CPU | form page, wait | submit, CPU | submit, wait |\n|---|--:|--:|--:|--:|\n"
    return head + "".join(
        f"| {name} | {f.page_cpu:.1f} | {f.page_wait:.1f} | {f.submit_cpu:.1f} | {f.submit_wait:.1f} |\n"
        for name, f in found
    )


if __name__ == "__main__":
    print(table(rows()))
