"""Errors of the engines. Each message is one sentence for a planner: where, what, and what to do."""


class EngineError(Exception):
    """A workbook could not be read, changed or saved as asked; the message is shown to the user as it stands."""


class FileUnreadable(EngineError):
    """The file is not a workbook that can be read: wrong kind, damaged, protected or unsafe."""


class FileLocked(EngineError):
    """Another program has the workbook open, or the folder does not let us write."""


class FileChanged(EngineError):
    """The file on disk is no longer the one that was opened; saving would overwrite somebody's work."""
