"""Tables for spreadsheets: lines of a CSV file, in which no cell is taken for a formula."""

import csv
import io
from collections.abc import Iterable

# A cell that begins with one of these would be taken for a formula.
FORMULAS = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")


def row(cells: Iterable[object]) -> str:
    """Return a line of a CSV file."""
    line = io.StringIO()
    csv.writer(line).writerow([harmless(str(cell)) for cell in cells])
    return line.getvalue()


def harmless(cell: str) -> str:
    """Return a cell that no spreadsheet runs as a formula."""
    return f"'{cell}" if cell.lstrip(" ").startswith(FORMULAS) else cell
