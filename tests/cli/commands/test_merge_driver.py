"""``merge-driver``: what git makes of two branches that both changed a lock."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import pytest
from support.git import repository
from support.hosts import Host
from support.manifests import locked, write
from support.packages import Package, write_repodata
from support.pypi_index import Index
from support.server import serve
from support.states import IN_SYNC, states

TWO = "[linux-64, osx-arm64]"
DEV = "multiplat: {environments: {dev: {dependencies: [solo]}}}\n"


@pytest.fixture
def tools(tmp_path: Path) -> Path:
    """Packages in several versions, some of which need others."""
    packages = [
        *(Package("base", version, noarch="generic") for version in ("1.0", "1.2", "1.5", "2.0")),
        *(Package("left", version, noarch="generic") for version in ("1.0", "2.0")),
        *(Package("right", version, noarch="generic") for version in ("1.0", "2.0", "3.0")),
        Package("tool", "3.0", "h1_0", noarch="generic", depends=["base >=1,<2"]),
        Package("wants-new", noarch="generic", depends=["base >=2"]),
        Package("solo", "1.0", noarch="generic"),
        Package("mac", "1.0", subdir="osx-arm64", depends=["__osx >=12"]),
        Package("gpu", "1.0", subdir="linux-64", constrains=["__cuda >=12"]),
        Package("sel", "1.0", noarch="generic"),
        *(Package(n, v, noarch="generic") for n in ("early", "late") for v in ("1.0", "2.0")),
    ]
    return write_repodata(tmp_path / "tools", packages)


#: Lines far apart: git merges what two branches do to different ones.
LINES = (
    "left <2",
    *("# between" for _ in range(4)),
    "right <2",
    *("# " for _ in range(4)),
    "base <2",
)


def _write(folder: Path, tools: Path, lines: tuple[str, ...], **options: str) -> None:
    write(folder, tools, **{"platforms": TWO, **options})
    path = folder / "environment.yml"
    head, _, rest = path.read_text("utf-8").partition("dependencies:\n")
    body = "".join(f"  {line}\n" if line.startswith("#") else f"  - {line}\n" for line in lines)
    path.write_text(f"{head}dependencies:\n{body}{rest}", encoding="utf-8")


def _replaced(old: str, new: str) -> tuple[str, ...]:
    assert old in LINES
    return tuple(new if line == old else line for line in LINES)


#: What to run, from the top of the work tree.
RELOCK = 'conda multiplat lock -f "the robot/environment.yml"'


class Project:
    """A project in a repository whose two branches are made by the tests."""

    def __init__(self, host: Host, top: Path, tools: Path, folder: str = "") -> None:
        self.repo = repository(top, host)
        self.folder = top / folder
        self.folder.mkdir(exist_ok=True)
        self.tools = tools

    def write(self, lines: tuple[str, ...], **options: str) -> None:
        _write(self.folder, self.tools, lines, **options)

    def lock(self, *arguments: str) -> str:
        return self.repo.multiplat("lock", *arguments, cwd=self.folder)

    def check(self, *arguments: str, code: int = 0) -> str:
        return self.repo.multiplat("check", *arguments, cwd=self.folder, code=code)

    def states(self, *arguments: str) -> dict[str, str]:
        """What ``check`` says of each file, as data."""
        return states(self.repo.multiplat("check", *arguments, "--json", cwd=self.folder))

    def start(self, lines: tuple[str, ...] = LINES, **options: str) -> None:
        """The state that both branches begin with."""
        self.repo.multiplat("merge-driver", "--setup")
        self.write(lines, **options)
        self.lock()
        self.repo.commit("base")
        self.repo.git("branch", "side")

    def branch(self, name: str, lines: tuple[str, ...], *arguments: str, **options: str) -> None:
        """A commit on a branch: another manifest, locked."""
        self.repo.git("checkout", "-q", name)
        self.write(lines, **options)
        self.lock(*arguments)
        self.repo.commit(f"{name}: {lines}")

    def text(self, name: str = "conda-lock.yml") -> str:
        return (self.folder / name).read_text("utf-8")


@pytest.fixture
def two(alone: Host, tmp_path: Path, tools: Path) -> Project:
    """A project in a folder with a space, in a repository with one."""
    return Project(alone, tmp_path / "my repo", tools, "the robot")


def _diverge(project: Project, **options: str) -> None:
    """``main`` moves left, ``side`` moves right, both in two commits."""
    project.start(**options)
    project.branch("side", _replaced("right <2", "right 2.*"), **options)
    project.branch("side", _replaced("right <2", "right >=3"), **options)
    project.branch("main", _replaced("left <2", "left >=2"), **options)


BOTH = {"base": "1.5", "left": "2.0", "right": "3.0"}


@pytest.mark.slow
def test_merge(door: Host, tmp_path: Path, tools: Path) -> None:
    """Both sides' changes, in sync to the last byte with what the merged manifest is locked to."""
    project = Project(door, tmp_path / "my repo", tools, "the robot")
    _diverge(project)
    output = project.repo.git("merge", "side")
    assert "Auto-merging the robot/conda-lock.yml" in output
    assert "conda multiplat lock" not in output
    assert locked(project.folder) == {"linux-64": BOTH, "osx-arm64": BOTH}
    assert project.states("--strict") == IN_SYNC
    merged = project.text()
    (project.folder / "conda-lock.yml").unlink()
    project.lock()
    assert project.text() == merged, "it is what `lock` would have written"
    assert project.repo.git("status", "--short") == ""


