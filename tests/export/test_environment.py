"""Pinned ``environment.yml`` files: exact texts, read back by YAML and by conda's own parser."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml
from support.hosts import EMBEDDED, make_host

from conda_multiplat.export import environment
from conda_multiplat.lockfile.model import LockChannel, LockFile, PlatformLock
from conda_multiplat.vocabulary.errors import UsageError
from conda_multiplat.vocabulary.file_names import rendered_name
from conda_multiplat.vocabulary.records import CondaRecord, PypiRecord

FORGE = "https://conda.example.com/conda-forge"
ROBO = "https://conda.example.com/robostack-jazzy"
MAIN = "https://repo.example.com/pkgs/main"
R = "https://repo.example.com/pkgs/r"
OWN = "https://host.example:8080/a/own"
LOCAL = "file:///srv/my%20channel"

#: What conda itself does with each dependency of a file: it is parsed, written and parsed again.
CONDA_PARSES = """
import json, sys
from support.embedded_conda import install_alias
install_alias()
from conda.cli.common import arg2spec
from conda.models.match_spec import MatchSpec
specs = [MatchSpec(arg2spec(each)) for each in json.load(sys.stdin)]
exact = lambda spec, key: spec.get_exact_value(key) and str(spec.get_exact_value(key))
keys = ("name", "version", "build", "channel", "md5")
print(json.dumps([[exact(spec, key) for key in keys] for spec in specs]))
"""


def record(name: str, channel: str = FORGE, version: str = "1.0", build: str = "0") -> CondaRecord:
    """A record of a channel, in noarch."""
    url = f"{channel}/noarch/{name}-{version}-{build}.conda"
    return CondaRecord(name, version, build, url, md5="F" * 32)


def locked(*records: CondaRecord, channels: tuple[str, ...] = ("conda-forge",)) -> LockFile:
    """A lock of linux-64."""
    return LockFile(
        environment="default",
        sources=("environment.yml",),
        channels=tuple(LockChannel(channel) for channel in channels),
        platforms={"linux-64": PlatformLock.of("0" * 64, records, (), ["python"])},
    )


def dependencies(*records: CondaRecord, channels: tuple[str, ...]) -> list[str]:
    """The pins of a rendered file."""
    text = environment.render(locked(*records, channels=channels), "linux-64", None, {})
    entries: list[str] = yaml.safe_load(text)["dependencies"]
    return entries


def conda_reads(specs: list[str], home: Path) -> list[list[str | None]]:
    """Name, version, build, channel and MD5 of specs, as ``conda env create`` takes them."""
    host = make_host((EMBEDDED,), home)
    done = subprocess.run(
        [sys.executable, "-c", CONDA_PARSES],
        input=json.dumps(specs),
        env=host.environ(
            {
                "CONDA_CHANNEL_ALIAS": "https://conda.example.com",
                "CONDA_DEFAULT_CHANNELS": f"{MAIN},{R}",
            }
        ),
        capture_output=True,
        text=True,
        check=True,
    )
    fields: list[list[str | None]] = json.loads(done.stdout)
    return fields


def test_whole_file():
    """The exact text with a name and variables."""
    lock = locked(record("python", version="3.12.3", build="h_0_cpython"), record("_libgcc_mutex"))
    text = environment.render(lock, "linux-64", "robot", {"MODE": "fast", "LEVEL": "1"})
    assert (
        text
        == """\
# This file may be used to create an environment using:
# $ conda env create --file environment-linux-64.yml
# platform: linux-64
# Versions and builds are pinned. An environment.yml cannot carry hashes;
# conda-linux-64.lock does.
name: robot
channels:
- conda-forge
dependencies:
- conda-forge::_libgcc_mutex=1.0=0
- conda-forge::python=3.12.3=h_0_cpython
variables:
  LEVEL: "1"
  MODE: "fast"
"""
    )


def test_without_a_name():
    """The exact text of a named environment whose file leaves the name to the user."""
    lock = locked()._replace(environment="dev")
    assert (
        environment.render(lock, "linux-64", None, {})
        == """\
