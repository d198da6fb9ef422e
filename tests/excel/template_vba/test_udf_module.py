"""xlwings_udfs on a machine without Windows: xlwings' own text, and nothing left behind."""

from __future__ import annotations

import importlib
import sys
from pathlib import Path

import pytest
import xlwings as xw
from pyopenvba.interpreter import parse_module

from sop_addin.excel.template.udf_module import HELP, WRAPPERS, generate_udf_modules
from sop_addin.model.errors import WorkbookError

FORECAST = """
import xlwings as xw
from sample_udfs.shared import helper

@xw.func(category="S&OP")
@xw.arg("history", doc="Past sales")
@xw.arg("caller", vba="Application.Caller")
def SOP_FORECAST(history, horizon, season=12, caller=None):
    '''Demand of the coming periods, "as expected",
    from the history.

    Details that the wizard has no room for.
    '''
    return helper(history)

def not_a_function_of_excel():
    pass
"""
SHARED = """
import xlwings as xw

@xw.func
def helper(value):
    return value
"""


@pytest.fixture
def package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """A folder `sample_udfs` on the path, forgotten afterwards."""
    folder = tmp_path / "sample_udfs"
    folder.mkdir()
    (folder / "__init__.py").write_text("")
    monkeypatch.syspath_prepend(str(tmp_path))
    yield folder
    for name in [name for name in sys.modules if name.partition(".")[0] == "sample_udfs"]:
        del sys.modules[name]


def test_each_function_has_one_wrapper_in_the_module_that_defines_it(package: Path) -> None:
    (package / "forecast.py").write_text(FORECAST)
    (package / "shared.py").write_text(SHARED)
    text = generate_udf_modules("sample_udfs")[WRAPPERS]
    assert text.startswith('Attribute VB_Name = "xlwings_udfs"\n')
    assert "Function SOP_FORECAST(history, horizon, Optional season)" in text
    assert 'XLPy.CallUDF("sample_udfs.forecast", "SOP_FORECAST", Array(history, horizon, season, ' in text
    assert text.count("Function helper(value)") == 1
    assert 'XLPy.CallUDF("sample_udfs.shared", "helper"' in text
    assert "not_a_function_of_excel" not in text
    code = text.replace(" 'Adjust when using outside of Excel", "")
    assert {one.name for one in parse_module(code).procedures} == {"SOP_FORECAST", "helper"}


def test_the_function_wizard_gets_docstring_category_and_arguments(package: Path) -> None:
    (package / "forecast.py").write_text(FORECAST)
    (package / "shared.py").write_text(SHARED)
    text = generate_udf_modules("sample_udfs")[HELP]
    assert (
        'Describe "SOP_FORECAST", "S&OP", '
        '"Demand of the coming periods, ""as expected"", from the history.", Array( _\n'
        '        "Past sales", _\n        "Positional argument 2", _\n        "Positional argument 3")\n'
    ) in text
    assert '    Describe "helper", "xlwings", "", Array( _\n        "Positional argument 1")\n' in text
    assert str(package) not in text, "no path of the building machine"


def test_the_same_functions_give_the_same_text(package: Path) -> None:
    (package / "forecast.py").write_text(FORECAST)
    (package / "shared.py").write_text(SHARED)
    assert generate_udf_modules("sample_udfs") == generate_udf_modules("sample_udfs")


def test_no_functions_no_wrappers(package: Path) -> None:
    (package / "empty.py").write_text("import xlwings as xw\n")
    assert list(generate_udf_modules("sample_udfs")) == [HELP]


def test_nothing_is_left_behind(package: Path) -> None:
    (package / "shared.py").write_text(SHARED)
    imported_before = importlib.import_module("sample_udfs.shared")
    modules, names = dict(sys.modules), dict(vars(xw))
    generate_udf_modules("sample_udfs")
    assert not {"pythoncom", "pywintypes", "win32com", "win32com.client", "xlwings.udfs"} & set(sys.modules)
    assert dict(vars(xw)) == names
    assert sys.modules["sample_udfs.shared"] is imported_before
    assert not hasattr(imported_before.helper, "__xlfunc__")
    assert {name: sys.modules.get(name) for name in modules} == modules


def test_nothing_is_left_behind_after_an_error(package: Path) -> None:
    (package / "broken.py").write_text("raise ValueError('broken')\n")
    names = dict(vars(xw))
    with pytest.raises(ValueError, match="broken"):
        generate_udf_modules("sample_udfs")
    assert dict(vars(xw)) == names
    assert "pythoncom" not in sys.modules
    assert not [name for name in sys.modules if name.startswith("sample_udfs")]


def test_two_functions_of_one_name_are_refused(package: Path) -> None:
    (package / "a.py").write_text(SHARED)
    (package / "b.py").write_text(SHARED.replace("helper", "HELPER"))
    with pytest.raises(WorkbookError, match=r"HELPER is defined in sample_udfs\.a and in sample_udfs\.b"):
        generate_udf_modules("sample_udfs")