@pytest.mark.slow
def test_rebase(two: Project) -> None:
    """Each commit that is picked has the union, and is in sync."""
    _diverge(two)
    two.repo.git("rebase", "-q", "main", "side")
    assert locked(two.folder)["linux-64"] == BOTH
    assert two.states("--strict") == IN_SYNC
    two.repo.git("checkout", "-q", "HEAD~1")
    assert locked(two.folder)["linux-64"] == {**BOTH, "right": "2.0"}
    assert two.states("--strict") == IN_SYNC


@pytest.mark.slow
def test_rebase_by_patches(two: Project) -> None:
    """The other backend of rebase."""
    _diverge(two)
    two.repo.git("rebase", "-q", "--apply", "main", "side")
    assert locked(two.folder)["linux-64"] == BOTH
    assert two.states("--strict") == IN_SYNC


@pytest.mark.slow
def test_cherry_pick_and_revert(two: Project) -> None:
    """One commit of a branch, from a subfolder; and one that is taken back."""
    _diverge(two)
    two.repo.git("cherry-pick", "side~1", cwd=two.folder)
    assert locked(two.folder)["linux-64"] == {**BOTH, "right": "2.0"}
    assert two.states("--strict") == IN_SYNC
    two.repo.git("revert", "--no-edit", "HEAD~1", cwd=two.folder)
    assert locked(two.folder)["linux-64"] == {**BOTH, "left": "1.0", "right": "2.0"}


@pytest.mark.slow
def test_picks_that_are_not_committed(two: Project) -> None:
    """Our side is what has been picked so far."""
    _diverge(two)
    two.repo.git("cherry-pick", "-n", "side~1")
    two.repo.git("cherry-pick", "-n", "side")
    assert locked(two.folder)["linux-64"] == BOTH
    assert two.states("--strict") == IN_SYNC


