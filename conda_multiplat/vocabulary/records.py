"""Locked packages of conda and PyPI as frozen values, in CEP 37's form."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from conda_multiplat.vocabulary.byte_sizes import read_size
from conda_multiplat.vocabulary.names import project_name, split_spec, unique

#: The key of an archive's size in a lock: a YAML comment, since CEP 37 has no key for it.
SIZE_KEY = "# size"


def manager_mark(manager: str) -> str:
    """Return the suffix of a package's name in a table: ``""`` for conda's."""
    return " (PyPI)" if manager == "pypi" else ""


class CondaRecord(NamedTuple):
    """One locked conda package.

    Attributes:
        name: the package's name.
        version: its version.
        build: its build string.
        url: the archive's URL, without credentials.
        md5: the archive's MD5, ``None`` if the channel does not state it.
        sha256: the archive's SHA-256, ``None`` if the channel does not state it.
        depends: MatchSpecs of its dependencies.
        constrains: MatchSpecs that apply if the package is present. A lock file has only those
            of virtual packages (see :class:`PlatformLock`).
        category: the manifest's category that asks for it (CEP 37).
        size: the archive's size in bytes, ``None`` if it is not known.
    """

    name: str
    version: str
    build: str
    url: str
    md5: str | None = None
    sha256: str | None = None
    depends: tuple[str, ...] = ()
    constrains: tuple[str, ...] = ()
    category: str = "main"
    size: int | None = None

    @property
    def manager(self) -> str:
        """The package manager in messages and JSON; a lock calls PyPI's ``pip`` (CEP 37)."""
        return "conda"

    @property
    def dependencies(self) -> dict[str, str]:
        """``depends`` in CEP 37's form: name -> constraint; several for one name are joined."""
        by_name: dict[str, list[str]] = {}
        for spec in self.depends:
            name, constraint = split_spec(spec)
            by_name.setdefault(name, []).append(constraint)
        return {name: _joined(constraints) for name, constraints in by_name.items()}

    @property
    def subdir(self) -> str:
        """Its folder in the channel: a platform or ``noarch``."""
        return f"/{self.url}".rsplit("/", 2)[-2]

    @property
    def file_name(self) -> str:
        """The archive's name."""
        return self.url.rsplit("/", 1)[-1]

    def to_dict(self, platform: str) -> dict[str, Any]:
        """Return CEP 37's ``LockedDependency``, its keys in the order in which they are written."""
        return _to_dict(self, "conda", platform, self.dependencies, build=self.build)

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> CondaRecord:
        """Read CEP 37's ``LockedDependency``.

        Raises:
            KeyError: a required key is not there.
        """
        url, hashes = str(data["url"]), data["hash"]
        build = data.get("build") or _build_from_url(url)
        depends = data.get("dependencies") or {}
        return cls(
            name=str(data["name"]),
            version=str(data["version"]),
            build=str(build),
            url=url,
            md5=_digest(hashes.get("md5")),
            sha256=_digest(hashes.get("sha256")),
            depends=tuple(f"{name} {value or ''}".strip() for name, value in depends.items()),
            category=str(data.get("category") or "main"),
            size=read_size(data.get(SIZE_KEY)),
        )


def _joined(constraints: Sequence[str]) -> str:
    """Join constraints into one: versions with commas, then the build string.

    ``>=4.5`` and ``* *_llvm`` make ``>=4.5 *_llvm``. One constraint can't have two different
    builds; no record has them.
    """
    if len(constraints) == 1:
        return "" if constraints[0] == "*" else constraints[0]
    parts = [constraint.partition(" ") for constraint in constraints]
    versions = dict.fromkeys(version for version, _, _ in parts if version not in ("", "*"))
    builds = dict.fromkeys(build.strip() for _, _, build in parts if build.strip())
    version = ",".join(versions)
    return " ".join([version or "*", *builds]) if builds else version


_DIGITS = r"[0-9A-Fa-f]{32}(?:[0-9A-Fa-f]{32})?"
_VERSIONED_TAG = r"(manylinux|macosx)_(\d+)_(\d+)_"
#: Suffixes of source and built archives.
_ARCHIVES = (".whl", ".tar.gz", ".zip", ".tar.bz2", ".tgz", ".tar.xz")


