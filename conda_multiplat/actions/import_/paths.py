"""Relative paths in what is imported: they start from the folder of the file that they are in."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from conda_multiplat.importers.values import Imported
from conda_multiplat.manifest.model import Requirement, View
from conda_multiplat.vocabulary.pip_entries import split_option
from conda_multiplat.vocabulary.yaml_nodes import Text

_FILES = ("-r", "--requirement", "-c", "--constraint", "-e", "--editable", "-f", "--find-links")
_RELATIVE = re.compile(r"\.{1,2}($|[/\\\[])")


def moved(imported: Imported, folder: Path, to: Path) -> Imported:
    """What was read in ``folder`` as it has to be written in ``to``."""
    if folder == to:
        return imported
    start = os.path.relpath(folder, to)
    manifest = imported.manifest
    environments = {
        name: each._replace(views=_views(each.views, start))
        for name, each in manifest.environments.items()
    }
    return replace(imported, manifest=manifest._replace(environments=environments))


def _views(views: Mapping[str, View], start: str) -> dict[str, View]:
    return {
        subdir: view._replace(
            channels=tuple(_channel(each, start) for each in view.channels),
            pypi=tuple(_entry(each, start) for each in view.pypi),
        )
        for subdir, view in views.items()
    }


def _channel(channel: Text, start: str) -> Text:
    relative = _RELATIVE.match(channel.value)
    return channel._replace(value=_joined(start, channel.value)) if relative else channel


def _entry(requirement: Requirement, start: str) -> Requirement:
    option, value = split_option(requirement.text)
    if option in _FILES and "://" not in value and not Path(value).is_absolute():
        return requirement._replace(text=f"{option} {_joined(start, value)}")
    if not option and _RELATIVE.match(requirement.text):
        return requirement._replace(text=_joined(start, requirement.text))
    return requirement


def _joined(start: str, path: str) -> str:
    """``path`` from ``start``, with a dot first if it had one; an extra at its end stays."""
    bare, bracket, extras = path.partition("[")
    found = Path(os.path.normpath(Path(start) / bare)).as_posix()
    found = f"./{found}" if path.startswith(".") and not found.startswith(".") else found
    return f"{found}{bracket}{extras}"
