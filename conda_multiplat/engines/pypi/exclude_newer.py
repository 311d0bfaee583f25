"""``exclude-newer`` for uv, and the files that uv would choose without it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

from packaging.utils import canonicalize_name

from conda_multiplat.engines.pypi.uv import uv_version
from conda_multiplat.solving.pypi import PypiRequest
from conda_multiplat.vocabulary.exclude_newer import Cuts, in_words

#: The first uv for which `false` exempts a project. Older ones get a year in the far future, but
#: then take nothing from indexes that do not state upload times.
_LETS_THROUGH = (0, 9, 26)
_NEVER = "9999-01-01T00:00:00Z"
#: uv also excludes files of that very instant, conda only later ones.
_JUST_AFTER = ".001Z"


def arguments(cuts: Cuts) -> list[str]:
    """Return the options of ``uv pip compile``."""
    if not cuts.can_exclude:
        return []
    everything = [] if cuts.everything is None else [f"--exclude-newer={_instant(cuts.everything)}"]
    never = "false" if uv_version() >= _LETS_THROUGH else _NEVER
    packages = [
        f"--exclude-newer-package={name}={never if cut is None else _instant(cut)}"
        for name, cut in cuts.packages
    ]
    return [*everything, *packages]


def _instant(seconds: int) -> str:
    return re.sub("Z$", _JUST_AFTER, in_words(seconds))


def in_our_words(text: str) -> str:
    """Return uv's message with the manifest's instants."""
    return text.replace(_JUST_AFTER, "Z")


def too_new(request: PypiRequest, packages: Iterable[Mapping[str, Any]]) -> dict[str, str]:
    """Return packages of a ``pylock.toml`` that a request excludes: name -> version."""
    return {
        name: str(package.get("version", ""))
        for package in packages
        if (name := canonicalize_name(package["name"])) and _is_too_new(request.cuts, name, package)
    }


def _is_too_new(cuts: Cuts, name: str, package: Mapping[str, Any]) -> bool:
    files = [*package.get("wheels", ()), *filter(None, [package.get("sdist")])]
    times = [int(file["upload-time"].timestamp()) for file in files if "upload-time" in file]
    if not files or cuts.of(name) is None:
        return False
    return not times or all(cuts.excludes(name, "", time) for time in times)
