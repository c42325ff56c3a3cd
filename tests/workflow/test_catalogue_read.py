"""What is read from the catalogues of other portals, and why a file or a row is refused."""

import json

import orjson
import pytest

from models import Frequency, OpenType
from workflow.catalogue import source, words
from workflow.catalogue.row import CatalogueError, Defaults, Refusal, Row

HEAD = "dataset_name,provider,open_attribute"
LINE = "公交线路,市交通委,无条件开放"


def read(text: str | bytes, **defaults) -> list[Row | Refusal]:
    data = text.encode() if isinstance(text, str) else text
    return source.recognise(data, Defaults(origin="test", **defaults)).rows


def only(text: str | bytes, **defaults) -> Row:
    (row,) = read(text, **defaults)
    assert isinstance(row, Row), row
    return row


def refused(text: str, **defaults) -> str:
    (row,) = read(text, **defaults)
    assert isinstance(row, Refusal), row
    return row.reason


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030"])
def test_a_table_is_read_in_each_usual_encoding(encoding):
    row = only(f"{HEAD}\n{LINE}\n".encode(encoding))
    assert (row.name, row.provider, row.open_type) == ("公交线路", "市交通委", OpenType.UNCONDITIONAL)


@pytest.mark.parametrize("sign", [",", ";", "\t"])
def test_a_table_is_read_whichever_sign_parts_its_columns(sign):
    assert only(f"{HEAD}\r\n{LINE}\r\n".replace(",", sign)).name == "公交线路"


def test_chinese_column_names_are_known():
    row = only("数据集名称,数据提供方,开放属性,更新频度\n公交线路,市交通委,有条件开放,每日\n")
    assert (row.open_type, row.frequency) == (OpenType.CONDITIONAL, Frequency.DAILY)


@pytest.mark.parametrize(
    ("data", "why"),
    [
        (b"", "empty"),
        ("公".encode("utf-16"), "UTF-16"),
        (b"\xff\xff\xff,\x81", "neither in UTF-8"),
        (b"a,b\x00c\n1,2", "zero bytes"),
        (b"<!DOCTYPE html><html><body>502</body></html>", "web page"),
        (b"\n <HTML><title>login</title></HTML>", "web page"),
        (b"just some text", "no column"),
        (b"dataset_name,provider,provider\na,b,c", "more than once"),
        (b"dataset_name,name,provider\na,b,c", "same thing"),
        (b"dataset_name,open_attribute\na,open", "--provider"),
        (f'{HEAD}\n"公交线路,市交通委'.encode(), "cannot be read"),
        (f'{HEAD}\n"{"x" * 200_000}",b,c'.encode(), "field larger"),
        (b'{"success": true, "result": {"results": [', "breaks off"),
        (b'{"success": false, "error": {"message": "Not found"}}', "Not found"),
        (b'{"success": true, "result": ["a", "b"]}', "package_search"),
        (b"[1, 2]", "no data sets"),
        (b'{"@context": "http://169.254.169.254/", "@id": "x"}', "not fetched"),
        (b"<?xml version='1.0'?><a><b></a>", "cannot be read"),
        (b"<feed xmlns='http://www.w3.org/2005/Atom'/>", "not RDF/XML"),
        (b'<!DOCTYPE x [<!ENTITY a "b"><!ENTITY c "&a;&a;&a;">]><x>&c;</x>', "document type"),
        (b'<!DOCTYPE x [<!ENTITY a SYSTEM "file:///etc/passwd">]><x>&a;</x>', "document type"),
    ],
)
def test_a_file_that_is_no_catalogue_is_refused_and_says_why(data, why):
    with pytest.raises(CatalogueError, match=why):
        read(data)


def test_a_file_larger_than_the_limit_is_not_read(tmp_path, monkeypatch):
    monkeypatch.setattr(source, "LARGEST", 10)
    file = tmp_path / "list.csv"
    file.write_text(f"{HEAD}\n{LINE}\n", "utf-8")
    with pytest.raises(CatalogueError, match="larger"):
        source.from_file(file, Defaults())
    with pytest.raises(CatalogueError, match="cannot be opened"):
        source.from_file(tmp_path / "none.csv", Defaults())


