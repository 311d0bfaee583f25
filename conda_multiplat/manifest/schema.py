"""A JSON Schema of the manifest, for editors: completion, and errors while typing.

Keys and values come from the reader's own tables; their descriptions are here. A schema checks
single values; only the reader checks relations between them (that ``extends`` names an environment,
that a promise fits its platform).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from conda_multiplat.manifest import exclude_newer
from conda_multiplat.manifest.audit_options import AUDIT, DATE, IGNORED, VULNERABILITY
from conda_multiplat.manifest.head import ENVIRONMENT, ENVIRONMENT_NAME, MULTIPLAT, TOP_LEVEL
from conda_multiplat.manifest.license_rules import EXCEPTION, LICENSES
from conda_multiplat.manifest.model import BASE_NAMES
from conda_multiplat.manifest.pypi_options import CHOICES, FILE_HOST, INDEX_NAME, INDEX_URL, PYPI
from conda_multiplat.vocabulary.errors import DocumentError
from conda_multiplat.vocabulary.json_values import json_object
from conda_multiplat.vocabulary.names import FAMILIES, SUBDIRS
from conda_multiplat.vocabulary.virtual_packages import NAME, NAMES

Schema = dict[str, Any]
#: The draft that editors support.
DRAFT = "http://json-schema.org/draft-07/schema#"
#: Any scalar: ``2.28`` is text for us and a number in YAML.
_TEXT: Schema = {"type": ["string", "number", "boolean"]}
_SPEC: Schema = {
    "type": "string",
    "description": "A MatchSpec: `python 3.12.*`, `numpy>=1.26,<2.3`, `conda-forge::scipy`",
}
_SELECTED = {f"^sel\\(\\s*{family}\\s*\\)$": _SPEC for family in FAMILIES}


def schema() -> Schema:
    """Return the schema (JSON Schema, draft 7).

    Returns:
        A value for ``json.dumps``, always the same.
    """
    return {
        "$schema": DRAFT,
        "title": "environment.yml of conda-multiplat",
        "description": "An environment.yml (CEP 24) with the key `multiplat:`",
        "type": "object",
        "required": ["dependencies"],
        "properties": _described(TOP_LEVEL, _TOP_LEVEL),
        "definitions": {
            "dependencies": _DEPENDENCIES,
            "platforms": {**_list({"enum": list(SUBDIRS)}), "minItems": 1},
            "virtual-packages": _closed({name: _promises(name) for name in (*SUBDIRS, *FAMILIES)}),
        },
    }


def is_schema(text: str) -> bool:
    """Return whether a text is a JSON Schema, of any kind."""
    try:
        return "json-schema.org/" in str(json_object(text).get("$schema"))
    except DocumentError:
        return False


def _described(names: Iterable[str], table: Mapping[str, tuple[str, Schema]]) -> Schema:
    """Return the schema of a mapping with known keys.

    Raises:
        KeyError: a key has no description.
    """
    shapes = {}
    for name in names:
        description, shape = table[name]
        shapes[name] = {"description": description, **shape}
    return shapes


def _closed(properties: Schema, **more: Any) -> Schema:
    return {
        "type": ["object", "null"],
        "properties": properties,
        "additionalProperties": False,
        **more,
    }


def _list(items: Schema) -> Schema:
    return {"type": ["array", "null"], "items": items}


def _named(pattern: str, shape: Schema) -> Schema:
    """Return the schema of a mapping whose keys are the user's."""
    return {
        "type": ["object", "null"],
        "patternProperties": {f"^(?:{pattern})$": shape},
        "additionalProperties": False,
    }


def _shared(name: str) -> Schema:
    """Return a reference, in a list of one: next to ``$ref``, a description has no effect."""
    return {"allOf": [{"$ref": f"#/definitions/{name}"}]}


def _promises(platform: str) -> Schema:
    versions = {"type": ["string", "number", "null"]}
    return {
        "description": f"What machines of {platform} are promised to have",
        **_closed(
            dict.fromkeys(NAMES, versions),
            patternProperties={f"^(?!unix$){NAME}$": versions},
        ),
    }


