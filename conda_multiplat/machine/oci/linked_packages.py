"""The packages of a prefix as entries of layers: conda's by their records, wheels as unpacked.

The place and time of linking are removed from the records, so that the same packages give the same
bytes on every machine.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from conda_multiplat.machine.oci.layers import Entry
from conda_multiplat.machine.prefix_records import record_texts
from conda_multiplat.machine.real_folders import RealFolders
from conda_multiplat.vocabulary.errors import OutsideError
from conda_multiplat.vocabulary.json_values import json_object
from conda_multiplat.vocabulary.package_facts import PackageFacts

#: A record's keys about the machine on which it was linked.
_OF_THIS_MACHINE = ("extracted_package_dir", "link", "package_tarball_full_path")
#: The type of files that rattler writes itself instead of linking them from the package.
_WRITTEN = "entry_point"
#: The number of files to name.
_NAMED = 5
#: A package's own scripts, which run before and after it is linked.
_SCRIPTS = ("-post-link.sh", "-pre-link.sh")


class Linked(NamedTuple):
    """A linked package.

    Attributes:
        name: its name.
        entries: its files.
        size: their total size in bytes.
        facts: what it states about itself.
        scripts: its own scripts, which were not run.
    """

    name: str
    entries: tuple[Entry, ...]
    size: int
    facts: PackageFacts
    scripts: tuple[str, ...] = ()


class Place(NamedTuple):
    """The folder in which packages are linked, and their place in the image.

    Attributes:
        prefix: the local prefix.
        root: the prefix in the image, without a leading slash.
        mtime: the time of files without one in their package, in seconds since 1970.
        folders: resolves links to folders: in a layer, a folder would replace the link.
    """

    prefix: Path
    root: str
    mtime: int
    folders: RealFolders

    @classmethod
    def of(cls, prefix: Path, root: str, mtime: int) -> Place:
        """Return the place of a prefix."""
        return cls(prefix, root, mtime, RealFolders(prefix))

    def path(self, path: str) -> str:
        """Return a prefix path's place in the image, with links to folders resolved."""
        real = self.folders.path(path)
        return f"{self.root}/{path if real.startswith('..') else real}"


def linked_packages(place: Place) -> list[Linked]:
    """Return the conda packages of a prefix that rattler has linked, by name.

    Raises:
        OutsideError: this disk has stored two files as one.
    """
    texts = sorted(record_texts(place.prefix))
    records = {path.name: json_object(text) for path, text in texts}
    _refuse_merged(list(records.values()), place.prefix)
    packages = [_linked(record, name, place) for name, record in records.items()]
    return sorted(packages, key=lambda package: package.name)


def _linked(record: Mapping[str, Any], file: str, place: Place) -> Linked:
    paths = record["paths_data"]["paths"]
    entries = [_entry(path, place) for path in paths]
    kept = {key: value for key, value in record.items() if key not in _OF_THIS_MACHINE}
    text = json.dumps(kept, indent=2, sort_keys=True) + "\n"
    entries.append(Entry(place.path(f"conda-meta/{file}"), text.encode(), place.mtime))
    names = [path["_path"] for path in paths]
    scripts = [name for name in names if name.startswith("bin/.") and name.endswith(_SCRIPTS)]
    stated, family = (str(record.get(key) or "") for key in ("license", "license_family"))
    return Linked(
        str(record["name"]),
        tuple(entries),
        _size(entries),
        PackageFacts(stated, family),
        tuple(scripts),
    )


def _entry(path: Mapping[str, Any], place: Place) -> Entry:
    file = place.prefix / path["_path"]
    written = str(path.get("path_type", "")).endswith(_WRITTEN)
    mtime = place.mtime if written else int(file.lstat().st_mtime)
    return Entry(place.path(path["_path"]), file, mtime)


def _size(entries: Sequence[Entry]) -> int:
    return sum(
        len(source) if isinstance(source, bytes) else source.lstat().st_size
        for source in (entry.source for entry in entries)
    )


def _refuse_merged(records: Sequence[Mapping[str, Any]], prefix: Path) -> None:
    """Refuse names that differ only in case, if the disk does not distinguish them."""
    if not (prefix / "CONDA-META").exists():
        return
    by_key: dict[str, dict[str, str]] = {}
    for record in records:
        for path in record["paths_data"]["paths"]:
            name = path["_path"]
            by_key.setdefault(name.casefold(), {})[name] = path.get("sha256") or name
    merged = [sorted(paths) for paths in by_key.values() if len(set(paths.values())) > 1]
    if merged:
        raise OutsideError(
            "the package cache is on a case-insensitive disk, where these files are the same",
            details=[", ".join(names) for names in merged[:_NAMED]],
            hints=["set `pkgs_dirs` to a folder on a case-sensitive disk"],
        )


def unpacked_package(name: str, folder: Path, place: Place, facts: PackageFacts) -> Linked:
    """Return a wheel's files from a folder that stands for the image's root."""
    prefix = folder / place.root
    paths = {path.relative_to(prefix).as_posix(): path for path in sorted(prefix.rglob("*"))}
    entries = [
        Entry(place.path(name), path, place.mtime)
        for name, path in paths.items()
        if path.is_symlink() or not path.is_dir()
    ]
    return Linked(name, tuple(entries), _size(entries), facts)
