"""The words of other portals, and what they mean here.

Open types follow article 11 of Order 21. Where a portal lets anybody fetch the data, they are unconditional; where one
must sign in, apply, or keep to a purpose, that is a condition. A word that says how offices share data among
themselves, or how a file was treated, says nothing about opening and is not in the tables.
"""

import re

from models import Frequency, OpenType

# What portals write where there is nothing to say.
NOTHING = frozenset({"", "暂无", "无", "没有", "null", "none", "nil", "n/a", "na", "-", "--", "—", "/", "undefined"})

_OPEN_TYPES = {
    OpenType.UNCONDITIONAL: (
        "无条件开放", "无条件", "完全开放", "普遍开放", "开放网站", "数据开放", "数据开放平台下载", "直接开放",
        "unconditional", "public", "open",
    ),
    OpenType.CONDITIONAL: (
        "有条件开放", "有条件", "登录开放", "依申请开放", "申请开放", "受限开放", "需申请", "提出申请", "申请",
        "以公共数据平台审核为准", "根据接口规范", "用于数据校验", "数据校验", "用于数据核验", "用于数字校验",
        "需要场景数据申请校验", "conditional", "restricted", "restricted public",
    ),
    OpenType.NON_OPEN: (
        "非开放", "不予开放", "不开放", "暂不开放", "non_open", "non-open", "non-public", "non_public", "confidential",
        "sensitive", "closed",
    ),
}  # fmt: skip
_FREQUENCIES = {
    Frequency.REALTIME: ("实时", "即时", "realtime", "real-time", "continuous", "cont", "update_cont", "r/pt1s"),
    Frequency.DAILY: ("每天", "每日", "按日", "daily", "r/p1d"),
    Frequency.WEEKLY: ("每周", "按周", "weekly", "r/p1w", "r/p7d"),
    Frequency.MONTHLY: ("每月", "按月", "monthly", "r/p1m"),
    Frequency.QUARTERLY: ("每季度", "每季", "按季", "quarterly", "r/p3m"),
    Frequency.HALF_YEARLY: ("每半年", "半年", "half_yearly", "semiannual", "annual_2", "biannual", "r/p6m"),
    Frequency.YEARLY: ("每年", "按年", "yearly", "annual", "annually", "r/p1y"),
    Frequency.IRREGULAR: ("不定期", "不定期更新", "不定时", "irregular", "irreg", "as needed", "r/pt"),
    Frequency.STATIC: ("静态数据", "不更新", "一次性", "static", "never", "not_planned", "not planned"),
    Frequency.OTHER: ("其他", "其它", "other", "unknown", "unknown value"),
}
# A file type under its usual ending; nothing where a word names no file type, such as a portal's own code.
_FORMATS = {
    "电子表格": "spreadsheet", "电子表格-其他": "spreadsheet", "电子表格-et": "et", "电子文件-wps": "wps",
    "数据库": "database", "database": "database", "接口": "api", "web service": "api", "rest": "api",
    "电子文件": "", "电子文件-其他": "", "file": "", "data": "", "other": "", "其他": "",
    "text/csv": "csv", "application/json": "json", "application/xml": "xml", "text/xml": "xml", "text/plain": "txt",
    "text/html": "html", "application/pdf": "pdf", "application/zip": "zip", "application/rdf+xml": "rdf",
    "application/ld+json": "jsonld", "application/geo+json": "geojson", "application/vnd.geo+json": "geojson",
    "application/vnd.ms-excel": "xls", "application/x-zip-compressed": "zip",
    "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet": "xlsx",
    "shape": "shp", "esri shapefile": "shp",
}  # fmt: skip

OPEN_TYPES = {word: meaning for meaning, words in _OPEN_TYPES.items() for word in words}
FREQUENCIES = {word: meaning for meaning, words in _FREQUENCIES.items() for word in words}
_NOTE = re.compile(r"[(（].*[)）]$")
_EVERY_FEW = re.compile(r"每\d+(秒|分钟|小时)")
_CODES = re.compile(r"[\d,]+")
_ENDING = re.compile(r"[a-z0-9][a-z0-9.+_-]{0,19}")


def something(text: str | None) -> str:
    """Return a text without the space around it; empty where it says that there is nothing."""
    text = (text or "").strip()
    return "" if text.lower() in NOTHING else text


def open_type(word: str) -> OpenType | None:
    """Return the open type that a portal's word means, or nothing when it is not known."""
    return OPEN_TYPES.get(_last(word).lower())


def frequency(word: str) -> Frequency:
    """Return how often a data set is updated; a word that is not known counts as other."""
    plain = _NOTE.sub("", _last(word)).strip().lower()
    if _EVERY_FEW.fullmatch(plain):
        return Frequency.REALTIME
    return FREQUENCIES.get(plain, Frequency.OTHER)


def formats(words: list[str]) -> list[str]:
    """Return the file types that a portal's words name, in small letters, in order and without repeats."""
    found = (_format(word.strip().lower().removeprefix(".")) for word in words)
    return sorted({word for word in found if word})


def _format(word: str) -> str:
    """Return the usual ending of a file type; empty for a word that names none."""
    if word in _FORMATS:
        return _FORMATS[word]
    if "://" in word:
        word = _last(word).lower()
    kind, _, ending = word.rpartition("-")
    if kind == "数据库":
        return "database"
    ending = ending if kind in ("电子表格", "电子文件") else word
    return ending if _ENDING.fullmatch(ending) and not _CODES.fullmatch(ending) else ""


def _last(word: str) -> str:
    """Return a word, or the last part of the address that stands for it in a vocabulary."""
    word = word.strip()
    return re.split(r"[/#]", word.rstrip("/"))[-1] if "://" in word else word
