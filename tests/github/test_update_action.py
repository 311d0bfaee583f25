"""The script of the action `update`, with a remote on this disk and a ``gh`` that is a stand-in."""

from __future__ import annotations

import os
import runpy
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from support.advisories import advisory, below, write_zip
from support.git import Repository, repository
from support.hosts import Host
from support.manifests import write
from support.packages import Package, write_repodata
from support.service import Service, run_step, service

pytestmark = pytest.mark.slow
ROOT = Path(__file__).resolve().parents[2]
SCRIPT = ROOT / ".github" / "actions" / "update" / "update.py"
BRANCH = "conda-multiplat/update"
NOTHING = {"changed": "false", "pull-request": "", "vulnerable": "false"}
URL = "https://github.example.com/o/r/pull/1"


class Scene:
    """A project whose remote is a bare repository, and a service.

    Args:
        repo: the checkout.
        remote: the bare repository.
        channel: what is locked from.
        service: the stand-in.
    """

    def __init__(self, repo: Repository, remote: Path, channel: Path, service: Service) -> None:
        self.repo, self.remote, self.channel, self.service = repo, remote, channel, service

    def publish(self, *versions: str, today: str = "") -> None:
        """Have these versions of ``tool`` in the channel, one of them since today."""
        now = {"timestamp": int(time.time() * 1000)}
        tools = [
            Package("tool", version, noarch="python", depends=["python"], metadata=times)
            for version in versions
            for times in [now if version == today else {}]
        ]
        python = Package("python", "3.12.4", subdir="linux-64")
        write_repodata(self.channel, [python, *tools])

    def run(self, code: int = 0, **inputs: str) -> subprocess.CompletedProcess[str]:
        """Run the script."""
        (self.service.folder / "GITHUB_OUTPUT").unlink(missing_ok=True)
        env = {
            **self.repo.environ,
            **self.service.environ,
            "PATH": f"{self.service.folder}{os.pathsep}{os.environ['PATH']}",
            "UPDATE_COMMAND": f"{sys.executable} -m conda_multiplat",
            "UPDATE_BASE": "main",
            **inputs,
        }
        return run_step(SCRIPT, cwd=self.repo.folder, env=env, code=code)

    def reset(self) -> None:
        """The next job's checkout."""
        self.repo.git("reset", "-q", "--hard", "origin/main")

    def branches(self) -> list[str]:
        """The branches of the remote."""
        return self.at("refs/heads", "for-each-ref", "--format=%(refname:short)").splitlines()

    def at(self, ref: str, *what: str) -> str:
        """What git says of a branch of the remote."""
        return self.repo.git("-C", str(self.remote), *what, ref).strip()


@pytest.fixture
def scene(alone: Host, tmp_path: Path) -> Scene:
    """A project that is locked and pushed, of which the channel has something newer."""
    remote = tmp_path / "remote.git"
    repo = repository(tmp_path / "project", alone)
    repo.git("init", "-q", "--bare", "-b", "main", str(remote))
    repo.git("remote", "add", "origin", str(remote))
    started = Scene(repo, remote, tmp_path / "chan", service(tmp_path / "service"))
    started.publish("1.0")
    write(repo.folder, started.channel, "tool", platforms="[linux-64]")
    repo.multiplat("lock")
    repo.multiplat("render", "--kind", "explicit")
    repo.commit("begin")
    repo.git("push", "-q", "-u", "origin", "main")
    started.publish("1.0", "2.0")
    return started