# This file may be used to create an environment using:
# $ conda env create --name NAME --file dev.environment-linux-64.yml
# platform: linux-64
# environment: dev
# Versions and builds are pinned. An environment.yml cannot carry hashes;
# dev.conda-linux-64.lock does.
channels:
- conda-forge
dependencies: []
"""
    )


@pytest.mark.parametrize(
    ("records", "channels", "expected"),
    [
        ([record("a")], ("conda-forge",), ["conda-forge::a=1.0=0"]),
        ([record("a")], ("conda-forge", "robostack-jazzy"), ["conda-forge::a=1.0=0"]),
        ([record("a")], ("robostack-jazzy", "conda-forge"), ["conda-forge::a=1.0=0"]),
        (
            [record("a"), record("b", ROBO)],
            ("robostack-jazzy", "conda-forge"),
            ["conda-forge::a=1.0=0", "robostack-jazzy::b=1.0=0"],
        ),
        (
            [record("a", f"{FORGE}/label/rc"), record("b")],
            ("conda-forge/label/rc", "conda-forge", "rc"),
            ["conda-forge/label/rc::a=1.0=0", "conda-forge::b=1.0=0"],
        ),
        (
            [record("a", "https://mirror.example/x/conda-forge"), record("b", ROBO)],
            ("conda-forge", "robostack-jazzy"),
            ["conda-forge::a=1.0=0", "robostack-jazzy::b=1.0=0"],
        ),
        (
            [record("a", MAIN), record("b", R)],
            ("defaults",),
            ["pkgs/main::a=1.0=0", "pkgs/r::b=1.0=0"],
        ),
        ([record("a", OWN)], (f"{OWN}/", "conda-forge"), [f"a=1.0=0[md5={'f' * 32}]"]),
        (
            [record("a", OWN), record("b", LOCAL), record("c")],
            (OWN, LOCAL, "conda-forge"),
            [f"a=1.0=0[md5={'f' * 32}]", f"b=1.0=0[md5={'f' * 32}]", "conda-forge::c=1.0=0"],
        ),
        (
            [record("a", "file:///srv/x"), record("b", "file:///home/me/project/x")],
            ("/srv/x", "./x"),
            [f"a=1.0=0[md5={'f' * 32}]", f"b=1.0=0[md5={'f' * 32}]"],
        ),
        (
            [record("a"), record("b", OWN)._replace(md5=None)],
            ("conda-forge", OWN),
            ["conda-forge::a=1.0=0", "b=1.0=0"],
        ),
        (
            [record("a", OWN)._replace(md5=None, sha256="E" * 64)],
            (OWN,),
            [f"a=1.0=0[sha256={'e' * 64}]"],
        ),
        ([record("a"), record("b", ROBO)], (), [f"{n}=1.0=0[md5={'f' * 32}]" for n in "ab"]),
    ],
    ids=[
        "one channel",
        "first of two",
        "second of two",
        "two names",
        "label",
        "mirror",
        "defaults",
        "first is a URL",
        "URLs",
        "paths",
        "URL without a hash",
        "URL with SHA-256 alone",
        "no channel stated",
    ],
)
def test_sources(records: list[CondaRecord], channels: tuple[str, ...], expected: list[str]):
    """A pin says where it is from: conda may know other channels with the same build."""
    assert dependencies(*records, channels=channels) == expected


def test_conda_reads_the_pins(tmp_path: Path):
    """The parser of conda itself takes every form of pin as exact, also after its round trip."""
    pins = [
        *dependencies(record("a", version="1!2.3+x.y_1", build="h_0"), channels=("conda-forge",)),
        *dependencies(record("b"), record("c", ROBO), channels=("conda-forge", "robostack-jazzy")),
        *dependencies(record("d", MAIN), record("e", LOCAL), channels=("defaults", LOCAL)),
        *dependencies(record("_f", f"{FORGE}/label/rc"), channels=("x", "conda-forge/label/rc")),
    ]
    assert conda_reads(pins, tmp_path / "home") == [
        ["a", "==1!2.3+x.y_1", "h_0", FORGE, None],
        ["b", "==1.0", "0", FORGE, None],
        ["c", "==1.0", "0", ROBO, None],
        ["d", "==1.0", "0", MAIN, None],
        ["e", "==1.0", "0", None, "f" * 32],
        ["_f", "==1.0", "0", f"{FORGE}/label/rc", None],
    ]


def test_conda_loses_a_url_before_colons(tmp_path: Path):
    """Why ``URL::`` is not written: conda keeps only its end. If this fails, write it."""
    [fields] = conda_reads([f"{LOCAL}::a=1.0=0"], tmp_path / "home")
    assert fields[3] == "https://conda.example.com/my%20channel"


@pytest.mark.parametrize(
    "value",
    ["", "1", "yes", "null", "0o17", "1:30", "a: b # c", 'it\'s "said"', "two\nlines\n", "é\t\x7f"],
)
def test_variables_stay_text(value: str):
    """Any value of a variable is read back as the text that it is, from one line."""
    text = environment.render(locked(), "linux-64", None, {"ON": value})
    assert yaml.safe_load(text)["variables"] == {"ON": value}
    assert text.splitlines()[-2] == "variables:"


@pytest.mark.parametrize("name", ["robot", "1", "yes", "null", "é", "it's"])
def test_name_stays_text(name: str):
    """A name that looks like something else in YAML is still a name."""
    assert yaml.safe_load(environment.render(locked(), "linux-64", name, {}))["name"] == name


def test_channels_as_the_lock_names_them():
    """Channels keep order and environment variables; ``nodefaults`` is a channel to conda 26.7."""
    channels = ("https://host.example/t/${TOKEN}/own", "nodefaults", "conda-forge", "./local")
    parsed: dict[str, Any] = yaml.safe_load(
        environment.render(locked(channels=channels), "linux-64", None, {})
    )
    assert parsed["channels"] == [channels[0], "conda-forge", "./local"]


def test_order_of_input_does_not_matter():
    """The same lock gives the same bytes."""
    records = (record("a"), record("b", ROBO), record("c"))
    lock = locked(*records, channels=("conda-forge", "robostack-jazzy"))
    turned = lock.platforms["linux-64"]._replace(records=tuple(reversed(records)))
    again = lock._replace(platforms={"linux-64": turned})
    first = environment.render(lock, "linux-64", "x", {"A": "1", "B": "2"})
    assert environment.render(again, "linux-64", "x", {"B": "2", "A": "1"}) == first


def test_pypi_packages_follow():
    """PyPI packages stand under ``pip:``, pinned, after the options that say where they are."""
    url = "https://files.example.com/robosuite-1.4.0.tar.gz"
    records = (
        PypiRecord("here", "0", "./here#editable"),
        PypiRecord("there", "0", "./there", "b" * 64),
        PypiRecord("repo", "1", "git+https://example.com/repo@0123"),
        PypiRecord("robosuite", "1.4.0", url, "a" * 64),
    )
    lock = locked(record("a"))
    both = lock._replace(platforms={"linux-64": lock.platforms["linux-64"]._replace(pypi=records)})
    text = environment.render(both, "linux-64", None, {}, ["--index-url https://example.com/x"])
    assert yaml.safe_load(text)["dependencies"][-1] == {
        "pip": [
            "--index-url https://example.com/x",
            "-e ./here",
            "./there",
            "repo @ git+https://example.com/repo@0123",
            "robosuite==1.4.0",
        ]
    }


def test_unknown_platform():
    """Another platform is refused, with those that there are."""
    with pytest.raises(UsageError) as caught:
        environment.render(locked(record("a")), "win-64", None, {})
    assert caught.value.lines() == [
        "error: default is not locked for win-64",
        "  it is locked for linux-64",
    ]


@pytest.mark.parametrize(
    ("name", "expected"),
    [("default", "environment-linux-64.yml"), ("cuda12", "cuda12.environment-linux-64.yml")],
)
def test_file_name(name: str, expected: str):
    """The default environment's file has no name in front."""
    assert rendered_name("environment", name, "linux-64") == expected
