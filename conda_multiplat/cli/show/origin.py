"""Why a package is locked, in words."""

from __future__ import annotations

from conda_multiplat.lockfile.dependency_graph import Origin


def origin_lines(origin: Origin) -> list[str]:
    """Return the lines that ask for a package; if none names it, the one that leads to it."""
    said = [f"asked for in {line.at}  {line.text}" for line in origin.asked]
    if origin.root:
        chain = " → ".join(origin.path)
        said.append(f"there because of {origin.root.at}  {origin.root.text}: {chain}")
    return said
