"""``conda-lock.yml``: the bytes, and what YAML and conda-lock themselves read in them."""

from __future__ import annotations

import json
import random
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from conda_multiplat.lockfile.model import LockChannel, LockFile, PlatformLock
from conda_multiplat.lockfile.read import packages_sha256, read_lock
from conda_multiplat.lockfile.write import render, scalar
from conda_multiplat.vocabulary.names import VirtualPackage
from conda_multiplat.vocabulary.records import CondaRecord

URL = "https://example.com/conda"
#: What some reader takes for a number, a truth value, nothing, a time or a mark of its own.
NASTY = (
    *("1e5", "1E5", "1e+5", "1.e5", "0x1f", "0o17", "0O17", "017", "0b11", "1_000", "+1", "-1"),
    *("1.10", "1.", ".5", "1:30", "12:30:45", "190:20:30.15", "2024-01-01", "2024-01-01 12:00:00"),
    *("on", "On", "off", "yes", "Yes", "NO", "no", "y", "N", "true", "False", "null", "Null", "~"),
    *(".inf", "-.inf", ".nan", ".NaN", "inf", "nan", "infinity", "<<", "=", "-", "?", "---", "..."),
    *("", " ", " a", "a ", "a: b", "a:", ":a", "a #b", "#a", "a#b", "it's", "''", "'a'", '"a"'),
    *("[a]", "{}", "{a: b}", "&a", "*a", "*", "!a", "!!int 3", "|", ">", "%a", "@a", "`a", "a,b"),
    *("\\n", "é", "日本語", "🐍", "a\tb", ">=1.2,<2.0a0", "1.2.* *_cpython", "!=1.5|2", "~=1.1"),
    *("12345678901234567890123456789012", "1234567e012345678901234567890123", "0" * 64),
    *("12345678e9", "3e10a", "deadbeef", "e1", "1e", "0x", "0.1.2", "1!2.0", "2.0+local_1"),
)
#: YAML 1.2's core schema (chapter 10.3.2): what is not text when it is written plain.
_CORE_1_2 = re.compile(
    r"null|Null|NULL|~|true|True|TRUE|false|False|FALSE"
    r"|[-+]?[0-9]+|0o[0-7]+|0x[0-9a-fA-F]+"
    r"|[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?"
    r"|[-+]?\.(inf|Inf|INF)|\.(nan|NaN|NAN)|"
)


def record(name: str, version: str = "1.0", *depends: str, **fields: Any) -> CondaRecord:
    """Return a record; values that no test needs follow from the name."""
    given = {
        "build": "0",
        "url": f"{URL}/noarch/{name}-{version}-0.conda",
        "md5": "d41d8cd98f00b204e9800998ecf8427e",
        "sha256": "ab" * 32,
        **fields,
    }
    return CondaRecord(name, version, depends=tuple(depends), **given)


def locked(*records: CondaRecord, content_hash: str = "ab12") -> PlatformLock:
    """Return a platform's lock, made as a solve makes it."""
    glibc = VirtualPackage("__glibc", "2.28")
    return PlatformLock.of(content_hash, records, [glibc], ["python >=3.11", "é"])


def lock_of(*records: CondaRecord, **fields: Any) -> LockFile:
    """Return a lock of one platform."""
    given = {
        "environment": "default",
        "sources": ("environment.yml",),
        "channels": (LockChannel(URL),),
        "platforms": {"linux-64": locked(*records)},
        "channel_priority": "strict",
        "recipe": 1,
        **fields,
    }
    return LockFile(**given)


PYTHON = record("python", "3.12.4", "__glibc >=2.17", "zlib >=1.2,<2.0a0", build="h1_0_cpython")
LOCK = lock_of(
    channels=(LockChannel(URL), LockChannel("https://example.com/$TOKEN/own", ("TOKEN",))),
    sources=("environment.yml", "../gpu.yml"),
    platforms={
        "linux-64": locked(PYTHON, record("zlib", "1.3.1"), record("ruff", category="dev")),
        "osx-arm64": locked(record("zlib", "1.10", md5="1" * 32), content_hash="1e5"),
        "win-64": locked(content_hash="0" * 64),
    },
)


