"""Hints for conda's own errors (26.7 and newer): which command of ours to use instead."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

#: Errors of reading a file, and of finding the packages that it requires.
_OF_FILES = (
    "EnvironmentSpecPluginError",
    "EnvironmentSpecPluginNotDetected",
    "EnvironmentSpecPluginSelectionError",
    "InvalidMatchSpec",
    "PluginError",
)
#: Errors of a solve.
_OF_SOLVES = (
    "PackagesNotFoundError",
    "SpecsConfigurationConflictError",
    "UnsatisfiableError",
)
#: Identifies a manifest whose selectors or environments conda would ignore.
_MANIFEST = re.compile(r"^(multiplat|platforms)\s*:|^\s*-\s*sel\(", re.MULTILINE)
_LOCK = re.compile(r"^metadata\s*:.*^package\s*:.*^[\s-]*manager\s*:\s*['\"]?pip\b", re.M | re.S)
#: The maximum size of a file that is read for a hint, in bytes.
_LARGEST = 64 << 20


def error_hints(error: Any) -> Iterator[Any]:
    """Yield hints if conda has failed on a file of ours."""
    from conda.plugins.types import CondaErrorHint

    for code, text in _hints(error):
        yield CondaErrorHint(text=text, hint_code=code)


def _hints(error: Any) -> Iterator[tuple[str, str]]:
    of_file, of_solve = _is_one(error, _OF_FILES), _is_one(error, _OF_SOLVES)
    if not (of_file or of_solve):
        return
    for path in _files(sys.argv[1:]):
        yield from _of_file(path)
    if of_solve:
        yield from _of_prefix()


def _is_one(error: Any, names: Sequence[str]) -> bool:
    return not {kind.__name__ for kind in type(error).__mro__}.isdisjoint(names)


def _files(arguments: Sequence[str]) -> list[str]:
    """Return the YAML files in a command's arguments, or its default file."""
    named = [argument.removeprefix("--file=") for argument in arguments]
    files = [name for name in named if name.endswith((".yml", ".yaml")) and Path(name).is_file()]
    looks = "env" in arguments and {"create", "update"} & set(arguments)
    return files or (["environment.yml"] if looks and Path("environment.yml").is_file() else [])


def _of_file(path: str) -> Iterator[tuple[str, str]]:
    text = ""
    with suppress(OSError, ValueError):
        if Path(path).stat().st_size <= _LARGEST:
            text = Path(path).read_text(encoding="utf-8")
    if _LOCK.search(text):
        yield (
            "multiplat_lock",
            f"{path} has packages from PyPI: `conda multiplat install` in its folder installs them "
            "too, or `conda env create --format multiplat`",
        )
    elif _MANIFEST.search(text):
        yield (
            "multiplat_manifest",
            f"{path} is written for conda-multiplat, and conda ignores part of it: "
            f"`conda multiplat lock -f {path}`, then `conda multiplat install -f {path}`",
        )


def _of_prefix() -> Iterator[tuple[str, str]]:
    from conda.base.context import context

    from conda_multiplat.machine.prefix import read_marker

    marker = read_marker(Path(context.target_prefix))
    if not marker:
        return
    files = " ".join(f"-f {path}" for path in marker.get("manifest", ()))
    yield (
        "multiplat_environment",
        f"{context.target_prefix} is locked: `conda multiplat add SPEC {files}` changes its "
        "manifest and its lock, or says what is in the way",
    )
