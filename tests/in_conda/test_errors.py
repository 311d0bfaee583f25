"""Hints beside conda's own errors."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from support.condas import needs
from support.hosts import Host
from support.manifests import write
from support.packages import SUBDIR

_LOCK = f"""\
version: 1
metadata:
  content_hash: {{{SUBDIR}: x}}
  channels: []
  platforms: [{SUBDIR}]
  sources: [environment.yml]
package:
- name: six
  version: '1.16.0'
  manager: pip
  platform: {SUBDIR}
  dependencies: {{}}
  url: https://files.example.org/six-1.16.0-py3-none-any.whl
  hash: {{sha256: {"0" * 64}}}
  category: main
  optional: false
"""


def _hints(conda: Host, *arguments: str | Path, cwd: Path) -> dict[str, str]:
    """The hints of a command that fails, by their codes."""
    done = conda.run(*arguments, "--json", cwd=cwd, code=1)
    document: dict[str, Any] = json.loads(done.stdout[done.stdout.index("{") :])
    return {
        hint["hint_code"]: hint["text"] for hint in document.get("guidance", {}).get("hints", ())
    }


@pytest.fixture
def hinting(conda: Host) -> Host:
    """A conda that asks for hints."""
    needs(conda, 26, 7, "hints")
    return conda


def test_manifest(hinting: Host, project: Path, real_channel: Path) -> None:
    """Conda reads past our selectors, and asks for what another platform has."""
    write(project, real_channel, "greeting-data", "nowhere  # [osx]", platforms=f"[{SUBDIR}]")
    hints = _hints(hinting, "env", "create", "--yes", cwd=project)
    assert hints["multiplat_manifest"] == (
        "environment.yml is written for conda-multiplat, and conda ignores part of it: "
        "`conda multiplat lock -f environment.yml`, then "
        "`conda multiplat install -f environment.yml`"
    )


def test_other_files(hinting: Host, project: Path, real_channel: Path) -> None:
    """A file without keys of ours gets no hint of ours."""
    path = project / "environment.yml"
    path.write_text(
        f"name: x\nchannels: [{real_channel.as_uri()}]\ndependencies: [nowhere]\n", encoding="utf-8"
    )
    hints = _hints(hinting, "env", "create", "--yes", cwd=project)
    assert not [code for code in hints if code.startswith("multiplat")]


def test_lock_with_pypi(hinting: Host, project: Path) -> None:
    """conda-lockfiles does not read a standard lock's PyPI packages."""
    (project / "conda-lock.yml").write_text(_LOCK, encoding="utf-8")
    hints = _hints(
        hinting, "env", "create", "--yes", "-n", "x", "-f", "conda-lock.yml", cwd=project
    )
    assert hints["multiplat_lock"].startswith("conda-lock.yml has packages from PyPI: ")


def test_locked_environment(hinting: Host, project: Path, real_channel: Path) -> None:
    """Where conda can't solve in a locked environment, the manifest is where to ask."""
    manifest = write(project, real_channel, "greeting-data", platforms=f"[{SUBDIR}]")
    hinting.multiplat("lock", cwd=project)
    hinting.multiplat("install", cwd=project)
    source = ("--override-channels", "--channel", real_channel.as_uri())
    hints = _hints(hinting, "install", "--yes", "-n", "demo", *source, "nowhere", cwd=project)
    assert hints["multiplat_environment"] == (
        f"{hinting.envs / 'demo'} is locked: `conda multiplat add SPEC -f {manifest}` changes its "
        "manifest and its lock, or says what is in the way"
    )
    hints = _hints(hinting, "create", "--yes", "-n", "other", *source, "nowhere", cwd=project)
    assert not [code for code in hints if code.startswith("multiplat")]
