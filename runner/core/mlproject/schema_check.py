"""Hold a document to its JSON Schema and say what is wrong without a word of schema jargon.

What the schema refuses is blanked out (None), so that everything else can still be checked.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from runner.core.mlproject.wording import either, kind_of, quoted

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from runner.core.mlproject.findings import Findings
    from runner.core.mlproject.yaml_values import Path, YamlMap

_TYPES = {
    "string": "text",
    "integer": "a whole number",
    "number": "a number",
    "boolean": "true or false",
    "array": "a list",
    "object": "a mapping",
}
MOST_ERRORS = 5_000
# Keywords of a value, not of its parts: where one of them fails, the value itself is unusable.
_UNUSABLE = frozenset(
    (
        *("type", "enum", "pattern", "minLength", "minItems", "maxItems", "minimum", "maximum"),
        *("exclusiveMinimum", "minProperties", "maxProperties"),
    )
)


def check(root: YamlMap, schema: Mapping[str, Any], findings: Findings) -> bool:
    """Add everything the schema refuses to the findings: unknown keys warn, the rest are errors.

    False: there are so many errors that the rest of the document was not looked at.
    """
    from jsonschema import Draft202012Validator  # noqa: PLC0415  # a cached project never needs it

    unusable: list[Path] = []
    validator = Draft202012Validator(_without_references(schema, schema["$defs"]))
    for number, error in enumerate(validator.iter_errors(root)):
        if number == MOST_ERRORS:
            return False
        path = tuple(error.absolute_path)
        translate = _TRANSLATIONS.get(error.validator, _anything)
        translate(error, path, findings)
        if error.validator in _UNUSABLE:
            unusable.append(path)
    for path in unusable:
        _blank(root, path)
    return True


def _without_references(schema: Any, definitions: Mapping[str, Any]) -> Any:
    """Put every definition where it is referred to: looking each up anew takes half of the time."""
    if isinstance(schema, list):
        return [_without_references(part, definitions) for part in schema]
    if not isinstance(schema, dict):
        return schema
    parts = {key: _without_references(value, definitions) for key, value in schema.items()}
    name = parts.pop("$ref", "").removeprefix("#/$defs/")
    return {**_without_references(definitions[name], definitions), **parts} if name else parts


def _blank(root: YamlMap, path: Path) -> None:
    found: Any = root
    for part in path[:-1]:
        found = found[part]
        if found is None:
            return
    if path:
        found[path[-1]] = None


def _type(error: Any, path: Path, findings: Findings) -> None:
    custom = error.schema.get("errorMessage")
    value = error.instance
    if value is None:
        hint = _expected(error.validator_value)
        hint = f"give it {hint}, or remove it" if path and isinstance(path[-1], str) else hint
        findings.error(f"{_name(path)} has no value", path, hint=hint, at_key=True)
        return
    wanted = _expected(error.validator_value)
    message = custom or f"{_name(path)} has to be {wanted}, but this is {kind_of(value)}"
    findings.error(message, path, hint=_repair(error, path))


def _expected(types: str | list[str]) -> str:
    names = [types] if isinstance(types, str) else types
    return either([_TYPES[name] for name in names if name in _TYPES])


def _repair(error: Any, path: Path) -> str:
    types = error.validator_value
    value = error.instance
    if "array" in types and isinstance(value, str):
        return (
            f"write it as a list: [{value[:40]}]" if value.isprintable() else "write it as a list"
        )
    if "string" in types and isinstance(value, bool | int | float):
        return "quote it"
    if types == "boolean":
        return "write true or false"
    if isinstance(value, list) and path and path[-1] == "command":
        return "write one text; `|` starts one of several lines"
    return ""


def _unknown_keys(error: Any, path: Path, findings: Findings) -> None:
    known = tuple(error.schema["properties"])
    inside = f" of {_name(path)}" if path else ""
    for key, value in error.instance.items():
        if key in known:
            continue
        first, _, rest = key.partition(" ")
        if value is None and rest and first in known:
            meaning = f"did you mean `{first}: {rest.strip()}`?"
            findings.slip(f"{quoted(key)} is one word to YAML", (*path, key), hint=meaning)
        else:
            message = f"unknown key {quoted(key)}{inside}"
            findings.warn(message, (*path, key), word=key, known=known, at_key=True)


def _required(error: Any, path: Path, findings: Findings) -> None:
    missing = [key for key in error.validator_value if key not in error.instance]
    message = f"{_name(path)} lacks {either([quoted(key) for key in missing])}"
    findings.error(message, path, hint=error.schema.get("errorMessage", ""))


def _needs_companion(error: Any, path: Path, findings: Findings) -> None:
    for key, companions in error.validator_value.items():
        if error.instance.get(key) not in error.schema["properties"][key]["enum"]:
            continue
        for companion in companions:
            if companion not in error.instance:
                message = f"`{key}: {error.instance[key]}` needs `{companion}:` beside it"
                findings.error(message, (*path, key), hint="say why, for those who read the result")


def _enum(error: Any, path: Path, findings: Findings) -> None:
    known = tuple(_plain(value) for value in error.validator_value)
    message = f"{_name(path)} has to be {either(known)}, but this is {_shown(error.instance)}"
    findings.error(message, path, word=str(error.instance), known=known)


def _pattern(error: Any, path: Path, findings: Findings) -> None:
    message = error.schema.get("patternErrorMessage") or "this is not written as it has to be"
    findings.error(f"{quoted(error.instance)}: {message}", path)


def _bound(words: str) -> Callable[[Any, Path, Findings], None]:
    def translate(error: Any, path: Path, findings: Findings) -> None:
        findings.error(f"{_name(path)} has to be {words} {error.validator_value}", path)

    return translate


def _empty(error: Any, path: Path, findings: Findings) -> None:
    if error.validator_value == 1 or not error.instance:
        findings.error(f"{_name(path)} is empty", path, hint=error.schema.get("errorMessage", ""))
    else:
        _anything(error, path, findings)


def _excluded(error: Any, path: Path, findings: Findings) -> None:
    # `not: {required: [a, b]}` stands on the mapping; the later of the two keys is the culprit.
    both = error.validator_value.get("required", ())
    keys = [key for key in error.instance if key in both] if both else []
    findings.error(error.schema["errorMessage"], (*path, *keys[-1:]), at_key=True)


def _anything(error: Any, path: Path, findings: Findings) -> None:
    findings.error(
        error.schema.get("errorMessage") or f"{_name(path)} is not as it has to be", path
    )


_TRANSLATIONS: dict[str, Callable[[Any, Path, Findings], None]] = {
    "type": _type,
    "additionalProperties": _unknown_keys,
    "required": _required,
    "dependentRequired": _needs_companion,
    "enum": _enum,
    "pattern": _pattern,
    "minLength": _empty,
    "minItems": _empty,
    "minProperties": _empty,
    "minimum": _bound("at least"),
    "maximum": _bound("at most"),
    "exclusiveMinimum": _bound("more than"),
    "not": _excluded,
}


def _name(path: Path) -> str:
    if not path:
        return "the file"
    names = [quoted(part) for part in path if isinstance(part, str)]
    inside = f"entry {path[-1] + 1} of " if isinstance(path[-1], int) else ""
    return inside + (names[-1] if names else "the file")


def _plain(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _shown(value: object) -> str:
    return quoted(value) if isinstance(value, str) else _plain(value)
