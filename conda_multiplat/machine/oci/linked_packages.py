"""The packages of a prefix as entries of layers: conda's by its records, and wheels' as unpacked.

What says where and when they were linked goes out of the records, so that the same packages are the
same bytes wherever they come from.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from conda_multiplat.machine.oci.layers import Entry
from conda_multiplat.machine.prefix_records import record_texts
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


def linked_packages(prefix: Path, root: str, mtime: int) -> list[Linked]:
    """The conda packages of a prefix that rattler has made, by name.

    Args:
        prefix: the prefix.
        root: where it will be, without a slash at its beginning.
        mtime: of the files that no package brings with a time.

    Raises:
        OutsideError: this disk has taken two files for one.
    """
    records = {path.name: json_object(text) for path, text in sorted(record_texts(prefix))}
    _refuse_merged(list(records.values()), prefix)
    packages = [_linked(record, name, prefix, root, mtime) for name, record in records.items()]
    return sorted(packages, key=lambda package: package.name)


def _linked(record: Mapping[str, Any], file: str, prefix: Path, root: str, mtime: int) -> Linked:
    paths = record["paths_data"]["paths"]
    entries = [_entry(path, prefix, root, mtime) for path in paths]
    kept = {key: value for key, value in record.items() if key not in _OF_THIS_MACHINE}
    text = json.dumps(kept, indent=2, sort_keys=True) + "\n"
    entries.append(Entry(f"{root}/conda-meta/{file}", text.encode(), mtime))
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


def _entry(path: Mapping[str, Any], prefix: Path, root: str, mtime: int) -> Entry:
    name = path["_path"]
    file = prefix / name
    written = str(path.get("path_type", "")).endswith(_WRITTEN)
    return Entry(f"{root}/{name}", file, mtime if written else int(file.lstat().st_mtime))


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


def unpacked_package(name: str, folder: Path, mtime: int, facts: PackageFacts) -> Linked:
    """A wheel's files, from a folder that stands for the image's root."""
    entries = [Entry(path.relative_to(folder).as_posix(), path, mtime) for path in _files(folder)]
    return Linked(name, tuple(entries), _size(entries), facts)


def _files(folder: Path) -> Iterator[Path]:
    return (path for path in sorted(folder.rglob("*")) if path.is_symlink() or not path.is_dir())
