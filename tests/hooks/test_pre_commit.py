"""Commits through the real pre-commit and prek, with the hooks of this repository's HEAD.

Their environment is installed from a clone of it and from the package index, once for all tests.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest
from support.hosts import Host, standalone
from support.manifests import write
from support.packages import Package, write_repodata
from support.pypi_index import Index
from support.repositories import REPOSITORY, Repository
from support.server import serve

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(
        not (REPOSITORY / ".git").exists(), reason="hooks are installed from a git checkout"
    ),
]
PRE_COMMIT, PREK = "pre_commit", "prek"
#: One environment for all of a run's processes and tests: both keep others out while they make it.
_HOMES = {PRE_COMMIT: "PRE_COMMIT_HOME", PREK: "PREK_HOME"}
STALE = "conda-lock.yml is out of date\n"
RUN = "run: conda multiplat lock\n"
DEV = "multiplat: {environments: {dev: {dependencies: [python]}}}\n"


def _shared(factory: pytest.TempPathFactory, name: str) -> Path:
    """A folder for all processes of this run."""
    base = factory.getbasetemp()
    return (base.parent if "PYTEST_XDIST_WORKER" in os.environ else base) / name


def _variables(factory: pytest.TempPathFactory, host: Host, runner: str) -> dict[str, str]:
    """The hooks get a home of their own; how packages are fetched is as in the caller's."""
    variables = {**os.environ, **host.environ(), _HOMES[runner]: str(_shared(factory, runner))}
    variables["PATH"] = os.pathsep.join([str(Path(sys.executable).parent), variables["PATH"]])
    return variables


@pytest.fixture(scope="session")
def template(tmp_path_factory: pytest.TempPathFactory, channel: Path) -> Path:
    """A committed project with its lock, to be copied."""
    folder = tmp_path_factory.mktemp("template") / "repository"
    folder.mkdir()
    subprocess.run(["git", "init", "-q", str(folder)], check=True)
    write(folder, channel, "zlib")
    standalone(tmp_path_factory.mktemp("template-home")).multiplat("lock", cwd=folder)
    (folder / "README.md").write_text("one\n", encoding="utf-8")
    return folder


def _repository(
    template: Path, tmp_path: Path, runner: Sequence[str], variables: dict[str, str], host: Host
) -> Repository:
    folder = tmp_path / "repository"
    shutil.copytree(template, folder)
    repo = Repository(folder, host, variables)
    repo.hooks("conda-multiplat-check")
    subprocess.run([*runner, "install"], cwd=folder, env=variables, check=True, capture_output=True)
    return repo


@pytest.fixture
def repository(
    template: Path, tmp_path: Path, tmp_path_factory: pytest.TempPathFactory, alone: Host
) -> Repository:
    """A project whose commits go through pre-commit."""
    variables = _variables(tmp_path_factory, alone, PRE_COMMIT)
    runner = [sys.executable, "-m", PRE_COMMIT]
    return _repository(template, tmp_path, runner, variables, alone)


@pytest.fixture
def prek_repository(
    template: Path, tmp_path: Path, tmp_path_factory: pytest.TempPathFactory, alone: Host
) -> Repository:
    """A project whose commits go through prek."""
    variables = _variables(tmp_path_factory, alone, PREK)
    runner = [str(Path(sys.executable).with_name(PREK))]
    return _repository(template, tmp_path, runner, variables, alone)


def test_in_sync(repository: Repository, channel: Path) -> None:
    """A comment in the manifest needs no new lock, nor does a request that is still met."""
    for line in ("zlib  # compresses", "zlib >=1"):
        write(repository.folder, channel, line)
        repository.git("add", "-A")
        assert "conda locks match their environment.yml" in repository.commit()
    assert repository.git("status", "--porcelain") == ""


def test_other_commits_pay_nothing(repository: Repository) -> None:
    """The hook is not even started for a commit of neither manifest nor lock."""
    (repository.folder / "README.md").write_text("two\n", encoding="utf-8")
    repository.git("add", "-A")
    assert "(no files to check)Skipped" in repository.commit()


def test_the_staged_content_counts(repository: Repository, channel: Path) -> None:
    """A lock that is only mended in the work tree does not help; broken there, it does no harm."""
    write(repository.folder, channel, "zlib", "python")
    repository.git("add", "-A")
    repository.multiplat("lock")
    output = repository.commit(code=1)
    place = "environment.yml:7:5  python: not locked  (linux-64, osx-arm64, win-64)"
    assert f"{STALE}  {place}\n{RUN}" in output
    repository.git("add", "-A")
    write(repository.folder, channel, "zlib", "python", "numpy")
    (repository.folder / "conda-lock.yml").write_text("broken", encoding="utf-8")
    repository.commit()
    assert (repository.folder / "conda-lock.yml").read_text(encoding="utf-8") == "broken"


