"""Numbers in addresses and forms: what a database can keep as a key, and nothing beyond it."""

from flask import Flask
from werkzeug.routing import IntegerConverter, Map

MOST = 2**63 - 1


class KeyConverter(IntegerConverter):
    """A number in an address; one that no key can be leads nowhere."""

    def __init__(self, rules: Map) -> None:
        super().__init__(rules, max=MOST)


def key(text: str) -> int:
    """Return the number that a text writes.

    :raises ValueError: the text writes none, or one that no key can be
    """
    number = int(text)
    if not 0 <= number <= MOST:
        raise ValueError("no row has this number")
    return number


def register(app: Flask) -> None:
    """Let the numbers in addresses be keys."""
    app.url_map.converters["int"] = KeyConverter


def in_words(size: int) -> str:
    """Return how large something is, as people say it."""
    for unit, worth in (("GB", 10**9), ("MB", 10**6), ("KB", 10**3)):
        if size >= worth:
            return f"{size / worth:.1f}".removesuffix(".0") + f" {unit}"
    return f"{size} B"
