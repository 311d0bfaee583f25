"""The text of an imported manifest, verified by reading it again."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from conda_multiplat.importers.values import Imported, request_differences
from conda_multiplat.importers.write_manifest import render
from conda_multiplat.machine.files import shown
from conda_multiplat.manifest.read import Source, read_manifest
from conda_multiplat.vocabulary.errors import InternalError, ManifestError
from conda_multiplat.vocabulary.pip_entries import entry_name


def verified_text(imported: Imported, sources: Sequence[str], target: Path) -> str:
    """Return the manifest's text, after reading it back and comparing its meaning.

    A comment beside a line can look like a selector: if one does, all comments are left out.
    """
    from conda_multiplat.engines.conda.specs import check_spec

    wrong: list[str] = []
    for comments in (True, False):
        text = render(imported, sources, comments=comments)
        try:
            reread = read_manifest(
                [Source(shown(target), text)],
                host_subdirs=(),
                check_spec=check_spec,
                entry_name=entry_name,
            )
        except ManifestError as error:
            wrong = [str(problem) for problem in error.problems]
            continue
        wrong = list(request_differences(imported.manifest, reread))
        if not wrong:
            return text
    raise InternalError(
        "the new manifest differs from what was imported",
        details=wrong,
        hints=["please report it, with the files that were imported"],
    )
