"""The side of the engine that runs in LibreOffice's own Python: it starts LibreOffice and does what is asked.

A program of its own (`python bridge.py`), because PyUNO works with one version of Python only: the one LibreOffice
brings (Windows, Mac) or the system's (Linux). It uses the standard library and `uno` alone. Messages are pickles on its
standard input and output. In: ("request", (method, arguments)) and ("result", (number of a call, value)). Out: ("ok",
result) or ("error" / "fault", sentence) for each request, and at any time ("event", what happened) and ("call", a
worksheet function to work out).

Rows and columns count from 1. Formulas are in LibreOffice's notation, marked as ("formula", text, is a matrix formula).
"""

import contextlib
import os
import pickle
import queue
import subprocess
import sys
import threading
import time
import uuid

import bridge_dialogs as dialogs
import bridge_host as host
import uno
from bridge_document import Document, Lists, Refused, properties, url_of

SECONDS_TO_START = 90


class Office:
    """One LibreOffice with a profile of its own, and the documents it has open, by number."""

    def __init__(self, send, soffice, profile, visible):
        self.send = send
        self.calls = host.Calls(send)
        pipe = "sop" + uuid.uuid4().hex[:12]
        command = [
            soffice, "-env:UserInstallation=" + url_of(profile), "--norestore", "--nologo", "--nodefault",
            "--nofirststartwizard", "--accept=pipe,name=" + pipe + ";urp;StarOffice.ComponentContext",
        ]  # fmt: skip
        if not visible:
            command.append("--headless")
        self.visible = visible
        self.process = subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        self.context = self._connect("uno:pipe,name=" + pipe + ";urp;StarOffice.ComponentContext")
        self.desktop = self.service("com.sun.star.frame.Desktop")
        # LibreOffice trusts the values stored in an .xlsx of another program: ours must be worked out anew
        self.configure("/org.openoffice.Office.Calc/Formula/Load", OOXMLRecalcMode=0, ODFRecalcMode=0)
        host.add_basic(self, Lists.MODULE, Lists.SOURCE)
        self.lists = Lists(self.service)
        self.documents = {}
        self.last = 0

    def _connect(self, url):
        local = uno.getComponentContext()
        resolver = local.ServiceManager.createInstanceWithContext("com.sun.star.bridge.UnoUrlResolver", local)
        end = time.monotonic() + SECONDS_TO_START
        while time.monotonic() < end:
            try:
                return resolver.resolve(url)
            except Exception:  # noqa: BLE001  not listening yet
                if self.process.poll() not in (None, 0):
                    break
                time.sleep(0.05)
        raise Refused("LibreOffice did not start; start it once by hand to see why.")

    def service(self, name):
        return self.context.ServiceManager.createInstanceWithContext(name, self.context)

    def configure(self, path, **values):
        provider = self.service("com.sun.star.configuration.ConfigurationProvider")
        access = provider.createInstanceWithArguments(
            "com.sun.star.configuration.ConfigurationUpdateAccess", properties(nodepath=path)
        )
        for name, value in values.items():
            access.setPropertyValue(name, value)
        access.commitChanges()

    # -- requests about documents

    def open(self, path):
        """Open a workbook ('' = a new one) and return its number."""
        url = url_of(path) if path else "private:factory/scalc"
        hidden = not self.visible
        # macros of a document never run: only those of listed folders would (7, and no bar says so), and our profile
        # lists none; links are not updated
        model = self.desktop.loadComponentFromURL(
            url, "_blank", 0, properties(Hidden=hidden, MacroExecutionMode=7, UpdateDocMode=0)
        )
        if model is None or not model.supportsService("com.sun.star.sheet.SpreadsheetDocument"):
            raise Refused("LibreOffice could not open " + os.path.basename(path) + " as a workbook.")
        if not path:
            model.Sheets.getByIndex(0).Name = "Sheet1"
        self.last += 1
        self.documents[self.last] = Document(model, self.lists)
        return self.last

    def close(self, number):
        document = self.documents.pop(number, None)
        if document is not None:
            with contextlib.suppress(Exception):  # a user may have closed its window
                document.model.close(True)

    def ask(self, number, method, *arguments):
        """One request to one document."""
        return getattr(self.documents[number], method)(*arguments)

    def quit(self):
        with contextlib.suppress(Exception):
            self.desktop.terminate()
        try:
            self.process.wait(20)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()

    # -- requests of the host: what a person sees

    def serve_functions(self, functions):
        """(name, number of arguments) of worksheet functions, for workbooks opened from now on."""
        host.serve_functions(self, functions, self.calls)

    def show_toolbar(self, number, buttons):
        host.show_toolbar(self.documents[number].model, number, buttons, self.send, properties)

    def buttons_shown(self, number):
        return host.buttons_shown(self.documents[number].model)

    def press(self, number, address):
        host.press(self, self.documents[number].model, address)

    def set_unmodified(self, number):
        """Nothing to save, as far as LibreOffice is concerned."""
        self.documents[number].model.setModified(False)

    def show_message(self, number, text, title, problem, buttons):
        if not self.visible:
            return buttons.partition("_")[0]
        return dialogs.show_message(self, self.documents[number].model, text, title, problem, buttons)

    def ask_text(self, number, prompt, title, given):
        return dialogs.ask_text(self, self.documents[number].model, prompt, title, given) if self.visible else ""

    def choose_files(self, number, title, several):
        return dialogs.choose_files(self, title, several) if self.visible else []

    def show_status(self, number, text):
        if self.visible:
            host.show_status(self.documents[number].model, text)


class Side:
    """Our end of the pipe: answers to calls go to who waits for them, requests are done one after the other."""

    def __init__(self, requests, answers):
        self.requests, self.answers = requests, answers
        self.lock = threading.Lock()
        self.queue = queue.Queue()
        self.office = None

    def send(self, message):
        with self.lock:
            pickle.dump(message, self.answers, 4)
            self.answers.flush()

    def read(self):
        """Runs in a thread of its own: a function may be asked for while a request is being done."""
        while True:
            try:
                kind, content = pickle.load(self.requests)
            except (EOFError, OSError):
                self.queue.put(None)
                return
            if kind == "request":
                self.queue.put(content)
            elif self.office is not None:
                self.office.calls.answer(*content)

    def work(self):
        """Do requests until the other side closes the pipe or asks to quit."""
        threading.Thread(target=self.read, daemon=True).start()
        while True:
            request = self.queue.get()
            if request is None:
                break
            method, arguments = request
            self.send(self.do(method, arguments))
            if method == "quit":
                return
        if self.office is not None:
            self.office.quit()

    def do(self, method, arguments):
        try:
            if method == "start":
                self.office = Office(self.send, *arguments)
                return ("ok", None)
            return ("ok", getattr(self.office, method)(*arguments))
        except Refused as error:
            return ("error", str(error))
        except Exception as error:  # noqa: BLE001  the other side makes a sentence of it
            return ("fault", type(error).__name__ + ": " + str(getattr(error, "Message", "") or error))


if __name__ == "__main__":
    Side(sys.stdin.buffer, sys.stdout.buffer).work()
    os._exit(0)  # the reading thread still waits for input, which would hold up an ordinary end
