"""Format why a virtual package matters to a target."""

from __future__ import annotations

from conda_multiplat.lockfile.virtual_origin import NeededBy, VirtualOrigin

_SOURCES = {
    "platform": "follows from the platform",
    "default": "a default: the manifest promises none",
    "none": "not promised: solved as for machines without it",
}


def title(origin: VirtualOrigin) -> str:
    """Return the name, with the version and the build that the target was solved with."""
    return str(origin.package) if origin.package else origin.name


def lines(origin: VirtualOrigin) -> list[str]:
    """Return the lines below the title: what promises it, and what needs it."""
    needs = [_need(needed) for needed in origin.needed_by]
    return [_source(origin), *(needs or ["no locked package needs it"])]


def _source(origin: VirtualOrigin) -> str:
    promise = origin.promise
    if promise is None:
        return _SOURCES[origin.kind]
    value = "null" if promise.value is None else f'"{promise.value}"'
    return f"promised in {promise.at}  {promise.name}: {value}"


def _need(needed: NeededBy) -> str:
    verb = "needed by" if needed.binding else "if present, restricted by"
    return f"{verb} {needed.name} {needed.version}  {needed.constraint or '*'}"
