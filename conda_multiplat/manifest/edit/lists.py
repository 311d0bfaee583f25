"""Insert and delete items of a YAML list, in block or flow style."""

from __future__ import annotations

import re
from collections.abc import Sequence

import yaml

from conda_multiplat.manifest.edit.document import Document, Patch, Value
from conda_multiplat.vocabulary.selectors import comment_selector

_BY_HAND = "write it by hand, then run `conda multiplat lock`"
_SELECTED = re.compile(r"\S(?P<gap>\s+)#\s*\[[^\[\]]*\]\s*$")


def in_brackets(value: Value) -> bool:
    """Return whether a list is in flow style and has to stay so.

    ``[]`` does not have to, unless its key is in braces: items can be written below the key.
    """
    if isinstance(value.node, yaml.SequenceNode) and value.node.flow_style:
        return bool(value.node.value) or bool(value.mapping.flow_style)
    return bool(value.mapping.flow_style)


def insert(
    document: Document,
    value: Value,
    text: str,
    *,
    after: yaml.Node | None,
    comment: str = "",
) -> str:
    """Return the document's text with a new item in a list.

    Args:
        document: the document.
        value: the list.
        text: the item as it will be written.
        after: the item before it; ``None`` for the first place.
        comment: the expression of a comment selector to write after it; not in flow style.
    """
    if in_brackets(value):
        return document.patched(*_in_brackets(document, value, text, after))
    if not value.items:
        return document.patched(*_first_line(document, value, text, comment))
    sibling = after or value.items[0]
    line = selected(document, dash(document, sibling) + text, comment)
    if after is None:
        start = document.line_start(sibling.start_mark.index)
        return document.patched(Patch(start, start, line + document.newline))
    end = document.line_end(document.end_of(after))
    return document.patched(Patch(end, end, document.newline + line))


def _in_brackets(
    document: Document, value: Value, text: str, after: yaml.Node | None
) -> list[Patch]:
    if not isinstance(value.node, yaml.SequenceNode):  # a null in a mapping in braces
        start = document.end_of(value.node)
        return [Patch(start, start, f" [{text}]")]
    if after is None:
        start = document.text.index("[", value.node.start_mark.index) + 1
        return [Patch(start, start, f"{text}, " if value.items else text)]
    end = document.end_of(after)
    if (match := _line_in_brackets(document, after)) is None:
        return [Patch(end, end, f", {text}")]
    comma = [] if match["comma"] else [Patch(end, end, ",")]
    last = document.line_end(end)
    line = f"{document.newline}{match['indent']}{text}{match['comma'] or ''}"
    return [*comma, Patch(last, last, line)]


def _line_in_brackets(document: Document, item: yaml.Node) -> re.Match[str] | None:
    """Return the line of an item that has its own line in flow style."""
    start, end = item.start_mark.index, document.end_of(item)
    pattern = rf"(?P<indent>\s*){re.escape(document.text[start:end])}\s*(?P<comma>,)?\s*(#.*)?"
    return re.fullmatch(pattern, document.line(start))


def selected(document: Document, line: str, comment: str) -> str:
    """Return a line with a comment selector, formatted as in the file."""
    gap = selector_gap(document, len(line))
    return f"{line}{gap}# [{comment}]" if comment else line


def _first_line(document: Document, value: Value, text: str, comment: str) -> list[Patch]:
    """Write the first item of an empty list, in a line below its key."""
    key, node = value.key, value.node
    colon = document.text.index(":", key.end_mark.index) + 1
    written = document.text[colon : node.end_mark.index]
    if "\n" in written.rstrip() or any(mark in written for mark in "&!*"):
        raise document.refusal(node, "this empty list is written in an unusual way", _BY_HAND)
    indent = " " * (key.start_mark.column + document.indentation_step())
    end = document.line_end(colon)
    line = selected(document, f"{indent}- {text}", comment)
    emptied = Patch(colon, colon + len(written.rstrip()), "")
    return [emptied, Patch(end, end, document.newline + line)]


