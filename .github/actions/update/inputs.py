"""What the script is told, and the commands that it runs."""

from __future__ import annotations

import os
import shlex
import subprocess
from collections.abc import Mapping, Sequence
from typing import NamedTuple


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
            if run("git", "check-ref-format", "--branch", name, codes=None).returncode:
                raise StoppedError(f"{name!r} can't be a branch")
        if inputs.branch == inputs.base:
            raise StoppedError(f"{inputs.base} can't be the branch of a pull request for itself")
        return inputs

    def multiplat(self, *arguments: str, codes: Sequence[int] | None = (0,)) -> Done:
        """Run one of our commands."""
        files = ("-f", *self.files) if self.files else ()
        return run(*self.command, *arguments, *files, codes=codes)


Done = subprocess.CompletedProcess[str]


def run(
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


def git(*arguments: str, env: Mapping[str, str] | None = None) -> str:
    """What git says, which must end well."""
    return run("git", *arguments, env=env).stdout.strip()


def top() -> str:
    """The top of the work tree: git names files from there."""
    return git("rev-parse", "--show-toplevel")


def same_packages(inputs: Inputs, revision: str) -> bool:
    """Whether what is locked is what a revision has; with a cooldown no two locks are the same."""
    done = inputs.multiplat("diff", revision, "--exit-code", codes=(0, 1))
    return done.returncode == 0
