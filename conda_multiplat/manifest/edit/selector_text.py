"""Rewrite a line's selector, in the style of its file."""

from __future__ import annotations

from collections.abc import Sequence

import yaml

from conda_multiplat.manifest.edit import lists
from conda_multiplat.manifest.edit.document import Document, Entry, Patch
from conda_multiplat.vocabulary.errors import ManifestError
from conda_multiplat.vocabulary.selector_writer import Selection


def selector_patches(document: Document, entry: Entry, selection: Selection) -> list[Patch]:
    """Return the patches that give a line the selector of a selection.

    Raises:
        ManifestError: the file's style can't express it.
    """
    if document.has_dict_selectors:
        return [_new_key(document, entry, selection)]
    if lists.in_brackets(entry.lists[0]) and not selection.everywhere:
        return [_new_key(document, entry, selection)]
    return _new_comments(document, entry, selection.words)


def _new_key(document: Document, entry: Entry, selection: Selection) -> Patch:
    names = () if selection.everywhere else selection.families
    unknown = names is None or len(names) > 1 or document.has_comment_selectors
    if names is None or unknown or len(entry.lists) > 1:
        raise inexpressible(document, entry.scalar, selection, pypi=len(entry.lists) > 1)
    if entry.key is None:
        start = entry.scalar.start_mark.index
        return Patch(start, start, f"sel({names[0]}): " if names else "")
    if names:
        return Patch(entry.key.start_mark.index, entry.key.end_mark.index, f"sel({names[0]})")
    if len(entry.item.value) > 1 or document.text[entry.item.start_mark.index] == "{":
        why = "this item has several selectors, or is in braces"
        raise document.refusal(entry.item, why, "write one item for each selector")
    return Patch(entry.key.start_mark.index, entry.scalar.start_mark.index, "")


def _new_comments(document: Document, entry: Entry, words: Sequence[str]) -> list[Patch]:
    """Write the first word after the line, and a copy of the line for each other word."""
    first, *others = words or [""]
    patches = _new_comment(document, entry, first)
    if not others:
        return patches
    end = document.line_end(entry.scalar.start_mark.index)
    node = entry.scalar
    source = document.text[node.start_mark.index : document.end_of(node)]
    line = lists.dash(document, entry.item) + source
    more = [f"{document.newline}{lists.selected(document, line, word)}" for word in others]
    at_end = [patch for patch in patches if patch.start == end]
    text = "".join([*(patch.text for patch in at_end), *more])
    return [*(patch for patch in patches if patch.start < end), Patch(end, end, text)]


def _new_comment(document: Document, entry: Entry, expression: str) -> list[Patch]:
    end = document.line_end(entry.scalar.start_mark.index)
    after = document.text[document.end_of(entry.scalar) : end]
    selector = lists.selector_of(document, entry.scalar)
    if selector is None:
        if not expression:
            return []
        gap = lists.selector_gap(document, len(document.line(entry.scalar.start_mark.index)))
        return [Patch(end, end, f" [{expression}]" if "#" in after else f"{gap}# [{expression}]")]
    old, start = selector
    if expression:
        return [Patch(start, start + len(old), expression)]
    alone = after.replace(" ", "") == f"#[{old.replace(' ', '')}]"
    if alone:
        return [Patch(document.end_of(entry.scalar), end, "")]
    words = len(document.text[: start - 1].rstrip())
    return [Patch(words, start + len(old) + 1, "")]


def inexpressible(
    document: Document, node: yaml.Node, selection: Selection, *, pypi: bool
) -> ManifestError:
    """Return the error for a selection that a file's style can't express."""
    names = " and ".join(sorted(selection.platforms))
    if pypi:
        why = f"the selectors of this file can't express {names} under `pip:`"
        hint = "add it for all platforms with a marker: \"NAME; sys_platform == 'linux'\""
    elif document.has_dict_selectors:
        why = f"`sel(…)` knows only linux, osx, win and unix: it can't express {names}"
        hint = (
            "ask for a family (--family linux), or write comment selectors: `- NAME  # [linux64]`"
        )
    else:
        why = f"a list in brackets has no lines for comment selectors of {names}"
        hint = "write each item on its own line, beginning with `- `"
    return document.refusal(node, why, hint)