def test_several_projects(repository: Repository, channel: Path) -> None:
    """Each folder with a manifest is a project; those that the commit touches are checked."""
    for name in ("one", "two"):
        folder = repository.folder / name
        folder.mkdir()
        write(folder, channel, "zlib")
    repository.multiplat("lock", "-f", "one/environment.yml")
    write(repository.folder, channel, "python")
    repository.git("add", "one", "two")
    output = repository.commit(code=1)
    stale = f"{Path('two', 'conda-lock.yml')} is out of date\n"
    way = f"run: conda multiplat lock -f {Path('two', 'environment.yml')}\n"
    assert f"{stale}  there is no such lock\n{way}" in output
    assert STALE not in output.replace(stale, "")
    repository.multiplat("lock", "-f", "two/environment.yml")
    output = repository.commit(code=1)
    assert (
        f"  it is not added to the commit\nrun: git add {Path('two', 'conda-lock.yml')}\n" in output
    )
    repository.git("add", "two")
    repository.commit()


def _truncated(text: str) -> str:
    return text[: len(text) // 2]


def _cut_head(text: str) -> str:
    return text[:300]


def _merged(text: str) -> str:
    return text.replace("package:\n", "package:\n<<<<<<< HEAD\n")


def _by_hand(text: str) -> str:
    return text.replace("version: 1.3.1", "version: 1.3.2")


@pytest.mark.parametrize(
    ("harm", "message"),
    [
        (_by_hand, f"{STALE}  it was edited after it was made\n{RUN}"),
        (_merged, "error: conda-lock.yml has a merge conflict\n"),
        (_truncated, "error: conda-lock.yml can't be read\n"),
        (_cut_head, "error: conda-lock.yml can't be read\n"),
    ],
)
def test_harmed_lock(repository: Repository, harm: Callable[[str], str], message: str) -> None:
    """A lock that is no longer as it was written is not committed, and what to do is said."""
    lock = repository.folder / "conda-lock.yml"
    text = lock.read_text(encoding="utf-8")
    assert harm(text) != text
    lock.write_text(harm(text), encoding="utf-8")
    repository.git("add", "-A")
    output = repository.commit(code=1)
    assert message in output
    assert "conda multiplat lock" in output


def test_line_ends(repository: Repository, channel: Path) -> None:
    """A work tree with CRLF, as git makes it on Windows, is in sync."""
    repository.git("config", "core.autocrlf", "true")
    write(repository.folder, channel, "zlib  # compresses")
    for name in ("conda-lock.yml", "environment.yml"):
        path = repository.folder / name
        path.write_bytes(path.read_bytes().replace(b"\n", b"\r\n"))
    repository.git("add", "-A")
    assert "Passed" in repository.commit()


def test_environments(repository: Repository, channel: Path) -> None:
    """A lock that is missing, one that nobody owns, and one that nobody has added."""
    write(repository.folder, channel, "zlib", extra=DEV)
    repository.git("add", "-A")
    assert f"dev.{STALE}  there is no such lock\n{RUN}" in repository.commit(code=1)
    repository.multiplat("lock")
    lock = "dev.conda-lock.yml"
    output = repository.commit(code=1)
    assert f"dev.{STALE}  it is not added to the commit\nrun: git add {lock}\n" in output
    repository.git("add", "-A")
    repository.commit()
    write(repository.folder, channel, "zlib")
    repository.git("add", "-A")
    output = repository.commit(code=1)
    assert f"  the manifest has no environment 'dev'\ndelete it: {lock}\n" in output
    repository.git("rm", "-q", "--cached", lock)  # one that lies around is not of the commit
    repository.commit()


def test_rendered_files(repository: Repository, channel: Path) -> None:
    """Files that were rendered from an older lock; the hook for them renews each kind."""
    for kind in ("explicit", "environment"):
        repository.multiplat("render", "--kind", kind, "--platform", "linux-64")
    repository.git("add", "-A")
    repository.commit()
    write(repository.folder, channel, "zlib", "python")
    repository.multiplat("lock")
    repository.git("add", "-A")
    output = repository.commit(code=1)
    for name in ("conda-linux-64.lock", "environment-linux-64.yml"):
        assert f"{name} is out of date\n  it differs from the lock\n" in output
    assert output.count("run: conda multiplat render --existing\n") == 1
    repository.git("reset", "-q", "--hard")
    repository.hooks("conda-multiplat-render", "conda-multiplat-check")
    write(repository.folder, channel, "zlib", "python")
    repository.multiplat("lock")
    repository.git("add", "-A")
    output = repository.commit(code=1)
    assert "wrote conda-linux-64.lock, environment-linux-64.yml\n" in output
    repository.git("add", "-A")
    repository.commit()


def test_deleted_files(repository: Repository, channel: Path) -> None:
    """A deleted file is named to no hook: with another one, or ``always_run``, it counts."""
    missing = f"{STALE}  there is no such lock\n{RUN}"
    repository.git("rm", "-q", "conda-lock.yml")
    assert "(no files to check)Skipped" in repository.commit()
    repository.git("reset", "-q", "--hard", "HEAD~")

    repository.git("rm", "-q", "conda-lock.yml")
    folder = repository.folder / "other"
    folder.mkdir()
    write(folder, channel, "zlib")
    repository.multiplat("lock", "-f", "other/environment.yml")
    repository.git("add", "-A")
    assert missing in repository.commit(code=1)

    repository.git("reset", "-q", "--hard")
    repository.hooks("conda-multiplat-check", always_run=True)
    repository.git("rm", "-q", "conda-lock.yml")
    assert missing in repository.commit(code=1)
    repository.git("reset", "-q", "--hard")
    repository.git("rm", "-q", "environment.yml")
    assert "error: environment.yml does not exist\n" in repository.commit(code=1)
    repository.git("rm", "-q", "conda-lock.yml")
    repository.commit()


def test_manifest_of_another_name(repository: Repository, channel: Path) -> None:
    """The lock tells which files it was made from."""
    repository.git("rm", "-q", "environment.yml")
    write(repository.folder, channel, "zlib", file="robot.yml")
    repository.multiplat("lock", "-f", "robot.yml")
    repository.git("add", "-A")
    repository.commit()
    write(repository.folder, channel, "zlib", "python", file="robot.yml")
    lock = repository.folder / "conda-lock.yml"
    lock.write_text(_by_hand(lock.read_text(encoding="utf-8")), encoding="utf-8")
    repository.git("add", "-A")
    output = repository.commit(code=1)
    assert "  it was edited after it was made" in output
    assert "run: conda multiplat lock\n" in output  # which finds the same files


def test_requirement_file(repository: Repository, tmp_path: Path) -> None:
    """A requirements file counts where ``files:`` has it."""
    python = [Package("python", "3.12.5", "0_c", subdir) for subdir in ("linux-64", "win-64")]
    channel = write_repodata(tmp_path / "channel", python)
    index = Index(tmp_path / "index")
    index.wheel("robot")
    folder = repository.folder
    (folder / "requirements.txt").write_text("robot\n", encoding="utf-8")
    with serve(index.root) as server:
        pip = f"pip: [--index-url {server.url}/simple, -r requirements.txt]"
        write(folder, channel, "python", pip, platforms="[linux-64, win-64]")
        repository.multiplat("lock")
    repository.hooks("conda-multiplat-check", files="requirements.txt")
    (folder / "requirements.txt").write_text("robot >=2\n", encoding="utf-8")
    repository.git("add", "-A")
    reason = "requirements.txt:1:1  pip: robot >=2: locked: robot 1.0  (linux-64, win-64)"
    assert f"{STALE}  {reason}\n{RUN}" in repository.commit(code=1)


def test_lock_hook(repository: Repository, channel: Path) -> None:
    """It locks again and fails once, with the new lock in the work tree."""
    repository.hooks("conda-multiplat-lock", "conda-multiplat-check")
    write(repository.folder, channel, "zlib", "python")
    repository.git("add", "-A")
    output = repository.commit(code=1)
    assert "- files were modified by this hook" in output
    assert "wrote conda-lock.yml (" in output
    assert repository.git("diff", "--name-only") == "conda-lock.yml\n"
    repository.git("add", "-A")
    repository.commit()


def test_prek(prek_repository: Repository, channel: Path) -> None:
    """Prek runs the same hooks: the staged content, and only for commits that touch it."""
    repository = prek_repository
    (repository.folder / "README.md").write_text("two\n", encoding="utf-8")
    repository.git("add", "-A")
    assert "(no files to check)Skipped" in repository.commit()
    repository.git("rm", "-q", "conda-lock.yml")
    assert "(no files to check)Skipped" in repository.commit()
    repository.git("reset", "-q", "--hard", "HEAD~")
    write(repository.folder, channel, "zlib", "python")
    repository.git("add", "-A")
    repository.multiplat("lock")
    place = "environment.yml:7:5  python: not locked  (linux-64, osx-arm64, win-64)"
    output = repository.commit(code=1)
    for line in (STALE, place, RUN):
        assert line in output
    repository.git("add", "-A")
    assert "Passed" in repository.commit()
    repository.hooks("conda-multiplat-check", always_run=True)
    repository.git("rm", "-q", "conda-lock.yml")
    assert "  there is no such lock\n" in repository.commit(code=1)


def test_lock_hook_of_prek(prek_repository: Repository, channel: Path) -> None:
    """So does the one that locks."""
    repository = prek_repository
    repository.hooks("conda-multiplat-lock", "conda-multiplat-check")
    write(repository.folder, channel, "zlib", "python")
    repository.git("add", "-A")
    assert "wrote conda-lock.yml" in repository.commit(code=1)
    repository.git("add", "-A")
    repository.commit()
