"""What a file is, whatever its name says: its kind by its own bytes, and whether it may be opened without harm."""

import codecs
import os
import re
import stat
import unicodedata
import zipfile
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import PurePosixPath
from tempfile import SpooledTemporaryFile, TemporaryFile
from typing import IO

import puremagic
from marshmallow import ValidationError

from models import N_

CHUNK = 256 * 1024
# The kinds that may be handed in: by the ending of the name, what the bytes must be.
MEDIA_TYPES = {
    "pdf": "application/pdf",
    "docx": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "odt": "application/vnd.oasis.opendocument.text",
    "ods": "application/vnd.oasis.opendocument.spreadsheet",
    "csv": "text/csv",
    "txt": "text/plain",
    "png": "image/png",
    "jpg": "image/jpeg",
    "jpeg": "image/jpeg",
    "zip": "application/zip",
}
# What must stand in the package of an office document.
PARTS = {"docx": "word/document.xml", "xlsx": "xl/workbook.xml", "odt": "content.xml", "ods": "content.xml"}
# Kinds of archive that are not looked into; in a ZIP file they would hide what they hold.
HIDING = (b"7z\xbc\xaf\x27\x1c", b"Rar!\x1a\x07", b"\x1f\x8b", b"BZh", b"\xfd7zXZ\x00", b"\x28\xb5\x2f\xfd", b"MSCF")
ZIPPED = (b"PK\x03\x04", b"PK\x05\x06")
# An archive holds no more than this once it is unpacked, everything in it counted.
MOST_ENTRIES, MOST_UNPACKED, MOST_RATIO, MOST_DEEP = 2000, 200 * 1024 * 1024, 100, 2
# Below this size nobody minds how well a file was packed.
HARMLESS = 10 * 1024 * 1024
LONGEST_NAME, LONGEST_BYTES = 120, 200
BAD_IN_NAMES = re.compile(r'[<>:"|?*\\/]')
ENCODINGS = ("utf-8", "gb18030")


class Refused(ValidationError):
    """A file that is not taken, with what is wrong with it."""


@dataclass
class Budget:
    """What an archive may still hold."""

    entries: int = MOST_ENTRIES
    unpacked: int = MOST_UNPACKED


def clean_name(name: str) -> str:
    """Return a file's name for showing: no folders, nothing invisible, no sign that turns the reading around."""
    last = re.split(r"[\\/]", unicodedata.normalize("NFC", name))[-1]
    unseen = {"Cc", "Cf", "Cs", "Cn", "Co", "Zl", "Zp"}
    seen = "".join(char for char in last if unicodedata.category(char) not in unseen)
    seen = " ".join(BAD_IN_NAMES.sub("_", seen).split()).strip(". ")
    stem, dot, ending = seen.rpartition(".")
    if not dot:
        return shortened(seen, LONGEST_NAME, LONGEST_BYTES) or "file"
    ending = ending[:10]
    short = shortened(stem, LONGEST_NAME - len(ending) - 1, LONGEST_BYTES - len(ending.encode()) - 1)
    return f"{short or 'file'}.{ending}"


def shortened(text: str, letters: int, size: int) -> str:
    """Return the beginning of a text that fits into so many letters and bytes."""
    return text[:letters].encode()[:size].decode("utf-8", "ignore").rstrip(". ")


def kind(file: IO[bytes], name: str) -> str:
    """Return the media type of a file, after looking at whether it is what its name says and is whole.

    :param name: a clean name
    :raises Refused: it is something else, broken off, or an archive that would do harm
    """
    ending = PurePosixPath(name).suffix.lower().removeprefix(".")
    if ending not in MEDIA_TYPES:
        raise Refused([N_("不收这种文件。可以上传：%(kinds)s。"), {"kinds": ", ".join(MEDIA_TYPES)}])
    CHECKS[ending](file, ending)
    return MEDIA_TYPES[ending]


def head_and_foot(file: IO[bytes], size: int = 4096) -> tuple[bytes, bytes]:
    """Return the first and the last bytes of a file."""
    file.seek(0)
    head = file.read(size)
    length = file.seek(0, os.SEEK_END)
    file.seek(max(0, length - size))
    return head, file.read()


def called(head: bytes) -> set[str]:
    """Return the endings that the first bytes of a file are known for."""
    try:
        return {found.extension.removeprefix(".") for found in puremagic.magic_string(head)}
    except (puremagic.PureError, ValueError):
        return set()


def other(ending: str) -> Refused:
    """Return the refusal of a file that is not what it is called."""
    return Refused([N_("内容不是 %(kind)s 文件，请检查文件和扩展名。"), {"kind": ending.upper()}])


def broken_off() -> Refused:
    """Return the refusal of a file that has no end."""
    return Refused(N_("文件不完整，可能上传中断了，请重新上传。"))


def check_pdf(file: IO[bytes], ending: str) -> None:
    """Look at the first and last lines of a PDF."""
    head, foot = head_and_foot(file)
    if not head.startswith(b"%PDF-") or "pdf" not in called(head):
        raise other(ending)
    if b"%%EOF" not in foot:
        raise broken_off()


def check_image(file: IO[bytes], ending: str) -> None:
    """Look at the first and last bytes of a picture."""
    head, foot = head_and_foot(file)
    if not called(head) & {"png" if ending == "png" else "jpg"}:
        raise other(ending)
    end = b"IEND\xaeB`\x82" if ending == "png" else b"\xff\xd9"
    if end not in foot:
        raise broken_off()


def check_text(file: IO[bytes], ending: str) -> None:
    """Read a text to its end: as UTF-8 or GB18030, without signs that no text has."""
    if encoding(file) is None:
        raise other(ending)


