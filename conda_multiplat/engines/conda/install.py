"""rattler's installer: downloads, verifies, extracts and links in parallel."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import rattler
from rattler.exceptions import InstallerError, IoError, LinkError, TransactionError
from rattler.install import InstallerReporter

from conda_multiplat.engines.cache import CACHE_LOCK
from conda_multiplat.engines.conda.access import Channels, cache_folder, client, run
from conda_multiplat.engines.conda.package_cache import cached_record, fetch, not_as_locked
from conda_multiplat.engines.conda.rattler_versions import Subdir, build_string, requested_spec
from conda_multiplat.machine.conda_settings import Settings
from conda_multiplat.machine.file_locks import shared_lock
from conda_multiplat.machine.prefix import let_records_finish, unfinished
from conda_multiplat.machine.progress import Progress
from conda_multiplat.machine.temporary import temporary_folder
from conda_multiplat.vocabulary.channels import base_url
from conda_multiplat.vocabulary.records import CondaRecord


def install_records(
    records: Sequence[CondaRecord],
    prefix: Path,
    subdir: str,
    *,
    changed: Sequence[CondaRecord],
    requested: Sequence[str],
    settings: Settings,
    channels: Channels,
    progress: Progress,
    begin: Callable[[], None],
    mended: Collection[str] = (),
    contents: bool = False,
    link_scripts: bool = True,
    of: Path | None = None,
    written: str | None = None,
) -> set[str]:
    """Install exactly ``records`` into ``prefix``.

    Packages to install are in the cache, downloaded and verified, before ``begin`` is called.

    Args:
        records: all packages of the environment; other packages in it are removed.
        prefix: the environment; an interrupted installation is completed.
        subdir: the platform to link for.
        changed: those of ``records`` that are not in the prefix as locked.
        requested: the MatchSpecs to write into the records.
        settings: for the cache, the proxy and TLS.
        channels: for the credentials of the records' channels.
        progress: gets a step for each package.
        begin: called after all checks that can be made in advance; then the prefix is changed.
        mended: those of ``changed`` whose files were modified after linking. Files of a prefix and
            of the cache can be the same, so the contents of these files in the cache are read.
        contents: whether to read the contents of the others' files too, not only their sizes.
        link_scripts: whether to run the packages' scripts, which only run on their own platform.
        of: the prefix to name in errors, if it is another one.
        written: the prefix to write into files, if it will be another one, on any platform.

    Returns:
        The names of the packages that no cache has: their records in the prefix contain only what
        the lock states.

    Raises:
        OutsideError: a package can't be fetched, or is not what was locked.
    """
    cache = cache_folder(settings) / "packages"
    changed_names = {change.name for change in changed}
    coming = [record for record in records if record.name in changed_names]
    rattlers = client(settings, channels)
    cache.mkdir(exist_ok=True)
    with shared_lock(cache / CACHE_LOCK):  # rattler locks it while it installs
        missing = not_as_locked(coming, cache, changed_names if contents else mended)
        cached = {record.name: cached_record(record, cache) for record in records}
        if missing:
            fetching = fetch(missing, cache, rattlers, progress, settings.remote_max_retries)
            run(fetching, settings)
            cached |= {record.name: cached_record(record, cache) for record in missing}
    begin()
    try:
        with let_records_finish(prefix):
            run(
                rattler.install(
                    [_repodata_record(record, cached[record.name]) for record in records],
                    target_prefix=prefix,
                    cache_dir=cache,
                    reinstall_packages=changed_names,
                    platform=Subdir(subdir),
                    execute_link_scripts=link_scripts,
                    show_progress=False,
                    reporter=_Reporter(progress) if progress.shown else None,  # type: ignore[abstract]
                    client=rattlers,
                    requested_specs=[requested_spec(text) for text in requested],
                    alternative_target_prefix=written,
                ),
                settings,
            )
    except (InstallerError, TransactionError, LinkError, IoError, OSError) as error:
        reason = _with_urls(str(error), records)
        raise unfinished(of or prefix, channels.scrub(reason)) from None
    return {name for name, package in cached.items() if package is None}


def _with_urls(text: str, records: Sequence[CondaRecord]) -> str:
    """Return rattler's message, with the URLs of packages whose files it names without a URL."""
    named = [
        record.url
        for record in records
        if f" {record.file_name}" in text and record.url not in text
    ]
    return "\n".join([text, *(f"from {url}" for url in named)])


@contextmanager
def linked_aside(
    records: Sequence[CondaRecord],
    subdir: str,
    *,
    settings: Settings,
    channels: Channels,
    progress: Progress,
    mended: Collection[str] = (),
    of: Path | None = None,
    written: str | None = None,
    requested: Sequence[str] = (),
) -> Iterator[Path]:
    """Provide a temporary prefix with packages linked as usual, but without running their scripts.

    Errors are about the prefix ``of``, if given. ``written`` and ``requested`` are as in
    :func:`install_records`.

    It is next to the cache, so that most files are hard links. Downloads stay in the cache.

    Raises:
        OutsideError: a package can't be downloaded, or is not what was locked.
    """
    with temporary_folder(cache_folder(settings), ".download-") as folder:
        prefix = folder / "prefix"
        install_records(
            records,
            prefix,
            subdir,
            changed=records,
            requested=requested,
            settings=settings,
            channels=channels,
            progress=progress,
            begin=lambda: None,
            mended=mended,
            link_scripts=False,
            of=of,
            written=written,
        )
        yield prefix


def download_records(
    records: Sequence[CondaRecord],
    subdir: str,
    *,
    settings: Settings,
    channels: Channels,
    progress: Progress,
) -> None:
    """Download packages into the cache, for this or another machine, and verify them.

    rattler downloads only what it installs.

    Raises:
        OutsideError: a package can't be downloaded, or is not what was locked.
    """
    with linked_aside(records, subdir, settings=settings, channels=channels, progress=progress):
        pass


class _Reporter(InstallerReporter):
    """Passes rattler's progress, from several threads, on to ours."""

    def __init__(self, progress: Progress) -> None:
        self._progress = progress
        self._names: list[str] = []

    def on_populate_cache_start(self, operation: int, package_name: str) -> int:
        self._progress.now(package_name)
        self._names.append(package_name)
        return len(self._names) - 1

    def on_download_start(self, cache_entry: int) -> int:
        return cache_entry

    def on_download_progress(self, download_idx: int, progress: int, total: int | None) -> None:
        size = f"{progress / 1e6:.0f}" + (f"/{total / 1e6:.0f}" if total else "")
        self._progress.now(f"{self._names[download_idx]} {size} MB")

    def on_transaction_operation_complete(self, operation: int) -> None:
        self._progress.step()


def _repodata_record(
    record: CondaRecord, known: rattler.PackageRecord | None
) -> rattler.RepoDataRecord:
    package = known or rattler.PackageRecord(
        record.name,
        record.version,
        build_string(record.build),
        0,
        record.url.rsplit("/", 2)[-2],
        depends=list(record.depends),
        sha256=_bytes(record.sha256),
        md5=_bytes(record.md5),
    )
    return rattler.RepoDataRecord(package, record.file_name, record.url, base_url(record.url))


def _bytes(digest: str | None) -> bytes | None:
    return bytes.fromhex(digest) if digest else None
