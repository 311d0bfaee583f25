"""``render --kind dockerfile``: its text, and what buildah makes of it without any network."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest
from support.hosts import Host
from support.images import (
    SUBDIR,
    image_documents,
    machine_base,
    root_filesystem,
    run_in,
    why_not_run,
)
from support.manifests import write
from support.packages import Package, write_repodata
from support.pypi_index import Index
from support.server import serve

CASES = Path(__file__).parents[1] / "cases" / "render"
#: What stands for micromamba.
INSTALLER = {
    "bin/micromamba": b"""#!/bin/sh
mkdir -p /opt/env/etc/conda/activate.d
echo "$@" > /opt/env/asked
echo 'export FROM_SCRIPT=1' > /opt/env/etc/conda/activate.d/a.sh
""",
    "etc/passwd": b"root:x:0:0:root:/:/bin/sh\n",
}

VARIABLES = r"""variables: {ROBOT: 'two words, $HOME "quoted" \ & more', N: 3, TEXT: "a\nb"}
"""


@pytest.fixture
def tools(tmp_path: Path) -> Path:
    """A few packages, and Pythons; pip for one platform only."""
    systems = {
        "linux-64": "__glibc >=2.17",
        "linux-aarch64": "__glibc >=2.17",
        "osx-arm64": "__osx",
    }
    packages = [Package(name, noarch="generic") for name in ("tool", "pip")]
    packages += [
        Package("python", "3.12.5", "0_c", subdir, depends=[system])
        for subdir, system in systems.items()
    ]
    return write_repodata(tmp_path / "tools", packages)


@pytest.mark.slow
def test_text(door: Host, project: Path, tools: Path) -> None:
    """The explicit file beside it is installed; variables are as in the manifest."""
    platforms = "[linux-64, linux-aarch64, osx-arm64]"
    write(project, tools, "python", platforms=platforms, extra=VARIABLES)
    door.multiplat("lock", cwd=project)
    done = door.multiplat("render", "--kind", "dockerfile", cwd=project)
    assert done.stderr == (
        " wrote linux-64.Dockerfile, conda-linux-64.lock, "
        "linux-aarch64.Dockerfile, conda-linux-aarch64.lock\n"
    )
    expected = (CASES / "linux-aarch64.Dockerfile").read_text("utf-8")
    assert (project / "linux-aarch64.Dockerfile").read_text("utf-8") == expected
    assert "in sync" in door.multiplat("check", cwd=project).stdout
    write(project, tools, "python", platforms=platforms, extra="variables: {ROBOT: other}\n")
    assert door.multiplat("check", cwd=project, code=1).stdout == (
        "linux-64.Dockerfile is out of date\n  it differs from the lock\n"
        "linux-aarch64.Dockerfile is out of date\n  it differs from the lock\n"
        "run: conda multiplat render --existing\n"
    )
    done = door.multiplat("render", "--existing", cwd=project)
    assert done.stderr == " wrote linux-64.Dockerfile, linux-aarch64.Dockerfile\n"


@pytest.mark.slow
def test_pypi(alone: Host, project: Path, tools: Path, tmp_path: Path) -> None:
    """Requirements are installed by the environment's pip, or else by one that is not in it."""
    index = Index(tmp_path / "index")
    index.wheel("robot", "1.0")
    with serve(index.root) as server:
        pip = f"pip: [--index-url {server.url}/simple, robot]"
        own = f"extends: [], dependencies: [python, pip, {{{pip}}}]"
        extra = f"multiplat: {{environments: {{own: {{{own}}}}}}}\n"
        write(project, tools, "python", pip, platforms="[linux-64]", extra=extra)
        alone.multiplat("lock", cwd=project)
    alone.multiplat("render", "--kind", "dockerfile", cwd=project)
    options = "--no-cache-dir --no-deps --require-hashes --requirement /tmp/"
    assert (
        "COPY requirements-linux-64.txt /tmp/\n"
        "RUN /opt/env/bin/python -m venv /tmp/pip \\\n"
        " && /tmp/pip/bin/python -m pip --python /opt/env/bin/python install "
        f"{options}requirements-linux-64.txt\n"
    ) in (project / "linux-64.Dockerfile").read_text("utf-8")
    assert (
        "COPY own.requirements-linux-64.txt /tmp/\n"
        f"RUN /opt/env/bin/python -m pip install {options}own.requirements-linux-64.txt\n"
    ) in (project / "own.linux-64.Dockerfile").read_text("utf-8")


def test_other_platforms(alone: Host, project: Path, tools: Path) -> None:
    """There are images only for Linux."""
    write(project, tools, "tool", platforms="[osx-arm64]")
    alone.multiplat("lock", cwd=project)
    done = alone.multiplat("render", "--kind", "dockerfile", cwd=project, code=2)
    assert done.stderr == "error: no Linux packages are locked for any platform\n"


@pytest.mark.slow
@pytest.mark.skipif(not shutil.which("buildah"), reason="buildah is not installed")
@pytest.mark.skipif(bool(why_not_run()), reason=why_not_run())
def test_buildah(alone: Host, project: Path, tools: Path, tmp_path: Path) -> None:
    """Another builder reads it, and makes an image whose variables and scripts are right.

    No network: the image with micromamba is a stand-in that says what it was asked for.
    """
    write(project, tools, "python", platforms=f"[{SUBDIR}]", extra=VARIABLES)
    alone.multiplat("lock", cwd=project)
    alone.multiplat("render", "--kind", "dockerfile", cwd=project)
    images = {
        "INSTALLER": machine_base(tmp_path / "installer", "mkdir", "chmod", scripts=INSTALLER),
        "BASE": machine_base(tmp_path / "base", "cat", "env"),
    }
    arguments = [
        word
        for name, place in images.items()
        for word in ("--build-arg", f"{name}=oci:{place}:base")
    ]
    store = ("--storage-driver", "vfs", "--root", tmp_path / "store", "--runroot", tmp_path / "run")
    subprocess.run(
        [
            *("buildah", *store, "bud", "--isolation", "chroot", *arguments),
            *("--file", f"{SUBDIR}.Dockerfile", "--tag", f"oci:{tmp_path / 'made'}:x", "."),
        ],
        cwd=project,
        check=True,
        capture_output=True,
    )
    _, _, configuration = image_documents(tmp_path / "made")
    root = root_filesystem(tmp_path / "made", tmp_path / "root")
    assert configuration["config"]["Cmd"] == ["python"]
    asked = f"create --yes --prefix /opt/env --file /tmp/conda-{SUBDIR}.lock\n"
    assert run_in(root, configuration, "cat", "/opt/env/asked") == asked
    environ = dict(
        line.partition("=")[::2] for line in run_in(root, configuration, "env").splitlines()
    )
    assert (
        environ.items()
        >= {
            "PATH": "/opt/env/bin:/bin",
            "CONDA_PREFIX": "/opt/env",
            "ROBOT": r'two words, $HOME "quoted" \ & more',
            "N": "3",
            "FROM_SCRIPT": "1",
        }.items()
    )
