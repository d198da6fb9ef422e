"""Excel for one session; nothing of it is left behind."""

from __future__ import annotations

import sys
from collections.abc import Iterator

import pandas as pd
import pytest

from sop_addin.sample import solved_folder

from .excel import Excel, running_excel, serial


@pytest.fixture(scope="module")
def excel() -> Iterator[Excel]:
    with running_excel() as found:
        yield found


@pytest.fixture(scope="session")
def plan_frame() -> pd.DataFrame:
    """tblPlan of the sample company, as solved."""
    path = solved_folder("appliances") / "plan_table.csv"
    frame = pd.read_csv(path, parse_dates=["Period"], keep_default_na=False)
    return frame.astype({"Value": float})


@pytest.fixture(scope="session")
def plan(plan_frame: pd.DataFrame) -> tuple[tuple[object, ...], ...]:
    """The same as the range tblPlan[#All]: headers, texts, serial dates, floats."""
    rows = plan_frame.assign(Period=[serial(day.year, day.month, day.day) for day in plan_frame["Period"]])
    return (tuple(plan_frame.columns), *rows.astype(object).itertuples(index=False, name=None))


@pytest.fixture(autouse=True, scope="session")
def _nothing_left() -> Iterator[None]:
    yield
    assert not {"pythoncom", "pywintypes", "win32com", "xlwings._xlwindows", "xlwings.com_server"} & set(sys.modules)
