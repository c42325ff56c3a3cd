"""What a file is: by its bytes, not by its name; and archives that would do harm."""

import io
import struct
import zipfile
from contextlib import suppress

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from marshmallow import ValidationError

from tests.samples import CSV, DOCX, DOCX_PARTS, GOOD, JPEG, ODS, ODT, PDF, PNG, XLSX, ZIP, zipped
from workflow import sniff


def kind(name, content):
    return sniff.kind(io.BytesIO(content), name)


def refusal(name, content):
    with pytest.raises(ValidationError) as refused:
        kind(name, content)
    return refused.value.messages[0]


@pytest.mark.parametrize("name", GOOD)
def test_a_good_file_is_what_it_is_called(name):
    assert kind(name, GOOD[name]) == sniff.MEDIA_TYPES[name.rpartition(".")[2].lower()]


@pytest.mark.parametrize("name", ["x.exe", "x.html", "x.svg", "x.docm", "x", "pdf", "x.pdf.exe", "x."])
def test_other_kinds_are_not_taken(name):
    assert "不收这种文件" in refusal(name, PDF)


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("a.pdf", CSV),
        ("a.pdf", b"MZ\x90\x00" + PDF),
        ("a.pdf", DOCX),
        ("a.docx", PDF),
        ("a.docx", XLSX),
        ("a.xlsx", DOCX),
        ("a.docx", ZIP),
        ("a.odt", ODS),
        ("a.ods", ODT),
        ("a.docx", zipped({**DOCX_PARTS, "word/vbaProject.bin": b"macro"})),
        ("a.zip", PDF),
        ("a.csv", PNG),
        ("a.csv", PDF + b"\x00\x01"),
        ("a.csv", b"a,b\n\xff\xfe\xff\n"),
        ("a.txt", b"\x7fELF\x02\x01\x01"),
        ("a.txt", b"half a character \xe4"),
        ("a.png", JPEG),
        ("a.jpg", PNG),
        ("a.jpg", b"GIF89a\xff\xd9"),
    ],
)
def test_a_file_that_is_not_what_it_is_called_is_refused(name, content):
    assert "内容不是" in refusal(name, content)


@pytest.mark.parametrize("name", ["plan.pdf", "map.png", "PHOTO.JPG"])
def test_a_file_that_broke_off_on_its_way_is_refused(name):
    assert "不完整" in refusal(name, GOOD[name][:-7])


