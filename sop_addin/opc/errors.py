"""Errors about files. Each message is one sentence for a planner: where, what, and what to do."""


class EngineError(Exception):
    """A workbook could not be read, changed or saved as asked; the message is shown to the user as it stands."""


class FileUnreadable(EngineError):
    """The file is not a workbook that can be read: wrong kind, damaged, protected or unsafe."""
