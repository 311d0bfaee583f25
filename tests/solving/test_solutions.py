"""Locks are correct, of random channels and of real metadata if it is available."""

from __future__ import annotations

import json
import os
import random
import subprocess
import sys
from pathlib import Path

import pytest
from support.hosts import TESTS, Host
from support.manifests import write
from support.packages import Package, write_repodata
from support.random_packages import SUBDIRS, random_packages

REPOSITORY = TESTS.parent
_REAL = Path(
    os.environ.get("CONDA_MULTIPLAT_TEST_CHANNELS", REPOSITORY.parent / "shared" / "channels")
)


def _judged(lock: Path, *channels: Path) -> list[str]:
    command = [sys.executable, "-m", "support.judge", str(lock), *map(str, channels)]
    environ = {**os.environ, "PYTHONPATH": str(TESTS), "PYTHONWARNINGS": "ignore"}
    done = subprocess.run(
        command, cwd=lock.parent, env=environ, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    problems: list[str] = json.loads(done.stdout)
    return problems


def _random_channel(folder: Path, seed: int) -> tuple[Path, list[str]]:
    packages, names = random_packages(seed)
    return write_repodata(folder, packages), names


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(6))
def test_random_channels(alone: Host, project: Path, tmp_path: Path, seed: int) -> None:
    """Whatever is requested of a random channel, the lock is consistent and minimal."""
    channel, names = _random_channel(tmp_path / "random", seed)
    chosen = random.Random(seed)
    solved = 0
    for _ in range(4):
        asked = chosen.sample(names, chosen.randrange(1, 5))
        selected = [
            f"{name}  # [{chosen.choice(['unix', 'win', 'not osx'])}]" for name in asked[2:]
        ]
        write(project, channel, *asked[:2], *selected)
        done = alone.multiplat("lock", cwd=project, code=None)
        assert done.returncode in (0, 1), done.stderr
        if done.returncode == 0:
            solved += 1
            assert _judged(project / "conda-lock.yml", channel) == []
    assert solved


def test_several_constraints_on_one_package(alone: Host, project: Path, tmp_path: Path) -> None:
    """A record that names one package twice keeps both constraints, as one MatchSpec."""
    depends = ["b >=1.0", "b * h*_5", "b <3", "c", "c *"]
    own = [Package("a", depends=depends), Package("b", "2.0", "h1_5"), Package("c")]
    channel = write_repodata(tmp_path / "own", own)
    write(project, channel, "a", platforms="[linux-64]")
    alone.multiplat("lock", cwd=project)
    text = (project / "conda-lock.yml").read_text(encoding="utf-8")
    assert "  dependencies:\n    b: '>=1.0,<3 h*_5'\n    c: ''\n" in text


@pytest.mark.slow
def test_the_judge_sees_what_is_wrong(alone: Host, project: Path, channel: Path) -> None:
    """A lock with another version, or with an extra package, is found to be wrong."""
    write(project, channel, "old-tool", platforms="[linux-64]")
    alone.multiplat("lock", cwd=project)
    lock = project / "conda-lock.yml"
    assert _judged(lock, channel) == []
    text = lock.read_text(encoding="utf-8")
    lock.write_text(text.replace("python-3.11.9", "python-3.12.4"), encoding="utf-8")
    assert _judged(lock, channel) == [
        "linux-64: python has other hashes than its channel says",
        "linux-64: numpy needs python 3.11.*",
        "linux-64: old-tool needs python <3.12",
    ]
    lock.write_text(text.replace('["old-tool"]', '["numpy"]'), encoding="utf-8")
    assert _judged(lock, channel) == ["linux-64: nothing asks for old-tool"]


@pytest.fixture(scope="module")
def real_metadata(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Real metadata of conda-forge, unpacked; not part of this project."""
    import zstandard

    if not (_REAL / "conda-forge").is_dir():
        pytest.skip("no slice of real metadata: name one in CONDA_MULTIPLAT_TEST_CHANNELS")
    target = tmp_path_factory.mktemp("conda-forge")
    for packed in sorted((_REAL / "conda-forge").glob("*/repodata.json.zst")):
        folder = target / packed.parent.name
        folder.mkdir()
        with packed.open("rb") as source, (folder / "repodata.json").open("wb") as file:
            zstandard.ZstdDecompressor().copy_stream(source, file)
    return target


@pytest.mark.parametrize(
    ("dependencies", "extra"),
    [
        (["python 3.12.*", "numpy>=1.26,<2.3", "scipy[version='>=1.11']", "pandas"], ""),
        (["python=3.11", "libblas=*=*openblas", "scikit-learn", "matplotlib"], ""),
        (
            ["python 3.11.*", "pytorch", "numpy"],
            "multiplat: {virtual-packages: {linux: {cuda: '12.4'}}}\n",
        ),
        (["python=3.10", "numba", "mesa-libegl-cos7-x86_64  # [linux64]"], ""),
        (["nodejs", "git  # [not win]", "cmake >=3.20"], ""),
    ],
)
def test_real_metadata(
    alone: Host, project: Path, real_metadata: Path, dependencies: list[str], extra: str
) -> None:
    """Environments of real packages, on every platform that has them."""
    write(project, real_metadata, *dependencies, platforms=f"[{', '.join(SUBDIRS)}]", extra=extra)
    done = alone.multiplat("lock", cwd=project, code=None)
    if done.returncode == 1:
        solvable = done.stderr.partition("solvable: ")[2].splitlines()
        platforms = [target.split("/")[1] for target in solvable[0].split(", ")] if solvable else []
        assert platforms, done.stderr
        write(
            project,
            real_metadata,
            *dependencies,
            platforms=f"[{', '.join(platforms)}]",
            extra=extra,
        )
        alone.multiplat("lock", cwd=project)
    assert _judged(project / "conda-lock.yml", real_metadata) == []
