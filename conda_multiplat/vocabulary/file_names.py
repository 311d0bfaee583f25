"""The names of the files that we write beside a manifest: writing and reading them.

``.pre-commit-hooks.yaml`` has the same names as patterns.
"""

from __future__ import annotations

import re
from typing import Literal, NamedTuple

from conda_multiplat.vocabulary.names import DEFAULT_ENVIRONMENT

#: The kinds of files that are rendered from a lock.
Kind = Literal[
    "explicit",
    "requirements",
    "environment",
    "snakemake",
    "pylock",
    "pixi-lock",
    "dockerfile",
    "sbom",
]

LOCK_NAME = "conda-lock.yml"
PIXI_LOCK_NAME = "pixi.lock"
_PLATFORM = r"(?P<subdir>[a-z]+-[a-z0-9]+)"
_PREFIX = r"(?:(?P<environment>.+)\.)?"
#: Kinds with one file per platform: the ending of the name, and a pattern for the rest, which is
#: compiled when a name has that ending.
_RENDERED: dict[Kind, tuple[str, str]] = {
    "explicit": (".lock", rf"{_PREFIX}conda-{_PLATFORM}"),
    "requirements": (".txt", rf"{_PREFIX}requirements-{_PLATFORM}"),
    "environment": (".yml", rf"{_PREFIX}environment-{_PLATFORM}"),
    "snakemake": (".pin.txt", rf"(?P<environment>.+)\.{_PLATFORM}"),
    "pylock": (".toml", rf"pylock\.(?:(?P<environment>[^.]+)-)?{_PLATFORM}"),
    "dockerfile": (".Dockerfile", rf"{_PREFIX}{_PLATFORM}"),
    "sbom": (".cdx.json", rf"{_PREFIX}sbom-{_PLATFORM}"),
}


class RenderedName(NamedTuple):
    """The parts of a rendered file's name.

    Attributes:
        kind: the kind of file.
        environment: as spelled in the name, which :func:`rendered_name` may have changed.
        subdir: the platform. Both are ``""`` for a kind with one file for all platforms.
    """

    kind: Kind
    environment: str = ""
    subdir: str = ""


def lock_name(environment: str) -> str:
    """Return the file name of an environment's lock."""
    return f"{_prefix(environment)}{LOCK_NAME}"


def locked_environment(file: str) -> str:
    """Return the environment that a lock is named after; ``""`` if ``file`` is not a lock."""
    if file == LOCK_NAME:
        return DEFAULT_ENVIRONMENT
    return file.removesuffix(f".{LOCK_NAME}") if file.endswith(f".{LOCK_NAME}") else ""


def rendered_name(
    kind: Kind, environment: str, subdir: str, manifest: str = "environment.yml"
) -> str:
    """Return the name of a file that is rendered from an environment's lock for a platform.

    Args:
        kind: the kind of file.
        environment: the lock's.
        subdir: the platform.
        manifest: the manifest's file, which Snakemake names a pin file of ``default`` after.
    """
    named = "" if environment == DEFAULT_ENVIRONMENT else environment
    prefix = _prefix(environment)
    if kind == "pixi-lock":
        return PIXI_LOCK_NAME
    if kind == "snakemake":
        stem = re.split(r"[/\\]", manifest)[-1].rpartition(".")[0]
        return f"{named or stem}.{subdir}.pin.txt"
    if kind == "pylock":  # PEP 751 allows no dot there
        return f"pylock.{named.replace('.', '_')}{'-' if named else ''}{subdir}.toml"
    return {
        "explicit": f"{prefix}conda-{subdir}.lock",
        "requirements": f"{prefix}requirements-{subdir}.txt",
        "environment": f"{prefix}environment-{subdir}.yml",
        "dockerfile": f"{prefix}{subdir}.Dockerfile",  # docker and editors look at the end
        "sbom": f"{prefix}sbom-{subdir}.cdx.json",  # CycloneDX recommends the ending
    }[kind]


def read_rendered_name(file: str) -> RenderedName | None:
    """Parse a rendered file's name; ``None`` if ``file`` is not one."""
    if file == PIXI_LOCK_NAME:
        return RenderedName("pixi-lock")
    for kind, (end, pattern) in _RENDERED.items():
        if file.endswith(end) and (match := re.fullmatch(pattern, file.removesuffix(end))):
            return RenderedName(kind, match["environment"] or DEFAULT_ENVIRONMENT, match["subdir"])
    return None


def _prefix(environment: str) -> str:
    return "" if environment == DEFAULT_ENVIRONMENT else f"{environment}."
