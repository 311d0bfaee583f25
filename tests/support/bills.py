"""CycloneDX's own verdict on an SBOM."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from cyclonedx.validation.json import JsonStrictValidator


@cache
def _validator() -> JsonStrictValidator:
    # Late: what it imports compiles grammars for seconds, in each of pytest's processes.
    from cyclonedx.schema import SchemaVersion
    from cyclonedx.validation.json import JsonStrictValidator

    return JsonStrictValidator(SchemaVersion.V1_6)


def schema_fault(text: str) -> object:
    """Return what CycloneDX's schema finds wrong in an SBOM, or ``None``."""
    return _validator().validate_str(text)
