"""A manifest's text with its nodes: where things stand in it, and how it is written."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import yaml

from conda_multiplat.manifest.read import Source
from conda_multiplat.vocabulary.errors import Location, ManifestError, Problem
from conda_multiplat.vocabulary.names import DEFAULT_ENVIRONMENT
from conda_multiplat.vocabulary.selectors import selector_lines
from conda_multiplat.vocabulary.yaml_nodes import is_null


@dataclass(frozen=True, order=True)
class Patch:
    """A piece of text, from ``start`` to before ``end``, and what comes in its place."""

    start: int
    end: int
    text: str


@dataclass(frozen=True)
class Value:
    """The value of a key, with the key and the mapping that it stands in."""

    mapping: yaml.MappingNode
    key: yaml.ScalarNode
    node: yaml.Node

    @property
    def items(self) -> list[yaml.Node]:
        """The items of a list; none for a null."""
        return self.node.value if isinstance(self.node, yaml.SequenceNode) else []


@dataclass(frozen=True)
class Entry:
    """A requirement as it stands in a list.

    Attributes:
        scalar: its text.
        key: the ``sel(linux)`` before it, if there is one.
        item: the item of the list: the scalar, or the mapping of that key.
        lists: the list, and those around it: ``pip`` before ``dependencies``.
    """

    scalar: yaml.ScalarNode
    key: yaml.ScalarNode | None
    item: yaml.Node
    lists: tuple[Value, ...]

    @property
    def place(self) -> tuple[int, int]:
        """Its line and column, from 1."""
        return self.scalar.start_mark.line + 1, self.scalar.start_mark.column + 1


class Document:
    """One file.

    The parser is Python's own, not libyaml's: it counts in characters.
    """

    def __init__(self, source: Source) -> None:
        self.file = source.file
        self.text = source.text
        root = yaml.compose(source.text, Loader=yaml.SafeLoader)
        assert isinstance(root, yaml.MappingNode)  # it has been read as a manifest
        self.root = root
        self.newline = "\r\n" if "\r\n" in source.text else "\n"
        self.has_comment_selectors = bool(selector_lines(source.text))

    def patched(self, *patches: Patch) -> str:
        """The text with some pieces replaced; one without a last line break gets none."""
        text = self.text
        for patch in sorted(patches, reverse=True):
            text = text[: patch.start] + patch.text + text[patch.end :]
        if text.endswith(self.newline) and not self.text.endswith("\n"):
            return text.removesuffix(self.newline)
        return text

    # What stands where.

    def value(self, mapping: yaml.Node, key: str) -> Value | None:
        """The value of a key, the last one where selectors allow several."""
        if not isinstance(mapping, yaml.MappingNode):
            return None
        values = [Value(mapping, k, v) for k, v in mapping.value if k.value == key]
        return values[-1] if values else None

    def environment(self, name: str) -> Value | None:
        """A declared environment, if this file has it."""
        multiplat = self.value(self.root, "multiplat")
        environments = multiplat and self.value(multiplat.node, "environments")
        return self.value(environments.node, name) if environments else None

    def keys_of(self, environment: str) -> yaml.MappingNode | None:
        """The mapping that has an environment's own keys; the file itself for ``default``."""
        if environment == DEFAULT_ENVIRONMENT:
            return self.root
        table = self.environment(environment)
        node = table.node if table else None
        return node if isinstance(node, yaml.MappingNode) else None

    def dependencies(self, environment: str) -> Value | None:
        """An environment's own list of dependencies, if it has one."""
        keys = self.keys_of(environment)
        return self.value(keys, "dependencies") if keys else None

    def pip_lists(self, dependencies: Value) -> list[tuple[yaml.Node, Value]]:
        """The ``pip`` lists in a list of dependencies, each with the item that it stands in."""
        lists = ((item, self.value(item, "pip")) for item in dependencies.items)
        return [(item, value) for item, value in lists if value]

    def entries(self, environment: str) -> Iterator[Entry]:
        """All that an environment's own lines ask for, conda's and PyPI's."""
        dependencies = self.dependencies(environment)
        for item in dependencies.items if dependencies else []:
            assert dependencies is not None
            if isinstance(item, yaml.ScalarNode):
                yield Entry(item, None, item, (dependencies,))
                continue
            if not isinstance(item, yaml.MappingNode):
                continue
            for key, value in item.value:
                if key.value == "pip":
                    pip = Value(item, key, value)
                    listed = [item for item in pip.items if isinstance(item, yaml.ScalarNode)]
                    yield from (Entry(e, None, e, (pip, dependencies)) for e in listed)
                elif isinstance(value, yaml.ScalarNode):
                    yield Entry(value, key, item, (dependencies,))

    @property
    def has_dict_selectors(self) -> bool:
        """Whether some dependency stands under ``sel(…)``."""
        multiplat = self.value(self.root, "multiplat")
        declared = multiplat and self.value(multiplat.node, "environments")
        pairs = declared.node.value if declared else []
        names = [key.value for key, _ in pairs] if isinstance(pairs, list) else []
        entries = (entry for name in (DEFAULT_ENVIRONMENT, *names) for entry in self.entries(name))
        return any(entry.key is not None for entry in entries)

    # How it is written.

    def line_start(self, index: int) -> int:
        """Where the line of a character begins."""
        return self.text.rfind("\n", 0, index) + 1

    def line_end(self, index: int) -> int:
        """Where the line of a character ends, before what breaks it."""
        found = self.text.find("\n", index)
        end = len(self.text) if found < 0 else found
        return end - 1 if end > index and self.text[end - 1] == "\r" else end

    def line(self, index: int) -> str:
        """The line of a character."""
        return self.text[self.line_start(index) : self.line_end(index)]

    def end_of(self, node: yaml.Node) -> int:
        """Where the last thing in a node ends: YAML's own mark is often where the next begins."""
        if isinstance(node, yaml.CollectionNode) and node.value and not node.flow_style:
            last = node.value[-1]
            return self.end_of(last[1] if isinstance(last, tuple) else last)
        if is_null(node) and node.start_mark.index == node.end_mark.index:
            return self.text.rindex(":", 0, node.end_mark.index + 1) + 1
        return len(self.text[: node.end_mark.index].rstrip())

    def indentation_step(self) -> int:
        """By how much the file indents a list under its key: 0 or 2, mostly."""
        steps = list(_steps(self.root))
        return steps[0] if steps else 2

    def refusal(self, node: yaml.Node, why: str, hint: str) -> ManifestError:
        """The error of a change that can't be made here."""
        mark = node.start_mark
        return refusal(Location(self.file, mark.line + 1, mark.column + 1), why, hint)


#: What every refusal ends with.
UNCHANGED = "no file was changed"


def refusal(at: Location, why: str, hint: str) -> ManifestError:
    """The error of a change that can't be made at some place."""
    problem = Problem(at, why, hint)
    return ManifestError(f"{at.file} can't be edited", problems=[problem], hints=[UNCHANGED])


def _steps(node: yaml.Node) -> Iterator[int]:
    """How far each list that is written in lines is from its key."""
    if isinstance(node, yaml.SequenceNode):
        for item in node.value:
            yield from _steps(item)
    if not isinstance(node, yaml.MappingNode):
        return
    for key, value in node.value:
        if isinstance(value, yaml.SequenceNode) and value.value and not value.flow_style:
            yield max(0, value.value[0].start_mark.column - 2 - key.start_mark.column)
        yield from _steps(value)