@pytest.mark.parametrize("name", ["plan.docx", "table.ods", "all.zip"])
def test_an_archive_that_broke_off_is_refused(name):
    for length in (0, 4, len(GOOD[name]) // 2, len(GOOD[name]) - 1):
        with pytest.raises(ValidationError):
            kind(name, GOOD[name][:length])


@pytest.mark.parametrize("ending", ["zip", "docx", "xlsx", "odt"])
def test_what_unpacks_to_too_much_is_refused(ending, monkeypatch):
    bomb = zipped({**DOCX_PARTS, "word/media/zeros.bin": bytes(12 * 1024 * 1024)})
    assert len(bomb) < 100_000
    assert "太大" in refusal(f"a.{ending}", bomb)
    monkeypatch.setattr(sniff.Budget, "__init__", lambda self: self.__dict__.update(entries=50, unpacked=10_000))
    assert "太大" in refusal(f"a.{ending}", zipped({**DOCX_PARTS, "x": bytes(20_000)}, zipfile.ZIP_STORED))


def test_what_holds_too_many_files_is_refused():
    assert "太大" in refusal("a.zip", zipped({f"{number}": b"" for number in range(sniff.MOST_ENTRIES + 1)}))


def test_a_bomb_inside_a_document_inside_an_archive_is_found():
    inner = zipped({**DOCX_PARTS, "word/media/zeros.bin": bytes(12 * 1024 * 1024)})
    assert "太大" in refusal("a.zip", zipped({"plan.docx": inner}))


def test_an_archive_that_lies_about_its_sizes_is_refused():
    whole = bytearray(zipped({"zeros.bin": bytes(1_000_000)}))
    place = whole.index(b"PK\x01\x02")
    whole[place + 24 : place + 28] = struct.pack("<I", 10)
    with pytest.raises(ValidationError):
        kind("a.zip", bytes(whole))


def test_entries_that_lie_over_each_other_are_refused():
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w") as archive:
        archive.writestr("a", b"x" * 3000)
        # A second entry of the directory that points to the bytes of the first.
        archive.filelist.extend([archive.filelist[0]] * 5)
    with pytest.raises(ValidationError):
        kind("a.zip", made.getvalue())


@pytest.mark.parametrize("inner", ["b.zip", "b.bin"])
def test_an_archive_in_an_archive_is_refused_whatever_it_is_called(inner):
    assert "还有压缩包" in refusal("a.zip", zipped({inner: zipped({"x": b"x"})}))


@pytest.mark.parametrize("start", [b"7z\xbc\xaf\x27\x1c", b"Rar!\x1a\x07\x00", b"\x1f\x8b\x08", b"\xfd7zXZ\x00"])
def test_other_archives_in_an_archive_are_refused(start):
    assert "还有压缩包" in refusal("a.docx", zipped({**DOCX_PARTS, "word/x": start + bytes(30)}))


def test_documents_in_documents_end_somewhere():
    nest = DOCX
    for _ in range(4):
        nest = zipped({**DOCX_PARTS, "word/embeddings/x.docx": nest})
    assert "太大" in refusal("a.docx", nest)


@pytest.mark.parametrize("name", ["../x", "a/../../x", "/etc/passwd", "C:\\x", "..\\x", "\\\\host\\x"])
def test_names_that_lead_elsewhere_are_refused(name):
    assert "指向别处" in refusal("a.zip", zipped({name: b"x"}))
    assert "指向别处" in refusal("a.docx", zipped({**DOCX_PARTS, name: b"x"}))


def test_links_in_an_archive_are_refused():
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w") as archive:
        link = zipfile.ZipInfo("link")
        link.external_attr = 0o120777 << 16
        archive.writestr(link, "/etc/passwd")
    assert "指向别处" in refusal("a.zip", made.getvalue())


def test_what_is_locked_is_refused():
    locked = bytearray(zipped({"a": b"secret"}))
    for mark in (b"PK\x03\x04", b"PK\x01\x02"):
        locked[locked.index(mark) + (6 if mark[2] == 3 else 8)] |= 1
    assert "密码" in refusal("a.zip", bytes(locked))


@pytest.mark.parametrize(
    ("said", "shown"),
    [
        ("报告.pdf", "报告.pdf"),
        ("../../etc/passwd.txt", "passwd.txt"),
        ("..\\..\\boot.txt", "boot.txt"),
        ("C:\\Users\\me\\x.pdf", "x.pdf"),
        ("x\r\nSet-Cookie: a.pdf", "xSet-Cookie_ a.pdf"),
        ("\u202efdp.exe.txt", "fdp.exe.txt"),
        ("a\u200b\u2066b\x00.pdf", "ab.pdf"),
        ("  .hidden.pdf ", "hidden.pdf"),
        ("<script>.pdf", "_script_.pdf"),
        ("...", "file"),
        ("", "file"),
        (".pdf", "pdf"),
        ("cafe\u0301.pdf", "café.pdf"),
    ],
)
def test_names_are_cleaned(said, shown):
    assert sniff.clean_name(said) == shown


def test_long_names_keep_their_ending():
    for letter in ("a", "长", "🎈"):
        shown = sniff.clean_name(letter * 500 + ".docx")
        assert shown.endswith(".docx")
        assert len(shown) <= 120
        assert len(shown.encode()) <= 200


@given(st.text(max_size=300))
@settings(max_examples=300, deadline=None)
def test_a_clean_name_is_clean_whatever_was_said(said):
    shown = sniff.clean_name(said)
    assert shown == sniff.clean_name(shown)
    assert shown.strip() == shown
    assert shown
    assert not set(shown) & set('/\\:"<>|?*\r\n\t\0')
    assert len(shown.encode()) <= 200


@given(st.binary(max_size=400), st.sampled_from(sorted(sniff.MEDIA_TYPES)))
@settings(max_examples=400, deadline=None)
def test_any_bytes_are_taken_or_refused_and_nothing_else(content, ending):
    with suppress(ValidationError):
        assert kind(f"a.{ending}", content) == sniff.MEDIA_TYPES[ending]


@given(st.data())
@settings(max_examples=200, deadline=None)
def test_a_changed_byte_in_an_archive_breaks_nothing(data):
    content = bytearray(ZIP)
    content[data.draw(st.integers(0, len(content) - 1))] = data.draw(st.integers(0, 255))
    with suppress(ValidationError):
        kind("a.zip", bytes(content))
