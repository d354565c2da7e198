"""YAML text -> values with their places. What YAML can do to surprise or to harm is refused.

Values are built from the parser's events, one after the other, so that neither depth nor
aliases can blow anything up: depth and expanded size are bounded while they grow.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from runner.core.mlproject.findings import Finding, Findings, UnreadableError
from runner.core.mlproject.wording import kind_of, quoted
from runner.core.mlproject.yaml_scalars import STANDARD, Refused, plain, shown_tag, tagged
from runner.core.mlproject.yaml_syntax import explain
from runner.core.mlproject.yaml_values import Mark, Path, YamlList, YamlMap

if TYPE_CHECKING:
    from collections.abc import Iterator

MAX_DEPTH = 32
MAX_VALUES = 500_000
_NOT_TEXT = re.compile(
    "[^\t\n\r\x20-\x7e\x85\xa0-\ud7ff\ue000-\ufefe\uff00-\ufffd\U00010000-\U0010ffff]"
)
_NOT_A_VALUE = re.compile("[\0\ud800-\udfff]")


class _Node:
    """A finished value; a collection knows its size and height with all aliases expanded."""

    __slots__ = ("height", "size", "value", "written")

    def __init__(
        self, value: Any, written: str | None = None, size: int = 1, height: int = 0
    ) -> None:
        self.value = value
        self.written = written
        self.size = size
        self.height = height


class _Open:
    """A collection that is still being read."""

    __slots__ = (
        "anchor",
        "container",
        "height",
        "key",
        "key_place",
        "merge",
        "merged",
        "place",
        "size",
    )

    def __init__(
        self, container: YamlMap | YamlList, anchor: str | None, place: tuple[int, int]
    ) -> None:
        self.container = container
        self.anchor = anchor
        self.place = place
        self.size = 1
        self.height = 1
        self.key: str | None = None
        self.key_place = place
        self.merge = False
        self.merged: list[YamlMap] = []


def read(text: str, findings: Findings) -> YamlMap:
    """Give the mapping that the text holds; duplicate keys are added to the findings.

    Raises:
        UnreadableError: this is not YAML, or not one mapping of plain values.
    """
    text = text.removeprefix("\ufeff")
    _check_characters(text)
    root = _Reader(findings).read(_events(text))
    if root is None:
        raise UnreadableError(
            Finding("the file is empty", hint="see `runner init`, or MLproject.example")
        )
    return root


def _check_characters(text: str) -> None:
    bad = _NOT_TEXT.search(text)
    if bad:
        line = len(re.findall(r"\r\n|[\n\r]", text[: bad.start()])) + 1
        start = max(text.rfind("\n", 0, bad.start()), text.rfind("\r", 0, bad.start())) + 1
        raise UnreadableError(
            Finding(
                f"the character {bad.group()!a} does not belong in a text file",
                place=(line, bad.start() - start + 1),
            )
        )


def _events(text: str) -> Iterator[Any]:
    import yaml  # noqa: PLC0415  # a cached project never needs it

    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    try:
        yield from yaml.parse(text, Loader=loader)
    except yaml.YAMLError as error:
        raise UnreadableError(explain(error, text)) from None


class _Reader:
    """Builds the document from the events of the parser."""

    def __init__(self, findings: Findings) -> None:
        self.findings = findings
        self.stack: list[_Open] = []
        self.anchors: dict[str, _Node] = {}
        self.values = 0
        self.root: YamlMap | None = None
        self.documents = 0

    def read(self, events: Iterator[Any]) -> YamlMap | None:
        react = {
            "DocumentStartEvent": self.document,
            "ScalarEvent": self.scalar,
            "AliasEvent": self.alias,
            "MappingStartEvent": self.mapping,
            "SequenceStartEvent": self.sequence,
            "MappingEndEvent": self.end,
            "SequenceEndEvent": self.end,
        }
        for event in events:
            step = react.get(type(event).__name__)
            if step is not None:
                step(event)
        return self.root

    def document(self, event: Any) -> None:
        self.documents += 1
        if self.documents > 1:
            self.refuse("a second document starts here: a project file is one", event)

    def scalar(self, event: Any) -> None:
        text: str = event.value
        bad = _NOT_A_VALUE.search(text)
        if bad:
            self.refuse(f"the character {bad.group()!a} is refused", event)
        if self.expects_key():
            self.begin_entry(event)
            return
        value: Any
        if event.tag is not None:
            value = tagged(text, event.tag)
            if isinstance(value, Refused):
                self.refuse(value.message, event, hint=value.hint)
        else:
            value = plain(text) if event.implicit[0] else text
        node = _Node(value, None if isinstance(value, str) else text)
        self.remember(event.anchor, node)
        self.add(node, event)

    def expects_key(self) -> bool:
        top = self.stack[-1] if self.stack else None
        return top is not None and top.key is None and isinstance(top.container, YamlMap)

    def begin_entry(self, event: Any) -> None:
        if event.tag not in (None, "!", STANDARD + "str"):
            self.refuse(f"the tag {shown_tag(event.tag)} is refused on a key", event)
        self.remember(event.anchor, _Node(event.value))
        top = self.stack[-1]
        top.key = event.value
        top.key_place = _place(event)
        top.merge = event.value == "<<" and event.tag is None and bool(event.implicit[0])

    def alias(self, event: Any) -> None:
        name = event.anchor
        if any(opened.anchor == name for opened in self.stack):
            self.refuse(f"*{name} stands inside what it names", event)
        node = self.anchors.get(name)
        if node is None:
            self.refuse(f"*{name} names nothing above", event, known=tuple(self.anchors), word=name)
        elif self.expects_key():
            self.refuse("an alias cannot be a key", event)
        else:
            if len(self.stack) + node.height > MAX_DEPTH:
                self.refuse(f"more than {MAX_DEPTH} levels of nesting", event)
            self.add(node, event)

    def mapping(self, event: Any) -> None:
        self.open(YamlMap(), event, "map")

    def sequence(self, event: Any) -> None:
        self.open(YamlList(), event, "seq")

    def open(self, container: YamlMap | YamlList, event: Any, tag: str) -> None:
        if event.tag not in (None, "!", STANDARD + tag):
            self.refuse(
                f"the tag {shown_tag(event.tag)} is refused",
                event,
                hint="a project file holds plain values",
            )
        if self.expects_key():
            self.refuse("a key has to be a word, not a list or a mapping", event, hint="quote it")
        if len(self.stack) >= MAX_DEPTH:
            self.refuse(f"more than {MAX_DEPTH} levels of nesting", event)
        if not self.stack and isinstance(container, YamlList):
            self.refuse(_NO_MAPPING.format("a list"), event, hint=_SHAPE)
        self.stack.append(_Open(container, event.anchor, _place(event)))

    def end(self, event: Any) -> None:
        done = self.stack.pop()
        if isinstance(done.container, YamlMap):
            _merge(done.container, done.merged)
        node = _Node(done.container, None, done.size, done.height)
        self.remember(done.anchor, node)
        self.add(node, event, done.place)

    def remember(self, anchor: str | None, node: _Node) -> None:
        if anchor is not None:
            self.anchors[anchor] = node

    def add(self, node: _Node, event: Any, place: tuple[int, int] | None = None) -> None:
        if not self.stack:
            self.take_root(node, event)
            return
        self.count(node, event, is_alias=place is None)
        top = self.stack[-1]
        top.size += node.size
        top.height = max(top.height, node.height + 1)
        line, column = place or _place(event)
        container = top.container
        if isinstance(container, YamlList):
            container.append(node.value)
            container.marks.append(Mark(line, column, line, column, node.written))
        elif top.merge:
            top.key, top.merge = None, False
            top.merged.extend(self.merge_sources(node.value, event))
        else:
            key, top.key = top.key or "", None
            mark = Mark(line, column, *top.key_place, node.written)
            self.add_entry(container, key, node.value, mark)

    def count(self, node: _Node, event: Any, *, is_alias: bool) -> None:
        # What was just read has been counted part by part; an alias brings all of it once more.
        self.values += node.size if is_alias else 1
        if self.values > MAX_VALUES:
            aliases = " once its aliases are expanded" if is_alias and node.size > 1 else ""
            self.refuse(f"the file has more than {MAX_VALUES:,} values{aliases}", event)

    def add_entry(self, container: YamlMap, key: str, value: Any, mark: Mark) -> None:
        if key in container:
            first = container.marks[key].key_line
            self.findings.error(
                f"{quoted(key)} is given twice: first on line {first}",
                (*self.path(), key),
                hint="keep one of them",
                place=(mark.key_line, mark.key_column),
            )
        else:
            container[key] = value
            container.marks[key] = mark

    def merge_sources(self, value: Any, event: Any) -> list[YamlMap]:
        sources = value if isinstance(value, YamlList) else [value]
        if not all(isinstance(source, YamlMap) for source in sources):
            self.refuse("`<<` takes a mapping, or a list of mappings", event)
        return list(sources)

    def take_root(self, node: _Node, event: Any) -> None:
        if isinstance(node.value, YamlMap):
            self.root = node.value
        elif node.value is not None:
            self.refuse(_NO_MAPPING.format(kind_of(node.value)), event, hint=_SHAPE)

    def path(self) -> Path:
        parts: list[str | int] = []
        for opened in self.stack[:-1]:
            if isinstance(opened.container, YamlList):
                parts.append(len(opened.container))
            elif opened.key is not None:
                parts.append(opened.key)
        return tuple(parts)

    def refuse(
        self, message: str, event: Any, *, hint: str = "", known: Path = (), word: str = ""
    ) -> None:
        names = tuple(str(name) for name in known)
        raise UnreadableError(
            Finding(message, hint=hint, known=names, word=word, place=_place(event))
        )


_NO_MAPPING = "a project file is a mapping of keys to values, but this is {}"
_SHAPE = "start with `entry_points:`; MLproject.example shows every key"


def _place(event: Any) -> tuple[int, int]:
    return event.start_mark.line + 1, event.start_mark.column + 1


def _merge(container: YamlMap, sources: list[YamlMap]) -> None:
    for source in sources:
        for key, value in source.items():
            if key not in container:
                container[key] = value
                container.marks[key] = source.marks[key]