@pytest.mark.slow
def test_rebase_that_stops(two: Project) -> None:
    """A conflict is settled by ``lock``, and the next commit is merged again."""
    two.start()
    two.branch("side", _replaced("base <2", "base >=2"))
    two.branch("side", (*_replaced("base <2", "base >=2"), "solo"))
    two.branch("main", ("tool", *LINES))
    output = two.repo.git("rebase", "main", "side", code=1)
    reason = "tool 3.0 needs base >=1,<2: locked: base 2.0  (linux-64, osx-arm64)"
    assert f"is not merged: {reason}; run: {RELOCK}\n" in output
    two.write(LINES)
    two.lock()
    two.repo.git("add", "-A")
    two.repo.git("rebase", "--continue", code=1)
    text = (two.folder / "environment.yml").read_text("utf-8")
    assert two.text().startswith("# Not merged: the robot/environment.yml is in conflict too")
    assert "<<<<<<<" in text
    two.write((*LINES, "solo"))
    two.lock()
    two.repo.git("add", "-A")
    two.repo.git("rebase", "--continue")
    assert two.states("--strict") == IN_SYNC


@pytest.mark.slow
def test_long_rebase(two: Project) -> None:
    """Several commits that change the lock back and forth: each is merged with its own manifest."""
    two.start()
    for line in ("right 2.*", "right >=3", "right 2.*", "right >=3"):
        two.branch("side", _replaced("right <2", line))
    two.branch("main", _replaced("left <2", "left >=2"))
    two.repo.git("rebase", "-q", "main", "side")
    for revision, version in (("side", "3.0"), ("side~1", "2.0"), ("side~2", "3.0")):
        two.repo.git("checkout", "-q", revision)
        assert locked(two.folder)["linux-64"] == {**BOTH, "right": version}
        assert two.states("--strict") == IN_SYNC


def test_program_that_is_gone(two: Project) -> None:
    """A configuration without a way out: a conflict, with our side as it was."""
    _diverge(two)
    two.repo.git("config", "merge.conda-multiplat.driver", "/gone/conda-multiplat %O %A %B %P")
    ours = two.text()
    two.repo.git("merge", "side", code=1)
    assert two.text() == ours
    assert "UU" in two.repo.git("status", "--short")


def test_no_platforms_named(two: Project) -> None:
    """Where the manifest names none, those that were locked, but for those taken out."""

    def state(branch: str, lines: tuple[str, ...], *platforms: str) -> None:
        two.repo.git("checkout", "-q", branch)
        two.write(lines)
        path = two.folder / "environment.yml"
        text = path.read_text("utf-8").replace(f"platforms: {TWO}\n", "")
        path.write_text(text, encoding="utf-8")
        two.lock("--platform", *platforms)
        two.repo.commit(branch)

    two.repo.multiplat("merge-driver", "--setup")
    two.repo.commit("attributes")
    state("main", LINES, "linux-64", "osx-arm64")
    two.repo.git("branch", "side")
    state("side", _replaced("right <2", "right >=3"), "linux-64", "osx-arm64", "win-64")
    state("main", _replaced("left <2", "left >=2"), "linux-64", "osx-arm64")
    output = two.repo.git("merge", "side", code=1)
    assert "left >=2: locked: left 1.0  (win-64)" in output


def test_stash(two: Project) -> None:
    """What was put aside comes back upon a commit that changed the lock."""
    two.start()
    two.write(_replaced("right <2", "right >=3"))
    two.lock()
    two.repo.git("stash", "-q")
    two.branch("main", _replaced("left <2", "left >=2"))
    two.repo.git("stash", "pop", "-q")
    assert locked(two.folder)["linux-64"] == BOTH
    assert two.states("--strict") == IN_SYNC


def test_no_commit_that_is_merged(two: Project) -> None:
    """What was never committed is merged into another branch: its manifest is not known."""
    two.start()
    two.branch("side", _replaced("right <2", "right >=3"))
    two.repo.git("checkout", "-q", "main")
    two.write(_replaced("left <2", "left >=2"))
    two.lock()
    output = two.repo.git("checkout", "-m", "side")
    reason = "can't find the commits that are being merged"
    assert f"the robot/conda-lock.yml is not merged: {reason}; run: {RELOCK}\n" in output
    assert two.text().startswith(f"# Not merged: {reason}\n")
    _settle(two)
    assert locked(two.folder)["linux-64"] == BOTH


