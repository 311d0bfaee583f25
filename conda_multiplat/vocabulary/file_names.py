"""The names of the files that we write beside a manifest, made and read in one place.

``.pre-commit-hooks.yaml`` has them as patterns.
"""

from __future__ import annotations

import re
from typing import Literal

from conda_multiplat.vocabulary.names import DEFAULT_ENVIRONMENT

#: The kinds of files that are rendered from a lock.
Kind = Literal["explicit", "requirements", "environment"]

LOCK_NAME = "conda-lock.yml"
#: What stands before the platform and after it, by the kind of a rendered file.
_RENDERED: dict[Kind, tuple[str, str]] = {
    "explicit": ("conda-", ".lock"),
    "requirements": ("requirements-", ".txt"),
    "environment": ("environment-", ".yml"),
}
_PLATFORM = re.compile(r"[a-z]+-[a-z0-9]+")


def lock_name(environment: str) -> str:
    """The name of an environment's lock."""
    return f"{_prefix(environment)}{LOCK_NAME}"


def locked_environment(file: str) -> str:
    """The environment that a lock's file is named after; ``""`` if it is not such a name."""
    if file == LOCK_NAME:
        return DEFAULT_ENVIRONMENT
    return file.removesuffix(f".{LOCK_NAME}") if file.endswith(f".{LOCK_NAME}") else ""


def rendered_name(kind: Kind, environment: str, subdir: str) -> str:
    """The name of a file that is rendered from an environment's lock for a platform."""
    before, after = _RENDERED[kind]
    return f"{_prefix(environment)}{before}{subdir}{after}"


def read_rendered_name(file: str) -> tuple[Kind, str, str] | None:
    """What a rendered file's name says: kind, environment and platform; ``None`` for another."""
    for kind, (before, after) in _RENDERED.items():
        environment, found, rest = f".{file}".rpartition(f".{before}")
        subdir = rest.removesuffix(after)
        named = found and environment != "."
        if named and rest != subdir and _PLATFORM.fullmatch(subdir):
            return kind, environment.removeprefix(".") or DEFAULT_ENVIRONMENT, subdir
    return None


def _prefix(environment: str) -> str:
    return "" if environment == DEFAULT_ENVIRONMENT else f"{environment}."
