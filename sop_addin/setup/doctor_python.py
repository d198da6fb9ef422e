"""Facts on the Python that Excel starts: is it fit, and are the packages there?"""

from __future__ import annotations

from pathlib import Path, PurePath

from sop_addin.setup.fact import Fact, note, ok, problem
from sop_addin.setup.machine import Machine
from sop_addin.setup.probe import Probe

OLDEST, TOO_NEW = (3, 11), (3, 14)
_NEW_PYTHON = (
    "install Python 3.11 to 3.13 (64-bit) from python.org, make a virtual environment, install sop-addin there"
)


def python_facts(machine: Machine, asked: Probe, interpreter: Path) -> list[Fact]:
    if asked.problem:
        return [problem("Python", f"{interpreter}: {asked.problem}", f"{_NEW_PYTHON} and run `sop-addin install`.")]
    pip = f"{machine.typed(asked.executable)} -m pip install"
    return [
        _version(asked),
        _bits(asked),
        *([_store(asked)] if machine.is_windows else []),
        _environment(asked),
        *_terminal(machine),
        *_bridge(machine, asked, pip),
        _sop_addin(asked, pip),
        _solver(asked, pip),
        _forecasting(asked, pip),
    ]


def _version(asked: Probe) -> Fact:
    version = ".".join(map(str, asked.version))
    detail = f"{version}, {asked.executable}"
    if asked.version[:2] < OLDEST:
        return problem("Python", f"{detail}: too old", f"{_NEW_PYTHON} and run `sop-addin install`.")
    if asked.version[:2] >= TOO_NEW:
        return problem("Python", f"{detail}: newer than sop-addin knows", f"{_NEW_PYTHON} and run `sop-addin install`.")
    return ok("Python", detail)


def _bits(asked: Probe) -> Fact:
    if asked.bits != 64:
        detail = f"Python is {asked.bits}-bit; the forecasting and solver packages exist for 64-bit only"
        return problem("64-bit", detail, f"{_NEW_PYTHON}; Excel itself may be 32-bit.")
    return ok("64-bit", "yes")


def _store(asked: Probe) -> Fact:
    name = "Microsoft Store"
    places = [path for path in (asked.executable, asked.prefix, asked.base) if _is_store(path)]
    if places:
        detail = f"this Python comes from the Microsoft Store ({places[0]}): Windows hides its files from Excel"
        return problem(name, detail, f"{_NEW_PYTHON} and run `sop-addin install`.")
    return ok(name, "Python does not come from there")


def _is_store(path: str) -> bool:
    parts = [part.lower() for part in PurePath(path.replace("\\", "/")).parts]
    return "windowsapps" in parts or any(part.startswith("pythonsoftwarefoundation.python.") for part in parts)


def _environment(asked: Probe) -> Fact:
    name = "Virtual environment"
    if asked.prefix != asked.base:
        return ok(name, asked.prefix)
    if Path(asked.prefix, "conda-meta").is_dir():
        return ok(name, f"conda, {asked.prefix}")
    return note(
        name, f"none: {asked.prefix} is shared with other programs, which may change its packages",
        "make one with `python -m venv`, install sop-addin there and run `sop-addin install`.",
    )  # fmt: skip


def _terminal(machine: Machine) -> list[Fact]:
    """Variables of this terminal that Excel, started from its icon, may not have."""
    names = [name for name in ("PYTHONPATH", "PYTHONHOME") if machine.environment.get(name)]
    if not names or not machine.has_excel_platform:
        return []
    detail = f"{' and '.join(names)} set in this terminal changes what Python finds; Excel may not see it"
    return [note("Environment", detail, "unset it and run doctor again.")]


def _bridge(machine: Machine, asked: Probe, pip: str) -> list[Fact]:
    facts = []
    for package, module in (("pywin32", "win32com.client"), ("appscript", "appscript")):
        if module in asked.modules:
            if error := asked.error_of(module):
                facts.append(problem(package, f"cannot be imported ({error})", f"{pip} --force-reinstall {package}"))
            else:
                facts.append(ok(package, "can be imported"))
    version = asked.version_of("xlwings")
    wanted = machine.xlwings_version
    if version is None:
        facts.append(
            problem("xlwings", f"cannot be imported ({asked.error_of('xlwings')})", f"{pip} xlwings=={wanted}")
        )
    elif version != wanted:
        detail = f"Excel's Python has {version}, this sop-addin needs {wanted}"
        facts.append(problem("xlwings", detail, f"{pip} xlwings=={wanted}"))
    else:
        facts.append(ok("xlwings", version))
    return facts


def _sop_addin(asked: Probe, pip: str) -> Fact:
    version = asked.version_of("sop_addin")
    if version is None:
        return problem("sop-addin", f"cannot be imported ({asked.error_of('sop_addin')})", f"{pip} sop-addin")
    if error := asked.error_of("sop_addin.macros"):
        detail = f"{version}, but its buttons cannot be loaded ({error})"
        return problem("sop-addin", detail, f"{pip} --force-reinstall sop-addin")
    return ok("sop-addin", version)


def _solver(asked: Probe, pip: str) -> Fact:
    highs = asked.version_of("highspy")
    if asked.version_of("pulp") is None:
        return problem("Solver", f"PuLP cannot be imported ({asked.error_of('pulp')})", f"{pip} pulp==3.3.2")
    if highs is not None:
        return ok("Solver", f"HiGHS {highs}{', CBC' if asked.cbc else ''}".replace("  ", " "))
    if asked.cbc:
        return note("Solver", "CBC only, which is slower: HiGHS cannot be imported", f'{pip} "highspy>=1.10,<2"')
    detail = f"neither HiGHS ({asked.error_of('highspy')}) nor CBC is there: the balance cannot be solved"
    return problem("Solver", detail, f'{pip} "highspy>=1.10,<2"')


def _forecasting(asked: Probe, pip: str) -> Fact:
    version = asked.version_of("statsforecast")
    if version is None:
        detail = f"statsforecast cannot be imported ({asked.error_of('statsforecast')}): nothing can be forecast"
        return problem("Forecasting", detail, f"{pip} statsforecast==2.1.1")
    return ok("Forecasting", f"statsforecast {version}")