@pytest.mark.parametrize(
    ("line", "why"),
    [
        (",市交通委,无条件开放", "no name"),
        ("null,市交通委,无条件开放", "no name"),
        ("公交,暂无,无条件开放", "no provider"),
        ("公交,市交通委,", "states no open type"),
        ("公交,市交通委,暂无", "states no open type"),
        ("公交,市交通委,看情况", "“看情况” is not known"),
        ("公\x07交,市交通委,无条件开放", "control characters"),
        ("长" * 400 + ",市交通委,无条件开放", "longer than 300"),
        ("公交,市交通委", "2 cells"),
        ("公交,市交通委,无条件开放,多", "4 cells"),
    ],
)
def test_a_bad_row_is_refused_with_a_reason_and_stops_no_other(line, why):
    bad, good = read(f"{HEAD}\n{line}\n{LINE}\n")
    assert isinstance(bad, Refusal)
    assert why in bad.reason
    assert (bad.number, "\x07" in bad.name) == (2, False)
    assert isinstance(good, Row)
    assert good.number == 3


@pytest.mark.parametrize(
    ("column", "value", "why"),
    [
        ("last_updated", "2023-02-30", "not a date"),
        ("last_updated", "昨天", "not a date"),
        ("grade", "5", "0 to 4"),
        ("grade", "２", "0 to 4"),
        ("delivery_modes", "fax", "not known"),
    ],
)
def test_a_value_that_cannot_be_understood_refuses_its_row(column, value, why):
    assert why in refused(f"{HEAD},{column}\n{LINE},{value}\n")


@pytest.mark.parametrize("written", ["2023-06-01", "2023/6/1", "20230601", "2023年6月1日", "2023-06-01T10:00:00"])
def test_days_are_read_as_portals_write_them(written):
    assert str(only(f"{HEAD},last_updated\n{LINE},{written}\n").updated_on) == "2023-06-01"


def test_what_a_portal_writes_for_nothing_becomes_empty():
    row = only(f"{HEAD},summary,domain,tags,formats\n{LINE},暂无,无,null,N/A\n")
    assert (row.summary, row.domain, row.tags, row.formats) == ("", "", [], [])


def test_lists_are_parted_by_whichever_sign_the_portal_uses():
    row = only(f'{HEAD},data_items,domain\n{LINE},"名称、地址；电话,名称","交通;城建"\n')
    assert row.items == ["名称", "地址", "电话"]
    assert (row.domain, row.tags) == ("交通", ["城建"])


@pytest.mark.parametrize(
    ("word", "meaning"),
    [
        ("登录开放", OpenType.CONDITIONAL),
        ("依申请开放", OpenType.CONDITIONAL),
        ("完全开放", OpenType.UNCONDITIONAL),
        ("不予开放", OpenType.NON_OPEN),
        ("Restricted Public", OpenType.CONDITIONAL),
        ("http://publications.europa.eu/resource/authority/access-right/NON_PUBLIC", OpenType.NON_OPEN),
        ("依申请共享", None),
        ("1级 不脱敏", None),
    ],
)
def test_open_types_of_other_portals_have_a_meaning_or_none(word, meaning):
    assert words.open_type(word) is meaning


def test_conditions_imply_the_open_type_only_where_none_is_stated():
    head = f"{HEAD},open_conditions"
    assert only(f"{head}\n公交,市交通委,,开放网站\n").open_type is OpenType.UNCONDITIONAL
    row = only(f"{head}\n公交,市交通委,有条件开放,用于研究\n")
    assert (row.open_type, row.conditions) == (OpenType.CONDITIONAL, "用于研究")
    assert "do not tell it" in refused(f"{head}\n公交,市交通委,,信息参考\n")
    assert only(f"{head}\n公交,市交通委,,信息参考\n", open_type=OpenType.CONDITIONAL).conditions == "信息参考"


@pytest.mark.parametrize(
    ("word", "frequency"),
    [
        ("每年(更新说明:暂无新业务数据产生)", Frequency.YEARLY),
        ("每6分钟", Frequency.REALTIME),
        ("R/P3M", Frequency.QUARTERLY),
        ("http://publications.europa.eu/resource/authority/frequency/ANNUAL", Frequency.YEARLY),
        ("有空的时候", Frequency.OTHER),
    ],
)
def test_frequencies_of_other_portals_have_a_meaning(word, frequency):
    assert words.frequency(word) is frequency


