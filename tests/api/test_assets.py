"""The browser gets what the pages use, and nothing else."""

from pathlib import Path

import pytest

from api.assets import icons_in_use
from api.trimming import trimmed

GLYPHS = {"check": "ea5e", "chevron-down": "ea5f", "x": "eb55"}


@pytest.mark.parametrize(
    ("rule", "kept"),
    [
        (".btn{color:red}", ".btn{color:red}"),
        (".badge{color:red}", ""),
        ("a:hover{color:red}", "a:hover{color:red}"),
        (".btn,.badge{color:red}", ".btn{color:red}"),
        (".btn .badge{color:red}", ""),
        (".btn:not(.badge){color:red}", ".btn:not(.badge){color:red}"),
        (":is(.badge,.card){color:red}", ":is(.badge,.card){color:red}"),
        ("[data-x=\"a,b\"].btn{color:red}", "[data-x=\"a,b\"].btn{color:red}"),
        ("@media print{.badge{color:red}.btn{color:red}}", "@media print{.btn{color:red}}"),
        ("@media print{.badge{color:red}}", ""),
        ("@keyframes spin{to{rotate:1turn}}", "@keyframes spin{to{rotate:1turn}}"),
        ('@charset "UTF-8";.btn{color:red}', '@charset "UTF-8";.btn{color:red}'),
        ('.btn{background:url("data:a;}{b")}', '.btn{background:url("data:a;}{b")}'),
        ("/*! licence: {} */.badge{color:red}", "/*! licence: {} */"),
        (".badge\\.5{color:red}", ""),
    ],
)  # fmt: skip
def test_a_rule_stays_only_where_its_classes_are_written(rule, kept):
    assert trimmed(rule, frozenset({"btn"})) == kept


def test_an_icon_is_found_by_its_class_and_by_its_bare_name():
    texts = {Path("a.html"): '<i class="ti ti-check">', Path("b.py"): 'Mark("chevron-down")', Path("c.js"): "multi-x x"}
    assert icons_in_use(texts, GLYPHS) == {"check", "chevron-down"}


def test_an_icon_that_does_not_exist_is_refused():
    with pytest.raises(SystemExit, match=r"a\.html.*no-such"):
        icons_in_use({Path("a.html"): '<i class="ti ti-no-such">'}, GLYPHS)
