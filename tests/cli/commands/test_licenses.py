"""``licenses`` as a user runs it: what is stated, what the manifest lets through, who asks."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
from support.hosts import ONCE, Host
from support.imported import imported
from support.manifests import write
from support.packages import Package, write_repodata
from support.pypi_index import Index, write_project
from support.server import Rules, serve

TWO = "[linux-64, osx-arm64]"
ONE = "[linux-64]"


def _package(name: str, license_: str | None, *depends: str, subdir: str = "noarch") -> Package:
    """A package that states a licence; ``None``: nothing."""
    kind = None if subdir != "noarch" else "generic"
    return Package(
        name, "1.0", noarch=kind, subdir=subdir, depends=depends, metadata={"license": license_}
    )


def _lists(**lists: str) -> str:
    return "multiplat:\n  licenses:\n" + "".join(f"    {k}: {v}\n" for k, v in lists.items())


@pytest.fixture
def own(tmp_path: Path) -> Path:
    """A channel with licences of all sorts."""
    return write_repodata(
        tmp_path / "own",
        [
            _package("app", "MIT", "both", "runtime"),
            _package("both", "GPL-3.0-only OR Apache 2.0", "part"),
            _package("part", "MIT AND LGPL-2.1"),
            _package("runtime", "GPL-3.0-only WITH GCC-exception-3.1"),
            _package("silent", None),
            _package("vague", "BSD"),
            _package("mine", "LicenseRef-Ours"),
            _package("split", "Zlib", subdir="linux-64"),
            _package("split", "ISC", subdir="osx-arm64"),
        ],
    )


@pytest.fixture
def alone(alone: Host, project: Path, own: Path) -> Host:
    """Locked, with no rules."""
    write(project, own, "app", "silent", "vague", "mine", "split", platforms=TWO)
    alone.multiplat("lock", cwd=project)
    return alone


def _again(project: Path, own: Path, extra: str) -> None:
    write(project, own, "app", "silent", "vague", "mine", "split", platforms=TWO, extra=extra)


def test_without_rules(door: Host, project: Path, own: Path) -> None:
    """All that is locked, where targets differ apart; nothing is denied."""
    write(project, own, "app", "silent", "vague", "mine", "split", platforms=TWO)
    door.multiplat("lock", cwd=project)
    done = door.multiplat("licenses", cwd=project)
    assert done.stdout.lstrip("\n") == (
        "Name     Version  License                              Where\n"
        "app      1.0      MIT                                  all platforms\n"
        "both     1.0      GPL-3.0-only OR Apache-2.0           all platforms\n"
        "mine     1.0      LicenseRef-Ours                      all platforms\n"
        "part     1.0      MIT AND LGPL-2.1-only                all platforms\n"
        "runtime  1.0      GPL-3.0-only WITH GCC-exception-3.1  all platforms\n"
        "silent   1.0      ?                                    all platforms\n"
        "split    1.0      ISC                                  osx-arm64\n"
        "split    1.0      Zlib                                 linux-64\n"
        "vague    1.0      ? BSD                                all platforms\n"
    )
    assert done.stderr.lstrip("\n") == (
        " 2 packages with a licence that can't be read or is not stated: ?\n"
        " 8 packages; no list under `multiplat: licenses:`, so none is denied\n"
    )


def test_allowed(alone: Host, project: Path, own: Path) -> None:
    """`OR` is met by one side, `AND` by all; what can't be read is never let through."""
    allowed = "[MIT, Apache-2.0, LicenseRef-Ours, GPL-3.0-only, ISC]"
    _again(project, own, _lists(allow=allowed))
    done = alone.multiplat("licenses", "--denied", cwd=project, code=1)
    assert done.stdout == (
        "Name     Version  License                              Where\n"
        "part     1.0      MIT AND LGPL-2.1-only                all platforms\n"
        "runtime  1.0      GPL-3.0-only WITH GCC-exception-3.1  all platforms\n"
        "silent   1.0      ?                                    all platforms\n"
        "split    1.0      Zlib                                 linux-64\n"
        "vague    1.0      ? BSD                                all platforms\n"
        "\n"
        "denied: part 1.0  MIT AND LGPL-2.1-only\n"
        "  LGPL-2.1-only is not allowed\n"
        "  locked because of environment.yml:6:5  app: app → both → part"
        "  (default/linux-64, default/osx-arm64)\n"
        "\n"
        "denied: runtime 1.0  GPL-3.0-only WITH GCC-exception-3.1\n"
        "  GPL-3.0-only WITH GCC-exception-3.1 is not allowed\n"
        "  locked because of environment.yml:6:5  app: app → runtime"
        "  (default/linux-64, default/osx-arm64)\n"
        "\n"
        "denied: silent 1.0\n"
        "  it states no licence\n"
        "  asked for in environment.yml:7:5  silent  (default/linux-64, default/osx-arm64)\n"
        "\n"
        "denied: split 1.0  Zlib\n"
        "  Zlib is not allowed\n"
        "  asked for in environment.yml:10:5  split  (default/linux-64)\n"
        "\n"
        "denied: vague 1.0  BSD\n"
        "  its licence is not SPDX and can't be read\n"
        "  asked for in environment.yml:8:5  vague  (default/linux-64, default/osx-arm64)\n"
    )
    assert done.stderr == (
        " 2 packages with a licence that can't be read or is not stated: ?\n"
        " 5 of 8 packages denied\n"
    )
    only = alone.multiplat("licenses", "--platform", "osx-arm64", cwd=project, code=1)
    assert "split    1.0      ISC " in only.stdout
    assert "denied: split" not in only.stdout


