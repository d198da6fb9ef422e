"""A generic xlwings engine (the desktop contract of xlwings 0.37.8) over a small Backend per workbook.

Members of the contract that are not implemented raise NotImplementedError from xlwings' own base classes.
"""

import datetime as dt
import itertools
import os
from collections.abc import Callable, Iterator
from typing import Any

import xlwings as xw
from xlwings import base_classes

from sop_addin.engines.backend import Backend
from sop_addin.engines.base_sheet import Names, Sheets
from sop_addin.engines.errors import EngineError
from sop_addin.engines.values import XlError


class Engine:
    """An xlwings engine. `open_book(path)` gives the Backend of a file, `new_book()` that of an empty workbook."""

    type = "desktop"

    def __init__(
        self,
        name: str,
        open_book: Callable[[str], Backend],
        new_book: Callable[[], Backend] | None = None,
        version: str = "16.0",
    ) -> None:
        self.name = name
        self.open_book = open_book
        self.new_book = new_book
        self.version = version
        self.apps = Apps(self)

    @staticmethod
    def prepare_xl_data_element(value: Any, options: dict[str, Any]) -> Any:
        """xlwings calls this for each value before writing; Range cleans values in one go instead."""
        return value

    @staticmethod
    def clean_value_data(data: Any, date: Any, empty: Any, number: Any, errors_as_text: bool) -> list[list[Any]]:
        """xlwings calls this after reading, with the wished types of dates, blanks, numbers and errors."""
        if date is dt.datetime and empty is None and number is None:
            wanted = (lambda error: str(error)) if errors_as_text else (lambda error: None)
            return [[wanted(value) if type(value) is XlError else value for value in row] for row in data]

        def convert(value: Any) -> Any:
            if value is None or value == "":
                return empty
            if isinstance(value, XlError):
                return str(value) if errors_as_text else None
            if isinstance(value, dt.datetime):
                return date(
                    year=value.year,
                    month=value.month,
                    day=value.day,
                    hour=value.hour,
                    minute=value.minute,
                    second=value.second,
                    microsecond=value.microsecond,
                    tzinfo=None,
                )
            return number(value) if number is not None and isinstance(value, float) else value

        return [[convert(value) for value in row] for row in data]


def register(engine: Engine) -> xw.Engine:
    """Make an engine known to xlwings under its name, once. The active engine (live Excel) stays active."""
    if engine.name not in xw.engines.engines_by_name:
        xw.engines.add(xw.Engine(impl=engine))
    registered: xw.Engine = xw.engines.engines_by_name[engine.name]
    return registered


