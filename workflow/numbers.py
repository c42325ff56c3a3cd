"""Numbers for references: each is given once, in order, within a year."""

from models import Counter, db


def next_number(prefix: str, year: int) -> int:
    """Return the next number of a prefix in a year; the caller's transaction keeps it or gives it back."""
    taken = db.session.execute(
        db.update(Counter)
        .where(Counter.prefix == prefix, Counter.year == year)
        .values(last=Counter.last + 1)
        .returning(Counter.last)
        .execution_options(synchronize_session=False)
    ).scalar()
    if taken is not None:
        return int(taken)
    with db.session.begin_nested():
        db.session.add(Counter(prefix=prefix, year=year, last=1))
    return 1


def reference(prefix: str, year: int) -> str:
    """Return the next reference of a prefix, such as XQ-2026-000213."""
    return f"{prefix}-{year}-{next_number(prefix, year):06d}"
