"""The bytes of a lock are the same whichever py-rattler made it."""

from __future__ import annotations

from pathlib import Path

from support.hosts import Host
from support.manifests import write
from support.packages import write_repodata
from support.random_packages import SUBDIRS, random_packages

CASES = Path(__file__).resolve().parents[2] / "cases" / "lock-bytes"
_CUDA = 'multiplat: {virtual-packages: {linux-64: {cuda: "12.4"}}}\n'


def _packages(lock: Path, channel: Path) -> str:
    """Return the packages of a lock; what precedes them does not depend on rattler."""
    text = lock.read_text(encoding="utf-8").replace(channel.as_uri(), "file:///channel")
    return text.partition("\npackage:\n")[2]


def _kept(name: str) -> str:
    """Return the locks that py-rattler 0.26.0, 0.27.1 and 0.28.0 have made."""
    return (CASES / f"{name}.yml").read_text(encoding="utf-8")


def test_platforms_and_promises(alone: Host, project: Path, channel: Path) -> None:
    """Noarch packages, a promise of CUDA, several builds and ranges give the same bytes."""
    asked = ["python >=3.11", "scipy", "libblas", "rich-text", "cuda-thing  # [linux64]"]
    write(project, channel, *asked, extra=_CUDA)
    alone.multiplat("lock", cwd=project)
    assert _packages(project / "conda-lock.yml", channel) == _kept("promises")


def test_choices(alone: Host, project: Path, tmp_path: Path) -> None:
    """A channel with many possible solutions gives the same bytes."""
    packages, names = random_packages(11)
    channel = write_repodata(tmp_path / "channel", packages)
    top = [name for name in names if name[0] in "ef"]
    write(project, channel, *top[2::3], platforms=f"[{', '.join(SUBDIRS)}]")
    alone.multiplat("lock", cwd=project)
    assert _packages(project / "conda-lock.yml", channel) == _kept("choices")
