"""Added requirements, and their bounds from the solution."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from functools import reduce
from typing import Any

from conda_multiplat.actions.lock.relock import Locked
from conda_multiplat.manifest.edit.bounds import bounded, is_bare, is_spaced, lowest_pypi
from conda_multiplat.manifest.edit.draft import Change, Draft
from conda_multiplat.manifest.edit.requirements import line_texts
from conda_multiplat.manifest.model import Manifest
from conda_multiplat.manifest.targets import Target
from conda_multiplat.vocabulary.markers import may_hold
from conda_multiplat.vocabulary.match_spec import parse_spec


@dataclass(frozen=True)
class Addition:
    """An added requirement."""

    text: str
    change: Change

    @property
    def places(self) -> list[str]:
        """The platforms that it is added for, except those that its marker (PEP 508) rules out."""
        platforms = sorted(self.change.selection.platforms)
        return [
            platform
            for platform in platforms
            if not self.change.pypi or may_hold(self.text, platform)
        ]

    def to_dict(self) -> dict[str, Any]:
        """Return the JSON form."""
        return {
            "spec": self.text,
            "pypi": self.change.pypi,
            "environment": self.change.environment,
            "platforms": sorted(self.change.selection.platforms),
        }


def or_current_line(addition: Addition, draft: Draft) -> Addition:
    """Return the manifest's existing requirement for a package if a bare name would say less."""
    change = addition.change
    lines = {tuple(line_texts(draft, change, subdir)) for subdir in change.selection.platforms}
    texts = lines.pop() if len(lines) == 1 else ()
    if len(texts) == 1 and _says_less(addition, texts[0]):
        return replace(addition, text=texts[0])
    return addition


def _says_less(addition: Addition, current: str) -> bool:
    """Return whether an addition is a bare name, with no channel that the line does not have."""
    pypi = addition.change.pypi
    if not is_bare(addition.text, pypi=pypi):
        return False
    return pypi or parse_spec(addition.text).channel in ("", parse_spec(current).channel)


def current_lines(change: Change, draft: Draft) -> list[str]:
    """Return the texts of an environment's own lines for a package, without duplicates."""
    subdirs = sorted(change.selection.platforms)
    return list(
        dict.fromkeys(text for subdir in subdirs for text in line_texts(draft, change, subdir))
    )


def pinned(addition: Addition, draft: Draft, locked: Locked) -> Addition:
    """Add a bound if the requirement is bare and a version was solved."""
    change = addition.change
    if not is_bare(addition.text, pypi=change.pypi):
        return addition
    versions = solved_versions(change, locked)
    if not versions:
        return addition
    lines = [
        line.text
        for name in draft.manifest.environments
        for subdir in sorted(draft.subdirs)
        for line in draft.own_requirements(name, subdir, pypi=change.pypi)
    ]
    lowest = lowest_pypi(versions) if change.pypi else _lowest_conda(versions)
    spaced = is_spaced(lines, pypi=change.pypi)
    text = bounded(addition.text, lowest, pypi=change.pypi, spaced=spaced)
    return replace(addition, text=text)


def _lowest_conda(versions: Sequence[str]) -> str:
    from conda_multiplat.engines.conda.specs import is_newer

    return reduce(lambda low, version: version if is_newer(low, version) else low, versions)


def solved_versions(change: Change, locked: Locked) -> list[str]:
    """Return the versions of a package in all targets that the new line applies to."""
    versions = []
    for target in targets_of(change, locked.project.manifest, locked.targets):
        platform = locked.of(target)
        records = platform.pypi if change.pypi else platform.records
        versions += [record.version for record in records if record.name == change.name]
        versions += [version for version, _ in given(change, target, locked)]
    return versions


def targets_of(change: Change, manifest: Manifest, among: Iterable[Target]) -> list[Target]:
    """Return the targets that a line applies to."""
    heirs = manifest.heirs(change.environment)
    return [
        target
        for target in among
        if target.environment in heirs and target.subdir in change.selection.platforms
    ]


def given(change: Change, target: Target, locked: Locked) -> list[tuple[str, str]]:
    """Return the version of a PyPI project that conda provides, and conda's package and version."""
    solution = locked.pypi.get(target)
    provided = solution.request.provided if change.pypi and solution else ()
    return [
        (project.version, f"{project.record.name} {project.record.version}")
        for project in provided
        if project.name == change.name
    ]
