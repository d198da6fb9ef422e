"""Who computes a forecast, and whether it was computed before, changes nothing in it."""

from __future__ import annotations

import os
import sqlite3
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from sop_addin.model.errors import Stopped
from sop_addin.planning import forecast_cache, forecast_engine, forecast_processes
from sop_addin.planning.demand_forecast import forecast_demand
from sop_addin.planning.forecast_cache import ForecastCache, cache_file, job_key
from sop_addin.planning.forecast_combination import SeriesForecast
from sop_addin.planning.forecast_worker import Job, forecast_jobs


def history(items: int = 12, periods: int = 30) -> pd.DataFrame:
    rng = np.random.default_rng(5)
    return pd.DataFrame(
        {
            "item": np.repeat([f"I{i}" for i in range(items)], periods),
            "period": np.tile(pd.date_range("2024-01-01", periods=periods, freq="MS"), items),
            "quantity": rng.gamma(4, 25, items * periods),
        }
    )


@pytest.fixture
def cache_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("SOP_ADDIN_CACHE", str(tmp_path))
    return tmp_path


@pytest.fixture(scope="module", autouse=True)
def _no_process_is_left() -> Iterator[None]:
    yield
    forecast_processes.stop_processes()


@pytest.fixture(scope="module")
def alone() -> pd.DataFrame:
    """The forecast of one process without a cache: what all others must give."""
    return forecast_demand(history(), 4, effort="quick", cache=False, processes=0)


