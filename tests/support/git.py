"""Repositories for tests: real git, with an identity and a configuration of its own."""

from __future__ import annotations

import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from support.hosts import Host


@dataclass(frozen=True)
class Repository:
    """A repository whose commands run in a host's home.

    Attributes:
        folder: the top of the work tree.
        host: whose environment git runs in.
    """

    folder: Path
    host: Host

    @property
    def env(self) -> dict[str, str]:
        """Git's variables: an identity, and nothing of the machine's configuration."""
        who = {"NAME": "t", "EMAIL": "t@example.com", "DATE": "2024-01-01T00:00:00Z"}
        return {
            "GIT_CONFIG_GLOBAL": str(self.host.home / ".gitconfig"),
            "GIT_CONFIG_NOSYSTEM": "1",
            "GIT_CEILING_DIRECTORIES": str(self.folder.parent),
            "GIT_EDITOR": "true",
            **{
                f"GIT_{role}_{key}": v for role in ("AUTHOR", "COMMITTER") for key, v in who.items()
            },
        }

    @property
    def environ(self) -> Mapping[str, str]:
        """The whole environment."""
        return self.host.environ(self.env)

    def git(self, *arguments: str, code: int = 0, cwd: Path | None = None) -> str:
        """Run git, which must exit with ``code``; return its output on both streams."""
        done = subprocess.run(
            ["git", *arguments],
            cwd=cwd or self.folder,
            env=self.environ,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            encoding="utf-8",
            check=False,
        )
        assert done.returncode == code, f"git {' '.join(arguments)}: {done.stdout}"
        return done.stdout

    def multiplat(self, *arguments: str, code: int = 0, cwd: Path | None = None) -> str:
        """Run one of our commands; return its output on both streams."""
        done = self.host.multiplat(*arguments, cwd=cwd or self.folder, env=self.env, code=code)
        return done.stdout + done.stderr

    def commit(self, message: str) -> None:
        """Commit all that there is."""
        self.git("add", "-A")
        self.git("commit", "-qm", message)


def repository(folder: Path, host: Host) -> Repository:
    """A new repository, with the branch ``main``."""
    folder.mkdir(parents=True, exist_ok=True)
    repo = Repository(folder, host)
    repo.git("init", "-q", "-b", "main")
    return repo
