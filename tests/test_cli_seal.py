"""The seal on the command line: publish signs, check says what is as published and who signed."""

from __future__ import annotations

from pathlib import Path

import pytest
from commands import Cli
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from sop_addin.engines.closed_file import open_book

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
    opened = open_book(book)
    try:
        return str(opened.sheets["Home"]["B9"].value)
    finally:
        opened.close()


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

    opened = open_book(book)
    grid = opened.names["SalesPlan"].refers_to_range
    row = next(at for at, line in enumerate(grid.value) if line[1] == "Override")
    grid[row, 6].value = 4711
    opened.save()
    opened.close()
    reply = cli("check", book)
    assert "1 figure differs from 2027-01, published on" in reply.out + reply.err
    assert "now 4,711" in reply.out + reply.err


def test_a_key_file_that_is_none_is_refused_and_nothing_is_written(cli: Cli, tmp_path: Path) -> None:
    book = tmp_path / "Plan.xlsm"
    book.write_bytes(TEMPLATE.read_bytes())
    (tmp_path / "no.pem").write_text("no key")
    reply = cli("publish", book, "--key", tmp_path / "no.pem")
    assert reply.code == 1
    assert "holds no private Ed25519 key" in reply.sentence
    assert book.read_bytes() == TEMPLATE.read_bytes()
