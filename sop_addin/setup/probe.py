"""Ask the Python that Excel will start what it is and what it can import, in a process of its own."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from sop_addin.setup.machine import Machine

_MARK = "SOP-PROBE "
_NOT_FOUND = 9009  # what cmd and the Microsoft Store stub give for a Python that is not there

# For any Python since 3.4, so that an old one can say that it is old. Paths come first, as xlwings puts them.
SCRIPT = """
import json, struct, sys
sys.path[0:0] = sys.argv[2:]
def found(name):
    try:
        module = __import__(name, fromlist=["x"])
    except BaseException as error:
        return {"error": "%s: %s" % (type(error).__name__, error)}
    try:
        from importlib.metadata import version
        return {"version": str(getattr(module, "__version__", "") or version(name))}
    except BaseException:
        return {"version": ""}
def cbc():
    import pulp
    return bool(pulp.PULP_CBC_CMD(msg=False).available())
facts = {
    "executable": sys.executable, "version": list(sys.version_info[:3]), "bits": struct.calcsize("P") * 8,
    "prefix": sys.prefix, "base": getattr(sys, "base_prefix", sys.prefix),
    "modules": dict((name, found(name)) for name in sys.argv[1].split(",")),
}
try:
    facts["cbc"] = cbc()
except BaseException:
    facts["cbc"] = False
sys.stdout.write("\\nSOP-PROBE " + json.dumps(facts) + "\\n")
"""


@dataclass(frozen=True)
class Probe:
    """What a Python says of itself; ``problem`` where it could not be started."""

    problem: str = ""
    executable: str = ""
    version: tuple[int, ...] = ()
    bits: int = 64
    prefix: str = ""
    base: str = ""
    cbc: bool = False
    modules: Mapping[str, Mapping[str, str]] = field(default_factory=dict)

    def version_of(self, name: str) -> str | None:
        """The version of a module; None where it cannot be imported."""
        found = self.modules.get(name, {})
        return None if "error" in found or not found else found.get("version", "")

    def error_of(self, name: str) -> str:
        return self.modules.get(name, {}).get("error", "")


def modules_of(machine: Machine) -> list[str]:
    """What a button needs, the bridge first."""
    bridge = {"win32": ["win32com.client"], "darwin": ["appscript"]}.get(machine.platform, [])
    return [*bridge, "xlwings", "sop_addin", "sop_addin.macros", "pulp", "highspy", "statsforecast"]


def probe(machine: Machine, interpreter: Path, paths: Sequence[str] = ()) -> Probe:
    """Run ``interpreter`` as xlwings does: in its own folder, with ``paths`` before all others."""
    command = [str(interpreter), "-B", "-W", "ignore", "-c", SCRIPT, ",".join(modules_of(machine)), *paths]
    ran = machine.run(command, interpreter.parent if interpreter.parent.is_dir() else None)
    line = next((line for line in reversed(ran.out.splitlines()) if line.startswith(_MARK)), None)
    if line is None:
        if ran.code == _NOT_FOUND:
            return Probe("it is only the stub that opens the Microsoft Store")
        said = (ran.err.strip().splitlines() or [f"exit code {ran.code}"])[-1]
        return Probe(f"it does not start ({said})")
    facts = json.loads(line[len(_MARK) :])
    return Probe("", facts["executable"], tuple(facts["version"]), facts["bits"], facts["prefix"], facts["base"],
                 facts["cbc"], facts["modules"])  # fmt: skip