def test_denied(alone: Host, project: Path, own: Path) -> None:
    """With denied ones alone the rest may be had, and what can't be read is told as unknown."""
    _again(project, own, _lists(deny="[Apache-2.0, GPL-3.0-only, Zlib]"))
    document = alone.json("licenses", cwd=project, code=1)
    assert document["denied"] == ["both", "split"]
    verdicts = {
        (package["name"], package["license"]): package["verdict"]
        for package in document["packages"]
    }
    assert verdicts == {
        ("app", "MIT"): "allowed",
        ("both", "GPL-3.0-only OR Apache-2.0"): "denied",
        ("mine", "LicenseRef-Ours"): "allowed",
        ("part", "MIT AND LGPL-2.1-only"): "allowed",
        ("runtime", "GPL-3.0-only WITH GCC-exception-3.1"): "allowed",
        ("silent", None): "unknown",
        ("split", "ISC"): "allowed",
        ("split", "Zlib"): "denied",
        ("vague", None): "unknown",
    }
    both = next(package for package in document["packages"] if package["name"] == "both")
    assert both["reason"] == (
        "GPL-3.0-only is denied in environment.yml:13:24, "
        "Apache-2.0 is denied in environment.yml:13:12"
    )
    assert both["asked_by"][0] == {
        "target": "default/linux-64",
        "lines": [{"spec": "app", "file": "environment.yml", "line": 6}],
        "path": ["app", "both"],
    }
    _again(project, own, _lists(deny="[Zlib-acknowledgement]".lower()))
    done = alone.multiplat("licenses", cwd=project)
    assert done.stderr.endswith(
        " 2 packages unknown: no list of allowed licences, so not denied\n"
        " none of 8 packages denied\n"
    )


