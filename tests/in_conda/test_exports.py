"""``conda export --format multiplat``."""

from __future__ import annotations

from pathlib import Path

import pytest
from support.condas import version
from support.hosts import Host
from support.packages import SUBDIR, Package, build_channel


@pytest.fixture
def made(conda: Host, tmp_path: Path) -> Host:
    """A conda with an environment ``x`` of a package that is for every platform, and a variable."""
    packages = [
        Package("tool", noarch="generic", depends=["library"]),
        Package("library", noarch="generic"),
    ]
    channel = build_channel(tmp_path / "own", packages)
    source = ("--override-channels", "--channel", channel.as_uri())
    conda.run("create", "--yes", "-n", "x", *source, "tool>=1")
    conda.run("env", "config", "vars", "set", "-n", "x", "DEPTH=3")
    return conda


def _export(conda: Host, *more: str) -> str:
    if version(conda) < (25, 7):
        done = conda.run("export", "-n", "x", "--format", "multiplat", code=None)
        assert done.returncode == 2  # it does not know the option, or this format
        pytest.skip("conda before 25.7 has no exporters")
    return conda.run("export", "-n", "x", "--format", "multiplat", *more).stdout


def test_like_import(made: Host, project: Path) -> None:
    """It is what ``import`` writes."""
    text = _export(made)
    assert text == made.multiplat("import", "--from-name", "x", "--dry-run", cwd=project).stdout
    assert "dependencies:\n  - tool" in text
    assert "library" not in text
    assert f"platforms:\n  - {SUBDIR}\n" in text


def test_platforms(made: Host, project: Path, tmp_path: Path) -> None:
    """Several platforms are written, and the manifest can be locked for them."""
    channel = (tmp_path / "own").as_uri()
    options = ("--platform", SUBDIR, "--platform", "osx-arm64", "-c", channel)
    _export(made, *options, "--file", str(project / "environment.yml"))
    manifest = (project / "environment.yml").read_text(encoding="utf-8")
    assert f"platforms:\n  - {SUBDIR}\n  - osx-arm64\n" in manifest
    assert "variables:\n  DEPTH: " in manifest
    made.multiplat("lock", cwd=project)
    assert (project / "conda-lock.yml").is_file()
