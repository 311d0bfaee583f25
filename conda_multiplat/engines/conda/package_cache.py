"""The cache of extracted packages in rattler's layout: verify packages, and add them.

=========================  =======================================================================
``NAME-VERSION-BUILD``     the package, extracted
``NAME-…-BUILD.lock``      held during use and replacement; contains the number of replacements in
                           eight bytes, and the archive's SHA-256
``NAME-…-BUILD.info``      ours: the SHA-256 of the files that are read from its ``info``, and the
                           archive's MD5
=========================  =======================================================================

rattler links the content of the cache without verifying it, and aborts the process if a package
lists an absolute path. So all packages are verified before they are linked: those in the cache, and
downloaded ones, which are added only if they are as locked. If rattler doesn't recognise the
layout, it downloads the package itself.
"""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import Callable, Collection, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple
from urllib.parse import urlsplit

import rattler
import rattler.exceptions
from rattler.package_streaming import download_and_extract

from conda_multiplat.machine.extracted_package import (
    content_of,
    documents_digest,
    fault,
    refusal,
)
from conda_multiplat.machine.file_locks import exclusive_lock
from conda_multiplat.machine.files import local_path
from conda_multiplat.machine.progress import Progress
from conda_multiplat.machine.temporary import temporary_folder
from conda_multiplat.vocabulary.byte_sizes import size, total_words
from conda_multiplat.vocabulary.errors import OutsideError
from conda_multiplat.vocabulary.records import CondaRecord

#: The number of parallel downloads.
AT_ONCE = 16
#: The number of threads on a slow disk, and the seconds of waiting that make it slow.
_LOOKING_AT_ONCE = 4
_PATIENCE = 0.05
#: The number of failed packages to name.
_NAMED = 5
_COUNT = 8
#: Each value of ``index.json`` that rattler rejects has its own exception.
_UNREADABLE: tuple[type[Exception], ...] = (
    OSError,
    ValueError,
    *(
        value
        for value in vars(rattler.exceptions).values()
        if isinstance(value, type) and issubclass(value, Exception)
    ),
)


class Entry(NamedTuple):
    """The place of a package in the cache."""

    folder: Path

    @property
    def lock(self) -> Path:
        """Return the lock file that is held while the package is used or replaced."""
        return Path(f"{self.folder}.lock")

    @property
    def note(self) -> Path:
        """Return the file with the digest of its ``info`` at extraction."""
        return Path(f"{self.folder}.info")

    def noted(self) -> tuple[str, str]:
        """Return the digest of its documents, and the archive's MD5; ``""`` if not noted."""
        try:
            documents, _, md5 = content_of(f"{self.folder}.info").decode("ascii").partition(" ")
        except (OSError, ValueError):
            return "", ""
        return documents, md5

    def sha256(self) -> str:
        """Return the SHA-256 of the extracted archive; ``""`` if it is unknown."""
        try:
            return content_of(f"{self.folder}.lock")[_COUNT:].hex()
        except OSError:
            return ""


def entry_of(record: CondaRecord, cache: Path) -> Entry:
    """Return the place of a package in the cache."""
    return Entry(cache / f"{record.name}-{record.version}-{record.build}")


def cached_record(record: CondaRecord, cache: Path) -> rattler.PackageRecord | None:
    """Return the record of a cached package, if it comes from the locked archive."""
    entry = entry_of(record, cache)
    if not record.sha256 or entry.sha256() != record.sha256.lower():
        return None
    try:
        cached = rattler.PackageRecord.from_index_json(
            entry.folder / "info" / "index.json", sha256=record.sha256, md5=record.md5
        )
    except _UNREADABLE:
        return None
    cached.depends = list(record.depends)  # as corrected in the channel
    return cached


def not_as_locked(
    records: Sequence[CondaRecord], cache: Path, closely: Collection[str]
) -> list[CondaRecord]:
    """Return the packages that the cache lacks, or has in another state than locked.

    Args:
        records: the packages.
        cache: the folder.
        closely: the names of packages whose files' contents are read too.
    """

    def is_wrong(record: CondaRecord) -> bool:
        entry = entry_of(record, cache)
        if not record.sha256 or entry.sha256() != record.sha256.lower():
            return True
        documents, md5 = entry.noted()
        if record.md5 and md5 != record.md5.lower():  # without a note, it was never verified
            return True
        identity = (record.name, record.version, record.build)
        contents = record.name in closely
        return bool(fault(entry.folder, identity, documents, contents=contents))

    answers = _each(is_wrong, records, patience=0 if closely else _PATIENCE)
    return [record for record, wrong in zip(records, answers, strict=True) if wrong]


def _each(
    ask: Callable[[CondaRecord], bool], records: Sequence[CondaRecord], patience: float
) -> list[bool]:
    """Return the answers for all records, one by one or, on a slow disk, with threads.

    Threads that ask a fast file system for tens of thousands of files mostly wait for one another,
    and take several times as long as a single one. Those that read contents do not.

    Args:
        ask: returns an answer.
        records: the records.
        patience: the time in seconds after which threads are started.
    """
    answers: list[bool] = []
    began = time.perf_counter() - time.thread_time()
    for record in records:
        answers.append(ask(record))
        if time.perf_counter() - time.thread_time() - began > patience:
            break
    rest = records[len(answers) :]
    if not rest:
        return answers
    from concurrent.futures import ThreadPoolExecutor  # late: few disks are slow

    with ThreadPoolExecutor(max_workers=_LOOKING_AT_ONCE) as pool:
        return [*answers, *pool.map(ask, rest)]


