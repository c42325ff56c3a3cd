"""Measure how the work list answers with 1,000 and with 100,000 cases.

`python -m bench.worklist` prints a table; `--databases` names two empty ones, else SQLite files are made. Every
figure is the middle of many requests by a person who has signed in, from the address to the finished page.
"""

import argparse
import re
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from flask import Flask

from api import create_app
from bench import many

SMALL, LARGE = 1_000, 100_000
ROUNDS, WARM = 40, 15
# The page behind the first one is found on the first one.
ONWARD = re.compile(rb'rel="next" href="([^"]+)"')
PAGES = {
    "all": "",
    "mine": "?view=mine",
    "group, not taken": "?view=group",
    "overdue": "?due=overdue",
    "soon due": "?due=soon",
    "in time": "?due=in_time",
    "clock stopped": "?due=stopped",
    "one step": "?step=assess_demand",
    "newest first": "?sort=newest",
    "words in the title": "?q=地铁",
    "one reference": "?q=XQ-2026-000100",
}
Row = tuple[str, float, float, float]


def app_on(url: str, folder: Path, cases: int, filled: bool = False) -> Flask:
    """Return the service on a database with so many cases."""
    app = create_app(
        {"DATABASE_URL": url, "DATA_DIR": str(folder), "WTF_CSRF_ENABLED": False, "RATELIMIT_ENABLED": False}
    )
    if not filled:
        with app.app_context():
            many.fill(cases)
    return app


def requests(app: Flask) -> dict[str, Callable[[], bytes]]:
    """Return the requests to be measured by their names."""
    person, busy = many.signed_in(app, many.PERSON), many.signed_in(app, many.MANY)

    def asking(client: Any, address: str) -> Callable[[], bytes]:
        return lambda: client.get(address).data  # type: ignore[no-any-return]

    found = {label: asking(person, "/work" + query) for label, query in PAGES.items()}
    following = ONWARD.search(found["all"]())
    if following is not None:
        found["second page"] = asking(person, following[1].decode().replace("&amp;", "&"))
    found["all, of 42 offices"] = asking(busy, "/work")
    return found


def taken(action: Callable[[], bytes]) -> float:
    """Return how many milliseconds an action takes once."""
    begun = time.perf_counter()
    action()
    return (time.perf_counter() - begun) * 1000


def compare(small: Flask, large: Flask) -> list[Row]:
    """Return for each request: what it is, milliseconds with few and with many cases, and their ratio.

    The two are asked in turn, so that what else the machine does weighs on both alike.
    """
    before, after = requests(small), requests(large)
    rows = []
    for label, action in before.items():
        turns = [(taken(action), taken(after[label])) for _ in range(WARM + ROUNDS)][WARM:]
        few, lots = (statistics.median(times) for times in zip(*turns, strict=True))
        rows.append((label, few, lots, lots / few))
    return rows


def results(urls: tuple[str, str] = ("", ""), filled: bool = False, folder: Path | None = None) -> list[Row]:
    """Return the rows of the comparison, on SQLite files unless two other databases are named."""
    with tempfile.TemporaryDirectory() as temporary:
        places = [(folder or Path(temporary)) / size for size in ("small", "large")]
        apps = [app_on(url, place, size, filled) for url, place, size in zip(urls, places, (SMALL, LARGE), strict=True)]
        return compare(*apps)


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--databases", nargs=2, default=("", ""), metavar=("SMALL", "LARGE"), help="two addresses")
    parser.add_argument("--filled", action="store_true", help="the databases have been filled before")
    parser.add_argument("--folder", type=Path, help="where the SQLite files are kept; a temporary place by default")
    asked = parser.parse_args()
    print(f"{'work list':28}{'1,000 ms':>10}{'100,000 ms':>12}{'ratio':>8}")
    for label, few, lots, ratio in results(tuple(asked.databases), asked.filled, asked.folder):
        print(f"{label:28}{few:10.1f}{lots:12.1f}{ratio:8.2f}")


if __name__ == "__main__":
    main()
