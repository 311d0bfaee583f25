"""Vulnerabilities as a SARIF 2.1.0 log (OASIS), for code scanning.

Each vulnerability is a rule, each package that has it a result at the manifest's line that requires
the package. Ignored ones are left out, since services that show a log don't support suppressions.
Unknown packages are notifications, so that a log without results is not taken for a clean one.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any
from urllib.parse import quote

from conda_multiplat import __version__
from conda_multiplat.lockfile.audit.findings import Finding, Unknown
from conda_multiplat.lockfile.audit.severity import FLOORS, UNKNOWN
from conda_multiplat.lockfile.audit.vulnerabilities import Vulnerability
from conda_multiplat.vocabulary.errors import DocumentError
from conda_multiplat.vocabulary.json_values import json_object

_SCHEMA = "https://json.schemastore.org/sarif-2.1.0.json"
_LEVELS = {
    "critical": "error",
    "high": "error",
    "medium": "warning",
    "low": "note",
    UNKNOWN: "warning",
}
#: The key by which GitHub tells results of one rule and file apart, even if lines move.
_FINGERPRINT = "primaryLocationLineHash"


def is_sarif(text: str) -> bool:
    """Return whether a text is a SARIF log, of any tool."""
    try:
        log = json_object(text)
    except DocumentError:
        return False
    return isinstance(log.get("runs"), list) and str(log.get("version")).startswith("2.")


def sarif(
    findings: Sequence[Finding],
    unknown: Sequence[Unknown],
    locks: Mapping[str, str],
    uri: Callable[[str], str],
) -> str:
    """Return the text of a log.

    Args:
        findings: the vulnerabilities found.
        unknown: the packages that can't be called clean.
        locks: the URI of each environment's lock, for packages that no line brings.
        uri: the URI of a manifest's file.
    """
    listed = [finding for finding in findings if not finding.excused]
    rules = {finding.vulnerability.id: finding.vulnerability for finding in listed}
    numbers = {name: number for number, name in enumerate(rules)}
    driver = {
        "name": "conda-multiplat",
        "version": __version__,
        "semanticVersion": __version__,
        "rules": [_rule(vulnerability) for vulnerability in rules.values()],
    }
    run = {
        "tool": {"driver": driver},
        "invocations": [
            {
                "executionSuccessful": True,
                "toolExecutionNotifications": [_notification(package) for package in unknown],
            }
        ],
        "results": [_result(finding, numbers, locks, uri) for finding in listed],
        "columnKind": "unicodeCodePoints",
    }
    return json.dumps({"$schema": _SCHEMA, "version": "2.1.0", "runs": [run]}, indent=2) + "\n"


def _rule(vulnerability: Vulnerability) -> dict[str, Any]:
    names = ", ".join(vulnerability.names)
    rating = vulnerability.rating
    summary = _summary(vulnerability)
    properties: dict[str, Any] = {"tags": ["security", "vulnerability"], "precision": "high"}
    if rating.level != UNKNOWN:
        score = FLOORS[rating.level] if rating.score is None else rating.score
        properties["security-severity"] = f"{score:.1f}"
    return {
        "id": vulnerability.id,
        "shortDescription": {"text": summary},
        "fullDescription": {"text": f"{summary} ({names})"},
        "help": {"text": f"{names}: severity {rating.level}"},
        "defaultConfiguration": {"level": _LEVELS[rating.level]},
        "properties": properties,
    }


def _summary(vulnerability: Vulnerability) -> str:
    """Return the summary without links: in SARIF's texts, ``[text](target)`` is one (3.11.6)."""
    return (vulnerability.summary or vulnerability.id).replace("](", "] (")


def _result(
    finding: Finding,
    numbers: Mapping[str, int],
    locks: Mapping[str, str],
    uri: Callable[[str], str],
) -> dict[str, Any]:
    record, vulnerability = finding.package.record, finding.vulnerability
    key = f"{vulnerability.id} {record.manager} {record.name}"
    return {
        "ruleId": vulnerability.id,
        "ruleIndex": numbers[vulnerability.id],
        "level": _LEVELS[vulnerability.rating.level],
        "message": {"text": _message(finding)},
        "locations": [_location(finding, locks, uri)],
        "partialFingerprints": {_FINGERPRINT: f"{hashlib.sha256(key.encode()).hexdigest()}:1"},
    }


def _message(finding: Finding) -> str:
    record, vulnerability = finding.package.record, finding.vulnerability
    places = ", ".join(map(str, finding.targets))
    path = " > ".join(finding.brought_by[0].path)
    fixed = f"Fixed in {vulnerability.fixed}." if vulnerability.fixed else "No fix is known."
    subject = f"{record.name} {record.version} of {record.manager} ({places})"
    return f"{subject}: {_summary(vulnerability)}. {fixed} Brought by {path}."


def _location(
    finding: Finding, locks: Mapping[str, str], uri: Callable[[str], str]
) -> dict[str, Any]:
    line = finding.brought_by[0].line
    file = uri(line.at.file) if line else locks[finding.targets[0].environment]
    start = line.at.line if line else 0
    region = {"startLine": max(start, 1)}
    artifact = {"uri": quote(file, safe="/:%")}
    if "://" not in file:
        artifact["uriBaseId"] = "%SRCROOT%"
    return {"physicalLocation": {"artifactLocation": artifact, "region": region}}


def _notification(unknown: Unknown) -> dict[str, Any]:
    record, reason = unknown.package.record, unknown.package.unknown
    text = f"{record.name} {record.version} of {record.manager} is unknown: {reason}"
    return {"level": "note", "message": {"text": text}}