def dash(document: Document, item: yaml.Node) -> str:
    """Return the indentation and the dash before an item."""
    start = item.start_mark.index
    before = document.text[document.line_start(start) : start]
    if not re.fullmatch(r" *-[ \t]+", before):
        raise document.refusal(item, "this item is not on a line of its own", _BY_HAND)
    return before


def selector_gap(document: Document, width: int) -> str:
    """Return the white space between a line of some width and its selector.

    If all selectors of the file are in one column, the new one is too.
    """
    matches = [_SELECTED.search(line) for line in document.text.splitlines()]
    gaps = [match for match in matches if match]
    columns = {match.end("gap") for match in gaps}
    if len(gaps) > 1 and len(columns) == 1:
        return " " * max(2, columns.pop() - width)
    return gaps[-1]["gap"] if gaps else "  "


def delete(document: Document, lists: Sequence[Value], item: yaml.Node) -> str:
    """Return the document's text without an item of the first of ``lists``.

    An emptied ``pip`` list is removed too; one of dependencies becomes ``[]``.
    """
    value = lists[0]
    if len(value.items) == 1:
        return _delete_last(document, lists, item)
    if in_brackets(value):
        return document.patched(_out_of_brackets(document, value, item))
    return document.patched(_whole_line(document, item))


def _delete_last(document: Document, lists: Sequence[Value], item: yaml.Node) -> str:
    value, *outer = lists
    if outer:
        around = next(item for item in outer[0].items if item is value.mapping)
        if len(value.mapping.value) > 1:
            raise document.refusal(item, "`pip:` shares its item with other keys", _BY_HAND)
        if in_brackets(outer[0]) or in_brackets(value):
            return delete(document, outer, around)
        lines = [_whole_line(document, item)]
        if len(outer[0].items) > 1:
            return document.patched(*lines, _line_of(document, around))
        return document.patched(*lines, _line_of(document, around), _emptied(document, outer[0]))
    if in_brackets(value):
        start, end = item.start_mark.index, document.end_of(item)
        return document.patched(Patch(start, end, ""))
    return document.patched(_whole_line(document, item), _emptied(document, value))


def _emptied(document: Document, value: Value) -> Patch:
    """Write ``[]`` after the key of a list that loses its last line."""
    colon = document.text.index(":", value.key.end_mark.index) + 1
    return Patch(colon, colon, " []")


def _whole_line(document: Document, item: yaml.Node) -> Patch:
    """Return an item's line, which must contain nothing else."""
    dash(document, item)
    start, end = item.start_mark.index, document.end_of(item)
    if "\n" in document.text[start:end]:
        raise document.refusal(item, "this item spans several lines", _BY_HAND)
    return _line_of(document, item)


def _line_of(document: Document, item: yaml.Node) -> Patch:
    """Return a line with its line break, if any."""
    start = document.line_start(item.start_mark.index)
    end = document.text.find("\n", item.start_mark.index)
    return Patch(start, len(document.text) if end < 0 else end + 1, "")


def _out_of_brackets(document: Document, value: Value, item: yaml.Node) -> Patch:
    """Return an item with the comma that is no longer needed."""
    if _line_in_brackets(document, item):  # a trailing comma is valid
        return _line_of(document, item)
    items = value.items
    at = items.index(item)
    if at + 1 < len(items):
        span = item.start_mark.index, items[at + 1].start_mark.index
    else:
        span = document.end_of(items[at - 1]), document.end_of(item)
    if "#" in document.text[slice(*span)]:
        raise document.refusal(item, "there is a comment between the items of this list", _BY_HAND)
    return Patch(*span, "")


def selector_of(document: Document, node: yaml.Node) -> tuple[str, int] | None:
    """Return the comment selector of a node's line: its expression and position in the text."""
    selector = comment_selector(document.line(node.start_mark.index))
    if selector is None:
        return None
    return selector[0], document.line_start(node.start_mark.index) + selector[1]
