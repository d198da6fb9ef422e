"""What a person sees of S&OP in LibreOffice: toolbar, status bar, worksheet functions. Part of the bridge: `bridge.py`.

Buttons carry addresses of our own (`sop:run_all`); an interceptor in front of the window's own dispatcher takes them
and sends an event. Worksheet functions are Basic functions of the user's profile that ask the UNO service `SERVICE`.
"""

import itertools
import threading

import uno
import unohelper
from com.sun.star.frame import FeatureStateEvent, XDispatch, XDispatchProviderInterceptor
from com.sun.star.lang import XServiceInfo, XSingleComponentFactory
from com.sun.star.task import XJob
from com.sun.star.util import XCloseListener

SERVICE = "addin.sop.WorksheetFunctions"
MODULE = "SopFunctions"
PROTOCOL = "sop:"
SAVE = ".uno:Save"  # Ctrl+S: into the planner's workbook, not into the working copy
TOOLBAR = "private:resource/toolbar/custom_sop"
SECONDS_FOR_A_CELL = 120
SPELLING = "#SOP: LibreOffice lost the connection; open the workbook again with: sop-addin open --host libreoffice"


class Dispatcher(unohelper.Base, XDispatchProviderInterceptor, XDispatch):
    """Takes the addresses of our buttons; everything else goes on to the window's own dispatcher."""

    def __init__(self, number, send):
        self.number, self.send = number, send
        self.slave = self.master = None

    def getSlaveDispatchProvider(self):
        return self.slave

    def setSlaveDispatchProvider(self, provider):
        self.slave = provider

    def getMasterDispatchProvider(self):
        return self.master

    def setMasterDispatchProvider(self, provider):
        self.master = provider

    def queryDispatch(self, url, target, flags):
        if url.Complete.startswith(PROTOCOL) or url.Complete == SAVE:
            return self
        return self.slave.queryDispatch(url, target, flags) if self.slave is not None else None

    def queryDispatches(self, requests):
        return tuple(self.queryDispatch(each.FeatureURL, each.FrameName, each.SearchFlags) for each in requests)

    def dispatch(self, url, arguments):
        action = "save" if url.Complete == SAVE else url.Complete[len(PROTOCOL) :]
        self.send(("event", ("pressed", self.number, action)))

    def addStatusListener(self, listener, url):
        """Buttons are always enabled."""
        state = FeatureStateEvent()
        state.FeatureURL, state.Source, state.IsEnabled, state.State = url, self, True, None
        listener.statusChanged(state)

    def removeStatusListener(self, listener, url):
        pass


class ClosingListener(unohelper.Base, XCloseListener):
    """Says that the planner closed the window."""

    def __init__(self, number, send):
        self.number, self.send = number, send

    def queryClosing(self, event, ownership):
        pass

    def notifyClosing(self, event):
        self.send(("event", ("closed", self.number, "")))

    def disposing(self, event):
        pass


class Functions(unohelper.Base, XJob, XServiceInfo):
    """Hands a worksheet function over to the other side of the pipe and waits for its result."""

    def __init__(self, calls):
        self.calls = calls

    def execute(self, arguments):
        given = {each.Name: each.Value for each in arguments}
        return as_cells(self.calls.ask(given["function"], [as_plain(value) for value in given["arguments"]]))

    def getImplementationName(self):
        return SERVICE

    def supportsService(self, name):
        return name == SERVICE

    def getSupportedServiceNames(self):
        return (SERVICE,)


class FunctionsFactory(unohelper.Base, XSingleComponentFactory, XServiceInfo):
    """Makes `createUnoService(SERVICE)` work in Basic."""

    def __init__(self, calls):
        self.functions = Functions(calls)

    def createInstanceWithContext(self, context):
        return self.functions

    def createInstanceWithArgumentsAndContext(self, arguments, context):
        return self.functions

    def getImplementationName(self):
        return SERVICE + ".Factory"

    def supportsService(self, name):
        return name == SERVICE

    def getSupportedServiceNames(self):
        return (SERVICE,)


class Calls:
    """Questions to the other side: LibreOffice's threads wait here for answers."""

    def __init__(self, send):
        self.send = send
        self.numbers = itertools.count(1)
        self.waiting = {}

    def ask(self, name, arguments):
        number, arrived = next(self.numbers), threading.Event()
        self.waiting[number] = [arrived, SPELLING]
        self.send(("call", (number, name, arguments)))
        arrived.wait(SECONDS_FOR_A_CELL)
        return self.waiting.pop(number)[1]

    def answer(self, number, result):
        if number in self.waiting:
            self.waiting[number][1] = result
            self.waiting[number][0].set()


def as_plain(value):
    """A Basic value as plain Python: a range is a list of rows."""
    if isinstance(value, tuple):
        return [[None if cell == "" else cell for cell in row] for row in value]
    return value


def as_cells(result):
    """A result as UNO takes it: rows of cells, or one cell."""
    if isinstance(result, list):
        return tuple(tuple("" if cell is None else cell for cell in row) for row in result)
    return "" if result is None else result