def test_one_pull_request(scene: Scene) -> None:
    """It is made, renewed where something newer comes, and there is never a second one."""
    before = scene.at("main", "rev-parse")
    scene.run(UPDATE_LABELS="locks,robots")
    assert scene.service.outputs() == {
        "changed": "true",
        "pull-request": URL,
        "vulnerable": "false",
    }
    assert scene.service.calls() == ["pr list", "pr create"]
    (pull_request,) = scene.service.state["open"]
    assert (pull_request["head"], pull_request["base"]) == (BRANCH, "main")
    assert (pull_request["title"], pull_request["labels"]) == (
        "Update what is locked",
        ["locks", "robots"],
    )
    assert pull_request["body"] == (
        "Locked anew: `conda multiplat lock --update-all`.\n"
        "\n"
        "## What changes\n"
        "\n"
        "### default\n"
        "\n"
        "| package | old | new | platforms |\n"
        "|---|---|---|---|\n"
        "| tool | <code>1.0</code> | <code>2.0</code> | linux-64 |\n"
        "\n"
        "1 upgraded\n"
        "\n"
        "## What is not the newest, and why\n"
        "\n"
        "Nothing is outdated.\n"
        "\n"
        "## Known vulnerabilities\n"
        "\n"
        "Not looked for: no database and no service is named.\n"
    )
    summary = (scene.service.folder / "GITHUB_STEP_SUMMARY").read_text(encoding="utf-8")
    assert summary == pull_request["body"]
    changed = scene.at(f"main..{BRANCH}", "diff", "--name-only").splitlines()
    assert changed == ["conda-linux-64.lock", "conda-lock.yml"]
    assert scene.at(BRANCH, "log", "-1", "--format=%an|%ae|%s") == (
        "conda-multiplat|conda-multiplat@users.noreply.github.com|Update what is locked"
    )
    assert scene.at(f"{BRANCH}^", "rev-parse") == before == scene.at("main", "rev-parse")
    assert scene.repo.git("rev-parse", "--abbrev-ref", "HEAD") == "main\n"

    pushed = scene.at(BRANCH, "rev-parse")
    scene.reset()
    done = scene.run()
    assert scene.at(BRANCH, "rev-parse") == pushed  # the same locks are not pushed again
    assert f"{BRANCH} has these locks already" in done.stdout
    assert scene.service.calls() == ["pr list", "pr edit"]

    scene.reset()
    scene.publish("1.0", "2.0", "3.0")
    scene.run(UPDATE_TITLE="Another $(id) `title`\n::error::x")
    assert scene.service.calls() == ["pr list", "pr edit"]
    (renewed,) = scene.service.state["open"]
    assert "<code>3.0</code>" in renewed["body"]
    assert renewed["title"] == "Another $(id) `title` ::error::x"
    assert scene.at(f"{BRANCH}^", "rev-parse") == before
    assert scene.service.outputs()["pull-request"] == URL


def test_nothing_newer(scene: Scene) -> None:
    """No branch, no pull request, and the service is not asked."""
    scene.publish("1.0")
    (scene.repo.folder / "osv.zip").write_bytes(b"")  # what a step before has downloaded
    done = scene.run()
    assert scene.service.outputs() == NOTHING
    assert scene.service.calls() == []
    assert scene.branches() == ["main"]
    assert "nothing is newer: there is no pull request to make" in done.stdout


def test_reasons_and_vulnerabilities(scene: Scene, tmp_path: Path) -> None:
    """What is held back and why; what has a known vulnerability, from a severity on."""
    write(scene.repo.folder, scene.channel, "tool <3", platforms="[linux-64]")
    scene.repo.commit("hold it")
    scene.repo.git("push", "-q")
    scene.publish("1.0", "2.0", "3.0")
    about = advisory("GHSA-a", "tool", *below("2.5"), aliases=["CVE-1"], word="MODERATE")
    database = str(write_zip(tmp_path / "osv.zip", [about]))
    scene.run(UPDATE_AUDIT_DB=database, UPDATE_SEVERITY="high")
    assert scene.service.outputs()["vulnerable"] == "false"
    (pull_request,) = scene.service.state["open"]
    assert (
        "| tool | 2.0 | 2.0 | 3.0 | linux-64 | tool &#60;3 in environment.yml:6:5 |"
        in pull_request["body"]
    )
    assert (
        "| tool | 2.0 | 2.5 | medium | GHSA-a CVE-1 | linux-64 | environment.yml:6:5 |\n"
        in pull_request["body"]
    )
    assert "1 package unknown: could not be looked up" in pull_request["body"]
    scene.reset()
    scene.run(UPDATE_AUDIT_DB=database)
    assert scene.service.outputs()["vulnerable"] == "true"
    scene.reset()
    done = scene.run(UPDATE_AUDIT_DB="nowhere.zip", code=1)
    assert "error: nowhere.zip does not exist\n" in done.stderr


