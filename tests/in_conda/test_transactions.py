"""What the plugin adds to conda's own commands."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest
from support.condas import version
from support.hosts import Host
from support.manifests import write
from support.packages import SUBDIR, Package, build_channel


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
    if version(conda) < (25, 5):
        assert done.returncode == 0, done.stderr
        return
    assert done.returncode == 1
    assert "this machine can't run what is about to be installed\n" in done.stderr
    assert "  driver-user 1.0 needs   __cuda >=12     this machine: __cuda 11.8\n" in done.stderr
    assert "  cuda-version 12.9 needs __cuda >=12.9   this machine: __cuda 11.8\n" in done.stderr
    assert "if you know that it works, set CONDA_OVERRIDE_CUDA=12.9\n" in done.stderr
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
    warned = "this machine can't run" in done.stderr
    assert warned == (choice == "warn" and version(conda) >= (25, 5))
    assert "nothing was linked" not in done.stderr
    assert "to be warned only" not in done.stderr
    if warned:  # conda has begun a line of its own
        assert "\nthis machine can't run" in done.stderr
    assert len(list((conda.envs / "x" / "conda-meta").glob("*.json"))) == 2


def test_setting_is_described(conda: Host) -> None:
    """Conda shows it, with what it is for."""
    if version(conda) < (25, 5):
        pytest.skip("an old conda does not describe the settings of plugins")
    shown = conda.run("config", "--describe").stdout
    assert "multiplat_machine: error" in shown
    assert "what to do if this machine lacks virtual packages" in " ".join(
        line.lstrip("# ") for line in shown.splitlines()
    )


def test_setting_that_is_wrong(conda: Host, explicit: Path) -> None:
    """Conda itself refuses it, and says what may stand there."""
    done = _create(conda, explicit, CONDA_PLUGINS_MULTIPLAT_MACHINE="maybe")
    if version(conda) < (25, 5):
        pytest.skip("nobody asks for the setting in a conda before 25.5")
    assert "error, warn, off" in done.stderr


@pytest.fixture
def managed(conda: Host, project: Path, real_channel: Path) -> Path:
    """A prefix that we have installed."""
    write(project, real_channel, "greeting-data", platforms=f"[{SUBDIR}]")
    conda.multiplat("lock", cwd=project)
    conda.multiplat("install", cwd=project)
    return conda.envs / "demo"


def _add(conda: Host, channel: Path, **env: str) -> subprocess.CompletedProcess[str]:
    """``conda install`` of a package into the prefix."""
    source = ("--override-channels", "--channel", channel.as_uri())
    return conda.run("install", "--yes", "-n", "demo", *source, "prefixed", env=env, code=None)


def test_drift(conda: Host, project: Path, real_channel: Path, managed: Path) -> None:
    """``conda install`` into a locked prefix works, and says how to keep the change."""
    done = _add(conda, real_channel)
    assert done.returncode == 0, done.stderr
    assert (
        done.stderr.count(f"{managed} is locked: `conda multiplat install` will undo this change")
        == 1
    )
    if version(conda) >= (25, 5):  # in a transaction, conda has begun a line of its own
        assert f"\n{managed} is locked" in done.stderr
    manifest = project / "environment.yml"
    assert f"  to keep the change: add `- prefixed` to dependencies in {manifest}\n" in done.stderr
    assert list((managed / "conda-meta").glob("prefixed-*.json"))


@pytest.mark.parametrize("choice", ["error", "off"])
def test_drift_setting(conda: Host, real_channel: Path, managed: Path, choice: str) -> None:
    """``plugins.multiplat_drift`` makes it an error, or nothing."""
    done = _add(conda, real_channel, CONDA_PLUGINS_MULTIPLAT_DRIFT=choice)
    assert (done.returncode != 0) == (choice == "error")
    assert ("is locked" in done.stderr) == (choice == "error")
    assert bool(list((managed / "conda-meta").glob("prefixed-*.json"))) == (choice == "off")


def test_other_environments_are_left_alone(conda: Host, real_channel: Path) -> None:
    """Where we have installed nothing, nothing is said."""
    source = ("--override-channels", "--channel", real_channel.as_uri())
    done = conda.run("create", "--yes", "-n", "demo", *source, "greeting-data")
    assert "is locked" not in done.stderr


def _doctor(conda: Host, name: str = "demo", **env: str) -> str:
    # Other checks of the newest condas want the network, and fail without.
    return conda.run("doctor", "-n", name, env=env, code=None).stdout


@pytest.mark.slow
def test_doctor(conda: Host, project: Path, real_channel: Path, managed: Path) -> None:
    """A prefix as locked, one that differs, one whose machine has changed, and one of others."""
    lock = project / "conda-lock.yml"
    whole = f"✅ The environment is as locked in {lock}, and this machine can run it.\n"
    assert whole in _doctor(conda)
    _add(conda, real_channel, CONDA_PLUGINS_MULTIPLAT_DRIFT="off")
    differs = (
        f"❌ Not as locked in {lock}: 1 package\n"
        "  - prefixed 1.0\n"
        "  `conda multiplat install` makes it as locked: removes 1.\n"
    )
    assert differs in _doctor(conda)
    conda.multiplat("install", cwd=project)
    extra = f'multiplat: {{virtual-packages: {{{SUBDIR}: {{cuda: "12.4"}}}}}}\n'
    write(project, real_channel, "greeting-data", platforms=f"[{SUBDIR}]", extra=extra)
    conda.multiplat("lock", cwd=project)
    lacks = (
        "❌ This machine does not meet what the environment needs:\n"
        "  the manifest's promise needs __cuda >=12.4   this machine: __cuda 11.8\n"
    )
    assert lacks in _doctor(conda, CONDA_OVERRIDE_CUDA="11.8")
    source = ("--override-channels", "--channel", real_channel.as_uri())
    conda.run("create", "--yes", "-n", "other", *source, "greeting-data")
    assert "✅ The environment was not made by conda-multiplat.\n" in _doctor(conda, "other")


def test_drift_that_does_not_happen(conda: Host, managed: Path, real_channel: Path) -> None:
    """Nothing is said where the command changes nothing."""
    source = ("--override-channels", "--channel", real_channel.as_uri())
    conda.run("install", "--yes", "--dry-run", "-n", "demo", *source, "prefixed", code=None)
    done = conda.run("install", "--yes", "-n", "demo", *source, "greeting-data")
    assert "is locked" not in done.stderr


def test_drift_by_removal(conda: Host, project: Path, managed: Path) -> None:
    """``conda remove`` is pointed out too, once, with what to do in the manifest."""
    done = conda.run("remove", "--yes", "-n", "demo", "--offline", "greeting-data")
    assert done.stderr.count("is locked") == 1
    assert (
        f"  to keep the change: remove greeting-data from {project / 'environment.yml'}"
        in done.stderr
    )


@pytest.mark.parametrize("command", [("remove", "--all"), ("env", "remove")])
def test_removal_of_the_environment(conda: Host, managed: Path, command: tuple[str, ...]) -> None:
    """Who removes a locked environment is not told that an install would undo it."""
    done = conda.run(*command, "--yes", "-n", "demo")
    assert not managed.exists()
    assert "is locked" not in done.stderr


def test_removal_of_all_packages(conda: Host, managed: Path) -> None:
    """An environment that is emptied and stays is one that was changed."""
    if version(conda) < (25, 5):
        pytest.skip("nobody asks us about transactions without a solve in a conda before 25.5")
    done = conda.run("remove", "--yes", "-n", "demo", "--all", "--keep-env")
    assert (
        done.stderr.count(f"{managed} is locked: `conda multiplat install` will undo this change")
        == 1
    )


def test_doctor_fixes(conda: Host, real_channel: Path, managed: Path) -> None:
    """``--list`` has a summary, and ``--fix`` installs what is locked, after asking."""
    if version(conda) < (26, 1):
        pytest.skip("this conda's health checks have no fix")
    listed = conda.run("doctor", "--list").stdout
    assert (
        "  multiplat-lock: Compare an environment of conda-multiplat with its lock and this machine"
        " (fix: Make it as locked (conda multiplat install))\n"
    ) in listed
    _add(conda, real_channel, CONDA_PLUGINS_MULTIPLAT_DRIFT="off")
    added = managed / "conda-meta"
    fix = ("doctor", "-n", "demo", "--fix", "multiplat-lock")
    conda.run(*fix, "--dry-run")
    assert list(added.glob("prefixed-*.json"))
    conda.run(*fix, "--yes")
    assert not list(added.glob("prefixed-*.json"))
    assert "✅ The environment is as locked" in conda.run(*fix, "--yes").stdout


@pytest.fixture
def builds(tmp_path: Path) -> Path:
    """A package in a CPU build only, and one that has none."""
    packages = [
        Package("net", build="cpu_py_0", noarch="generic", depends=["plain"]),
        Package("plain", noarch="generic"),
    ]
    return build_channel(tmp_path / "builds", packages)


def _create_net(conda: Host, channel: Path, **env: str) -> subprocess.CompletedProcess[str]:
    source = ("--override-channels", "--channel", channel.as_uri())
    return conda.run("create", "--yes", "-n", "x", *source, "net", env=env, code=None)


def test_cpu_build_on_a_cuda_machine(conda: Host, builds: Path) -> None:
    """It is pointed out, with what to ask for."""
    done = _create_net(conda, builds, CONDA_OVERRIDE_CUDA="12.4")
    assert done.returncode == 0, done.stderr
    assert (
        "this machine has __cuda 12.4, and these are CPU builds:\n"
        "  net 1.0 cpu_py_0; for a CUDA build, if there is one: net=*=*cuda*\n"
    ) in done.stderr
    assert "plain 1.0" not in done.stderr


def test_cpu_build_elsewhere(conda: Host, builds: Path) -> None:
    """Without CUDA it is what one wants."""
    assert "CPU build" not in _create_net(conda, builds, CONDA_OVERRIDE_CUDA="").stderr


@pytest.mark.parametrize("choice", ["error", "off"])
def test_cpu_build_setting(conda: Host, builds: Path, choice: str) -> None:
    """``plugins.multiplat_cpu_builds`` makes it an error, or nothing."""
    env = {"CONDA_OVERRIDE_CUDA": "12.4", "CONDA_PLUGINS_MULTIPLAT_CPU_BUILDS": choice}
    done = _create_net(conda, builds, **env)
    assert (done.returncode != 0) == (choice == "error")
    assert ("CPU builds" in done.stderr) == (choice == "error")
