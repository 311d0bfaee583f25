"""Convert relative paths in imported files, so that they start from the new manifest's folder."""

from __future__ import annotations

import os
import re
from dataclasses import replace
from pathlib import Path

from conda_multiplat.importers.values import Imported
from conda_multiplat.machine.pip_paths import with_path
from conda_multiplat.manifest.model import Requirement, View
from conda_multiplat.vocabulary.pip_options import FILES, split_option
from conda_multiplat.vocabulary.yaml_nodes import Text

_RELATIVE = re.compile(r"\.{1,2}($|[/\\\[])")


def moved(imported: Imported, folder: Path, to: Path) -> Imported:
    """Convert what was read in ``folder`` to be written in ``to``."""
    if folder == to:
        return imported
    start = os.path.relpath(folder, to)

    def moved_view(view: View) -> View:
        return view._replace(
            channels=tuple(_channel(channel, start) for channel in view.channels),
            pypi=tuple(_entry(line, start) for line in view.pypi),
        )

    return replace(imported, manifest=imported.manifest.with_views(moved_view))


def _channel(channel: Text, start: str) -> Text:
    relative = _RELATIVE.match(channel.value)
    return channel._replace(value=joined(start, channel.value)) if relative else channel


def _entry(requirement: Requirement, start: str) -> Requirement:
    option, value = split_option(requirement.text)
    if option in FILES and "://" not in value and not Path(value).is_absolute():
        return requirement._replace(text=f"{option} {joined(start, value)}")
    return requirement._replace(text=with_path(requirement.text, lambda path: joined(start, path)))


def joined(start: str, path: str) -> str:
    """Return ``start`` joined with ``path``; a leading ``./`` and an extra at the end stay."""
    bare, bracket, extras = path.partition("[")
    normal = Path(os.path.normpath(Path(start) / bare)).as_posix()
    normal = f"./{normal}" if path.startswith(".") and not normal.startswith(".") else normal
    return f"{normal}{bracket}{extras}"