def shuffled(lock: LockFile, seed: int) -> LockFile:
    """Return the same lock with its platforms and records in any other order."""
    chance = random.Random(seed)
    platforms = list(lock.platforms.items())
    chance.shuffle(platforms)
    return lock._replace(
        platforms={
            name: platform._replace(
                records=tuple(chance.sample(platform.records, len(platform.records)))
            )
            for name, platform in platforms
        },
    )


def test_text() -> None:
    """The whole text of a small lock, byte for byte."""
    digest = "1dd7ec8d0deb2b3aa1e5f0e6ca18cb5b2ec0bb2c3e1d7dd1be1d0b2f7de5aa3f"
    text = render(lock_of(PYTHON, record("zlib", "1.10")))
    text = re.sub("(?<=-sha256: )[0-9a-f']+", digest, text)
    assert (
        text
        == f"""\
# This file locks the environment 'default' of environment.yml.
# Made by conda-multiplat; edit the manifest and run `conda multiplat lock` instead of editing it.
# Install it:  conda multiplat install
#         or:  conda-lock install FILE   |   micromamba create -n NAME -f FILE
version: 1
metadata:
  content_hash:
    linux-64: ab12
  channels:
  - url: https://example.com/conda
    used_env_vars: []
  platforms:
  - linux-64
  sources:
  - environment.yml
  custom_metadata:
    created_by: conda-multiplat
    multiplat.recipe: '1'
    multiplat.environment: default
    multiplat.channel-priority: strict
    multiplat.packages-sha256: {digest}
    multiplat.metadata-sha256: {digest}
    multiplat.virtual-packages.linux-64: '["__glibc=2.28=0"]'
    multiplat.needs.linux-64: '{{"__glibc >=2.17": {{"depends": ["python"]}}}}'
    multiplat.requested.linux-64: '["python >=3.11", "\\u00e9"]'
package:
- name: python
  version: 3.12.4
  manager: conda
  platform: linux-64
  dependencies:
    __glibc: '>=2.17'
    zlib: '>=1.2,<2.0a0'
  url: https://example.com/conda/noarch/python-3.12.4-0.conda
  hash:
    md5: d41d8cd98f00b204e9800998ecf8427e
    sha256: {"ab" * 32}
  build: h1_0_cpython
  category: main
  optional: false
- name: zlib
  version: '1.10'
  manager: conda
  platform: linux-64
  dependencies: {{}}
  url: https://example.com/conda/noarch/zlib-1.10-0.conda
  hash:
    md5: d41d8cd98f00b204e9800998ecf8427e
    sha256: {"ab" * 32}
  build: '0'
  category: main
  optional: false
"""
    )


@pytest.mark.parametrize(
    ("environment", "lines"),
    [
        ("default", ["of environment.yml.", "install"]),
        ("dev", ["of environment.yml.", "install -e dev"]),
    ],
)
def test_header(environment: str, lines: list[str]) -> None:
    """The header says which environment this is and how to install it."""
    header = render(lock_of(environment=environment)).splitlines()
    assert header[0] == f"# This file locks the environment '{environment}' {lines[0]}"
    assert header[2] == f"# Install it:  conda multiplat {lines[1]}"


def test_round_trip() -> None:
    """A lock is read as it was written."""
    again = read_lock(render(LOCK), "conda-lock.yml")
    assert again == LOCK
    assert again.intact


def test_sizes() -> None:
    """Sizes are comments, which other tools ignore; they are read if a lock is as we wrote it."""
    lock = lock_of(PYTHON._replace(size=31_557_432), record("zlib", "1.10"))
    text = render(lock)
    assert text.count("-0.conda\n  # size: 31557432\n  hash:\n") == 1
    assert [package.size for package in read_lock(text, "x").platforms["linux-64"].every] == [
        31_557_432,
        None,
    ]
    assert (
        yaml.safe_load(text)["package"]
        == yaml.safe_load(render(lock_of(PYTHON, record("zlib", "1.10"))))["package"]
    )


