"""``render --kind sbom`` as a user runs it; CycloneDX's own schema judges every file."""

from __future__ import annotations

import json
import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from packageurl import PackageURL
from support.bills import schema_fault
from support.hosts import ONCE, Host
from support.manifests import write
from support.packages import Package, record, write_repodata
from support.pypi_index import Index, write_project
from support.server import Rules, serve

ONE = "[linux-64]"
TWO = "[linux-64, osx-arm64]"
DEV = "multiplat: {environments: {dev: {dependencies: [solo]}}}\n"


def _package(name: str, license_: str | None, *depends: str, **more: Any) -> Package:
    fields: dict[str, Any] = {"version": "1.0", "noarch": "generic", **more}
    return Package(name, depends=depends, metadata={"license": license_}, **fields)


PACKAGES = [
    _package("app", "MIT", "lib >=1", "native", "__unix"),
    _package("lib", "GPL-3.0-only OR Apache 2.0"),
    _package("native", None, "__glibc >=2.17", subdir="linux-64", noarch=None),
    _package("native", "Zlib", subdir="osx-arm64", noarch=None),
    _package("solo", "LicenseRef-Ours"),
    _package("vague", "custom\nwords"),
    Package("python", "3.12.4", "0_cpython", "linux-64", metadata={"license": "Python-2.0"}),
    Package("requests", "2.0", noarch="python", depends=["python"]),
]


@pytest.fixture
def served(tmp_path: Path) -> Iterator[Rules]:
    """A channel with licences of all sorts, under ``/chan``."""
    write_repodata(tmp_path / "served" / "chan", PACKAGES)
    with serve(tmp_path / "served") as rules:
        yield rules


def _bill(project: Path, name: str = "sbom-linux-64.cdx.json") -> Any:
    """A bill that CycloneDX's schema takes, whose references and purls lead somewhere."""
    text = (project / name).read_text(encoding="ascii")
    assert schema_fault(text) is None
    bill = json.loads(text)
    refs = [component["bom-ref"] for component in bill["components"]]
    assert len(set(refs)) == len(refs)
    assert [dependency["ref"] for dependency in bill["dependencies"]] == ["environment", *refs]
    assert {
        ref for dependency in bill["dependencies"] for ref in dependency.get("dependsOn", ())
    } <= set(refs)
    for component in bill["components"]:
        if "purl" in component:
            purl = PackageURL.from_string(component["purl"])
            assert (purl.name, purl.version) == (component["name"], component["version"])
    return bill


def _licenses(bill: Any) -> dict[str, Any]:
    choices = {component["name"]: component.get("licenses", []) for component in bill["components"]}
    for choice in (choice for stated in choices.values() for choice in stated):
        assert (choice.get("license") or choice).pop("acknowledgement") == "declared"
    return choices


