"""The way in: ``sop-addin`` and ``python -m sop_addin``. Ctrl+C, or an end asked for by the system, is no traceback."""

import signal
import sys


def main() -> None:
    """The command line. What a command keeps in temporary folders goes with it, however it is asked to end."""
    try:
        signal.signal(signal.SIGTERM, signal.default_int_handler)
        from .cli import main as command

        command()
    except KeyboardInterrupt:  # while loading or leaving; a command itself says what became of its files
        sys.stderr.write("Stopped.\n")
        sys.exit(130)


if __name__ == "__main__":
    main()
