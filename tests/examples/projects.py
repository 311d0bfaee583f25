"""The projects in which the examples are run, and what their channels have.

``robot`` is the one for all that needs nothing special. The others are what a page tells of.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from support.advisories import Advisory
from support.packages import PYTHON, Package, python_package

PLATFORMS = ("linux-64", "osx-arm64", "win-64")
_SYSTEMS = {"linux-64": "__glibc >=2.17", "osx-arm64": "__osx >=11.0", "win-64": "__win"}


def conda(
    name: str,
    version: str = "1.0",
    build: str = "0",
    *depends: str,
    on: str = "noarch",
    **more: Any,
) -> Package:
    """A package without content; ``on`` is its platform."""
    noarch = "generic" if on == "noarch" else None
    constrains = more.pop("constrains", ())
    metadata = {"license": more.pop("license", "BSD-3-Clause"), **more}
    return Package(name, version, build, on, noarch, depends, constrains, metadata=metadata)


def program(name: str) -> Package:
    """A package with a command that says its name."""
    script = f'#!/bin/sh\necho {name} "$@"\n'.encode()
    return Package(
        name,
        noarch="generic",
        depends=["__unix"] if name == "nvcc" else [],
        files={f"bin/{name}": script},
        executables=[f"bin/{name}"],
    )


def pythons() -> Iterator[Package]:
    """The tests' own Python, for all platforms; only this machine's runs."""
    yield replace(python_package("linux-64"), depends=["bzip2", "__glibc >=2.17,<3.0.a0"])
    for platform in PLATFORMS[1:]:
        yield conda("python", PYTHON, "0_cpython", "bzip2", _SYSTEMS[platform], on=platform)


@dataclass(frozen=True)
class Project:
    """A project.

    Attributes:
        files: path -> text, below the project's folder.
        packages: of its ``conda-forge``; those of ``robot`` if there are none.
        installs: whether those packages have archives.
        setup: commands that prepare it, once.
        then: commands that have to be run in each copy, since they know its place.
        environ: variables of all commands.
        advisories: in ``osv-pypi.zip``, besides one about a project that nobody has.
        index: the folder of its package index.
        served: whether its channels are asked for by HTTP, whose answers are kept.
        base: the name of an OCI layout to build images on.
    """

    files: Mapping[str, str] = field(default_factory=dict)
    packages: Sequence[Package] = ()
    installs: bool = False
    setup: str = ""
    then: str = ""
    environ: Mapping[str, str] = field(default_factory=dict)
    advisories: Sequence[Advisory] = ()
    base: str = ""
    served: bool = False
    index: str = "pypi"


MACHINE = {
    "CONDA_SUBDIR": "linux-64",
    "CONDA_OVERRIDE_CUDA": "12.6",
    "CONDA_OVERRIDE_GLIBC": "2.35",
    "CONDA_OVERRIDE_LINUX": "6.8",
}


def _cuda(name: str, version: str, build: str, *depends: str) -> Package:
    cuda = "cuda-version >=12.4,<13" if build.startswith("cuda12") else "cuda-version >=11.8,<12"
    return conda(name, version, build, cuda, "__cuda", *depends, on="linux-64")


FORGE = (
    *pythons(),
    conda("bzip2", "1.0.8", "hda65f42_10", "__glibc >=2.17,<3.0.a0", "libgcc >=14", on="linux-64"),
    conda("bzip2", "1.0.8", "hd037594_10", "__osx >=11.0", on="osx-arm64"),
    conda("bzip2", "1.0.8", "h0ad9c76_10", on="win-64"),
    conda("libgcc", "16.1.0", "0", "__glibc >=2.17,<3.0.a0", on="linux-64"),
    conda("_openmp_mutex", "4.5", on="osx-arm64"),
    conda("libblas", "3.11.0", "4_openblas", on="linux-64"),
    conda("libblas", "3.11.0", "4_openblas", "_openmp_mutex", on="osx-arm64"),
    conda("libblas", "3.11.0", "4_openblas", on="win-64"),
    conda("numpy", "1.26.4", "py_0", "python", "libblas"),
    conda("numpy", "2.5.2", "py_0", "python", "libblas"),
    conda("scipy", "1.16.2", "py_0", "python", "numpy"),
    conda("mesa-libegl-cos7-x86_64", "18.3.4"),
    conda("gdb", "16.3"),
    conda("tomli", "2.0"),
    conda("sphinx", "8.2"),
    conda("ruff", "0.14"),
    conda("openssl", "3.5"),
    conda("our-conda-package"),
    conda("mkl", "2025.3.1"),
    program("pytest"),
    program("nvcc"),
    Package("cuda-version", "11.8", noarch="generic", constrains=["__cuda >=11"]),
    Package("cuda-version", "12.9", noarch="generic", constrains=["__cuda >=12"]),
    conda("pytorch", "2.10.0", "cpu_py_0", "python", "mkl", on="linux-64"),
    conda("pytorch", "2.10.0", "cpu_py_0", "python", "mkl", on="osx-arm64"),
    _cuda("pytorch", "2.10.0", "cuda129_py_0", "python", "mkl"),
    _cuda("pytorch", "2.10.0", "cuda118_py_0", "python", "mkl"),
    conda("pytorch-gpu", "2.10.0", "cuda_0", "pytorch * cuda*", on="linux-64"),
)
NVIDIA = (conda("cuda-nvcc", "12.9"),)
BIOCONDA = (conda("samtools", "1.22"),)
#: Name, version and requirements.
WHEELS = (
    ("robosuite", "1.5.0"),
    ("robosuite", "1.5.2"),
    ("light", "1.0"),
    ("colorama", "0.4.6"),
    ("ninja", "1.11.1"),
    ("builder", "1.0", "ninja"),
)

ROBOT = """\
name: robot
channels: [conda-forge]
platforms: [linux-64, osx-arm64]
dependencies:
  - python 3.12.*
  - numpy
  - scipy
  - pytorch
  - pytest
  - gdb
  - pip:
      - robosuite
