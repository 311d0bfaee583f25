"""Which modules a command imports."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from support.hosts import Host


def imported(host: Host, project: Path, *arguments: str) -> set[str]:
    """Run a command without conda; return the names of the modules that it imported."""
    done = subprocess.run(
        [sys.executable, "-X", "importtime", "-m", "conda_multiplat", *arguments],
        cwd=project,
        env=host.environ(),
        capture_output=True,
        text=True,
        check=True,
    )
    return {line.rpartition("|")[2].strip() for line in done.stderr.splitlines()}
