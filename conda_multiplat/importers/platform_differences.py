"""Differences between platforms in what they request of a package, and how to resolve them.

A :class:`Difference` is settled by a choice of the user's, or by :func:`common`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from conda_multiplat.importers.values import Imported, conda_meaning, pypi_meaning
from conda_multiplat.manifest.model import Environment, Manifest, Requirement, View
from conda_multiplat.vocabulary.match_spec import parse_spec

#: The least number of version parts that make a useful common beginning.
_ENOUGH = 2


@dataclass(frozen=True)
class Variant:
    """What some platforms request of a package: all its lines there."""

    subdirs: tuple[str, ...]
    requirements: tuple[Requirement, ...]

    @property
    def text(self) -> str:
        """Return the lines as one text."""
        return ", ".join(requirement.text for requirement in self.requirements)


@dataclass(frozen=True)
class Difference:
    """A package with different requests on different platforms."""

    environment: str
    manager: str
    name: str
    variants: tuple[Variant, ...]


def differences(manifest: Manifest) -> list[Difference]:
    """Return the packages that files request differently, in the manifest's order.

    Differences within one file are intended.
    """
    return [
        Difference(environment.name, manager, name, variants)
        for environment in manifest.environments.values()
        for manager in ("conda", "pypi")
        for name, variants in _requests(environment, manager)
        if len({variant.requirements[0].at.file for variant in variants}) > 1
    ]


def _requests(environment: Environment, manager: str) -> Iterator[tuple[str, tuple[Variant, ...]]]:
    meaning = conda_meaning if manager == "conda" else pypi_meaning
    by_name: dict[str, dict[tuple[str, ...], list[str]]] = {}
    lines: dict[tuple[str, str], list[Requirement]] = {}
    for subdir, view in environment.views.items():
        for line in view.conda if manager == "conda" else view.pypi:
            if line.name:
                lines.setdefault((line.name, subdir), []).append(line)
    for (name, subdir), requests in lines.items():
        key = tuple(sorted({meaning(line.text) for line in requests}))
        by_name.setdefault(name, {}).setdefault(key, []).append(subdir)
    for name, variants in by_name.items():
        yield (
            name,
            tuple(Variant(tuple(at), tuple(lines[name, at[0]])) for at in variants.values()),
        )


def settle(imported: Imported, difference: Difference, chosen: Sequence[Requirement]) -> Imported:
    """Use ``chosen`` for the package on every platform that requests it, at its first place."""
    environment = imported.manifest.environments[difference.environment]
    first = difference.variants[0].requirements[0].at
    words = " ".join(
        filter(None, (imported.comments.get(requirement.at, "") for requirement in chosen))
    )
    placed = [requirement._replace(at=first) for requirement in chosen]
    views = {
        subdir: _replaced(view, difference, placed) for subdir, view in environment.views.items()
    }
    environments = {
        **imported.manifest.environments,
        difference.environment: environment._replace(views=views),
    }
    manifest = imported.manifest._replace(environments=environments)
    return replace(imported, manifest=manifest, comments={**imported.comments, first: words})


def _replaced(view: View, difference: Difference, chosen: Sequence[Requirement]) -> View:
    lines = view.conda if difference.manager == "conda" else view.pypi
    first = next((i for i, line in enumerate(lines) if line.name == difference.name), None)
    if first is None:
        return view
    others = [line for line in lines[first:] if line.name != difference.name]
    replaced = (*lines[:first], *chosen, *others)
    return (
        view._replace(conda=replaced)
        if difference.manager == "conda"
        else view._replace(pypi=replaced)
    )


def common(difference: Difference) -> tuple[Requirement, ...] | None:
    """Return a common request for a package, for ``--prefer-common``; ``None`` if there is none.

    The first of

    1. the request of more than half of its platforms;
    2. the only variant that is more than a bare name;
    3. the common beginning of exact versions, ``1.26.*`` for ``1.26.4`` and ``1.26.3``, if it
       has at least two parts.
    """
    variants = difference.variants
    platforms = sum(len(variant.subdirs) for variant in variants)
    most = max(variants, key=lambda variant: len(variant.subdirs))
    if 2 * len(most.subdirs) > platforms:
        return most.requirements
    specific = [variant for variant in variants if not _is_bare(variant)]
    if len(specific) == 1:
        return specific[0].requirements
    if any(len(request.requirements) != 1 for request in specific):
        return None
    first = specific[0].requirements[0]
    exact = [
        _exact_version(request.requirements[0].text, difference.manager) for request in specific
    ]
    shared = _common_start([version.split(".") for version in exact if version])
    if not all(exact) or len(shared) < _ENOUGH:
        return None
    version = f"{'.'.join(shared)}.*"
    text = (
        f"{first.name} {version}" if difference.manager == "conda" else f"{first.name}=={version}"
    )
    return (first._replace(text=text),)


def _is_bare(variant: Variant) -> bool:
    return all(line.text.strip().lower() == line.name for line in variant.requirements)


def _exact_version(text: str, manager: str) -> str:
    """Return the version of a spec with nothing but an exact version; ``""`` for any other."""
    if manager == "pypi":
        match = re.fullmatch(r"[A-Za-z0-9._-]+\s*==\s*([0-9][0-9.]*)", text)
        return match.group(1) if match else ""
    spec = parse_spec(text)
    version = spec.fields.get("version", "")
    match = re.fullmatch(r"(?:==)?([0-9][0-9A-Za-z.]*?)(?:\.\*)?", version)
    return match.group(1) if match and set(spec.fields) == {"version"} and not spec.channel else ""


def _common_start(parts: Sequence[Sequence[str]]) -> list[str]:
    shared: list[str] = []
    for column in zip(*parts, strict=False):
        if len(set(column)) > 1:
            break
        shared.append(column[0])
    return shared
