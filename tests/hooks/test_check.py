"""The pre-commit hooks' entry points, as they are installed."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
import yaml
from support.hosts import Host
from support.manifests import write

REPOSITORY = Path(__file__).resolve().parents[2]


def _hook(alone: Host, project: Path, what: str, *names: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [Path(sys.executable).with_name(f"conda-multiplat-{what}"), *names],
        cwd=project,
        env=alone.environ(),
        capture_output=True,
        text=True,
        check=False,
    )


def _check(alone: Host, project: Path, *names: str) -> subprocess.CompletedProcess[str]:
    return _hook(alone, project, "check", *names)


def test_in_sync(alone: Host, project: Path, channel: Path) -> None:
    """A lock of this manifest: silence and 0, comments and order notwithstanding."""
    write(project, channel, "zlib", "python")
    alone.multiplat("lock", cwd=project)
    write(project, channel, "python", "zlib", extra="# later\n")
    done = _check(alone, project, "environment.yml", "conda-lock.yml")
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def test_out_of_sync(alone: Host, project: Path, channel: Path) -> None:
    """Each lock that is not current, with its platforms, and the one command to run."""
    extra = "multiplat: {environments: {dev: {dependencies: [rich-text]}}}\n"
    write(project, channel, "zlib", platforms="[linux-64, osx-arm64]")
    alone.multiplat("lock", cwd=project)
    write(project, channel, "zlib", "python  # [osx]", platforms="[osx-arm64, win-64]", extra=extra)
    done = _check(alone, project, "environment.yml")
    assert done.returncode == 1
    assert done.stderr == (
        "conda-lock.yml is out of date\n"
        "  win-64: not locked\n"
        "  linux-64: locked, but the manifest does not name it\n"
        "  environment.yml:7:5  python: not locked  (osx-arm64)\n"
        "dev.conda-lock.yml is out of date\n"
        "  there is no such lock\n"
        "run: conda multiplat lock\n"
    )


def test_still_met(alone: Host, project: Path, channel: Path) -> None:
    """A looser request that the lock meets does not hold up a commit."""
    write(project, channel, "zlib >=1")
    alone.multiplat("lock", cwd=project)
    write(project, channel, "zlib")
    done = _check(alone, project, "environment.yml")
    assert (done.returncode, done.stderr) == (0, "")


def test_edited_lock(alone: Host, project: Path, channel: Path) -> None:
    """A hand edit of the packages is seen."""
    write(project, channel, "zlib")
    alone.multiplat("lock", cwd=project)
    lock = project / "conda-lock.yml"
    lock.write_text(lock.read_text(encoding="utf-8").replace("1.3.1", "1.3.2"), encoding="utf-8")
    done = _check(alone, project, "conda-lock.yml")
    assert done.returncode == 1
    assert done.stderr == (
        "conda-lock.yml is out of date\n"
        "  it was edited after it was made\n"
        "run: conda multiplat lock\n"
    )


def test_combined_files(alone: Host, project: Path, channel: Path) -> None:
    """The lock knows which files it was made from."""
    write(project, channel, "zlib")
    write(project, channel, "python", file="dev.yml")
    alone.multiplat("lock", "-f", "environment.yml", "dev.yml", cwd=project)
    assert _check(alone, project, "environment.yml").returncode == 0


def test_broken_manifest(alone: Host, project: Path, channel: Path) -> None:
    """What can't be read is exit code 2, with its place."""
    write(project, channel, "zlib")
    alone.multiplat("lock", cwd=project)
    write(project, channel, "zlib", extra="multiplat: 3\n")
    done = _check(alone, project, "environment.yml")
    assert done.returncode == 2
    assert "environment.yml:7:12: multiplat is a value '3'\n" in done.stderr
    write(project, channel, "zlib >>>2")
    done = _check(alone, project, "environment.yml")
    assert done.returncode == 2
    assert "environment.yml:6:5: not a MatchSpec: 'zlib >>>2'" in done.stderr


@pytest.mark.slow
def test_relock(alone: Host, project: Path, channel: Path) -> None:
    """Every project of a commit that is not in sync is locked, and the commit fails once."""
    names = []
    for folder in ("one", "two"):
        (project / folder).mkdir()
        write(project / folder, channel, "zlib")
        names.append(f"{folder}/environment.yml")
    alone.multiplat("lock", cwd=project / "one")
    before = (project / "one" / "conda-lock.yml").read_bytes()
    done = _hook(alone, project, "relock", *names)
    assert done.returncode == 1
    assert " wrote two/conda-lock.yml (3 different packages, " in done.stderr
    assert (project / "one" / "conda-lock.yml").read_bytes() == before
    assert _hook(alone, project, "relock", *names).returncode == 0
    assert _check(alone, project, *names).returncode == 0


def test_nothing_to_renew(alone: Host, project: Path, channel: Path) -> None:
    """A lock that no environment owns is for `check` to tell: no hook can bring it up to date."""
    write(project, channel, "zlib")
    alone.multiplat("lock", cwd=project)
    lock = project / "conda-lock.yml"
    (project / "old.conda-lock.yml").write_bytes(lock.read_bytes())
    assert _check(alone, project, "environment.yml").returncode == 1
    assert _hook(alone, project, "relock", "environment.yml").returncode == 0
    assert _hook(alone, project, "rerender", "environment.yml").returncode == 0


def test_rerender(alone: Host, project: Path, channel: Path) -> None:
    """Explicit files that are not what the lock says are written anew; others are left."""
    write(project, channel, "zlib")
    alone.multiplat("lock", cwd=project)
    assert _hook(alone, project, "rerender", "conda-lock.yml").returncode == 0
    assert not list(project.glob("conda-*.lock"))
    alone.multiplat("render", "--kind", "explicit", cwd=project)
    file = project / "conda-linux-64.lock"
    text = file.read_text(encoding="utf-8")
    file.write_text(f"{text}# edited\n", encoding="utf-8")
    assert _hook(alone, project, "rerender", "conda-linux-64.lock").returncode == 1
    assert file.read_text(encoding="utf-8") == text
    assert _hook(alone, project, "rerender", "conda-linux-64.lock").returncode == 0


def test_hook_files_pattern() -> None:
    """Only commits that touch manifests and locks pay for the hook."""
    import re

    hooks = yaml.safe_load((REPOSITORY / ".pre-commit-hooks.yaml").read_text(encoding="utf-8"))
    assert len({hook["files"] for hook in hooks}) == 1
    pattern = re.compile(hooks[0]["files"])
    for name in (
        *("environment.yml", "a/environment.yaml", "conda-lock.yml", "a/b.conda-lock.yml"),
        *("conda-linux-64.lock", "a/dev.conda-osx-arm64.lock", "requirements-win-64.txt"),
        *("environment-linux-64.yml", "a/dev.environment-emscripten-wasm32.yml"),
    ):
        assert pattern.search(name)
    for name in (
        "README.md",
        "my-environment.yml",
        "conda-lock.yml.txt",
        "src/lock.py",
        "requirements.txt",
    ):
        assert not pattern.search(name)
