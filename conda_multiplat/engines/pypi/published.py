"""Look up a distribution's metadata in an index, without downloading most files.

1. If the index serves metadata separately (PEP 658), that is downloaded.
2. Otherwise uv downloads the file, with its own access to indexes, and unpacks it.
"""

from __future__ import annotations

import threading
import zipfile
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from dataclasses import replace
from email.errors import MessageError
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from conda_multiplat.engines.pypi.compile import NEWEST_SYSTEM, Compiler
from conda_multiplat.engines.pypi.vendor_indexes import sourced
from conda_multiplat.engines.web import UnfetchedError, Web, reason_of
from conda_multiplat.machine.temporary import temporary_folder
from conda_multiplat.solving.extras import Metadata, read_metadata
from conda_multiplat.solving.pypi import without_cuts

#: The longest wait in seconds, before uv is used instead.
_PATIENCE = 10.0
#: The largest metadata to read, in bytes.
_LARGEST = 8 << 20


class Published:
    """The metadata looked up in a run: each distribution once, for all targets.

    Thread-safe; a thread that asks for a lookup in progress waits for it.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._known: dict[tuple[str, ...], Future[Metadata | None]] = {}

    def of_version(self, uv: Compiler, name: str, version: str) -> Metadata | None:
        """Return the metadata of a version in the indexes; ``None`` if it can't be fetched."""
        pin = f"{name}=={version}"
        key = (pin, uv.request.python, *uv.options)
        return self._once(key, lambda: _of_pin(uv, name, pin))

    def of_file(self, uv: Compiler, name: str, url: str) -> Metadata | None:
        """Return the metadata of a locked file; ``None`` if it can't be fetched."""
        return self._once((url,), lambda: _of_url(uv, name, url))

    def _once(
        self, key: tuple[str, ...], look_up: Callable[[], Metadata | None]
    ) -> Metadata | None:
        with self._lock:
            is_first = key not in self._known
            answer = self._known.setdefault(key, Future())
        if is_first:
            try:
                answer.set_result(look_up())
            except BaseException as error:
                answer.set_exception(error)
        return answer.result()


def _of_pin(uv: Compiler, name: str, pin: str) -> Metadata | None:
    with temporary_folder() as folder:
        named = uv.named | ({name} & sourced(uv.request))
        with_sources = replace(uv, folder=folder, named=named, request=without_cuts(uv.request))
        entries = [*uv.options, pin]
        done = with_sources.lock(entries, "--no-deps", without={name}, packages=NEWEST_SYSTEM)
        packages = with_sources.pylock().get("packages", ()) if done.returncode == 0 else ()
        url = next((url for package in packages for url in files(package)), "")
    return _of_url(uv, name, url) if url else None


def files(package: dict[str, Any]) -> list[str]:
    """Return the URLs of a package's files in ``pylock.toml``, wheels first."""
    wheels: Sequence[dict[str, Any]] = package.get("wheels", ())
    sources = [package[key] for key in ("archive", "sdist") if key in package]
    return [file.get("url") or file.get("path", "") for file in (*wheels, *sources)]


def metadata_text(uv: Compiler, name: str, url: str) -> str:
    """Return the content of a file's ``METADATA``.

    Raises:
        UnfetchedError: it can't be read.
    """
    return _served(uv, url) or _unpacked(uv, name, url)


def _of_url(uv: Compiler, name: str, url: str) -> Metadata | None:
    try:
        return read_metadata(metadata_text(uv, name, url))
    except (UnfetchedError, MessageError):
        return None


def _served(uv: Compiler, url: str) -> str:
    """Return the metadata served beside a wheel; ``""`` if there is none, or uv is needed."""
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.path.endswith(".whl"):
        return ""
    if uv.settings.offline:
        return ""
    address = parts._replace(path=f"{parts.path}.metadata", query="", fragment="").geturl()
    try:
        content = Web(uv.settings, tries=1, patience=_PATIENCE).get(
            uv.with_login(address), _LARGEST
        )
        return content.decode() if content.startswith(b"Metadata-Version:") else ""
    except (UnfetchedError, UnicodeDecodeError):
        return ""


def _unpacked(uv: Compiler, name: str, url: str) -> str:
    """Return the metadata from a file, which uv downloads if it is not local."""
    file = uv.base / url
    if file.suffix == ".whl" and file.is_file():
        return _in_wheel(file)
    with temporary_folder() as folder:
        uv.fetch(f"{name} @ {uv.with_login(url)}", folder)
        files = sorted(folder.glob("*.dist-info/METADATA"))
        if not files:
            raise UnfetchedError("it has no METADATA")
        return files[0].read_text(encoding="utf-8", errors="replace")


def _in_wheel(file: Path) -> str:
    try:
        with zipfile.ZipFile(file) as archive:
            names = [name for name in archive.namelist() if name.endswith(".dist-info/METADATA")]
            if not names:
                raise UnfetchedError("it has no METADATA")
            return archive.read(names[0]).decode("utf-8", "replace")
    except (OSError, zipfile.BadZipFile) as error:
        raise UnfetchedError(reason_of(error)) from None