def test_exceptions(alone: Host, project: Path, own: Path) -> None:
    """A package by name, with the licence that it was looked at with; what is unused is told."""
    exceptions = (
        "\n      silent: {reason: ours}"
        "\n      vague: {license: BSD, reason: 'BSD-3-Clause by its text'}"
        "\n      part: {license: MIT AND LGPL-2.1-only, reason: linked dynamically}"
        "\n      runtime: {license: GPL-3.0-only, reason: looked at before it changed}"
        "\n      gone: {reason: was here once}"
    )
    allowed = "[MIT, Apache-2.0, ISC, Zlib, LicenseRef-Ours]"
    _again(project, own, _lists(allow=allowed, exceptions=exceptions))
    document = alone.json("licenses", cwd=project, code=1)
    assert document["denied"] == ["runtime"]
    reasons = {e["name"]: e["reason"] for e in document["packages"] if e["verdict"] == "exception"}
    assert reasons == {
        "part": "linked dynamically",
        "silent": "ours",
        "vague": "BSD-3-Clause by its text",
    }
    assert document["unused_exceptions"] == ["runtime", "gone"]
    done = alone.multiplat("licenses", cwd=project, code=1)
    assert done.stderr == (
        " environment.yml:18:7: the exception for runtime applies to nothing locked\n"
        " environment.yml:19:7: the exception for gone applies to nothing locked\n"
        " 2 packages with a licence that can't be read or is not stated: ?\n"
        " 3 packages let through by exceptions\n"
        " 1 of 8 packages denied\n"
    )


def test_wrong_rules(alone: Host, project: Path, own: Path) -> None:
    """All that is wrong at once, each with its place and what to write instead."""
    exceptions = "\n      app: {license: MIT}\n      part: {reson: x, reason: y}"
    lists = _lists(
        allow="[MITT, BSD, Apache 2.0]", deny="[MIT OR ISC, MITT]", exceptions=exceptions
    )
    _again(project, own, f"{lists}    alow: [MIT]\n")
    done = alone.multiplat("licenses", cwd=project, code=2)
    assert done.stderr == (
        "error: environment.yml can't be used\n"
        "  environment.yml:13:13: 'MITT' is both allowed and denied\n"
        "      environment.yml:14:24 denies it: remove one of them\n"
        "  environment.yml:13:13: 'MITT' is not in SPDX's licence list\n"
        "      did you mean 'MIT'?\n"
        "  environment.yml:13:19: 'BSD' is not in SPDX's licence list\n"
        "      write one of: BSD-1-Clause, BSD-2-Clause, BSD-3-Clause, BSD-4.3RENO\n"
        "  environment.yml:13:24: 'Apache 2.0' is not SPDX's spelling\n"
        "      write Apache-2.0\n"
        "  environment.yml:14:12: 'MIT OR ISC' names several licences\n"
        "      write each as an entry of its own\n"
        "  environment.yml:14:24: 'MITT' is not in SPDX's licence list\n"
        "      did you mean 'MIT'?\n"
        "  environment.yml:16:7: the exception for app has no reason\n"
        "      write `reason:` and why the package may have its licence\n"
        "  environment.yml:17:14: unknown key 'reson' in the exception for part\n"
        "      did you mean 'reason'?\n"
        "  environment.yml:18:5: unknown key 'alow' in licenses\n"
        "      did you mean 'allow'?\n"
    )
    _again(project, own, _lists(allow="[MIT]", exceptions="\n      app: {reason: ' '}"))
    assert "environment.yml:15:21: the exception for app has an empty reason" in (
        alone.multiplat("licenses", cwd=project, code=2).stderr
    )
    _again(project, own, _lists(allow="[]"))
    assert "allow is empty: no package could be used" in (
        alone.multiplat("licenses", cwd=project, code=2).stderr
    )


def test_of_several_files(alone: Host, project: Path, own: Path) -> None:
    """Lists of several files count together; what one denies is denied, and each is checked."""
    _again(project, own, _lists(allow="[MIT, Zlib, ISC]"))
    more = "dependencies: [part]\n" + _lists(allow="[LGPL-2.1-only]", deny="[Zlib, MITT]")
    (project / "more.yml").write_text(more, encoding="utf-8")
    files = ("-f", "environment.yml", "more.yml")
    done = alone.multiplat("licenses", *files, cwd=project, code=2)
    assert "  more.yml:5:18: 'MITT' is not in SPDX's licence list\n" in done.stderr
    (project / "more.yml").write_text(more.replace(", MITT", ""), encoding="utf-8")
    document = alone.json("licenses", *files, cwd=project, code=1)
    verdicts = {
        (package["name"], package["license"]): package["verdict"]
        for package in document["packages"]
    }
    assert verdicts["part", "MIT AND LGPL-2.1-only"] == "allowed"
    assert verdicts["split", "Zlib"] == "denied"


