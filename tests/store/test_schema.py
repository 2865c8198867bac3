from __future__ import annotations

import pytest

from readiness.store import schema
from readiness.store.adding import add_run
from readiness.store.address import HistoryError
from readiness.store.database import Sqlite


@pytest.mark.parametrize("version", range(1, schema.NEWEST + 1))
def test_a_history_of_every_earlier_version_is_brought_to_the_newest_with_its_rows(address, version):
    old = Sqlite(address)
    schema.bring_to_newest(old, version)
    old.change(
        "INSERT INTO runs (key, id, kind, events, stamp, started_at, seconds, verdict, interrupted, gate, strict,"
        " commit_id, branch, dirty, host) VALUES (1, 'r', 'gate', 1, '', '', 0, '', '', '', 0, '', '', '', '')"
    )
    old.close()
    database = Sqlite(address)
    schema.bring_to_newest(database)
    assert database.rows("SELECT version FROM schema_version") == [(schema.NEWEST,)]
    assert database.rows("SELECT id FROM runs") == [("r",)]
    database.close()


def test_migrations_step_by_step_make_the_same_tables_as_at_once(tmp_path, address):
    stepped, at_once = Sqlite(address), Sqlite(type(address)(str(tmp_path / "b"), "b", is_file=True))
    for version in range(1, schema.NEWEST + 1):
        schema.bring_to_newest(stepped, version)
    schema.bring_to_newest(at_once)
    asked = "SELECT type, name, sql FROM sqlite_master ORDER BY name"
    assert stepped.rows(asked) == at_once.rows(asked)
    stepped.close()
    at_once.close()


def test_a_migration_that_breaks_changes_nothing(address, monkeypatch):
    database = Sqlite(address)
    schema.bring_to_newest(database)
    before = database.rows("SELECT sql FROM sqlite_master ORDER BY name")
    broken = (*schema.MIGRATIONS, ("CREATE TABLE fine (a INTEGER)", "CREATE TABLE runs (a INTEGER)"))
    monkeypatch.setattr(schema, "MIGRATIONS", broken)
    with pytest.raises(HistoryError, match="already exists"):
        schema.bring_to_newest(database, schema.NEWEST + 1)
    assert database.rows("SELECT sql FROM sqlite_master ORDER BY name") == before
    assert database.rows("SELECT version FROM schema_version") == [(schema.NEWEST,)]
    database.close()


def test_a_newer_schema_is_refused_when_opening_and_when_writing(database, run_of):
    database.change("UPDATE schema_version SET version = ?", (schema.NEWEST + 1,))
    for use in (lambda: schema.bring_to_newest(database), lambda: add_run(database, run_of(1))):
        with pytest.raises(
            HistoryError, match=f"its schema is version {schema.NEWEST + 1}, and this readiness"
        ):
            use()
    assert database.rows("SELECT id FROM runs") == []
