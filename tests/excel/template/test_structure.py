"""The package as Excel wants it, by rules that share no code with the builder; and the VBA project fits the sheets."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path
from types import ModuleType


def _structure() -> ModuleType:
    path = Path(__file__).parent.parent / "template_vba" / "structure.py"
    spec = importlib.util.spec_from_file_location("template_structure", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module  # dataclasses look their module up
    spec.loader.exec_module(module)
    return module


def test_package_vba_project_and_ribbon_fit_together(built: bytes) -> None:
    _structure().check_workbook(built)
