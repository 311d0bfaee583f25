"""CUDA as this machine has it: a stand-in for the driver's library is what is asked."""

from __future__ import annotations

import shutil
import subprocess
import sys
import time
from pathlib import Path

import pytest
from support.hosts import TESTS, Host
from support.manifests import write
from support.packages import SUBDIR, Package, build_channel
from support.patience import PATIENCE

COMPILER = shutil.which("cc") or shutil.which("gcc") or shutil.which("clang")


@pytest.fixture(scope="session")
def driver(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """The environment in which the stand-in is found."""
    if not sys.platform.startswith("linux"):
        pytest.skip("the stand-in is a Linux library")
    if COMPILER is None:
        pytest.skip("no C compiler for the stand-in")
    folder = tmp_path_factory.mktemp("driver")
    source = TESTS / "support" / "fake_driver.c"
    library = folder / "libcuda.so.1"
    subprocess.run([COMPILER, "-shared", "-fPIC", "-o", library, source], check=True)
    return {"LD_LIBRARY_PATH": str(folder)}


def _cuda(host: Host, cwd: Path, **environ: str) -> dict[str, tuple[str, str]]:
    """CUDA's virtual packages as ``info`` has them: name -> version, where from."""
    packages = host.json("info", cwd=cwd, env=environ)["virtual_packages"]
    return {
        package["name"]: (package["version"], package["from"])
        for package in packages
        if package["name"].startswith("__cuda")
    }


def _origin(host: Host) -> str:
    return "conda" if host.is_conda else "detected"


@pytest.mark.slow
def test_driver_and_gpu(door: Host, project: Path, driver: dict[str, str]) -> None:
    """The driver's CUDA version, and what its GPU can do."""
    where = _origin(door)
    assert _cuda(door, project, **driver) == {
        "__cuda": ("12.4", where),
        "__cuda_arch": ("8.6", where),
    }


def test_lowest_of_several_gpus(door: Host, project: Path, driver: dict[str, str]) -> None:
    """What holds for every GPU of the machine."""
    versions = _cuda(door, project, **driver, FAKE_DRIVER_SECOND="75")
    assert versions["__cuda_arch"][0] == "7.5"


@pytest.mark.slow
@pytest.mark.parametrize(
    "trouble",
    [{"FAKE_DRIVER_ERROR": "100", "FAKE_DRIVER_VERSION": "0"}, {"FAKE_DRIVER_CRASHES": "1"}],
    ids=["no GPU", "crash"],
)
def test_driver_in_trouble(
    door: Host, project: Path, driver: dict[str, str], trouble: dict[str, str]
) -> None:
    """A driver that has no device or brings its process down: the machine has no CUDA."""
    assert _cuda(door, project, **driver, **trouble) == {}
    assert "__glibc" in door.multiplat("info", cwd=project, env={**driver, **trouble}).stdout


@pytest.mark.slow
def test_driver_that_hangs(door: Host, project: Path, driver: dict[str, str]) -> None:
    """It is waited for some seconds, and then goes without."""
    start = time.monotonic()
    assert _cuda(door, project, **driver, FAKE_DRIVER_SLEEPS="300") == {}
    assert time.monotonic() - start < PATIENCE


def test_no_driver(door: Host, project: Path) -> None:
    """No driver, no package."""
    assert _cuda(door, project) == {}


@pytest.mark.slow
def test_overrides(door: Host, project: Path, driver: dict[str, str]) -> None:
    """CEP 30: an override says what the machine has; an empty one, that it has not."""
    variables = {"CONDA_OVERRIDE_CUDA": "11.8", "CONDA_OVERRIDE_CUDA_ARCH": "9.0"}
    assert _cuda(door, project, **driver, **variables) == {
        "__cuda": ("11.8", "CONDA_OVERRIDE_CUDA"),
        "__cuda_arch": ("9.0", "CONDA_OVERRIDE_CUDA_ARCH"),
    }
    assert _cuda(door, project, **driver, CONDA_OVERRIDE_CUDA="") == {}
    versions = _cuda(door, project, **driver, CONDA_OVERRIDE_CUDA_ARCH="")
    assert list(versions) == ["__cuda"]


def test_nvidia_smi(alone: Host, project: Path, tmp_path: Path) -> None:
    """Where only nvidia-smi is found, it is asked."""
    if sys.platform == "win32":
        pytest.skip("the stand-in is a shell script")
    program = tmp_path / "bin" / "nvidia-smi"
    program.parent.mkdir()
    text = '#!/bin/sh\ncase "$*" in\n  *compute_cap*) echo 8.9; echo 7.0 ;;\n'
    text += "  *) echo '<cuda_version>12.2</cuda_version>' ;;\nesac\n"
    program.write_text(text, encoding="utf-8")
    program.chmod(0o755)
    path = f"{program.parent}:{alone.environ()['PATH']}"
    versions = _cuda(alone, project, PATH=path)
    assert {name: version for name, (version, _) in versions.items()} == {
        "__cuda": "12.2",
        "__cuda_arch": "7.0",
    }


@pytest.mark.slow
def test_install_asks_the_driver(
    door: Host, project: Path, tmp_path: Path, driver: dict[str, str]
) -> None:
    """A driver that is too old is refused, one that will do is not, and a GPU counts too."""
    needs = ["__cuda >=12", "__cuda_arch >=8"]
    channel = build_channel(tmp_path / "c", [Package("kernels", subdir=SUBDIR, depends=needs)])
    extra = f'multiplat: {{virtual-packages: {{{SUBDIR}: {{cuda: "12", cuda_arch: "8.0"}}}}}}\n'
    write(project, channel, "kernels", platforms=f"[{SUBDIR}]", extra=extra)
    door.multiplat("lock", cwd=project)
    old = {**driver, "FAKE_DRIVER_VERSION": "11080"}
    stderr = door.multiplat("install", cwd=project, env=old, code=1).stderr
    assert "kernels 1.0 and 1 more need __cuda >=12   this machine: __cuda 11.8\n" in stderr
    small = {**driver, "FAKE_DRIVER_SECOND": "75"}
    stderr = door.multiplat("install", cwd=project, env=small, code=1).stderr
    assert "needs            __cuda_arch >=8     this machine: __cuda_arch 7.5\n" in stderr
    door.multiplat("install", cwd=project, env=driver)
    assert (door.envs / "demo" / "conda-meta" / "kernels-1.0-0.json").is_file()


@pytest.mark.slow
@pytest.mark.timed
def test_start(conda: Host, project: Path, tmp_path: Path, driver: dict[str, str]) -> None:
    """To ask the driver does not make ``run`` slow in conda, whose own process for that would."""
    driven = Package("driven", noarch="generic", constrains=["__cuda >=12"])
    write(project, build_channel(tmp_path / "c", [driven]), "driven", platforms=f"[{SUBDIR}]")
    conda.multiplat("lock", "-q", cwd=project)
    conda.multiplat("install", "-q", cwd=project, env=driver)
    ours = ("multiplat", "run", "--", "true")

    def least(*words: str, **more: str) -> float:
        env = {**driver, **more}
        return min(conda.seconds(*words, cwd=project, env=env) for _ in range(5))

    asking = least(*ours) - least(*ours, CONDA_OVERRIDE_CUDA="12.4")
    assert asking < 0.5 * least("info", "--base")
    old = {**driver, "FAKE_DRIVER_VERSION": "11080"}
    assert "__cuda 11.8" in conda.multiplat(*ours[1:], cwd=project, env=old, code=1).stderr


@pytest.mark.slow
def test_plain_conda_sees_the_gpu(conda: Host, driver: dict[str, str], project: Path) -> None:
    """``conda info`` lists __cuda_arch, once."""
    shown = conda.run("info", cwd=project, env=driver).stdout
    assert shown.count("__cuda_arch=8.6=0") == 1
    assert "__cuda_arch" not in conda.run("info", cwd=project).stdout


def test_settings_in_info(conda: Host, alone: Host, project: Path) -> None:
    """Inside conda, ``info`` shows what our hooks are set to."""
    document = conda.json("info", cwd=project, env={"CONDA_PLUGINS_MULTIPLAT_DRIFT": "off"})
    assert document["settings"] == {
        "plugins.multiplat_machine": "error",
        "plugins.multiplat_cpu_builds": "warn",
        "plugins.multiplat_drift": "off",
    }
    assert " plugins.multiplat_machine  error\n" in conda.multiplat("info", cwd=project).stdout
    assert alone.json("info", cwd=project)["settings"] == {}
