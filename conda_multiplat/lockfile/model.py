r"""The lock as frozen values: CEP 37's ``conda-lock.yml``, one file for each environment.

Data without a key in CEP 37 is stored in ``metadata.custom_metadata``, which maps str to str:

========================================  ======================================================
``created_by``                            ``conda-multiplat`` (conda-lockfiles wants the key)
``multiplat.recipe``                      the number of the recipe of ``content_hash``
``multiplat.environment``                 the environment that this file locks
``multiplat.channel-priority``            the priority it was solved with
``multiplat.packages-sha256``             SHA-256 of the text from the line ``package:`` on,
                                          with ``\\n`` line ends
``multiplat.metadata-sha256``             SHA-256 of ``metadata``, without this key, as canonical
                                          JSON (sorted keys, no spaces, ASCII)
``multiplat.virtual-packages.SUBDIR``     JSON list of the promises, ``__glibc=2.28=0``
``multiplat.needs.SUBDIR``                JSON: need -> {"depends" | "constrains": [package]}
``multiplat.requested.SUBDIR``            JSON list of the requested MatchSpecs
``multiplat.extras.SUBDIR``               JSON: extra that a line of ``pip:`` asks for,
                                          ``name[extra]`` -> its requirements if conda provides
                                          the project; omitted if there are none
``multiplat.torch-backend.SUBDIR``        the accelerator of the packages from PyTorch's index;
                                          omitted if there are none
``multiplat.exclude-newer.SUBDIR``        JSON: the rules as written, and the instant ``at`` that
                                          their days count from; omitted, with the next one, if
                                          there are no rules
``multiplat.times.SUBDIR``                JSON: when the packages were published, in seconds since
                                          1970: ``conda`` -> channel -> name, ``pypi`` -> name;
                                          0 if it is not known
========================================  ======================================================
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from conda_multiplat.lockfile.exclude_newer import NO_COOLDOWN, Cooldown, pack
from conda_multiplat.vocabulary.json_values import json_object, json_value
from conda_multiplat.vocabulary.names import VirtualPackage, is_version
from conda_multiplat.vocabulary.records import CondaRecord, PypiRecord, Record, wheel_need
from conda_multiplat.vocabulary.virtual_packages import Need, needs_of, promise_needs

CREATED_BY = "conda-multiplat"
PREFIX = "multiplat."
_METADATA_SHA256 = f"{PREFIX}metadata-sha256"
#: Requested extras, ``name[extra]``, each with what it needs.
Extras = tuple[tuple[str, tuple[str, ...]], ...]


class LockChannel(NamedTuple):
    """A channel as named in a lock, with the environment variables that its URL needs."""

    url: str
    used_env_vars: tuple[str, ...] = ()


class PlatformLock(NamedTuple):
    """The locked packages of one platform.

    Attributes:
        content_hash: the digest of the request (see ``requests``).
        records: the conda packages, by name.
        pypi: the PyPI packages, by name.
        virtual_packages: the virtual packages that it was solved with.
        needs: the virtual packages that the records need.
        requested: the requested MatchSpecs.
        extras: the extras that lines of ``pip:`` require (see ``pypi.PypiSolution``).
        torch_backend: the accelerator of PyTorch's packages (see ``pypi.PypiSolution``).
        cooldown: the ``exclude-newer`` rules, and when the packages were published.
    """

    content_hash: str
    records: tuple[CondaRecord, ...]
    pypi: tuple[PypiRecord, ...] = ()
    virtual_packages: tuple[VirtualPackage, ...] = ()
    needs: tuple[Need, ...] = ()
    requested: tuple[str, ...] = ()
    extras: Extras = ()
    torch_backend: str = ""
    cooldown: Cooldown = NO_COOLDOWN

    @property
    def every(self) -> tuple[Record, ...]:
        """All packages, conda's first."""
        return (*self.records, *self.pypi)

    @property
    def foreign(self) -> bool:
        """Whether another tool made it: our locks always have virtual packages."""
        return not self.virtual_packages

    @property
    def machine_needs(self) -> list[Need]:
        """What a machine must have: the records' needs, and promises without a default (CUDA)."""
        return [*self.needs, *promise_needs(self.virtual_packages)]

    @classmethod
    def of(
        cls,
        content_hash: str,
        records: Iterable[CondaRecord],
        virtual_packages: Sequence[VirtualPackage],
        requested: Iterable[str],
        pypi: Iterable[PypiRecord] = (),
        *,
        extras: Extras = (),
        torch_backend: str = "",
        cooldown: Cooldown = NO_COOLDOWN,
    ) -> PlatformLock:
        """Make the lock of a new solution; its needs are those of the records."""
        ordered = tuple(sorted(records, key=lambda record: record.name))
        wheels = sorted(pypi, key=lambda record: record.name)
        return cls(
            content_hash=content_hash,
            records=ordered,
            pypi=tuple(wheels),
            virtual_packages=tuple(virtual_packages),
            needs=needs_of_records(ordered, wheels),
            requested=tuple(sorted(set(requested))),
            extras=extras,
            torch_backend=torch_backend,
            cooldown=cooldown,
        )


def needs_of_records(
    records: Iterable[CondaRecord], wheels: Iterable[PypiRecord]
) -> tuple[Need, ...]:
    """Return the virtual packages that records need, including those of wheels' platform tags."""
    needs = needs_of((record.name, record.depends, record.constrains) for record in records)
    needs += [Need(spec, wheel.name) for wheel in wheels if (spec := wheel_need(wheel.url))]
    return tuple(needs)


