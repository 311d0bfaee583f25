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
#: Returns what is wrong with a licence, and what to write instead; ``None`` if it is valid.
LicenseCheck = Callable[[str], tuple[str, str] | None]


class LicenseException(NamedTuple):
    """An exception for a package.

    Attributes:
        package: its name, conda's or PyPI's.
        license: the licence that is accepted, as ``licenses`` shows it; ``""`` for any.
        reason: why it is accepted.
        at: the location in the manifest.
    """

    package: str
    license: str
    reason: str
    at: Location

    def applies_to(self, name: str) -> bool:
        """Return whether it applies to a package; PyPI's names match in any spelling."""
        return name in (self.package, project_name(self.package))


class LicenseRules(NamedTuple):
    """The rules of ``licenses:``.

    Attributes:
        allow: the allowed licences; if empty, all that are not denied.
        deny: the denied licences.
        exceptions: packages that the lists don't apply to.
    """

    allow: tuple[Text, ...] = ()
    deny: tuple[Text, ...] = ()
    exceptions: tuple[LicenseException, ...] = ()

    def content(self) -> dict[str, Any]:
        """Return the rules without their locations."""
        return {
            "allow": [text.value for text in self.allow],
            "deny": [text.value for text in self.deny],
            "exceptions": [exception._replace(at=NOWHERE) for exception in self.exceptions],
        }


def combine_rules(rules: Sequence[LicenseRules]) -> LicenseRules:
    """Combine the rules of several files; of a package's exceptions, the last applies.

    A licence that one file denies is denied.
    """
    exceptions = {exception.package: exception for rule in rules for exception in rule.exceptions}
    deny = {text.value: text for rule in rules for text in rule.deny}
    allow = {text.value: text for rule in rules for text in rule.allow}
    if len(rules) > 1:  # within one file, a contradiction is refused
        left = {value: text for value, text in allow.items() if value not in deny}
        allow = left or allow
    return LicenseRules(tuple(allow.values()), tuple(deny.values()), tuple(exceptions.values()))


def read_license_rules(reader: Reader, node: yaml.Node) -> LicenseRules:
    """Read the value of ``licenses:``, adding problems to ``reader``."""
    reader.no_selectors(node, "licenses")
    keys = reader.known(node, "licenses", LICENSES)
    allow, deny = (
        reader.texts(keys[name][1], name) if name in keys else () for name in ("allow", "deny")
    )
    if "allow" in keys and not allow:
        hint = "list the allowed licences, or leave `allow` out"
        reader.problem(keys["allow"][0].at, "allow is empty: no package could be used", hint)
    listed = {text.value: text.at for text in deny}
    for text in allow:
        if text.value in listed:
            hint = f"{listed[text.value]} denies it: remove one of them"
            reader.problem(text.at, f"{text.value!r} is both allowed and denied", hint)
    exceptions = _exceptions(reader, keys["exceptions"][1]) if "exceptions" in keys else ()
    return LicenseRules(allow, deny, exceptions)


def _exceptions(reader: Reader, node: yaml.Node) -> tuple[LicenseException, ...]:
    exceptions = []
    for name, (key, child) in reader.mapping(node, "exceptions").items():
        keys = reader.known(child, f"the exception for {name}", EXCEPTION)
        texts = {word: reader.text(keys[word][1], word) for word in EXCEPTION if word in keys}
        if "reason" not in keys:
            hint = "write `reason:` and why the package may have its licence"
            reader.problem(key.at, f"the exception for {name} has no reason", hint)
        if (reason := texts.get("reason")) and not reason.value.strip():
            hint = "write why the package may have its licence"
            reader.problem(reason.at, f"the exception for {name} has an empty reason", hint)
        values = {word: text.value if text else "" for word, text in texts.items()}
        entry = values.get("license", ""), values.get("reason", "")
        exceptions.append(LicenseException(name.lower(), *entry, key.at))
    return tuple(exceptions)


def license_problems(rules: LicenseRules, check: LicenseCheck) -> set[Problem]:
    """Return problems of the licences in the lists."""
    return {
        Problem(text.at, *problem)
        for text in (*rules.allow, *rules.deny)
        if (problem := check(text.value))
    }
