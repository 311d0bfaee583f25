"""rattler's parsing of MatchSpecs and versions, and its detection of virtual packages."""

from __future__ import annotations

import json
import os
import sys
from functools import lru_cache

import rattler
from rattler.exceptions import (
    DetectVirtualPackageError,
    InvalidMatchSpecError,
    InvalidVersionError,
)

from conda_multiplat.engines.conda.rattler_versions import Subdir, build_string
from conda_multiplat.machine.gpu_driver import Found, ask_driver, driver_present
from conda_multiplat.vocabulary.errors import OutsideError, UsageError, WordingError
from conda_multiplat.vocabulary.match_spec import MatchSpec, parse_spec, require_shallow
from conda_multiplat.vocabulary.names import VirtualPackage
from conda_multiplat.vocabulary.records import CondaRecord
from conda_multiplat.vocabulary.virtual_packages import override_problem, unknown_archspec


def engine_spec(spec: MatchSpec, channel: str = "") -> rattler.MatchSpec:
    """Return a MatchSpec in rattler's form, with the URL ``channel`` as its channel.

    Its platform is left out, since rattler ignores it: see :func:`spec_subdir`.
    """
    if "subdir" in spec.fields:
        fields = {key: value for key, value in spec.fields.items() if key != "subdir"}
        spec = MatchSpec(spec.name, spec.channel, fields)
    return rattler.MatchSpec(spec.text(channel), strict=False)


def spec_subdir(text: str) -> str:
    """Return the platform, or ``noarch``, of a MatchSpec; ``""`` if it names none, as most."""
    if "::" not in text and "[" not in text:
        return ""
    return parse_spec(text).fields.get("subdir", "")


def check_spec(text: str) -> str | None:
    """Return what is wrong with a MatchSpec for conda; ``None`` if nothing is."""
    try:
        engine_spec(parse_spec(text))
    except (WordingError, InvalidMatchSpecError) as error:
        return str(error)
    return None


def spec_allows(text: str, version: str) -> bool:
    """Return whether the version of a MatchSpec allows ``version``; other keys are ignored."""
    spec = parse_spec(text)
    version_spec = MatchSpec(spec.name, "", {"version": spec.fields.get("version", "*")})
    return spec_matches(version_spec.text(), VirtualPackage(spec.name, version))


def spec_matches(spec: str, package: VirtualPackage | CondaRecord) -> bool:
    """Return whether a MatchSpec matches a package's name, version and build.

    Returns ``False`` for invalid MatchSpecs and versions, which an edited lock can have.
    """
    return _matches(spec, package.name, package.version, package.build)


@lru_cache(maxsize=65536)  # most platforms of a lock ask the same
def _matches(spec: str, name: str, version: str, build: str) -> bool:
    try:
        return _parsed(spec).matches(_record(name, version, build))
    except (InvalidMatchSpecError, InvalidVersionError, WordingError):
        return False


@lru_cache(maxsize=65536)  # many packages need the same record
def _record(name: str, version: str, build: str) -> rattler.PackageRecord:
    return rattler.PackageRecord(name, version, build_string(build), 0, "noarch")


def record_matches(text: str, record: CondaRecord) -> bool:
    """Return whether a MatchSpec matches a locked record: name, version, build, hashes, channel.

    A lock has no build numbers; those in a spec are ignored.
    """
    try:
        spec, plain_spec = _spec_of_a_lock(text)
    except WordingError:  # valid in a channel's record, but not in a manifest
        return spec_matches(text, record)
    hashes = {"md5": record.md5, "sha256": record.sha256}
    return (
        spec_matches(plain_spec, record)
        and all(spec.fields.get(key, value) == value for key, value in hashes.items())
        and spec.fields.get("subdir", record.subdir) == record.subdir
        and (not spec.channel or f"/{spec.channel.rstrip('/').rpartition('/')[2]}/" in record.url)
    )


@lru_cache(maxsize=65536)  # many packages have the same specs
def _spec_of_a_lock(text: str) -> tuple[MatchSpec, str]:
    """Return a MatchSpec, and its name, version and build."""
    spec = parse_spec(text)
    fields = {key: value for key, value in spec.fields.items() if key in ("version", "build")}
    return spec, MatchSpec(spec.name, "", fields).text()


@lru_cache(maxsize=65536)
def _parsed(text: str) -> rattler.MatchSpec:
    return rattler.MatchSpec(require_shallow(text), strict=False)


def detect_virtual_packages() -> tuple[VirtualPackage, ...]:
    """Return this machine's virtual packages, including ``CONDA_OVERRIDE_*`` (CEP 30).

    Raises:
        UsageError: one of these variables has a value that can't be used.
        OutsideError: rattler can't detect them.
    """
    problem = override_problem(os.environ)
    packages = [] if problem else _detected_safely()
    if packages:
        return tuple(sorted(VirtualPackage(*package) for package in packages))
    if problem := problem or unknown_archspec(os.environ):
        raise UsageError(problem[0], hints=problem[1:])
    raise OutsideError("this machine's virtual packages can't be detected")


def _detected_safely() -> Found:
    try:
        return ask_driver() if driver_present() else _detected()
    except DetectVirtualPackageError:  # its text does not name the variable
        return []


def _detected() -> Found:
    """Return what rattler detects; it queries a driver, if there is one, in this process."""
    overrides = rattler.VirtualPackageOverrides.from_env()
    packages = [package.into_generic() for package in rattler.VirtualPackage.detect(overrides)]
    return [
        (package.name.normalized, str(package.version), str(package.build_string))
        for package in packages
    ]


def print_virtual_packages() -> None:
    """Write what rattler detects to stdout as JSON, for a separate process."""
    sys.stdout.write(json.dumps(_detected()))


def default_alias() -> str:
    """Return the URL at which rattler, like conda, looks for channel names."""
    return rattler.Channel("x").base_url.rstrip("/").removesuffix("/x")


def this_subdir() -> str:
    """Return this machine's platform."""
    return str(Subdir.current())


def is_newer(version: str, other: str) -> bool:
    """Return whether a version comes after another in conda's order; invalid ones come first."""
    return _order(version) > _order(other)


def _order(version: str) -> tuple[bool, rattler.Version]:
    try:
        return True, rattler.Version(version)
    except InvalidVersionError:
        return False, rattler.Version("0")
