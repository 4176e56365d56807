"""What was made before, by the key of its content: one file a user, shared by all runs."""

from __future__ import annotations

import os
import sqlite3
import sys
import zlib
from collections.abc import Iterable, Sequence
from contextlib import suppress
from pathlib import Path

# Keys asked for at once: SQLite allows so many variables in a statement anywhere.
_AT_ONCE = 500


def place() -> Path:
    """Return where the cache lies; ``NESY_BENCH_CACHE`` names another file."""
    named = os.environ.get("NESY_BENCH_CACHE")
    base = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(named) if named else Path(base, "nesy", "bench.sqlite")


class Cache:
    """Texts by key. A run never depends on it: where it cannot be used, it holds nothing."""

    def __init__(self, path: Path | None) -> None:
        self.path = path
        self._database: sqlite3.Connection | None = None
        if path is None:
            return
        try:
            path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            self._database = sqlite3.connect(path, timeout=30, isolation_level=None)
            self._database.execute("PRAGMA journal_mode = WAL")
            self._database.execute("PRAGMA synchronous = NORMAL")
            self._database.execute(
                "CREATE TABLE IF NOT EXISTS made (key TEXT PRIMARY KEY, text BLOB) WITHOUT ROWID"
            )
        except (OSError, sqlite3.Error) as error:
            self._give_up(error)

    def get(self, key: str) -> str | None:
        """Return one text, or None."""
        return self.many([key]).get(key)

    def many(self, keys: Sequence[str]) -> dict[str, str]:
        """Return the texts there are, by key."""
        found: dict[str, str] = {}
        if self._database is None:
            return found
        try:
            for at in range(0, len(keys), _AT_ONCE):
                some = keys[at : at + _AT_ONCE]
                asked = f"SELECT key, text FROM made WHERE key IN ({','.join('?' * len(some))})"
                for key, data in self._database.execute(asked, some):
                    with suppress(zlib.error):
                        found[key] = zlib.decompress(data).decode()
        except sqlite3.Error as error:
            self._give_up(error)
        return found

    def put(self, made: Iterable[tuple[str, str]]) -> None:
        """Keep texts; what is there already is replaced."""
        if self._database is None:
            return
        rows = [(key, zlib.compress(text.encode(), 1)) for key, text in made]
        try:
            self._database.execute("BEGIN IMMEDIATE")
            self._database.executemany("INSERT OR REPLACE INTO made VALUES (?, ?)", rows)
            self._database.execute("COMMIT")
        except sqlite3.Error as error:
            self._give_up(error)

    def _give_up(self, error: Exception) -> None:
        print(f"no cache is used: {error}", file=sys.stderr)
        self._database = None
