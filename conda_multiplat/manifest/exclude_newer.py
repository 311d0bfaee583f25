"""``multiplat: exclude-newer``, ``exclude-newer-channel`` and ``exclude-newer-package``."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

import yaml

from conda_multiplat.manifest.model import Environment
from conda_multiplat.vocabulary.channels import public_name, spec_channel
from conda_multiplat.vocabulary.errors import Location, Problem
from conda_multiplat.vocabulary.exclude_newer import (
    FORMS,
    NEVER,
    ExcludeNewer,
    Rule,
    is_never,
    is_rule,
)
from conda_multiplat.vocabulary.names import PACKAGE_NAME, nearest_or_all
from conda_multiplat.vocabulary.yaml_nodes import Reader, Text, is_null

EVERYTHING = "exclude-newer"
OF_CHANNELS = "exclude-newer-channel"
OF_PACKAGES = "exclude-newer-package"
KEYS = (EVERYTHING, OF_CHANNELS, OF_PACKAGES)


class FileRules(NamedTuple):
    """The rules of one file.

    Attributes:
        rule: the general rule and those for channels and packages.
        places: the location of each channel's rule.
    """

    rule: Rule = Rule()
    places: tuple[Text, ...] = ()


def read_exclude_newer(reader: Reader, keys: Mapping[str, tuple[Text, yaml.Node]]) -> FileRules:
    """Read the keys of ``multiplat:``, adding problems to ``reader``."""
    everything = ""
    if EVERYTHING in keys and not is_null(keys[EVERYTHING][1]):
        everything = _everything(reader, keys[EVERYTHING][1])
    channels = _specific(reader, OF_CHANNELS, keys)
    packages = _specific(reader, OF_PACKAGES, keys)
    _require_names(reader, [key for key, _ in packages])
    rule = Rule(
        everything,
        tuple((_plain(key.value), text) for key, text in channels),
        tuple(sorted((key.value.lower(), text) for key, text in packages)),
    )
    return FileRules(rule, tuple(key for key, _ in channels))


def _everything(reader: Reader, node: yaml.Node) -> str:
    reader.no_selectors(node, EVERYTHING)
    text = reader.text(node, EVERYTHING)
    if text and not is_rule(text.value):
        reader.problem(text.at, f"{EVERYTHING} is {text.value!r:.60}", FORMS)
    return text.value.strip() if text else ""


def _specific(
    reader: Reader, what: str, keys: Mapping[str, tuple[Text, yaml.Node]]
) -> list[tuple[Text, str]]:
    if what not in keys:
        return []
    node = keys[what][1]
    reader.no_selectors(node, what)
    rules = []
    for name, (key, child) in reader.mapping(node, what).items():
        text = reader.text(child, f"{what} of {name}")
        if text and not (is_never(text.value) or is_rule(text.value)):
            hint = f"{FORMS}, or `{NEVER}` to exempt it"
            reader.problem(text.at, f"{what} of {name} is {text.value!r:.60}", hint)
        elif text:
            rules.append((key, NEVER if is_never(text.value) else text.value.strip()))
    return rules


def _require_names(reader: Reader, keys: Iterable[Text]) -> None:
    """Add a problem for keys that are not package names, and for duplicates."""
    places: dict[str, Location] = {}
    for key in keys:
        first = places.setdefault(key.value.lower(), key.at)
        if not re.fullmatch(PACKAGE_NAME, key.value):
            hint = "write only a package's name"
            reader.problem(
                key.at, f"{OF_PACKAGES} names {key.value!r:.60}, which is not a package", hint
            )
        elif first != key.at:
            reader.problem(
                key.at,
                f"{OF_PACKAGES} names {key.value} twice",
                f"{first} names it too: remove one of them",
            )


def _plain(channel: str) -> str:
    return public_name(channel).rstrip("/")


def combine_rules(files: Iterable[FileRules]) -> ExcludeNewer:
    """Combine the rules of several files; later files take precedence."""
    everything = ""
    channels: dict[str, str] = {}
    packages: dict[str, str] = {}
    for entry in files:
        everything = entry.rule.everything or everything
        channels |= dict(entry.rule.channels)
        packages |= dict(entry.rule.packages)
    rule = Rule(everything, tuple(channels.items()), tuple(sorted(packages.items())))
    return of_both(rule)


def of_both(rule: Rule) -> ExcludeNewer:
    """Return the rules for conda's and PyPI's packages; PyPI has no channels."""
    return ExcludeNewer(rule, rule._replace(channels=()))


def channel_problems(
    files: Sequence[FileRules], environments: Mapping[str, Environment]
) -> set[Problem]:
    """Return problems with channels that the manifest does not name: a typo exempts packages."""
    views = [view for environment in environments.values() for view in environment.views.values()]
    named = {_plain(text.value) for view in views for text in view.channels}
    of_specs = (spec_channel(line.text) for view in views for line in view.conda)
    named |= set(map(_plain, filter(None, of_specs)))
    if not named:  # the configuration names the channels
        return set()
    return {
        _unknown(key.at, key.value, sorted(named - {"nodefaults"}))
        for entry in files
        for key in entry.places
        if _plain(key.value) not in named
    }


def _unknown(at: Location, name: str, named: Sequence[str]) -> Problem:
    hint = nearest_or_all(name, named, "write it as under `channels`")
    return Problem(
        at, f"{OF_CHANNELS} names {name!r}, which is not a channel of the manifest", hint
    )
