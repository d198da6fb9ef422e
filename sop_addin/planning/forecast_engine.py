"""Run forecast jobs: what is known from the cache, the rest on this machine or on a cluster."""

from __future__ import annotations

import base64
import pickle
from collections.abc import Callable, Iterable, Sequence
from typing import Any

import pandas as pd

from sop_addin.model.errors import InputError
from sop_addin.planning.forecast_cache import ForecastCache, job_key
from sop_addin.planning.forecast_combination import SeriesForecast
from sop_addin.planning.forecast_processes import forecast_here
from sop_addin.planning.forecast_worker import Job, forecast_jobs

Progress = Callable[[int, int], None]

REMOTE_CHUNK = 64  # series a task of a cluster


def run_jobs(
    jobs: Sequence[Job],
    *,
    cache: ForecastCache,
    engine: Any = None,
    processes: int | None = None,
    progress: Progress | None = None,
) -> list[SeriesForecast]:
    """Forecasts of the jobs in their order: the same with or without cache, processes and cluster.

    engine: None = this machine; else a client or session that fugue knows (Dask, Ray, Spark). processes: as in
    `forecast_here`. progress: called as progress(series done, series in all); what it raises ends the run, and what
    was finished by then is in the cache.
    """
    keys = [job_key(job) for job in jobs]
    known = cache.get(list(dict.fromkeys(keys)))
    todo = {key: job for key, job in zip(keys, jobs, strict=True) if key not in known}
    at_hand = len(jobs) - len(todo)

    def tell(finished: int) -> None:
        if progress is not None:
            progress(at_hand + finished, len(jobs))

    if todo:
        fresh: dict[bytes, SeriesForecast] = {}
        names = list(todo)

        def keep(index: int, forecast: SeriesForecast) -> None:
            fresh[names[index]] = forecast

        try:
            if engine is None:
                forecast_here(list(todo.values()), keep, processes=processes, done=tell)
            else:
                tell(0)
                for index, forecast in enumerate(_on_cluster(list(todo.values()), engine)):
                    keep(index, forecast)
        finally:
            cache.put(dict(fresh))
        known = known | fresh
    tell(len(todo))
    return [known[key] for key in keys]


def _on_cluster(jobs: Sequence[Job], engine: Any) -> list[SeriesForecast]:
    """Forecasts of the jobs, computed where fugue finds the engine.

    Jobs travel as text in a table of two columns, so every engine of fugue can carry them (Dask takes bytes for text).
    """
    from fugue.workflow.api import transform

    chunks = [jobs[start : start + REMOTE_CHUNK] for start in range(0, len(jobs), REMOTE_CHUNK)]
    table = pd.DataFrame({"chunk": range(len(chunks)), "content": [_pack(list(chunk)) for chunk in chunks]})
    try:
        answer = transform(
            table,
            _forecast_chunks,
            schema="chunk:long,content:str",
            partition={"by": "chunk"},
            engine=engine,
            as_local=True,
        )
    except Exception as error:
        if "PluginsRegistration" in type(error).__name__ or isinstance(error, ImportError):
            raise InputError(
                f"engine: {type(engine).__name__} is not a Dask client, Ray or Spark session that fugue can use here; "
                "install sop-addin[dask] (or fugue[ray], fugue[spark])."
            ) from error
        raise
    found = (answer if isinstance(answer, pd.DataFrame) else answer.as_pandas()).sort_values("chunk")
    return [forecast for content in found["content"] for forecast in _unpack(content)]


def _forecast_chunks(rows: Iterable[dict[str, Any]]) -> Iterable[dict[str, Any]]:
    """Forecast the jobs of each row; runs on a worker of the cluster, which needs sop_addin."""
    for row in rows:
        yield {"chunk": row["chunk"], "content": _pack(forecast_jobs(_unpack(row["content"])))}


def _pack(content: Any) -> str:
    return base64.b64encode(pickle.dumps(content)).decode("ascii")


def _unpack(text: str) -> Any:
    return pickle.loads(base64.b64decode(text))
