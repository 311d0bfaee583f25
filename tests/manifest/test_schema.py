"""The JSON Schema for editors: it accepts what the reader accepts, and checks single values."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
import yaml

from conda_multiplat.manifest.read import Source, read_manifest
from conda_multiplat.manifest.schema import schema
from conda_multiplat.vocabulary.errors import ManifestError

if TYPE_CHECKING:
    from jsonschema import Draft7Validator

CASES = Path(__file__).parents[1] / "cases"
WHOLE = """\
# yaml-language-server: $schema=environment.schema.json
name: 1.0
prefix: /x
channels: [conda-forge, nodefaults, ./channel]
platforms: [linux-64, osx-arm64]
category: main
variables: {NUMBER: 1, FLAG: true, EMPTY: , WORD: x}
dependencies:
  - python 3.12.*
  - sel(linux): mesa
  - pip:
      - -e .
      - numpy
multiplat:
  virtual-packages: {linux: {glibc: 2.28, cuda: null}, osx-arm64: {osx: "14.0"}}
  solve-group: one
  prefer: [dev, default]
  pypi:
    resolution: lowest-direct
    prerelease: allow
    index-strategy: first-index
    torch-backend: cu128
    indexes: {ours: "https://wheels.example.com/simple"}
    sources: {light: ours}
  pypi-names: {a: b, c: [d, e], f: null}
  exclude-newer: 2026-04-01
  exclude-newer-channel: {conda-forge: 7d, ./channel: 604800}
  exclude-newer-package: {openssl: false, numpy: 2026-05-01}
  licenses:
    allow: [MIT, GPL-3.0-only WITH GCC-exception-3.1]
    deny: [Zlib]
    exceptions: {mkl: {license: LicenseRef-Intel, reason: bought}}
  audit:
    ignore:
      - {id: GHSA-jfh8-c2jp-5v3q, reason: we read no files of others, until: 2099-12-31}
  environments:
    dev:
      extends: [default]
      platforms: [linux-64]
      channels: [robots]
      virtual-packages: {linux-64: {cuda: "12.4"}}
      solve-group: one
      dependencies: [pytest]
    empty:
"""


@cache
def _validator() -> Draft7Validator:
    # Late: its import compiles grammars for seconds, in each of pytest's processes.
    from jsonschema import Draft7Validator

    return Draft7Validator(schema())


def _problems(text: str) -> list[str]:
    return [error.json_path for error in _validator().iter_errors(yaml.safe_load(text))]


def _is_read(text: str) -> bool:
    try:
        read_manifest([Source("environment.yml", text)], host_subdirs=("linux-64",))
    except ManifestError:
        return False
    return True


def test_valid_schema() -> None:
    """It is a schema of the draft that it names."""
    type(_validator()).check_schema(schema())


def test_every_key() -> None:
    """A manifest with every key is valid."""
    assert _is_read(WHOLE)
    assert _problems(WHOLE) == []


def test_manifests_of_the_tests() -> None:
    """Every manifest that can be read is valid: an editor marks nothing that is right."""
    texts = [path.read_text(encoding="utf-8") for path in CASES.rglob("*.yml")]
    manifests = [text for text in texts if "\ndependencies:" in text and _is_read(text)]
    assert len(manifests) >= 100
    assert [text for text in manifests if _problems(text)] == []


@pytest.mark.parametrize(
    ("old", "new", "place"),
    [
        ("name: 1.0", "name: [a]", "$.name"),
        ("channels: [conda-forge, nodefaults, ./channel]", "channels: conda-forge", "$.channels"),
        ("[linux-64, osx-arm64]\n", "[linux64]\n", "$.platforms[0]"),
        ("[linux-64, osx-arm64]\n", "[noarch]\n", "$.platforms[0]"),
        ("NUMBER: 1", "2NUMBER: 1", "$.variables"),
        ("  - python 3.12.*", "  - python: 3.12", "$.dependencies[0]"),
        ("sel(linux)", "sel(beos)", "$.dependencies[1]"),
        ("  solve-group: one", "  solve-groups: one", "$.multiplat"),
        ("{glibc: 2.28", "{g-libc: 2.28", "$.multiplat['virtual-packages'].linux"),
        ("linux: {gl", "linus: {gl", "$.multiplat['virtual-packages']"),
        ("lowest-direct", "lowest-dirct", "$.multiplat.pypi.resolution"),
        ("cu128", "cu1", "$.multiplat.pypi['torch-backend']"),
        ('"https://w', '"w', "$.multiplat.pypi.indexes.ours"),
        ("id: GHSA-jfh8", "id: GHSA jfh8", "$.multiplat.audit.ignore[0].id"),
        ("reason: we read no files of others, ", "", "$.multiplat.audit.ignore[0]"),
        ("until: 2099-12-31", "until: soon", "$.multiplat.audit.ignore[0].until"),
        ("{ours:", "{-ours:", "$.multiplat.pypi.indexes"),
        ("    dev:\n", "    a/b:\n", "$.multiplat.environments"),
        ("extends: [default]", "extend: [default]", "$.multiplat.environments.dev"),
        ("dependencies: [pytest]", "dependencies: pytest", "$.multiplat.environments.dev.depend"),
    ],
)
def test_wrong_value(old: str, new: str, place: str) -> None:
    """A single value that the reader refuses is marked at its place."""
    text = WHOLE.replace(old, new, 1)
    assert not _is_read(text)
    assert [problem for problem in _problems(text) if problem.startswith(place)]
