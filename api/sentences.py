"""Sentences: every text people read, collected from code, templates and tables into the catalogues of both languages.

`python -m api.sentences` brings the catalogues up to date and names what still lacks a translation. A Chinese text
belongs into the English catalogue, an English one (a step's title, a refusal) into the Chinese.
"""

import ast
import re
import sys
from collections.abc import Iterator
from pathlib import Path

from babel.messages.catalog import Catalog, Message
from babel.messages.extract import DEFAULT_KEYWORDS, extract_from_file
from babel.messages.pofile import read_po, write_po

from api.language import LANGUAGES, source
from workflow.engine import Table

ROOT = Path(__file__).resolve().parent.parent
# The functions that mark a text, and how many texts each takes.
MARKS = {"_": 1, "N_": 1, "gettext": 1, "lazy_gettext": 1, "ngettext": 2}
KEYWORDS = {**DEFAULT_KEYWORDS, "lazy_gettext": None, "N_": None}
# The name of the process that a diagram draws.
NAME = re.compile(r'<bpmn:process [^>]*name="([^"]+)"')
CHINESE = re.compile(r"[\u3000-\u303f\u4e00-\u9fff\uff00-\uffef]")
TEMPLATES = {"silent": "false", "newstyle_gettext": "true"}

# A catalogue shows nothing but sentences, in a fixed order, so that two people's changes seldom meet.
PLAIN = {"omit_header": True, "no_location": True, "sort_output": True, "ignore_obsolete": True}

Text = str | tuple[str, ...]


def main() -> int:
    """Bring the catalogues up to date; return how many sentences lack a translation."""
    texts = set(collected())
    lacking = 0
    for language in LANGUAGES:
        catalogue = renewed(language, {text for text in texts if foreign(text, language)})
        with source(language).open("wb") as file:
            write_po(file, catalogue, width=0, **PLAIN)
        for message in untranslated(catalogue):
            lacking += 1
            sys.stdout.write(f"{language}: {message.id}\n")
    sys.stdout.write(f"sentences: {len(texts)} in all, {lacking} without a translation\n")
    return min(lacking, 1)


def collected() -> Iterator[Text]:
    """Yield every text that is to be translated."""
    for folder in ("api", "workflow", "models"):
        for path in sorted((ROOT / folder).rglob("*.py")):
            yield from marked(path)
    for path in sorted((ROOT / "templates").rglob("*.*")):
        yield from marked_in_template(path)
    for path in sorted((ROOT / "workflow" / "stages").glob("*.py")):
        yield from titles(path)
    for path in sorted((ROOT / "api" / "v1").glob("*.py")):
        yield from operations(path)
    yield from refusals(sorted((ROOT / "workflow").rglob("*.py")))
    for path in sorted((ROOT / "bpmn").glob("*.dmn")):
        yield from rules(path)
    for path in sorted((ROOT / "bpmn").glob("*.bpmn")):
        yield from NAME.findall(path.read_text("utf-8"))


def marked(path: Path) -> Iterator[Text]:
    """Yield the texts that a Python file marks for translation; what it only looks up is marked where it stands."""
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Call) and (count := MARKS.get(_called(node), 0)):
            given = [each.value for each in node.args[:count] if isinstance(each, ast.Constant)]
            texts = tuple(text for text in given if isinstance(text, str))
            if len(texts) == count:
                yield texts[0] if count == 1 else texts


def marked_in_template(path: Path) -> Iterator[Text]:
    """Yield the texts that a template marks for translation."""
    for _, message, _, _ in extract_from_file("jinja2", path, keywords=KEYWORDS, options=TEMPLATES):
        yield message if isinstance(message, str) else tuple(message)


def titles(path: Path) -> Iterator[str]:
    """Yield the titles of the steps and services declared in a file: the first lines of their docstrings."""
    for node in ast.parse(path.read_text("utf-8")).body:
        if isinstance(node, ast.FunctionDef) and any(_declares(decorator) for decorator in node.decorator_list):
            yield (ast.get_docstring(node) or "").partition("\n")[0].rstrip(".")


def operations(path: Path) -> Iterator[str]:
    """Yield what the page about the interface for programs says of each operation in a file: its title and the rest."""
    for node in ast.parse(path.read_text("utf-8")).body:
        if isinstance(node, ast.FunctionDef) and "route" in map(_called, node.decorator_list):
            title, _, rest = (ast.get_docstring(node) or "").partition("\n")
            yield title.rstrip(".")
            if rest.strip():
                yield " ".join(rest.split())


def refusals(paths: list[Path]) -> Iterator[str]:
    """Yield the sentences with which the service refuses: the docstrings of all that descends from Refused."""
    nodes = (node for path in paths for node in ast.parse(path.read_text("utf-8")).body)
    classes = [node for node in nodes if isinstance(node, ast.ClassDef)]
    family = {"Refused"}
    while grown := {node.name for node in classes if _parents(node) & family} - family:
        family |= grown
    for node in classes:
        if node.name in family:
            yield (ast.get_docstring(node, clean=False) or "").strip()


def rules(path: Path) -> Iterator[str]:
    """Yield what each rule of a decision table says, and the law it rests on."""
    for rule in Table.parse(path.read_bytes()).rules:
        yield from filter(None, (rule.description, rule.reference))


def foreign(text: Text, language: str) -> bool:
    """Say whether a text has to be translated into a language, not being written in it."""
    chinese = CHINESE.search(text if isinstance(text, str) else text[0]) is not None
    return chinese == (language == "en")


def renewed(language: str, texts: set[Text]) -> Catalog:
    """Return a language's catalogue with exactly these texts, keeping the translations it has."""
    with source(language).open("rb") as file:
        catalogue = read_po(file, locale=language)
    template = Catalog()
    for text in texts:
        template.add(text)
    catalogue.update(template, no_fuzzy_matching=True)
    return catalogue


def untranslated(catalogue: Catalog) -> Iterator[Message]:
    """Yield the texts of a catalogue that lack a translation, or whose translation is not certain."""
    for message in catalogue:
        parts = message.string if isinstance(message.string, list | tuple) else (message.string,)
        if message.id and (message.fuzzy or not all(parts)):
            yield message


def _declares(decorator: ast.expr) -> bool:
    return _called(decorator) in ("step", "service")


def _called(node: ast.expr) -> str:
    called = node.func if isinstance(node, ast.Call) else node
    if isinstance(called, ast.Attribute):
        return called.attr
    return called.id if isinstance(called, ast.Name) else ""


def _parents(node: ast.ClassDef) -> set[str]:
    return {ast.unparse(base).rpartition(".")[2] for base in node.bases}


if __name__ == "__main__":
    sys.exit(main())