def test_both_added_it(two: Project) -> None:
    """No common ancestor: what is alike is one, and both sides' own packages are there."""
    two.repo.multiplat("merge-driver", "--setup")
    two.write(LINES)
    two.repo.commit("no lock yet")
    two.repo.git("branch", "side")
    two.branch("side", (*LINES, "solo"))
    two.branch("main", ("sel", *LINES))
    two.repo.git("merge", "side")
    assert set(locked(two.folder)["linux-64"]) == {"base", "left", "right", "sel", "solo"}
    assert two.states("--strict") == IN_SYNC


@pytest.mark.slow
def test_criss_cross(two: Project) -> None:
    """Of several common ancestors one is taken that the lock can be merged by, or it is told."""
    _diverge(two)
    two.repo.git("branch", "other", "side")
    two.repo.git("merge", "-q", "side")
    two.repo.git("checkout", "-q", "other")
    two.repo.git("merge", "-q", "main~1")
    moved = {"right <2": "right >=3", "left <2": "left >=2"}
    two.branch("other", (*(moved.get(line, line) for line in LINES), "sel"))
    output = two.repo.git("merge", "main")
    assert "is not merged" not in output
    assert locked(two.folder)["linux-64"] == {**BOTH, "sel": "1.0"}
    assert two.states("--strict") == IN_SYNC


@pytest.mark.slow
def test_environments(two: Project) -> None:
    """Each environment's lock by itself; one that a side added comes along."""
    two.start(extra=DEV)
    two.branch("side", _replaced("right <2", "right >=3"), extra=DEV)
    more = DEV.replace("{dev:", "{gpu: {platforms: [linux-64], dependencies: [gpu]}, dev:")
    two.branch("main", _replaced("left <2", "left >=2"), extra=more)
    two.repo.git("merge", "side")
    names = ("conda-lock.yml", "gpu.conda-lock.yml", "dev.conda-lock.yml")
    assert locked(two.folder, names[2])["linux-64"] == {**BOTH, "solo": "1.0"}
    assert locked(two.folder)["linux-64"] == BOTH
    # git took the new lock as it is: side's change is not in it, and nobody says that it is.
    assert two.check(code=1) == (
        "gpu.conda-lock.yml is out of date\n"
        "  environment.yml:11:5  right >=3: locked: right 1.0  (linux-64)\n"
        "run: conda multiplat lock\n"
    )


def test_needs_of_the_machine(two: Project) -> None:
    """What the packages of both sides need of a machine is what ``lock`` says too."""
    two.start()
    two.branch("side", (*LINES, "mac  # [osx]"))
    two.branch("main", ("gpu  # [linux]", *LINES))
    two.repo.git("merge", "side")
    assert two.states("--strict") == IN_SYNC
    merged = two.text()
    assert 'multiplat.needs.linux-64: \'{"__cuda >=12": {"constrains": ["gpu"]}}\'' in merged
    assert 'multiplat.needs.osx-arm64: \'{"__osx >=12": {"depends": ["mac"]}}\'' in merged
    two.lock("--update-all")
    assert two.text() == merged


def test_categories(two: Project) -> None:
    """Packages have the category that asks for them in the merged manifest."""
    head = (
        f"channels: [{two.tools.as_uri()}]\nplatforms: [linux-64]\ncategory: {{}}\n"
        "dependencies: [{}]\n"
    )
    two.repo.multiplat("merge-driver", "--setup")

    def lock(branch: str, main: str, dev: str) -> None:
        two.repo.git("checkout", "-q", "-B", branch)
        for file, category, lines in (("a.yml", "main", main), ("b.yml", "dev", dev)):
            (two.folder / file).write_text(head.format(category, lines), encoding="utf-8")
        two.lock("-f", "a.yml", "b.yml")
        two.repo.commit(branch)

    lock("main", "base <2", "tool, solo")
    lock("side", "base <2", "tool, solo, sel")
    two.repo.git("checkout", "-q", "main")
    lock("main", "base <2, solo", "tool, solo")
    two.repo.git("merge", "side")
    assert two.states("-f", "a.yml", "b.yml", "--strict") == IN_SYNC
    merged = two.text()
    two.lock("-f", "a.yml", "b.yml", "--update-all")
    assert two.text() == merged


