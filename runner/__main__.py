"""`python -m runner`, and the `runner` command."""

from __future__ import annotations

import sys


def main() -> int:
    """Run the command line and give its exit code."""
    from runner.cli import main as command_line  # noqa: PLC0415  # imported only where it is used

    return command_line(sys.argv[1:])


if __name__ == "__main__":
    sys.exit(main())
