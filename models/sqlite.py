"""Make SQLite keep what it has acknowledged, and let writers wait for each other."""

from typing import Any

from sqlalchemy import Connection, Engine, event

PRAGMAS = ("journal_mode=WAL", "synchronous=FULL", "busy_timeout=30000", "foreign_keys=ON")


def prepare(engine: Engine) -> None:
    """Set the pragmas of each new connection, and begin each transaction as a writer or a reader.

    A writer takes its lock when it begins; one that began as a reader would fail at once on a busy
    file, whatever the time-out. Connections with the execution option `write=False` only read.
    On other databases nothing is done.
    """
    if engine.dialect.name != "sqlite":
        return

    @event.listens_for(engine, "connect")
    def connected(connection: Any, _: Any) -> None:
        connection.isolation_level = None
        for pragma in PRAGMAS:
            connection.execute(f"PRAGMA {pragma}")

    @event.listens_for(engine, "begin")
    def began(connection: Connection) -> None:
        write = connection.get_execution_options().get("write", True)
        connection.exec_driver_sql("BEGIN IMMEDIATE" if write else "BEGIN")
