r"""The lock as frozen values: CEP 37's ``conda-lock.yml``, one file for each environment.

What CEP 37 has no key for is kept in ``metadata.custom_metadata``, which maps str to str:

========================================  ======================================================
``created_by``                            ``conda-multiplat`` (conda-lockfiles wants the key)
``multiplat.recipe``                      the number of the recipe of ``content_hash``
``multiplat.environment``                 the environment that this file locks
``multiplat.channel-priority``            the priority it was solved with
``multiplat.packages-sha256``             SHA-256 of the text from the line ``package:`` on,
                                          with ``\\n`` line ends
``multiplat.virtual-packages.SUBDIR``     JSON list of what was promised, ``__glibc=2.28=0``
``multiplat.needs.SUBDIR``                JSON: need -> {"depends" | "constrains": [package]}
``multiplat.requested.SUBDIR``            JSON list of the MatchSpecs that were asked for
========================================  ======================================================
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar

from conda_multiplat.names import VirtualPackage, split_spec
from conda_multiplat.virtual_packages import Need, needs_of

CREATED_BY = "conda-multiplat"
PREFIX = "multiplat."


@dataclass(frozen=True)
class CondaRecord:
    """One locked conda package.

    Attributes:
        name: the package's name.
        version: its version.
        build: its build string.
        url: where it is, without credentials.
        md5: the archive's MD5, ``None`` where the channel gives none.
        sha256: the archive's SHA-256, ``None`` where the channel gives none.
        depends: MatchSpecs of what it needs.
        constrains: MatchSpecs that bind where the package is there. Not in the lock file, but
            for the virtual ones among them (see :class:`PlatformLock`).
        category: the manifest's category that asks for it (CEP 37).
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

    @property
    def dependencies(self) -> dict[str, str]:
        """``depends`` as CEP 37 has it: name -> constraint, several of one name joined."""
        found: dict[str, list[str]] = {}
        for spec in self.depends:
            name, constraint = split_spec(spec)
            found.setdefault(name, []).append(constraint)
        return {name: _joined(constraints) for name, constraints in found.items()}

    @property
    def file_name(self) -> str:
        """The archive's name."""
        return self.url.rsplit("/", 1)[-1]

    def to_dict(self, platform: str) -> dict[str, Any]:
        """CEP 37's ``LockedDependency``, its keys in the order in which they are written."""
        hashes = {"md5": self.md5, "sha256": self.sha256}
        return {
            "name": self.name,
            "version": self.version,
            "manager": "conda",
            "platform": platform,
            "dependencies": dict(sorted(self.dependencies.items())),
            "url": self.url,
            "hash": {key: value for key, value in hashes.items() if value},
            "build": self.build,
            "category": self.category,
            "optional": False,
        }

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
            md5=hashes.get("md5"),
            sha256=hashes.get("sha256"),
            depends=tuple(f"{name} {value or ''}".strip() for name, value in depends.items()),
            category=str(data.get("category") or "main"),
        )


def _joined(constraints: Sequence[str]) -> str:
    """Several constraints as one: versions joined by commas, then the build string.

    ``>=4.5`` and ``* *_llvm`` make ``>=4.5 *_llvm``. Two different builds can't be said in one
    constraint; no record has them.
    """
    if len(constraints) == 1:
        return "" if constraints[0] == "*" else constraints[0]
    parts = [each.partition(" ") for each in constraints]
    versions = dict.fromkeys(version for version, _, _ in parts if version not in ("", "*"))
    builds = dict.fromkeys(build.strip() for _, _, build in parts if build.strip())
    version = ",".join(versions)
    return " ".join([version or "*", *builds]) if builds else version


_NEEDY_TAG = re.compile(r"(manylinux|macosx)_(\d+)_(\d+)_")
#: How the names of source and built archives end.
_ARCHIVES = (".whl", ".tar.gz", ".zip", ".tar.bz2", ".tgz", ".tar.xz")


