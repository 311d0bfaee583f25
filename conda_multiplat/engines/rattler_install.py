"""rattler's installer: downloads, verifies, extracts and links in parallel."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from urllib.parse import urlsplit
from urllib.request import url2pathname

import rattler
from rattler.exceptions import InstallerError, IoError, LinkError, TransactionError

from conda_multiplat.channels import base_url
from conda_multiplat.config import Settings
from conda_multiplat.engines.access import Channels, cache_folder, client, run
from conda_multiplat.errors import OutsideError
from conda_multiplat.lock import CondaRecord

_CHUNK = 1 << 20


def install_records(
    records: Sequence[CondaRecord],
    prefix: Path,
    subdir: str,
    *,
    changed: Sequence[CondaRecord],
    requested: Sequence[str],
    settings: Settings,
    channels: Channels,
    show_progress: bool,
    begin: Callable[[], None],
) -> None:
    """Make ``prefix`` hold exactly ``records``.

    Args:
        records: all that shall be there; what else is there is removed.
        prefix: the environment; partly installed ones are finished.
        subdir: the platform to link for.
        changed: those of ``records`` that are not in the prefix as they are locked.
        requested: the MatchSpecs to note in the records.
        settings: for the cache, the proxy and TLS.
        channels: for the credentials of the records' channels.
        show_progress: draw progress bars on stderr.
        begin: called when all that can be checked beforehand was: the prefix changes from then on.

    Raises:
        OutsideError: a package can't be had, or is not what was locked.
    """
    _verify_local(changed)
    begin()
    try:
        run(
            rattler.install(
                [_repodata_record(each, subdir) for each in records],
                target_prefix=prefix,
                cache_dir=cache_folder(settings) / "packages",
                reinstall_packages={each.name for each in changed},
                platform=rattler.Subdir(subdir),
                execute_link_scripts=True,
                show_progress=show_progress,
                client=client(settings, channels),
                requested_specs=[rattler.MatchSpec(each)._match_spec for each in requested],
            )
        )
    except (InstallerError, TransactionError, LinkError, IoError, OSError) as error:
        raise OutsideError(
            f"{prefix} could not be finished",
            details=[channels.scrub(str(error))],
            hints=["run the same command again: it goes on where it stopped"],
        ) from None


def _repodata_record(record: CondaRecord, subdir: str) -> rattler.RepoDataRecord:
    package = rattler.PackageRecord(
        record.name,
        record.version,
        rattler.BuildString(record.build),
        0,
        record.url.rsplit("/", 2)[-2],
        depends=list(record.depends),
        sha256=bytes.fromhex(record.sha256) if record.sha256 else None,
        md5=bytes.fromhex(record.md5) if record.md5 else None,
    )
    return rattler.RepoDataRecord(package, record.file_name, record.url, base_url(record.url))


def _verify_local(records: Sequence[CondaRecord]) -> None:
    """Check the packages of ``file://`` channels, which rattler (like conda) takes as they are."""
    local = [each for each in records if each.url.startswith("file://")]
    with ThreadPoolExecutor() as pool:
        wrong = [text for text in pool.map(_local_problem, local) if text]
    if wrong:
        raise OutsideError(
            "locked packages are not what was locked",
            details=wrong,
            hints=["nothing was changed; if the channel was rebuilt, run `conda multiplat lock`"],
        )


def _local_problem(record: CondaRecord) -> str | None:
    kind, wanted = ("sha256", record.sha256) if record.sha256 else ("md5", record.md5)
    if wanted is None:
        return f"{record.url}: the lock has no hash for it"
    path = Path(url2pathname(urlsplit(record.url).path))
    digest = hashlib.new(kind, usedforsecurity=False)
    try:
        with path.open("rb") as file:
            while chunk := file.read(_CHUNK):
                digest.update(chunk)
    except OSError as error:
        return f"{record.url}: {error.strerror}"
    found = digest.hexdigest()
    return None if found == wanted else f"{record.url}: {kind} is {found}, locked is {wanted}"
