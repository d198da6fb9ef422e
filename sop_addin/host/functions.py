"""The worksheet functions, worked out for a spreadsheet that asks by name."""

from __future__ import annotations

import inspect
import pkgutil
from collections.abc import Callable, Sequence
from functools import cache
from importlib import import_module
from typing import Any

import udfs

Function = Callable[..., Any]


@cache
def worksheet_functions() -> dict[str, Function]:
    """Every function of `udfs` by name."""
    modules = (import_module(f"udfs.{module.name}") for module in pkgutil.iter_modules(udfs.__path__))
    return {name: value for module in modules for name, value in vars(module).items() if name.startswith("SOP_")}


def signatures() -> list[tuple[str, int]]:
    """(name, number of arguments) of each."""
    return [(name, len(inspect.signature(function).parameters)) for name, function in worksheet_functions().items()]


def answer(name: str, arguments: Sequence[Any]) -> Any:
    """What the cell shows: a value or rows of values. Ranges come as rows, as Excel hands them over; blanks as None."""
    as_ranges = [value if value is None or isinstance(value, list) else [[value]] for value in arguments]
    return worksheet_functions()[name](*as_ranges)