def _conflict(project: Project, reason: str, *, manifest: bool = True) -> str:
    """Merge ``side``, which must be left to ``lock`` for a reason; what git said."""
    ours = project.text()
    output = project.repo.git("merge", "side", code=1)
    lines = [line for line in output.splitlines() if "is not merged" in line]
    assert lines == [f"the robot/conda-lock.yml is not merged: {reason}; run: {RELOCK}"]
    assert project.text() == (
        f"# Not merged: {reason}\n"
        f"# What follows is one side of the merge; run: conda multiplat lock\n{ours}"
    )
    unmerged = 'UU "the robot/conda-lock.yml"\n'
    unmerged += 'M  "the robot/environment.yml"\n' if manifest else ""
    assert project.repo.git("status", "--short", "--untracked-files=no") == unmerged
    output = project.check(code=1)
    assert output.startswith(
        f"conda-lock.yml is out of date\n  it is not merged: {reason}\nrun: conda multiplat lock\n"
    )
    return output


def _settle(project: Project) -> None:
    """``lock`` is all that is needed."""
    output = project.lock()
    assert "warning: conda-lock.yml is not merged; its records are only a starting point" in output
    assert project.states("--strict") == IN_SYNC
    assert "Not merged" not in project.text()
    project.repo.commit("merged")


@pytest.mark.slow
def test_both_moved_the_same(two: Project) -> None:
    """The manifest is met by our side, and still nobody takes it for settled."""
    two.start()
    for branch, version in (("side", "1.0"), ("main", "1.2")):
        two.repo.git("checkout", "-q", branch)
        two.write(_replaced("base <2", f"base =={version}"))
        two.lock()
        two.branch(branch, LINES)
    _conflict(two, "base: 1.2 in ours, 1.0 in theirs  (linux-64, osx-arm64)", manifest=False)
    output = two.repo.multiplat("install", "--dry-run", "-p", "env", cwd=two.folder, code=2)
    assert (
        "conda-lock.yml is not as it was written\n  it is not merged: base: 1.2 in ours" in output
    )
    _settle(two)
    assert locked(two.folder)["linux-64"] == {"base": "1.2", "left": "1.0", "right": "1.0"}


def test_result_that_does_not_do(two: Project) -> None:
    """What each side locked does not go together."""
    two.start(_replaced("base <2", "base"))
    two.branch("side", (*_replaced("base <2", "base"), "wants-new"))
    two.branch("main", ("tool", *_replaced("base <2", "base")))
    _conflict(two, "wants-new 1.0 needs base >=2: locked: base 1.5  (linux-64, osx-arm64)")
    output = two.repo.multiplat("lock", cwd=two.folder, code=1)
    assert "no solution" in output


def test_manifest_in_conflict(two: Project) -> None:
    """Then nobody knows what is asked for."""
    two.start()
    two.branch("side", _replaced("right <2", "right >=3"))
    two.branch("main", _replaced("right <2", "right 2.*"))
    ours = (two.folder / "environment.yml").read_text("utf-8")
    two.repo.git("merge", "side", code=1)
    assert two.text().startswith(
        "# Not merged: the robot/environment.yml is in conflict too; resolve that first\n"
    )
    (two.folder / "environment.yml").write_text(ours, encoding="utf-8")
    _settle(two)
    assert locked(two.folder)["linux-64"]["right"] == "2.0"


@pytest.mark.slow
def test_manifest_in_conflict_keeps_both(two: Project) -> None:
    """Lines at the same place, the usual case: ``lock`` moves nothing of either side."""
    two.start()
    for branch, name in (("side", "late"), ("main", "early")):
        two.repo.git("checkout", "-q", branch)
        two.write((*LINES, f"{name} <2"))
        two.lock()
        two.branch(branch, (*LINES, name))
    two.repo.git("merge", "side", code=1)
    assert "environment.yml is in conflict too" in two.text()
    two.write((*LINES, "late", "early"))
    _settle(two)
    old = {"base": "1.5", "early": "1.0", "late": "1.0", "left": "1.0", "right": "1.0"}
    assert locked(two.folder)["linux-64"] == old


