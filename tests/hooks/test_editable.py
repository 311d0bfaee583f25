"""An editable install of the sources has the hooks, which stand beside the package."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from support.hosts import Host
from support.manifests import write
from support.repositories import REPOSITORY

SOURCES = ("conda_multiplat", "hooks", "pyproject.toml", "README.md", "LICENSE")


@pytest.fixture(scope="module")
def scripts(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The scripts of an editable install of a copy of the sources, which stay as they are."""
    copy, prefix = tmp_path_factory.mktemp("sources"), tmp_path_factory.mktemp("editable") / "venv"
    for name in SOURCES:
        source = REPOSITORY / name
        if source.is_dir():
            shutil.copytree(source, copy / name, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy(source, copy / name)
    uv = (sys.executable, "-m", "uv", "--quiet")
    subprocess.run([*uv, "venv", "--python", sys.executable, str(prefix)], check=True)
    install = ("pip", "install", "--python", str(prefix), "--editable", str(copy))
    subprocess.run([*uv, *install], check=True)
    return prefix / ("Scripts" if sys.platform == "win32" else "bin")


@pytest.mark.slow
@pytest.mark.pypi
def test_hooks_run(scripts: Path, alone: Host, project: Path, channel: Path) -> None:
    """``check`` sees what is stale, ``relock`` and ``rerender`` mend it, and all are content."""

    def hook(name: str) -> tuple[int, str]:
        done = subprocess.run(
            [scripts / f"conda-multiplat-{name}", "environment.yml"],
            cwd=project,
            env=alone.environ(),
            capture_output=True,
            text=True,
            check=False,
        )
        return done.returncode, done.stderr

    write(project, channel, "zlib")
    alone.multiplat("lock", cwd=project)
    alone.multiplat("render", "--kind", "explicit", cwd=project)
    write(project, channel, "zlib", "python")
    code, output = hook("check")
    assert (code, output.splitlines()[0]) == (1, "conda-lock.yml is out of date")
    assert hook("relock")[0] == 1
    code, output = hook("check")
    assert (code, output.splitlines()[-1]) == (1, "run: conda multiplat render --existing")
    assert hook("rerender")[0] == 1
    assert [hook(name)[0] for name in ("check", "relock", "rerender")] == [0, 0, 0]
