"""Requirements (PEP 508) and bounds (PEP 440) in one spelling of the many that mean the same."""

from __future__ import annotations

import re

from packaging.requirements import InvalidRequirement, Requirement
from packaging.specifiers import InvalidSpecifier, SpecifierSet
from packaging.utils import canonicalize_name

_NAME = re.compile(r"[A-Za-z0-9][\w.-]*")
_EXTRAS = re.compile(r"[^\[;]*?\[(?P<extras>[^\[\]]*)\]")


def canonical_requirement(text: str) -> str:
    """A requirement whatever the case, the spaces and the order that it is written in.

    What is no requirement keeps its words, so that a change of it is still seen.
    """
    try:
        requirement = Requirement(text)
    except InvalidRequirement:
        return " ".join(text.split())
    extras = ",".join(sorted(map(canonicalize_name, requirement.extras)))
    name = canonicalize_name(requirement.name) + (f"[{extras}]" if extras else "")
    what = f"{name} @ {requirement.url}" if requirement.url else name + _bounds(requirement)
    return f"{what} ; {requirement.marker}" if requirement.marker else what


def _bounds(requirement: Requirement) -> str:
    return _sorted(requirement.specifier)


def canonical_bounds(text: str) -> str:
    """Bounds such as ``>=3.10,<4`` in an order of our own, each once, without spaces."""
    try:
        return _sorted(SpecifierSet(text))
    except InvalidSpecifier:
        return re.sub(r"\s+", "", text)


def _sorted(bounds: SpecifierSet) -> str:
    return ",".join(sorted({str(bound) for bound in bounds}))


def needed_name(line: str) -> str:
    """The project that a requirement is of; ``""`` where it can't be read."""
    match = _NAME.match(line)
    return canonicalize_name(match.group()) if match else ""


def asked_extras(line: str) -> list[str]:
    """The extras that a requirement, or a path with extras behind it, asks for."""
    match = _EXTRAS.match(line)
    names = match["extras"].split(",") if match else ()
    return sorted({canonicalize_name(name.strip()) for name in names if name.strip()})