def test_cooldown(scene: Scene) -> None:
    """What is too new is held back, with that reason; the instant in a lock is no change."""
    scene.publish("1.0", "2.0", "3.0", today="3.0")
    scene.run(UPDATE_COOLDOWN="7d")
    (pull_request,) = scene.service.state["open"]
    assert pull_request["body"].startswith(
        "Locked anew: `conda multiplat lock --update-all --exclude-new"
    )
    assert "| tool | <code>1.0</code> | <code>2.0</code> | linux-64 |" in pull_request["body"]
    assert "| tool | 2.0 | 2.0 | 3.0 | linux-64 | " in pull_request["body"]
    assert "newer than exclude-newer" in pull_request["body"]
    pushed = scene.at(BRANCH, "rev-parse")
    scene.reset()
    time.sleep(1.1)  # another instant
    scene.run(UPDATE_COOLDOWN="7d")
    assert scene.at(BRANCH, "rev-parse") == pushed
    scene.repo.git("push", "-q", "origin", f"{pushed}:main")
    scene.repo.git("fetch", "-q", "origin")
    scene.reset()
    scene.service.calls()
    scene.run(UPDATE_COOLDOWN="7d")
    assert scene.service.outputs() == NOTHING
    assert scene.service.calls() == []
    assert scene.repo.git("status", "--porcelain") == ""


def test_shallow_checkout(scene: Scene) -> None:
    """Of one commit, as runners have it: the branch's own history stays on the remote."""
    (scene.repo.folder / "README.md").write_text("x", encoding="utf-8")
    scene.repo.commit("something else")
    scene.repo.git("push", "-q", "origin", "main")
    shallow = Scene(
        Repository(scene.repo.folder.parent / "shallow", scene.repo.host),
        scene.remote,
        scene.channel,
        scene.service,
    )
    scene.repo.git("clone", "-q", "--depth=1", scene.remote.as_uri(), str(shallow.repo.folder))
    shallow.run()
    assert scene.at(f"{BRANCH}^", "rev-parse") == scene.at("main", "rev-parse")
    first = scene.at(BRANCH, "rev-parse")
    shallow.reset()
    shallow.run()
    assert scene.at(BRANCH, "rev-parse") == first
    shallow.reset()
    scene.publish("1.0", "2.0", "3.0")
    shallow.run()
    assert scene.at(f"{BRANCH}^", "rev-parse") == scene.at("main", "rev-parse")
    assert scene.at(BRANCH, "rev-list", "--count") == "3"
    assert "<code>3.0</code>" in scene.service.state["open"][0]["body"]


def test_base_moves_on(scene: Scene) -> None:
    """The same packages on top of another commit are pushed: the pull request can be merged."""
    scene.run()
    scene.reset()
    (scene.repo.folder / "README.md").write_text("x", encoding="utf-8")
    scene.repo.commit("something else")
    scene.repo.git("push", "-q", "origin", "main")
    scene.run()
    assert scene.at(f"{BRANCH}^", "rev-parse") == scene.at("main", "rev-parse")


def test_somebody_elses_commit(scene: Scene) -> None:
    """A branch that a person has worked on is left alone, and so is its pull request."""
    scene.run()
    scene.service.calls()
    scene.reset()
    scene.repo.git("fetch", "-q", "origin")
    scene.repo.git("switch", "-q", "-c", "mine", f"origin/{BRANCH}")
    scene.repo.git("commit", "-q", "--allow-empty", "-m", "by hand")
    scene.repo.git("push", "-q", "origin", f"mine:{BRANCH}")
    scene.repo.git("switch", "-q", "main")
    mine = scene.at(BRANCH, "rev-parse")
    scene.publish("1.0", "2.0", "3.0")
    done = scene.run()
    assert f"{BRANCH} has a commit of somebody else: it is left as it is" in done.stdout
    assert scene.at(BRANCH, "rev-parse") == mine
    assert scene.service.calls() == []
    assert scene.service.outputs() == {
        "changed": "true",
        "pull-request": "",
        "vulnerable": "false",
    }


def test_pull_request_of_a_fork(scene: Scene) -> None:
    """A fork's branch can have the same name: it is not edited."""
    scene.service.open(head=BRANCH, base="main", isCrossRepository=True)
    scene.run()
    assert scene.service.calls() == ["pr list", "pr create"]
    assert scene.service.state["open"][0]["body"] == ""