def test_one_platform_of_an_unmerged_lock(two: Project) -> None:
    """The others are our side's, untouched by what the other side has."""
    two.start()
    two.branch("side", (*LINES, "late <2"))
    two.branch("main", (*LINES, "early <2"))
    output = two.repo.git("merge", "side", code=1, cwd=two.folder)
    assert "resolve that first; run: conda multiplat lock\n" in output
    two.write((*LINES, "late <2", "early <2"))
    two.lock("--platform", "linux-64")
    assert "late" in locked(two.folder)["linux-64"]
    assert "late" not in locked(two.folder)["osx-arm64"]
    assert "late <2: not locked  (osx-arm64)" in two.check(code=1)


def test_platform_taken_out(two: Project) -> None:
    """One that a side took out is not in the result."""
    two.start()
    two.branch("side", _replaced("right <2", "right >=3"), platforms="[osx-arm64]")
    two.branch("main", _replaced("left <2", "left >=2"))
    two.repo.git("merge", "side")
    assert locked(two.folder) == {"osx-arm64": BOTH}
    assert two.states("--strict") == IN_SYNC


@pytest.mark.slow
def test_new_platform_without_the_others_change(two: Project) -> None:
    """What one side added for all platforms is missing on the other's new one."""
    two.start()
    two.branch("side", LINES, platforms="[linux-64, osx-arm64, win-64]")
    two.branch("main", (*LINES, "solo"))
    _conflict(two, "the robot/environment.yml:17:5  solo: not locked  (win-64)")
    _settle(two)


def _foreign(text: str) -> str:
    """As another tool would have written it."""
    return "".join(line for line in text.splitlines(keepends=True) if " multiplat." not in line)


def _other_recipe(text: str) -> str:
    return _without_head_digest(text).replace("multiplat.recipe: '1'", "multiplat.recipe: '7'")


def _other_priority(text: str) -> str:
    return re.sub("channel-priority: .*", "channel-priority: disabled", _without_head_digest(text))


def _without_head_digest(text: str) -> str:
    """As before there was such a digest, so that the head can be changed."""
    return re.sub("    multiplat.metadata-sha256: .*\n", "", text)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (_foreign, "theirs: another tool made it"),
        (_other_recipe, "theirs: it was made by a newer conda-multiplat"),
        (
            lambda text: text.replace("version: '3.0'", "version: '3.1'"),
            "theirs: it was edited after it was made",
        ),
        (_other_priority, "the channel priorities differ"),
        (
            lambda text: text.replace("package:\n", "package:\n<<<<<<< HEAD\n"),
            "theirs has a merge conflict: theirs:32: conflict marker '<<<<<<<'",
        ),
        (lambda _: "nonsense\n", "theirs can't be read: no `package:` section: the file "
         "is truncated or not a lock"),
        (lambda text: f"# Not merged: x\n{text}",
         "theirs: an earlier merge conflict is unresolved"),
    ],
)  # fmt: skip
def test_other_kinds_of_locks(two: Project, change: Callable[[str], str], reason: str) -> None:
    """Those that can't be merged: why, and never a traceback."""
    two.start()
    two.branch("side", _replaced("right <2", "right >=3"))
    lock = two.folder / "conda-lock.yml"
    lock.write_text(change(two.text()), encoding="utf-8")
    two.repo.git("commit", "-qam", "edited")
    two.branch("main", _replaced("left <2", "left >=2"))
    _conflict(two, reason)
    _settle(two)


