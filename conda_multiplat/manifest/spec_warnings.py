"""Warnings about MatchSpecs and promises that are probably not meant as they are written."""

from __future__ import annotations

from collections.abc import Iterator

from conda_multiplat.manifest.model import Manifest, Requirement
from conda_multiplat.vocabulary.errors import WordingError
from conda_multiplat.vocabulary.match_spec import parse_spec
from conda_multiplat.vocabulary.virtual_packages import promise_warning


def spec_warnings(manifest: Manifest) -> list[str]:
    """Return warnings: a line for each MatchSpec, then one for each misspelt virtual package.

    Texts that are not MatchSpecs at all are skipped.
    """
    platforms: dict[Requirement, list[str]] = {}
    for environment in manifest.environments.values():
        for subdir in manifest.platforms_of(environment.name):
            for line in environment.views[subdir].conda if subdir in environment.views else ():
                platforms.setdefault(line, []).append(subdir)
    lines = [
        f"{line.at}: `{line.text}`: {warning}"
        for line in sorted(platforms, key=lambda line: line.at)
        for warning in _warnings(line, platforms[line])
    ]
    return [*lines, *_of_promises(manifest)]


def _of_promises(manifest: Manifest) -> Iterator[str]:
    for environment in manifest.environments.values():
        for platform, values in environment.promises.items():
            for name in values:
                if warning := promise_warning(name):
                    yield f"{environment.name}: virtual-packages: {platform}: {warning}"


def _warnings(line: Requirement, platforms: list[str]) -> Iterator[str]:
    try:
        spec = parse_spec(line.text)
    except WordingError:
        return
    if spec.warning:
        yield spec.warning
    subdir = spec.fields.get("subdir", "")
    others = [platform for platform in platforms if subdir not in ("", "noarch", platform)]
    if others:
        yield f"packages of {subdir} don't exist for {', '.join(others)}"