@pytest.mark.slow
def test_whole(door: Host, project: Path, tmp_path: Path) -> None:
    """Everything there is of two platforms and environments, to the letter for one package."""
    channel = write_repodata(tmp_path / "robots", PACKAGES)
    write(project, channel, "app", platforms=TWO, extra=DEV)
    door.multiplat("lock", cwd=project)
    done = door.multiplat("render", "--kind", "sbom", cwd=project)
    assert done.stderr.lstrip("\n") == (
        " wrote sbom-linux-64.cdx.json, sbom-osx-arm64.cdx.json, "
        "dev.sbom-linux-64.cdx.json, dev.sbom-osx-arm64.cdx.json\n"
    )
    bill = _bill(project)
    assert bill["metadata"]["component"] == {
        "type": "application",
        "bom-ref": "environment",
        "name": "demo",
    }
    assert [entry["value"] for entry in bill["metadata"]["properties"]] == ["default", "linux-64"]
    assert "timestamp" not in bill["metadata"]
    lib = next(component for component in bill["components"] if component["name"] == "lib")
    purl = "pkg:conda/lib@1.0?build=0&channel=robots&subdir=noarch&type=conda"
    assert lib == {
        "type": "library",
        "bom-ref": purl,
        "name": "lib",
        "version": "1.0",
        "hashes": [
            {"alg": "MD5", "content": record(PACKAGES[1])["md5"]},
            {"alg": "SHA-256", "content": record(PACKAGES[1])["sha256"]},
        ],
        "licenses": [{"expression": "GPL-3.0-only OR Apache-2.0", "acknowledgement": "declared"}],
        "purl": purl,
        "externalReferences": [
            {"type": "distribution", "url": f"{channel.as_uri()}/noarch/lib-1.0-0.conda"}
        ],
    }
    platforms = [component for component in bill["components"] if component["type"] == "platform"]
    assert [(platform["name"], platform["version"]) for platform in platforms] == [
        ("__archspec", "1"),
        ("__glibc", "2.28"),
        ("__linux", "4.18"),
        ("__unix", "0"),
    ]
    needs = {
        dependency["ref"].split("@")[0]: dependency.get("dependsOn", [])
        for dependency in bill["dependencies"]
    }
    native = "pkg:conda/native@1.0?build=0&channel=robots&subdir=linux-64&type=conda"
    app = "pkg:conda/app@1.0?build=0&channel=robots&subdir=noarch&type=conda"
    assert needs["environment"] == [app]
    assert needs["pkg:conda/app"] == ["virtual:__unix", purl, native]
    assert needs["pkg:conda/native"] == ["virtual:__glibc"]
    assert _licenses(bill)["native"] == []
    other = _bill(project, "dev.sbom-osx-arm64.cdx.json")
    assert other["metadata"]["component"]["name"] == "demo-dev"
    licenses = _licenses(other)
    assert licenses["native"] == [{"license": {"id": "Zlib"}}]
    assert licenses["solo"] == [{"license": {"name": "LicenseRef-Ours"}}]


@pytest.mark.slow
def test_same_bytes(alone: Host, project: Path, served: Rules) -> None:
    """Twice the same; the serial number is another for another content."""
    write(project, f"{served.url}/chan", "app", platforms=TWO)
    alone.multiplat("lock", cwd=project)
    files = [project / f"sbom-{subdir}.cdx.json" for subdir in ("linux-64", "osx-arm64")]
    alone.multiplat("render", "--kind", "sbom", cwd=project)
    before = [file.read_bytes() for file in files]
    alone.multiplat("clean", cwd=project)
    alone.multiplat("render", "--kind", "sbom", cwd=project)
    assert [file.read_bytes() for file in files] == before
    numbers = {json.loads(content)["serialNumber"] for content in before}
    assert len(numbers) == 2


@pytest.mark.slow
def test_kept_in_step(alone: Host, project: Path, served: Rules) -> None:
    """`check` and `render --existing` look nothing up of packages that the bill has."""
    write(project, f"{served.url}/chan", "app", platforms=ONE)
    alone.multiplat("lock", cwd=project)
    alone.multiplat("render", "--kind", "sbom", cwd=project)
    file = project / "sbom-linux-64.cdx.json"
    before = file.read_text(encoding="utf-8")
    served.seen.clear()
    assert alone.multiplat("check", cwd=project).stdout.startswith("in sync: ")
    done = alone.multiplat("render", "--existing", cwd=project)
    assert done.stderr == " nothing to write: all files are up to date\n"

    write(project, f"{served.url}/chan", "lib", platforms=ONE)
    alone.multiplat("lock", cwd=project)
    stdout = alone.multiplat("check", cwd=project, code=1).stdout
    assert "sbom-linux-64.cdx.json is out of date\n  it differs from the lock\n" in stdout
    served.seen.clear()
    alone.multiplat("render", "--existing", cwd=project, env={"CONDA_OFFLINE": "true"})
    assert served.seen == []
    assert set(_licenses(_bill(project))) >= {"lib"}
    assert alone.multiplat("check", cwd=project).stdout.startswith("in sync: ")

    write(project, f"{served.url}/chan", "app", platforms=ONE)
    alone.multiplat("lock", cwd=project)
    alone.multiplat("render", "--existing", cwd=project)
    assert file.read_text(encoding="utf-8") == before


