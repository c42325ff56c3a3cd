"""The search index: one narrow table for each kind of thing that can be found."""

from sqlalchemy import DDL, BigInteger, Column, Index, Table, Text, event
from sqlalchemy.dialects.postgresql import TSVECTOR

from models.base import Base, Key

KINDS = ("dataset", "demand")


def _table(kind: str) -> Table:
    """Describe the index of a kind: which row, where it stands among the hits, the bin it is counted in, its tokens.

    The tokens are one text, parted by blanks; `workflow.search` makes them of letters, figures and its own marks
    alone, so that neither database has to parse or to know a language. Rows are added and removed, never changed.
    """
    return Table(
        f"search_{kind}",
        Base.metadata,
        Column("position", Key, primary_key=True, autoincrement=False),
        Column("key", BigInteger, unique=True, nullable=False),
        Column("bin", BigInteger, nullable=False),
        Column("tokens", Text().with_variant(TSVECTOR(), "postgresql"), nullable=False),
    )


INDEXES = {kind: _table(kind) for kind in KINDS}
for kind, table in INDEXES.items():
    Index(
        f"ix_search_{kind}_tokens", table.c.tokens, postgresql_using="gin", postgresql_with={"fastupdate": "off"}
    ).ddl_if(dialect="postgresql")


def _sqlite(kind: str) -> list[str]:
    """Return the statements by which SQLite moves the tokens of a table into a full-text index.

    The index's row number is the position, so that it hands out its hits in the order of the results and can stop
    as soon as there are enough; the table, without the tokens, is small enough to look up a thousand rows at once.
    """
    table, found = f"search_{kind}", f"search_{kind}_fts"
    return [
        f"CREATE VIRTUAL TABLE {found} USING fts5(tokens, detail=none, columnsize=0, "
        """tokenize="ascii tokenchars '^='")""",
        f"""CREATE TRIGGER {table}_added AFTER INSERT ON {table} BEGIN
        INSERT INTO {found}(rowid, tokens) VALUES (new.position, new.tokens);
        UPDATE {table} SET tokens = '' WHERE position = new.position; END""",  # noqa: S608 - names of our own
        f"""CREATE TRIGGER {table}_removed AFTER DELETE ON {table} BEGIN
        DELETE FROM {found} WHERE rowid = old.position; END""",  # noqa: S608 - names of our own
    ]


for kind, table in INDEXES.items():
    for statement in _sqlite(kind):
        event.listen(table, "after_create", DDL(statement.replace("%", "%%")).execute_if(dialect="sqlite"))
    drop = DDL(f"DROP TABLE IF EXISTS search_{kind}_fts")
    event.listen(table, "before_drop", drop.execute_if(dialect="sqlite"))
