"""Excel as xlwings sees it on Windows: its own `call_udf`, fed with what Excel hands over, without COM."""

from __future__ import annotations

import ast
import datetime as dt
import importlib
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import numpy as np
import pandas as pd
import pytest
import xlwings

from sop_addin.excel.template.udf_module import _fresh_imports, _module_names, _own_functions, _windows_xlwings

MISSING = -2147352572  # DISP_E_PARAMNOTFOUND: an optional argument that was left out
NA, DIV0, VALUE, REF, NAME, NUM, NULL, SPILL = (
    -2146826246, -2146826281, -2146826273, -2146826265, -2146826259, -2146826252, -2146826288, -2146826243,
)  # fmt: skip
ERRORS = (NA, DIV0, VALUE, REF, NAME, NUM, NULL)


def serial(year: int, month: int, day: int = 1) -> float:
    """A date as a formula hands it over."""
    return float((dt.date(year, month, day) - dt.date(1899, 12, 30)).days)


class Excel:
    """Calls worksheet functions by name, as XLPython.dll does."""

    def __init__(self, udfs: ModuleType, functions: dict[str, Any]) -> None:
        self._udfs = udfs
        self.functions = functions

    def __call__(self, name: str, *arguments: Any) -> Any:
        """``arguments`` as the wrapper in VBA passes them; those that are not given are missing. A value, or rows."""
        function = self.functions[name]
        missing = (MISSING,) * (len(function.__xlfunc__["args"]) - len(arguments))
        found = self._udfs.call_udf(function.__module__, name, arguments + missing, None, None)
        assert isinstance(found, list)
        assert len({len(row) for row in found}) == 1, "jagged"
        assert {type(cell) for row in found for cell in row} <= {float, str, int}, "what COM takes"
        return found[0][0] if len(found) == 1 and len(found[0]) == 1 else found


@contextmanager
def running_excel() -> Iterator[Excel]:
    """Functions imported under xlwings' Windows decorators; everything is as before afterwards."""
    with _windows_xlwings() as udfs, _fresh_imports("udfs"), pytest.MonkeyPatch.context() as patch:
        windows = _xlwindows()
        server = ModuleType("xlwings.com_server")
        vars(server).update(loop=None)
        for name, module in (("_xlwindows", windows), ("com_server", server)):
            patch.setitem(sys.modules, f"xlwings.{name}", module)
            patch.setattr(xlwings, name, module, raising=False)
        engine = SimpleNamespace(impl=windows.Engine(), name="excel", type="desktop")
        patch.setitem(xlwings.engines.engines_by_name, "excel", engine)
        yield Excel(udfs, _functions())


def _functions() -> dict[str, Any]:
    """Every worksheet function of the package udfs, imported now."""
    functions: dict[str, Any] = {}
    for name in _module_names("udfs"):
        functions |= _own_functions(importlib.import_module(name))
    return functions


def _xlwindows() -> ModuleType:
    """The parts of xlwings' Windows module that convert values, executed from its own source."""
    path = Path(xlwings.__file__).parent / "_xlwindows.py"
    source = path.read_text(encoding="utf-8")
    wanted = {"cell_errors", "_clean_value_data_element", "Engine"}
    body = [
        node
        for node in ast.parse(source).body
        if getattr(node, "name", "") in wanted
        or (isinstance(node, ast.Assign) and getattr(node.targets[0], "id", "") in wanted)
    ]
    assert len(body) == len(wanted), "xlwings has changed"
    module = ModuleType("xlwings._xlwindows")
    vars(module).update(
        time_types=(dt.date, dt.datetime), np=np, pd=pd, Apps=None,
        _com_time_to_datetime=lambda time, build: build(time.year, time.month, time.day),
        _datetime_to_com_time=lambda time: time,
        is_range_instance=lambda value: False,
        Range=lambda xl: SimpleNamespace(),
    )  # fmt: skip
    exec(compile(ast.Module(body, []), str(path), "exec"), vars(module))
    return module
