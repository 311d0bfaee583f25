"""Lock what is newest, and open one pull request with it, or renew the one that is open.

The action beside this file runs it, and a job of GitLab can. All that it is told comes by
environment variables: nothing is pasted into a shell.

1. `lock --update-all`, and `render --existing` for files that were made of the locks.
2. Where no other package is locked, that is all.
3. `diff --markdown`, `outdated --markdown` and `audit --markdown` make the description.
4. One commit on top of what is checked out, on a branch of its own; what is checked out stays so.
   Where somebody else has committed to that branch, it is left alone.
5. One pull request for that branch: `gh` makes or edits it; GitLab is told by options of the push.
"""

from __future__ import annotations

import json
import os
import shlex
import subprocess
import sys
import tempfile
import uuid
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

#: Bytes of a description: GitHub takes 65,536 characters, an option of a push about as many bytes.
MOST = 60_000
#: Makes git ask `gh`, which has the token, and not what a checkout may have left.
_LOGIN = {
    "GIT_CONFIG_COUNT": "3",
    "GIT_CONFIG_KEY_0": "credential.helper",
    "GIT_CONFIG_VALUE_0": "",
    "GIT_CONFIG_KEY_1": "credential.helper",
    "GIT_CONFIG_VALUE_1": "!gh auth git-credential",
    "GIT_CONFIG_KEY_2": f"http.{os.environ.get('GITHUB_SERVER_URL', 'https://github.com')}/.extraheader",
    "GIT_CONFIG_VALUE_2": "",
}
#: What `audit` answers where it has found something.
FOUND = 1


class StoppedError(Exception):
    """What stops the script, in words."""


class Inputs(NamedTuple):
    """What the script is told, by the variables `UPDATE_…`.

    Attributes:
        command: our command: `conda-multiplat`, or `conda multiplat`.
        files: the manifest's files; none for those that are found.
        cooldown: what `lock --exclude-newer` gets; `""` for what the manifest says.
        database: what `audit --db` gets; `""` for the service that is configured.
        severity: what `audit --severity` gets.
        branch: the branch of the pull request.
        base: the branch that it is for.
        title: its title, and the commit's.
        labels: its labels.
        service: `github` or `gitlab`.
        name, email: whose the commit is.
    """

    command: tuple[str, ...]
    files: tuple[str, ...]
    cooldown: str
    database: str
    severity: str
    branch: str
    base: str
    title: str
    labels: tuple[str, ...]
    service: str
    name: str
    email: str

    @classmethod
    def of(cls, environ: Mapping[str, str]) -> Inputs:
        """Those of an environment, with what holds where it says nothing.

        Raises:
            StoppedError: one that can't be used.
        """

        def said(name: str, otherwise: str = "") -> str:
            return environ.get(f"UPDATE_{name}", "").strip() or otherwise

        inputs = cls(
            command=tuple(shlex.split(said("COMMAND", "conda-multiplat"))),
            files=tuple(said("FILES").split()),
            cooldown=said("COOLDOWN"),
            database=said("AUDIT_DB"),
            severity=said("SEVERITY", "low"),
            branch=said("BRANCH", "conda-multiplat/update"),
            base=said("BASE"),
            title=" ".join(said("TITLE", "Update what is locked").split()),
            labels=tuple(said("LABELS").replace(",", " ").split()),
            service=said("SERVICE", "github"),
            name=said("NAME", "conda-multiplat"),
            email=said("EMAIL", "conda-multiplat@users.noreply.github.com"),
        )
        if inputs.service not in ("github", "gitlab"):
            raise StoppedError(f"UPDATE_SERVICE is github or gitlab, not {inputs.service!r}")
        if not inputs.base:
            raise StoppedError("UPDATE_BASE is missing: the branch that the pull request is for")
        for name in (inputs.branch, inputs.base):
            if _run("git", "check-ref-format", "--branch", name, codes=None).returncode:
                raise StoppedError(f"{name!r} can't be a branch")
        if inputs.branch == inputs.base:
            raise StoppedError(f"{inputs.base} can't be the branch of a pull request for itself")
        return inputs

    def multiplat(self, *arguments: str, codes: Sequence[int] | None = (0,)) -> Done:
        """Run one of our commands."""
        files = ("-f", *self.files) if self.files else ()
        return _run(*self.command, *arguments, *files, codes=codes)


Done = subprocess.CompletedProcess[str]


