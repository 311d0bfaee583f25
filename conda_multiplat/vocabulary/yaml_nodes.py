"""Read YAML with the line and column of every value, and collect all problems.

It uses PyYAML's node graph (with libyaml's parser if available) and converts nothing by YAML's own
rules, so that ``glibc: 2.30`` stays ``2.30`` and duplicate keys are detected.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, NamedTuple

import yaml

from conda_multiplat.vocabulary.errors import TOO_DEEP, DocumentError, Location, Problem, reason_of
from conda_multiplat.vocabulary.names import nearest_or_all

#: libyaml's parser if available; both are safe.
Loader: type = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_NULL = "tag:yaml.org,2002:null"
_STRING = "tag:yaml.org,2002:str"
_KINDS = {yaml.MappingNode: "a mapping", yaml.SequenceNode: "a list", yaml.ScalarNode: "a value"}

#: The maximum depth of nesting; a manifest has five levels.
_DEEPEST = 50
#: The maximum number of values after all aliases are expanded.
_LARGEST = 1_000_000
#: Documents up to this length, in characters, are always checked.
_SHORT = 100_000


def yaml_node(text: str) -> yaml.Node | None:
    """Return the node graph of a document; ``None`` if it is empty.

    Raises:
        yaml.MarkedYAMLError: it is not YAML; the error has the position.
        DocumentError: it is not YAML, without a position, is nested too deeply, or has aliases
            that expand without end.
    """
    with _loader(text) as loader:
        node: yaml.Node | None = loader.get_single_node()
        if node is not None:
            _require_finite(node)
        return node


def yaml_value(text: str, kind: type = Loader) -> Any:
    """Load a document by YAML's own rules, or by those of another loader.

    Raises:
        DocumentError: it is not YAML, or contains values that can't be read.
    """
    try:
        with _loader(text, kind) as loader:
            node = loader.get_single_node()
            if node is not None and ("&" in text or len(text) < _SHORT):
                _require_finite(node)
            return None if node is None else loader.construct_document(node)
    except DocumentError:
        raise
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        place = (mark.line + 1, mark.column + 1) if mark else ()
        raise DocumentError(f"not YAML: {error.problem or error.context}", *place) from None
    except ValueError as error:  # thousands of digits, a 30th of February
        raise DocumentError(f"not YAML: {reason_of(error)}") from None
    except Exception as error:  # PyYAML has no exception of its own for `!!bool x`
        raise DocumentError(f"not YAML: a value that can't be read: {error}") from None


@contextmanager
def _loader(text: str, kind: type = Loader) -> Iterator[Any]:
    """Provide a loader for a text, and dispose of it."""
    loader = None
    try:
        loader = kind(text)
        yield loader
    except yaml.reader.ReaderError as error:
        line = text.count("\n", 0, error.position) + 1
        raise DocumentError(f"not YAML: {error.reason}", line) from None
    except UnicodeEncodeError as error:
        line = text.count("\n", 0, error.start) + 1
        raise DocumentError("not YAML: an incomplete character", line) from None
    except RecursionError:
        raise DocumentError(TOO_DEEP) from None
    finally:
        if loader is not None:
            loader.dispose()


def _require_finite(root: yaml.Node) -> None:
    """Refuse a graph that is too deep, contains itself, or has too many values through its aliases.

    Each node is visited once, after its children, so that its depth and its size with all aliases
    expanded are known.

    Raises:
        DocumentError: the error has the position.
    """
    measured: dict[int, tuple[int, int]] = {}
    path: set[int] = set()
    todo: list[tuple[yaml.Node, bool]] = [(root, False)]
    while todo:
        node, leaving = todo.pop()
        key = id(node)
        below = _children(node)
        if leaving:
            path.discard(key)
            depths, sizes = zip(*(measured[id(child)] for child in below), strict=True)
            measured[key] = (1 + max(depths), 1 + sum(sizes))
            if measured[key][1] > _LARGEST:
                raise _refused(node, "its aliases would make it endless")
        elif key in path:
            raise _refused(node, "it contains itself")
        elif key not in measured:
            if len(path) > _DEEPEST:
                raise _refused(node, TOO_DEEP)
            if below:
                path.add(key)
                todo += [(node, True), *((child, False) for child in below)]
            else:
                measured[key] = (0, 1)
    if measured[id(root)][0] > _DEEPEST:
        raise _refused(root, TOO_DEEP)


def _refused(node: yaml.Node, message: str) -> DocumentError:
    return DocumentError(message, node.start_mark.line + 1, node.start_mark.column + 1)


def _children(node: yaml.Node) -> list[yaml.Node]:
    if isinstance(node, yaml.MappingNode):
        return [child for pair in node.value for child in pair]
    return node.value if isinstance(node, yaml.SequenceNode) else []


class Text(NamedTuple):
    """A scalar as written, with its location."""

    value: str
    at: Location


class Reader:
    """Reads one document and collects its problems.

    Attributes:
        file: the file's name as the user gave it.
        problems: the problems so far; a set, since a line may be read once for each platform.
        duplicates_allowed: True if the lines for all platforms are read together: a key may occur
            twice, under different selectors, and the last one counts.
        selector_lines: the lines that have a comment selector.
    """

    def __init__(
        self,
        file: str,
        problems: set[Problem] | None = None,
        *,
        duplicates_allowed: bool = False,
        selector_lines: frozenset[int] = frozenset(),
    ) -> None:
        self.file = file
        self.problems: set[Problem] = set() if problems is None else problems
        self.duplicates_allowed = duplicates_allowed
        self.selector_lines = selector_lines

    def compose(self, text: str) -> yaml.Node | None:
        """Return the document's node graph; ``None`` if it is empty or not YAML."""
        try:
            return yaml_node(text)
        except yaml.MarkedYAMLError as error:
            self._syntax(error, text)
        except DocumentError as error:
            self.problem(Location(self.file, error.line, error.column), error.message)
        return None

    def problem(self, at: Location | yaml.Node, message: str, hint: str = "") -> None:
        """Add a problem at a location or node."""
        place = at if isinstance(at, Location) else self.place(at)
        self.problems.add(Problem(place, message, hint))

    def no_selectors(self, node: yaml.Node, what: str) -> None:
        """Add a problem for each selector in a part that must be the same on every platform."""
        inside = set(range(node.start_mark.line + 1, _last_line(node) + 1))
        for line in sorted(self.selector_lines & inside):
            hint = f"{what} holds on every platform: remove the selector"
            self.problem(Location(self.file, line), f"a selector has no effect in {what}", hint)

    def place(self, node: yaml.Node) -> Location:
        """Return the location where ``node`` begins."""
        return Location(self.file, node.start_mark.line + 1, node.start_mark.column + 1)

    def mapping(self, node: yaml.Node, what: str) -> dict[str, tuple[Text, yaml.Node]]:
        """Return a mapping as key -> (key with its location, value); null is an empty mapping."""
        if is_null(node):
            return {}
        if not isinstance(node, yaml.MappingNode):
            self._wrong_kind(node, what, "a mapping (`key: value` lines)")
            return {}
        pairs: dict[str, tuple[Text, yaml.Node]] = {}
        for key, value in node.value:
            if (text := self.text(key, f"a key of {what}")) is None:
                continue
            if text.value in pairs and not self.duplicates_allowed:
                first = pairs[text.value][0].at.line
                self.problem(
                    key,
                    f"{text.value!r} appears twice in {what}",
                    f"line {first} has it already: merge the two, or remove one",
                )
            else:
                pairs[text.value] = (text, value)
        return pairs

    def known(
        self, node: yaml.Node, what: str, known: tuple[str, ...]
    ) -> dict[str, tuple[Text, yaml.Node]]:
        """Return a mapping as :meth:`mapping` does, with a problem for each unknown key."""
        keys = self.mapping(node, what)
        for name, (key, _) in keys.items():
            if name not in known:
                hint = nearest_or_all(name, known)
                self.problem(key.at, f"unknown key {name!r} in {what}", hint)
        return keys

    def items(self, node: yaml.Node, what: str) -> Iterator[yaml.Node]:
        """Yield the items of a list; none for null."""
        if is_null(node):
            return
        if not isinstance(node, yaml.SequenceNode):
            self._wrong_kind(node, what, "a list (lines that begin with `- `)")
            return
        yield from node.value

    def text(self, node: yaml.Node, what: str) -> Text | None:
        """Return a scalar as written; ``None``, with a problem, for anything else or null."""
        if not isinstance(node, yaml.ScalarNode):
            colon = isinstance(node, yaml.MappingNode) and not node.flow_style
            more = "; quote it if it has `: ` in it, or `:` at its end" if colon else ""
            self._wrong_kind(node, what, f"plain text{more}")
            return None
        if is_null(node):
            self.problem(node, f"{what} is empty")
            return None
        return Text(node.value, self.place(node))

    def texts(self, node: yaml.Node, what: str) -> tuple[Text, ...]:
        """Return a list of scalars as written."""
        item = f"an entry of {what}"
        texts = (self.text(child, item) for child in self.items(node, what))
        return tuple(text for text in texts if text is not None)

    def _wrong_kind(self, node: yaml.Node, what: str, expected: str) -> None:
        got = _KINDS.get(type(node), "something else")
        shown = f" {node.value!r}" if isinstance(node, yaml.ScalarNode) else ""
        self.problem(node, f"{what} is {got}{shown}", f"write {expected}")

    def _syntax(self, error: yaml.MarkedYAMLError, text: str) -> None:
        mark = error.problem_mark or error.context_mark
        line, column = (mark.line, mark.column) if mark else (0, 0)
        lines = text.splitlines()
        marked = [number for number, line in enumerate(lines, 1) if line.startswith("<<<<<<< ")]
        if marked:
            message = "a merge conflict: '<<<<<<<'"
            self.problem(Location(self.file, marked[0]), message, "keep what is right, then lock")
            return
        written = lines[line] if line < len(lines) else ""
        if "\t" in written[: len(written) - len(written.lstrip())]:
            at = Location(self.file, line + 1, written.index("\t") + 1)
            self.problem(at, "a tab in the indentation", "YAML indents with spaces only")
            return
        at = Location(self.file, line + 1, column + 1)
        shown = f": {written.strip()!r}" if written.strip() else ""
        self.problem(at, f"not YAML{shown}", f"{error.problem or error.context}")


def _last_line(node: yaml.Node) -> int:
    """Return the last line of ``node``; the end mark of a block is where the next node begins."""
    if isinstance(node, yaml.CollectionNode) and node.value and not node.flow_style:
        last = node.value[-1]
        return _last_line(last[1] if isinstance(last, tuple) else last)
    return int(node.end_mark.line) + 1


def is_null(node: yaml.Node) -> bool:
    """Return whether ``node`` is null in YAML: empty, ``~`` or ``null``."""
    return isinstance(node, yaml.ScalarNode) and node.tag == _NULL


def is_string(node: yaml.Node) -> bool:
    """Return whether YAML reads ``node`` as text, and not as a number, a date or a boolean."""
    return isinstance(node, yaml.ScalarNode) and node.tag == _STRING
