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
    if not sys.flags.safe_path:
        del sys.path[0]  # where we are: a project's own copy.py or types.py is no module of ours
    sys.exit(main())
