"""Outdated packages as a table, for a terminal and as Markdown."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from conda_multiplat.actions.outdated import Outdated
from conda_multiplat.cli.show.listing import ASKED
from conda_multiplat.cli.show.markdown import plain, table
from conda_multiplat.cli.show.shared_targets import where
from conda_multiplat.lockfile.platform_changes import packages
from conda_multiplat.manifest.targets import Target
from conda_multiplat.vocabulary.columns import headed
from conda_multiplat.vocabulary.records import manager_mark
from conda_multiplat.vocabulary.styled import Line

_HEADER = ("Name", "Locked", "Allowed", "Newest", "Where", "Why not the newest")


def text(
    outdated: Sequence[Outdated], targets: Sequence[Target], width: int | None = None
) -> list[Line]:
    """Return lines for a terminal ``width`` characters wide; none if nothing is outdated."""
    if not outdated:
        return []
    rows = [(ASKED if package.asked else " ", *_row(package, targets)) for package in outdated]
    return headed([(" ", *_HEADER), *rows], width)


def markdown(outdated: Sequence[Outdated], targets: Sequence[Target]) -> list[str]:
    """Return lines of GitHub Markdown."""
    if not outdated:
        return ["Nothing is outdated."]
    rows = ([f"{plain(word)}" for word in _row(package, targets)] for package in outdated)
    return table(tuple(word.lower() for word in _HEADER), *rows)


def summary(outdated: Sequence[Outdated], typed: Callable[[str], str]) -> Iterator[str]:
    """Yield the lines of the summary: the number of packages, and the commands that move them.

    Args:
        outdated: the packages.
        typed: returns one of our commands as it is typed for the project.
    """
    if not outdated:
        yield " everything that is locked is the newest there is"
        return
    newer = {p.versions.name for p in outdated if p.versions.allowed != p.versions.locked}
    held = {p.versions.name for p in outdated if p.versions.newest != p.versions.allowed}
    if newer:
        yield f" {packages(len(newer))} can move: {typed('update')}"
    if held:
        yield f" {packages(len(held))} held back; for details: {typed('why NAME')}"
    if any(package.asked and package.versions.name in held for package in outdated):
        yield f" to move bounds of the manifest: {typed('upgrade')}"


def _row(package: Outdated, targets: Sequence[Target]) -> tuple[str, ...]:
    name, manager, locked, allowed, newest, reason = package.versions
    return (
        f"{name}{manager_mark(manager)}",
        locked,
        allowed,
        newest,
        where(package.targets, targets),
        reason,
    )