@pytest.mark.parametrize("size", ["", "-1", "1e9", "0x10", "[1]", "{}", "9" * 16, "9" * 9999, "٣"])
def test_sizes_that_are_none(size: str) -> None:
    """An invalid size is ignored, and the rest of the lock is read as usual."""
    text = render(lock_of(PYTHON._replace(size=7)))
    section = text[text.index("package:") :].replace("# size: 7", f"# size: {size}")
    head = re.sub(
        "(?<=packages-sha256: ).*", packages_sha256(section), text[: text.index("package:")]
    )
    lock = read_lock(re.sub(".*metadata-sha256.*\n", "", head) + section, "x")
    assert lock.intact
    assert [package.size for package in lock.platforms["linux-64"].every] == [None]


def test_no_packages() -> None:
    """A lock without packages has an empty list and can be read."""
    lock = lock_of()
    assert render(lock).endswith("\npackage: []\n")
    assert read_lock(render(lock), "conda-lock.yml") == lock


@pytest.mark.parametrize("seed", range(5))
def test_deterministic(seed: int) -> None:
    """The order in which platforms and records come does not change a byte."""
    assert render(shuffled(LOCK, seed)) == render(LOCK)


def test_line_ends() -> None:
    """Lines end in a line feed alone, the last one too, and none in a space."""
    lines = render(LOCK).split("\n")
    assert lines.pop() == ""
    assert [line for line in lines if line != line.rstrip()] == []


def test_one_change_is_one_hunk() -> None:
    """A package's new version changes its own lines and the two digests, and no others."""
    other = LOCK._replace(platforms={**LOCK.platforms, "osx-arm64": locked(record("zlib", "1.11"))})
    before, after = render(LOCK).splitlines(), render(other).splitlines()
    changed = [
        old.strip().split(":")[0] for old, new in zip(before, after, strict=True) if old != new
    ]
    digests = ["multiplat.packages-sha256", "multiplat.metadata-sha256"]
    assert changed == ["osx-arm64", *digests, "version", "url", "md5"]


def test_packages_are_kept_together() -> None:
    """Packages come by name, then by platform."""
    data = yaml.safe_load(render(LOCK))
    keys = [(package["name"], package["platform"]) for package in data["package"]]
    assert keys == sorted(keys)
    assert len(keys) == 4


def packages(lock: LockFile) -> list[dict[str, Any]]:
    """Return the ``package`` section as data."""
    return [record.to_dict(platform) for record, platform in lock.entries()]


@pytest.mark.parametrize("loader", ["SafeLoader", "CSafeLoader"])
def test_yaml_reads_the_same(loader: str) -> None:
    """Both of PyYAML's safe loaders read what the lock contains, all but two kinds as text."""
    data = yaml.load(render(LOCK), Loader=getattr(yaml, loader))
    sha = data["metadata"]["custom_metadata"]["multiplat.packages-sha256"]
    assert data == {**LOCK.head(sha), "package": packages(LOCK)}
    assert re.fullmatch("[0-9a-f]{64}", sha)


@pytest.mark.parametrize("text", NASTY)
def test_scalars_stay_text(text: str) -> None:
    """Every reader reads a scalar as text, as a value, key and list item."""
    written = scalar(text)
    for loader in (yaml.SafeLoader, yaml.CSafeLoader):
        document = f"a: {written}\n{written}: b\nc:\n- {written}\n"
        assert yaml.load(document, Loader=loader) == {"a": text, text: "b", "c": [text]}
    assert written.startswith("'") or not _CORE_1_2.fullmatch(written)


@pytest.mark.parametrize(
    ("value", "written"),
    [
        ("python", "python"),
        ("3.12.4", "3.12.4"),
        ("__glibc", "__glibc"),
        ("h1_0", "h1_0"),
        ("1.10", "'1.10'"),
        ("it's", "'it''s'"),
        ("", "''"),
        ("https://example.com/a-1-0.conda", "https://example.com/a-1-0.conda"),
        (1, "1"),
        (True, "true"),
        (False, "false"),
    ],
)
def test_scalars(value: str | bool, written: str) -> None:
    """Unambiguous text is plain, as in conda-lock's own files; the rest is quoted."""
    assert scalar(value) == written


