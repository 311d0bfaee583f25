"""Why a virtual package matters to a target: what promises it, and which packages need it."""

from __future__ import annotations

from typing import Any, NamedTuple

from conda_multiplat.lockfile.model import PlatformLock
from conda_multiplat.manifest.model import Manifest
from conda_multiplat.manifest.targets import Promise, Target, stated_promise
from conda_multiplat.vocabulary.names import VirtualPackage, spec_name
from conda_multiplat.vocabulary.virtual_packages import follows_from_platform


class NeededBy(NamedTuple):
    """A locked package that needs a virtual package.

    Attributes:
        name: the package's name.
        version: its version.
        constraint: the versions that it needs; ``""`` for any.
        binding: False if it only excludes other versions where the virtual package is present.
    """

    name: str
    version: str
    constraint: str
    binding: bool


class VirtualOrigin(NamedTuple):
    """A virtual package of a target.

    Attributes:
        name: its name, with ``__``.
        package: what the target was solved with; ``None`` if that has none of the name.
        promise: what the manifest states; ``None`` if it states nothing.
        needed_by: the locked packages that need it, by name.
    """

    name: str
    package: VirtualPackage | None
    promise: Promise | None
    needed_by: tuple[NeededBy, ...]

    @property
    def kind(self) -> str:
        """Where it comes from: ``manifest``, ``platform``, ``default`` or ``none``."""
        if self.promise:
            return "manifest"
        if self.package is None:
            return "none"
        return "platform" if follows_from_platform(self.name) else "default"

    def to_dict(self) -> dict[str, Any]:
        """Return the JSON form."""
        promise = self.promise
        return {
            "name": self.name,
            "manager": "virtual",
            "version": self.package.version if self.package else None,
            "build": self.package.build if self.package else None,
            "from": self.kind,
            "promise": {"value": promise.value, "file": promise.at.file, "line": promise.at.line}
            if promise
            else None,
            "needed_by": [needed._asdict() for needed in self.needed_by],
        }


def virtual_origin(
    name: str, manifest: Manifest, target: Target, locked: PlatformLock
) -> VirtualOrigin | None:
    """Return the origin of ``name``; ``None`` if nothing promises, assumes or needs it.

    Another tool's lock does not state what it was solved with: the manifest's promises count.
    """
    has = locked.virtual_packages or target.virtual_packages
    package = next((package for package in has if package.name == name), None)
    promise = stated_promise(manifest, target, name.removeprefix("__"))
    versions = {record.name: record.version for record in locked.every}
    needed_by = sorted(
        NeededBy(need.record, versions.get(need.record, ""), _constraint(need.spec), need.binding)
        for need in locked.needs
        if spec_name(need.spec) == name
    )
    if not (package or promise or needed_by):
        return None
    return VirtualOrigin(name, package, promise, tuple(needed_by))


def _constraint(spec: str) -> str:
    return spec.partition(" ")[2].strip()
