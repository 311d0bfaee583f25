"""We run on conda's py-rattler, and refuse a version that we don't know."""

from __future__ import annotations

from importlib import metadata
from pathlib import Path

import pytest
import rattler
from packaging.requirements import Requirement
from support.hosts import Host
from support.manifests import write

from conda_multiplat.engines.conda.rattler_versions import KNOWN
from conda_multiplat.engines.conda.specs import spec_matches
from conda_multiplat.vocabulary.names import VirtualPackage


def test_the_versions_that_are_known_are_those_that_are_asked_for() -> None:
    """The requirement allows exactly the versions that the code accepts."""
    needed = [Requirement(require) for require in metadata.requires("conda-multiplat") or []]
    (versions,) = (
        requirement.specifier for requirement in needed if requirement.name == "py-rattler"
    )
    last_major, last = KNOWN[-1]
    tried = [(last_major, minor) for minor in range(last + 5)]
    assert [
        version for version in tried if versions.contains(f"{version[0]}.{version[1]}.0")
    ] == list(KNOWN)
    assert versions.contains(rattler.__version__)


def test_builds_that_no_channel_may_have_any_more() -> None:
    """0.28 refuses invalid build strings by default; an edited lock may have them."""
    assert spec_matches("foo 1.*", VirtualPackage("foo", "1.0", "py3-none-any"))
    assert not spec_matches("foo 2.*", VirtualPackage("foo", "1.0", "a b" * 40))


@pytest.fixture(params=["0.25.3", "0.29.0", "1.0.0"])
def other(request: pytest.FixtureRequest, tmp_path: Path) -> dict[str, str]:
    """Simulate an unknown py-rattler that has none of the names that we use."""
    folder = tmp_path / "other"
    (folder / "rattler").mkdir(parents=True)
    text = f"__version__ = {request.param!r}\n"
    (folder / "rattler" / "__init__.py").write_text(text, encoding="utf-8")
    return {"PYTHONPATH": str(folder), "VERSION": request.param}


def test_another_version_is_refused(
    alone: Host, project: Path, channel: Path, other: dict[str, str]
) -> None:
    """One error names both versions before anything is done."""
    write(project, channel, "python")
    document = alone.json("lock", cwd=project, env=other, code=3)
    assert document["error"] == (
        f"py-rattler {other['VERSION']} is installed; this conda-multiplat works with 0.26 to 0.28"
    )
    assert document["hints"][0] == "install one of those: `pip install 'py-rattler>=0.26,<0.29'`"
    assert not (project / "conda-lock.yml").exists()


@pytest.mark.slow
def test_what_needs_no_engine_works_beside_another_version(
    alone: Host, project: Path, channel: Path, other: dict[str, str]
) -> None:
    """Each command's help works, and `check` if all is in sync, so that git hooks keep working."""
    write(project, channel, "python")
    alone.multiplat("lock", cwd=project)
    alone.multiplat("check", cwd=project, env=other)
    for command in ("import", "lock", "install", "why"):
        assert "usage:" in alone.multiplat(command, "--help", cwd=project, env=other).stdout