def test_channels(two: Project, tmp_path: Path) -> None:
    """Packages of other channels may not go with ours."""
    elsewhere = write_repodata(tmp_path / "elsewhere", [Package("own", noarch="generic")])
    two.start()
    two.repo.git("checkout", "-q", "side")
    text = (two.folder / "environment.yml").read_text("utf-8")
    (two.folder / "environment.yml").write_text(
        text.replace("channels:\n", f"channels:\n  - {elsewhere.as_uri()}\n"), encoding="utf-8"
    )
    two.lock()
    two.repo.commit("another channel")
    two.branch("main", _replaced("base <2", "base <1.5"))
    _conflict(two, "the channels differ")


def test_removed_environment(two: Project) -> None:
    """One side deleted what the other changed: git says so by itself, of that lock alone."""
    two.start(extra=DEV)
    two.branch("side", _replaced("right <2", "right >=3"), extra=DEV)
    two.repo.git("checkout", "-q", "main")
    (two.folder / "dev.conda-lock.yml").unlink()
    two.branch("main", _replaced("left <2", "left >=2"))
    output = two.repo.git("merge", "side", code=1)
    assert "CONFLICT (modify/delete): the robot/dev.conda-lock.yml deleted in HEAD" in output
    assert locked(two.folder)["linux-64"] == BOTH


@pytest.fixture
def index(tmp_path: Path) -> Iterator[str]:
    """An index of PyPI packages: its URL."""
    projects = Index(tmp_path / "index")
    for version in ("1.0", "2.0"):
        for name in ("arm", "leg", "part"):
            projects.wheel(name, version)
    projects.wheel("robot", "1.0", requires=["part"])
    projects.wheel("native", "1.0", "cp312-cp312-manylinux_2_28_x86_64")
    with serve(projects.root) as server:
        yield f"{server.url}/simple"


def _pip(index: str, *entries: str) -> str:
    dashed = (entry if entry.startswith("#") else f"- {entry}" for entry in entries)
    lines = "".join(f"      {entry}\n" for entry in (f"- --index-url {index}", *dashed))
    return f"  - python\n  - pip:\n{lines}"


def _pypi_project(two: Project, index: str, entries: Sequence[str]) -> Callable[..., None]:
    """A project with PyPI packages, locked and committed; what writes and locks a branch of it."""
    python = Package("python", "3.12.5", "0_cpython", "linux-64")
    channel = write_repodata(two.tools.parent / "python", [python])

    def branch(name: str, *entries: str) -> None:
        two.repo.git("checkout", "-q", name)
        write(two.folder, channel, platforms="[linux-64]", extra=_pip(index, *entries))
        two.lock()
        two.repo.commit(name)

    two.repo.multiplat("merge-driver", "--setup")
    write(two.folder, channel, platforms="[linux-64]", extra=_pip(index, *entries))
    two.lock()
    two.repo.commit("base")
    two.repo.git("branch", "side")
    return branch


FAR = ("# 1", "# 2", "# 3", "# 4")


@pytest.mark.slow
def test_pypi(two: Project, index: str) -> None:
    """PyPI packages of both sides, those that need each other among them, as ``lock`` has them."""
    branch = _pypi_project(two, index, ("arm <2", *FAR, "leg <2"))
    branch("side", "arm <2", *FAR, "leg >=2", "robot")
    branch("main", "native", "arm >=2", *FAR, "leg <2")
    two.repo.git("merge", "side")
    assert locked(two.folder)["linux-64"] == {
        "arm": "2.0",
        "leg": "2.0",
        "native": "1.0",
        "part": "2.0",
        "python": "3.12.5",
        "robot": "1.0",
    }
    assert two.states("--strict") == IN_SYNC
    merged = two.text()
    two.lock("--update-all")
    assert two.text() == merged
    assert '{"__glibc >=2.28": {"depends": ["native"]}}' in merged


