"""``multiplat: licenses:``: which licences locked packages may have."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import yaml

from conda_multiplat.vocabulary.errors import NOWHERE, Location, Problem
from conda_multiplat.vocabulary.names import project_name
from conda_multiplat.vocabulary.yaml_nodes import Reader, Text

LICENSES = ("allow", "deny", "exceptions")
EXCEPTION = ("license", "reason")
#: What is wrong with a licence, and what to write instead; ``None`` where nothing is.
LicenseCheck = Callable[[str], tuple[str, str] | None]


class LicenseException(NamedTuple):
    """A package that may have a licence all the same.

    Attributes:
        package: its name, conda's or PyPI's.
        license: the licence that it is let through with, as ``licenses`` shows it; ``""`` for any.
        reason: why.
        at: where the manifest says so.
    """

    package: str
    license: str
    reason: str
    at: Location

    def is_for(self, name: str) -> bool:
        """Whether a package has the name, PyPI's in any spelling."""
        return name in (self.package, project_name(self.package))


class LicenseRules(NamedTuple):
    """What a manifest says of licences.

    Attributes:
        allow: the licences that may be had; where it is empty, all that are not denied.
        deny: those that may not.
        exceptions: packages that neither is asked of.
    """

    allow: tuple[Text, ...] = ()
    deny: tuple[Text, ...] = ()
    exceptions: tuple[LicenseException, ...] = ()

    def said(self) -> dict[str, Any]:
        """What is said, apart from where."""
        return {
            "allow": [text.value for text in self.allow],
            "deny": [text.value for text in self.deny],
            "exceptions": [each._replace(at=NOWHERE) for each in self.exceptions],
        }


def combined(rules: Sequence[LicenseRules]) -> LicenseRules:
    """What several files say: all of it, of a package's exceptions the last.

    What one of them denies is denied.
    """
    exceptions = {each.package: each for rule in rules for each in rule.exceptions}
    deny = {text.value: text for rule in rules for text in rule.deny}
    allow = {text.value: text for rule in rules for text in rule.allow}
    if len(rules) > 1:  # one that contradicts itself is refused
        left = {value: text for value, text in allow.items() if value not in deny}
        allow = left or allow
    return LicenseRules(tuple(allow.values()), tuple(deny.values()), tuple(exceptions.values()))


def read_license_rules(reader: Reader, node: yaml.Node) -> LicenseRules:
    """The value of ``licenses:``, its problems going to ``reader``."""
    reader.no_selectors(node, "licenses")
    keys = reader.known(node, "licenses", LICENSES)
    allow, deny = (
        reader.texts(keys[name][1], name) if name in keys else () for name in ("allow", "deny")
    )
    if "allow" in keys and not allow:
        hint = "write the licences that may be had, or leave `allow` out"
        reader.problem(keys["allow"][0].at, "allow is empty: no package could be used", hint)
    listed = {text.value: text.at for text in deny}
    for text in allow:
        if text.value in listed:
            hint = f"{listed[text.value]} denies it: remove one of them"
            reader.problem(text.at, f"{text.value!r} is allowed and denied", hint)
    exceptions = _exceptions(reader, keys["exceptions"][1]) if "exceptions" in keys else ()
    return LicenseRules(allow, deny, exceptions)


def _exceptions(reader: Reader, node: yaml.Node) -> tuple[LicenseException, ...]:
    found = []
    for name, (key, child) in reader.mapping(node, "exceptions").items():
        keys = reader.known(child, f"the exception for {name}", EXCEPTION)
        texts = {word: reader.text(keys[word][1], word) for word in EXCEPTION if word in keys}
        if "reason" not in keys:
            hint = "write `reason:` and why it may have its licence"
            reader.problem(key.at, f"the exception for {name} has no reason", hint)
        if (reason := texts.get("reason")) and not reason.value.strip():
            hint = "write why it may have its licence"
            reader.problem(reason.at, f"the reason of the exception for {name} is empty", hint)
        values = {word: text.value if text else "" for word, text in texts.items()}
        entry = values.get("license", ""), values.get("reason", "")
        found.append(LicenseException(name.lower(), *entry, key.at))
    return tuple(found)


def license_problems(rules: LicenseRules, check: LicenseCheck) -> set[Problem]:
    """What is wrong with the licences that lists name."""
    return {
        Problem(text.at, *problem)
        for text in (*rules.allow, *rules.deny)
        if (problem := check(text.value))
    }
