"""One thing that can be wrong, whether it is, and how to mend it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class State(StrEnum):
    OK = "OK"
    PROBLEM = "problem"
    NOTE = "note"  # worth knowing; nothing fails because of it


@dataclass(frozen=True)
class Fact:
    """``fix`` is what to do; "" where there is nothing to do."""

    name: str
    state: State
    detail: str
    fix: str = ""


def ok(name: str, detail: str) -> Fact:
    return Fact(name, State.OK, detail)


def note(name: str, detail: str, fix: str = "") -> Fact:
    return Fact(name, State.NOTE, detail, fix)


def from_error(name: str, error: Exception) -> Fact:
    """A problem from the sentence of an error: what is wrong; what to do."""
    detail, _, fix = str(error).rstrip(".").rpartition("; ")
    return problem(name, detail or fix, f"{fix}." if detail else "mend that and run `sop-addin doctor` again.")


def problem(name: str, detail: str, fix: str) -> Fact:
    return Fact(name, State.PROBLEM, detail, fix)
