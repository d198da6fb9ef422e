"""The documents say what the code does: commands, options, sheets and files exist, and all of them are named."""

from __future__ import annotations

import re
import shlex
import tomllib
from pathlib import Path

import pytest
import typer.main

from sop_addin import __version__
from sop_addin.cli import app
from sop_addin.model.schema import SHEETS

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text(encoding="utf-8")
COMMANDS_PAGE = (ROOT / "docs" / "commands.md").read_text(encoding="utf-8")
PAGES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", ROOT / "CHANGELOG.md", *sorted((ROOT / "docs").glob("*.md"))]

group = typer.main.get_command(app)
COMMANDS: dict[str, set[str]] = {
    name: {option for parameter in command.params for option in parameter.opts if option.startswith("--")}
    for name, command in group.commands.items()  # type: ignore[attr-defined]
}


def command_lines(text: str) -> list[list[str]]:
    """Every ``sop-addin ...`` of a code block or of inline code, as words."""
    blocks = re.findall(r"```[a-z]*\n(.*?)```", text, re.DOTALL)
    lines = [line.partition("#")[0] for block in blocks for line in block.splitlines()]
    lines += re.findall(r"`([^`\n]+)`", re.sub(r"```.*?```", "", text, flags=re.DOTALL))
    parts = [part.strip() for line in lines for part in re.split(r"&&|;", line)]
    return [shlex.split(part)[1:] for part in parts if part.startswith("sop-addin ")]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_commands_of_a_page_exist(page: Path) -> None:
    for words in command_lines(page.read_text(encoding="utf-8")):
        if words[0].startswith("-") or words[0] == "COMMAND":
            continue
        assert words[0] in COMMANDS, f"{page.name}: sop-addin {' '.join(words)}"
        unknown = {word for word in words if word.startswith("--")} - COMMANDS[words[0]] - {"--help"}
        assert not unknown, f"{page.name}: sop-addin {' '.join(words)}"


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_is_in_the_readme(command: str) -> None:
    row = next((line for line in README.splitlines() if line.startswith(f"| `sop-addin {command} ")), None)
    row = row or next((line for line in README.splitlines() if line.startswith(f"| `sop-addin {command}`")), None)
    assert row, f"README, Commands: no row for {command}"
    for option in COMMANDS[command] - {"--help"}:
        assert option in row, f"README, Commands: {command} does not name {option}"


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_has_help(command: str) -> None:
    parameters = group.commands[command].params  # type: ignore[attr-defined]
    assert group.commands[command].help  # type: ignore[attr-defined]
    for parameter in parameters:
        assert parameter.help, f"{command}: {parameter.name} has no help"


@pytest.mark.parametrize("sheet", [sheet.name for sheet in SHEETS])
def test_every_sheet_is_in_the_readme(sheet: str) -> None:
    assert f"| {sheet} |" in README


def test_the_readme_names_no_other_sheet() -> None:
    section = README.partition("## The sheets")[2].partition("\n## ")[0]
    named = re.findall(r"^\| ([^|]+?) \|", section, re.MULTILINE)
    assert set(named) - {"Sheet"} == {sheet.name for sheet in SHEETS}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_files_named_on_a_page_exist(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    named = re.findall(r"`((?:docs|workbook|tests|sop_addin|udfs|\.ci)/[\w./-]*)`", text)
    named += re.findall(r"`([A-Z]+(?:\.md)?)`", text) if page.name == "README.md" else []
    named = [name for name in named if "." in name or name.endswith("/") or name == "LICENSE"]
    missing = [name for name in named if not (ROOT / name).exists()]
    assert not missing, f"{page.name} names {missing}"
    for link in re.findall(r"\]\((?!https?:)([^)#]+)", text):
        assert (page.parent / link).exists(), f"{page.name} links to {link}"


def test_ci_runs_the_command_of_the_readme() -> None:
    command = 'pip install ".[dev]" && pytest'
    assert f"\n{command}\n" in README
    assert command in (ROOT / ".ci" / "run").read_text(encoding="utf-8")


def test_just_recipes_named_on_pages_exist() -> None:
    recipes = set(re.findall(r"^([a-z-]+)(?: \*ARGS)?:", (ROOT / "Justfile").read_text(encoding="utf-8"), re.MULTILINE))
    for page in PAGES:
        for recipe in re.findall(r"`just ([a-z-]+)", page.read_text(encoding="utf-8")):
            assert recipe in recipes, f"{page.name}: just {recipe}"


def test_versions_agree() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert project["version"] == __version__
    assert f"## [{__version__}]" in (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
