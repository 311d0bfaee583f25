"""Requirements that are added, and the bounds that they get from what was solved for them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from conda_multiplat.actions.lock.run import Locked
from conda_multiplat.manifest.edit.bounds import bounded, is_bare, is_spaced, lowest_pypi
from conda_multiplat.manifest.edit.draft import Asked, Draft
from conda_multiplat.manifest.edit.requirements import said
from conda_multiplat.manifest.targets import Target


@dataclass(frozen=True)
class Wish:
    """One requirement that is added."""

    text: str
    asked: Asked

    def to_dict(self) -> dict[str, Any]:
        """The JSON form."""
        return {
            "spec": self.text,
            "pypi": self.asked.pypi,
            "environment": self.asked.environment,
            "platforms": sorted(self.asked.selection.platforms),
        }


def unless_said(wish: Wish, draft: Draft) -> Wish:
    """What the manifest says of a package already, where a bare name would only say less."""
    asked = wish.asked
    found = {tuple(said(draft, asked, subdir)) for subdir in asked.selection.platforms}
    texts = found.pop() if len(found) == 1 else ()
    if len(texts) == 1 and is_bare(wish.text, pypi=asked.pypi):
        return replace(wish, text=texts[0])
    return wish


def said_of(asked: Asked, draft: Draft) -> list[str]:
    """What an environment's own lines say of a package, each text once."""
    subdirs = sorted(asked.selection.platforms)
    return list(dict.fromkeys(text for each in subdirs for text in said(draft, asked, each)))


def pinned(wish: Wish, draft: Draft, locked: Locked) -> Wish:
    """With a bound, where it is bare and something was solved for it."""
    asked = wish.asked
    if not is_bare(wish.text, pypi=asked.pypi):
        return wish
    versions = _solved(asked, locked)
    if not versions:
        return wish
    lines = [
        each.text
        for name in draft.manifest.environments
        for subdir in sorted(draft.subdirs)
        for each in draft.own(name, subdir, pypi=asked.pypi)
    ]
    lowest = lowest_pypi(versions) if asked.pypi else _lowest_conda(versions)
    spaced = is_spaced(lines, pypi=asked.pypi)
    text = bounded(wish.text, lowest, pypi=asked.pypi, spaced=spaced)
    return replace(wish, text=text)


def _lowest_conda(versions: Sequence[str]) -> str:
    from conda_multiplat.engines.conda.specs import is_newer

    lowest = versions[0]
    for each in versions:
        lowest = each if is_newer(lowest, each) else lowest
    return lowest


def _solved(asked: Asked, locked: Locked) -> list[str]:
    """The versions of a package in all targets that the new line counts for."""
    found = []
    for target in targets_of(asked, locked):
        platform = locked.of(target)
        records = platform.pypi if asked.pypi else platform.records
        found += [each.version for each in records if each.name == asked.name]
        found += [version for version, _ in given(asked, target, locked)]
    return found


def targets_of(asked: Asked, locked: Locked) -> list[Target]:
    """The targets that a line counts for, as they were solved."""
    manifest = locked.project.manifest
    names = [
        name
        for name in manifest.environments
        if any(each.name == asked.environment for each in manifest.lineage(name))
    ]
    return [
        each
        for each in locked.targets
        if each.environment in names and each.subdir in asked.selection.platforms
    ]


def given(asked: Asked, target: Target, locked: Locked) -> list[tuple[str, str]]:
    """The version of a PyPI project that conda provides, and conda's package with its version."""
    solution = locked.pypi.get(target)
    provided = solution.request.provided if asked.pypi and solution else ()
    return [
        (each.version, f"{each.record.name} {each.record.version}")
        for each in provided
        if each.name == asked.name
    ]