@dataclass(frozen=True)
class PypiRecord:
    """One locked PyPI package.

    Attributes:
        name: the project's normalised name (PEP 503).
        version: its version (PEP 440).
        url: the one file to install, without credentials; ``git+URL@COMMIT`` for a repository, a
            path relative to the lock for what is on this disk (a folder with ``#editable`` where
            it is installed as such).
        sha256: the file's SHA-256, a folder's content digest; ``None`` for a repository, whose
            commit says it.
        depends: the names of the projects that it needs here.
        category: the manifest's category that asks for it (CEP 37).
    """

    name: str
    version: str
    url: str
    sha256: str | None = None
    depends: tuple[str, ...] = ()
    category: str = "main"

    #: What a conda record has besides, so that both can be compared by the same functions.
    build: ClassVar[str] = ""
    md5: ClassVar[str | None] = None

    @property
    def is_wheel(self) -> bool:
        """Whether nothing has to be built to install it."""
        return self.url.endswith(".whl")

    @property
    def is_folder(self) -> bool:
        """Whether it is a project's folder on this disk."""
        return "://" not in self.url and not self.url.endswith(_ARCHIVES)

    def to_dict(self, platform: str) -> dict[str, Any]:
        """CEP 37's ``LockedDependency``, its keys in the order in which they are written."""
        return {
            "name": self.name,
            "version": self.version,
            "manager": "pip",
            "platform": platform,
            "dependencies": dict.fromkeys(sorted(self.depends), ""),
            "url": self.url,
            "hash": {"sha256": self.sha256} if self.sha256 else {},
            "category": self.category,
            "optional": False,
        }

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> PypiRecord:
        """Read CEP 37's ``LockedDependency``.

        Raises:
            KeyError: a required key is not there.
        """
        return cls(
            name=str(data["name"]),
            version=str(data["version"]),
            url=str(data["url"]),
            sha256=(data.get("hash") or {}).get("sha256"),
            depends=tuple(data.get("dependencies") or {}),
            category=str(data.get("category") or "main"),
        )


Record = CondaRecord | PypiRecord


def python_of(records: Iterable[CondaRecord]) -> str:
    """The version of the Python among conda records; ``""`` where there is none."""
    return next((each.version for each in records if each.name == "python"), "")


def wheel_need(url: str) -> str:
    """What a wheel's platform tags need of a machine (PEP 425, 600), ``""`` for nothing.

    Of several the one that needs least counts: ``manylinux_2_17_x86_64.manylinux_2_28_x86_64``.
    """
    if not url.endswith(".whl"):
        return ""
    tags = url.removesuffix(".whl").rpartition("-")[2]
    found = [match for tag in tags.split(".") if (match := _NEEDY_TAG.match(tag))]
    versions = [(int(match[2]), int(match[3])) for match in found]
    if not versions:
        return ""
    system = {"manylinux": "__glibc", "macosx": "__osx"}[found[0][1]]
    return f"{system} >={'.'.join(map(str, min(versions)))}"


def _build_from_url(url: str) -> str:
    stem = url.rsplit("/", 1)[-1].removesuffix(".conda").removesuffix(".tar.bz2")
    return stem.rsplit("-", 1)[-1]


@dataclass(frozen=True)
class LockChannel:
    """A channel as a lock names it, with the environment variables that its URL needs."""

    url: str
    used_env_vars: tuple[str, ...] = ()


@dataclass(frozen=True)
class PlatformLock:
    """What is locked for one platform.

    Attributes:
        content_hash: the digest of the request (see ``requests``).
        records: the conda packages, by name.
        pypi: the PyPI packages, by name.
        virtual_packages: what the solve was promised.
        needs: the virtual packages that the records need.
        requested: the MatchSpecs that were asked for.
    """

    content_hash: str
    records: tuple[CondaRecord, ...]
    pypi: tuple[PypiRecord, ...] = ()
    virtual_packages: tuple[VirtualPackage, ...] = ()
    needs: tuple[Need, ...] = ()
    requested: tuple[str, ...] = ()

    @classmethod
    def of(
        cls,
        content_hash: str,
        records: Iterable[CondaRecord],
        virtual_packages: Sequence[VirtualPackage],
        requested: Iterable[str],
        pypi: Iterable[PypiRecord] = (),
    ) -> PlatformLock:
        """The lock of a fresh solution; its needs are read off the records."""
        ordered = tuple(sorted(records, key=lambda record: record.name))
        needs = needs_of((each.name, each.depends, each.constrains) for each in ordered)
        wheels = sorted(pypi, key=lambda record: record.name)
        needs += [Need(spec, each.name) for each in wheels if (spec := wheel_need(each.url))]
        return cls(
            content_hash=content_hash,
            records=ordered,
            pypi=tuple(wheels),
            virtual_packages=tuple(virtual_packages),
            needs=tuple(needs),
            requested=tuple(sorted(set(requested))),
        )


