"""Add a requirement to a manifest or remove it, on some platforms or on all.

``put`` works in steps, and the text is read again after each:

1. Of the lines with the name that apply on a requested platform, one that applies on no other
   platform is replaced by the new one; if there is none, a line is added.
2. The others are removed if they apply on no other platform, else their selector is narrowed.

A line of ``pip:`` applies where both its selector and its marker (PEP 508) are true; one that no
longer applies anywhere is removed. ``take`` is the second step alone. At the end, everything else
must be unchanged on all platforms.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, replace

from conda_multiplat.manifest.edit import lists
from conda_multiplat.manifest.edit.document import Document, Entry, Patch, refusal
from conda_multiplat.manifest.edit.draft import Change, Draft
from conda_multiplat.manifest.edit.keys import list_of, with_line, with_lists
from conda_multiplat.manifest.edit.nothing_else_changed import counts, refuse_unless_only
from conda_multiplat.manifest.edit.selector_text import inexpressible, selector_patches
from conda_multiplat.vocabulary.errors import Location
from conda_multiplat.vocabulary.selector_writer import Selection
from conda_multiplat.vocabulary.yaml_scalars import list_item


@dataclass(frozen=True)
class _Line:
    """A line with the name of the changed package.

    Attributes:
        at: its position.
        platforms: the platforms on which it applies; all of ``written`` if its marker (PEP 508) is
            false on every one of them.
        written: the platforms that its selector names.
    """

    at: Location
    platforms: frozenset[str]
    written: frozenset[str]


def put(draft: Draft, change: Change, text: str) -> Draft:
    """Make ``text`` the only requirement of its name on the selected platforms.

    Raises:
        ManifestError: the file is written in a way that can't be edited, with the reason.
    """
    if all(line_texts(draft, change, subdir) == [text] for subdir in change.selection.platforms):
        return draft
    after = _put(draft, change, text)
    refuse_unless_only(draft, after, change, text)
    return after


def take(draft: Draft, change: Change) -> Draft:
    """Remove the requirement of a name on the selected platforms.

    Raises:
        ManifestError: the file is written in a way that can't be edited, with the reason.
    """
    after = _without(draft, change)
    refuse_unless_only(draft, after, change, None)
    return after


def lines(draft: Draft, change: Change) -> list[_Line]:
    """Return the lines with the name that apply on a selected platform, in file order."""
    subdirs_at: dict[Location, set[str]] = defaultdict(set)
    live: dict[Location, set[str]] = defaultdict(set)
    for subdir in change.selection.among:
        for requirement in draft.own_requirements(change.environment, subdir, pypi=change.pypi):
            if change.matches(requirement):
                subdirs_at[requirement.at].add(subdir)
                if counts(requirement, subdir, pypi=change.pypi):
                    live[requirement.at].add(subdir)
    order = {source.file: number for number, source in enumerate(draft.sources)}
    named = [
        _Line(at, frozenset(live[at] or subdirs), frozenset(subdirs))
        for at, subdirs in subdirs_at.items()
    ]
    named.sort(key=lambda line: (order.get(line.at.file, 0), line.at))
    return [line for line in named if line.platforms & change.selection.platforms]


def line_texts(draft: Draft, change: Change, subdir: str) -> list[str]:
    """Return an environment's own lines for a package that apply on a platform."""
    requirements = draft.own_requirements(change.environment, subdir, pypi=change.pypi)
    return [
        requirement.text
        for requirement in requirements
        if change.matches(requirement) and counts(requirement, subdir, pypi=change.pypi)
    ]


def _put(draft: Draft, change: Change, text: str) -> Draft:
    if len(_keys(draft.home_of(change.environment), change.selection)) > 1:
        return _add_line(_without(draft, change), change, text)
    replaced = _reusable(lines(draft, change), change)
    after = _without(draft, change, keep=True)
    if replaced is None:
        return _add_line(after, change, text)
    reusable = _reusable(lines(after, change), change)
    assert reusable is not None
    return _rewrite_line(after, change, reusable, text)


def _keys(document: Document, selection: Selection) -> tuple[str, ...]:
    """Return the families that get a line each, in a file with families as keys."""
    named = document.has_dict_selectors and not selection.everywhere
    return (selection.families or ()) if named else ()


def _without(draft: Draft, change: Change, *, keep: bool = False) -> Draft:
    """Remove the package's lines; with ``keep``, leave the one that will be replaced."""
    after = draft
    while True:
        named = lines(after, change)
        replaced = _reusable(named, change) if keep else None
        going = [line for line in named if line != replaced]
        if not going:
            return after
        after = _take_line(after, change, going[-1])
        if lines(after, change) == named:  # without effect: the check at the end reports it
            return after