def test_formats_are_file_types_and_not_a_portal_s_codes():
    said = ["XLS", ".csv", "电子表格-xlsx", "数据库-mysql", "03", "0310", "text/csv", "data", "文件夹"]
    assert words.formats(said) == ["csv", "database", "xls", "xlsx"]


PACKAGE = {"id": "a1", "title": "Buses", "organization": {"title": "City"}, "isopen": True, "notes": "x\r\ny"}


def ckan(*packages, count=None) -> bytes:
    return orjson.dumps({"success": True, "result": {"count": count or len(packages), "results": list(packages)}})


def test_a_ckan_answer_is_read_and_says_how_many_it_lacks():
    resources = [{"format": "CSV"}, {"format": "", "mimetype": "application/json"}, None]
    package = {**PACKAGE, "resources": resources, "tags": [{"name": "bus"}], "metadata_modified": "2021-01-15T10:25:28"}
    answer = source.recognise(ckan(package, count=38), Defaults(origin="o"))
    (row,) = answer.rows
    assert isinstance(row, Row)
    assert (answer.format, answer.missing) == ("CKAN", 37)
    assert (row.key, row.open_type, row.formats, row.tags) == ("a1", OpenType.UNCONDITIONAL, ["csv", "json"], ["bus"])
    assert str(row.updated_on) == "2021-01-15"


def test_a_ckan_licence_that_is_not_open_is_a_condition_and_private_or_deleted_sets_are_refused():
    closed, private, deleted, odd = read(
        ckan({**PACKAGE, "isopen": False}, {**PACKAGE, "private": True}, {**PACKAGE, "state": "deleted"}, "x")
    )
    assert isinstance(closed, Row)
    assert closed.open_type is OpenType.CONDITIONAL
    assert [row.reason for row in (private, deleted, odd) if isinstance(row, Refusal)] == [
        "The data set is private in its portal.",
        "The data set is “deleted” in its portal.",
        "The row is not a data set.",
    ]


def test_further_pages_of_a_ckan_portal_are_fetched():
    asked = []

    def get(address: str) -> bytes:
        asked.append(address)
        start = int(address.rpartition("start=")[2]) if "start=" in address else 0
        return ckan({**PACKAGE, "id": str(start)}, count=3)

    catalogue = source.from_address("https://x.example/api/3/action/package_search?rows=1", Defaults(), get)
    assert [row.key for row in catalogue.rows if isinstance(row, Row)] == ["0", "1", "2"]
    assert asked[1:] == [f"https://x.example/api/3/action/package_search?rows=1&start={n}" for n in (1, 2)]
    assert {row.source for row in catalogue.rows if isinstance(row, Row)} == {"x.example"}


def test_a_data_json_is_read():
    dataset = {
        "identifier": "u1", "title": "Hospitals", "description": "d", "publisher": {"name": "CMS"},
        "accessLevel": "restricted public", "rights": "By agreement", "accrualPeriodicity": "R/P1Y",
        "modified": "R/P1D", "theme": ["Health", "Care"], "distribution": [{"mediaType": "text/csv"}, "x"],
    }  # fmt: skip
    row = only(json.dumps({"dataset": [dataset]}))
    assert (row.open_type, row.conditions, row.frequency) == (OpenType.CONDITIONAL, "By agreement", Frequency.YEARLY)
    assert (row.updated_on, row.domain, row.tags, row.formats) == (None, "Health", ["Care"], ["csv"])


RDF = """<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#" xmlns:dct="http://purl.org/dc/terms/"
 xmlns:dcat="http://www.w3.org/ns/dcat#" xmlns:foaf="http://xmlns.com/foaf/0.1/"><dcat:Dataset rdf:about="http://x/1">
 <dct:title xml:lang="en">Trees</dct:title><dct:title xml:lang="zh">树木</dct:title>
 <dct:accessRights rdf:resource="http://x/access-right/PUBLIC"/>
 <dct:publisher><foaf:Agent><foaf:name>Comune</foaf:name></foaf:Agent></dct:publisher>
 <dcat:distribution><dcat:Distribution><dct:format>CSV</dct:format></dcat:Distribution></dcat:distribution>
</dcat:Dataset></rdf:RDF>"""


def test_rdf_xml_is_read_and_the_chinese_title_is_preferred():
    row = only(RDF)
    assert (row.key, row.name, row.provider, row.formats) == ("http://x/1", "树木", "Comune", ["csv"])