_DEPENDENCIES: Schema = _list(
    {
        "anyOf": [
            _SPEC,
            {
                "type": "object",
                "properties": {
                    "pip": {
                        "description": "PyPI packages, as in a requirements file",
                        **_list(_TEXT),
                    }
                },
                "patternProperties": _SELECTED,
                "additionalProperties": False,
            },
        ]
    }
)
_CHANNELS = _list(_TEXT)
_ENVIRONMENT: dict[str, tuple[str, Schema]] = {
    "name": (
        "The conda environment to create; default: `NAME-ENV`",
        {"type": ["string", "number", "null"], "not": {"enum": list(BASE_NAMES)}},
    ),
    "extends": (
        "The environments that this one adds to; default: `default`",
        _list(_TEXT),
    ),
    "platforms": ("The platforms to lock this environment for", _shared("platforms")),
    "virtual-packages": ("Promises in addition to the inherited ones", _shared("virtual-packages")),
    "channels": ("Channels preferred over the inherited ones", _CHANNELS),
    "dependencies": ("Packages in addition to the inherited ones", _shared("dependencies")),
    "solve-group": (
        "Environments of one group agree on every version that they share",
        {"type": ["string", "number", "boolean", "null"]},
    ),
}
_CHOICES: dict[str, str] = {
    "resolution": "Whether the newest versions that fit are taken, or the oldest",
    "prerelease": "When pre-releases count",
    "index-strategy": "Which of several indexes a package may come from",
    "torch-backend": "The accelerator for PyTorch's packages; `none` for those from PyPI",
}
_PYPI: dict[str, tuple[str, Schema]] = {
    **{key: (_CHOICES[key], {"enum": list(words)}) for key, words in CHOICES.items()},
    "indexes": (
        "Indexes for named projects: a name and a URL",
        _named(INDEX_NAME, {"type": "string", "pattern": INDEX_URL}),
    ),
    "sources": ("Which project comes from which of `indexes`", _named(".+", _TEXT)),
    "file-hosts": (
        "Other servers on which indexes may have their files: HOST or HOST:PORT",
        _list({"type": "string", "pattern": f"^({FILE_HOST})$"}),
    ),
}
_LICENSE_LIST = _list({"type": "string"})
_EXCEPTION: dict[str, tuple[str, Schema]] = {
    "license": (
        "The licence that it may have, as `licenses` shows it; default: any",
        _TEXT,
    ),
    "reason": ("Why this is allowed", _TEXT),
}
_LICENSES: dict[str, tuple[str, Schema]] = {
    "allow": (
        "The allowed licences: `MIT`, `GPL-3.0-only WITH GCC-exception-3.1`",
        {**_LICENSE_LIST, "type": "array", "minItems": 1},
    ),
    "deny": ("The denied licences", _LICENSE_LIST),
    "exceptions": (
        "Packages that are allowed whatever the lists say",
        _named(".+", _closed(_described(EXCEPTION, _EXCEPTION), required=["reason"])),
    ),
}
_IGNORED: dict[str, tuple[str, Schema]] = {
    "id": (
        "The vulnerability, by any of its names: GHSA-…, CVE-…, PYSEC-…",
        {"type": "string", "pattern": f"^(?:{VULNERABILITY})$"},
    ),
    "reason": ("Why it does no harm here", {"type": ["string", "number"], "minLength": 1}),
    "until": (
        "The last day on which it is ignored",
        # Without quotes it is a date to some readers of YAML and text to others.
        {"pattern": f"^(?:{DATE})$"},
    ),
}
_AUDIT: dict[str, tuple[str, Schema]] = {
    "ignore": (
        "Vulnerabilities to ignore for a while",
        _list(
            {
                "type": "object",
                "properties": _described(IGNORED, _IGNORED),
                "required": list(IGNORED),
                "additionalProperties": False,
            }
        ),
    ),
}
_MULTIPLAT: dict[str, tuple[str, Schema]] = {
    "virtual-packages": (
        "What machines of a platform are promised to have",
        _shared("virtual-packages"),
    ),
    "environments": (
        "More environments: each adds to `default`'s dependencies and has its own lock",
        _named(ENVIRONMENT_NAME, _closed(_described(ENVIRONMENT, _ENVIRONMENT))),
    ),
    "prefer": (
        "The environments that `install` tries in this order if none is named",
        _list(_TEXT),
    ),
    "pypi": ("How PyPI packages are chosen", _closed(_described(PYPI, _PYPI))),
    "pypi-names": (
        "The PyPI projects that a conda package provides: a name, several, or null for none",
        _named(".+", {"anyOf": [{"type": ["string", "number", "null"]}, _list(_TEXT)]}),
    ),
    "solve-group": _ENVIRONMENT["solve-group"],
    "licenses": (
        "Which licences locked packages may have: `conda multiplat licenses`",
        _closed(_described(LICENSES, _LICENSES)),
    ),
    "audit": ("What `audit` takes into account", _closed(_described(AUDIT, _AUDIT))),
    exclude_newer.EVERYTHING: (
        "Ignore what was published after an instant, or in the last days: `7d`, `2026-04-01`",
        {"not": {"type": ["array", "object", "boolean"]}},  # YAML 1.1 has a type for dates
    ),
    exclude_newer.OF_CHANNELS: (
        "The same for channels, as `channels` names them; `false` exempts one",
        _named(".+", {"not": {"type": ["array", "object"]}}),
    ),
    exclude_newer.OF_PACKAGES: (
        "The same for conda and PyPI packages by name; `false` exempts one",
        _named(".+", {"not": {"type": ["array", "object"]}}),
    ),
}
_TOP_LEVEL: dict[str, tuple[str, Schema]] = {
    "name": (
        "The conda environment that `install` creates",
        {"type": ["string", "number", "null"]},
    ),
    "prefix": ("Not used: use `install -p`", {}),
    "channels": ("Names, URLs or paths; the first has priority", _CHANNELS),
    "dependencies": ("The packages to install", _shared("dependencies")),
    "variables": (
        "Environment variables that activation sets",
        _named("[A-Za-z_][A-Za-z0-9_]*", {"type": [*_TEXT["type"], "null"]}),
    ),
    "platforms": ("The platforms to lock for", _shared("platforms")),
    "category": ("The group of this file's dependencies, kept in the lock (CEP 37)", _TEXT),
    "multiplat": (
        "Settings for which CEP 24 has no key",
        _closed(_described(MULTIPLAT, _MULTIPLAT)),
    ),
}
