"""Download and verify files as published: archives of conda packages, and wheels.

An install keeps extracted packages (:mod:`package_cache`); ``pack`` needs the files themselves. A
file in conda's own cache is used if it matches; local files are copied; all others are streamed to
the disk by rattler's client.
"""

from __future__ import annotations

import asyncio
import hashlib
import shutil
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import NamedTuple
from urllib.parse import urlsplit

import rattler
from rattler.package_streaming import download_to_path

from conda_multiplat.engines.conda.access import run
from conda_multiplat.engines.conda.package_cache import (
    AT_ONCE,
    Problem,
    difference_of,
    error_of,
)
from conda_multiplat.machine.conda_settings import Settings
from conda_multiplat.machine.files import local_path
from conda_multiplat.machine.progress import Progress

#: In bytes.
_BLOCK = 1 << 20
#: In seconds.
_LOOK = 0.3
#: For a project page of an index: the largest ones list some thousands of files.
_LARGEST_PAGE = 32 << 20


class File(NamedTuple):
    """A file to download.

    Attributes:
        name: its package.
        url: its URL, or a local path.
        sha256: the expected hash, in lower case; ``""`` if only the MD5 is known.
        md5: likewise; ``""`` if it does not matter.
    """

    name: str
    url: str
    sha256: str
    md5: str = ""


class Digests(NamedTuple):
    """A file's hashes in lower-case hexadecimal, and its size in bytes."""

    sha256: str
    md5: str
    size: int


class Fetched(NamedTuple):
    """A downloaded and verified file."""

    path: Path
    digests: Digests


def download_texts(
    urls: Sequence[str], folder: Path, client: rattler.Client, settings: Settings
) -> dict[str, str]:
    """Return the texts of pages of at most a few megabytes.

    Raises:
        OutsideError: a page can't be downloaded.
    """

    async def every() -> list[Problem | None]:
        places = enumerate(urls)
        return await asyncio.gather(
            *(_download_to(url, folder / f"page-{n}", client, settings) for n, url in places)
        )

    if problems := [problem for problem in run(every(), settings) if problem]:
        raise error_of(problems)
    texts = {}
    for number, url in enumerate(urls):
        with (folder / f"page-{number}").open("rb") as file:
            texts[url] = file.read(_LARGEST_PAGE).decode("utf-8", "replace")
    return texts


def digests_of(path: Path) -> Digests:
    """Return a file's hashes and size.

    Raises:
        OSError: it can't be read.
    """
    sha256, md5, size = hashlib.sha256(), hashlib.md5(usedforsecurity=False), 0
    with path.open("rb") as file:
        while block := file.read(_BLOCK):
            sha256.update(block)
            md5.update(block)
            size += len(block)
    return Digests(sha256.hexdigest(), md5.hexdigest(), size)


def download(
    files: Sequence[File],
    folder: Path,
    client: rattler.Client,
    known: Callable[[File], Iterable[Path]],
    *,
    settings: Settings,
    progress: Progress,
) -> dict[File, Fetched]:
    """Download files and verify them; all problems are reported together.

    Args:
        files: the files.
        folder: an empty folder for the downloads.
        client: for the requests.
        known: local files that may be some of them; used in place.
        settings: for timeouts and retries, and whether the network may be used.
        progress: gets a step for each file.

    Raises:
        OutsideError: a file can't be downloaded, or is not what was locked.
    """

    async def every() -> list[Fetched | Problem]:
        limit = asyncio.Semaphore(AT_ONCE)

        async def one(number: int, file: File) -> Fetched | Problem:
            async with limit:
                progress.now(file.name)
                local = await asyncio.to_thread(_present, file, known)
                path = folder / f"{number}{_suffix(file.url)}"
                with _size_shown(file.name, path, progress):
                    answer = local or await _verified(file, path, client, settings)
                progress.step()
                return answer

        return await asyncio.gather(*(one(*numbered) for numbered in enumerate(files)))

    answers = run(every(), settings)
    if problems := [answer for answer in answers if isinstance(answer, Problem)]:
        raise error_of(problems)
    return {
        file: answer
        for file, answer in zip(files, answers, strict=True)
        if isinstance(answer, Fetched)
    }


@contextmanager
def _size_shown(name: str, path: Path, progress: Progress) -> Iterator[None]:
    """Show on a terminal how much of a file has arrived."""

    async def look() -> None:
        while True:
            await asyncio.sleep(_LOOK)
            with suppress(OSError):
                progress.now(f"{name} {path.stat().st_size / 1e6:.0f} MB")

    looking = asyncio.ensure_future(look()) if progress.shown else None
    try:
        yield
    finally:
        if looking:
            looking.cancel()


def _suffix(url: str) -> str:
    """Return a file name's suffix, which tells rattler the format."""
    path = urlsplit(url).path
    return next((end for end in (".conda", ".tar.bz2", ".whl") if path.endswith(end)), "")


def _present(file: File, known: Callable[[File], Iterable[Path]]) -> Fetched | None:
    """Return the file if it is on this disk with the expected hash."""
    for path in known(file):
        try:
            digests = digests_of(path)
        except OSError:
            continue
        if not _difference(file, digests):
            return Fetched(path, digests)
    return None


async def _verified(
    file: File, path: Path, client: rattler.Client, settings: Settings
) -> Fetched | Problem:
    if problem := await _download_to(file.url, path, client, settings):
        return problem
    digests = await asyncio.to_thread(digests_of, path)
    if difference := _difference(file, digests):
        return Problem(f"{file.url}: {difference}", is_another=True)
    return Fetched(path, digests)


async def _download_to(
    url: str, path: Path, client: rattler.Client, settings: Settings
) -> Problem | None:
    """Download a URL to ``path``."""
    scheme = urlsplit(url).scheme.lower()
    try:
        if scheme not in ("http", "https"):
            source = local_path(url) if scheme == "file" else Path(url)
            await asyncio.to_thread(shutil.copyfile, source, path)
        elif settings.offline:
            return Problem(f"{url}: conda's `offline` is set", is_another=False)
        else:
            await _stream(client, url, path, settings.remote_max_retries)
    except OSError as error:
        return Problem(f"{url}: {error.strerror or error}", is_another=False)
    except RuntimeError as error:  # so that rattler reports the server's response
        return Problem(f"{url}: {error}", is_another=False)
    return None


async def _stream(client: rattler.Client, url: str, path: Path, retries: int) -> None:
    """Download, with retries if the connection breaks off."""
    try:
        await download_to_path(client, url, path)
    except OSError:
        path.unlink(missing_ok=True)
        if not retries:
            raise
        await _stream(client, url, path, retries - 1)


def _difference(file: File, digests: Digests) -> str:
    """Return how a file differs from the expected one; ``""`` if it doesn't."""
    return difference_of({"sha256": file.sha256, "md5": file.md5}, digests._asdict())
