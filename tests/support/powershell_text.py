"""PowerShell's text as its grammar reads it, for machines that have no PowerShell."""

from __future__ import annotations

import re
from collections.abc import Iterator

import tree_sitter_powershell
from tree_sitter import Language, Node, Parser

_LANGUAGE = Language(tree_sitter_powershell.language())
_LITERAL = "verbatim_string_characters"


#: PowerShell takes typographic quotes for plain ones, which its grammar does not know.
_QUOTES = "'\u2018-\u201b"
_TWO_QUOTES = re.compile(f"([{_QUOTES}])[{_QUOTES}]")


def faults(text: str) -> list[str]:
    """Return what is not PowerShell, with its lines, and strings that would end too early."""
    return [
        f"line {node.start_point.row + 1}: {_text(node)[:60]!r}"
        for node in _nodes(text)
        if node.is_error or node.is_missing or _ends_early(node)
    ]


def strings(text: str) -> list[str]:
    """Return the values of strings in single quotes; typographic quotes are single quotes too."""
    literal = [node for node in _nodes(text) if node.type == _LITERAL]
    return [_TWO_QUOTES.sub(r"\1", _text(node)[1:-1]) for node in literal]


def _ends_early(node: Node) -> bool:
    if node.type != _LITERAL:
        return False
    return re.search(f"[{_QUOTES}]", _TWO_QUOTES.sub("", _text(node)[1:-1])) is not None


def _text(node: Node) -> str:
    return (node.text or b"").decode()


def _nodes(text: str) -> Iterator[Node]:
    waiting = [Parser(_LANGUAGE).parse(text.encode()).root_node]
    while waiting:
        node = waiting.pop()
        yield node
        waiting += node.children
