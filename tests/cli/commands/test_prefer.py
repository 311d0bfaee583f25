"""Without ``-e``: which environment of ``prefer`` is taken is said, and why others are not."""

from __future__ import annotations

from pathlib import Path

import pytest
from support.hosts import Host
from support.manifests import write
from support.packages import SUBDIR, Package, build_channel

_NO_DRIVER = {"CONDA_OVERRIDE_CUDA": ""}
_EXTRA = f"""\
multiplat:
  environments:
    docs: {{dependencies: [two]}}
    gpu: {{dependencies: [cuda-tool], virtual-packages: {{{SUBDIR}: {{cuda: "12.4"}}}}}}
    dev: {{dependencies: [two]}}
    other: {{platforms: [freebsd-64]}}
  prefer: [other, gpu, dev, default]
"""
#: Why a preferred environment is skipped, as `install` says it.
_NOT_LOCKED = (
    f"skipped other: other has no platform {SUBDIR}, this machine's platform\n  it has freebsd-64\n"
)
_CANT_RUN = f"""\
skipped gpu: this machine can't run gpu for {SUBDIR}
  cuda-tool 1.0 needs          __cuda >=12     this machine: none
  the manifest's promise needs __cuda >=12.4   this machine: none
"""


@pytest.fixture
def locked_project(alone: Host, project: Path, tmp_path: Path) -> Path:
    """A project in which this machine can't run what is preferred."""
    needs = {"one": (), "two": (), "cuda-tool": ("__cuda >=12",)}
    packages = [
        Package(name, noarch="generic", depends=depends, files={f"share/{name}": b"x"})
        for name, depends in needs.items()
    ]
    write(
        project,
        build_channel(tmp_path / "own", packages),
        "one",
        extra=_EXTRA,
        platforms=f"[{SUBDIR}]",
    )
    alone.multiplat("lock", "-q", "-e", "default", "docs", "dev", "gpu", cwd=project)
    return project


def test_pack(alone: Host, locked_project: Path) -> None:
    """The archive's line names the environment, whatever the archive is called; ``--json`` too."""
    skipped = _NOT_LOCKED.replace(", this machine's platform", "")
    done = alone.multiplat("pack", "-d", "-o", "x.tar", cwd=locked_project)
    assert done.stderr.startswith(f"{skipped} would write x.tar: 2 packages of gpu/{SUBDIR} (")
    done = alone.multiplat("pack", "-o", "x.tar", cwd=locked_project)
    assert done.stderr.startswith(f"{skipped} wrote x.tar: 2 packages of gpu/{SUBDIR}, ")
    done = alone.multiplat("pack", "-e", "dev", "-o", "x.tar", cwd=locked_project)
    assert done.stderr.startswith(f" wrote x.tar: 2 packages of dev/{SUBDIR}, ")
    (archive,) = alone.json("pack", "-d", cwd=locked_project)["archives"]
    first, *details = skipped.removeprefix("skipped other: ").splitlines()
    assert archive["skipped"] == [
        {"environment": "other", "error": first, "details": [detail.strip() for detail in details]}
    ]


def test_install_and_modulefile(alone: Host, locked_project: Path) -> None:
    """A module is of the first that is installed: the ones before it are named, as by install."""
    done = alone.multiplat("install", cwd=locked_project, env=_NO_DRIVER)
    assert done.stderr.startswith(_NOT_LOCKED + _CANT_RUN)
    prefix = alone.envs / "demo-dev"
    skipped = "".join(
        f"skipped {name}: there is no conda environment in {alone.envs / f'demo-{name}'}\n"
        for name in ("other", "gpu")
    )
    loads = f" it loads dev from {prefix}\n"
    done = alone.multiplat("modulefile", cwd=locked_project)
    assert done.stderr == skipped + loads
    assert done.stdout.startswith("#%Module1.0\n")
    done = alone.multiplat("modulefile", "-e", "dev", cwd=locked_project)
    assert done.stderr == loads
    document = alone.json("modulefile", cwd=locked_project)
    assert document["environment"] == "dev"
    assert [entry["environment"] for entry in document["skipped"]] == ["other", "gpu"]
    done = alone.multiplat("list", "--installed", cwd=locked_project)
    assert done.stderr == f"{skipped} {prefix}: 2 packages, all as locked\n"


def test_ways_out(alone: Host, locked_project: Path) -> None:
    """What a refusal offers is in the order of `prefer`, and the rest in the manifest's."""
    done = alone.multiplat("install", "-e", "gpu", cwd=locked_project, env=_NO_DRIVER, code=1)
    assert (
        "  nothing was downloaded or changed\n"
        "  conda multiplat install -e dev: fits this machine\n"
        "  conda multiplat install -e default: fits this machine\n"
        "  conda multiplat install -e docs: fits this machine\n"
    ) in done.stderr


def test_what_enters_it_says_nothing(alone: Host, locked_project: Path) -> None:
    """What is typed all day, or sourced by a shell, says it neither where it is installed."""
    alone.multiplat("install", "-q", cwd=locked_project, env=_NO_DRIVER)
    for words in (("run", "--no-install", "--", "true"), ("run", "--", "true"), ("shell-hook",)):
        done = alone.multiplat(*words, cwd=locked_project, env=_NO_DRIVER)
        assert (words, done.stderr) == (words, "")
