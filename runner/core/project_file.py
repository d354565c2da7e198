"""The text of a project file -> a validated `Project`, or all that is wrong with it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from runner.core.project_document import from_document, to_document
from runner.errors import Problem, ProjectFileError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from runner.core.model import Project

__all__ = ["PARSER", "from_document", "parse", "to_document"]

# Raise it when the same text gives another Project than before: cached ones are then not used.
PARSER = 1
MAX_WARNINGS = 1_000


def parse(  # what a text means depends on these few facts about its folder
    text: str,
    *,
    file: str,
    schema: Mapping[str, Any],
    folder_has: Callable[[str], bool],
    folder_name: str = "",
    shown_as: str = "",
    strict: bool = False,
) -> tuple[Project, tuple[Problem, ...]]:
    """Read a project file and give the project with what is worth a warning.

    `file` is its name in the folder, `shown_as` how errors call it, `folder_has` tells whether a
    file is there (relative to the folder), `folder_name` is the name of a project without one.
    With `strict`, what would be a warning is an error.

    Raises:
        ProjectFileError: the file cannot be used; holds all problems, in the order of lines.
    """
    # A cached project is used without any of these (and without yaml and jsonschema).
    from runner.core.mlproject import build, schema_check, yaml_text  # noqa: PLC0415
    from runner.core.mlproject.findings import Findings, UnreadableError, render  # noqa: PLC0415

    findings = Findings(strict=strict)
    shown = shown_as or file
    try:
        root = yaml_text.read(text, findings)
    except UnreadableError as refused:
        raise ProjectFileError(
            shown, render([*findings.errors, refused.finding], None, text)
        ) from None
    findings.mlflow_only = build.is_mlflow_only(root)
    if not schema_check.check(root, schema, findings):
        raise ProjectFileError(shown, render(findings.errors, root, text))
    project = build.build(root, file, folder_name, folder_has, findings)
    if len(findings.warnings) > MAX_WARNINGS:
        message = f"more than {MAX_WARNINGS:,} unknown keys: this is hardly a project file"
        findings.error(message, (), hint="MLproject.example shows every key")
    if findings.errors:
        every = [*findings.errors, *findings.warnings]
        raise ProjectFileError(shown, render(every, root, text, findings.uncounted))
    return project, render(findings.warnings, root, text, findings.uncounted)
