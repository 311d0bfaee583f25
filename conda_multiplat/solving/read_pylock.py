"""Read ``pylock.toml`` (PEP 751) as PyPI records, with the one file to install for each package."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import PurePosixPath
from typing import Any
from urllib.parse import unquote, urlsplit

from packaging.pylock import Package, PackageArchive, PackageSdist, PackageWheel, Pylock
from packaging.tags import Tag
from packaging.utils import InvalidWheelFilename, parse_wheel_filename

from conda_multiplat.vocabulary.byte_sizes import plausible
from conda_multiplat.vocabulary.channels import without_login
from conda_multiplat.vocabulary.records import PypiRecord


@dataclass(frozen=True)
class Chosen:
    """The content of a ``pylock.toml`` for one target.

    Attributes:
        records: the packages, by name.
        built: the names of those that have to be built where they are installed.
        times: when their files were published, in seconds since 1970; 0 if the file doesn't say.
    """

    records: tuple[PypiRecord, ...]
    built: frozenset[str] = field(default_factory=frozenset)
    times: Mapping[str, int] = field(default_factory=dict)


def choose(
    data: Mapping[str, Any],
    tags: Sequence[Tag],
    *,
    provided: Collection[str],
    dependencies: Mapping[str, Sequence[str]],
) -> Chosen:
    """Choose the records of a ``pylock.toml`` for a target.

    Args:
        data: the parsed file.
        tags: the target's wheel tags, best first.
        provided: the projects that conda provides, which are left out.
        dependencies: project -> the projects that it needs.
    """
    ranks = {tag: rank for rank, tag in enumerate(tags)}
    records: list[PypiRecord] = []
    built: set[str] = set()
    times: dict[str, int] = {}
    for package in Pylock.from_dict(data).packages:
        if package.name in provided:
            continue
        url, file = _source(package, ranks)
        time = file.upload_time if file else None
        times[package.name] = int(time.timestamp()) if time else 0
        if not url.endswith(".whl"):
            built.add(package.name)
        records.append(
            PypiRecord(
                name=package.name,
                version=str(package.version or ""),
                url=url,
                sha256=file.hashes.get("sha256") if file else None,
                depends=tuple(sorted(dependencies.get(package.name, ()))),
                size=plausible(file.size) if file else None,
            )
        )
    return Chosen(tuple(sorted(records, key=lambda record: record.name)), frozenset(built), times)


#: The file of a package that is a single file.
_File = PackageWheel | PackageSdist | PackageArchive


def _source(package: Package, ranks: Mapping[Tag, int]) -> tuple[str, _File | None]:
    """Return where a package comes from, and its file if it is one."""
    wheels = {wheel.url or wheel.path or "": wheel for wheel in package.wheels or ()}
    ranked = [(place, url) for url in wheels if (place := rank(url, ranks)) is not None]
    if ranked:
        _, best = min(ranked)
        return without_login(best), wheels[best]
    if file := package.archive or package.sdist:
        return without_login(file.url or file.path or ""), file
    if package.vcs is not None:
        inner = f"#subdirectory={package.vcs.subdirectory}" if package.vcs.subdirectory else ""
        url = f"{package.vcs.type}+{without_login(package.vcs.url or package.vcs.path or '')}"
        return f"{url}@{package.vcs.commit_id}{inner}", None
    if package.directory is not None:
        path = PurePosixPath(package.directory.path).as_posix()
        shown = path if path.startswith((".", "/")) else f"./{path}"
        return f"{shown}#editable" if package.directory.editable else shown, None
    return "", None


def rank(url: str, ranks: Mapping[Tag, int]) -> int | None:
    """Return a wheel's rank, 0 being the best; ``None`` if it does not fit."""
    return min((ranks[tag] for tag in wheel_tags(url) if tag in ranks), default=None)


def wheel_tags(url: str) -> Iterable[Tag]:
    """Return the tags in a wheel's file name."""
    name = unquote(urlsplit(url).path.rsplit("/", 1)[-1])
    try:
        return parse_wheel_filename(name)[3]
    except InvalidWheelFilename:
        return ()
