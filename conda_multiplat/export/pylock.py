"""``pylock.SUBDIR.toml`` (PEP 751): a lock's PyPI packages, for installers and scanners."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping

from packaging.utils import InvalidSdistFilename, parse_sdist_filename

from conda_multiplat.export.explicit import platform_to_render
from conda_multiplat.lockfile.model import LockFile, PlatformLock
from conda_multiplat.vocabulary.errors import LockFileError
from conda_multiplat.vocabulary.file_names import rendered_name
from conda_multiplat.vocabulary.markers import platform_marker
from conda_multiplat.vocabulary.names import DEFAULT_ENVIRONMENT
from conda_multiplat.vocabulary.records import PypiRecord, python_of

_Table = Mapping[str, str | bool | Mapping[str, str]]


def render(lock: LockFile, subdir: str) -> str:
    """Return the file's text, with LF line endings.

    Raises:
        UsageError: the platform is not locked.
        LockFileError: a record has no hash, and is neither a repository nor a folder.
    """
    locked = platform_to_render(lock, subdir)
    _refuse_unhashed(locked, rendered_name("pylock", lock.environment, subdir))
    python = ".".join(python_of(locked.records).split(".")[:2])
    lines = [
        "# PyPI packages, for an environment that has the locked conda packages:",
        f"# $ uv pip install -r {rendered_name('pylock', lock.environment, subdir)}",
        f"# platform: {subdir}",
        *(
            []
            if lock.environment == DEFAULT_ENVIRONMENT
            else [f"# environment: {lock.environment}"]
        ),
        'lock-version = "1.0"',
        f"environments = [{_text(platform_marker(subdir))}]",
        *([f'requires-python = "=={python}.*"'] if python else []),
        'created-by = "conda-multiplat"',
    ]
    names = {record.name for record in locked.pypi}
    for record in locked.pypi:
        lines += ["", *_package(record, names)]
    return "\n".join(lines) + "\n"


def _refuse_unhashed(locked: PlatformLock, file: str) -> None:
    bare = [
        record
        for record in locked.pypi
        if not (record.sha256 or record.is_folder or record.url.startswith("git+"))
    ]
    if bare:
        raise LockFileError(
            f"{file} can't be made: locked packages without a hash",
            details=[f"{package.name} {package.version}: {package.url}" for package in bare],
            hints=[f"lock them again: `conda multiplat lock --update {bare[0].name}`"],
        )


def _package(record: PypiRecord, names: Iterable[str]) -> Iterator[str]:
    """Yield the lines of a package; a folder's version can change, and the PEP wants none."""
    yield "[[packages]]"
    yield f"name = {_text(record.name)}"
    if not record.is_folder:
        yield f"version = {_text(record.version)}"
    needed = [f"{{name = {_text(name)}}}" for name in sorted({*record.depends} & {*names})]
    if needed:
        yield f"dependencies = [{', '.join(needed)}]"
    key, table = _source(record)
    if key == "wheels":
        yield f"wheels = [{_inline(table)}]"
    else:
        yield f"{key} = {_inline(table)}"


def _source(record: PypiRecord) -> tuple[str, _Table]:
    """Return where a package comes from: the PEP's key, and its table."""
    if record.url.startswith("git+"):
        url, _, mark = record.url.removeprefix("git+").partition("#")
        place, _, commit = url.rpartition("@")
        folder = mark.removeprefix("subdirectory=")
        more = {"subdirectory": folder} if folder else {}
        return "vcs", {"type": "git", "url": place, "commit-id": commit, **more}
    if record.is_folder:
        path, _, mark = record.url.partition("#")
        return "directory", {"path": path, "editable": mark == "editable"}
    where = {"url" if "://" in record.url else "path": record.url}
    hashes = {"hashes": {"sha256": record.sha256 or ""}}
    name = record.url.rsplit("/", 1)[-1]
    if record.is_wheel:
        return "wheels", {**where, **hashes}
    return ("sdist" if _is_sdist(name) else "archive"), {**where, **hashes}


def _is_sdist(name: str) -> bool:
    """Return whether a file's name is that of a source distribution (PEP 625)."""
    try:
        parse_sdist_filename(name)
    except InvalidSdistFilename:
        return False
    return True


def _inline(table: _Table) -> str:
    return f"{{{', '.join(f'{key} = {_value(value)}' for key, value in table.items())}}}"


def _value(value: str | bool | Mapping[str, str]) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return _text(value) if isinstance(value, str) else _inline(value)


def _text(text: str) -> str:
    """Return a basic string of TOML, which has JSON's escapes and one more."""
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")
