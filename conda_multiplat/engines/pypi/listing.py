"""Read which project needs which from uv's annotated output: ``six[a]==1.17  # via b, c[extra]``.

A local project appears with its path, as written by the project that needs it: ``../six  # via b``.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path, PurePosixPath
from typing import Any, NamedTuple

from packaging.utils import canonicalize_name

from conda_multiplat.engines.pypi.vendor_indexes import SOURCES
from conda_multiplat.machine.files import local_path
from conda_multiplat.vocabulary.canonical_requirements import extras_of_line

_LINE = re.compile(r"(?P<what>[^\s#].*?)(\s+#\s*via (?P<via>.*))?")
_NAMED = re.compile(r"(?P<name>[A-Za-z0-9][A-Za-z0-9._-]*)(\[[^\]]*\])?(==.*|\s+@\s.*)?")


class Listing(NamedTuple):
    """The content of uv's annotated output.

    Attributes:
        needs: the projects that each project needs.
        extras: the requested extras, by project.
    """

    needs: Mapping[str, Sequence[str]]
    extras: Mapping[str, Sequence[str]]

    def dependents(self, name: str) -> list[str]:
        """Return the projects that need a project."""
        return sorted(project for project, needed in self.needs.items() if name in needed)


def listing_of(text: str, places: Mapping[Path, str] | None = None) -> Listing:
    """Parse annotated output; ``places`` are the local projects by path."""
    needs: dict[str, list[str]] = {}
    extras: dict[str, list[str]] = {}
    for node in filter(None, map(_LINE.fullmatch, text.splitlines())):
        requested = extras_of_line(node["what"])
        for needed in _names(node["what"], places or {}):
            if requested:
                extras[needed] = requested
            for via in (node["via"] or "").split(", "):
                if via and not via.startswith(("-", SOURCES)):
                    needs.setdefault(canonicalize_name(via.partition("[")[0]), []).append(needed)
    return Listing(needs, extras)


def local_places(pylock: Mapping[str, Any], folder: Path) -> dict[Path, str]:
    """Return the local projects of a ``pylock.toml`` in ``folder``, by path."""
    names: dict[Path, str] = {}
    for package in pylock.get("packages", ()):
        for kind in ("directory", "archive"):
            if path := package.get(kind, {}).get("path"):
                names[(folder / path).resolve()] = canonicalize_name(package["name"])
    return names


def _names(what: str, places: Mapping[Path, str]) -> Iterator[str]:
    """Yield the project of a line; for an ambiguous path, each possible one."""
    if named := _NAMED.fullmatch(what):
        yield canonicalize_name(named["name"])
        return
    path = what.removeprefix("-e ").partition("[")[0].strip()
    if path.startswith("file:"):
        yield from (name for place, name in places.items() if place == local_path(path))
        return
    # The path can be relative to any folder: only its end can be compared.
    end = [part for part in PurePosixPath(path).parts if part not in (".", "..")]
    for place, name in places.items():
        if list(place.parts[len(place.parts) - len(end) :]) == end:
            yield name
