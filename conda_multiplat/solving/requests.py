"""Solve requests of targets, and the digest of a request that a lock stores.

Digest, recipe 1: the SHA-256 of the canonical JSON (sorted keys, no spaces, ASCII) of

1. ``specs``: the MatchSpecs with normalised white space, sorted, without duplicates;
2. ``channels``: as the manifest names them, in order, without credentials;
3. ``virtual_packages``: ``name=version=build`` of the promised ones, sorted;
4. ``pypi``: the PyPI requirements, sorted;
5. ``pypi_names``: if there are PyPI requirements, the manifest's ``pypi-names``;
6. ``pypi_options``: if there are PyPI requirements, the manifest's options for choosing their
   versions, and the projects that have an index of their own;
7. ``categories``: if a category is not ``main``, the sorted pairs of category and requirement;
8. ``exclude_newer``: if there are any, the texts of its rules, not the instants that they resolve
   to; those for PyPI only if there are PyPI requirements;
9. ``solve_group``: if other environments of its group have the platform, the sorted digests of
   their requests, computed as if they were in no group.

Comments, the order of lines, changes of other platforms and the machine's configuration don't
affect it. A changed recipe needs a new number and a new line in :data:`RECIPES`; this one is kept,
since old locks are checked with the recipe that made them.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from conda_multiplat.manifest.model import Requirement
from conda_multiplat.manifest.targets import Target
from conda_multiplat.vocabulary.channels import public_name, spec_channel
from conda_multiplat.vocabulary.exclude_newer import Cutoffs
from conda_multiplat.vocabulary.names import VirtualPackage
from conda_multiplat.vocabulary.records import CondaRecord

#: The recipe of new locks without local projects.
DIGEST_RECIPE = 1


class SolveRequest(NamedTuple):
    """Everything that one solve depends on, apart from the channels' content.

    Attributes:
        target: the target to solve.
        channels: as the manifest or the configuration names them, the preferred first.
        requirements: the requested MatchSpecs.
        virtual_packages: the virtual packages that the solve assumes.
        channel_priority: ``strict``, ``flexible`` or ``disabled``.
        locked: previous records, preferred if they still fit.
        constraints: MatchSpecs that bind a package only if something else requires it.
        cutoffs: packages that were published later are ignored.
    """

    target: Target
    channels: tuple[str, ...]
    requirements: tuple[Requirement, ...]
    virtual_packages: tuple[VirtualPackage, ...]
    channel_priority: str
    locked: tuple[CondaRecord, ...] = ()
    constraints: tuple[str, ...] = ()
    cutoffs: Cutoffs = Cutoffs()

    @property
    def asked_channels(self) -> tuple[str, ...]:
        """The channels, followed by those that only MatchSpecs name, as in conda."""
        return with_channels_of_specs(self.channels, self.requirements)


def request(
    target: Target,
    *,
    default_channels: Sequence[str],
    channel_priority: str,
    locked: Sequence[CondaRecord] = (),
    now: int = 0,
) -> SolveRequest:
    """Return the solve request of a target.

    Args:
        target: the target.
        default_channels: the channels to use if the manifest names none.
        channel_priority: ``strict``, ``flexible`` or ``disabled``.
        locked: previous records.
        now: the instant that durations in ``exclude-newer`` count from, in seconds since 1970.
    """
    return SolveRequest(
        target=target,
        channels=channels_of(target, default_channels),
        requirements=target.view.conda,
        virtual_packages=target.virtual_packages,
        channel_priority=channel_priority,
        locked=tuple(locked),
        cutoffs=target.exclude_newer.cutoffs(now),
    )


def with_channels_of_specs(
    channels: Iterable[str], requirements: Iterable[Requirement]
) -> tuple[str, ...]:
    """Return channels as written, followed by those that only MatchSpecs name."""
    named = (spec_channel(requirement.text) for requirement in requirements)
    return tuple(dict.fromkeys((*channels, *filter(None, named))))


def channels_of(target: Target, default_channels: Sequence[str]) -> tuple[str, ...]:
    """Return the channels of a target as written.

    CEP 24 appends the configured channels to those of the manifest. We, like conda-lock, don't:
    what a lock holds must not depend on who locks. ``nodefaults`` is therefore always true, and
    ``defaults`` is used where it is named.
    """
    named = [text.value for text in target.view.channels]
    if not named:
        return tuple(default_channels)
    return tuple(name for name in named if name != "nodefaults")


def digest(target: Target, recipe: int = DIGEST_RECIPE) -> str:
    """Return the digest of a target's request, a SHA-256 in lower-case hexadecimal."""
    if recipe not in RECIPES:
        raise ValueError(f"no digest recipe {recipe}")
    return RECIPES[recipe](target)


def recipe_for(targets: Iterable[Target]) -> int:
    """Return the recipe for a new lock: the oldest that covers everything in its targets."""
    return max(RECIPES) if any(map(has_projects, targets)) else min(RECIPES)


def has_projects(target: Target) -> bool:
    """Return whether local projects are part of a target's request or of one of its peers'."""
    return any(member.view.projects for member in (target, *target.peers))


def _recipe_1(target: Target) -> str:
    return _digest(target, _content)


def _recipe_2(target: Target) -> str:
    """Return a digest like :func:`_recipe_1`, with the metadata of local projects."""
    return _digest(target, _content_with_projects)


def _digest(target: Target, content_of: Callable[[Target], dict[str, Any]]) -> str:
    content = content_of(target)
    if target.peers:
        content["solve_group"] = sorted(_sha256(content_of(peer)) for peer in target.peers)
    return _sha256(content)


def _content_with_projects(target: Target) -> dict[str, Any]:
    contents = (project.metadata.content() for project in target.view.projects)
    projects = {json.dumps(content, sort_keys=True): content for content in contents}
    if not projects:
        return _content(target)
    return {**_content(target), "projects": [projects[text] for text in sorted(projects)]}


def _content(target: Target) -> dict[str, Any]:
    packages = target.virtual_packages
    content: dict[str, Any] = {
        "specs": sorted({requirement.text for requirement in target.view.conda}),
        "channels": [public_name(name) for name in channels_of(target, ())],
        "virtual_packages": sorted(f"{p.name}={p.version}={p.build}" for p in packages),
        "pypi": sorted({requirement.text for requirement in target.view.pypi}),
    }
    if target.view.pypi and target.pypi_names:
        content["pypi_names"] = target.pypi_names
    if target.view.pypi and (options := target.pypi_options.content()):
        content["pypi_options"] = options
    if target.exclude_newer.is_stated:
        pypi = bool(target.view.pypi)
        if rules := target.exclude_newer.content(pypi=pypi):
            content["exclude_newer"] = rules
    requirements = (*target.view.conda, *target.view.pypi)
    if grouped := sorted(
        {
            (requirement.category, requirement.text)
            for requirement in requirements
            if requirement.category != "main"
        }
    ):
        content["categories"] = grouped
    return content


def _sha256(content: dict[str, Any]) -> str:
    canonical = json.dumps(content, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(canonical.encode()).hexdigest()


#: Every recipe that a lock can have. None is ever removed: an update must not make locks stale.
RECIPES: Mapping[int, Callable[[Target], str]] = {1: _recipe_1, 2: _recipe_2}
