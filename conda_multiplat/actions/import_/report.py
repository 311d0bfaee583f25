"""The report of ``import``: shared and platform-specific lines, differences, losses."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from conda_multiplat.importers.platform_differences import Difference
from conda_multiplat.importers.values import Imported
from conda_multiplat.importers.write_manifest import Line, environment_lines
from conda_multiplat.machine.console import Console
from conda_multiplat.manifest.model import Manifest, Requirement


@dataclass(frozen=True)
class Settled:
    """A difference, and the one spec for all platforms; ``""`` where each keeps its own."""

    difference: Difference
    text: str = ""

    def to_dict(self) -> dict[str, Any]:
        """Return the JSON form."""
        return {
            "environment": self.difference.environment,
            "manager": self.difference.manager,
            "name": self.difference.name,
            "settled": self.text or None,
            "specs": [
                {"platforms": list(variant.subdirs), **requirement.to_dict()}
                for variant in self.difference.variants
                for requirement in variant.requirements
            ],
        }


def report(
    imported: Imported,
    settled: Sequence[Settled],
    names: Sequence[str],
    console: Console,
    following: str,
) -> None:
    """Print the report; ``names`` are the written files, ``following`` is the next command."""
    for name, shared, selected in _counts(imported.manifest):
        more = f", {selected} under selectors" if selected else ""
        console.say(
            f" {name}: {shared} {'line' if shared == 1 else 'lines'} on all platforms{more}"
        )
    for note in imported.notes:
        console.say(f" {note}")
    _report_differences(settled, console)
    if imported.lost:
        console.say(" not carried over:")
        for loss in imported.lost:
            for line in str(loss).splitlines():
                console.say(f"   {line}")
    if names:
        console.say(f" wrote {', '.join(names)}")
        console.hint(following)


def _counts(manifest: Manifest) -> list[tuple[str, int, int]]:
    """Count each environment's own lines: those for all of its platforms, and those for some."""
    counts = []
    for environment in manifest.environments.values():
        lines = environment_lines(manifest, environment)
        shared = sum(line.everywhere for line in lines)
        counts.append((environment.name, shared, len(lines) - shared))
    return counts


def _report_differences(settled: Sequence[Settled], console: Console) -> None:
    kept = [difference for difference in settled if not difference.text]
    if kept:
        console.say(" different between platforms; each keeps its own:")
        for difference in kept:
            console.say(f"   {difference.difference.name}")
            for line in variant_lines(difference.difference):
                console.say(f"     {line}")
    for difference in settled:
        if difference.text:
            texts = ", ".join(variant.text for variant in difference.difference.variants)
            console.say(
                f" {difference.difference.name}: {difference.text} for all, instead of {texts}"
            )


def variant_lines(difference: Difference) -> list[str]:
    """Return each platform's requests with their places, in columns."""
    rows = [
        (variant.text, ", ".join(variant.subdirs), _where(variant.requirements[0]))
        for variant in difference.variants
    ]
    widths = [max(len(row[column]) for row in rows) for column in (0, 1)]
    return [f"{a.ljust(widths[0])}  {b.ljust(widths[1])}  {c}".rstrip() for a, b, c in rows]


def _where(requirement: Requirement) -> str:
    at = requirement.at
    return f"{at.file}:{at.line}" if at.line else at.file


def document(imported: Imported, settled: Sequence[Settled]) -> dict[str, Any]:
    """Return the document for ``--json``."""
    manifest = imported.manifest
    lines: dict[str, list[Line]] = {
        environment.name: environment_lines(manifest, environment)
        for environment in manifest.environments.values()
    }
    return {
        "platforms": list(manifest.platforms),
        "environments": {
            name: {
                "shared": [line.text for line in requirements if line.everywhere],
                "selected": [
                    {"spec": line.text, "platforms": sorted(line.subdirs)}
                    for line in requirements
                    if not line.everywhere
                ],
            }
            for name, requirements in lines.items()
        },
        "differing": [difference.to_dict() for difference in settled],
        "lost": [loss.to_dict() for loss in imported.lost],
        "notes": list(imported.notes),
    }