class TestCache:
    def test_a_second_run_forecasts_nothing_and_gives_the_same(
        self, cache_folder: Path, alone: pd.DataFrame, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        first = forecast_demand(history(), 4, effort="quick")
        monkeypatch.setattr(forecast_engine, "forecast_here", None)  # calling it would fail
        pd.testing.assert_frame_equal(forecast_demand(history(), 4, effort="quick"), first)
        pd.testing.assert_frame_equal(first, alone)

    def test_only_changed_histories_are_forecast_again(
        self, cache_folder: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        forecast_demand(history(), 4, effort="quick")
        changed = history()
        changed.loc[changed["item"] == "I3", "quantity"] += 1
        asked: list[int] = []
        real = forecast_engine.forecast_here

        def counting(jobs: list[Job], *rest: object, **options: object) -> None:
            asked.append(len(jobs))
            real(jobs, *rest, **options)  # type: ignore[arg-type]

        monkeypatch.setattr(forecast_engine, "forecast_here", counting)
        forecast_demand(changed, 4, effort="quick")
        assert asked == [1]

    @pytest.mark.parametrize(
        "change", [{"horizon": 5}, {"season_length": 4}, {"effort": "standard"}, {"method": "ETS"}]
    )
    def test_every_setting_is_part_of_the_key(self, change: dict) -> None:
        job = {"values": np.arange(30.0), "horizon": 4, "season_length": 12, "effort": "quick", "method": "Auto"}
        assert job_key(Job(**job)) != job_key(Job(**(job | change)))  # type: ignore[arg-type]

    def test_another_interval_needs_no_new_forecasts(self, cache_folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        narrow = forecast_demand(history(), 4, effort="quick", interval=0.5)
        monkeypatch.setattr(forecast_engine, "forecast_here", None)
        wide = forecast_demand(history(), 4, effort="quick", interval=0.95)
        assert (wide["high"] > narrow["high"]).all()

    @pytest.mark.parametrize("content", [b"", b"not a database at all" * 100])
    def test_a_file_that_is_no_cache_is_replaced(self, cache_folder: Path, alone: pd.DataFrame, content: bytes) -> None:
        (cache_folder / "forecasts.sqlite").write_bytes(content)
        for _ in range(3):
            pd.testing.assert_frame_equal(forecast_demand(history(), 4, effort="quick"), alone)
        assert (cache_folder / "forecasts.sqlite").read_bytes().startswith(b"SQLite")

    def test_a_folder_that_cannot_be_written_costs_time_only(
        self, tmp_path: Path, alone: pd.DataFrame, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        (tmp_path / "file").touch()
        monkeypatch.setenv("SOP_ADDIN_CACHE", str(tmp_path / "file" / "below"))
        pd.testing.assert_frame_equal(forecast_demand(history(), 4, effort="quick"), alone)

    def test_it_keeps_no_names_of_items(self, cache_folder: Path) -> None:
        forecast_demand(history().replace("I3", "Secret pump"), 4, effort="quick")
        assert b"Secret" not in (cache_folder / "forecasts.sqlite").read_bytes()

    def test_it_is_bounded_and_drops_what_was_not_used_for_longest(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(forecast_cache, "MOST_BYTES", 200_000)
        cache = ForecastCache(tmp_path / "c.sqlite")
        one = SeriesForecast(np.ones(100), "Theta", "regular", np.ones(6), float("nan"))
        for batch in range(6):
            cache.put({bytes([batch, i]): one for i in range(50)})
        assert (tmp_path / "c.sqlite").stat().st_size <= 250_000
        found = cache.get([bytes([batch, 0]) for batch in range(6)])
        assert bytes([5, 0]) in found
        assert bytes([0, 0]) not in found

    def test_what_is_kept_comes_back_whole(self, tmp_path: Path) -> None:
        cache = ForecastCache(tmp_path / "c.sqlite")
        one = SeriesForecast(np.array([1.5, 2.5]), "Theta (CES failed)", "regular", np.array([0.1]), 0.25)
        unknown = SeriesForecast(np.array([1.0]), "Mean", "short")
        cache.put({b"1": one, b"2": unknown})
        found = cache.get([b"1", b"2", b"3"])
        assert set(found) == {b"1", b"2"}
        assert found[b"1"].mean.tolist() == [1.5, 2.5]
        assert (found[b"1"].method, found[b"1"].route, found[b"1"].error) == ("Theta (CES failed)", "regular", 0.25)
        assert np.isnan(found[b"2"].error)
        assert found[b"2"].errors.size == 0

    def test_several_programs_may_use_it_at_once(self, tmp_path: Path) -> None:
        one = SeriesForecast(np.ones(4), "Theta", "regular")

        def use(number: int) -> None:
            for i in range(20):
                ForecastCache(tmp_path / "c.sqlite").put({bytes([number, i]): one})

        threads = [threading.Thread(target=use, args=(number,)) for number in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        keys = [bytes([number, i]) for number in range(4) for i in range(20)]
        assert len(ForecastCache(tmp_path / "c.sqlite").get(keys)) == 80

    def test_while_another_program_writes_it_waits_and_then_goes_on_without(
        self, cache_folder: Path, alone: pd.DataFrame, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        forecast_demand(history(2), 4, effort="quick")
        monkeypatch.setattr(forecast_cache, "WAIT", 0.1)
        busy = sqlite3.connect(cache_folder / "forecasts.sqlite")
        busy.execute("BEGIN EXCLUSIVE")
        try:
            pd.testing.assert_frame_equal(forecast_demand(history(), 4, effort="quick"), alone)
        finally:
            busy.close()
        assert (cache_folder / "forecasts.sqlite").exists()

    def test_it_lies_in_the_users_cache_folder_and_can_be_switched_off(self, monkeypatch: pytest.MonkeyPatch) -> None:
        assert cache_file() is None  # as all tests have it
        monkeypatch.delenv("SOP_ADDIN_CACHE")
        file = cache_file()
        assert file is not None
        assert file.name == "forecasts.sqlite"
        assert "sop-addin" in file.parts


class TestProcesses:
    def slowly(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """This process gets through its share so slowly that the other one gets a share, too."""
        real = forecast_processes.forecast_jobs

        def slow(jobs: list[Job]) -> list[SeriesForecast]:
            until = time.time() + 5
            while forecast_processes.running() and not self.answered and time.time() < until:
                time.sleep(0.02)
            return real(jobs)

        asked = forecast_processes._Process.ask

        def ask(process: forecast_processes._Process, jobs: list[Job]) -> list[SeriesForecast]:
            answer = asked(process, jobs)
            self.answered += 1
            return answer

        self.answered = 0
        monkeypatch.setattr(forecast_processes, "forecast_jobs", slow)
        monkeypatch.setattr(forecast_processes._Process, "ask", ask)

    def test_they_give_the_same_and_stay_alive(self, monkeypatch: pytest.MonkeyPatch) -> None:
        expected = forecast_demand(history(40), 4, effort="quick", processes=0)
        self.slowly(monkeypatch)
        seen: list[int] = []
        for _ in range(2):
            found = forecast_demand(
                history(40), 4, effort="quick", processes=1, progress=lambda done, _: seen.append(done)
            )
            pd.testing.assert_frame_equal(found, expected)
        assert self.answered
        assert seen[-1] == 40
        assert forecast_processes.running() == 1

    def test_stop_ends_the_run_and_leaves_them_ready(self) -> None:
        def stop(done: int, total: int) -> None:
            if done > 10:
                raise Stopped("Stopped")

        with pytest.raises(Stopped):
            forecast_demand(history(40), 4, effort="quick", processes=1, progress=stop)
        assert forecast_processes.running() == 1

    def test_one_that_dies_costs_nothing_but_time(self, monkeypatch: pytest.MonkeyPatch) -> None:
        def dies(process: forecast_processes._Process, jobs: list[Job]) -> list[SeriesForecast]:
            process.popen.kill()
            raise EOFError

        expected = forecast_demand(history(40), 4, effort="quick", processes=0)
        monkeypatch.setattr(forecast_processes._Process, "ask", dies)
        pd.testing.assert_frame_equal(forecast_demand(history(40), 4, effort="quick", processes=1), expected)

    def test_none_is_started_for_little_work(self) -> None:
        forecast_processes.stop_processes()
        forecast_demand(history(3), 4, effort="quick")
        assert forecast_processes.running() == 0

    def test_a_script_without_a_main_guard_is_not_run_once_more(self, tmp_path: Path) -> None:
        script = tmp_path / "plan.py"
        script.write_text(
            "print('began')\n"
            "import pandas as pd\n"
            "from sop_addin.planning import forecast_processes as p\n"
            "from sop_addin.planning.forecast_worker import Job\n"
            "import numpy as np\n"
            "process = p._start(1)[0]\n"
            "print(len(process.ask([Job(np.arange(9.0), 2, 12, 'quick', 'Auto')])))\n"
        )
        (tmp_path / "pandas.py").write_text("print('a stranger was imported')\n")
        environment = os.environ | {"PYTHONPATH": os.pathsep.join(p for p in sys.path if p)}
        run = subprocess.run(
            [sys.executable, "-P", str(script)],
            capture_output=True,
            text=True,
            cwd=tmp_path,
            env=environment,
            timeout=120,
        )
        assert run.stdout.split() == ["began", "1"], run.stderr

    @pytest.mark.parametrize(
        ("program", "there", "expected"),
        [
            ("pythonw.exe", ["pythonw.exe", "python.exe"], "python.exe"),
            ("python3.11", ["python3.11"], "python3.11"),
            ("EXCEL.EXE", ["EXCEL.EXE", "bin/python"], "python"),
            ("EXCEL.EXE", ["EXCEL.EXE"], None),
        ],
    )
    def test_they_never_start_excel(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, program: str, there: list[str], expected: str | None
    ) -> None:
        (tmp_path / "bin").mkdir()
        for name in there:
            (tmp_path / name).touch()
        monkeypatch.setattr(sys, "executable", str(tmp_path / program))
        monkeypatch.setattr(sys, "prefix", str(tmp_path))
        monkeypatch.setattr(sys, "base_prefix", str(tmp_path))
        found = forecast_processes.python_program()
        assert (Path(found).name if found else None) == expected


class TestCluster:
    def test_a_dask_cluster_gives_the_forecasts_of_this_machine(self, alone: pd.DataFrame) -> None:
        from distributed import Client

        with Client(processes=False, n_workers=1, threads_per_worker=1, dashboard_address=None) as client:
            found = forecast_demand(history(), 4, effort="quick", engine=client)
        pd.testing.assert_frame_equal(found, alone)


def test_jobs_keep_their_order() -> None:
    jobs = [Job(np.full(6, float(level)), 2, 12, "quick", "Auto") for level in (3, 1, 2)]
    assert [one.mean[0] for one in forecast_jobs(jobs)] == [3, 1, 2]