def _reusable(named: list[_Line], change: Change) -> _Line | None:
    """Return the line to replace; preferably one that applies on exactly the selected platforms."""
    inside = [line for line in named if line.platforms <= change.selection.platforms]
    exact = [line for line in inside if line.platforms == change.selection.platforms]
    return next(iter([*exact, *inside]), None)


def _entry(draft: Draft, change: Change, line: _Line) -> tuple[Document, Entry]:
    document = draft.documents[line.at.file]
    for entry in document.entries(change.environment):
        if entry.place == (line.at.line, line.at.column):
            return document, entry
    why = "this line is in a list that a later one with the same key hides"
    hint = "change it by hand, then run `conda multiplat lock`"
    raise refusal(line.at, why, hint)


def _rewrite_line(draft: Draft, change: Change, line: _Line, text: str) -> Draft:
    document, entry = _entry(draft, change, line)
    after = draft.with_text(document.file, document.patched(new_scalar(document, entry, text)))
    if line.written == change.selection.platforms and not change.selection.family:
        return after
    document, entry = _entry(after, change, line)
    patches = selector_patches(document, entry, change.selection)
    return after.with_text(document.file, document.patched(*patches))


def new_scalar(document: Document, entry: Entry, text: str) -> Patch:
    """Replace a line's text, with its quotes.

    Raises:
        ManifestError: it is written in a way that can't be edited.
    """
    node = entry.scalar
    start, end = node.start_mark.index, document.end_of(node)
    if document.text[start] in "&!*" or "\n" in document.text[start:end]:
        why = "this item has an anchor or a tag, or spans several lines"
        raise document.refusal(
            node, why, f"write {text!r} by hand, then run `conda multiplat lock`"
        )
    style = node.style if node.style in ("'", '"') else None
    written = list_item(text, flow=lists.in_brackets(entry.lists[0]), style=style)
    return Patch(start, end, written)


def _take_line(draft: Draft, change: Change, line: _Line) -> Draft:
    """Remove a line, or keep it on the platforms that are not selected."""
    document, entry = _entry(draft, change, line)
    rest = line.platforms - change.selection.platforms
    if rest:
        remaining = Selection(line.written - change.selection.platforms, change.selection.among)
        if len(_keys(document, remaining)) > 1 and not change.pypi:
            gone = draft.with_text(document.file, _deleted(document, entry))
            return _add_line(gone, replace(change, selection=remaining), entry.scalar.value)
        patches = selector_patches(document, entry, remaining)
        return draft.with_text(document.file, document.patched(*patches))
    return draft.with_text(document.file, _deleted(document, entry))


def _deleted(document: Document, entry: Entry) -> str:
    if entry.key is not None and len(entry.item.value) > 1:
        return document.patched(_without_pair(document, entry))
    return lists.delete(document, entry.lists, entry.item)


def _without_pair(document: Document, entry: Entry) -> Patch:
    """Remove one ``sel(…): SPEC`` of several in an item."""
    keys = [key for key, _ in entry.item.value]
    at = keys.index(entry.key)
    if at + 1 < len(keys):
        span = keys[at].start_mark.index, keys[at + 1].start_mark.index
    else:
        span = document.end_of(entry.item.value[at - 1][1]), document.end_of(entry.scalar)
    if "#" in document.text[slice(*span)]:
        why = "there is a comment between the selectors of this item"
        raise document.refusal(entry.item, why, "write one item for each selector")
    return Patch(*span, "")


def _add_line(draft: Draft, change: Change, text: str) -> Draft:
    """Add a line; in dictionary style one for each family of the platforms."""
    draft = with_lists(draft, change)
    document = draft.home_of(change.environment)
    value = list_of(document, change)
    selection = change.selection
    written = list_item(text, flow=lists.in_brackets(value))
    if selection.everywhere:
        return draft.with_text(document.file, with_line(document, value, change, written))
    if not document.has_dict_selectors and not lists.in_brackets(value):
        for word in selection.words:
            document = draft.home_of(change.environment)
            value = list_of(document, change)
            after = with_line(document, value, change, written, word)
            draft = draft.with_text(document.file, after)
        return draft
    if selection.families is None or change.pypi or document.has_comment_selectors:
        raise inexpressible(document, value.key, selection, pypi=change.pypi)
    for name in selection.families:
        document = draft.home_of(change.environment)
        value = list_of(document, change)
        after = with_line(document, value, change, f"sel({name}): {written}")
        draft = draft.with_text(document.file, after)
    return draft