class LockFile(NamedTuple):
    """One environment's lock.

    Attributes:
        environment: its name.
        sources: the manifest's files, relative to the lock.
        channels: the channels of all platforms.
        platforms: the locked platforms, by subdir, sorted.
        channel_priority: the channel priority of the solve; ``""`` if the lock does not state it.
        recipe: the recipe of ``content_hash``; 0 for a lock that we did not make.
        intact: False if it has been changed since we wrote it.
        unmerged: why two sides could not be merged, if only one side was kept.
    """

    environment: str
    sources: tuple[str, ...]
    channels: tuple[LockChannel, ...]
    platforms: Mapping[str, PlatformLock]
    channel_priority: str = ""
    recipe: int = 0
    intact: bool = True
    unmerged: str = ""

    def only(self, platforms: Collection[str]) -> LockFile:
        """Return the lock without the other platforms."""
        kept = {name: lock for name, lock in self.platforms.items() if name in platforms}
        return self._replace(platforms=kept)

    def head(self, packages_sha256: str) -> dict[str, Any]:
        """Return ``version`` and ``metadata`` as they are written."""
        custom = self._custom(packages_sha256)
        metadata = {
            "content_hash": {name: lock.content_hash for name, lock in self._sorted()},
            "channels": [
                {"url": channel.url, "used_env_vars": list(channel.used_env_vars)}
                for channel in self.channels
            ],
            "platforms": [name for name, _ in self._sorted()],
            "sources": list(self.sources),
            "custom_metadata": custom,
        }
        custom[_METADATA_SHA256] = _metadata_sha256(metadata)
        return {"version": 1, "metadata": metadata}

    def entries(self) -> list[tuple[Record, str]]:
        """Return the entries of the ``package`` section: records with their platforms.

        They are sorted by name, then by platform, so that related lines of a diff are together; a
        conda package comes before a PyPI package with the same name.
        """
        rows: list[tuple[Record, str]] = []
        for name, lock in self.platforms.items():
            rows += [(record, name) for record in lock.records]
            rows += [(package, name) for package in lock.pypi]
        return sorted(rows, key=lambda entry: (entry[0].name, entry[1]))

    def _sorted(self) -> list[tuple[str, PlatformLock]]:
        return sorted(self.platforms.items())

    def _custom(self, packages_sha256: str) -> dict[str, str]:
        custom = {
            "created_by": CREATED_BY,
            f"{PREFIX}recipe": str(self.recipe),
            f"{PREFIX}environment": self.environment,
            f"{PREFIX}channel-priority": self.channel_priority,
            f"{PREFIX}packages-sha256": packages_sha256,
            _METADATA_SHA256: "",
        }
        for name, lock in self._sorted():
            promised = [f"{p.name}={p.version}={p.build}" for p in lock.virtual_packages]
            custom[f"{PREFIX}virtual-packages.{name}"] = json.dumps(promised)
            custom[f"{PREFIX}needs.{name}"] = json.dumps(_pack_needs(lock.needs), sort_keys=True)
            custom[f"{PREFIX}requested.{name}"] = json.dumps(list(lock.requested))
            if lock.extras:
                custom[f"{PREFIX}extras.{name}"] = json.dumps(dict(lock.extras))
            if lock.torch_backend:
                custom[f"{PREFIX}torch-backend.{name}"] = lock.torch_backend
            if lock.cooldown.exclude_newer.is_stated:
                rules, times = pack(lock.cooldown)
                custom[f"{PREFIX}exclude-newer.{name}"] = rules
                custom[f"{PREFIX}times.{name}"] = times
        return custom


def is_as_written(metadata: Mapping[str, Any]) -> bool:
    """Return whether a head has the digest that it states; ``True`` if it states none."""
    stated = (metadata.get("custom_metadata") or {}).get(_METADATA_SHA256)
    return stated is None or stated == _metadata_sha256(metadata)


def _metadata_sha256(metadata: Mapping[str, Any]) -> str:
    """Return the digest of a head without the digest in it."""
    custom = {k: v for k, v in metadata["custom_metadata"].items() if k != _METADATA_SHA256}
    known = {**metadata, "custom_metadata": custom}
    text = json.dumps(known, sort_keys=True, separators=(",", ":"), default=str)
    return hashlib.sha256(text.encode()).hexdigest()


def _pack_needs(needs: Iterable[Need]) -> dict[str, dict[str, list[str]]]:
    packed: dict[str, dict[str, list[str]]] = {}
    for need in needs:
        kind = "depends" if need.binding else "constrains"
        packed.setdefault(need.spec, {}).setdefault(kind, []).append(need.record)
    return packed


def unpack_texts(text: str) -> tuple[str, ...]:
    """Read a list of texts, such as ``multiplat.requested.SUBDIR``.

    Raises:
        ValueError: it has another form.
    """
    return _texts(json_value(text))


def _texts(value: Any) -> tuple[str, ...]:
    if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
        raise ValueError(f"{value!r:.60} is not a list of text")
    return tuple(value)


def unpack_needs(text: str) -> tuple[Need, ...]:
    """Read ``multiplat.needs.SUBDIR``."""
    return tuple(
        Need(spec, record, kind == "depends")
        for spec, kinds in json_object(text).items()
        for kind, records in kinds.items()
        for record in _texts(records)
    )


def unpack_extras(text: str) -> Extras:
    """Read ``multiplat.extras.SUBDIR``."""
    return tuple((extra, _texts(needs)) for extra, needs in json_object(text).items())


def unpack_virtual_packages(text: str) -> tuple[VirtualPackage, ...]:
    """Read ``multiplat.virtual-packages.SUBDIR``."""
    return tuple(_virtual_package(item) for item in unpack_texts(text))


def _virtual_package(text: str) -> VirtualPackage:
    name, version, *build = text.split("=", 2)
    if not name.startswith("__") or not is_version(version):
        raise ValueError(f"{text!r} is not a virtual package")
    return VirtualPackage(name, version, *build)
