"""Errors of the engines. Each message is one sentence for a planner: where, what, and what to do."""

from sop_addin.opc.errors import EngineError, FileUnreadable

__all__ = ["EngineError", "FileChanged", "FileLocked", "FileUnreadable"]


class FileLocked(EngineError):
    """Another program has the workbook open, or the folder does not let us write."""


class FileChanged(EngineError):
    """The file on disk is no longer the one that was opened; saving would overwrite somebody's work."""
