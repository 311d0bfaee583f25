"""``sbom-SUBDIR.cdx.json``: a CycloneDX 1.6 bill of materials (ECMA-424) of what is locked.

It has a component for each package, with its purl, hashes and licences; one of type ``platform``
for each promised virtual package; and the dependencies, from the environment down. The same lock
and licences give the same bytes: there is no time in it, and the serial number is computed from the
rest.

Licences are not part of a lock, but are looked up elsewhere. They can be read from an existing bill
(:func:`stated_licenses`), so that it can be compared with its lock without a lookup.
"""

from __future__ import annotations

import json
import uuid
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple
from urllib.parse import quote, urlsplit

from packageurl import PackageURL

from conda_multiplat.lockfile.dependency_graph import VIRTUAL, Key, LockedGraph
from conda_multiplat.vocabulary.channels import base_url
from conda_multiplat.vocabulary.errors import DocumentError
from conda_multiplat.vocabulary.json_values import json_object
from conda_multiplat.vocabulary.names import VirtualPackage
from conda_multiplat.vocabulary.records import CondaRecord, PypiRecord, Record

#: A package's ``licenses`` in CycloneDX's form.
Licenses = Sequence[Mapping[str, Any]]
#: The identity of a package: its ``bom-ref`` and its hashes.
Identity = tuple[str, str]

_NAMESPACE = uuid.UUID("6f0a3a3e-5d0c-5b0f-9a53-6d1b1f0b9d7e")
_ENVIRONMENT = "environment"
#: CycloneDX's names of hashes.
_MD5, _SHA256 = "MD5", "SHA-256"
_IN_URLS = ":/?#[]@!$&'()*+,;=%~"


class Contents(NamedTuple):
    """The content of a bill of materials.

    Attributes:
        name: the name of the conda environment.
        environment: the name of the manifest's environment.
        subdir: the platform.
        graph: the locked packages with their dependencies.
        promised: the promised virtual packages.
    """

    name: str
    environment: str
    subdir: str
    graph: LockedGraph
    promised: tuple[VirtualPackage, ...]


def render(contents: Contents, licenses: Mapping[Identity, Licenses]) -> str:
    """Return the file's text, with LF line endings, in ASCII.

    Args:
        contents: the content.
        licenses: the licences of packages; one that is not listed states none.
    """
    name, environment, subdir, graph, promised = contents
    components = {key: _component(graph.records[key]) for key in sorted(graph.records, key=_order)}
    for component in components.values():
        if stated := licenses.get(identity(component)):
            component["licenses"] = list(stated)
    components |= {(VIRTUAL, package.name): _virtual(package) for package in sorted(promised)}
    head: dict[str, Any] = {
        "$schema": "http://cyclonedx.org/schema/bom-1.6.schema.json",
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "metadata": {
            "tools": {"components": [{"type": "application", "name": "conda-multiplat"}]},
            "lifecycles": [{"phase": "pre-build"}],
            "component": {"type": "application", "bom-ref": _ENVIRONMENT, "name": name},
            "properties": [
                {"name": "conda-multiplat:environment", "value": environment},
                {"name": "conda-multiplat:platform", "value": subdir},
            ],
        },
        "version": 1,
        "components": [_ordered(component) for component in components.values()],
        "dependencies": _dependencies(graph, components),
    }
    return json.dumps({**head, "serialNumber": _serial_number(head)}, indent=2) + "\n"


def _order(key: Key) -> tuple[str, str]:
    return key[1], key[0]


def _serial_number(document: Mapping[str, Any]) -> str:
    """Return a UUID (version 5) of the rest of the document."""
    content = {key: value for key, value in document.items() if key != "serialNumber"}
    text = json.dumps(content, sort_keys=True, separators=(",", ":"))
    return f"urn:uuid:{uuid.uuid5(_NAMESPACE, text)}"


def identity(component: Mapping[str, Any]) -> Identity:
    """Return what distinguishes a component from another one of the same name."""
    return str(component.get("bom-ref")), json.dumps(component.get("hashes"))