class PypiRecord(NamedTuple):
    """One locked PyPI package.

    Attributes:
        name: the project's normalised name (PEP 503).
        version: its version (PEP 440).
        url: the URL of the file to install, without credentials; ``git+URL@COMMIT`` for a
            repository; for local files, a path relative to the lock (a folder that is installed
            as editable has the suffix ``#editable``).
        sha256: the file's SHA-256, or a folder's content digest; ``None`` for a repository, which
            its commit identifies.
        depends: the names of the projects that it needs on this target.
        category: the manifest's category that asks for it (CEP 37).
        bounds: version bounds on some of them, by name; conda-lock writes them, we don't.
        size: the file's size in bytes, ``None`` if there is no file or it is not known.
        md5: the file's MD5, which we never write, but verify if a lock has it.
    """

    name: str
    version: str
    url: str
    sha256: str | None = None
    depends: tuple[str, ...] = ()
    category: str = "main"
    bounds: tuple[tuple[str, str], ...] = ()
    size: int | None = None
    md5: str | None = None

    @property
    def manager(self) -> str:
        """The package manager in messages and JSON."""
        return "pypi"

    @property
    def build(self) -> str:
        """Always ``""``, so that functions can compare it with a conda record."""
        return ""

    @property
    def is_wheel(self) -> bool:
        """Whether it is a wheel, which needs no build."""
        return self.url.endswith(".whl")

    @property
    def is_folder(self) -> bool:
        """Whether it is the local folder of a project."""
        return "://" not in self.url and not self.url.endswith(_ARCHIVES)

    def to_dict(self, platform: str) -> dict[str, Any]:
        """Return CEP 37's ``LockedDependency``, its keys in the order in which they are written."""
        return _to_dict(self, "pip", platform, dict.fromkeys(self.depends, ""))

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> PypiRecord:
        """Read CEP 37's ``LockedDependency``.

        Raises:
            KeyError: a required key is not there.
        """
        depends = [
            (_project(name), bound) for name, bound in (data.get("dependencies") or {}).items()
        ]
        url = str(data["url"])
        # conda-lock repeats a repository's commit as its hash.
        hashes = {} if url.startswith("git+") else data.get("hash") or {}
        return cls(
            name=project_name(str(data["name"])),
            version=str(data["version"]),
            url=url,
            sha256=_digest(hashes.get("sha256")),
            depends=unique(name for name, _ in depends),
            category=str(data.get("category") or "main"),
            bounds=tuple((name, bound) for name, bound in depends if bound),
            size=read_size(data.get(SIZE_KEY)),
            md5=_digest(hashes.get("md5")),
        )


Record = CondaRecord | PypiRecord


def _to_dict(
    record: Record, manager: str, platform: str, dependencies: Mapping[str, str], **build: str
) -> dict[str, Any]:
    hashes = {"md5": record.md5, "sha256": record.sha256}
    return {
        "name": record.name,
        "version": record.version,
        "manager": manager,
        "platform": platform,
        "dependencies": dict(sorted(dependencies.items())),
        "url": record.url,
        "hash": {key: value for key, value in hashes.items() if value},
        **build,
        "category": record.category,
        "optional": False,
    }


def python_of(records: Iterable[CondaRecord]) -> str:
    """Return the version of Python among conda records; ``""`` if there is none."""
    return next((record.version for record in records if record.name == "python"), "")


def is_free_threaded(records: Iterable[CondaRecord]) -> bool:
    """Return whether the Python among conda records has no global lock (PEP 703)."""
    builds = (record.build for record in records if record.name == "python")
    return any(re.search(r"_cp\d+t$", build) for build in builds)


def wheel_need(url: str) -> str:
    """Return what a wheel's platform tag requires of a machine (PEP 425, 600), or ``""``.

    The least demanding of several tags counts: ``manylinux_2_17_x86_64.manylinux_2_28_x86_64``.
    """
    if not url.endswith(".whl"):
        return ""
    tags = url.removesuffix(".whl").rpartition("-")[2]
    matches = [match for tag in tags.split(".") if (match := re.match(_VERSIONED_TAG, tag))]
    versions = [(int(match[2]), int(match[3])) for match in matches]
    if not versions:
        return ""
    system = {"manylinux": "__glibc", "macosx": "__osx"}[matches[0][1]]
    return f"{system} >={'.'.join(map(str, min(versions)))}"


def _project(name: str) -> str:
    """Return the project of a dependency, ``Foo.Bar[extra]``, by its normalised name."""
    return project_name(name.partition("[")[0].strip())


def _digest(text: str | None) -> str | None:
    """Return a hash's digits as all tools write them, in lower case; other text as it is."""
    return text.lower() if text and re.fullmatch(_DIGITS, text) else text


def _build_from_url(url: str) -> str:
    stem = url.rsplit("/", 1)[-1].removesuffix(".conda").removesuffix(".tar.bz2")
    return stem.rsplit("-", 1)[-1]
