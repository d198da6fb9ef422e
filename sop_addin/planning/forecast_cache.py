"""Forecasts kept between runs, so that only changed histories are forecast again.

One SQLite file in the user's cache folder: several programs may use it at once, and it may be deleted at any time. A
forecast is found by the content it depends on: the cleaned history, the settings, the versions of the libraries and the
text of our own forecasting modules. Names of items are not kept. Whatever goes wrong with the file costs time only.
"""

from __future__ import annotations

import hashlib
import os
import platform
import sqlite3
import sys
import time
from collections.abc import Mapping, Sequence
from contextlib import closing
from functools import cache
from importlib.metadata import version
from pathlib import Path

import numpy as np

from sop_addin.planning.cleaning import Floats
from sop_addin.planning.forecast_combination import SeriesForecast
from sop_addin.planning.forecast_worker import Job

__all__ = ["ForecastCache", "cache_file", "job_key"]

VARIABLE = "SOP_ADDIN_CACHE"  # a folder of the user's choice, or "off"
MOST_BYTES = 200_000_000  # some 300,000 forecasts of 18 months
KEPT_SHARE = 0.7  # of the forecasts, the last used ones, when the file has grown too large
BATCH = 500  # keys a query: SQLite takes 999 at least
USE_NOTED_AFTER = 86_400.0  # seconds; noting every use would make each read a write
WAIT = 5.0  # seconds for another program to finish writing

# What a forecast depends on, beside its job.
_MODULES = ("forecast_combination", "forecast_models", "forecast_weights", "forecast_intervals")
_COLUMNS = "key, used, mean, errors, error, method, route"
_LIBRARIES = ("statsforecast", "coreforecast", "numpy", "scipy")


def cache_file() -> Path | None:
    """The file of the cache; None where the user has switched it off."""
    chosen = os.environ.get(VARIABLE, "").strip()
    if chosen.casefold() == "off":
        return None
    home = Path.home()
    if chosen:
        folder = Path(chosen)
    elif sys.platform == "win32":
        folder = Path(os.environ.get("LOCALAPPDATA") or home / "AppData" / "Local") / "sop-addin" / "cache"
    elif sys.platform == "darwin":
        folder = home / "Library" / "Caches" / "sop-addin"
    else:
        folder = Path(os.environ.get("XDG_CACHE_HOME") or home / ".cache") / "sop-addin"
    return folder / "forecasts.sqlite"


@cache
def _engine() -> bytes:
    """Fingerprint of the code that makes a forecast."""
    digest = hashlib.sha256(f"{platform.machine()} {platform.python_version()}".encode())
    for library in _LIBRARIES:
        digest.update(f" {library} {version(library)}".encode())
    for module in _MODULES:
        digest.update((Path(__file__).parent / f"{module}.py").read_bytes())
    return digest.digest()


def job_key(job: Job) -> bytes:
    """Fingerprint of all that the forecast of a series depends on."""
    settings = f"{job.horizon} {job.season_length} {job.effort} {job.method} "
    values = np.ascontiguousarray(job.values, dtype=np.float64)
    return hashlib.sha256(_engine() + settings.encode() + values.tobytes()).digest()


class ForecastCache:
    """Forecasts by key in a file; without a usable file it finds nothing and keeps nothing."""

    def __init__(self, file: Path | None) -> None:
        self.file = file

    def get(self, keys: Sequence[bytes]) -> dict[bytes, SeriesForecast]:
        """The forecasts that are there."""
        found: dict[bytes, SeriesForecast] = {}
        if self.file is None:
            return found
        try:
            if not self.file.exists():
                return found
            with closing(self._connect(self.file)) as connection:
                old = []
                for start in range(0, len(keys), BATCH):
                    some = keys[start : start + BATCH]
                    marks = ",".join("?" * len(some))
                    query = f"SELECT {_COLUMNS} FROM forecast WHERE key IN ({marks})"
                    for key, used, mean, errors, error, method, route in connection.execute(query, some):
                        share = float("nan") if error is None else error  # SQLite knows no NaN
                        found[key] = SeriesForecast(_floats(mean), method, route, _floats(errors), share)
                        if used < time.time() - USE_NOTED_AFTER:
                            old.append((time.time(), key))
                if old:
                    with connection:
                        connection.executemany("UPDATE forecast SET used = ? WHERE key = ?", old)
        except (sqlite3.Error, OSError, ValueError, TypeError) as error:
            self._discard(error)
        return found

    def put(self, forecasts: Mapping[bytes, SeriesForecast]) -> None:
        """Keep these forecasts."""
        if self.file is None or not forecasts:
            return
        now = time.time()
        rows = [
            (key, now, one.mean.tobytes(), one.errors.tobytes(), one.error, one.method, one.route)
            for key, one in forecasts.items()
        ]
        try:
            self.file.parent.mkdir(parents=True, exist_ok=True)
            with closing(self._connect(self.file)) as connection:
                with connection:
                    connection.executemany("INSERT OR REPLACE INTO forecast VALUES (?, ?, ?, ?, ?, ?, ?)", rows)
                self._bound(connection)
        except (sqlite3.Error, OSError) as error:
            self._discard(error)

    def _connect(self, file: Path) -> sqlite3.Connection:
        connection = sqlite3.connect(file, timeout=WAIT)
        connection.execute("PRAGMA synchronous = OFF")  # after a power cut the file is made anew
        connection.execute(
            "CREATE TABLE IF NOT EXISTS forecast "
            "(key BLOB PRIMARY KEY, used REAL, mean BLOB, errors BLOB, error REAL, method TEXT, route TEXT) "
            "WITHOUT ROWID"
        )
        return connection

    def _bound(self, connection: sqlite3.Connection) -> None:
        """Drop what was not used for longest, once the file has grown too large."""
        pages, size = (connection.execute(f"PRAGMA {name}").fetchone()[0] for name in ("page_count", "page_size"))
        if pages * size <= MOST_BYTES:
            return
        with connection:
            connection.execute(
                "DELETE FROM forecast WHERE used < (SELECT used FROM forecast ORDER BY used LIMIT 1 "
                "OFFSET (SELECT CAST(COUNT(*) * ? AS INTEGER) FROM forecast))",
                (1 - KEPT_SHARE,),
            )
        connection.execute("VACUUM")

    def _discard(self, error: Exception) -> None:
        """A file that is not a database, or of another layout, is made anew at the next use."""
        busy = isinstance(error, sqlite3.OperationalError) and "locked" in str(error)
        if self.file is None or busy or isinstance(error, OSError):
            return
        try:
            self.file.unlink(missing_ok=True)
        except OSError:  # in use elsewhere, or not ours: then there is no cache for now
            self.file = None


def _floats(content: bytes) -> Floats:
    return np.frombuffer(content, dtype=np.float64)
