"""Convert the paths in entries of ``pip:``, relative to several folders, to paths from one."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from pathlib import Path
from urllib.parse import unquote

from packaging.requirements import InvalidRequirement
from packaging.requirements import Requirement as Pep508

from conda_multiplat.machine.files import relative_name
from conda_multiplat.manifest.model import Requirement
from conda_multiplat.vocabulary.pip_options import (
    CONSTRAINT,
    EDITABLE,
    HASH,
    INDEXES,
    LINKS,
    split_option,
)
from conda_multiplat.vocabulary.pip_places import (
    ARCHIVES,
    Place,
    editable_place,
    place_of,
    scheme_of,
)


def file_path(value: str, folder: Path) -> Path:
    """Return the file that ``-r`` or ``-c`` names by a path or a ``file:`` URL."""
    return (folder / Place(value).path).resolve()


def placed(line: Requirement, homes: Sequence[Path], base: Path) -> tuple[Requirement, str]:
    """Return a line with its relative path, if any, made relative to ``base``; and a note on it.

    Args:
        line: a single entry.
        homes: the folders that its path may be relative to, the preferred one first.
        base: the locks' folder.
    """
    before, place = _split_at_place(line.text)
    if place is None:
        return line, ""
    if before.strip() in EDITABLE and place.where.startswith("git+"):
        return _checkout(line, place)
    return _with(line, before, place, _moved(place, homes, base)), ""


def place_in(text: str) -> Place | None:
    """Return the place that a requirement, editable or not, names; ``None`` for other entries."""
    option, _ = split_option(text)
    return _split_at_place(text)[1] if not option or option in EDITABLE else None


def with_path(text: str, moved: Callable[[str], str]) -> str:
    """Return an entry with its relative path, if any, replaced by ``moved(path)``."""
    before, place = _split_at_place(text)
    if place is None or not place.is_relative:
        return text
    path = moved(place.path)
    if "/" not in path and not path.startswith("."):
        path = f"./{path}"
    return f"{before}{place._replace(where=path)}"


def project_place(line: Requirement) -> Place | None:
    """Return the place of the local project that a line names; ``None`` if it names none."""
    place = None if line.text.startswith(CONSTRAINT) else place_in(line.text)
    is_folder = place and place.is_path and not place.path.lower().endswith(ARCHIVES)
    return place if is_folder else None


def _split_at_place(text: str) -> tuple[str, Place | None]:
    """Split an entry into its text before the path or URL, and the path or URL."""
    option, value = split_option(text)
    if option in EDITABLE:
        return f"{option} ", editable_place(value)
    if option in (*INDEXES, *LINKS) and not value.startswith("${"):
        return f"{option} ", Place(value)
    if text.startswith(HASH):
        before, of, asked = text.partition(" of ")
        return before + of, place_of(asked)
    return "", None if option else place_of(text)


def _with(line: Requirement, before: str, place: Place, moved: Place) -> Requirement:
    """Return the line with another place; unchanged if the place is, to keep the digest."""
    unspaced = place.is_path and place.marker and " ;" not in line.text
    return line._replace(text=f"{before}{moved}") if moved != place or unspaced else line


def _moved(place: Place, homes: Sequence[Path], base: Path) -> Place:
    if not place.is_relative:
        return place
    existing = (home for home in homes if os.path.lexists(home / place.path))
    home = next(existing, homes[0])
    if home.resolve() == base.resolve() and not scheme_of(place.where) and "\\" not in place.where:
        return place
    relative = relative_name(home / place.path, base)
    named = relative.startswith(".") or Path(relative).is_absolute()
    return place._replace(where=relative if named else f"./{relative}")


def _checkout(line: Requirement, place: Place) -> tuple[Requirement, str]:
    """Turn ``-e git+URL@REV#egg=NAME`` into ``NAME @ git+URL@REV``, with a note for the user.

    A lock has a commit, not an editable checkout.
    """
    url, _, fragment = place.where.partition("#")
    fragments = dict(part.partition("=")[::2] for part in fragment.split("&") if part)
    asked = unquote(fragments.get("egg", "")) + place.extras
    name = ""
    try:
        name = Pep508(asked).name if asked else ""
    except InvalidRequirement:
        asked = ""
    inner = f"#subdirectory={fragments['subdirectory']}" if fragments.get("subdirectory") else ""
    before = place.name or (f"{asked} @" if asked else "")
    text = str(Place(url + inner, before, "", place.marker))
    note = f"{line.text!r} is locked as {text!r}: at a commit, not as editable"
    return line._replace(text=text, name=name or line.name), note
