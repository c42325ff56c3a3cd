"""Read a catalogue that is a table: a CSV file whose first line names the columns."""

import csv
import io
from collections.abc import Iterator

from workflow.catalogue.row import CatalogueError, Defaults, Refusal, Row, understand

# The columns that are read, under each of the names they bear, and what they hold.
COLUMNS = {
    "entry_id": "key", "id": "key", "dataset_name": "name", "name": "name", "title": "name", "数据集名称": "name",
    "summary": "summary", "description": "summary", "摘要": "summary", "数据摘要": "summary",
    "provider": "provider", "publisher": "provider", "数据提供方": "provider", "公共数据开放主体名称": "provider",
    "domain": "domain", "数据领域": "domain", "数据集领域": "domain",
    "national_theme": "theme", "theme": "theme", "国家主题分类": "theme",
    "open_attribute": "open_attribute", "open_type": "open_attribute", "开放属性": "open_attribute",
    "open_conditions": "open_conditions", "conditions": "open_conditions", "开放条件": "open_conditions",
    "update_frequency": "frequency", "frequency": "frequency", "更新频度": "frequency", "更新频率": "frequency",
    "formats": "formats", "数据格式": "formats", "data_items": "items", "items": "items", "数据项": "items",
    "tags": "tags", "数据标签": "tags", "标签": "tags",
    "first_published": "first_published", "首次发布日期": "first_published",
    "last_updated": "updated_on", "updated_on": "updated_on", "更新日期": "updated_on",
    "reevaluate_on": "reevaluate_on", "重新评估日期": "reevaluate_on",
    "portal": "source", "source": "source", "landing_page": "page", "source_page": "page", "详情页网址": "page",
    "grade": "grade", "数据级别": "grade", "delivery_modes": "delivery_modes",
    "ground": "ground", "不予开放理由": "ground",
    "supervision": "supervision", "coverage": "coverage", "record_count": "extra_record_count",
    "industry": "extra_industry", "application_scene": "extra_application_scene",
}  # fmt: skip


def read(text: str, defaults: Defaults) -> Iterator[Row | Refusal]:
    """Yield the entries of a table; rows are counted as a spreadsheet counts them, the first line being row 1.

    :raises CatalogueError: the text is not a table with the columns of a catalogue, or breaks off in a row
    """
    try:
        table = csv.reader(io.StringIO(text, newline=""), delimiter=_delimiter(text), strict=True)
        header = [name.strip() for name in next(table, [])]
        columns = _columns(header, defaults)
        for number, cells in enumerate(table, start=2):
            if not any(cell.strip() for cell in cells):
                continue
            if len(cells) != len(header):
                name = cells[columns["name"]] if columns["name"] < len(cells) else ""
                yield Refusal(
                    number, name.strip()[:80], f"The row has {len(cells)} cells, the table {len(header)} columns."
                )
                continue
            yield understand(number, {field: cells[at] for field, at in columns.items()}, defaults)
    except csv.Error as error:
        raise CatalogueError(f"The table cannot be read: {error}.") from error


def _delimiter(text: str) -> str:
    """Return the sign that parts the columns: the one that stands most often in the first line."""
    first = text.lstrip().split("\n", 1)[0]
    return max(",;\t", key=first.count)


def _columns(header: list[str], defaults: Defaults) -> dict[str, int]:
    """Return which column holds which field.

    :raises CatalogueError: a column is missing or stands twice
    """
    if twice := sorted({name for name in header if name and header.count(name) > 1}):
        raise CatalogueError(f"The table has the column “{twice[0][:60]}” more than once.")
    columns: dict[str, int] = {}
    for at, name in enumerate(header):
        field = COLUMNS.get(name.lower())
        if field and field in columns:
            raise CatalogueError(f"The columns “{header[columns[field]]}” and “{name}” hold the same thing.")
        if field:
            columns[field] = at
    if "name" not in columns:
        raise CatalogueError("This is not a catalogue: the first line has no column “dataset_name”.")
    if "provider" not in columns and not defaults.provider:
        raise CatalogueError("The table has no column “provider”; name the provider with --provider.")
    return columns
