"""``pixi.lock``: all environments and platforms of a project in rattler's lock format.

It has version 6, which pixi (since 0.39) and other tools based on rattler read. It is for tools
that scan, install or compare such files; pixi itself locks from its own manifest.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from urllib.parse import unquote

from packaging.specifiers import InvalidSpecifier, SpecifierSet

from conda_multiplat.lockfile.model import LockFile, PlatformLock
from conda_multiplat.lockfile.write import scalar
from conda_multiplat.vocabulary.channels import OF_DEFAULTS, base_url
from conda_multiplat.vocabulary.poetry_metadata import poetry_bounds
from conda_multiplat.vocabulary.records import CondaRecord, PypiRecord

HEADER = """\
# Rendered by `conda multiplat render --kind pixi-lock` from {locks}.
"""


def render(
    locks: Sequence[LockFile], names: Sequence[str], indexes: Mapping[str, Sequence[str]]
) -> str:
    """Return the file's text, with LF line endings.

    Args:
        locks: the locks of all environments.
        names: the locks' file names.
        indexes: the URLs of PyPI's indexes that the manifest names, by environment.
    """
    lines = ["version: 6", "environments:"] if locks else ["version: 6", "environments: {}"]
    for lock in sorted(locks, key=lambda lock: lock.environment):
        lines += _environment(lock, indexes.get(lock.environment, ()))
    packages = sorted(_packages(locks).items())
    lines += ["packages:"] if packages else ["packages: []"]
    lines += [line for _, package in packages for line in package]
    return HEADER.format(locks=", ".join(names)) + "\n".join(lines) + "\n"


def _environment(lock: LockFile, indexes: Sequence[str]) -> Iterator[str]:
    yield f"  {scalar(lock.environment)}:"
    urls = _channel_urls(lock)
    yield "    channels:" if urls else "    channels: []"
    yield from (f"    - url: {scalar(url)}" for url in urls)
    if indexes:
        yield "    indexes:"
        yield from (f"    - {scalar(url)}" for url in indexes)
    locked = {
        subdir: platform for subdir, platform in sorted(lock.platforms.items()) if platform.every
    }
    yield "    packages:" if locked else "    packages: {}"
    for subdir, platform in locked.items():
        yield f"      {subdir}:"
        places = sorted(record.url for record in platform.records)
        yield from (f"      - conda: {scalar(place)}" for place in places)
        yield from (f"      - pypi: {scalar(place)}" for place in _places(platform))


def _places(platform: PlatformLock) -> list[str]:
    return sorted(_place(record) for record in platform.pypi)


def _channel_urls(lock: LockFile) -> list[str]:
    """Return the URLs of the channels, in their order; a name's are those of its packages."""
    bases = {base_url(r.url) for platform in lock.platforms.values() for r in platform.records}
    urls: dict[str, None] = {}
    for channel in lock.channels:
        urls |= dict.fromkeys(_urls(channel.url, bases))
    return [f"{url.rstrip('/')}/" for url in urls]


def _urls(channel: str, bases: Iterable[str]) -> list[str]:
    """Return the URLs of a channel; none for a name without packages."""
    if "://" in channel:
        return [channel]
    if channel == "defaults":
        return sorted(base for base in bases if re.fullmatch(OF_DEFAULTS, base))
    return sorted(base for base in bases if base.endswith(f"/{channel}"))


def _packages(locks: Iterable[LockFile]) -> dict[tuple[str, str], list[str]]:
    """Return the packages of all targets, each once: kind and place -> its lines."""
    packages: dict[tuple[str, str], list[str]] = {}
    for lock in locks:
        for platform in lock.platforms.values():
            for record in platform.records:
                packages.setdefault(("conda", record.url), list(_conda(record)))
            for wheel in platform.pypi:
                packages.setdefault(("pypi", _place(wheel)), list(_pypi(wheel)))
    return packages


def _conda(record: CondaRecord) -> Iterator[str]:
    """Yield a conda package's lines without what the archive's name says, as rattler does."""
    yield f"- conda: {scalar(record.url)}"
    stem = unquote(record.file_name).removesuffix(".conda").removesuffix(".tar.bz2")
    implied = dict(zip(("build", "version", "name"), reversed(stem.rsplit("-", 2)), strict=False))
    for key in ("name", "version", "build"):
        if (value := getattr(record, key)) != implied.get(key):
            yield f"  {key}: {scalar(value)}"
    yield from _hashes(record.sha256, record.md5)
    yield from _list("depends", record.depends)


def _pypi(record: PypiRecord) -> Iterator[str]:
    yield f"- pypi: {scalar(_place(record))}"
    yield f"  name: {scalar(record.name)}"
    yield f"  version: {scalar(record.version)}"
    if not record.is_folder:
        yield from _hashes(record.sha256, None)
    bounds = {name: _bound(bound) for name, bound in record.bounds}
    yield from _list("requires_dist", [f"{n}{bounds.get(n, '')}" for n in record.depends])
    if record.url.endswith("#editable"):
        yield "  editable: true"


def _bound(text: str) -> str:
    """Return a bound of conda-lock's in PEP 440's form; ``""`` if it has none (``<3 || >3.1``)."""
    bound = poetry_bounds(text)
    try:
        SpecifierSet(bound)
    except InvalidSpecifier:
        return ""
    return bound


def _hashes(sha256: str | None, md5: str | None) -> Iterator[str]:
    hashes = {"sha256": sha256, "md5": md5}
    yield from (f"  {kind}: {scalar(text)}" for kind, text in hashes.items() if text)


def _list(key: str, values: Sequence[str]) -> Iterator[str]:
    if values:
        yield f"  {key}:"
        yield from (f"  - {scalar(value)}" for value in values)


def _place(record: PypiRecord) -> str:
    """Return a PyPI package's place in rattler's form.

    A repository's folder is in the query of its URL, and the commit after the ``#``.
    """
    if not record.url.startswith("git+"):
        return record.url.removesuffix("#editable")
    url, _, mark = record.url.partition("#")
    place, _, commit = url.rpartition("@")
    folder = mark.removeprefix("subdirectory=")
    query = f"subdirectory={folder}&rev={commit}" if folder else f"rev={commit}"
    return f"{place}?{query}#{commit}"
