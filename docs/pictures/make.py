"""Draws every sheet of the sample workbook anew: docs/pictures/<sheet>.png, the first page of each as it is printed.

Usage: python docs/pictures/make.py    (needs LibreOffice and poppler-utils)
"""

from __future__ import annotations

import re
import subprocess
import tempfile
from pathlib import Path

from sop_addin.engines.libreoffice.office import find_soffice
from sop_addin.model.schema import SHEETS

HERE = Path(__file__).parent
WORKBOOK = HERE.parents[1] / "workbook" / "SOP_Template.xlsm"
DOTS_PER_INCH = 75


def first_pages(pdf: Path) -> dict[str, int]:
    """The number of the first page of each sheet; the footer has its name."""
    text = subprocess.run(["pdftotext", "-layout", pdf, "-"], capture_output=True, text=True, check=True).stdout
    found: dict[str, int] = {}
    for number, page in enumerate(text.split("\f"), start=1):
        footer = re.search(r"\.xlsm\s+(\S.*?)\s+Page \d+ of \d+\s*$", page)
        if footer and footer[1] in {sheet.name for sheet in SHEETS}:
            found.setdefault(footer[1], number)
    return found


def main() -> None:
    soffice = find_soffice()
    if soffice is None:
        raise SystemExit("LibreOffice is needed to draw the sheets.")
    with tempfile.TemporaryDirectory() as folder:
        profile = Path(folder, "profile").as_uri()
        subprocess.run(
            [soffice, f"-env:UserInstallation={profile}", "--headless", "--convert-to", "pdf",
             "--outdir", folder, WORKBOOK],
            check=True, stdout=subprocess.DEVNULL,
        )  # fmt: skip
        pdf = Path(folder, WORKBOOK.stem + ".pdf")
        for sheet, page in first_pages(pdf).items():
            target = HERE / sheet.lower().replace(" ", "-")
            options = ["-png", "-singlefile", "-r", str(DOTS_PER_INCH), "-f", str(page), "-l", str(page)]
            subprocess.run(["pdftoppm", *options, pdf, target], check=True)


if __name__ == "__main__":
    main()
