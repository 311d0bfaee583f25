"""Replace lines in place, for bounds that move."""

from __future__ import annotations

from collections.abc import Mapping

from conda_multiplat.manifest.edit.draft import Draft
from conda_multiplat.manifest.edit.nothing_else_changed import changes_more, same_but_for_lines
from conda_multiplat.manifest.edit.requirements import new_scalar
from conda_multiplat.vocabulary.errors import Location


def rewritten(draft: Draft, texts: Mapping[Location, str]) -> Draft:
    """Replace the text of lines at some places, for the same packages.

    Args:
        draft: the manifest.
        texts: the new text of each line, by its place.

    Raises:
        ManifestError: a line is written in a way that can't be edited, with the reason.
    """
    after = draft
    for file, document in draft.documents.items():
        entries = {
            entry.place: entry
            for environment in draft.manifest.environments
            for entry in document.entries(environment)
        }
        patches = {
            new_scalar(document, entries[at.line, at.column], text)
            for at, text in texts.items()
            if at.file == file and (at.line, at.column) in entries
        }
        if patches:
            after = after.with_text(file, document.patched(*patches))
    if not same_but_for_lines(draft, after, texts):
        files = ", ".join(sorted({at.file for at in texts}))
        raise changes_more(files, "the bounds could not be moved")
    return after