def _run(
    *command: str, codes: Sequence[int] | None = (0,), env: Mapping[str, str] | None = None
) -> Done:
    """Run a command; what it says on stderr is for the log.

    Raises:
        StoppedError: it can't be run, or ends with another code than those; ``None`` are all.
    """
    environ = {**os.environ, **(env or {})}
    said = subprocess.DEVNULL if codes is None else None
    try:
        done = subprocess.run(
            command,
            stdout=subprocess.PIPE,
            stderr=said,
            encoding="utf-8",
            check=False,
            env=environ,
        )
    except OSError as error:
        raise StoppedError(f"{command[0]}: {error.strerror}") from None
    if codes is not None and done.returncode not in codes:
        raise StoppedError(f"`{' '.join(command[:3])} …` ended with {done.returncode}")
    return done


def _git(*arguments: str, env: Mapping[str, str] | None = None) -> str:
    return _run("git", *arguments, env=env).stdout.strip()


def main() -> int:
    """Do all of it; the exit code."""
    with _no_commands():
        try:
            outputs = update(Inputs.of(os.environ))
        except StoppedError as error:
            print(f"error: {error}", file=sys.stderr)
            return 1
    _append("GITHUB_OUTPUT", "".join(f"{key}={value}\n" for key, value in outputs.items()))
    return 0


@contextmanager
def _no_commands() -> Iterator[None]:
    """Keep what is printed from being taken for a command to GitHub's runner."""
    token = uuid.uuid4().hex if "GITHUB_ACTIONS" in os.environ else ""
    if token:
        print(f"::stop-commands::{token}", flush=True)
    try:
        yield
    finally:
        if token:
            print(f"::{token}::", flush=True)


def update(inputs: Inputs) -> dict[str, str]:
    """Lock, and open or renew the pull request; the action's outputs."""
    if _git("status", "--porcelain", "--untracked-files=no"):
        raise StoppedError("the work tree has changes: commit them first")
    before = _untracked()
    newer = ("--exclude-newer", inputs.cooldown) if inputs.cooldown else ()
    inputs.multiplat("lock", "--update-all", *newer)
    inputs.multiplat("render", "--existing")
    changed = _lines("diff", "--name-only", "-z", "--no-relative")
    changed += [name for name in _untracked() if name not in before]
    if not changed or _same_packages(inputs, "HEAD"):
        _git("-C", _top(), "checkout", "--quiet", "HEAD", "--", *changed)
        print("nothing is newer: there is no pull request to make")
        return {"changed": "false", "pull-request": "", "vulnerable": "false"}
    locking = " ".join(["lock", "--update-all", *newer])
    sections, vulnerable = _sections(inputs, newer)
    _append("GITHUB_STEP_SUMMARY", _described(locking, sections, 1 << 20))
    commit = _commit(inputs, changed)
    url = ""
    if pushed := _push(inputs, commit, _described(locking, sections, MOST)):
        print(pushed)
        if inputs.service == "github":
            url = _pull_request(inputs, _described(locking, sections, MOST))
            print(url)
    return {"changed": "true", "pull-request": url, "vulnerable": str(vulnerable).lower()}


def _same_packages(inputs: Inputs, revision: str) -> bool:
    """Whether what is locked is what a revision has; with a cooldown no two locks are the same."""
    done = inputs.multiplat("diff", revision, "--exit-code", codes=(0, 1))
    return done.returncode == 0


def _top() -> str:
    return _git("rev-parse", "--show-toplevel")


def _untracked() -> list[str]:
    return _lines("ls-files", "--others", "--exclude-standard", "-z", "--full-name")


def _lines(*arguments: str) -> list[str]:
    return [name for name in _git(*arguments).split("\0") if name]


def _sections(inputs: Inputs, newer: Sequence[str]) -> tuple[dict[str, str], bool]:
    """The parts of the description by their titles, and whether a vulnerability counts."""
    sections = {
        "What changes": inputs.multiplat("diff", "--markdown").stdout,
        "What is not the newest, and why": inputs.multiplat(
            "outdated", "--markdown", *newer
        ).stdout,
    }
    title = "Known vulnerabilities"
    if not inputs.database and "CONDA_MULTIPLAT_OSV_URL" not in os.environ:
        sections[title] = "Not looked for: no database and no service is named."
        return sections, False
    database = ("--db", inputs.database) if inputs.database else ()
    severity = ("--severity", inputs.severity)
    arguments = ("audit", "--markdown", *severity, *database)
    done = inputs.multiplat(*arguments, codes=(0, FOUND))
    sections[title] = done.stdout
    return sections, done.returncode == FOUND


