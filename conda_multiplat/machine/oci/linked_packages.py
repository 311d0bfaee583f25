"""The packages of a prefix as entries of layers: conda's by its records, and wheels' as unpacked.

What says where and when they were linked goes out of the records, so that the same packages are the
same bytes wherever they come from.
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

#: What a record says of the machine that has linked it.
_OF_THIS_MACHINE = ("extracted_package_dir", "link", "package_tarball_full_path")
#: What rattler writes anew, instead of taking it from a package.
_WRITTEN = "entry_point"
#: How many files are named.
_NAMED = 5
#: Of a package's own scripts, before and after which it is linked.
_SCRIPTS = ("-post-link.sh", "-pre-link.sh")


class Linked(NamedTuple):
    """A package.

    Attributes:
        name: its name.
        entries: its files.
        size: of them together, in bytes.
        facts: what it states of itself.
        scripts: its own ones, which nobody has run.
    """

    name: str
    entries: tuple[Entry, ...]
    size: int
    facts: PackageFacts
    scripts: tuple[str, ...] = ()


class Place(NamedTuple):
    """Where packages are linked, and where they will be.

    Attributes:
        prefix: the prefix on this disk.
        root: where it will be, without a slash at its beginning.
        mtime: of the files that no package brings with a time, seconds since 1970.
        folders: tells links to folders from folders: a folder of a layer takes a link's place.
    """

    prefix: Path
    root: str
    mtime: int
    folders: RealFolders

    @classmethod
    def of(cls, prefix: Path, root: str, mtime: int) -> Place:
        """The place of a prefix."""
        return cls(prefix, root, mtime, RealFolders(prefix))

    def path(self, path: str) -> str:
        """A path from the prefix, as it will be: below the folders that links stand for."""
        real = self.folders.path(path)
        return f"{self.root}/{path if real.startswith('..') else real}"


def linked_packages(place: Place) -> list[Linked]:
    """The conda packages of a prefix that rattler has made, by name.

    Raises:
        OutsideError: this disk has taken two files for one.
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
    """Refuse files whose names differ in their case only, where the disk sees no difference."""
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
            "the disk of the package cache takes files for one that are several",
            details=[", ".join(names) for names in merged[:_NAMED]],
            hints=["set `pkgs_dirs` to a folder of a disk that tells upper case from lower case"],
        )


def unpacked_package(name: str, folder: Path, place: Place, facts: PackageFacts) -> Linked:
    """A wheel's files, from a folder that stands for the image's root."""
    prefix = folder / place.root
    paths = {path.relative_to(prefix).as_posix(): path for path in sorted(prefix.rglob("*"))}
    entries = [
        Entry(place.path(name), path, place.mtime)
        for name, path in paths.items()
        if path.is_symlink() or not path.is_dir()
    ]
    return Linked(name, tuple(entries), _size(entries), facts)
