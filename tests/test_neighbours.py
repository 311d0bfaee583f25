"""What a conda of conda-forge has beside us can be installed together with us."""

from __future__ import annotations

import os
import subprocess
import sys
from importlib import metadata
from pathlib import Path

import pytest
from packaging.utils import canonicalize_name
from packaging.version import Version

from conda_multiplat.engines.conda.rattler_versions import KNOWN
from conda_multiplat.engines.pypi.uv import uv_program

#: conda's plugins that its users have, all from PyPI. conda itself is not there; what it needs is.
NEIGHBOURS = ("conda-rattler-solver", "conda-workspaces", "conda-lockfiles")
#: What conda 26.7 itself asks for (its ``pyproject.toml``) that we or its plugins ask for too.
CONDA = ("packaging>=23.0", "pluggy>=1.6.0", "ruamel.yaml>=0.11.14,<0.19", "platformdirs>=3.10.0")


def _resolved(folder: Path, requirements: list[str]) -> dict[str, Version]:
    """The newest versions that fit together, as uv finds them in the index."""
    file = folder / "requirements.in"
    file.write_text("\n".join(requirements) + "\n", encoding="utf-8")
    command = [uv_program(), "pip", "compile", "--no-header", "--no-annotate", "--no-progress"]
    done = subprocess.run(
        [*command, "--python", sys.executable, str(file)],
        env=os.environ,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    pairs = (line.split("==") for line in done.stdout.splitlines() if "==" in line)
    return {canonicalize_name(name): Version(version.split()[0]) for name, version in pairs}


@pytest.mark.slow
@pytest.mark.pypi
def test_conda_keeps_its_newest_plugins_beside_us(tmp_path: Path) -> None:
    """We push nothing back: each plugin has the version that it has without us."""
    ours = [
        require
        for require in metadata.requires("conda-multiplat") or []
        if "extra ==" not in require
    ]
    without = _resolved(tmp_path, [*NEIGHBOURS, *CONDA])
    beside = _resolved(tmp_path, [*NEIGHBOURS, *CONDA, *ours])
    assert {name: beside[name] for name in without} == without
    rattler = beside["py-rattler"]
    assert (rattler.major, rattler.minor) in KNOWN


@pytest.mark.pypi
def test_what_can_not_be_had_together_is_seen(tmp_path: Path) -> None:
    """The test above fails where nothing fits: no solver runs on the first rattler."""
    with pytest.raises(AssertionError, match="conda-rattler-solver"):
        _resolved(tmp_path, [*NEIGHBOURS, *CONDA, "py-rattler==0.1.0"])
