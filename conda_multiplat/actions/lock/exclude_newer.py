"""What ``lock`` excludes as too new: from the manifest, an option, or the machine's settings.

1. The manifest's value applies. The option applies as well: the earlier of both instants counts.
   A lock keeps its option, as it keeps its channel priority, until another one is given, or
   `false`.
2. If both are absent, conda's settings apply to conda packages, and uv's to PyPI packages. They
   differ between machines and can make a lock older, so the lock records them and a line of
   output says so.
"""

from __future__ import annotations

import os
from collections.abc import Collection, Iterator, Sequence
from fnmatch import fnmatch
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from conda_multiplat.lockfile.exclude_newer import NO_COOLDOWN, Cooldown, Times, too_new
from conda_multiplat.lockfile.model import PlatformLock
from conda_multiplat.machine.conda_settings import Settings
from conda_multiplat.machine.exclude_newer import CondasExcludeNewer
from conda_multiplat.machine.project import Project
from conda_multiplat.manifest.model import Manifest
from conda_multiplat.manifest.targets import Target, targets
from conda_multiplat.solving.outcomes import Solution
from conda_multiplat.solving.requests import channels_of, with_channels_of_specs
from conda_multiplat.vocabulary.channels import channel_urls, public_name
from conda_multiplat.vocabulary.errors import UsageError
from conda_multiplat.vocabulary.exclude_newer import (
    FORMS,
    NEVER,
    ExcludeNewer,
    Rule,
    in_words,
    instant,
    is_never,
    is_rule,
)

if TYPE_CHECKING:
    from conda_multiplat.solving.pypi import PypiSolution

_GLOB = frozenset("*?[")


class Effective(NamedTuple):
    """The rules that apply to a run.

    Attributes:
        exclude_newer: what is too new.
        settings: the machine's settings that apply, as a user would recognise them.
        given: the option of this run, ``""`` if it removes a lock's option; ``None`` without one.
    """

    exclude_newer: ExcludeNewer
    settings: tuple[str, ...] = ()
    given: str | None = None

    def lines(self, now: int) -> Iterator[str]:
        """Return the lines to print, one or two."""
        said = self.exclude_newer
        if said.option and self.given is None:
            yield (
                f" exclude-newer {said.option} is kept as it is locked; "
                "`conda multiplat lock --exclude-newer false` drops it"
            )
        if self.settings:
            yield f" the manifest has no exclude-newer: {'; '.join(self.settings)}"
        elif said.is_stated:
            texts = list(filter(None, dict.fromkeys([said.conda.everything, said.option])))
            own = any((said.conda.channels, said.conda.packages))
            more = " (some have their own)" if own and texts else ""
            if texts:
                cut = in_words(min(instant(text, now) for text in texts))
                yield f" exclude-newer {', '.join(texts)}: nothing after {cut} is used{more}"
            else:
                named = [name for name, _ in (*said.conda.channels, *said.conda.packages)]
                yield f" exclude-newer of {', '.join(named)} applies"


def effective(
    project: Project, settings: Settings, option: str | None, locked: Collection[str], now: int
) -> Effective:
    """Determine what is too new.

    Args:
        project: the project.
        settings: the machine's settings.
        option: the option of this run; ``None`` without one.
        locked: the options with which the locks were made.
        now: the current time in seconds since 1970.

    Raises:
        UsageError: the option, or a setting, is neither an instant nor a duration.
    """
    said = project.manifest.exclude_newer
    own_option = "" if option and is_never(option) and option != "0" else option
    if own_option:
        _require_rule("--exclude-newer", own_option)
        own_option = own_option.strip()
    kept = min(locked, key=lambda text: instant(text, now), default="")
    said = said._replace(option=kept if own_option is None else own_option)
    if said.is_stated:
        return Effective(said, given=own_option)
    conda = _of_conda(settings.exclude_newer(), project, settings)
    pypi, where = _of_uv(project)
    lines = []
    if any(conda):
        lines.append(f"conda's exclude_newer: {conda.words()} applies to conda packages")
    if any(pypi):
        lines.append(f"uv's {where} applies to PyPI packages")
    names = [name for name, rule in (("conda", conda), ("uv", pypi)) if any(rule)]
    return Effective(ExcludeNewer(conda, pypi, source=", ".join(names)), tuple(lines), own_option)


