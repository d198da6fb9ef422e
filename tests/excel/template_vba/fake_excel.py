"""Our macros on pyOpenVBA's interpreter, against an Excel and an xlwings that record what is asked of them."""

from __future__ import annotations

import datetime as dt
import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from pyopenvba.apps.excel import ExcelApplication
from pyopenvba.apps.excel._bridge import ExcelBridge
from pyopenvba.apps.excel._model import Application
from pyopenvba.interpreter import (
    EMPTY,
    MISSING,
    NOTHING,
    Interpreter,
    VBAObject,
    member,
    method,
    setter,
    to_text,
)
from pyopenvba.interpreter._preprocess import strip_directives
from pyopenvba.interpreter._values import VBAArray
from pyopenvba.vba import VBAModuleKind

from sop_addin.excel.template.ovba import ModuleKind
from sop_addin.excel.template.vba_project import project_modules

SAFE_FOLDER = r"C:\Program Files\Microsoft Office\root\Office16"
MAIL_FOLDER = r"C:\Users\ann\Mail attachments"

# What xlwings.bas gives our code; each call goes to the recorder.
FAKE_XLWINGS = """
Public Const XLWINGS_VERSION As String = "0.37.8"
Public Function RunPython(PythonCommand As String)
    Recorder.RunPython PythonCommand
End Function
Public Function GetConfig(configKey As String, Optional default As String = "") As Variant
    GetConfig = Recorder.GetConfig(configKey, default)
End Function
Public Function FileExists(ByVal FileSpec As String) As Boolean
    FileExists = Recorder.FileExists(FileSpec)
End Function
Public Function WScript() As Object
    Set WScript = Recorder
End Function
Public Function CurDir() As String
    CurDir = Recorder.CurDir
End Function
"""


@dataclass
class Machine:
    """What stands on the fake computer, and what the macros did there."""

    python_exit_code: int | None = 0  # of the probe; None: no such program
    config: dict[str, str] = field(default_factory=dict)
    files: set[str] = field(default_factory=set)
    run_python_error: str = ""
    folder: str = MAIL_FOLDER
    commands: list[str] = field(default_factory=list)  # given to RunPython
    probes: list[str] = field(default_factory=list)  # given to WScript.Shell
    during: dict[str, Any] = field(default_factory=dict)  # Excel's state while Python runs
    keys: dict[str, str] = field(default_factory=dict)
    function_help: dict[str, tuple[str, str, list[str]]] = field(default_factory=dict)
    ribbon_refreshes: int = 0
    chosen_file: object = None  # in the dialog for files: a path, or an array of several; None: cancelled


class RecordedApplication(Application):
    vba_type_name = "Application"

    def __init__(self, machine: Machine) -> None:
        super().__init__()
        self.machine = machine
        self.cursor: object = -4143  # xlDefault

    @member
    def Cursor(self) -> object:
        return self.cursor

    @setter("Cursor")
    def _set_cursor(self, value: object) -> None:
        self.cursor = value

    @member
    def EnableCancelKey(self) -> object:
        return 1

    @setter("EnableCancelKey")
    def _set_enable_cancel_key(self, value: object) -> None:
        assert int(value) == 0  # type: ignore[call-overload]  # xlDisabled

    @member
    def Path(self) -> object:
        return SAFE_FOLDER

    @method
    def GetOpenFilename(self, *words: object, **more: object) -> object:
        return False if self.machine.chosen_file is None else self.machine.chosen_file  # an array of several

    @method
    def OnKey(self, Key: object, Procedure: object = MISSING) -> object:
        if Procedure is MISSING:
            self.machine.keys.pop(to_text(Key), None)
        else:
            self.machine.keys[to_text(Key)] = to_text(Procedure)
        return EMPTY

    @method
    def MacroOptions(
        self, Macro: object, Description: object, Category: object, ArgumentDescriptions: Any = MISSING
    ) -> object:
        arguments = [] if ArgumentDescriptions is MISSING else [to_text(one) for one in ArgumentDescriptions.items]
        self.machine.function_help[to_text(Macro)] = to_text(Description), to_text(Category), arguments
        self.active_book.saved = False
        return EMPTY