def test_edited_beside_rules(alone: Host, project: Path, own: Path) -> None:
    """`add` and `remove` go by where rules stand, which a new line moves."""
    exceptions = "{vague: {license: BSD, reason: ours}}"
    _again(project, own, _lists(allow="[MIT]", deny="[Zlib]", exceptions=exceptions))
    before = (project / "environment.yml").read_text(encoding="utf-8")
    alone.multiplat("add", "--no-install", "part", cwd=project)
    assert (project / "environment.yml").read_text(encoding="utf-8") != before
    alone.multiplat("remove", "--no-install", "part", cwd=project)
    assert (project / "environment.yml").read_text(encoding="utf-8") == before


def test_rules_decide_no_version(alone: Host, project: Path, own: Path) -> None:
    """The lock stays in sync whatever the rules say."""
    before = (project / "conda-lock.yml").read_bytes()
    _again(project, own, _lists(allow="[MIT]"))
    alone.multiplat("check", cwd=project)
    alone.multiplat("lock", cwd=project)
    assert (project / "conda-lock.yml").read_bytes() == before


def test_offline_and_taken_back(alone: Host, project: Path, tmp_path: Path) -> None:
    """Repodata of the cache does offline; what a channel has taken back is not known any more."""
    packages = [_package("kept", "MIT", subdir="linux-64"), _package("back", "ISC")]
    with serve(write_repodata(tmp_path / "served" / "chan", packages).parent) as server:
        write(project, f"{server.url}/chan", "kept", "back", platforms=ONE)
        alone.multiplat("lock", cwd=project)
    offline = {"CONDA_OFFLINE": "true"}
    done = alone.json("licenses", cwd=project, env=offline)
    assert {p["name"]: p["license"] for p in done["packages"]} == {"kept": "MIT", "back": "ISC"}
    done = alone.json("licenses", cwd=project, env=ONCE, code=3)
    assert done["kind"] == "OutsideError"
    own = write_repodata(tmp_path / "own", packages)
    write(project, own, "kept", "back", platforms=ONE, extra=_lists(allow="[MIT, ISC]"))
    alone.multiplat("lock", cwd=project)
    write_repodata(own, packages[:1])
    document = alone.json("licenses", cwd=project, code=1)
    [back] = [package for package in document["packages"] if package["name"] == "back"]
    assert (back["verdict"], back["reason"]) == (
        "denied",
        "not known: its channel no longer has it",
    )


FILES = {"archive": "archive-1.0.tar.gz", "field": "field-1.0-py3-none-any.whl"}


@pytest.fixture
def index(tmp_path: Path) -> Index:
    """Files that state their licences in all the ways there are."""
    projects = Index(tmp_path / "index")
    projects.wheel("expression", stated=["License-Expression: MIT OR Zlib"], beside=True)
    projects.wheel(
        "field", stated=["License: Apache License 2.0", "Classifier: Topic :: Utilities"]
    )
    projects.wheel("classifier", stated=["Classifier: License :: OSI Approved :: MIT License"])
    projects.wheel("nothing", stated=["License: UNKNOWN"])
    projects.sdist("archive", stated=["License-Expression: ISC"])
    return projects


@pytest.fixture
def pypi(index: Index) -> Iterator[Rules]:
    """The index, served."""
    with serve(index.root) as server:
        yield server


def _python(tmp_path: Path) -> Path:
    return write_repodata(
        tmp_path / "pythons", [Package("python", "3.12.4", "0_cpython", "linux-64")]
    )


def _licenses(document: Mapping[str, Any]) -> dict[str, str | None]:
    return {p["name"]: p["license"] for p in document["packages"] if p["manager"] == "pypi"}


