"""A stand-in for GitHub: a ``gh`` that keeps pull requests in a file, and what runners read."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

#: What stands for GitHub's program: it writes down each call, and knows three of them.
_GH = """\
#!{python}
import json, pathlib, sys
state = pathlib.Path({state!r})
data = json.loads(state.read_text())
args = sys.argv[1:]
options = dict(zip(args[2:], args[3:]))
body = options.get("--body-file")
text = pathlib.Path(body).read_text("utf-8") if body else ""
data["calls"].append(args[:2])
if args[:2] == ["pr", "list"]:
    assert options["--state"] == "open"
    print(json.dumps([
        {{key: each[key] for key in options["--json"].split(",")}}
        for each in data["open"]
        if (each["head"], each["base"]) == (options["--head"], options["--base"])
    ]))
elif args[:2] == ["pr", "create"]:
    number = len(data["open"]) + 1
    url = f"https://github.example.com/o/r/pull/{{number}}"
    data["open"].append(dict(number=number, url=url, isCrossRepository=False, body=text,
        head=options["--head"], base=options["--base"], title=options["--title"],
        labels=[b for a, b in zip(args, args[1:]) if a == "--label"]))
    print("Creating a pull request\\n" + url)
elif args[:2] == ["pr", "edit"]:
    (found,) = [each for each in data["open"] if str(each["number"]) == args[2]]
    found.update(body=text, title=options["--title"])
else:
    sys.exit(f"unknown: {{args}}")
state.write_text(json.dumps(data))
"""


@dataclass(frozen=True)
class Service:
    """The stand-in.

    Attributes:
        folder: where its program, its state and the runner's files are.
    """

    folder: Path

    @property
    def environ(self) -> dict[str, str]:
        """The variables of a runner, ``PATH`` apart."""
        names = ("GITHUB_OUTPUT", "GITHUB_ENV", "GITHUB_PATH", "GITHUB_STEP_SUMMARY")
        return {name: str(self.folder / name) for name in names}

    @property
    def state(self) -> dict[str, Any]:
        """The ``calls`` of ``gh`` and the ``open`` pull requests."""
        document: dict[str, Any] = json.loads((self.folder / "state.json").read_text("utf-8"))
        return document

    def open(self, **fields: Any) -> None:
        """A pull request that somebody else has opened."""
        state = self.state
        state["open"].append({"number": 70, "body": "", "title": "", "url": "", **fields})
        (self.folder / "state.json").write_text(json.dumps(state), encoding="utf-8")

    def calls(self) -> list[str]:
        """The calls of ``gh`` since they were last asked for."""
        state = self.state
        calls = [" ".join(call) for call in state["calls"]]
        (self.folder / "state.json").write_text(json.dumps({**state, "calls": []}), "utf-8")
        return calls

    def outputs(self) -> dict[str, str]:
        """Return what the last run has written for the action's outputs."""
        lines = (self.folder / "GITHUB_OUTPUT").read_text("utf-8").splitlines()
        return dict(line.split("=", 1) for line in lines)


def service(folder: Path) -> Service:
    """A service without pull requests; its ``gh`` is in ``folder``."""
    folder.mkdir()
    state = folder / "state.json"
    state.write_text(json.dumps({"calls": [], "open": []}), encoding="utf-8")
    program = folder / "gh"
    program.write_text(_GH.format(python=sys.executable, state=str(state)), encoding="utf-8")
    program.chmod(0o755)
    return Service(folder)


def run_step(
    script: Path, *arguments: str, cwd: Path, env: Mapping[str, str], code: int = 0
) -> subprocess.CompletedProcess[str]:
    """Run a step of an action, which must end with ``code``."""
    done = subprocess.run(
        [sys.executable, str(script), *arguments],
        cwd=cwd,
        env=dict(env),
        capture_output=True,
        encoding="utf-8",
        check=False,
    )
    assert done.returncode == code, done.stdout + done.stderr
    return done
