"""The embedded default's database with many values, and one that an older version made."""

from __future__ import annotations

import sqlite3
from pathlib import Path
from typing import Any

from standalone.database import Database
from standalone.datastore import KeyValueStore

DELETE = "DELETE FROM datastore WHERE expires_at <= 5"
LIST = "SELECT name FROM datastore WHERE name >= 'a' AND name < 'b' ORDER BY name"


def plan(database: Database, statement: str) -> str:
    return " ".join(str(row[-1]) for row in database.read(f"EXPLAIN QUERY PLAN {statement}"))


def test_what_has_expired_is_found_by_its_end_and_a_prefix_by_its_name(tmp_path: Path) -> None:
    database = Database(tmp_path / "x.sqlite")
    assert "INDEX datastore_ends" in plan(database, DELETE)
    assert "SEARCH" in plan(database, LIST)
    database.close()


def test_a_database_of_the_version_before_gets_the_index_and_keeps_its_values(
    tmp_path: Path,
) -> None:
    path = tmp_path / "x.sqlite"
    database = Database(path)
    KeyValueStore(database, lambda: 0.0).set("pagerduty.kept", "1", 60)
    database.close()
    with sqlite3.connect(str(path)) as raw:
        raw.execute("DROP INDEX datastore_ends")
        raw.execute("PRAGMA user_version=1")
    raw.close()
    database = Database(path)
    assert "INDEX datastore_ends" in plan(database, DELETE)
    kept: Any = KeyValueStore(database, lambda: 0.0).get("pagerduty.kept")
    assert kept.value == "1"
    database.close()