def encoding(file: IO[bytes]) -> str | None:
    """Return the encoding in which a file is a text, or nothing if it is none."""
    for name in ENCODINGS:
        decoder = codecs.getincrementaldecoder(name)()
        try:
            for piece in read(file):
                # In neither encoding is such a byte a part of a longer sign.
                if len(piece.translate(None, CONTROL)) != len(piece):
                    return None
                decoder.decode(piece)
            decoder.decode(b"", final=True)
        except UnicodeDecodeError:
            continue
        return name
    return None


UNWRITTEN = re.compile("[\x00-\x08\x0b\x0e-\x1f\x7f]")
CONTROL = bytes(byte for byte in range(128) if UNWRITTEN.match(chr(byte)))


def unwritten(text: str) -> bool:
    """Say whether a text holds signs that nobody writes."""
    return UNWRITTEN.search(text) is not None


def check_archive(file: IO[bytes], ending: str) -> None:
    """Unpack an archive to nowhere, counting what is in it."""
    names = unpacked(file, ending, Budget(), 0)
    if ending != "zip" and not belongs(file, ending, names):
        raise other(ending)


def belongs(file: IO[bytes], ending: str, names: set[str]) -> bool:
    """Say whether an archive is an office document of a kind, without programs in it."""
    if PARTS[ending] not in names or any(name.lower().endswith("vbaproject.bin") for name in names):
        return False
    if ending in ("docx", "xlsx"):
        return "[Content_Types].xml" in names
    with zipfile.ZipFile(file) as archive:
        return "mimetype" in names and archive.read("mimetype").strip() == MEDIA_TYPES[ending].encode()


def unpacked(file: IO[bytes], ending: str, budget: Budget, depth: int) -> set[str]:
    """Return the names in an archive, after reading every entry to its end.

    :raises Refused: it holds more than the budget, archives in archives, hidden or locked content, names that lead
        elsewhere, or is broken
    """
    size = file.seek(0, os.SEEK_END)
    try:
        with zipfile.ZipFile(file) as archive:
            entries = archive.infolist()
            budget.entries -= len(entries)
            # Entries that lie over each other say more than the file holds.
            if budget.entries < 0 or sum(entry.compress_size for entry in entries) > size:
                raise bomb()
            for entry in entries:
                look_at(entry)
                read_entry(archive, entry, budget, depth)
            total = sum(entry.file_size for entry in entries)
            if total > HARMLESS and total > MOST_RATIO * size:
                raise bomb()
            return {entry.filename for entry in entries}
    except (zipfile.BadZipFile, zipfile.LargeZipFile, zlib.error, EOFError, OSError) as error:
        raise other(ending) from error
    except (NotImplementedError, RuntimeError, ValueError) as error:
        raise Refused(N_("压缩包用了不支持的压缩方式，请用普通 ZIP 重新打包。")) from error


def look_at(entry: zipfile.ZipInfo) -> None:
    """Refuse an entry that is locked, is a link, or whose name leads elsewhere."""
    if entry.flag_bits & 0x1:
        raise Refused(N_("压缩包设了密码，无法检查；请去掉密码。"))
    name = entry.orig_filename
    parts = re.split(r"[\\/]", name)
    astray = name.startswith(("/", "\\")) or ".." in parts or re.match(r"[A-Za-z]:", name) or "\x00" in name
    if astray or stat.S_ISLNK(entry.external_attr >> 16):
        raise Refused(N_("压缩包里有指向别处的文件名，请重新打包。"))


def read_entry(archive: zipfile.ZipFile, entry: zipfile.ZipInfo, budget: Budget, depth: int) -> None:
    """Read an entry to its end, and what is packed in it."""
    with archive.open(entry) as content:
        first = content.read(CHUNK)
        if first.startswith(HIDING) or first[257:262] == b"ustar":
            raise Refused(N_("压缩包里还有压缩包，请解开后重新打包。"))
        nested = first.startswith(ZIPPED)
        if nested and depth >= MOST_DEEP:
            raise bomb()
        with SpooledTemporaryFile(max_size=4 * CHUNK) as inner:
            piece = first
            while piece:
                budget.unpacked -= len(piece)
                if budget.unpacked < 0:
                    raise bomb()
                if nested:
                    inner.write(piece)
                piece = content.read(CHUNK)
            if nested:
                names = unpacked(inner, "zip", budget, depth + 1)
                # A document within an archive is one file for whoever opens it; an archive is not.
                if not any(part in names for part in PARTS.values()) and "ppt/presentation.xml" not in names:
                    raise Refused(N_("压缩包里还有压缩包，请解开后重新打包。"))


def bomb() -> Refused:
    """Return the refusal of an archive that holds too much."""
    return Refused(N_("压缩包解开后太大或者文件太多，不能接收。"))


@contextmanager
def spool(stream: IO[bytes]) -> Iterator[IO[bytes]]:
    """Hold what comes in a file of its own, so that it can be read more than once."""
    with TemporaryFile() as file:
        while piece := stream.read(CHUNK):
            file.write(piece)
        yield file


def read(file: IO[bytes]) -> Iterator[bytes]:
    """Return the bytes of a file from its beginning."""
    file.seek(0)
    while piece := file.read(CHUNK):
        yield piece


CHECKS: dict[str, Callable[[IO[bytes], str], None]] = {
    "pdf": check_pdf,
    "png": check_image,
    "jpg": check_image,
    "jpeg": check_image,
    "csv": check_text,
    "txt": check_text,
    **dict.fromkeys(("docx", "xlsx", "odt", "ods", "zip"), check_archive),
}
