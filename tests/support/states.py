"""What our commands say as data, for tests that are not about its wording."""

from __future__ import annotations

import json
from pathlib import Path

from support.hosts import Host

#: What :func:`check_states` gives for a project with one lock that is current.
IN_SYNC = {"conda-lock.yml": "in sync"}


def states(document: str) -> dict[str, str]:
    """File -> state, of what ``check --json`` prints."""
    return {verdict["file"]: verdict["state"] for verdict in json.loads(document)["files"]}


def check_states(host: Host, project: Path, *arguments: str) -> dict[str, str]:
    """The same of a project that is in sync."""
    return states(host.multiplat("check", *arguments, "--json", cwd=project).stdout)


def assert_nothing_to_lock(host: Host, project: Path, **env: str) -> None:
    """``lock`` finds all in sync: it writes no file."""
    assert host.json("lock", cwd=project, env=env)["files"] == []
