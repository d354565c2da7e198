"""`python -m runner`, and the `runner` command."""

from __future__ import annotations

import sys

INTERRUPTED = 130


def main() -> int:
    """Run the command line and give its exit code."""
    try:
        from runner.cli import main as command_line  # noqa: PLC0415  # Ctrl-C may hit an import
        from runner.cli import streams  # noqa: PLC0415  # likewise

        streams.prepare()
        return command_line(sys.argv[1:])
    except KeyboardInterrupt:
        return INTERRUPTED


if __name__ == "__main__":
    sys.exit(main())
