"""Format the reason why a package is locked."""

from __future__ import annotations

from conda_multiplat.lockfile.dependency_graph import Origin


def origin_lines(origin: Origin) -> list[str]:
    """Return the lines of text for each manifest line that asks for a package, or leads to it."""
    lines = [f"asked for in {line.at}  {line.text}" for line in origin.asked]
    if origin.root:
        chain = " → ".join(origin.path)
        lines.append(f"locked because of {origin.root.at}  {origin.root.text}: {chain}")
    return lines
