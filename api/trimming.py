"""Trim a style sheet to the rules that the pages can meet."""

import re
from collections.abc import Iterable, Iterator

# A selector's classes; what stands in brackets may hold for other reasons and keeps a rule alive.
CLASS = re.compile(r"\.(-?[A-Za-z_][\w-]*)")
BRACKETS = re.compile(r"\([^()]*\)|\[[^\]]*\]")
GROUPS = ("@media", "@supports", "@layer", "@container")


def trimmed(css: str, words: frozenset[str]) -> str:
    """Return a style sheet without the rules whose classes nobody writes.

    :param words: every word in which a class may hide: those of templates and scripts
    """
    return "".join(_kept(_rules(css), words))


def _kept(rules: Iterable[tuple[str, str]], words: frozenset[str]) -> Iterator[str]:
    for head, body in rules:
        if not body:
            yield head
        elif head.startswith(GROUPS):
            if inner := "".join(_kept(_rules(body[1:-1]), words)):
                yield f"{head}{{{inner}}}"
        elif head.startswith("@"):
            yield head + body
        elif selectors := [each for each in _split(head) if _written(each, words)]:
            yield ",".join(selectors) + body


def _written(selector: str, words: frozenset[str]) -> bool:
    """Say whether all the classes that a selector demands are written somewhere."""
    while (plainer := BRACKETS.sub("", selector)) != selector:
        selector = plainer
    return words.issuperset(CLASS.findall(selector))


def _split(head: str) -> list[str]:
    """Split a list of selectors at the commas that stand outside brackets."""
    parts, depth, start = [], 0, 0
    for place, letter in enumerate(head):
        depth += (letter in "([") - (letter in ")]")
        if letter == "," and depth == 0:
            parts.append(head[start:place])
            start = place + 1
    return [*parts, head[start:]]


def _rules(css: str) -> Iterator[tuple[str, str]]:
    """Yield each rule's head and its body in braces; a statement without body has an empty one."""
    depth, start, opened, quote = 0, 0, 0, ""
    place = 0
    for found in re.finditer(r'\\.|["\'{};]|/\*.*?\*/', css, re.DOTALL):
        letter, place = found[0], found.start()
        if quote or letter in "\"'":
            quote = "" if quote == letter else quote or (letter if letter in "\"'" else "")
        elif letter == "{":
            depth += 1
            opened = place if depth == 1 else opened
        elif letter == "}":
            depth -= 1
            if depth == 0:
                yield css[start:opened].strip(), css[opened : place + 1]
                start = place + 1
        elif depth == 0 and (letter == ";" or letter.startswith("/*")):
            yield css[start : found.end()].strip(), ""
            start = found.end()
