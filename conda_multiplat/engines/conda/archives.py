"""Archives of conda packages: download, read, and add them to the cache."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import Any

from rattler.exceptions import IoError
from rattler.package_streaming import PackageArchive

from conda_multiplat.engines.cache import CACHE_LOCK
from conda_multiplat.engines.conda.access import Channels, cache_folder, client, run
from conda_multiplat.engines.conda.downloads import Fetched, File, download
from conda_multiplat.engines.conda.package_cache import (
    AT_ONCE,
    Problem,
    error_of,
    fetch,
    not_as_locked,
)
from conda_multiplat.machine.conda_settings import Settings
from conda_multiplat.machine.file_locks import shared_lock
from conda_multiplat.machine.progress import Progress
from conda_multiplat.vocabulary.channels import file_of
from conda_multiplat.vocabulary.json_values import json_object
from conda_multiplat.vocabulary.records import CondaRecord, Record

_INDEX = "info/index.json"


def download_archives(
    records: Sequence[CondaRecord],
    folder: Path,
    *,
    candidates: Mapping[Record, Path] = MappingProxyType({}),
    settings: Settings,
    channels: Channels,
    progress: Progress,
) -> dict[CondaRecord, Fetched]:
    """Download the archives of packages, for this or another machine, and verify them.

    Archives in conda's own caches are used from there without copying.

    Args:
        records: the packages.
        folder: an empty folder for the downloads.
        candidates: local files that may be some of the archives; used in place, like conda's.
        settings: for conda's caches, the proxy and TLS.
        channels: for the credentials of the records' channels.
        progress: gets a step for each package.

    Raises:
        OutsideError: an archive can't be downloaded, or is not what was locked.
    """
    files = {record: _file(record) for record in records}
    ours = client(settings, channels)

    may_be = {
        files[candidate]: path for candidate, path in candidates.items() if candidate in files
    }

    def known(file: File) -> Iterator[Path]:
        if file in may_be:
            yield may_be[file]
        yield from (place / file_of(file.url) for place in settings.pkgs_dirs)

    archives = list(files.values())
    fetched = download(archives, folder, ours, known, settings=settings, progress=progress)
    return {record: fetched[file] for record, file in files.items()}


def _file(record: CondaRecord) -> File:
    sha256, md5 = (record.sha256 or "").lower(), (record.md5 or "").lower()
    return File(record.name, record.url, sha256, md5)


def read_indexes(
    archives: Mapping[CondaRecord, Path], settings: Settings
) -> dict[CondaRecord, dict[str, Any]]:
    """Return the ``info/index.json`` of archives (CEP 34).

    Raises:
        OutsideError: a file is not an archive, or is that of another package.
    """

    async def every() -> list[dict[str, Any] | Problem]:
        limit = asyncio.Semaphore(AT_ONCE)

        async def one(record: CondaRecord, path: Path) -> dict[str, Any] | Problem:
            async with limit:
                return await _index(record, path)

        return await asyncio.gather(*(one(*archive) for archive in archives.items()))

    answers = run(every(), settings)
    if problems := [answer for answer in answers if isinstance(answer, Problem)]:
        raise error_of(problems)
    return {
        record: answer
        for record, answer in zip(archives, answers, strict=True)
        if isinstance(answer, dict)
    }


async def _index(record: CondaRecord, path: Path) -> dict[str, Any] | Problem:
    try:
        archive = await PackageArchive.from_path(path)
        content = await archive.read_file(_INDEX)
        index = json_object((content or b"").decode())
    except (OSError, IoError, RuntimeError, ValueError) as error:
        return Problem(f"{record.url}: {_INDEX} can't be read: {error}", is_another=True)
    name, version, build = (str(index.get(key)) for key in ("name", "version", "build"))
    if (name.lower(), version, build) != (record.name, record.version, record.build):
        text = f"{record.url}: {_INDEX} is for another package: {name} {version} {build}"
        return Problem(text, is_another=True)
    return index


def extract_archives(
    archives: Mapping[CondaRecord, Path], *, settings: Settings, progress: Progress, folder: Path
) -> None:
    """Extract packages from local archives into our cache, without using a server.

    Args:
        archives: the packages and the paths of their archives.
        settings: for the cache.
        progress: gets a step for each package.
        folder: the archives' folder.

    Raises:
        OutsideError: an archive is not what was locked, or must not be linked.
    """
    cache = cache_folder(settings) / "packages"
    cache.mkdir(exist_ok=True)
    ours = client(settings, Channels(settings, folder))
    with shared_lock(cache / CACHE_LOCK):
        missing = not_as_locked(list(archives), cache, ())
        local = [record._replace(url=archives[record].as_uri()) for record in missing]
        progress.step(len(archives) - len(local))
        if local:
            run(fetch(local, cache, ours, progress, 0, done=progress.step), settings)
