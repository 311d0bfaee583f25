"""A manifest's text with its YAML nodes: their positions, and the file's formatting."""

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
    """A replacement for the text from ``start`` to before ``end``."""

    start: int
    end: int
    text: str


@dataclass(frozen=True)
class Value:
    """The value of a key, with the key and its mapping."""

    mapping: yaml.MappingNode
    key: yaml.ScalarNode
    node: yaml.Node

    @property
    def items(self) -> list[yaml.Node]:
        """Return the items of a list; empty for a null."""
        return self.node.value if isinstance(self.node, yaml.SequenceNode) else []


@dataclass(frozen=True)
class Entry:
    """A requirement in a list.

    Attributes:
        scalar: its text.
        key: the ``sel(linux)`` before it, if any.
        item: the item of the list: the scalar, or the mapping of that key.
        lists: the list and those around it: ``pip`` before ``dependencies``.
    """

    scalar: yaml.ScalarNode
    key: yaml.ScalarNode | None
    item: yaml.Node
    lists: tuple[Value, ...]

    @property
    def place(self) -> tuple[int, int]:
        """Return its line and column, from 1."""
        return self.scalar.start_mark.line + 1, self.scalar.start_mark.column + 1


class Document:
    """One file of a manifest.

    The parser is Python's own instead of libyaml's: its positions count characters.
    """

    def __init__(self, source: Source) -> None:
        self.file = source.file
        self.text = source.text
        root = yaml.compose(source.text, Loader=yaml.SafeLoader)
        assert isinstance(root, yaml.MappingNode)  # it was read as a manifest before
        self.root = root
        self.newline = "\r\n" if "\r\n" in source.text else "\n"
        self.has_comment_selectors = bool(selector_lines(source.text))

    def patched(self, *patches: Patch) -> str:
        """Return the text with replacements; a final line break is not added."""
        text = self.text
        for patch in sorted(patches, reverse=True):
            text = text[: patch.start] + patch.text + text[patch.end :]
        if text.endswith(self.newline) and not self.text.endswith("\n"):
            return text.removesuffix(self.newline)
        return text

    # Positions.

    def value(self, mapping: yaml.Node, key: str) -> Value | None:
        """Return the value of a key; the last one, if selectors allow several."""
        if not isinstance(mapping, yaml.MappingNode):
            return None
        values = [Value(mapping, k, v) for k, v in mapping.value if k.value == key]
        return values[-1] if values else None

    def environment(self, name: str) -> Value | None:
        """Return a declared environment, if this file has it."""
        multiplat = self.value(self.root, "multiplat")
        environments = multiplat and self.value(multiplat.node, "environments")
        return self.value(environments.node, name) if environments else None

    def keys_of(self, environment: str) -> yaml.MappingNode | None:
        """Return the mapping of an environment's own keys; the file's top level for ``default``."""
        if environment == DEFAULT_ENVIRONMENT:
            return self.root
        table = self.environment(environment)
        node = table.node if table else None
        return node if isinstance(node, yaml.MappingNode) else None

    def dependencies(self, environment: str) -> Value | None:
        """Return an environment's own list of dependencies, if any."""
        keys = self.keys_of(environment)
        return self.value(keys, "dependencies") if keys else None

    def pip_lists(self, dependencies: Value) -> list[tuple[yaml.Node, Value]]:
        """Return the ``pip`` lists in a list of dependencies, each with its item."""
        lists = ((item, self.value(item, "pip")) for item in dependencies.items)
        return [(item, value) for item, value in lists if value]

    def entries(self, environment: str) -> Iterator[Entry]:
        """Return all of an environment's own requirements, conda's and PyPI's."""
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
        """Return whether a dependency is under ``sel(…)``."""
        multiplat = self.value(self.root, "multiplat")
        declared = multiplat and self.value(multiplat.node, "environments")
        pairs = declared.node.value if declared else []
        names = [key.value for key, _ in pairs] if isinstance(pairs, list) else []
        entries = (entry for name in (DEFAULT_ENVIRONMENT, *names) for entry in self.entries(name))
        return any(entry.key is not None for entry in entries)

    # Formatting.

    def line_start(self, index: int) -> int:
        """Return the start of a character's line."""
        return self.text.rfind("\n", 0, index) + 1

    def line_end(self, index: int) -> int:
        """Return the end of a character's line, before its line break."""
        end_of_line = self.text.find("\n", index)
        end = len(self.text) if end_of_line < 0 else end_of_line
        return end - 1 if end > index and self.text[end - 1] == "\r" else end

    def line(self, index: int) -> str:
        """Return a character's line."""
        return self.text[self.line_start(index) : self.line_end(index)]

    def end_of(self, node: yaml.Node) -> int:
        """Return the end of a node's last token: YAML's own mark is often later."""
        if isinstance(node, yaml.CollectionNode) and node.value and not node.flow_style:
            last = node.value[-1]
            return self.end_of(last[1] if isinstance(last, tuple) else last)
        if is_null(node) and node.start_mark.index == node.end_mark.index:
            return self.text.rindex(":", 0, node.end_mark.index + 1) + 1
        return len(self.text[: node.end_mark.index].rstrip())

    def indentation_step(self) -> int:
        """Return how far the file indents a list under its key, usually 0 or 2."""
        steps = list(_steps(self.root))
        return steps[0] if steps else 2

    def refusal(self, node: yaml.Node, why: str, hint: str) -> ManifestError:
        """Return the error for a change that can't be made here."""
        mark = node.start_mark
        return refusal(Location(self.file, mark.line + 1, mark.column + 1), why, hint)


#: The hint of every error about a change.
UNCHANGED = "no file was changed"


def refusal(at: Location, why: str, hint: str) -> ManifestError:
    """Return the error for a change that can't be made at a place."""
    problem = Problem(at, why, hint)
    return ManifestError(f"{at.file} can't be edited", problems=[problem], hints=[UNCHANGED])


def _steps(node: yaml.Node) -> Iterator[int]:
    """Return the indentation under its key of each list in block style."""
    if isinstance(node, yaml.SequenceNode):
        for item in node.value:
            yield from _steps(item)
    if not isinstance(node, yaml.MappingNode):
        return
    for key, value in node.value:
        if isinstance(value, yaml.SequenceNode) and value.value and not value.flow_style:
            yield max(0, value.value[0].start_mark.column - 2 - key.start_mark.column)
        yield from _steps(value)
