"""The seal on the command line: publish signs, check says what is as published and who signed."""

from __future__ import annotations

import re
import zipfile
from pathlib import Path

import pandas as pd
import pytest
from commands import Cli
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from sop_addin.cli import main
from sop_addin.cli_books import figures_shown, opened
from sop_addin.engines.closed_file import open_book, recalculate_book
from sop_addin.model.schema import GRID_BY_NAME
from sop_addin.model.tables import Tables
from sop_addin.planning.seal import differences

pytest_plugins = ["commands"]
TEMPLATE = Path(__file__).parent.parent / "workbook" / "SOP_Template.xlsm"


@pytest.fixture
def keys(tmp_path: Path) -> tuple[Path, Path]:
    key = Ed25519PrivateKey.generate()
    private, public = tmp_path / "ann.pem", tmp_path / "ann.pub"
    private.write_bytes(key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    ))  # fmt: skip
    public.write_bytes(key.public_key().public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    ))  # fmt: skip
    return private, public


def on_home(book: Path) -> str:
    workbook = open_book(book)
    try:
        return str(workbook.sheets["Home"]["B9"].value)
    finally:
        workbook.close()


def test_publish_check_edit_check(cli: Cli, tmp_path: Path, keys: tuple[Path, Path]) -> None:
    private, public = keys
    book = tmp_path / "Plan.xlsm"
    book.write_bytes(TEMPLATE.read_bytes())
    assert "the plan of these periods is not published yet" in cli("check", book).err + cli("check", book).out
    assert cli("check", book, "--public-key", public).code == 1

    assert cli("publish", book, "--by", "Ann", "--key", private).code == 0
    reply = cli("check", book, "--public-key", public)
    assert reply.code == 0
    assert "as published: 2027-01, published on" in reply.out + reply.err
    assert "by Ann" in reply.out + reply.err
    assert "2027-01 is signed by the owner of ann.pub" in reply.out + reply.err
    assert on_home(book).startswith("At the last run or check: as published: 2027-01, published on")
    assert on_home(book).endswith(")")  # nothing changed since

    edited(book, "SalesPlan", "Override", 6, 4711)
    reply = cli("check", book)
    assert reply.code == 0
    assert "1 figure differs from 2027-01, published on" in reply.err
    assert "now 4,711" in reply.err
    assert cli("check", book, "--public-key", public).code == 1  # who gives a key wants the plan that was signed


def edited(book: Path, grid: str, measure: str, column: int, value: object, *, calculated: bool = False) -> None:
    workbook = open_book(book)
    area = workbook.names[grid].refers_to_range
    row = next(at for at, line in enumerate(area.value) if measure in line[:3])
    area[row, column].value = value
    if calculated:
        recalculate_book(workbook)
    workbook.save()
    workbook.close()


@pytest.fixture(scope="module")
def published(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Tables, pd.DataFrame]:
    """The sample company as it was published: the file, its tables, and what its plan sheets show."""
    book = tmp_path_factory.mktemp("published") / "Plan.xlsm"
    book.write_bytes(TEMPLATE.read_bytes())
    with pytest.raises(SystemExit):
        main(["publish", str(book), "--by", "Ann"])
    with opened(book) as (workbook, tables):
        return book, tables, figures_shown(workbook, tables)


@pytest.mark.parametrize(
    ("grid", "measure"),
    [
        ("SalesPlan", "Consensus demand"), ("SalesPlan", "Feasible sales"), ("ProductionPlan", "Planned"),
        ("ProductionPlan", "Total production"), ("ProductionPlan", "Approved plan"), ("InventoryPlan", "Closing stock"),
        ("InventoryPlan", "Target stock"), ("CapacityPlan", "Regular capacity"), ("CapacityPlan", "Heads"),
        ("FinancePlan", "Revenue"), ("FinancePlan", "Stock value"), ("FinancePlan", "CO2e"),
    ],
)  # fmt: skip
def test_a_figure_altered_on_any_plan_sheet_is_named(
    published: tuple[Path, Tables, pd.DataFrame], grid: str, measure: str
) -> None:
    _, tables, shown = published
    assert differences(tables, tables.versions[-1], shown) == []
    rows = shown.index[(shown["Grid"] == grid) & (shown["Measure"] == measure) & (shown["Value"] != 0)]
    changed = shown.copy()
    changed.loc[rows[0], "Value"] += 7
    (found,) = differences(tables, tables.versions[-1], changed)
    assert found.table == GRID_BY_NAME[grid].sheet
    assert found.measure == measure
    assert found.now == pytest.approx(shown.loc[rows[0], "Value"] + 7)


def test_a_production_typed_over_on_its_sheet_is_told_by_check_and_by_home_without_python(
    cli: Cli, published: tuple[Path, Tables, pd.DataFrame], tmp_path: Path
) -> None:
    book = tmp_path / "Plan.xlsm"
    book.write_bytes(published[0].read_bytes())
    edited(book, "ProductionPlan", "Planned", 6, 9999, calculated=True)
    reply = cli("check", book)
    assert (
        "Production Plan, Planned of Washing machines / Brno plant, 2027-02: 8,754.24 published, now 9,999" in reply.err
    )
    assert on_home(book).endswith("Production was changed since")
    refused = cli("publish", book)
    assert refused.code == 1
    assert "was changed on the Production Plan after the last run (from 8,754.24 to 9,999)" in refused.sentence


def test_demand_typed_after_publishing_is_told_by_home_without_python(
    published: tuple[Path, Tables, pd.DataFrame], tmp_path: Path
) -> None:
    book = tmp_path / "Plan.xlsm"
    book.write_bytes(published[0].read_bytes())
    edited(book, "SalesPlan", "Override", 6, 4711, calculated=True)
    assert on_home(book).endswith("1 figure of demand and production edited since")


def test_a_plan_saved_without_values_by_another_program_is_still_as_published(
    cli: Cli, published: tuple[Path, Tables, pd.DataFrame], tmp_path: Path
) -> None:
    """openpyxl, and those built on it, keep formulas and drop what they came to."""
    book = tmp_path / "Plan.xlsm"
    with zipfile.ZipFile(published[0]) as source, zipfile.ZipFile(book, "w", zipfile.ZIP_DEFLATED) as target:
        for name in source.namelist():
            content = source.read(name)
            if name.startswith("xl/worksheets/sheet"):
                content = re.sub(rb"</f><v>[^<]*</v>", b"</f>", content)
            target.writestr(name, content)
    assert "as published: 2027-01" in cli("check", book).err


def test_a_key_file_that_is_none_is_refused_and_nothing_is_written(cli: Cli, tmp_path: Path) -> None:
    book = tmp_path / "Plan.xlsm"
    book.write_bytes(TEMPLATE.read_bytes())
    (tmp_path / "no.pem").write_text("no key")
    reply = cli("publish", book, "--key", tmp_path / "no.pem")
    assert reply.code == 1
    assert "holds no private Ed25519 key" in reply.sentence
    assert book.read_bytes() == TEMPLATE.read_bytes()