@pytest.mark.slow
def test_pypi(alone: Host, project: Path, tmp_path: Path, index: Index, pypi: Rules) -> None:
    """Of metadata beside a wheel, of wheels, of archives that are not built, and of folders."""
    entries = ["expression", "field", "classifier", "nothing", "archive", "./local"]
    local = write_project(project / "local", "local", "2.0")
    text = (local / "pyproject.toml").read_text(encoding="utf-8")
    (local / "pyproject.toml").write_text(
        text.replace("[project]\n", '[project]\nlicense = "BSD-2-Clause"\n'), encoding="utf-8"
    )
    pip = ", ".join([f"--index-url {pypi.url}/simple", *entries])
    write(project, _python(tmp_path), "python", f"pip: [{pip}]", platforms=ONE)
    alone.multiplat("lock", cwd=project)
    backend = "raise SystemExit('built')\n"
    (local / "backend.py").write_text(backend, encoding="utf-8")
    pypi.seen.clear()
    document = alone.json("licenses", cwd=project)
    assert _licenses(document) == {
        "archive": "ISC",
        "classifier": "MIT",
        "expression": "MIT OR Zlib",
        "field": "Apache-2.0",
        "local": "BSD-2-Clause",
        "nothing": None,
    }
    fetched = [path for path in pypi.seen if path.endswith("expression-1.0-py3-none-any.whl")]
    assert fetched == []
    [field] = [package for package in document["packages"] if package["name"] == "field"]
    assert field["stated"] == "Apache License 2.0"


@pytest.mark.parametrize("name", ["archive", "field"])
def test_another_hash(
    alone: Host, project: Path, tmp_path: Path, index: Index, pypi: Rules, name: str
) -> None:
    """A file that is not the locked one says nothing."""
    pip = f"--index-url {pypi.url}/simple, {name}"
    write(project, _python(tmp_path), "python", f"pip: [{pip}]", platforms=ONE)
    alone.multiplat("lock", cwd=project)
    index.sdist("archive", stated=["License-Expression: MIT"])
    index.wheel("field", stated=["License: MIT"])
    done = alone.multiplat("licenses", cwd=project, code=3)
    error, line, hint = done.stderr.splitlines()
    assert error == "error: the metadata of PyPI packages can't be read"
    assert line.startswith(f"  {name} 1.0: {pypi.url}/files/{FILES[name]}: ")
    assert hint == "  check the index, the network and the proxy"


@pytest.mark.slow
@pytest.mark.parametrize("way", ["truncate", "status"])
def test_trouble_on_the_way(
    alone: Host, project: Path, tmp_path: Path, pypi: Rules, way: str
) -> None:
    """What breaks off says nothing: uv is asked instead, or the file and the reason are told."""
    pip = f"--index-url {pypi.url}/simple, expression, archive"
    write(project, _python(tmp_path), "python", f"pip: [{pip}]", platforms=ONE)
    alone.multiplat("lock", cwd=project)
    env = {"CONDA_REMOTE_MAX_RETRIES": "1"}

    def spoil(end: str) -> None:
        pypi.truncate = [end] if way == "truncate" else []
        pypi.status = {end: 503} if way == "status" else {}
        pypi.seen.clear()

    spoil(".metadata")
    licenses = _licenses(alone.json("licenses", cwd=project, env=env))
    assert licenses == {"archive": "ISC", "expression": "MIT OR Zlib"}
    spoil(".tar.gz")
    done = alone.multiplat("licenses", cwd=project, env=env, code=3)
    size = (pypi.root / "files" / FILES["archive"]).stat().st_size
    missing = f"the connection broke off {size - size // 2} bytes before the end"
    reason = missing if way == "truncate" else "503 Service Unavailable"
    assert f"  archive 1.0: {pypi.url}/files/{FILES['archive']}: {reason}\n" in done.stderr
    assert sum(FILES["archive"] in path for path in pypi.seen) == 2


def test_login(alone: Host, project: Path, tmp_path: Path, pypi: Rules) -> None:
    """A user's login for the index comes along, for each kind of file, and is never shown."""
    pypi.login = "robot:s@cret"
    pip = f"--index-url {pypi.url}/simple, expression, field, archive"
    write(project, _python(tmp_path), "python", f"pip: [{pip}]", platforms=ONE)
    env = {"UV_DEFAULT_INDEX": pypi.url.replace("//", "//robot:s%40cret@") + "/simple"}
    alone.multiplat("lock", cwd=project, env=env)
    done = alone.multiplat("licenses", "--json", cwd=project, env=env)
    assert set(_licenses(json.loads(done.stdout))) == {"archive", "expression", "field"}
    failed = alone.multiplat("licenses", cwd=project, code=3)
    assert f"{FILES['archive']}: 401 " in failed.stderr
    for text in (done.stdout, done.stderr, failed.stderr):
        assert "cret" not in text


