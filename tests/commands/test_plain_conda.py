"""What the plugin adds to conda's own commands."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest
from support.hosts import Host
from support.manifests import write
from support.packages import SUBDIR, Package, build_channel


def _version(conda: Host) -> tuple[int, ...]:
    text = conda.run("--version").stdout.split()[-1]
    return tuple(int(part) for part in text.split(".")[:2])


@pytest.fixture
def explicit(alone: Host, project: Path, tmp_path: Path) -> Path:
    """An explicit file of a package that needs CUDA 12, and of one that is bound by it."""
    own = build_channel(
        tmp_path / "own",
        [
            Package("driver-user", noarch="generic", depends=["__cuda >=12"]),
            Package("cuda-version", "12.9", noarch="generic", constrains=["__cuda >=12.9"]),
        ],
    )
    extra = f'multiplat: {{virtual-packages: {{{SUBDIR}: {{cuda: "12.9"}}}}}}\n'
    specs = ("driver-user", "cuda-version")
    write(project, own, *specs, platforms=f"[{SUBDIR}]", extra=extra)
    alone.multiplat("lock", cwd=project)
    alone.multiplat("render", "--kind", "explicit", cwd=project)
    return project / f"conda-{SUBDIR}.lock"


def _create(conda: Host, explicit: Path, **env: str) -> subprocess.CompletedProcess[str]:
    arguments = ("create", "--yes", "--name", "x", "--file", str(explicit))
    return conda.run(*arguments, env=env, code=None)


def test_explicit_file_on_a_machine_that_lacks_cuda(conda: Host, explicit: Path) -> None:
    """Refused before anything is linked; a conda before 25.5 does not ask us."""
    done = _create(conda, explicit, CONDA_OVERRIDE_CUDA="11.8")
    if _version(conda) < (25, 5):
        assert done.returncode == 0, done.stderr
        return
    assert done.returncode == 1
    assert "this machine can't run what is about to be installed\n" in done.stderr
    assert "  driver-user 1.0 needs   __cuda >=12   this machine: __cuda 11.8\n" in done.stderr
    assert "  cuda-version 12.9 needs __cuda >=12.9   this machine: __cuda 11.8\n" in done.stderr
    assert "if you know that it works: CONDA_OVERRIDE_CUDA=12.9\n" in done.stderr
    linked = conda.envs / "x" / "conda-meta"
    assert list(linked.glob("*.json")) == []


def test_explicit_file_on_a_machine_that_has_cuda(conda: Host, explicit: Path) -> None:
    """Nothing is said."""
    done = _create(conda, explicit, CONDA_OVERRIDE_CUDA="12.9")
    assert done.returncode == 0, done.stderr
    assert "this machine" not in done.stderr


@pytest.mark.parametrize("choice", ["warn", "off"])
def test_setting(conda: Host, explicit: Path, choice: str) -> None:
    """``plugins.multiplat_machine`` makes it a warning, or nothing."""
    env = {"CONDA_OVERRIDE_CUDA": "11.8", "CONDA_PLUGINS_MULTIPLAT_MACHINE": choice}
    done = _create(conda, explicit, **env)
    assert done.returncode == 0, done.stderr
    said = "this machine can't run" in done.stderr
    assert said == (choice == "warn" and _version(conda) >= (25, 5))
    assert len(list((conda.envs / "x" / "conda-meta").glob("*.json"))) == 2


def test_setting_is_described(conda: Host) -> None:
    """Conda shows it, with what it is for."""
    if _version(conda) < (25, 5):
        pytest.skip("an old conda does not describe the settings of plugins")
    shown = conda.run("config", "--describe").stdout
    assert "multiplat_machine: error" in shown
    assert "what to do where this machine lacks what a package" in shown


def test_setting_that_is_wrong(conda: Host, explicit: Path) -> None:
    """Conda itself refuses it, and says what may stand there."""
    done = _create(conda, explicit, CONDA_PLUGINS_MULTIPLAT_MACHINE="maybe")
    if _version(conda) < (25, 5):
        pytest.skip("nobody asks for the setting in a conda before 25.5")
    assert "error, warn, off" in done.stderr
