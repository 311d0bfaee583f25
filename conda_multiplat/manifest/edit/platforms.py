"""Add and remove a manifest's ``platforms``."""

from __future__ import annotations

from collections.abc import Sequence

from conda_multiplat.manifest.edit import lists
from conda_multiplat.manifest.edit.document import Document, Value
from conda_multiplat.manifest.edit.draft import Draft
from conda_multiplat.manifest.edit.keys import with_key
from conda_multiplat.manifest.edit.nothing_else_changed import changes_more, same_but_for_platforms
from conda_multiplat.vocabulary.names import DEFAULT_ENVIRONMENT


def with_platforms(
    draft: Draft, environment: str, names: Sequence[str], current: Sequence[str]
) -> Draft:
    """Add platforms to a manifest.

    Args:
        draft: the manifest.
        environment: the environment; ``default`` has its platforms at the top level.
        names: the new platforms.
        current: its current platforms, which are written too if it has no list of its own.

    Raises:
        ManifestError: the file is written in a way that can't be edited, with the reason.
    """
    own_lists = _lists(draft, environment)
    if not own_lists:
        document = draft.home_of(environment)
        value = f"[{', '.join([*current, *names])}]"
        text = with_key(document, environment, "platforms", value)
        after = draft.with_text(document.file, text)
    else:
        after = draft
        for name in names if platforms_of(draft, environment) else [*current, *names]:
            document, platforms = _lists(after, environment)[0]
            last = platforms.items[-1] if platforms.items else None
            after = after.with_text(
                document.file, lists.insert(document, platforms, name, after=last)
            )
    _refuse_unless(draft, after, environment, [*current, *names])
    return after


def without_platforms(draft: Draft, environment: str, names: Sequence[str]) -> Draft:
    """Remove some, but not all, platforms of a manifest.

    Raises:
        ManifestError: the file is written in a way that can't be edited, with the reason.
    """
    remaining = [subdir for subdir in platforms_of(draft, environment) if subdir not in names]
    after = draft
    for name in names:
        while places := _places(after, environment, name):
            document, value, at = places[-1]
            text = lists.delete(document, [value], value.items[at])
            after = after.with_text(document.file, text)
            if len(_places(after, environment, name)) >= len(places):
                break
    _refuse_unless(draft, after, environment, remaining)
    return after


def platforms_of(draft: Draft, environment: str) -> tuple[str, ...]:
    """Return an environment's own platforms in the manifest; empty if it states none."""
    manifest = draft.manifest
    if environment != DEFAULT_ENVIRONMENT:
        return manifest.environments[environment].platforms
    return manifest.platforms if manifest.platforms_given else ()


def _lists(draft: Draft, environment: str) -> list[tuple[Document, Value]]:
    """Return each file's list of an environment's platforms."""
    own_lists = []
    for document in draft.documents.values():
        keys = document.keys_of(environment)
        if keys and (value := document.value(keys, "platforms")):
            own_lists.append((document, value))
    return own_lists


def _places(draft: Draft, environment: str, name: str) -> list[tuple[Document, Value, int]]:
    return [
        (document, value, number)
        for document, value in _lists(draft, environment)
        for number, item in enumerate(value.items)
        if item.value == name
    ]


def _refuse_unless(before: Draft, after: Draft, environment: str, expected: Sequence[str]) -> None:
    is_changed = platforms_of(after, environment) == tuple(expected)
    if not is_changed or not same_but_for_platforms(before, after, environment):
        what = f"the platforms of {environment} could not be changed"
        raise changes_more(before.home_of(environment).file, what)