def record_identity(record: Record) -> Identity:
    """Return the identity of a locked package's component."""
    return identity(_component(record))


_KEYS = ("type", "bom-ref", "name", "version", "hashes", "licenses", "purl", "externalReferences")


def _ordered(component: Mapping[str, Any]) -> dict[str, Any]:
    keys = dict.fromkeys([*_KEYS, *component])
    return {key: component[key] for key in keys if component.get(key)}


def _component(record: Record) -> dict[str, Any]:
    purl = _conda_purl(record) if isinstance(record, CondaRecord) else _pypi_purl(record)
    return {
        "type": "library",
        "bom-ref": purl or f"{record.manager}:{record.name}",
        "name": record.name,
        "version": record.version,
        "hashes": _hashes(record),
        "purl": purl,
        "externalReferences": _references(record),
    }


def _conda_purl(record: CondaRecord) -> str:
    archive = "tar.bz2" if record.file_name.endswith(".tar.bz2") else "conda"
    qualifiers = {
        "build": record.build,
        "channel": urlsplit(base_url(record.url)).path.rstrip("/").rpartition("/")[2],
        "subdir": record.subdir,
        "type": archive,
    }
    return PackageURL("conda", None, record.name, record.version, qualifiers).to_string()


def _pypi_purl(record: PypiRecord) -> str:
    """Return a project's purl; ``""`` for a folder, whose name may be on PyPI by chance."""
    if record.is_folder:
        return ""
    place = {"vcs_url": record.url} if record.url.startswith("git+") else None
    return PackageURL("pypi", None, record.name, record.version, place).to_string()


def _hashes(record: Record) -> list[dict[str, str]]:
    """Return the archive's hashes; none for a folder, since its digest is our own."""
    if isinstance(record, PypiRecord) and record.is_folder:
        return []
    hashes = {_MD5: record.md5, _SHA256: record.sha256}
    return [{"alg": kind, "content": text.lower()} for kind, text in hashes.items() if text]


def _references(record: Record) -> list[dict[str, str]]:
    if isinstance(record, PypiRecord) and record.is_folder:
        return []
    kind = "vcs" if record.url.startswith("git+") else "distribution"
    return [{"type": kind, "url": quote(record.url, safe=_IN_URLS)}]


def _virtual(package: VirtualPackage) -> dict[str, Any]:
    return {
        "type": "platform",
        "bom-ref": f"virtual:{package.name}",
        "name": package.name,
        "version": package.version,
        "properties": [{"name": "conda-multiplat:build", "value": package.build}],
    }


def _dependencies(
    graph: LockedGraph, components: Mapping[Key, Mapping[str, Any]]
) -> list[dict[str, Any]]:
    """Return each component's dependencies, including promised virtual packages."""
    roots = sorted(graph.asked, key=_order)
    needs = {key: [edge.key for edge in graph.needs.get(key, ())] for key in components}
    refs = {key: component["bom-ref"] for key, component in components.items()}
    return [
        _depends(_ENVIRONMENT, [refs[key] for key in roots]),
        *(
            _depends(refs[key], [refs[need] for need in needs[key] if need in refs])
            for key in components
        ),
    ]


def _depends(ref: str, needed: Sequence[str]) -> dict[str, Any]:
    unique = list(dict.fromkeys(needed))
    return {"ref": ref, "dependsOn": unique} if unique else {"ref": ref}


def stated_licenses(text: str) -> dict[Identity, Licenses]:
    """Return the licences in an existing bill, by package; none if the bill has been changed."""
    try:
        document = json_object(text)
    except DocumentError:
        return {}
    components = document.get("components")
    if document.get("serialNumber") != _serial_number(document) or not isinstance(components, list):
        return {}
    return {
        identity(component): stated
        for component in components
        if isinstance(component, dict) and isinstance(stated := component.get("licenses", []), list)
    }
