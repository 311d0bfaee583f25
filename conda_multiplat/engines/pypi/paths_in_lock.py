"""Write local paths in a lock as the manifest does, so that every machine writes the same.

If the manifest has a relative path, the lock has the path relative to the lock; if it has an
absolute path, so does the lock.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from pathlib import Path

from conda_multiplat.machine.files import local_path, relative_name
from conda_multiplat.manifest.model import Requirement
from conda_multiplat.vocabulary.pip_options import (
    CONSTRAINT,
    EDITABLE,
    INDEXES,
    LINKS,
    split_option,
)
from conda_multiplat.vocabulary.pip_places import Place, editable_place, place_of


def path_in_lock(url: str, folder: Path, base: Path, lines: Iterable[Requirement]) -> str:
    """Return a place that uv states as the lock should have it; remote URLs stay unchanged.

    Args:
        url: a path from ``folder``, or a URL.
        folder: the folder of uv's output.
        base: the locks' folder.
        lines: the entries of ``pip:``.
    """
    place, mark, fragment = url.partition("#")
    if "://" in place and not place.startswith("file:"):
        return url
    local = local_path(place) if place.startswith("file:") else place
    at = (folder / local).resolve()
    places = list(_places(lines))
    relative = [base / named.path for named in places if named.is_relative]
    absolute = [Path(named.path) for named in places if not named.is_relative]
    if place.startswith("file:") and not relative:
        return url
    if _leads_to(absolute, at) and not _leads_to(relative, at):
        return url if place.startswith("file:") else f"{at.as_posix()}{mark}{fragment}"
    path = relative_name(at, base.resolve())
    named = path.startswith(".") or Path(path).is_absolute()
    return (path if named else f"./{path}") + mark + fragment


def _leads_to(places: Iterable[Path], at: Path) -> bool:
    return any(place == at or place in at.parents for place in map(Path.resolve, places))


def _places(lines: Iterable[Requirement]) -> Iterator[Place]:
    """Return the local paths that lines name."""
    for line in lines:
        text = line.text.removeprefix(CONSTRAINT)
        option, value = split_option(text)
        place: Place | None = None
        if option in EDITABLE:
            place = editable_place(value)
        elif option in (*INDEXES, *LINKS):
            place = Place(os.path.expandvars(value))
        elif not option:
            place = place_of(text)
        if place and place.is_path:
            yield place
