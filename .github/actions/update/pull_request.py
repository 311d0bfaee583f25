"""The branch with what is newest, and the one pull request for it."""

from __future__ import annotations

import json
import os
import tempfile
from collections.abc import Sequence
from pathlib import Path

from inputs import Inputs, git, run, same_packages, top

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


def commit_of(inputs: Inputs, changed: Sequence[str]) -> str:
    """A commit of the changed files on top of what is checked out; nothing else moves."""
    with tempfile.TemporaryDirectory() as folder:
        who = {"NAME": inputs.name, "EMAIL": inputs.email}
        env = {f"GIT_{role}_{k}": v for role in ("AUTHOR", "COMMITTER") for k, v in who.items()}
        env["GIT_INDEX_FILE"] = str(Path(folder) / "index")
        git("read-tree", "HEAD", env=env)
        git("-C", top(), "add", "--force", "--", *changed, env=env)
        tree = git("write-tree", env=env)
        return git("commit-tree", tree, "-p", "HEAD", "-m", inputs.title, env=env)


def push(inputs: Inputs, commit: str, description: str) -> str:
    """Push the commit to the branch; what was done, ``""`` where the branch is left alone."""
    ref = f"refs/heads/{inputs.branch}"
    login = _LOGIN if inputs.service == "github" else {}
    there = git("ls-remote", "origin", ref, env=login).partition("\t")[0]
    if there:
        shallow = git("rev-parse", "--is-shallow-repository") == "true"
        depth = ["--depth=1"] if shallow else []  # which would cut a whole history short
        git("fetch", "--quiet", *depth, "origin", ref, env=login)
        if git("log", "-1", "--format=%ae", there) != inputs.email:
            print(f"{inputs.branch} has a commit of somebody else: it is left as it is")
            return ""
        on_top = f"parent {git('rev-parse', 'HEAD')}" in git("cat-file", "commit", there)
        if on_top and same_packages(inputs, there):
            return f"{inputs.branch} has these locks already"
    options = _push_options(inputs, description) if inputs.service == "gitlab" else []
    lease = f"--force-with-lease={ref}:{there}"
    git("push", "--quiet", lease, *options, "origin", f"{commit}:{ref}", env=login)
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


def pull_request(inputs: Inputs, description: str) -> str:
    """Edit the pull request of the branch, or make it; its URL.

    A fork can have a branch of the same name: its pull requests are not ours.
    """
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "description.md"
        file.write_text(description, encoding="utf-8")
        what = ("--title", inputs.title, "--body-file", str(file))
        which = ("--head", inputs.branch, "--base", inputs.base)
        fields = ("--state", "open", "--json", "number,url,isCrossRepository")
        listed = json.loads(run("gh", "pr", "list", *which, *fields).stdout)
        for found in listed:
            if not found["isCrossRepository"]:
                run("gh", "pr", "edit", str(found["number"]), *what)
                return str(found["url"])
        labels = [part for label in inputs.labels for part in ("--label", label)]
        return run("gh", "pr", "create", *which, *what, *labels).stdout.strip().splitlines()[-1]