class Recorder(VBAObject):
    """Stands behind the fake xlwings and WScript.Shell."""

    def __init__(self, machine: Machine, application: RecordedApplication) -> None:
        self.machine = machine
        self.application = application

    @method
    def RunPython(self, command: object) -> object:
        self.machine.commands.append(to_text(command))
        self.machine.during = {
            "cursor": int(self.application.cursor),  # type: ignore[call-overload]
            "status": self.application.status_bar,
            "folder": self.machine.folder,
        }
        # Python changes Excel's state and may die before it puts it back.
        self.application.calculation, self.application.enable_events = -4135, False
        self.application.screen_updating = False
        if self.machine.run_python_error:
            from pyopenvba.exceptions import VBARuntimeError

            raise VBARuntimeError(429, self.machine.run_python_error)
        return EMPTY

    @method
    def GetConfig(self, key: object, default: object) -> object:
        return self.machine.config.get(to_text(key), to_text(default))

    @method
    def FileExists(self, path: object) -> object:
        return to_text(path) in self.machine.files

    @method
    def Run(self, command: object, window: object, wait: object) -> object:
        assert (int(window), bool(wait)) == (0, True)  # type: ignore[call-overload]
        self.machine.probes.append(to_text(command))
        if self.machine.python_exit_code is None:
            from pyopenvba.exceptions import VBARuntimeError

            raise VBARuntimeError(-2147024894, "The system cannot find the file specified.")
        return self.machine.python_exit_code

    @member
    def CurDir(self) -> object:
        return self.machine.folder

    @method
    def ChDir(self, path: object) -> object:
        self.machine.folder = to_text(path)
        return EMPTY

    @method
    def ChDrive(self, path: object) -> object:
        return EMPTY


class FakeRibbon(VBAObject):
    vba_type_name = "IRibbonUI"

    def __init__(self, machine: Machine) -> None:
        self.machine = machine

    @method
    def Invalidate(self) -> object:
        self.machine.ribbon_refreshes += 1
        return EMPTY


class Bridge(ExcelBridge):
    def __init__(self, application: RecordedApplication) -> None:
        super().__init__(application)
        self.recorder = Recorder(application.machine, application)

    def global_object(self, name: str) -> object:
        return self.recorder if name == "recorder" else super().global_object(name)


class FakeExcel(ExcelApplication):
    """A workbook of ours, open, with every module of ours loaded and xlwings replaced."""

    def __init__(self, machine: Machine, workbook: Path, *, mac: bool = False) -> None:
        from pyopenvba.apps.excel._io import load_workbook

        self.machine = machine
        self.application = RecordedApplication(machine)
        self.interpreter = Interpreter(Bridge(self.application))
        self.application.interpreter = self.interpreter
        book = load_workbook(self.application, workbook)
        self.application.workbooks_.books.append(book)
        self.application.activate_book(book)
        self.now = dt.datetime(2026, 1, 5, 9, 0, 0)
        self.wait(0)
        self.add_module(FAKE_XLWINGS, name="xlwings")
        for module in project_modules([]):
            if module.name not in ("xlwings", "Dictionary", "xlwings_udfs"):
                code = strip_directives("\n".join(module.code), constants={"Mac": mac})
                code = re.sub(r"\b(ChDir|ChDrive)\b", r"Recorder.\1", code)  # the interpreter does not know them
                kind = "document" if module.kind is ModuleKind.WORKBOOK else "standard"
                self.add_module(code, name=module.name, kind=kind)

    def choose_files(self, *paths: str) -> None:
        """In a dialog that takes several files."""
        self.machine.chosen_file = VBAArray([(1, len(paths))], items=list(paths))

    def wait(self, seconds: float) -> None:
        self.now += dt.timedelta(seconds=seconds)
        self.freeze_clock(self.now)

    @property
    def messages(self) -> list[str]:
        return [text for _, text, _, _ in self.dialogs]

    @property
    def state(self) -> tuple[object, ...]:
        """What a macro must leave as it was."""
        excel = self.application
        return (
            *(excel.calculation, excel.enable_events, excel.screen_updating),
            *(int(excel.cursor), self.machine.folder),  # type: ignore[call-overload]
        )

    def ask(self, callback: str, *arguments: object) -> Any:
        """What a get... callback of the ribbon answers through its last parameter."""
        types = "".join(f", ByVal a{i}" for i in range(len(arguments)))
        names = "".join(f", a{i}" for i in range(len(arguments)))
        body = (
            f"Public Function Ask_{callback}(control{types})\n{callback} control{names}, Ask_{callback}\nEnd Function"
        )
        self.add_module(body, name=f"Ask_{callback}")
        return self.run(f"Ask_{callback}", NOTHING, *arguments)


def parse_every_module(workbook: Path) -> list[str]:
    """Names of the modules that pyOpenVBA's parser took; raises VBACompileError for the first it does not take.

    It cannot read a comment behind a # directive, so those are cut off first.
    """
    from pyopenvba.excel import ExcelFile

    excel = ExcelApplication()
    with ExcelFile(workbook) as book:
        modules = [(one.name, one.kind, one.source) for one in book.vba_project().modules]
    for name, kind, source in modules:
        bare = re.sub(r"(?m)^(\s*#[^'\r\n]*?)\s*'[^\r\n]*", r"\1", source)
        excel.add_module(bare, name=name, kind="standard" if kind is VBAModuleKind.standard else "class")
    return [name for name, _, _ in modules]
