"""What the fastest commands import: slow modules only if they need them."""

from __future__ import annotations

from pathlib import Path

import pytest
from support.hosts import Host
from support.imported import imported
from support.manifests import write
from support.packages import SUBDIR

#: Modules that take long to import, each needed by some command.
SLOW = {"http.client", "packaging", "rattler", "rich", "urllib.request", "yaml", "zlib"}


@pytest.mark.parametrize(
    ("command", "needed"),
    [
        ("check", {"yaml"}),
        ("lock --update-all", {"rattler", "yaml", "zlib"}),
        ("install", {"rattler", "yaml", "zlib"}),
        ("run true", {"rattler", "yaml", "zlib"}),
    ],
)
def test_imported(
    alone: Host, project: Path, real_channel: Path, command: str, needed: set[str]
) -> None:
    """Without PyPI packages, nothing is imported that is only for them or for a web server."""
    write(project, real_channel, "greeting", platforms=f"[{SUBDIR}]")
    alone.multiplat("lock", "-q", cwd=project)
    if command.startswith("run"):
        alone.multiplat("install", "-q", cwd=project)
    assert imported(alone, project, *command.split()) & SLOW == needed