def _require_rule(where: str, text: str) -> None:
    if not is_rule(text):
        raise UsageError(f"{where} can't be {text!r:.60}", hints=[FORMS])


def _of_conda(said: CondasExcludeNewer, project: Project, settings: Settings) -> Rule:
    """Return the value of conda's configuration, with channels as the manifest names them."""
    if said.everything:
        _require_rule("conda's exclude_newer", said.everything)
    for name, text in (*said.packages, *said.channels):
        if not is_never(text):
            _require_rule(f"conda's exclude_newer of {name}", text)
    channels = _of_channels(said.channels, project, settings)
    packages = ((name.lower(), NEVER if is_never(text) else text) for name, text in said.packages)
    rule = Rule(said.everything, channels, tuple(sorted(packages)))
    return rule if rule.texts else Rule()


def _of_channels(
    said: Sequence[tuple[str, str]], project: Project, settings: Settings
) -> tuple[tuple[str, str], ...]:
    if not said:
        return ()
    limits: dict[str, str] = {}
    for name in _channel_names(project.manifest, settings):
        for setting, text in said:  # if there are several, the last one counts, as in conda
            if _is_meant(setting, name, settings, project.folder):
                limits[public_name(name).rstrip("/")] = NEVER if is_never(text) else text
    return tuple(limits.items())


def _channel_names(manifest: Manifest, settings: Settings) -> tuple[str, ...]:
    every = targets(manifest)
    named = (name for target in every for name in channels_of(target, settings.channels))
    lines = (line for target in every for line in target.view.conda)
    return with_channels_of_specs(named, lines)


def _is_meant(setting: str, name: str, settings: Settings, folder: Path) -> bool:
    """Return whether an entry of ``channel_settings`` matches a channel: by name, URL or glob."""
    config = settings.channel_config
    urls = [public_name(url).rstrip("/") for url in channel_urls(name, config, folder)]
    if _GLOB & set(setting):
        return any(fnmatch(url, setting.rstrip("/")) for url in urls)
    own = channel_urls(setting, config, folder)
    return setting == name or bool({public_name(url).rstrip("/") for url in own} & set(urls))


def _of_uv(project: Project) -> tuple[Rule, str]:
    """Return the value of uv's settings and its place, if PyPI packages are requested."""
    if not any(target.view.pypi for target in targets(project.manifest)):
        return Rule(), ""
    from conda_multiplat.engines.pypi.user_settings import exclude_newer

    said = exclude_newer(os.environ, project.folder.resolve())
    if said.everything:
        _require_rule(f"uv's {said.where}", said.everything)
    for name, text in said.packages.items():
        if not is_never(text):
            _require_rule(f"uv's exclude-newer-package of {name}", text)
    packages = sorted(
        (name, NEVER if is_never(text) else text) for name, text in said.packages.items()
    )
    rule = Rule(said.everything, packages=tuple(packages))
    words = f"{said.where}: {said.everything}" if said.everything else said.where
    return (rule, words) if rule.texts else (Rule(), "")


def rattlers_warning(said: ExcludeNewer) -> list[str]:
    """Return a warning if this version of rattler can't exclude everything that is too new."""
    from conda_multiplat.engines.conda.exclude_newer import warning

    return [warning()] if said.is_stated and warning() else []


def cooldown_of(solution: Solution, resolved: PypiSolution | None) -> Cooldown:
    """Return the ``exclude-newer`` that a target was locked with, if any."""
    said = solution.request.target.exclude_newer
    if not said.is_stated:
        return NO_COOLDOWN
    times = Times(solution.times, resolved.times if resolved else {})
    return Cooldown(said, solution.request.cutoffs.at, times)


def of_the_same_instant(
    target: Target, new: PlatformLock, old: PlatformLock | None
) -> PlatformLock:
    """Return a platform's new lock, with durations counted from the old lock's instant if possible.

    If the same packages are locked, the file then stays the same, instead of changing each day in
    its instant only.
    """
    if old is None or old.cooldown.exclude_newer != new.cooldown.exclude_newer:
        return new
    as_before = new.cooldown._replace(at=old.cooldown.at)
    if _entries(target, old) != _entries(target, new) or any(too_new(target, as_before)):
        return new
    return new._replace(cooldown=as_before)


def _entries(target: Target, locked: PlatformLock) -> list[dict[str, Any]]:
    return [record.to_dict(target.subdir) for record in locked.every]