multiplat:
  virtual-packages:
    osx-arm64: {osx: "14.0"}
  environments:
    cuda12:
      platforms: [linux-64]
      virtual-packages: {linux-64: {cuda: "12.4"}}
      dependencies: [pytorch-gpu, nvcc]
    dev:
      extends: []
      dependencies: [python, numpy, scipy, pytest, ruff]
  prefer: [cuda12, default]
"""
CLUSTER = """\
name: robot
channels: [conda-forge]
platforms: [linux-64]
dependencies: [gdb]
multiplat:
  environments:
    cuda11:
      virtual-packages: {linux-64: {cuda: "11.8"}}
      dependencies: [pytorch-gpu, cuda-version 11.*]
    cuda12:
      virtual-packages: {linux-64: {cuda: "12.4"}}
      dependencies: [pytorch-gpu, cuda-version 12.*]
"""
#: Makes a repository, with all that is there in it.
COMMIT = "git init -q -b main\ngit add -A\ngit commit -qm Lock"
_FILES = {"environment.yml": ROBOT, "train.py": "", "stick/.keep": ""}
_LOCKED = f"""\
conda multiplat lock
conda multiplat render --kind explicit --platform linux-64
tar -cf debian.tar -C debian .
cp conda-lock.yml old-lock.yml
{COMMIT}
mkdir -p ~/.config/fish/completions services/robot
cp environment.yml *conda-lock.yml services/robot"""


def manifest(*lines: str, platforms: str = "linux-64, osx-arm64", more: str = "") -> str:
    """A manifest, whose first dependency is in line 5; ``more`` is appended."""
    text = f"name: robot\nchannels: [conda-forge]\nplatforms: [{platforms}]\ndependencies:\n"
    return text + "".join(f"  - {line}\n" for line in lines) + more


_ENVIRONMENT = "name: robot\nchannels: [conda-forge]\ndependencies: [python 3.12.*]\n"
_IMPORTED = {
    "environment-linux.yml": _ENVIRONMENT,
    "env.osx-arm64.yaml": _ENVIRONMENT,
    "robot.yml": f"{_ENVIRONMENT}platforms: [linux-64]\n",
    "gpu.yml": _ENVIRONMENT.replace("python 3.12", "numpy 1.26"),
    "mac.yml": _ENVIRONMENT.replace("python 3.12", "numpy 2"),
    "pixi.toml": """\
[workspace]
name = "robot"
channels = ["conda-forge"]
platforms = ["linux-64", "osx-arm64"]
[dependencies]
python = ">=3.10"
""",
    "pyproject.toml": """\
[project]
name = "robot"
version = "1"
dependencies = ["numpy"]
[tool.conda-lock]
channels = ["conda-forge"]
platforms = ["linux-64"]
""",
    "meta.yaml": "package: {name: robot, version: 1}\nrequirements:\n  run: [numpy]\n",
    "virtual-packages.yml": "subdirs: {linux-64: {packages: {__glibc: '2.28', __cuda: '12.4'}}}\n",
}


def _locked(*lines: str, **more: str) -> Project:
    return Project(
        {"environment.yml": manifest(*lines, **more)}, setup="conda multiplat lock", environ=MACHINE
    )


PROJECTS = {
    "robot": Project(_FILES, setup=_LOCKED, environ=MACHINE, base="debian"),
    "installed": Project(
        _FILES,
        setup="conda multiplat lock",
        then="conda multiplat install -e default\nconda multiplat install -e cuda12",
        environ=MACHINE,
    ),
    "nothing": Project(environ=MACHINE),
    "pixi": Project({"pixi.toml": _IMPORTED["pixi.toml"]}, environ=MACHINE),
    "importing": Project(
        {**_IMPORTED, "old/environment.yml": manifest("python 3.12.*")},
        setup="cd old; conda multiplat lock; mv conda-lock.yml ..\n"
        "conda create -q -y -n robot --override-channels -c conda-forge gdb",
        environ=MACHINE,
    ),
    "cluster": Project({"environment.yml": CLUSTER}, setup="conda multiplat lock", environ=MACHINE),
    "packed": Project(
        _FILES,
        setup="conda multiplat lock\n"
        "conda multiplat pack --platform linux-64 -e cuda12\n"
        "conda multiplat pack --platform linux-64 -e default",
        then="cp robot-cuda12.linux-64.tar ..",
        environ=MACHINE,
    ),
    "adding": _locked("python 3.12.*"),
    "removing": _locked("python 3.12.*", "numpy", "scipy"),
    "single": _locked("python 3.12.*", "numpy", platforms="linux-64"),
}