@dataclass(frozen=True)
class LockFile:
    """One environment's lock.

    Attributes:
        environment: its name.
        sources: the manifest's files, relative to the lock.
        channels: the channels of all platforms.
        platforms: what is locked, by subdir, sorted.
        channel_priority: what it was solved with; ``""`` where the lock does not say.
        recipe: the recipe of ``content_hash``; 0 for a lock that we did not make.
        intact: False where the package section is not as we wrote it.
    """

    environment: str
    sources: tuple[str, ...]
    channels: tuple[LockChannel, ...]
    platforms: Mapping[str, PlatformLock]
    channel_priority: str = ""
    recipe: int = 0
    intact: bool = field(default=True, compare=False)

    def head(self, packages_sha256: str) -> dict[str, Any]:
        """``version`` and ``metadata``, ready to be written."""
        return {
            "version": 1,
            "metadata": {
                "content_hash": {name: lock.content_hash for name, lock in self._sorted()},
                "channels": [
                    {"url": each.url, "used_env_vars": list(each.used_env_vars)}
                    for each in self.channels
                ],
                "platforms": [name for name, _ in self._sorted()],
                "sources": list(self.sources),
                "custom_metadata": self._custom(packages_sha256),
            },
        }

    def entries(self) -> list[tuple[Record, str]]:
        """What the ``package`` section has: records and their platforms.

        By name, then by platform, so that a diff keeps together what belongs together; a conda
        package stands before a PyPI package of its name.
        """
        found: list[tuple[Record, str]] = []
        for name, lock in self.platforms.items():
            found += [(each, name) for each in lock.records]
            found += [(each, name) for each in lock.pypi]
        return sorted(found, key=lambda each: (each[0].name, each[1]))

    def _sorted(self) -> list[tuple[str, PlatformLock]]:
        return sorted(self.platforms.items())

    def _custom(self, packages_sha256: str) -> dict[str, str]:
        custom = {
            "created_by": CREATED_BY,
            f"{PREFIX}recipe": str(self.recipe),
            f"{PREFIX}environment": self.environment,
            f"{PREFIX}channel-priority": self.channel_priority,
            f"{PREFIX}packages-sha256": packages_sha256,
        }
        for name, lock in self._sorted():
            promised = [f"{p.name}={p.version}={p.build}" for p in lock.virtual_packages]
            custom[f"{PREFIX}virtual-packages.{name}"] = json.dumps(promised)
            custom[f"{PREFIX}needs.{name}"] = json.dumps(_pack_needs(lock.needs), sort_keys=True)
            custom[f"{PREFIX}requested.{name}"] = json.dumps(list(lock.requested))
        return custom


def _pack_needs(needs: Iterable[Need]) -> dict[str, dict[str, list[str]]]:
    packed: dict[str, dict[str, list[str]]] = {}
    for need in needs:
        kind = "depends" if need.binding else "constrains"
        packed.setdefault(need.spec, {}).setdefault(kind, []).append(need.record)
    return packed


def unpack_needs(text: str) -> tuple[Need, ...]:
    """The needs as ``multiplat.needs.SUBDIR`` has them."""
    return tuple(
        Need(spec, record, kind == "depends")
        for spec, kinds in json.loads(text).items()
        for kind, records in kinds.items()
        for record in records
    )


def unpack_virtual_packages(text: str) -> tuple[VirtualPackage, ...]:
    """The promises as ``multiplat.virtual-packages.SUBDIR`` has them."""
    return tuple(VirtualPackage(*each.split("=", 2)) for each in json.loads(text))