def basic_source(functions):
    """Basic module of worksheet functions: (name, number of arguments) each."""
    lines = [
        "REM Worksheet functions of S&OP; each asks the program that opened the workbook.",
        "Function SopAnswer(sName, aArguments)",
        "  On Error GoTo Lost",
        "  Dim aGiven(1) As New com.sun.star.beans.NamedValue",
        '  aGiven(0).Name = "function"',
        "  aGiven(0).Value = sName",
        '  aGiven(1).Name = "arguments"',
        "  aGiven(1).Value = aArguments",
        "  Dim vResult, i, j",
        f'  vResult = createUnoService("{SERVICE}").execute(aGiven())',
        "  If IsArray(vResult) Then",
        "    Dim aCells(UBound(vResult), UBound(vResult(0)))",
        "    For i = 0 To UBound(vResult)",
        "      For j = 0 To UBound(vResult(i))",
        "        aCells(i, j) = vResult(i)(j)",
        "      Next j",
        "    Next i",
        "    SopAnswer = aCells",
        "  Else",
        "    SopAnswer = vResult",
        "  End If",
        "  Exit Function",
        "Lost:",
        f'  SopAnswer = "{SPELLING}"',
        "End Function",
    ]
    for name, count in functions:
        names = [f"a{index}" for index in range(count)]
        lines.append(f"Function {name}(" + ", ".join("Optional " + argument for argument in names) + ")")
        lines.append(f"  Dim aGiven({max(count - 1, 0)})")
        lines.extend(
            f"  If Not IsMissing({argument}) Then aGiven({index}) = {argument}" for index, argument in enumerate(names)
        )
        lines.append(f'  {name} = SopAnswer("{name}", {"aGiven()" if count else "Array()"})')
        lines.append("End Function")
    return "\n".join(lines) + "\n"


def add_basic(office, module, source):
    """Put a module of Basic into the profile, for every workbook this LibreOffice opens from now on."""
    libraries = office.service("com.sun.star.script.ApplicationScriptLibraryContainer")
    if not libraries.hasByName("Standard"):
        libraries.createLibrary("Standard")
    libraries.loadLibrary("Standard")
    library = libraries.getByName("Standard")
    if library.hasByName(module):
        library.removeByName(module)
    library.insertByName(module, source)


def serve_functions(office, functions, calls):
    """Make worksheet functions known: (name, number of arguments) each."""
    add_basic(office, MODULE, basic_source(functions))
    office.context.ServiceManager.insert(FunctionsFactory(calls))


def show_toolbar(model, number, buttons, send, properties):
    """A toolbar with a button each of (action, label, help) on the document's window."""
    controller = model.getCurrentController()
    controller.ShowPageBreaks = False  # dashed lines all over the sheets, which Excel does not show
    frame = controller.getFrame()
    frame.registerDispatchProviderInterceptor(Dispatcher(number, send))
    model.addCloseListener(ClosingListener(number, send))
    manager = model.getUIConfigurationManager()
    settings = manager.createSettings()
    settings.UIName = "S&OP"
    text = uno.getConstantByName("com.sun.star.ui.ItemStyle.TEXT")
    for index, (action, label, tip) in enumerate(buttons):
        if action:
            item = properties(CommandURL=PROTOCOL + action, Label=label, Tooltip=tip, HelpURL="", Type=0, Style=text)
        else:
            item = properties(Type=uno.getConstantByName("com.sun.star.ui.ItemType.SEPARATOR_LINE"))
        uno.invoke(settings, "insertByIndex", (index, uno.Any("[]com.sun.star.beans.PropertyValue", item)))
    if manager.hasSettings(TOOLBAR):
        manager.replaceSettings(TOOLBAR, settings)
    else:
        manager.insertSettings(TOOLBAR, settings)
    frame.LayoutManager.createElement(TOOLBAR)
    frame.LayoutManager.showElement(TOOLBAR)


def press(office, model, address):
    """Dispatch an address (`sop:run_all`, `.uno:Save`) through the window, as a click does."""
    transformer = office.service("com.sun.star.util.URLTransformer")
    url = uno.createUnoStruct("com.sun.star.util.URL")
    url.Complete = address
    _, url = transformer.parseStrict(url)
    frame = model.getCurrentController().getFrame()
    frame.queryDispatch(url, "_self", 0).dispatch(url, ())


def buttons_shown(model):
    """(address, label) of the toolbar's buttons."""
    settings = model.getUIConfigurationManager().getSettings(TOOLBAR, False)
    found = []
    for index in range(settings.getCount()):
        item = {each.Name: each.Value for each in settings.getByIndex(index)}
        if item.get("CommandURL"):
            found.append((item["CommandURL"], item["Label"]))
    return found


def show_status(model, text):
    """One line in the window's status bar; '' gives it back to LibreOffice."""
    controller = model.getCurrentController()
    indicator = controller.getStatusIndicator() if hasattr(controller, "getStatusIndicator") else None
    if indicator is None:
        return
    if text:
        indicator.start(text, 0)
    else:
        indicator.end()
