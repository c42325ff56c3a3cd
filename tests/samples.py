"""Small files of each kind that may be handed in, and some that may not."""

import io
import zipfile
import zlib

PDF = b"%PDF-1.7\n1 0 obj\n<<>>\nendobj\ntrailer<<>>\n%%EOF\n"


def chunk(kind: bytes, data: bytes) -> bytes:
    return len(data).to_bytes(4, "big") + kind + data + zlib.crc32(kind + data).to_bytes(4, "big")


HEADER = (1).to_bytes(4, "big") * 2 + b"\x08\x00\x00\x00\x00"
PNG = b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", HEADER) + chunk(b"IDAT", zlib.compress(b"\0\0")) + chunk(b"IEND", b"")
JPEG = b"\xff\xd8\xff\xe0\x00\x10JFIF\x00\x01\x01\x00\x00\x01\x00\x01\x00\x00" + b"\xff\xd9"
CSV = "站名,数量\n人民广场,12\n".encode()


def zipped(names: dict[str, bytes], method: int = zipfile.ZIP_DEFLATED) -> bytes:
    """Return an archive with some entries."""
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", method) as archive:
        for name, content in names.items():
            archive.writestr(zipfile.ZipInfo(name), content, method)
    return made.getvalue()


DOCX_PARTS = {"[Content_Types].xml": b"<Types/>", "word/document.xml": b"<w:document/>"}
DOCX = zipped(DOCX_PARTS)
XLSX = zipped({"[Content_Types].xml": b"<Types/>", "xl/workbook.xml": b"<workbook/>"})
ODT = zipped({"mimetype": b"application/vnd.oasis.opendocument.text", "content.xml": b"<x/>"})
ODS = zipped({"mimetype": b"application/vnd.oasis.opendocument.spreadsheet", "content.xml": b"<x/>"})
ZIP = zipped({"资料/说明.txt": b"hello", "plan.docx": DOCX})
GOOD = {
    "plan.pdf": PDF,
    "plan.docx": DOCX,
    "table.xlsx": XLSX,
    "plan.odt": ODT,
    "table.ods": ODS,
    "table.csv": CSV,
    "old.csv": "站名,数量\n人民广场,12\n".encode("gb18030"),
    "note.txt": b"hello\r\n",
    "map.png": PNG,
    "PHOTO.JPG": JPEG,
    "photo.jpeg": JPEG,
    "all.zip": ZIP,
}
