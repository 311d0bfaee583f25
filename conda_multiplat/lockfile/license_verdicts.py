"""Apply the manifest's ``licenses`` rules to the licence of a locked package."""

from __future__ import annotations

from typing import Literal, NamedTuple

from conda_multiplat.manifest.license_rules import LicenseException, LicenseRules
from conda_multiplat.vocabulary.errors import Location
from conda_multiplat.vocabulary.package_facts import PackageFacts
from conda_multiplat.vocabulary.spdx import License, complies, read_license, single_licenses

#: ``listed`` means that the manifest has no list of licences.
Verdict = Literal["allowed", "denied", "unknown", "exception", "listed"]


class LicenseVerdict(NamedTuple):
    """The result of the rules for a package.

    Attributes:
        license: the package's licence.
        verdict: the result; ``unknown`` if the licence can't be read and there are only denied
            licences.
        reason: why it is denied, unknown or an exception, as a phrase.
        exception: the exception that applies.
    """

    license: License
    verdict: Verdict
    reason: str = ""
    exception: LicenseException | None = None


def judge(name: str, facts: PackageFacts, rules: LicenseRules) -> LicenseVerdict:
    """Return the verdict of the rules on a package.

    1. A licence complies if its expression can be met with licences that are not denied and that
       are in the list of allowed ones, if there is one.
    2. A licence that can't be read is denied if there is a list of allowed ones, and unknown if
       there are only denied ones.
    3. An exception of the manifest allows a package that would be denied or unknown.
    """
    stated = read_license(facts)
    verdict = _by_lists(stated, facts, rules)
    if verdict.verdict not in ("denied", "unknown"):
        return verdict
    for exception in rules.exceptions:
        if exception.applies_to(name) and exception.license in ("", *stated):
            return LicenseVerdict(stated, "exception", exception.reason, exception)
    return verdict


def _by_lists(stated: License, facts: PackageFacts, rules: LicenseRules) -> LicenseVerdict:
    if not rules.allow and not rules.deny:
        return LicenseVerdict(stated, "listed", "" if stated.expression else _unread(stated, facts))
    if not stated.expression:
        verdict: Verdict = "denied" if rules.allow else "unknown"
        return LicenseVerdict(stated, verdict, _unread(stated, facts))
    denied = {text.value: text.at for text in rules.deny}
    allowed = {text.value for text in rules.allow}

    def is_allowed(name: str) -> bool:
        return name not in denied and (not allowed or name in allowed)

    if complies(stated.expression, is_allowed):
        return LicenseVerdict(stated, "allowed")
    names = [name for name in single_licenses(stated.expression) if not is_allowed(name)]
    reasons = [_reason(name, denied) for name in names]
    return LicenseVerdict(stated, "denied", ", ".join(reasons))


def _reason(name: str, denied: dict[str, Location]) -> str:
    return f"{name} is denied in {denied[name]}" if name in denied else f"{name} is not allowed"


def _unread(stated: License, facts: PackageFacts) -> str:
    if facts.missing:
        return f"not known: {facts.missing}"
    return (
        "its licence is not SPDX and can't be read" if stated.statement else "it states no licence"
    )
