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

import os
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from inputs import Inputs, StoppedError, git, same_packages, top
from pull_request import commit_of, pull_request, push

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
from runner import append, no_commands, output

#: Bytes of a description: GitHub takes 65,536 characters, an option of a push about as many bytes.
MOST = 60_000
#: What `audit` answers where it has found something.
FOUND = 1


def main() -> int:
    """Do all of it; the exit code."""
    with no_commands():
        try:
            outputs = update(Inputs.of(os.environ))
        except StoppedError as error:
            print(f"error: {error}", file=sys.stderr)
            return 1
    output(outputs)
    return 0


def update(inputs: Inputs) -> dict[str, str]:
    """Lock, and open or renew the pull request; the action's outputs."""
    if git("status", "--porcelain", "--untracked-files=no"):
        raise StoppedError("the work tree has changes: commit them first")
    before = _untracked()
    newer = ("--exclude-newer", inputs.cooldown) if inputs.cooldown else ()
    inputs.multiplat("lock", "--update-all", *newer)
    inputs.multiplat("render", "--existing")
    changed = _lines("diff", "--name-only", "-z", "--no-relative")
    changed += [name for name in _untracked() if name not in before]
    if not changed or same_packages(inputs, "HEAD"):
        git("-C", top(), "checkout", "--quiet", "HEAD", "--", *changed)
        print("nothing is newer: there is no pull request to make")
        return {"changed": "false", "pull-request": "", "vulnerable": "false"}
    locking = " ".join(["lock", "--update-all", *newer])
    sections, vulnerable = _sections(inputs, newer)
    append("GITHUB_STEP_SUMMARY", _described(locking, sections, 1 << 20))
    commit = commit_of(inputs, changed)
    url = ""
    if pushed := push(inputs, commit, _described(locking, sections, MOST)):
        print(pushed)
        if inputs.service == "github":
            url = pull_request(inputs, _described(locking, sections, MOST))
            print(url)
    return {"changed": "true", "pull-request": url, "vulnerable": str(vulnerable).lower()}


def _untracked() -> list[str]:
    return _lines("ls-files", "--others", "--exclude-standard", "-z", "--full-name")


def _lines(*arguments: str) -> list[str]:
    return [name for name in git(*arguments).split("\0") if name]


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


if __name__ == "__main__":
    sys.exit(main())
