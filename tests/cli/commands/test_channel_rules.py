"""Channels that conda's configuration does not allow, in all that uses channels."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from support.condas import version
from support.hosts import Host
from support.manifests import write
from support.packages import SUBDIR, Package, build_channel


@pytest.fixture
def channels(tmp_path: Path) -> tuple[Path, Path]:
    """Two channels of real packages, ``good`` and ``bad``."""
    good, bad = (
        build_channel(tmp_path / name, [Package(f"of-{name}", noarch="generic")])
        for name in ("good", "bad")
    )
    return good, bad


def _refuse(host: Host, key: str, good: Path, bad: Path) -> str:
    """Configure that ``bad`` is refused; what is said of it."""
    value = bad if key == "denylist_channels" else good
    (host.home / ".condarc").write_text(f"{key}: [{value.as_uri()}]\n", encoding="utf-8")
    word = "included in denylist" if key == "denylist_channels" else "not included in allowlist"
    return f"Channel {word}:\n  channel name: bad\n  channel url: {bad.as_uri()}\n"


_KEYS = pytest.mark.parametrize("key", ["allowlist_channels", "denylist_channels"])


@pytest.mark.slow
@_KEYS
def test_refused(door: Host, project: Path, channels: tuple[Path, Path], key: str) -> None:
    """What solves and what installs refuses, with nothing written; what is allowed goes on."""
    good, bad = channels
    write(project, bad, "of-bad", platforms=f"[{SUBDIR}]")
    door.multiplat("lock", cwd=project)
    lock = (project / "conda-lock.yml").read_bytes()
    refusal = _refuse(door, key, good, bad)
    for command in (
        ("lock",),
        ("lock", "--update-all"),
        ("add", "of-good"),
        ("install",),
        ("install", "--dry-run"),
        ("install", "--download-only"),
        ("run", "--", "true"),
        ("why", "of-bad"),
    ):
        done = door.multiplat(*command, cwd=project, code=1)
        assert f"error: {refusal}" in done.stderr
        assert f"`{key}` in conda's configuration says so" in done.stderr
    assert (project / "conda-lock.yml").read_bytes() == lock
    assert "of-good" not in (project / "environment.yml").read_text(encoding="utf-8")
    assert not (door.envs / "demo").exists()
    assert not list(door.pkgs.glob("**/of-bad*"))
    write(project, good, "of-good", platforms=f"[{SUBDIR}]")
    door.multiplat("lock", cwd=project)
    door.multiplat("install", cwd=project)


@_KEYS
def test_every_way_to_name_a_channel(
    alone: Host, project: Path, channels: tuple[Path, Path], key: str
) -> None:
    """A channel's name, its path, in a MatchSpec, on one platform or in one environment only."""
    good, bad = channels
    refusal = _refuse(alone, key, good, bad)
    with (alone.home / ".condarc").open("a", encoding="utf-8") as file:
        file.write(f"channel_alias: {bad.parent.as_uri()}\n")
    head = f"channels: [good]\nplatforms: [{SUBDIR}, win-64]\ndependencies: [of-good"
    for text in (
        head.replace("good]", "good, bad]", 1) + "]",
        head.replace("good]", f"{bad}]", 1) + "]",
        head.replace("good]", f"good, {bad.as_uri()}/]", 1) + "]",
        head + ", bad::of-bad]",
        head + f", {bad.as_uri()}::of-bad]",
        head + "]\nmultiplat: {environments: {dev: {dependencies: [bad::of-bad]}}}",
    ):
        (project / "environment.yml").write_text(f"{text}\n", encoding="utf-8")
        done = alone.multiplat("lock", cwd=project, code=1)
        assert f"error: {refusal}" in done.stderr, text
    (project / "environment.yml").write_text(f"{head}]\n", encoding="utf-8")
    alone.multiplat("lock", cwd=project)


@_KEYS
def test_conda_says_the_same(
    conda: Host, project: Path, channels: tuple[Path, Path], key: str
) -> None:
    """What conda says, channel for channel."""
    if key == "denylist_channels" and version(conda) < (24, 9):
        pytest.skip("conda before 24.9 denies nothing")
    good, bad = channels
    refusal = _refuse(conda, key, good, bad)
    words = ("create", "-y", "-n", "x", "--override-channels", "-c", bad.as_uri(), "of-bad")
    done = conda.run(*words, cwd=project, code=1)
    assert refusal in re.sub(r"[ \t]+\n", "\n", done.stderr + "\n")


def test_configured_channels_that_nobody_uses(
    door: Host, project: Path, channels: tuple[Path, Path]
) -> None:
    """Newer condas refuse to name their own channels; a manifest that names others is fine."""
    good, bad = channels
    text = f"channels: [{bad.as_uri()}]\nallowlist_channels: [{good.as_uri()}]\n"
    (door.home / ".condarc").write_text(text, encoding="utf-8")
    write(project, good, "of-good", platforms=f"[{SUBDIR}]")
    door.multiplat("lock", cwd=project)
    door.multiplat("install", cwd=project)
    manifest = project / "environment.yml"
    lines = manifest.read_text(encoding="utf-8").replace(f"  - {good.as_uri()}\n", "")
    manifest.write_text(lines.replace("channels:\n", ""), encoding="utf-8")
    door.multiplat("lock", "--update-all", cwd=project, code=1)
