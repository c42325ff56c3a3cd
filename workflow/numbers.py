"""Numbers for references: each is given once, in order, within a year."""

from sqlalchemy import text

from models import db

# One statement also for the first number of a year, which two may ask for at once.
_TAKE = text(
    "INSERT INTO counter(prefix, year, last) VALUES (:prefix, :year, 1) "
    "ON CONFLICT (prefix, year) DO UPDATE SET last = counter.last + 1 RETURNING last"
)


def next_number(prefix: str, year: int) -> int:
    """Return the next number of a prefix in a year; the caller's transaction keeps it or gives it back."""
    return int(db.session.connection().execute(_TAKE, {"prefix": prefix, "year": year}).scalar_one())


def reference(prefix: str, year: int) -> str:
    """Return the next reference of a prefix, such as XQ-2026-000213."""
    return f"{prefix}-{year}-{next_number(prefix, year):06d}"
