"""What stands between a broken file and a traceback: every call of the engine ends in a value or in a sentence."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import ParamSpec, TypeVar

from lxml import etree

from sop_addin.engines.errors import EngineError, FileUnreadable

P = ParamSpec("P")
R = TypeVar("R")

# What reading digits, addresses, attributes and XML out of a broken file raises.
_DAMAGE = (ValueError, KeyError, IndexError, AttributeError, OverflowError, RecursionError, etree.LxmlError)


def readable(call: Callable[P, R]) -> Callable[P, R]:
    """The same call; what a part that is not as it should be raises becomes FileUnreadable. EngineErrors pass."""

    @wraps(call)
    def guarded(*words: P.args, **more: P.kwargs) -> R:
        try:
            return call(*words, **more)
        except EngineError:
            raise
        except _DAMAGE as error:
            what = " ".join(str(error).split())[:100]
            raise FileUnreadable(
                f"The workbook is damaged ({type(error).__name__}: {what}); open it in Excel and let Excel repair it."
            ) from error

    return guarded