def test_several_projects(scene: Scene) -> None:
    """A project in a folder, a branch of its own, files by name."""
    sub = scene.repo.folder / "sub"
    sub.mkdir()
    scene.publish("1.0")
    write(sub, scene.channel, "tool", platforms="[linux-64]", file="gpu.yml")
    scene.repo.multiplat("lock", "-f", "sub/gpu.yml")
    scene.repo.commit("another")
    scene.repo.git("push", "-q")
    scene.publish("1.0", "2.0")
    scene.run(UPDATE_FILES="sub/gpu.yml", UPDATE_BRANCH="sub")
    assert scene.at("main..sub", "diff", "--name-only") == "sub/conda-lock.yml"


def _dirty(scene: Scene) -> dict[str, str]:
    (scene.repo.folder / "environment.yml").write_text("x", encoding="utf-8")
    return {}


@pytest.mark.parametrize(
    ("inputs", "message"),
    [
        (_dirty, "error: the work tree has changes: commit them first\n"),
        (lambda _: {"UPDATE_BASE": ""}, "error: UPDATE_BASE is missing: the branch that "),
        (lambda _: {"UPDATE_BRANCH": "--mirror"}, "error: '--mirror' can't be a branch\n"),
        (lambda _: {"UPDATE_BRANCH": "a..b"}, "error: 'a..b' can't be a branch\n"),
        (lambda _: {"UPDATE_BRANCH": "main"}, "error: main can't be the branch of a pull "),
        (lambda _: {"UPDATE_SERVICE": "x"}, "error: UPDATE_SERVICE is github or gitlab, not 'x'\n"),
        (lambda _: {"UPDATE_COMMAND": "nothing-there"}, "error: nothing-there: No such file"),
        (lambda scene: scene.publish() or {}, "conda_multiplat …` ended with 1\n"),
    ],
)
def test_stops(scene: Scene, inputs: Callable[[Scene], dict[str, str]], message: str) -> None:
    """Exit code 1 with the reason; nothing is pushed, and the service is not asked."""
    done = scene.run(**inputs(scene), code=1)
    assert message in done.stderr
    assert scene.service.calls() == []
    assert scene.branches() == ["main"]


def test_words_are_no_commands(scene: Scene) -> None:
    """What is printed between is never a command to GitHub's runner."""
    done = scene.run(GITHUB_ACTIONS="true")
    first, *_, last = done.stdout.splitlines()
    assert first.startswith("::stop-commands::")
    assert last == f"::{first.removeprefix('::stop-commands::')}::"


_HOOK = """\
#!/bin/sh
for number in $(seq 0 $((GIT_PUSH_OPTION_COUNT - 1))); do
  eval "echo \\"\\$GIT_PUSH_OPTION_$number\\"" >> options
done
"""


def test_gitlab(scene: Scene) -> None:
    """A merge request is asked for by options of the push; `gh` is not."""
    scene.repo.git("-C", str(scene.remote), "config", "receive.advertisePushOptions", "true")
    hook = scene.remote / "hooks" / "pre-receive"
    hook.write_text(_HOOK, encoding="utf-8")
    hook.chmod(0o755)
    scene.run(UPDATE_SERVICE="gitlab", UPDATE_LABELS="locks")
    assert scene.service.calls() == []
    options = (scene.remote / "options").read_text(encoding="utf-8").splitlines()
    assert options[:3] == [
        "merge_request.create",
        "merge_request.target=main",
        "merge_request.title=Update what is locked",
    ]
    description = "\n".join(options[3:-1])
    assert description.startswith("merge_request.description=Locked anew: ")
    assert "| tool | <code>1.0</code> | <code>2.0</code> | linux-64 |" in description
    assert options[-1] == "merge_request.label=locks"
    assert scene.at(f"{BRANCH}^", "rev-parse") == scene.at("main", "rev-parse")


def test_long_description(monkeypatch: pytest.MonkeyPatch) -> None:
    """It is cut between lines to what a service takes, each part to its share; details end."""
    monkeypatch.syspath_prepend(str(SCRIPT.parent))
    script = runpy.run_path(str(SCRIPT))
    row = "| package | <code>1.0</code> | <code>2.0</code> | linux-64 é |"
    long = "\n".join(["<details><summary>many</summary>", "", *[row] * 5000, "", "</details>"])
    text = script["_described"]("lock", {"a": long, "b": "short", "c": long}, 60_000)
    assert 50_000 < len(text.encode()) <= 60_000
    assert text.count("<details>") == text.count("</details>") == 2
    assert text.count("… cut: too long for a description.") == 2
    assert "## b\n\nshort\n" in text
    assert {line for line in text.splitlines() if "package" in line} == {row}
