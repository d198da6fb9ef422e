"""What all worksheet functions share: how ranges arrive, and that no exception ever leaves one."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any, TypeVar

from sop_addin.model.errors import SopError

CATEGORY = "S&OP"
MARK = "#SOP: "
"""How a cell says that an argument is wrong."""

RANGE: dict[str, Any] = {"ndim": 2, "err_to_str": True}
"""Always rows of cells, so that rows, columns and single cells can be told apart; Excel errors as their texts."""

Function = TypeVar("Function", bound=Callable[..., Any])


def answered(function: Function) -> Function:
    """The function with errors turned into a text for the cell."""

    @functools.wraps(function)
    def answer(*arguments: Any) -> Any:
        try:
            return function(*arguments)
        except SopError as error:
            return f"{MARK}{error}"
        except Exception as error:  # noqa: BLE001 - the last resort: Excel would show a traceback in the cell
            return f"{MARK}unexpected {type(error).__name__} in {function.__name__}: {error}. Please report it."

    return answer  # type: ignore[return-value]
