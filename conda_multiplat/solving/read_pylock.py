"""Read ``pylock.toml`` (PEP 751) as PyPI records, with the one file to install for each package."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import PurePosixPath
from typing import Any
from urllib.parse import unquote, urlsplit

from packaging.pylock import Package, PackageArchive, PackageSdist, PackageWheel, Pylock
from packaging.tags import Tag
from packaging.utils import (
    BuildTag,
    InvalidWheelFilename,
    NormalizedName,
    parse_wheel_filename,
)
from packaging.version import Version

from conda_multiplat.vocabulary.byte_sizes import plausible
from conda_multiplat.vocabulary.channels import without_login
from conda_multiplat.vocabulary.pip_places import as_path
from conda_multiplat.vocabulary.records import PypiRecord


@dataclass(frozen=True)
class Chosen:
    """The content of a ``pylock.toml`` for one target.

    Attributes:
        records: the packages, by name.
        built: the names of those that have to be built where they are installed.
        times: when their files were published, in seconds since 1970; 0 if the file doesn't say.
        other_hashes: the hashes of those that have no SHA-256, by algorithm.
    """

    records: tuple[PypiRecord, ...]
    built: frozenset[str] = field(default_factory=frozenset)
    times: Mapping[str, int] = field(default_factory=dict)
    other_hashes: Mapping[str, Mapping[str, str]] = field(default_factory=dict)


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
    others: dict[str, Mapping[str, str]] = {}
    for package in Pylock.from_dict(data).packages:
        if package.name in provided:
            continue
        url, file = _source(package, ranks)
        time = file.upload_time if file else None
        times[package.name] = int(time.timestamp()) if time else 0
        if file and "sha256" not in file.hashes:
            others[package.name] = file.hashes
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
    by_name = tuple(sorted(records, key=lambda record: record.name))
    return Chosen(by_name, frozenset(built), times, others)


#: The file of a package that is a single file.
_File = PackageWheel | PackageSdist | PackageArchive


def _source(package: Package, ranks: Mapping[Tag, int]) -> tuple[str, _File | None]:
    """Return where a package comes from, and its file if it is one.

    As in pip, the wheel with the best tag is taken, and of several builds of it the last one.
    """
    wheels = {wheel.url or wheel.path or "": wheel for wheel in package.wheels or ()}
    latest_first = sorted(sorted(wheels), key=_build, reverse=True)
    ranked = {url: place for url in latest_first if (place := rank(url, ranks)) is not None}
    if ranked:
        best = min(ranked, key=lambda url: ranked[url])
        return without_login(best), wheels[best]
    if file := package.archive or package.sdist:
        return without_login(file.url or file.path or ""), file
    if package.vcs is not None:
        inner = f"#subdirectory={package.vcs.subdirectory}" if package.vcs.subdirectory else ""
        url = f"{package.vcs.type}+{without_login(package.vcs.url or package.vcs.path or '')}"
        return f"{url}@{package.vcs.commit_id}{inner}", None
    if package.directory is not None:
        path = as_path(PurePosixPath(package.directory.path).as_posix())
        return f"{path}#editable" if package.directory.editable else path, None
    return "", None


def rank(url: str, ranks: Mapping[Tag, int]) -> int | None:
    """Return a wheel's rank, 0 being the best; ``None`` if it does not fit."""
    return min((ranks[tag] for tag in wheel_tags(url) if tag in ranks), default=None)


def wheel_tags(url: str) -> Iterable[Tag]:
    """Return the tags in a wheel's file name."""
    parsed = _parsed(url)
    return parsed[3] if parsed else ()


def _build(url: str) -> BuildTag:
    """Return the build number in a wheel's file name, which comes after the version (PEP 427)."""
    parsed = _parsed(url)
    return parsed[2] if parsed else ()


def _parsed(url: str) -> tuple[NormalizedName, Version, BuildTag, frozenset[Tag]] | None:
    name = unquote(urlsplit(url).path.rsplit("/", 1)[-1])
    try:
        return parse_wheel_filename(name)
    except InvalidWheelFilename:
        return None