@pytest.mark.slow
def test_new_packages_without_a_network(alone: Host, project: Path, tmp_path: Path) -> None:
    """What is new is looked up, and where that can't be nothing is written."""
    channel = write_repodata(tmp_path / "served" / "chan", PACKAGES)
    with serve(tmp_path / "served") as server:
        write(project, f"{server.url}/chan", "lib", platforms=ONE)
        alone.multiplat("lock", cwd=project)
        alone.multiplat("render", "--kind", "sbom", cwd=project)
        write(project, f"{server.url}/chan", "app", platforms=ONE)
        alone.multiplat("lock", cwd=project)
    before = (project / "sbom-linux-64.cdx.json").read_bytes()
    assert channel.is_dir()
    done = alone.multiplat("render", "--existing", cwd=project, env=ONCE, code=3)
    assert done.stderr.startswith("error: the channels of default/linux-64 can't be read")
    assert (project / "sbom-linux-64.cdx.json").read_bytes() == before
    # Repodata that the lock was made from is in the cache.
    alone.multiplat("render", "--existing", cwd=project, env={"CONDA_OFFLINE": "true"})
    assert _licenses(_bill(project))["app"] == [{"license": {"id": "MIT"}}]


@pytest.mark.slow
@pytest.mark.parametrize("hostile", ["MIT", 5, None, {"a": [1]}, [1], [["x"]], "serial"])
def test_edited(alone: Host, project: Path, tmp_path: Path, hostile: Any) -> None:
    """A licence that somebody has written into a bill is seen, and not kept."""
    write(project, write_repodata(tmp_path / "chan", PACKAGES), "app", platforms=ONE)
    alone.multiplat("lock", cwd=project)
    alone.multiplat("render", "--kind", "sbom", cwd=project)
    file = project / "sbom-linux-64.cdx.json"
    before = file.read_text(encoding="utf-8")
    bill = json.loads(before)
    if hostile == "serial":
        bill["serialNumber"] = "urn:uuid:00000000-0000-0000-0000-000000000000"
    else:
        bill["components"][0]["licenses"] = hostile
    file.write_text(json.dumps(bill, indent=2) + "\n", encoding="utf-8")
    stdout = alone.multiplat("check", cwd=project, code=1).stdout
    assert "sbom-linux-64.cdx.json is out of date" in stdout
    alone.multiplat("render", "--existing", cwd=project)
    assert file.read_text(encoding="utf-8") == before


@pytest.mark.parametrize("cut", [300, 400, -3])
def test_cut_off(alone: Host, project: Path, tmp_path: Path, cut: int) -> None:
    """A bill that is no JSON any more, but begins as ours, is written anew."""
    write(project, write_repodata(tmp_path / "chan", PACKAGES), "app", platforms=ONE)
    alone.multiplat("lock", cwd=project)
    alone.multiplat("render", "--kind", "sbom", cwd=project)
    file = project / "sbom-linux-64.cdx.json"
    before = file.read_text(encoding="utf-8")
    file.write_text(before[:cut], encoding="utf-8")
    alone.multiplat("check", cwd=project, code=1)
    alone.multiplat("render", "--existing", cwd=project)
    assert file.read_text(encoding="utf-8") == before


def test_of_another_tool(alone: Host, project: Path, tmp_path: Path) -> None:
    """A bill that we have not made is nobody's business but its maker's."""
    write(project, write_repodata(tmp_path / "chan", PACKAGES), "app", platforms=ONE)
    alone.multiplat("lock", cwd=project)
    theirs = '{"bomFormat": "CycloneDX", "specVersion": "1.5"}\n'
    (project / "sbom-linux-64.cdx.json").write_text(theirs, encoding="utf-8")
    assert alone.multiplat("check", cwd=project).stdout.startswith("in sync: ")
    alone.multiplat("render", "--existing", cwd=project)
    assert (project / "sbom-linux-64.cdx.json").read_text(encoding="utf-8") == theirs