class Apps(base_classes.Apps):
    """The running instances of an engine; each has a number in place of a process id."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        self._apps: list[App] = []
        self._numbers = itertools.count(1)

    def keys(self) -> list[int]:
        return [app.pid for app in self._apps]

    def add(self, spec: Any = None, add_book: bool | None = None, xl: Any = None, visible: Any = None) -> "App":
        app = App(self, next(self._numbers))
        self._apps.insert(0, app)
        if add_book:
            app.books.add()
        return app

    @staticmethod
    def cleanup() -> None:
        """Nothing is left running."""

    def __iter__(self) -> "Iterator[App]":
        return iter(list(self._apps))

    def __len__(self) -> int:
        return len(self._apps)

    def __getitem__(self, pid: int) -> "App":
        for app in self._apps:
            if app.pid == pid:
                return app
        raise KeyError(pid)

    def to_front(self, app: "App") -> None:
        self._apps.remove(app)
        self._apps.insert(0, app)

    def forget(self, app: "App") -> None:
        if app in self._apps:
            self._apps.remove(app)


class App(base_classes.App):
    """One instance: a set of open books. Screen settings are taken and have no effect."""

    screen_updating = True
    display_alerts = True
    enable_events = True
    interactive = True
    visible = False
    calculation = "automatic"
    cut_copy_mode = None
    hwnd = None
    startup_path = ""
    path = ""

    def __init__(self, apps: Apps, pid: int) -> None:
        self.apps = apps
        self._pid = pid
        self.engine = apps.engine
        self._books = Books(self)
        self._status: Any = False

    @property
    def books(self) -> "Books":
        return self._books

    @property
    def api(self) -> "App":
        return self

    @property
    def pid(self) -> int:
        return self._pid

    @property
    def version(self) -> str:
        return self.engine.version

    @property
    def status_bar(self) -> Any:
        return self._status

    @status_bar.setter
    def status_bar(self, value: Any) -> None:
        self._status = value
        if self.books.active is not None:
            self.books.active.backend.show_status(str(value) if value else "")

    @property
    def selection(self) -> Any:
        book = self.books.active
        if book is None:
            return None
        return book.selected or book.sheets.active.range((1, 1))

    def activate(self, steal_focus: bool = False) -> None:
        self.apps.to_front(self)

    def calculate(self) -> None:
        for book in self.books:
            book.backend.calculate()

    def run(self, macro: str, args: Any) -> Any:
        """Run a VBA macro, 'Name' or "'Book.xlsm'!Name", where the backend can."""
        book_name, bang, name = macro.rpartition("!")
        book = self.books(book_name.strip("'")) if bang else self.books.active
        if book is None:
            raise EngineError(f"No workbook is open to run {macro} in.")
        return book.backend.run_macro(name, args)

    def alert(self, prompt: str, title: str, buttons: str, mode: str, callback: Any) -> str:
        """Shown over the active workbook; the button that was pressed, the first where nobody is there to choose."""
        if self.books.active is None:
            return buttons.partition("_")[0]
        pressed: str = self.books.active.backend.show_message(prompt, title, mode == "critical", buttons)
        return pressed

    def quit(self) -> None:
        for book in self.books:
            book.close()
        self.apps.forget(self)

    kill = quit


class Books(base_classes.Books):
    """Open books of an app, the active one first."""

    def __init__(self, app: App) -> None:
        self.app = app
        self._books: list[Book] = []

    @property
    def api(self) -> App:
        return self.app

    @property
    def active(self) -> "Book | None":
        return self._books[0] if self._books else None

    def __iter__(self) -> "Iterator[Book]":
        return iter(list(self._books))

    def __len__(self) -> int:
        return len(self._books)

    def __call__(self, name_or_index: int | str) -> "Book":
        if isinstance(name_or_index, int):
            return self._books[name_or_index - 1]
        for book in self._books:
            if name_or_index.lower() in (book.name.lower(), book.fullname.lower()):
                return book
        raise KeyError(name_or_index)

    def __contains__(self, name: object) -> bool:
        return any(book.name.lower() == str(name).lower() for book in self._books)

    def add(self) -> "Book":
        if self.app.engine.new_book is None:
            raise EngineError("This engine makes no new workbooks; start from a template.")
        taken = {book.name.lower() for book in self._books}
        name = next(f"Book{n}" for n in itertools.count(1) if f"book{n}" not in taken)
        return self.adopt(Book(self.app, name, self.app.engine.new_book()))

    def open(self, fullname: str, update_links: Any = None, read_only: Any = None, *args: Any, **kwargs: Any) -> "Book":
        book = self.adopt(Book(self.app, os.path.abspath(fullname), self.app.engine.open_book(fullname)))
        book.read_only = bool(read_only)
        return book

    def adopt(self, book: "Book") -> "Book":
        """Take an open book in, as the active one."""
        self._books.insert(0, book)
        return book

    def to_front(self, book: "Book") -> None:
        self._books.remove(book)
        self._books.insert(0, book)

    def forget(self, book: "Book") -> None:
        if book in self._books:
            self._books.remove(book)


class Book(base_classes.Book):
    """One open workbook."""

    def __init__(self, app: App, fullname: str, backend: Backend) -> None:
        self._app = app
        self._fullname = fullname
        self.backend = backend
        self.selected: Any = None
        self.active_sheet: str | None = None
        self.read_only = False

    @property
    def app(self) -> App:
        return self._app

    @property
    def api(self) -> Backend:
        return self.backend

    @property
    def name(self) -> str:
        return os.path.basename(self._fullname)

    @property
    def fullname(self) -> str:
        return self._fullname

    @property
    def sheets(self) -> Sheets:
        return Sheets(self)

    @property
    def names(self) -> Names:
        return Names(self)

    def activate(self) -> None:
        self._app.books.to_front(self)

    def close(self) -> None:
        self.backend.close()
        self._app.books.forget(self)

    def save(self, path: str | None = None, password: str | None = None) -> None:
        """Save under `path` or where the book came from (a new book: into the current folder)."""
        if password:
            raise EngineError(f"{self.name}: this engine cannot protect a workbook by a password; do so in Excel.")
        if path is None and self.read_only:
            raise EngineError(f"{self.name} was opened read-only; save it under another name.")
        target = os.path.abspath(path or self._fullname)
        if not os.path.splitext(target)[1]:
            target += ".xlsx"
        self.backend.save(target)
        self._fullname = target


class _OwnAppBook(Book):
    """A book with an app of its own, which goes when the book is closed."""

    def close(self) -> None:
        super().close()
        self.app.apps.forget(self.app)


def book_of(engine: Engine, path: str | os.PathLike[str], backend: Backend) -> xw.Book:
    """A workbook that ``backend`` has open, as an xlwings book in an app of its own."""
    app = register(engine).impl.apps.add()
    book = _OwnAppBook(app, os.path.abspath(path), backend)
    app.books.adopt(book)
    return xw.Book(impl=book)
