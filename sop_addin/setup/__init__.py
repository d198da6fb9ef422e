"""Connecting Excel with this Python: ``install``, ``uninstall`` and ``doctor``, over a machine that tests can fake."""

from sop_addin.setup.doctor import Fact, State, examine
from sop_addin.setup.install import Outcome, install, uninstall
from sop_addin.setup.machine import Machine, SetupError, this_machine

__all__ = ["Fact", "Machine", "Outcome", "SetupError", "State", "examine", "install", "this_machine", "uninstall"]
