"""Promises that locked packages need but the manifest lacks."""

from __future__ import annotations

from conda_multiplat.lockfile.missing_promises import missing_promises
from conda_multiplat.lockfile.model import PlatformLock
from conda_multiplat.manifest.targets import Target
from conda_multiplat.vocabulary.implied_promises import Implied
from conda_multiplat.vocabulary.names import DEFAULT_ENVIRONMENT


def missing(target: Target, locked: PlatformLock) -> list[Implied]:
    """Return what a target's locked packages need but is not promised."""
    from conda_multiplat.engines.conda.specs import is_newer, spec_matches

    has = target.virtual_packages
    return missing_promises(target.subdir, locked, has, matches=spec_matches, is_newer=is_newer)


def where(target: Target) -> str:
    """Return the keys under which a manifest promises something for a target."""
    default = target.environment == DEFAULT_ENVIRONMENT
    own = "" if default else f"environments: {target.environment}: "
    return f"multiplat: {own}virtual-packages: {target.subdir}"