@pytest.mark.slow
def test_pypi(alone: Host, project: Path, tmp_path: Path) -> None:
    """PyPI's packages with what they need of conda's; a folder has neither purl nor hash."""
    index = Index(tmp_path / "index")
    classifiers = [
        "Classifier: License :: OSI Approved :: MIT License",
        "Classifier: License :: OSI Approved :: zlib/libpng License",
    ]
    index.wheel("wheeled", requires=["requests"], stated=classifiers)
    index.sdist("Built.Here", stated=["License-Expression: MIT AND ISC"])
    write_project(project / "local", "local", "2.0", ["wheeled"])
    channel = write_repodata(tmp_path / "chan", PACKAGES)
    with serve(index.root) as server:
        pip = f"pip: [--index-url {server.url}/simple, wheeled, built-here, ./local]"
        write(project, channel, "python", "requests", pip, platforms=ONE)
        alone.multiplat("lock", cwd=project)
        alone.multiplat("render", "--kind", "sbom", cwd=project)
    bill = _bill(project)
    purls = {component["name"]: component.get("purl") for component in bill["components"]}
    assert purls["wheeled"] == "pkg:pypi/wheeled@1.0"
    assert purls["built-here"] == "pkg:pypi/built-here@1.0"
    assert purls["local"] is None
    licenses = _licenses(bill)
    assert licenses["wheeled"] == [{"license": {"id": "MIT"}}, {"license": {"id": "Zlib"}}]
    assert licenses["built-here"] == [{"expression": "MIT AND ISC"}]
    needs = {
        dependency["ref"]: dependency.get("dependsOn", []) for dependency in bill["dependencies"]
    }
    requests = "pkg:conda/requests@2.0?build=0&channel=chan&subdir=noarch&type=conda"
    assert needs["pkg:pypi/wheeled@1.0"] == [requests]
    assert needs["pypi:local"] == ["pkg:pypi/wheeled@1.0"]
    local = next(component for component in bill["components"] if component["name"] == "local")
    assert {"hashes", "externalReferences"} & local.keys() == set()


@pytest.mark.slow
def test_any_lock(alone: Host, project: Path, tmp_path: Path) -> None:
    """Names, versions, builds and licences of all sorts make bills that the schema takes."""
    chosen = random.Random(16)
    texts = ["MIT", "BSD", "GPL-3.0+", "LicenseRef-x OR MIT", "a\tb\u202e\x00é", "", " ", None]
    versions = ["1!2.0", "2026c", "1.0+cu128", "0_1", "3.14rc1", "v1"]
    names = [f"{start}{number}" for number, start in enumerate(["_x", "a.b", "c-d", "e_f"] * 6)]
    packages = [
        _package(
            name,
            chosen.choice(texts),
            *chosen.sample(names[:number], min(number, 3)),
            version=chosen.choice(versions),
            build=chosen.choice(["h1_0", "py312_cuda12.9_1", "0"]),
        )
        for number, name in enumerate(names)
    ]
    channel = write_repodata(tmp_path / "label" / "my chan%20", packages)
    write(project, channel, *names, platforms="[linux-64, win-64]")
    alone.multiplat("lock", cwd=project)
    alone.multiplat("render", "--kind", "sbom", cwd=project)
    for subdir in ("linux-64", "win-64"):
        bill = _bill(project, f"sbom-{subdir}.cdx.json")
        assert {component["name"] for component in bill["components"]} > set(names)
    assert alone.multiplat("check", cwd=project).stdout.startswith("in sync: ")


@pytest.mark.slow
def test_logins_stay_out(alone: Host, project: Path, tmp_path: Path) -> None:
    """A channel's login reaches no bill."""
    write_repodata(tmp_path / "served" / "chan", PACKAGES)
    with serve(tmp_path / "served") as server:
        server.login = "me:s3cret-word"
        url = server.url.replace("://", "://me:s3cret-word@")
        write(project, f"{url}/chan", "app", platforms=ONE)
        alone.multiplat("lock", cwd=project)
        alone.multiplat("render", "--kind", "sbom", cwd=project)
    assert "s3cret" not in (project / "sbom-linux-64.cdx.json").read_text(encoding="utf-8")
    assert _licenses(_bill(project))["app"] == [{"license": {"id": "MIT"}}]