def test_lock_that_points_elsewhere(
    alone: Host, project: Path, tmp_path: Path, pypi: Rules
) -> None:
    """Nothing is fetched of a lock whose files are not of the manifest's indexes."""
    pip = f"--index-url {pypi.url}/simple, field"
    write(project, _python(tmp_path), "python", f"pip: [{pip}]", platforms=ONE)
    alone.multiplat("lock", cwd=project)
    write(project, _python(tmp_path), "python", "pip: [field]", platforms=ONE)
    pypi.seen.clear()
    done = alone.multiplat("licenses", cwd=project, code=2)
    assert "has packages from places that default/linux-64 does not allow" in done.stderr
    assert pypi.seen == []


def test_family(alone: Host, project: Path, tmp_path: Path) -> None:
    """A family is shown where there is no more, and applies to nothing locked."""
    stated = {"license": None, "license_family": "MIT"}
    own = write_repodata(tmp_path / "own", [Package("old", noarch="generic", metadata=stated)])
    write(project, own, "old", platforms=ONE, extra=_lists(allow="[MIT]"))
    alone.multiplat("lock", cwd=project)
    done = alone.multiplat("licenses", cwd=project, code=1)
    assert done.stdout == (
        "Name  Version  License       Where\n"
        "old   1.0      ? family MIT  linux-64\n"
        "\n"
        "denied: old 1.0\n"
        "  it states no licence\n"
        "  asked for in environment.yml:6:5  old  (default/linux-64)\n"
    )


def test_text_of_strangers(alone: Host, project: Path, tmp_path: Path) -> None:
    """A licence that would steer a terminal is shown; JSON has it as it is."""
    own = write_repodata(tmp_path / "own", [_package("odd", "\x1b[2J\nfree")])
    write(project, own, "odd", platforms=ONE)
    alone.multiplat("lock", cwd=project)
    done = alone.multiplat("licenses", cwd=project)
    assert "odd   1.0      ? \\x1b[2J free  linux-64\n" in done.stdout
    assert json.loads(alone.multiplat("licenses", "--json", cwd=project).stdout)["packages"][0][
        "stated"
    ] == ("\x1b[2J free")


@pytest.mark.parametrize(
    ("command", "loaded"),
    [
        ("check", set()),
        ("lock", set()),
        ("list", set()),
        ("licenses", {"license_expression"}),
        ("render --kind sbom", {"license_expression", "packageurl"}),
        ("render --kind explicit", set()),
        ("check # a bill is there", {"packageurl"}),
    ],
)
def test_loaded(project: Path, own: Path, alone: Host, command: str, loaded: set[str]) -> None:
    """What reads expressions and writes purls is loaded by those who do that."""
    if "#" in command:
        alone.multiplat("render", "--kind", "sbom", cwd=project)
    modules = imported(alone, project, *command.split(" #", maxsplit=1)[0].split())
    assert {"license_expression", "packageurl"} & modules == loaded


@pytest.mark.parametrize("words", ["2020-01-01", "false"])
def test_licences_are_of_what_is_locked_whatever_is_too_new(
    alone: Host, project: Path, own: Path, words: str
) -> None:
    """`exclude-newer` is about what may be locked; it hides no licence of what is."""
    rules = f"  exclude-newer: 7d\n  exclude-newer-package: {{app: {words}}}\n"
    _again(project, own, f"multiplat:\n{rules}")
    stated = alone.json("licenses", cwd=project)["packages"]
    assert {package["name"]: package["stated"] for package in stated}["app"] == "MIT"
    assert [package["reason"] for package in stated if "no longer" in package["reason"]] == []
