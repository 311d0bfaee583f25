"""uv's installer: PyPI packages into a conda prefix, exactly as locked.

Nothing is resolved. Wheels are installed first, without any index. Then come packages that have to
be built: source archives (their build tools come from the index), repositories, folders.

If a mirror replaces PyPI, files that were locked from PyPI itself, or from another mirror with the
same layout, are requested from that mirror by name and version. The hash must be the locked one, so
that it is the same file.

uv overwrites existing files. So everything is installed twice: first into a temporary folder, where
its files can be compared with those of others, and then from uv's cache into the prefix.
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from urllib.parse import urlsplit

from conda_multiplat.engines.pypi.folder_digest import folder_digest
from conda_multiplat.engines.pypi.index_logins import index_logins, with_login
from conda_multiplat.engines.pypi.user_settings import has_no_cache
from conda_multiplat.engines.pypi.uv import pypi_index, run_uv, uv_environment
from conda_multiplat.machine.conda_settings import Settings
from conda_multiplat.machine.distribution_files import recorded_files
from conda_multiplat.machine.prefix import unfinished
from conda_multiplat.machine.site_packages import distributions
from conda_multiplat.machine.temporary import temporary_folder
from conda_multiplat.manifest.model import Requirement
from conda_multiplat.vocabulary.channels import scrub, secrets
from conda_multiplat.vocabulary.errors import LockFileError, OutsideError
from conda_multiplat.vocabulary.pip_index import DEFAULT_INDEX
from conda_multiplat.vocabulary.pip_options import INDEXES, split_option
from conda_multiplat.vocabulary.pip_places import is_stored_by_digest
from conda_multiplat.vocabulary.records import PypiRecord

_PLACES = (*INDEXES, "-f", "--find-links", "--no-index")


def python_program(prefix: Path) -> Path:
    """Return the Python of a prefix."""
    return prefix / ("python.exe" if os.name == "nt" else "bin/python")


class UvInstaller:
    """Changes the PyPI packages of one prefix.

    Args:
        prefix: the environment.
        settings: for the proxy, TLS, and whether to use the network.
        folder: the lock's folder, the base of relative paths.
        requirements: the entries of ``pip:``, for the logins of their indexes, and for the build
            tools.
        indexes: the URLs of the manifest's other indexes, for their logins.
        wheels: a folder with all the files, so that no index is needed.
    """

    def __init__(
        self,
        prefix: Path,
        settings: Settings,
        folder: Path,
        requirements: Sequence[Requirement],
        indexes: Sequence[str] = (),
        *,
        wheels: Path | None = None,
    ) -> None:
        self._wheels = wheels
        self._prefix = prefix
        self._settings = settings
        self._folder = folder
        logins = index_logins(os.environ)
        options = [
            split_option(os.path.expandvars(requirement.text)) for requirement in requirements
        ]
        self._options = [
            f"{option} {with_login(value, logins)}".strip()
            for option, value in options
            if option in _PLACES
        ]
        urls = [with_login(os.path.expandvars(url), logins) for url in indexes]
        self._indexes = [*urls, pypi_index(settings)]

    def files(
        self, records: Sequence[PypiRecord], python: Path, folder: Path
    ) -> dict[str, frozenset[str]]:
        """Return the files of packages by name; paths are relative to the prefix.

        They are downloaded, verified and built.

        Args:
            records: the packages.
            python: a prefix with the Python that they are for.
            folder: an empty folder to install into.

        Raises:
            LockFileError: a folder has changed since it was locked.
            OutsideError: a file can't be fetched, is not what was locked, or can't be built.
        """
        self._check_folders(records)
        refreshed = [f"--refresh-package={record.name}" for record in records if record.is_folder]
        self._install_all(records, python, "--prefix", str(folder), *_links(), *refreshed)
        return {
            name: frozenset(map(_as_in_conda, recorded_files(path, folder)))
            for site_packages in folder.rglob("site-packages")
            for path, name, _ in distributions(site_packages)
        }

    def install(self, records: Sequence[PypiRecord]) -> None:
        """Install packages that have no files in the prefix yet; its Python must be there.

        Raises:
            OutsideError: a file can't be fetched, is not what was locked, or can't be built.
        """
        self._install_all(records, self._prefix)

    def _install_all(self, records: Sequence[PypiRecord], python: Path, *chosen: str) -> None:
        chosen = ("--python", str(python_program(python)), *chosen)
        if self._wheels:
            local = ("--offline", "--no-index", "--find-links", str(self._wheels))
            pins = [_of_index(record) for record in records]
            self._install(pins, "--require-hashes", *local, *chosen)
            return
        logins = self.logins()
        mirrored = [record for record in records if record.sha256 and self.is_mirrored(record)]
        direct = [record for record in records if record not in mirrored]
        wheels = [
            _hashed(package, logins) for package in direct if package.is_wheel and package.sha256
        ]
        archives = [_hashed(package, logins) for package in direct if _is_archive(package)]
        others = [_unhashed(record) for record in records if not record.sha256 or record.is_folder]
        self._install_mirrored(mirrored, *chosen)
        self._install(wheels, "--require-hashes", "--no-index", *chosen)
        self._install([*self._options, *archives] if archives else [], "--require-hashes", *chosen)
        self._install([*self._options, *others] if others else [], *chosen)

    def _install_mirrored(self, records: Sequence[PypiRecord], *options: str) -> None:
        try:
            self._install([_of_index(record) for record in records], "--require-hashes", *options)
        except OutsideError as error:
            mirror = scrub(self._indexes[-1], secrets(self._indexes))
            hint = f"{mirror} replaces PyPI on this machine: it must have the locked files"
            error.hints = (hint, *error.hints)
            raise

    def is_mirrored(self, record: PypiRecord) -> bool:
        """Return whether a record is from PyPI, and a mirror replaces it here."""
        mirror = self._indexes[-1]
        elsewhere = (*DEFAULT_INDEX, "--no-index")
        if not mirror or any(option.startswith(elsewhere) for option in self._options):
            return False
        named = [split_option(option)[1] for option in self._options]
        hosts = {urlsplit(url).netloc.rpartition("@")[2] for url in (*named, *self._indexes)}
        return is_stored_by_digest(record.url) and urlsplit(record.url).netloc not in hosts

    @property
    def mirror(self) -> str:
        """The URL of the index that replaces PyPI on this machine, with its login; or ``""``."""
        return self._indexes[-1]

    def _check_folders(self, records: Sequence[PypiRecord]) -> None:
        changed = [
            record
            for record in records
            if record.is_folder
            and record.sha256
            and folder_digest(self._folder / record.url) != record.sha256
        ]
        if changed:
            names = " ".join(change.name for change in changed)
            raise LockFileError(
                "a local project has changed since it was locked",
                details=[f"{change.name}: {change.url}" for change in changed],
                hints=[f"run `conda multiplat lock --update {names}`"],
            )

    def logins(self) -> dict[str, str]:
        """Return host -> ``user:password`` for the indexes that the manifest names."""
        named = [split_option(option)[1] for option in self._options]
        parts = [urlsplit(url) for url in (*named, *self._indexes)]
        return {
            str(part.hostname): part.netloc.rpartition("@")[0]
            for part in parts
            if "@" in part.netloc
        }

    def _install(self, lines: Sequence[str], *options: str) -> None:
        if not lines:
            return
        with temporary_folder() as folder:
            file = folder / "requirements.txt"
            file.touch(mode=0o600)
            file.write_text("\n".join(lines) + "\n", encoding="utf-8")
            self._run("--no-deps", "--break-system-packages", "--requirements", str(file), *options)

    def _run(self, *arguments: str) -> None:
        offline = ["--offline"] if self._settings.offline and not self._wheels else []
        with temporary_folder() as folder:
            done = run_uv(
                ["pip", "install", "--quiet", *offline, *arguments],
                uv_environment(self._settings, folder, self._options),
                self._wheels or self._folder,
            )
        if done.returncode != 0:
            text = done.stderr.strip().removeprefix("error: ")
            raise unfinished(self._prefix, scrub(text, secrets([*self._options, *self._indexes])))


def _links() -> list[str]:
    """Return the option to link files, where that works; copies would be large.

    Symbolic links work across file systems too, but not without a cache.
    """
    works = os.name != "nt" and not has_no_cache(os.environ)
    return ["--link-mode=symlink"] if works else []


def _as_in_conda(path: str) -> str:
    """Convert a path of uv's temporary virtual environment to one of a prefix."""
    return path.replace("include/site/", "include/", 1)


def _is_archive(record: PypiRecord) -> bool:
    return bool(record.sha256) and not record.is_wheel and not record.is_folder


def _hashed(record: PypiRecord, logins: Mapping[str, str]) -> str:
    parts = urlsplit(record.url)
    login = logins.get(str(parts.hostname))
    url = parts._replace(netloc=f"{login}@{parts.netloc}").geturl() if login else record.url
    return f"{record.name} @ {url} --hash=sha256:{record.sha256}"


def _of_index(record: PypiRecord) -> str:
    return f"{record.name}=={record.version} --hash=sha256:{record.sha256}"


def _unhashed(record: PypiRecord) -> str:
    place, _, mark = record.url.partition("#")
    if record.is_folder:
        return f"-e {place}" if mark == "editable" else f"{record.name} @ {place}"
    return f"{record.name} @ {record.url}"
