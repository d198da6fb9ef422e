"""`python -m sop_addin.host BOOK`: what `sop-addin open BOOK --host libreoffice` starts."""

from __future__ import annotations

import sys
from pathlib import Path

from ..engines.errors import EngineError
from .session import run

if __name__ == "__main__":
    try:
        run(Path(sys.argv[1]))
    except KeyboardInterrupt:
        sys.exit(130)
    except EngineError as error:
        sys.stderr.write(f"{error}\n")
        sys.exit(2)
