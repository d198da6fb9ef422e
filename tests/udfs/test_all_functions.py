"""What holds for every worksheet function: help, wrapper, names of arguments, and no exception whatever comes in."""

from __future__ import annotations

import re

import pytest
import xlwings
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sop_addin import __version__
from sop_addin.excel.template.udf_module import HELP, WRAPPERS, generate_udf_modules
from sop_addin.planning.worksheet import forecasting

from .excel import ERRORS, MISSING, SPILL, Excel, running_excel

SIGNATURES = {  # contract, section 6; from, to and currency are words of VBA and have other names
    "SOP_FORECAST": "history, horizon, [season], [interval]",
    "SOP_FORECAST_METHOD": "history, [season]",
    "SOP_CLEAN": "history, [season]",
    "SOP_ACCURACY": "actual, forecast, [metric]",
    "SOP_AGGREGATE": "keys, values, [weights]",
    "SOP_DISAGGREGATE": "total, shares",
    "SOP_BALANCE": "demand, capacity, [opening_stock], [holding_cost], [overtime_capacity], [overtime_cost], "
    "[backorder_cost]",
    "SOP_SAFETY_STOCK": "demand_or_errors, service_level, [lead_time]",
    "SOP_DAYS_OF_COVER": "stock, coming_demand, [days_per_period]",
    "SOP_TOTAL": "plan, measure, [family], [from_period], [to_period], [scenario], [in_currency]",
    "SOP_TOTALS": "plan, measure, families, periods, [scenario]",
    "SOP_BOOK_TOTAL": "path, measure, [family], [from_period], [to_period], [scenario]",
    "SOP_VERSION": "",
}
VBA_WORDS = frozenset(
    """and as boolean byref byte byval call case const currency date decimal declare dim do double each else empty end
    enum erase error event exit false for friend function get global gosub goto if imp in integer is let like long loop
    lset me mod name new next not nothing null object on option optional or paramarray preserve print private public
    raiseevent redim rem resume return rset select set single static stop string sub then to true type until variant
    wend while with xor any local""".split()  # noqa: SIM905
)


def test_the_functions_are_those_of_the_contract(excel: Excel) -> None:
    found = {}
    for name, function in excel.functions.items():
        words = [
            f"[{argument['name']}]" if "optional" in argument else argument["name"]
            for argument in function.__xlfunc__["args"]
        ]
        found[name] = ", ".join(words)
    assert found == SIGNATURES


@pytest.mark.parametrize("name", SIGNATURES)
def test_every_function_and_argument_is_explained_in_the_wizard(excel: Excel, name: str) -> None:
    facts = excel.functions[name].__xlfunc__
    assert facts["category"] == "S&OP"
    help_text = " ".join(excel.functions[name].__doc__.split())
    assert 20 < len(help_text) <= 255, "what Application.MacroOptions takes"
    for argument in facts["args"]:
        assert not argument["doc"].startswith("Positional"), argument["name"]
        assert argument["doc"].endswith(".")
        assert len(argument["doc"]) <= 255
        assert argument["name"].lower() not in VBA_WORDS
        assert argument["options"] == {"ndim": 2, "err_to_str": True}


def test_the_generated_vba_has_a_wrapper_and_help_for_each() -> None:
    modules = generate_udf_modules()
    for name, signature in SIGNATURES.items():
        arguments = re.sub(r"\[(\w+)\]", r"Optional \1", signature)
        assert f"Function {name}({arguments})\n" in modules[WRAPPERS]
        passed = ", ".join(re.findall(r"\w+", signature))
        assert re.search(rf'{name} = XLPy\.CallUDF\("udfs\.\w+", "{name}", Array\({passed}\), ', modules[WRAPPERS])
        assert f'    Describe "{name}", "S&OP", "' in modules[HELP]


def test_version(excel: Excel) -> None:
    assert excel("SOP_VERSION") == __version__


CELLS = st.one_of(
    st.none(), st.floats(allow_nan=False), st.floats(-10, 1000), st.sampled_from([*ERRORS, SPILL, MISSING]),
    st.booleans(), st.text(max_size=5), st.sampled_from(["2027-01", "2027-Q1", "Revenue", "Base", "0.9"]), st.dates(),
)  # fmt: skip
RANGES = st.integers(1, 3).flatmap(
    lambda width: st.lists(st.tuples(*[CELLS] * width), min_size=1, max_size=4).map(tuple)
)


@pytest.mark.parametrize("name", [name for name in SIGNATURES if name != "SOP_VERSION"])
@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(data=st.data())
def test_no_exception_and_nothing_unexpected_whatever_comes_in(excel: Excel, name: str, data) -> None:
    count = len(excel.functions[name].__xlfunc__["args"])
    arguments = [data.draw(st.one_of(CELLS, RANGES)) for _ in range(count)]
    found = excel(name, *arguments)
    assert "unexpected" not in str(found)


def test_an_unforeseen_error_is_a_text_too(excel: Excel, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(forecasting, "forecast", lambda *arguments: 1 / 0)
    assert excel("SOP_FORECAST", 1.0, 1.0) == (
        "#SOP: unexpected ZeroDivisionError in SOP_FORECAST: division by zero. Please report it."
    )


def test_nothing_of_windows_is_left_behind() -> None:
    before = (dict(vars(xlwings)), dict(xlwings.engines.engines_by_name))
    with running_excel() as inner:
        assert inner("SOP_VERSION") == __version__
    assert dict(vars(xlwings)) == before[0]
    assert dict(xlwings.engines.engines_by_name) == before[1]
