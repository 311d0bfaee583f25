"""A git repository whose commits run our hooks."""

from __future__ import annotations

import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import yaml

from support.hosts import Host

REPOSITORY = Path(__file__).resolve().parents[2]


@dataclass(frozen=True)
class Repository:
    """A git repository whose commits run our hooks.

    Attributes:
        folder: its work tree.
        host: what locks in it.
        variables: the environment of git and the hooks.
    """

    folder: Path
    host: Host
    variables: Mapping[str, str]

    def git(self, *arguments: str) -> str:
        """Run git, which must succeed."""
        done = self._run(*arguments)
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    def commit(self, *, code: int = 0) -> str:
        """Commit what is staged; return the output of the hooks."""
        done = self._run("commit", "-qm", "x")
        output = done.stdout + done.stderr
        assert done.returncode == code, output
        return output

    def _run(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        command = ["git", "-c", "user.name=t", "-c", "user.email=t@example.com", *arguments]
        return subprocess.run(
            command,
            cwd=self.folder,
            env=self.variables,
            capture_output=True,
            text=True,
            encoding="utf-8",
            check=False,
        )

    def multiplat(self, *arguments: str) -> None:
        """Run one of our commands in its folder."""
        self.host.multiplat(*arguments, cwd=self.folder)

    def hooks(self, *names: str, **settings: str | bool) -> None:
        """Commit which of our hooks are in use, with their settings, without running any."""
        ids = [{"id": name, **settings} for name in names]
        revision = _revision()
        config = {"repos": [{"repo": str(REPOSITORY), "rev": revision, "hooks": ids}]}
        path = self.folder / ".pre-commit-config.yaml"
        path.write_text(yaml.safe_dump(config), encoding="utf-8")
        self.git("add", "-A")
        self.git("commit", "--no-verify", "--allow-empty", "-qm", "hooks")


def _revision() -> str:
    command = ["git", "-C", str(REPOSITORY), "rev-parse", "HEAD"]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()