@pytest.mark.slow
def test_pypi_that_nobody_tried(two: Project, index: str) -> None:
    """What a package was not resolved beside is left to ``lock``: its bounds are in no lock."""
    branch = _pypi_project(two, index, ("part <2", *FAR))
    branch("side", "part <2", *FAR, "robot")
    branch("main", "part >=2", *FAR)
    _conflict(two, "robot 1.0 was not locked together with part 2.0  (linux-64)")
    _settle(two)
    assert locked(two.folder)["linux-64"]["part"] == "2.0"


@pytest.mark.slow
def test_requirements_files(two: Project, index: str) -> None:
    """Files that the manifest names are merged as it is; one that is in conflict is named."""
    requirements = two.folder / "more.txt"

    def state(name: str, *lines: str) -> None:
        two.repo.git("checkout", "-q", name)
        requirements.write_text("\n".join((*lines, "")), encoding="utf-8")
        branch(name, "-r more.txt")

    requirements.write_text("\n".join(("arm <2", *FAR, "leg <2", "")), encoding="utf-8")
    branch = _pypi_project(two, index, ("-r more.txt",))
    state("side", "arm <2", *FAR, "leg >=2")
    state("main", "arm >=2", *FAR, "leg <2")
    two.repo.git("merge", "side")
    versions = locked(two.folder)["linux-64"]
    assert (versions["arm"], versions["leg"]) == ("2.0", "2.0")
    assert two.states("--strict") == IN_SYNC
    two.repo.git("branch", "-f", "side")
    state("side", "arm ==1.0", *FAR, "leg >=2")
    state("main", "arm ==2.0", *FAR, "leg >=2")
    output = two.repo.git("merge", "side", code=1)
    assert f"more.txt is in conflict too; resolve that first; run: {RELOCK}\n" in output


@pytest.mark.slow
def test_solve_group(two: Project) -> None:
    """Environments that have to agree, and that git would merge apart."""
    extra = (
        "multiplat:\n  solve-group: main\n  environments:\n"
        "    dev: {{solve-group: main, dependencies: [{}]}}\n"
    )
    two.start(extra=extra.format("solo"))
    # What dev has of `right` was not there when main moved it in the other environment.
    two.branch("side", LINES, extra=extra.format("solo, tool"))
    two.branch("main", _replaced("right <2", "right >=3"), extra=extra.format("solo"))
    two.repo.git("merge", "side")
    names = ("conda-lock.yml", "dev.conda-lock.yml")
    assert [locked(two.folder, name)["linux-64"]["right"] for name in names] == ["3.0", "3.0"]
    assert two.states("--strict") == {**IN_SYNC, "dev.conda-lock.yml": "in sync"}


@pytest.mark.slow
def test_solve_group_that_disagrees(two: Project) -> None:
    """A package that one side moved in one environment, and the other brought into another."""
    extra = (
        "multiplat:\n  solve-group: main\n  environments:\n"
        "    dev: {{extends: [], solve-group: main, dependencies: [{}]}}\n"
    )
    two.start(("right <2", *LINES[:4]), extra=extra.format("solo"))
    two.branch("side", ("right <2", *LINES[:4]), extra=extra.format("solo, right"))
    two.branch("main", ("right >=2", *LINES[:4]), extra=extra.format("solo"))
    output = two.repo.git("merge", "side", code=1)
    reason = "right: {} in {}, {} in {} of its solve-group  (linux-64, osx-arm64)"
    assert two.text().startswith(f"# Not merged: {reason.format('3.0', 'default', '1.0', 'dev')}\n")
    assert two.text("dev.conda-lock.yml").startswith(
        f"# Not merged: {reason.format('1.0', 'dev', '3.0', 'default')}\n"
    )
    assert output.count("is not merged") == 2
    two.lock()
    assert locked(two.folder, "dev.conda-lock.yml")["linux-64"]["right"] == "3.0"


def test_called_by_hand(alone: Host, project: Path) -> None:
    """What is missing is said."""
    stderr = alone.multiplat("merge-driver", "a", "b", cwd=project, code=2).stderr
    assert "error: --setup, --undo, or git's four files: %O %A %B %P\n" in stderr
