"""Publication times of locked packages, and whether ``exclude-newer`` allows them; offline.

A lock stores the rules that it was made with, the instant that durations count from, and the time
of each package. So ``7d`` in a manifest means seven days before *that* instant: the lock stays in
sync as time passes, and anybody can check the age of each package.

Rules from a machine's settings or from the option are stored too, and apply to the lock on every
machine. The manifest's rules always apply.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from types import MappingProxyType
from typing import Any, NamedTuple

from conda_multiplat.manifest.targets import Target
from conda_multiplat.vocabulary.exclude_newer import (
    Cutoffs,
    Cuts,
    ExcludeNewer,
    Rule,
    in_words,
    instant,
)
from conda_multiplat.vocabulary.json_values import json_object

#: Name -> time of publication in seconds since 1970, rounded up; 0 if it is not known.
Dates = Mapping[str, int]
_NONE: Mapping[str, Any] = MappingProxyType({})
#: The maximum number of packages in a message.
_SHOWN = 8


class Times(NamedTuple):
    """When packages were published.

    Attributes:
        conda: conda packages, by channel, as the manifest names it.
        pypi: PyPI's files.
    """

    conda: Mapping[str, Dates] = _NONE
    pypi: Dates = _NONE

    def published(self) -> dict[tuple[str, str], tuple[str, int]]:
        """Return (manager, name) -> the channel, and the time in seconds since 1970."""
        conda = {
            ("conda", name): (channel, time)
            for channel, dates in self.conda.items()
            for name, time in dates.items()
        }
        return conda | {("pypi", name): ("", time) for name, time in self.pypi.items()}


class Cooldown(NamedTuple):
    """The ``exclude-newer`` rules and times of a locked platform.

    Attributes:
        exclude_newer: the rules.
        at: the instant that durations count from, in seconds since 1970; 0 if there are none.
        times: the times of the locked packages.
    """

    exclude_newer: ExcludeNewer = ExcludeNewer()
    at: int = 0
    times: Times = Times()


class TooNew(NamedTuple):
    """A locked package that is too new.

    Attributes:
        manager: ``conda`` or ``pypi``.
        name: its name.
        why: the reason, as a message.
    """

    manager: str
    name: str
    why: str


NO_COOLDOWN = Cooldown()


def rules_for(target: Target, locked: Cooldown) -> ExcludeNewer:
    """Return the rules that apply to the lock of a target.

    These are the manifest's; if it has none, those from the settings of the machine that locked;
    and the option in either case.
    """
    rules = target.exclude_newer
    if rules.source:  # from the settings of this machine, which did not lock it
        rules = ExcludeNewer()
    elif any(rules.conda) or any(rules.pypi):
        return rules._replace(option=locked.exclude_newer.option)
    if locked.exclude_newer.source:
        return locked.exclude_newer
    return rules._replace(option=locked.exclude_newer.option)


def as_locked(target: Target, locked: Cooldown) -> Target:
    """Return the target with the rules that apply to its lock, for digests."""
    rules = rules_for(target, locked)
    return target if rules == target.exclude_newer else target.excluding(rules)


def cutoffs_as_locked(target: Target, locked: Cooldown) -> Cutoffs:
    """Return the instants that apply to the lock of a target."""
    return rules_for(target, locked).cutoffs(locked.at)


def too_new(target: Target, locked: Cooldown) -> Iterator[TooNew]:
    """Yield the packages of a lock that are too new, by the times that it stores."""
    if not rules_for(target, locked).is_stated:
        return
    cutoffs = cutoffs_as_locked(target, locked)
    for channel, dates in locked.times.conda.items():
        yield from _too_new("conda", dates, cutoffs.conda, channel)
    yield from _too_new("pypi", locked.times.pypi, cutoffs.pypi, "")


def _too_new(manager: str, dates: Dates, cuts: Cuts, channel: str) -> Iterator[TooNew]:
    for name, time in dates.items():
        if cuts.excludes(name, channel, time):
            cut = in_words(cuts.of(name, channel) or 0)
            why = f"published {in_words(time)}, which is after exclude-newer's {cut}"
            yield TooNew(manager, name, why)


def age_faults(
    target: Target, locked: Cooldown, versions: Mapping[tuple[str, str], str]
) -> Iterator[tuple[str, str]]:
    """Yield what is wrong with the ages of locked packages: the rule or package, and the reason.

    Args:
        target: the target.
        locked: the rules and times of its lock.
        versions: of all locked packages, by manager and name; ``""`` if only the name matters.
    """
    rules = rules_for(target, locked)
    if not rules.is_stated:
        return
    texts = ", ".join(dict.fromkeys([*rules.conda.texts, *rules.pypi.texts]))
    if not locked.exclude_newer.is_stated:
        yield f"exclude-newer {texts}", "locked without it"
        return
    if rules.has_durations and not locked.at:
        yield f"exclude-newer {texts}", "the lock has no instant to count days from"
        return
    faults = [
        (f"{newer.name} {versions.get((newer.manager, newer.name), '')}".strip(), newer.why)
        for newer in too_new(target, locked)
    ]
    dated = locked.times.published()
    faults += [
        (f"{name} {version}".strip(), "the lock does not say when it was published")
        for (manager, name), version in versions.items()
        if (manager, name) not in dated
    ]
    yield from faults[:_SHOWN]
    if more := len(faults[_SHOWN:]):
        yield f"and {more} more", "too new, or of unknown age"


def cooldown_of_both(target: Target, ours: Cooldown, theirs: Cooldown) -> Cooldown:
    """Return the rules that apply to both sides of a merge, without times.

    The later instant counts, since it allows the packages of each side. An option or a machine's
    settings apply if both sides have the same; otherwise only the manifest's rules surely apply.
    """
    of_ours, of_theirs = rules_for(target, ours), rules_for(target, theirs)
    common = of_ours if of_ours == of_theirs else target.exclude_newer
    at = max(ours.at, theirs.at) if common.has_durations else 0
    return Cooldown(common, at)


def pack(cooldown: Cooldown) -> tuple[str, str]:
    """Return the rules with their instant, and the times, as JSON."""
    rules = cooldown.exclude_newer
    content = rules.content(pypi=True)
    if rules.source:
        content["source"] = rules.source
    if cooldown.at:
        content["at"] = in_words(cooldown.at)
    times: dict[str, Any] = {"conda": {k: dict(v) for k, v in cooldown.times.conda.items()}}
    if cooldown.times.pypi:
        times["pypi"] = dict(cooldown.times.pypi)
    return _json(content), _json(times)


def _json(content: dict[str, Any]) -> str:
    return json.dumps(content, sort_keys=True, separators=(",", ":"))


def unpack(rules: str, times: str) -> Cooldown:
    """Read what :func:`pack` wrote.

    Raises:
        ValueError: a text has another form.
    """
    content, dated = json_object(rules), json_object(times)
    exclude_newer = ExcludeNewer(
        Rule.of_content(_mapping(content.get("conda", {}))),
        Rule.of_content(_mapping(content.get("pypi", {}))),
        str(content.get("option", "")),
        str(content.get("source", "")),
    )
    at = instant(str(content["at"]), 0) if "at" in content else 0
    exclude_newer.cutoffs(at)  # raises an error for an invalid rule
    channels = _mapping(dated.get("conda", {}))
    conda = {channel: _dates(dates) for channel, dates in channels.items()}
    return Cooldown(exclude_newer, at, Times(conda, _dates(dated.get("pypi", {}))))


def _dates(value: Any) -> Dates:
    dates = _mapping(value)
    if not all(type(time) is int and time >= 0 for time in dates.values()):
        raise ValueError(f"{value!r:.60} does not say when packages were published")
    return dates


def _mapping(value: Any) -> Mapping[str, Any]:
    if not isinstance(value, dict):
        raise ValueError(f"{value!r:.60} is not a mapping")
    return value
