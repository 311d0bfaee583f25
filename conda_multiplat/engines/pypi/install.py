"""uv's installer: PyPI packages into a conda prefix, exactly as locked.

Nothing is resolved. Wheels come first and consult no index. Then what has to be built: source
archives (their build tools come from the index), repositories, folders.
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from urllib.parse import urlsplit

from conda_multiplat.engines.pypi.folder_digest import folder_digest
from conda_multiplat.engines.pypi.uv import run_uv, uv_environment
from conda_multiplat.machine.conda_settings import Settings
from conda_multiplat.machine.prefix import unfinished
from conda_multiplat.manifest.model import Requirement
from conda_multiplat.vocabulary.channels import scrub, secrets
from conda_multiplat.vocabulary.errors import LockFileError, OutsideError
from conda_multiplat.vocabulary.pip_entries import split_option
from conda_multiplat.vocabulary.records import PypiRecord

_INDEXES = ("-i", "--index-url", "--extra-index-url")
_PLACES = (*_INDEXES, "-f", "--find-links", "--no-index")


def python_program(prefix: Path) -> Path:
    """The Python of a prefix."""
    return prefix / ("python.exe" if os.name == "nt" else "bin/python")


class UvInstaller:
    """Changes the PyPI packages of one prefix.

    Args:
        prefix: the environment; its Python must be there.
        settings: for the proxy, TLS, and whether to fetch at all.
        folder: the lock's folder, from which relative paths start.
        requirements: the entries of ``pip:``: of their indexes the logins, and where build tools
            come from.
        show_progress: let uv draw its progress bars on stderr.
    """

    def __init__(
        self,
        prefix: Path,
        settings: Settings,
        folder: Path,
        requirements: Sequence[Requirement],
        *,
        show_progress: bool = False,
    ) -> None:
        self._show_progress = show_progress
        self._prefix = prefix
        self._settings = settings
        self._folder = folder
        self._options = [
            os.path.expandvars(requirement.text)
            for requirement in requirements
            if split_option(requirement.text)[0] in _PLACES
        ]

    def remove(self, names: Sequence[str]) -> None:
        """Uninstall packages.

        Raises:
            OutsideError: that failed.
        """
        self._run("uninstall", "--break-system-packages", *names)

    def install(self, records: Sequence[PypiRecord]) -> None:
        """Install packages in place of what there is of them.

        Raises:
            LockFileError: a folder is not as it was locked.
            OutsideError: a file can't be had, is not what was locked, or can't be built.
        """
        self._check_folders(records)
        logins = self._logins()
        wheels = [
            _hashed(record, logins) for record in records if record.is_wheel and record.sha256
        ]
        archives = [_hashed(record, logins) for record in records if _is_archive(record)]
        others = [_unhashed(record) for record in records if not record.sha256 or record.is_folder]
        again = [f"--reinstall-package={record.name}" for record in records]
        self._install(wheels, "--require-hashes", "--no-index", *again)
        self._install([*self._options, *archives] if archives else [], "--require-hashes", *again)
        self._install([*self._options, *others] if others else [], *again)

    def _check_folders(self, records: Sequence[PypiRecord]) -> None:
        changed = [
            record
            for record in records
            if record.is_folder
            and record.sha256
            and folder_digest(self._folder / record.url) != record.sha256
        ]
        if changed:
            names = " ".join(each.name for each in changed)
            raise LockFileError(
                "a local project is not as it was locked",
                details=[f"{each.name}: {each.url}" for each in changed],
                hints=[f"run `conda multiplat lock --update {names}`"],
            )

    def _logins(self) -> dict[str, str]:
        """Host -> ``user:password``, of the indexes that the manifest names."""
        parts = [urlsplit(split_option(option)[1]) for option in self._options]
        return {
            str(part.hostname): part.netloc.rpartition("@")[0]
            for part in parts
            if "@" in part.netloc
        }

    def _install(self, lines: Sequence[str], *options: str) -> None:
        if not lines:
            return
        with tempfile.TemporaryDirectory(prefix="conda-multiplat-") as folder:
            file = Path(folder) / "requirements.txt"
            file.touch(mode=0o600)
            file.write_text("\n".join(lines) + "\n", encoding="utf-8")
            chosen = ["--no-deps", "--break-system-packages", "--requirements", str(file)]
            self._run("install", *chosen, *options)

    def _run(self, command: str, *arguments: str) -> None:
        offline = ["--offline"] if self._settings.offline and command == "install" else []
        python = str(python_program(self._prefix))
        quiet = [] if self._show_progress else ["--quiet"]
        with tempfile.TemporaryDirectory(prefix="conda-multiplat-") as folder:
            done = run_uv(
                ["pip", command, *quiet, "--python", python, *offline, *arguments],
                uv_environment(self._settings, Path(folder)),
                self._folder,
                show=self._show_progress,
            )
        if done.returncode != 0:
            text = (done.stderr or "uv has said why").strip().removeprefix("error: ")
            raise unfinished(self._prefix, scrub(text, secrets(self._options)))


def _is_archive(record: PypiRecord) -> bool:
    return bool(record.sha256) and not record.is_wheel and not record.is_folder


def _hashed(record: PypiRecord, logins: Mapping[str, str]) -> str:
    parts = urlsplit(record.url)
    login = logins.get(str(parts.hostname))
    url = parts._replace(netloc=f"{login}@{parts.netloc}").geturl() if login else record.url
    return f"{record.name} @ {url} --hash=sha256:{record.sha256}"


def _unhashed(record: PypiRecord) -> str:
    place, _, mark = record.url.partition("#")
    if record.is_folder:
        return f"-e {place}" if mark == "editable" else f"{record.name} @ {place}"
    return f"{record.name} @ {record.url}"


def refuse_owned(names: Sequence[str], owned: set[str], prefix: Path) -> None:
    """Refuse to put a PyPI package over one of conda's.

    Raises:
        OutsideError: some are conda's.
    """
    if clash := sorted(set(names) & owned):
        raise OutsideError(
            f"conda packages in {prefix} bring {', '.join(clash)} already",
            details=["the lock has them from PyPI too; conda's are not overwritten"],
            hints=[
                "say in the manifest which conda package provides them, then lock again: "
                f"multiplat: {{pypi-names: {{CONDA-PACKAGE: {clash[0]}}}}}"
            ],
        )