def _described(locking: str, sections: Mapping[str, str], most: int) -> str:
    """The description, of so many bytes at most: the longest parts are cut, between two lines."""
    head = f"Locked anew: `conda multiplat {locking}`."
    room = most - len(head) - sum(len(title) + 100 for title in sections)
    parts = [head]
    for number, (title, text) in enumerate(sections.items()):
        fair = room // (len(sections) - number)
        shown = _cut(text.strip(), fair)
        room -= len(shown.encode())
        parts.append(f"## {title}\n\n{shown}")
    return "\n\n".join(parts) + "\n"


def _cut(text: str, most: int) -> str:
    if len(text.encode()) <= most:
        return text
    lines, size = [], 0
    for line in text.splitlines():
        size += len(line.encode()) + 1
        if size > most:
            break
        lines.append(line)
    opened = sum(line.startswith("<details>") - line.startswith("</details>") for line in lines)
    return "\n".join([*lines, "", *["</details>"] * opened, "… cut: too long for a description."])


def _commit(inputs: Inputs, changed: Sequence[str]) -> str:
    """A commit of the changed files on top of what is checked out; nothing else moves."""
    with tempfile.TemporaryDirectory() as folder:
        who = {"NAME": inputs.name, "EMAIL": inputs.email}
        env = {f"GIT_{role}_{k}": v for role in ("AUTHOR", "COMMITTER") for k, v in who.items()}
        env["GIT_INDEX_FILE"] = str(Path(folder) / "index")
        _git("read-tree", "HEAD", env=env)
        _git("-C", _top(), "add", "--force", "--", *changed, env=env)
        tree = _git("write-tree", env=env)
        return _git("commit-tree", tree, "-p", "HEAD", "-m", inputs.title, env=env)


def _push(inputs: Inputs, commit: str, description: str) -> str:
    """Push the commit to the branch; what was done, ``""`` where the branch is left alone."""
    ref = f"refs/heads/{inputs.branch}"
    login = _LOGIN if inputs.service == "github" else {}
    there = _git("ls-remote", "origin", ref, env=login).partition("\t")[0]
    if there:
        shallow = _git("rev-parse", "--is-shallow-repository") == "true"
        depth = ["--depth=1"] if shallow else []  # which would cut a whole history short
        _git("fetch", "--quiet", *depth, "origin", ref, env=login)
        if _git("log", "-1", "--format=%ae", there) != inputs.email:
            print(f"{inputs.branch} has a commit of somebody else: it is left as it is")
            return ""
        on_top = f"parent {_git('rev-parse', 'HEAD')}" in _git("cat-file", "commit", there)
        if on_top and _same_packages(inputs, there):
            return f"{inputs.branch} has these locks already"
    options = _push_options(inputs, description) if inputs.service == "gitlab" else []
    lease = f"--force-with-lease={ref}:{there}"
    _git("push", "--quiet", lease, *options, "origin", f"{commit}:{ref}", env=login)
    return f"pushed {inputs.branch}"


def _push_options(inputs: Inputs, description: str) -> list[str]:
    """What GitLab makes or renews a merge request by; a line feed is written as two characters."""
    options = {
        "create": "",
        "target": f"={inputs.base}",
        "title": f"={inputs.title}",
        "description": "=" + description.strip().replace("\n", "\\n"),
    }
    words = [f"merge_request.{name}{value}" for name, value in options.items()]
    words += [f"merge_request.label={label}" for label in inputs.labels]
    return [part for word in words for part in ("-o", word)]


def _pull_request(inputs: Inputs, description: str) -> str:
    """Edit the pull request of the branch, or make it; its URL.

    A fork can have a branch of the same name: its pull requests are not ours.
    """
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "description.md"
        file.write_text(description, encoding="utf-8")
        what = ("--title", inputs.title, "--body-file", str(file))
        which = ("--head", inputs.branch, "--base", inputs.base)
        fields = ("--state", "open", "--json", "number,url,isCrossRepository")
        listed = json.loads(_run("gh", "pr", "list", *which, *fields).stdout)
        for found in listed:
            if not found["isCrossRepository"]:
                _run("gh", "pr", "edit", str(found["number"]), *what)
                return str(found["url"])
        labels = [part for label in inputs.labels for part in ("--label", label)]
        return _run("gh", "pr", "create", *which, *what, *labels).stdout.strip().splitlines()[-1]


def _append(variable: str, text: str) -> None:
    """Add to a file that GitHub's runner reads."""
    if path := os.environ.get(variable):
        with Path(path).open("a", encoding="utf-8") as file:
            file.write(text)


if __name__ == "__main__":
    sys.exit(main())
