"""Alternatives to what was solved, and what prevents them, as values and messages.

A ``fix`` tells the user how to get the alternative. If there is none, an ``obstacle`` is the
solver's explanation of why it is impossible.
"""

from __future__ import annotations

import shlex
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any

from conda_multiplat.manifest.model import Requirement
from conda_multiplat.manifest.targets import Target
from conda_multiplat.vocabulary.errors import Location
from conda_multiplat.vocabulary.exclude_newer import NEVER, in_words
from conda_multiplat.vocabulary.names import DEFAULT_ENVIRONMENT, unique
from conda_multiplat.vocabulary.virtual_packages import has_cuda

#: The maximum number of lines of the solver's explanation in text; JSON has all of them.
_SHOWN = 12


def _explained(obstacle: str, *, whole: bool) -> list[str]:
    """Return an explanation without repeated lines; unless ``whole``, only its beginning."""
    lines = list(dict.fromkeys(obstacle.splitlines()))
    more = 0 if whole else len(lines) - _SHOWN
    shown = [*lines[:_SHOWN], f"and {more} more lines (-v shows them)"] if more > 1 else lines
    return [f"    {line}" for line in shown]


def by_writing(spec: str, at: Location) -> str:
    """Return the fix that changes a line of the manifest."""
    return f"write `{spec}` in {at}"


def by_adding(spec: str) -> str:
    """Return the fix that adds a line to the manifest."""
    return f"add `- {spec}` to the dependencies"


def by_updating(name: str = "") -> str:
    """Return the fix that updates a package, or all of them."""
    return f"run `conda multiplat lock {f'--update {name}' if name else '--update-all'}`"


def by_promising(subdir: str, cuda: str) -> str:
    """Return the fix that promises CUDA."""
    return f'promise it: `{subdir}: {{cuda: "{cuda}"}}` under multiplat: virtual-packages'


def too_new_reason(name: str, version: str, cut: int) -> str:
    """Return the statement that a package is too new, with the fix."""
    when = f"; exclude-newer is {in_words(cut)}" if cut else ""
    return f"{name} {version} is too new{when}: {by_exception(name)}"


def by_exception(name: str) -> str:
    """Return the fix that exempts a package from ``exclude-newer``."""
    return f"`exclude-newer-package: {{{name}: {NEVER}}}` under multiplat: lets it through"


@dataclass(frozen=True)
class CpuBuild:
    """A package that was chosen in a CPU build although there are CUDA builds.

    Attributes:
        name: the package's name.
        version: the version that was chosen.
        at: the location of the line that requires it, directly or indirectly.
        reason: why no CUDA build was chosen, as a phrase.
        instead: the version of a CUDA build that can be solved; ``""`` if there is none.
        fix: how to get it; ``""`` if there is no fix.
        spec: the MatchSpec for it; ``""`` if none is needed.
        obstacle: the solver's explanation, if ``spec`` has no solution.
    """

    name: str
    version: str
    at: Location
    reason: str
    instead: str = ""
    fix: str = ""
    spec: str = ""
    obstacle: str = ""

    def lines(self, *, whole: bool = False) -> list[str]:
        """Return the text for people; unless ``whole``, only the beginning of an explanation."""
        title = f"{self.name} {self.version} is a CPU build: {self.reason}"
        return [title, *self.fixes(whole=whole)]

    def fixes(self, *, whole: bool = False) -> list[str]:
        """Return how to get a CUDA build, or why that is impossible."""
        if self.instead:
            return [f"  {self.instead} has one; to get it, {self.fix}"]
        if not self.obstacle:
            return []
        spec = f"  `{self.spec}` in {self.at} would have no solution:"
        return [spec, *_explained(self.obstacle, whole=whole)]

    def with_fix_for(self, having: Sequence[Target], every: Iterable[Target], add: str) -> CpuBuild:
        """Return it with a fix that leaves out the targets that can't have CUDA builds.

        Args:
            having: the targets with this CPU build.
            every: all targets of the manifest.
            add: the command that adds a line, as the user would type it.
        """
        every, these = list(every), {str(target) for target in having}
        others = (
            target
            for target in every
            if str(target) not in these and not has_cuda(target.virtual_packages)
        )
        if not (self.spec and self.fix) or not any(_has_line(other, self.at) for other in others):
            return self
        commands = [
            shlex.join([*add.split(), self.spec, *_only(environment, having, every)])
            for environment in unique(target.environment for target in having)
        ]
        return replace(self, fix=f"run `{'; '.join(commands)}`")

    def to_dict(self) -> dict[str, str | int]:
        """Return the JSON form."""
        return {
            "name": self.name,
            "version": self.version,
            "file": self.at.file,
            "line": self.at.line,
            "reason": self.reason,
            "instead": self.instead,
            "fix": self.fix,
            "spec": self.spec,
            "obstacle": self.obstacle,
        }


def _has_line(target: Target, at: Location) -> bool:
    return any(line.at == at for line in target.view.conda)


def _only(environment: str, having: Sequence[Target], every: Sequence[Target]) -> list[str]:
    """Return the options that limit a command to an environment's targets among ``having``."""
    options = [] if environment == DEFAULT_ENVIRONMENT else ["-e", environment]
    platforms = [target.subdir for target in having if target.environment == environment]
    if any(
        target.environment == environment and target.subdir not in platforms for target in every
    ):
        options += [word for platform in platforms for word in ("--platform", platform)]
    return options


@dataclass(frozen=True)
class Newest:
    """The newest version of a package that its channels or indexes have.

    Attributes:
        version: the version; that of the locked record where nothing is newer.
        reason: why it was not chosen, in a few words; ``""`` if it was, or if ``obstacle`` tells.
        fix: what to do to get it.
        clash: the manifest's lines that rule it out.
        obstacle: the solver's explanation.
        place: the folder, file or repository that it comes from, if not from a channel or an index.
    """

    version: str
    reason: str = ""
    fix: str = ""
    clash: Sequence[Requirement] = ()
    obstacle: str = ""
    place: str = ""

    def lines(self, locked: str, *, whole: bool = False) -> list[str]:
        """Return the text for people about a locked version; ``whole``: the whole explanation."""
        if self.place:
            return [f"{locked} comes from {self.place}, which has no other version"]
        if self.version == locked:
            return [f"{locked} is the newest"]
        text = [f"{self.version} is the newest" + (f": {self.reason}" if self.reason else "")]
        if self.fix:
            return [*text, f"  to get it, {self.fix}"]
        if self.obstacle:
            text.append("  it would have no solution with")
            text += [f"    {line.at}  {line.text}" for line in self.clash]
            text += _explained(self.obstacle, whole=whole)
        return text

    def to_dict(self) -> dict[str, Any]:
        """Return the JSON form."""
        return {
            "version": self.version,
            "reason": self.reason,
            "fix": self.fix,
            "clash": [line.to_dict() for line in self.clash],
            "obstacle": self.obstacle,
        }