@pytest.mark.parametrize("text", NASTY)
def test_nasty_packages(text: str) -> None:
    """Packages with unusual texts are read the same by our reader and by YAML."""
    odd = record("odd", text, build=text or "0", md5=text or None, category=text or "main")
    lock = lock_of(odd, record("other"))
    rendered = render(lock)
    again = read_lock(rendered, "conda-lock.yml")
    assert again.intact
    assert again.platforms["linux-64"].records[0] == odd
    assert yaml.safe_load(rendered)["package"] == packages(lock)
    edited = read_lock(rendered + "# edited\n", "conda-lock.yml")
    assert not edited.intact
    assert edited.platforms == again.platforms


@pytest.mark.parametrize(
    "constraint", [text for text in NASTY if text.strip() == text and text != "*"]
)
def test_nasty_constraints(constraint: str) -> None:
    """Constraints of dependencies survive, whatever they look like."""
    odd = record("odd", "1", f"zlib {constraint}".strip())
    rendered = render(lock_of(odd))
    assert yaml.safe_load(rendered)["package"][0]["dependencies"] == {"zlib": constraint}
    assert read_lock(rendered, "conda-lock.yml").platforms["linux-64"].records == (odd,)


@pytest.mark.parametrize("name", ["on", "y", "no", "1e5", "null", "2024", "0x1f", "_x", "a.b-c_d"])
def test_nasty_names(name: str) -> None:
    """Names of packages survive, as names and as keys of dependencies."""
    odd, user = record(name), record("zz-user", "1", f"{name} >=1")
    rendered = render(lock_of(odd, user))
    assert read_lock(rendered, "conda-lock.yml").platforms["linux-64"].records == (odd, user)
    data = yaml.safe_load(rendered)["package"]
    assert [package["name"] for package in data] == [name, "zz-user"]
    assert data[1]["dependencies"] == {name: ">=1"}


_PARSE = """\
import json, pathlib, sys
from conda_lock.lockfile import parse_conda_lock_file
from conda_lock.lockfile.v1.models import Lockfile
import yaml

path = pathlib.Path(sys.argv[1])
strict = Lockfile.model_validate(yaml.safe_load(path.read_text("utf-8")))
lock = parse_conda_lock_file(path)
print(json.dumps({
    "platforms": strict.metadata.platforms,
    "content_hash": strict.metadata.content_hash,
    "channels": [[each.url, list(each.used_env_vars)] for each in strict.metadata.channels],
    "custom": strict.metadata.custom_metadata,
    "packages": [
        [p.name, p.version, p.platform, p.build, p.url, p.hash.md5, p.hash.sha256, p.dependencies,
         p.category]
        for p in strict.package
    ],
    "count": len(lock.package),
}))
"""


@pytest.mark.slow
def test_conda_lock_reads_it(tmp_path: Path) -> None:
    """conda-lock's own models, which forbid unknown keys, read the lock to the last value."""
    pytest.importorskip("conda_lock")
    path = tmp_path / "conda-lock.yml"
    path.write_text(render(LOCK), encoding="utf-8")
    command = [sys.executable, "-W", "ignore", "-c", _PARSE, str(path)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout) == {
        "platforms": ["linux-64", "osx-arm64", "win-64"],
        "content_hash": {"linux-64": "ab12", "osx-arm64": "1e5", "win-64": "0" * 64},
        "channels": [[URL, []], ["https://example.com/$TOKEN/own", ["TOKEN"]]],
        "custom": yaml.safe_load(render(LOCK))["metadata"]["custom_metadata"],
        "packages": [
            [
                *(
                    package["name"],
                    package["version"],
                    package["platform"],
                    package["build"],
                    package["url"],
                ),
                *(package["hash"]["md5"], package["hash"]["sha256"]),
                *(package["dependencies"], package["category"]),
            ]
            for package in packages(LOCK)
        ],
        "count": 4,
    }
