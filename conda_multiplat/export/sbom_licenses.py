"""Licences stated by a channel or an index, in CycloneDX's form."""

from __future__ import annotations

from typing import Any

from conda_multiplat.vocabulary.package_facts import PackageFacts
from conda_multiplat.vocabulary.spdx import is_identifier, read_license, single_licenses


def license_choices(facts: PackageFacts) -> list[dict[str, Any]]:
    """Return a component's ``licenses``: an SPDX identifier or expression, or the stated text.

    Several of PyPI's classifiers are listed one by one, since nothing says whether they are a
    choice.
    """
    stated = read_license(facts)
    singles = [read_license(PackageFacts(classifiers=(text,))) for text in facts.classifiers]
    several = list(dict.fromkeys(single.expression for single in singles if single.expression))
    if len(several) > 1 and stated.expression == " AND ".join(several):
        return [_choice(expression) for expression in several]
    if stated.expression:
        return [_choice(stated.expression)]
    return [{"license": {"name": stated.statement, **_DECLARED}}] if stated.statement else []


_DECLARED = {"acknowledgement": "declared"}


def _choice(expression: str) -> dict[str, Any]:
    if is_identifier(expression):
        return {"license": {"id": expression, **_DECLARED}}
    if len(single_licenses(expression)) == 1 and " " not in expression:  # LicenseRef-…
        return {"license": {"name": expression, **_DECLARED}}
    return {"expression": expression, **_DECLARED}