async def fetch(
    records: Sequence[CondaRecord],
    cache: Path,
    client: rattler.Client,
    progress: Progress,
    retries: int,
    *,
    done: Callable[[], None] = lambda: None,
) -> None:
    """Download packages into the cache and verify them; all problems are reported together.

    Args:
        records: the packages.
        cache: the folder.
        client: for the requests, which it retries itself.
        progress: gets a step for each package.
        retries: the number of new downloads if a connection breaks off.
        done: called after each package.

    Raises:
        OutsideError: a package can't be downloaded, or is not what was locked.
    """
    limit = asyncio.Semaphore(AT_ONCE)
    amount = _Amount(records)
    with temporary_folder(cache.parent, ".download-") as folder:

        async def one(number: int, record: CondaRecord) -> Problem | None:
            async with limit:
                progress.now(amount.words(record.name))
                problem = await _fetch(record, cache, client, folder / str(number), retries)
                amount.there += record.size or 0
                progress.now(amount.words(record.name))
                done()
                return problem

        outcomes = await asyncio.gather(*(one(*numbered) for numbered in enumerate(records)))
    problems = [problem for problem in outcomes if problem]
    if problems:
        raise error_of(problems)


class _Amount:
    """The downloaded part of some packages, as far as the lock states their sizes."""

    def __init__(self, records: Sequence[CondaRecord]) -> None:
        self._wanted = total_words(record.size for record in records)
        self.there = 0

    def words(self, name: str) -> str:
        """Return what is being downloaded, and how much of the total has arrived."""
        return f"{name}  {size(self.there)} of {self._wanted}" if self._wanted else name


class Problem(NamedTuple):
    """Why a package is not in the cache; ``is_another`` if a file with another hash arrived."""

    text: str
    is_another: bool


async def _fetch(
    record: CondaRecord, cache: Path, client: rattler.Client, folder: Path, retries: int
) -> Problem | None:
    local = local_path(record.url) if urlsplit(record.url).scheme.lower() == "file" else None
    try:
        if local:
            with local.open("rb"):
                pass
        sha256, md5 = await _extracted(record.url, client, folder, retries)
    except OSError as error:
        return Problem(f"{record.url}: {error.strerror or error}", is_another=False)
    locked = {"sha256": record.sha256 or "", "md5": record.md5 or ""}
    if difference := difference_of(locked, {"sha256": sha256.hex(), "md5": md5.hex()}):
        return Problem(f"{record.url}: {difference}", is_another=True)
    return await _kept(record, entry_of(record, cache), folder, sha256, md5)


def difference_of(locked: Mapping[str, str], digests: Mapping[str, str]) -> str:
    """Return the hashes in which a file differs from the lock, by kind; ``""`` if it doesn't.

    Args:
        locked: the expected hashes; ``""`` if one is unknown.
        digests: the actual hashes, in lower case.
    """
    if not any(locked.values()):
        return "the lock has no hash for it"
    for kind, expected in locked.items():
        if expected and digests[kind] != expected.lower():
            return f"{kind} is {digests[kind]}, the lock has {expected.lower()}"
    return ""


async def _extracted(
    url: str, client: rattler.Client, folder: Path, retries: int
) -> tuple[bytes, bytes]:
    """Download and extract, with retries if a connection breaks off; return its SHA-256 and MD5."""
    try:
        return await download_and_extract(client, url, folder)
    except OSError:
        began = folder.exists()
        with suppress(OSError):
            _remove(folder)
        if not began or not retries:
            raise
    return await _extracted(url, client, folder, retries - 1)


async def _kept(
    record: CondaRecord, entry: Entry, folder: Path, sha256: bytes, md5: bytes
) -> Problem | None:
    """Move an extracted package into the cache, if it is the locked one and can be linked."""
    if reason := refusal(folder, (record.name, record.version, record.build)):
        text = f"{record.name} {record.version}: {reason}: {record.url}"
        return Problem(text, is_another=True)
    try:
        if entry.lock.is_symlink() or entry.lock.is_dir():
            _remove(entry.lock)
        async with exclusive_lock(entry.lock) as handle:
            _remove(entry.folder)
            _remove(entry.note)
            folder.rename(entry.folder)
            note = f"{documents_digest(entry.folder)} {md5.hex()}"
            entry.note.write_text(note, encoding="ascii")
            count = int.from_bytes(os.read(handle, _COUNT), "big") + 1
            os.ftruncate(handle, 0)
            os.lseek(handle, 0, os.SEEK_SET)
            os.write(handle, (count % (1 << 63)).to_bytes(_COUNT, "big") + sha256)
    except OSError as error:
        return Problem(f"{error.filename or entry.folder}: {error.strerror}", is_another=False)
    return None


def _remove(path: Path) -> None:
    """Remove whatever is in a package's place."""
    if path.is_symlink() or path.is_file():
        path.unlink()
        return
    import shutil  # late: rarely needed

    with suppress(FileNotFoundError):
        shutil.rmtree(path)


def error_of(problems: Sequence[Problem]) -> OutsideError:
    """Return the error for unavailable packages; all those with other hashes are named."""
    others = [problem for problem in problems if problem.is_another]
    rest = [problem for problem in problems if not problem.is_another]
    lines = [problem.text for problem in (*others, *rest[:_NAMED])]
    if more := len(rest[_NAMED:]):
        lines.append(f"and {more} more")
    if others:
        return OutsideError(
            "packages differ from the lock",
            details=lines,
            hints=["nothing was changed; if the channel was rebuilt, run `conda multiplat lock`"],
        )
    return OutsideError(
        "locked packages can't be fetched",
        details=lines,
        hints=["nothing was changed; run the same command again when they are available"],
    )
