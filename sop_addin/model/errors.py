"""Errors that reach a person. Every message is one sentence: where, what, what to do."""

from __future__ import annotations


class SopError(Exception):
    """Base of all errors that are shown to a planner as they are."""


class InputError(SopError):
    """An argument or a table that cannot be planned with."""


class WorkbookError(SopError):
    """A file that cannot be read, written or recognised."""


class Stopped(SopError):
    """The planner stopped a run before it wrote anything."""


class SolverError(SopError):
    """The solver gave no usable answer."""
