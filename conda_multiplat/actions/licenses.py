"""The licences of locked packages, and whether the manifest allows them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from conda_multiplat.actions.locked_targets import LockedTarget
from conda_multiplat.actions.package_facts import Facts
from conda_multiplat.lockfile.dependency_graph import Origin, origin
from conda_multiplat.lockfile.license_verdicts import LicenseVerdict, judge
from conda_multiplat.manifest.license_rules import LicenseException, LicenseRules
from conda_multiplat.manifest.targets import Target
from conda_multiplat.vocabulary.package_facts import PackageFacts
from conda_multiplat.vocabulary.records import Record


@dataclass(frozen=True)
class Licensed:
    """A package and its licence, with the targets for which they are the same.

    Attributes:
        record: the package on the first target.
        facts: what the channel or file states about it.
        judged: the verdict of the manifest's rules.
        targets: the targets.
        origins: if it is denied or unknown, what asks for it on each of ``targets``.
    """

    record: Record
    facts: PackageFacts
    judged: LicenseVerdict
    targets: tuple[Target, ...]
    origins: tuple[Origin, ...] = ()

    def to_dict(self) -> dict[str, Any]:
        """Return the JSON form."""
        license_, verdict, reason, _ = self.judged
        askers = zip(self.targets, self.origins, strict=False)
        return {
            "name": self.record.name,
            "version": self.record.version,
            "manager": self.record.manager,
            "license": license_.expression or None,
            "stated": license_.statement,
            "family": self.facts.family,
            "verdict": verdict,
            "reason": reason,
            "targets": list(map(str, self.targets)),
            "asked_by": [{"target": str(target), **_asker(origin)} for target, origin in askers],
        }


def _asker(origin: Origin) -> dict[str, Any]:
    """Return the lines that lead to a package, and the packages in between."""
    lines = origin.asked or ((origin.root,) if origin.root else ())
    return {"lines": [line.to_dict() for line in lines], "path": list(origin.path)}


def licensed(
    targets: Sequence[LockedTarget], facts: Sequence[Facts], rules: LicenseRules
) -> list[Licensed]:
    """Return each package's licence, sorted by name, targets with the same one together."""
    rows: dict[tuple[Any, ...], list[tuple[LockedTarget, Record]]] = {}
    for target, target_facts in zip(targets, facts, strict=True):
        for record in target.locked.every:
            stated = target_facts[record.manager, record.name]
            row = (record.name, record.manager, record.version, stated)
            rows.setdefault(row, []).append((target, record))
    return [
        _licensed(pairs, stated, rules)
        for (*_, stated), pairs in sorted(rows.items(), key=lambda row: row[0])
    ]


def _licensed(
    pairs: Sequence[tuple[LockedTarget, Record]], stated: PackageFacts, rules: LicenseRules
) -> Licensed:
    record = pairs[0][1]
    judged = judge(record.name, stated, rules)
    explained = pairs if judged.verdict in ("denied", "unknown") else ()
    return Licensed(
        record,
        stated,
        judged,
        tuple(pair.target for pair, _ in pairs),
        tuple(origin(record.name, target.target, target.locked) for target, _ in explained),
    )


def unused(packages: Iterable[Licensed], rules: LicenseRules) -> list[LicenseException]:
    """Return the exceptions that apply to no package."""
    used = {package.judged.exception for package in packages}
    return [exception for exception in rules.exceptions if exception not in used]
