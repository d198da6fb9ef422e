"""Facts on Excel: is it there, may it run macros and start programs, and are the pieces of xlwings in their places?"""

from __future__ import annotations

from pathlib import Path

from sop_addin.setup.fact import Fact, note, ok, problem
from sop_addin.setup.install import dll_problem
from sop_addin.setup.machine import CURRENT_USER, LOCAL_MACHINE, Machine
from sop_addin.setup.probe import Probe

_USER = r"Software\Microsoft\Office\16.0\Excel\Security"
_POLICY = r"Software\Policies\Microsoft\Office\16.0\Excel\Security"
_APP_PATH = r"SOFTWARE\Microsoft\Windows\CurrentVersion\App Paths\excel.exe"
_ASR = r"SOFTWARE\Policies\Microsoft\Windows Defender\Windows Defender Exploit Guard\ASR\Rules"
_ASR_RULES = {
    "D4F940AB-401B-4EFC-AADC-AD5F3C50688A": "Office may start no other program",
    "92E97FA1-2EDF-4476-BDD6-9DD0B4DDDC7B": "macros may not call Windows functions",
}
_CMD = r"Software\Policies\Microsoft\Windows\System"

_ONLY_SIGNED, _NONE = 3, 4  # VBAWarnings; 1 allows all, 2 (the default) asks
_BLOCKS = 1
_TRUST_CENTER = "File > Options > Trust Center > Trust Center Settings > Macro Settings"


def excel_facts(machine: Machine, interpreter: Path, asked: Probe) -> list[Fact]:
    version = asked.version_of("xlwings") or machine.xlwings_version
    if machine.is_windows:
        return [
            _excel_on_windows(machine), _dll(machine, interpreter, version, asked), _macros_on_windows(machine),
            _attack_surface(machine), _command_prompt(machine),
        ]  # fmt: skip
    if machine.is_mac:
        return [_excel_on_mac(machine), _applescript(machine, version), _macros_on_mac(machine)]
    return []


# --- Windows ----------------------------------------------------------------------------------------------------------


def _excel_on_windows(machine: Machine) -> Fact:
    for hive in (LOCAL_MACHINE, CURRENT_USER):
        found = machine.registry(hive, _APP_PATH, "")
        if found:
            return ok("Microsoft Excel", str(found))
    fix = "install the desktop version of Excel (2016 or later, or Microsoft 365)."
    return problem("Microsoft Excel", "no desktop Excel is registered on this machine", fix)


def _dll(machine: Machine, interpreter: Path, version: str, asked: Probe) -> Fact:
    missing = dll_problem(interpreter, version)
    if missing:
        python = machine.typed(asked.executable or interpreter)
        pip = f"{python} -m pip install --force-reinstall --no-user xlwings=={version}"
        return problem("xlwings DLL", f"{missing}: worksheet functions do not work (buttons do)", pip)
    return ok("xlwings DLL", f"version {version} lies beside Python")


def _macros_on_windows(machine: Machine) -> Fact:
    name = "Macro security"
    by_policy = machine.registry(CURRENT_USER, _POLICY, "VBAWarnings")
    level = by_policy if by_policy is not None else machine.registry(CURRENT_USER, _USER, "VBAWarnings")
    if level in (_ONLY_SIGNED, _NONE):
        what = "Excel runs no macros" if level == _NONE else "Excel runs signed macros only, and ours are not signed"
        if by_policy is not None:
            fix = "ask IT for a trusted location or another policy (docs/it.md)."
            return problem(name, f"{what} (policy VBAWarnings={level})", fix)
        fix = f"{_TRUST_CENTER}: 'Disable VBA macros with notification'; or add a trusted location."
        return problem(name, f"{what} (VBAWarnings={level})", fix)
    blocked = machine.registry(CURRENT_USER, _POLICY, "blockcontentexecutionfrominternet")
    hint = "; macros of files from the internet or from mail are blocked by policy" if blocked == _BLOCKS else ""
    return ok(name, f"Excel {'runs all macros' if level == 1 else 'asks before it runs macros: Enable Content'}{hint}")


def _attack_surface(machine: Machine) -> Fact:
    name = "Attack surface rules"
    active = [
        text for rule, text in _ASR_RULES.items()
        if str(machine.registry(LOCAL_MACHINE, _ASR, rule)) == str(_BLOCKS)
    ]  # fmt: skip
    if active:
        fix = "ask IT for an exclusion for the folder of the workbooks (docs/it.md)."
        return problem(name, f"Microsoft Defender blocks: {'; '.join(active)}", fix)
    return ok(name, "none found that blocks xlwings")


def _command_prompt(machine: Machine) -> Fact:
    if machine.registry(CURRENT_USER, _CMD, "DisableCMD") == _BLOCKS:
        fix = "ask IT to allow cmd.exe for scripts (docs/it.md)."
        return problem("Command prompt", "cmd.exe is switched off by policy; xlwings starts Python through it", fix)
    return ok("Command prompt", "cmd.exe is allowed")


# --- Mac --------------------------------------------------------------------------------------------------------------


def _excel_on_mac(machine: Machine) -> Fact:
    app = machine.applications / "Microsoft Excel.app"
    if not app.exists():
        return problem("Microsoft Excel", f"{app} is not there", "install Excel 2016 or later, or Microsoft 365.")
    if not machine.excel_container.is_dir():
        fix = "start Excel once, quit it, then run `sop-addin install`."
        return problem("Microsoft Excel", f"{app} has not been started yet for this user", fix)
    return ok("Microsoft Excel", str(app))


def _applescript(machine: Machine, version: str) -> Fact:
    name = "AppleScript"
    path = machine.applescript_path.with_name(f"xlwings-{version}.applescript")
    if not path.is_file():
        others = sorted(one.name for one in path.parent.glob("xlwings-*.applescript"))
        there = f" ({', '.join(others)} is)" if others else ""
        detail = f"{path} is not there{there}, so Excel may not start Python"
        return problem(name, detail, "run `sop-addin install`.")
    source = machine.xlwings_folder / path.name
    if source.is_file() and source.read_bytes() != path.read_bytes():
        return problem(name, f"{path} is not the one of xlwings {version}", "delete it and run `sop-addin install`.")
    return ok(name, path.name)


def _macros_on_mac(machine: Machine) -> Fact:
    name = "Macro security"
    found = [
        machine.run(["/usr/bin/defaults", "read", domain, "VisualBasicMacroExecutionState"], None)
        for domain in ("com.microsoft.Excel", "com.microsoft.office")
    ]
    state = next((ran.out.strip() for ran in found if ran.code == 0), "")
    if state == "DisabledWithoutWarnings":
        fix = (
            "Excel > Settings > Security: 'Disable all macros with notification'; or ask IT where it is set by profile."
        )
        return problem(name, "Excel runs no macros", fix)
    if state == "EnabledWithoutWarnings":
        return ok(name, "Excel runs all macros")
    return note(name, "Excel asks before it runs macros: choose Enable Macros")
