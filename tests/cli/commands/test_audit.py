"""``audit`` as a user runs it: planted advisories, where they are found, and what is unknown."""

from __future__ import annotations

import json
import struct
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest
from support.advisories import CRITICAL, advisory, below, write_zip
from support.hosts import Host
from support.manifests import write
from support.packages import Package, write_repodata
from support.pypi_index import Index, write_project
from support.server import serve
from support.terminal import Terminal

TWO = "[linux-64, osx-arm64]"
JINJA = advisory("GHSA-jinja", "Jinja2", *below("3.1.3"), aliases=["CVE-1"], vector=CRITICAL)
NEXT = " next: conda multiplat update jinja2\n"


@pytest.fixture
def web(alone: Host, project: Path, tmp_path: Path) -> Path:
    """A locked project, of which linux-64 has another jinja2 than osx-arm64."""
    python = [Package("python", "3.12.4", subdir=subdir) for subdir in ("linux-64", "osx-arm64")]
    packages = [
        *python,
        *(Package("zlib", "1.3", subdir=subdir) for subdir in ("linux-64", "osx-arm64")),
        Package("web-tool", "2.0", noarch="python", depends=["python", "jinja2"]),
        Package("jinja2", "3.1.2", subdir="linux-64", depends=["python"]),
        Package("jinja2", "3.1.4", subdir="osx-arm64", depends=["python"]),
    ]
    chan = write_repodata(tmp_path / "web", packages)
    write(project, chan, "python", "zlib", "web-tool", platforms=TWO)
    alone.multiplat("lock", cwd=project)
    return project


def _ignore(project: Path, *entries: str, more: str = "") -> None:
    """Add entries to the manifest's list; the locks answer it all the same."""
    with (project / "environment.yml").open("a", encoding="utf-8") as file:
        file.write("multiplat:\n" + more + "  audit:\n    ignore:\n")
        file.write("".join(f"      - {{{entry}}}\n" for entry in entries))


@pytest.fixture
def database(tmp_path: Path) -> Callable[..., Path]:
    """Makes a zip of advisories."""
    return lambda *advisories: write_zip(tmp_path / "osv-pypi.zip", advisories)


def test_on_the_platform_that_has_it(door: Host, web: Path, database: Callable[..., Path]) -> None:
    """A planted advisory, who brings the package, its fix; and the unmapped are unknown."""
    other = advisory("GHSA-other", "elsewhere", *below("9"), vector=CRITICAL)
    done = door.multiplat("audit", "--db", database(JINJA, other), cwd=web, code=1)
    assert done.stdout == (
        "   Name    Locked  Fixed in  Severity  Advisory          Where\n"
        "   jinja2  3.1.2   3.1.3     critical  GHSA-jinja CVE-1  linux-64\n"
        "   jinja2 ← web-tool ← environment.yml:8:5  web-tool\n"
        "unknown, not clean: 2 packages (no PyPI project is known for it)\n"
        "   python 3.12.4, zlib 1.3\n"
    )
    assert done.stderr == (
        " 1 vulnerability in 1 of 5 packages\n 2 packages unknown: could not be looked up\n" + NEXT
    )


def test_json(alone: Host, web: Path, database: Callable[..., Path]) -> None:
    """All of it as data."""
    document = alone.json("audit", "--db", database(JINJA), cwd=web, code=1)
    (jinja,) = document.pop("vulnerabilities")
    assert jinja == {
        "id": "GHSA-jinja",
        "aliases": ["CVE-1"],
        "summary": "something is wrong",
        "severity": "critical",
        "score": 9.8,
        "name": "jinja2",
        "manager": "conda",
        "version": "3.1.2",
        "projects": ["jinja2"],
        "fixed": "3.1.3",
        "targets": ["default/linux-64"],
        "brought_by": [
            {
                "line": {"spec": "web-tool", "file": "environment.yml", "line": 8},
                "path": ["web-tool", "jinja2"],
            }
        ],
        "ignored": None,
        "counts": True,
    }
    unknown = [
        (package["name"], package["reason"], package["targets"])
        for package in document.pop("unknown")
    ]
    both = ["default/linux-64", "default/osx-arm64"]
    why = "no PyPI project is known for it"
    assert unknown == [("python", why, both), ("zlib", why, both)]
    assert document == {
        "success": True,
        "source": "../osv-pypi.zip",
        "severity": "low",
        "unused_ignores": [],
        "targets": both,
        "packages": 5,
    }


def test_nothing_found(alone: Host, web: Path, database: Callable[..., Path]) -> None:
    """What is unknown is not counted among the clean."""
    others = [
        advisory("GHSA-1", "jinja2", *below("3.1.3"), withdrawn="2026-01-02T00:00:00Z"),
        advisory("GHSA-2", "elsewhere", *below("9")),
        json.loads(json.dumps(JINJA).replace('"PyPI"', '"npm"')),
        advisory("GHSA-3", "zlib", *below("9")),
    ]
    done = alone.multiplat("audit", "--db", database(*others), cwd=web)
    assert done.stdout.startswith("unknown, not clean: 2 packages ")
    assert done.stderr == (
        " no vulnerability is known in 3 packages that could be looked up\n"
        " 2 packages unknown: could not be looked up\n"
    )


def test_one_finding_of_many_names(alone: Host, web: Path, database: Callable[..., Path]) -> None:
    """Databases that know a vulnerability by names in common, by way of others too."""
    same = [
        advisory("PYSEC-1", "jinja2", *below("3.1.4"), aliases=["CVE-1"]),
        advisory("GHSA-b", "jinja2", *below("3.1.3"), aliases=["CVE-2"], word="LOW"),
        advisory("OSV-1", "jinja2", *below("3.1.3"), aliases=["CVE-1", "CVE-2"], word="HIGH"),
        advisory("GHSA-z", "jinja2", *below("3.1.3"), aliases=["CVE-3"], word="LOW"),
    ]
    for order in (same, same[::-1]):
        findings = alone.json("audit", "--db", database(*order), cwd=web, code=1)["vulnerabilities"]
        assert [
            (finding["id"], finding["aliases"], finding["severity"], finding["fixed"])
            for finding in findings
        ] == [
            ("GHSA-b", ["CVE-1", "CVE-2", "OSV-1", "PYSEC-1"], "high", "3.1.4"),
            ("GHSA-z", ["CVE-3"], "low", "3.1.3"),
        ]


@pytest.mark.parametrize(
    ("severity", "code", "below_it"),
    [("low", 1, ""), ("medium", 1, "; 1 below medium"), ("high", 0, "; 2 below high")],
)
def test_severity(
    alone: Host,
    web: Path,
    database: Callable[..., Path],
    severity: str,
    code: int,
    below_it: str,
) -> None:
    """What is less severe than asked for is listed, and is no "no"."""
    file = database(
        advisory("GHSA-a", "jinja2", *below("3.1.3"), word="MODERATE"),
        advisory("GHSA-b", "web-tool", *below("3"), word="LOW"),
    )
    arguments = ("audit", "--db", file, "--severity", severity)
    done = alone.multiplat(*arguments, cwd=web, code=code)
    assert [line.split()[0] for line in done.stdout.splitlines()[:3]] == ["Name", "jinja2", "*"]
    assert done.stderr.startswith(f" 2 vulnerabilities in 2 of 5 packages{below_it}\n")


def test_unknown_severity_counts(alone: Host, web: Path, database: Callable[..., Path]) -> None:
    """Whatever is asked for: it may be the worst."""
    file = database(advisory("GHSA-a", "jinja2", *below("3.1.3"), vector="CVSS:4.0/AV:N"))
    done = alone.multiplat("audit", "--db", file, "--severity", "critical", cwd=web, code=1)
    assert "  unknown   GHSA-a  " in done.stdout


def test_ignored(alone: Host, web: Path, database: Callable[..., Path]) -> None:
    """By any of its names until a day, from then on no more; what nothing is called is named."""
    file = database(JINJA, advisory("GHSA-b", "web-tool", *below("3"), word="HIGH"))
    before = alone.json("audit", "--db", file, cwd=web, code=1)
    _ignore(
        web,
        "id: cve-1, reason: we render nothing of others, until: 2099-12-31",
        "id: GHSA-b, reason: to be fixed, until: 2020-02-29",
        "id: GHSA-c, reason: long gone, until: 2099-12-31",
    )
    alone.multiplat("check", cwd=web)
    done = alone.multiplat("audit", "--db", file, cwd=web, code=1)
    assert done.stdout == (
        "   Name      Locked  Fixed in  Severity  Advisory  Where\n"
        "*  web-tool  2.0     3         high      GHSA-b    all platforms\n"
        "   web-tool ← environment.yml:8:5  web-tool\n"
        "ignored until 2099-12-31: GHSA-jinja of jinja2 3.1.2 (environment.yml:12:9)\n"
        "   we render nothing of others\n"
        "unknown, not clean: 2 packages (no PyPI project is known for it)\n"
        "   python 3.12.4, zlib 1.3\n"
    )
    assert done.stderr == (
        " GHSA-b of web-tool 2.0 was ignored until 2020-02-29 (environment.yml:13:9): "
        "it counts again\n"
        " environment.yml:14:9 ignores GHSA-c, which affects nothing locked: remove it\n"
        " 1 vulnerability in 1 of 5 packages\n"
        " 2 packages unknown: could not be looked up\n"
        " next: conda multiplat update web-tool\n"
    )
    document = alone.json("audit", "--db", file, cwd=web, code=1)
    ignored = {
        finding["id"]: (finding["ignored"]["lapsed"], finding["counts"])
        for finding in document["vulnerabilities"]
    }
    assert ignored == {"GHSA-b": (True, True), "GHSA-jinja": (False, False)}
    assert [finding["counts"] for finding in before["vulnerabilities"]] == [True, True]
    done = alone.multiplat("audit", "--db", database(JINJA), "--platform", "osx-arm64", cwd=web)
    assert "remove it" not in done.stderr  # another platform may have it


def test_longest_entry_holds(alone: Host, web: Path, database: Callable[..., Path]) -> None:
    """Of several entries for a vulnerability, under two of its names."""
    _ignore(
        web,
        "id: CVE-1, reason: to be fixed, until: 2020-02-29",
        "id: GHSA-jinja, reason: still, until: 2099-12-31",
    )
    alone.multiplat("audit", "--db", database(JINJA), cwd=web)


@pytest.mark.parametrize(
    ("entry", "problem", "hint"),
    [
        ("{id: CVE-1, reason: x}", "6:9: an entry of ignore has no `until`", "write the last day"),
        (
            "{id: CVE-1, until: 2099-01-01}",
            "6:9: an entry of ignore has no `reason`",
            "write why it",
        ),
        ("{reason: x, until: 2099-01-01}", "6:9: an entry of ignore has no `id`", "name the vuln"),
        (
            "{id: CVE-1, reason: x, until: 2099-02-30}",
            "6:39: until is not a date: '2099-02-30'",
            "write the last day on which it is ignored: `until: 2027-06-30`",
        ),
        (
            "{id: CVE-1, reason: x, until: next year}",
            "6:39: until is not a date: 'next year'",
            "write the last day",
        ),
        (
            "{id: CVE 1, reason: x, until: 2099-01-01}",
            "6:14: id is not the name of a vulnerability: 'CVE 1'",
            "name the vulnerability: `id: GHSA-…`, `CVE-…` or `PYSEC-…`",
        ),
        (
            '{id: A, reason: " ", until: 2099-01-01}',
            "6:25: reason is not an explanation: ' '",
            "write why",
        ),
        (
            "{id: A, reason: x, until: 2099-01-01, untill: x}",
            "6:47: unknown key 'untill' in an entry of ignore",
            "did you mean 'until'?",
        ),
        ("CVE-1", "6:9: an entry of ignore is a value 'CVE-1'", "write a mapping"),
    ],
)
def test_wrong_entry(alone: Host, project: Path, entry: str, problem: str, hint: str) -> None:
    """Each with its place and what to write."""
    (project / "environment.yml").write_text(
        f"name: demo\ndependencies: []\nmultiplat:\n  audit:\n    ignore:\n      - {entry}\n",
        encoding="utf-8",
    )
    done = alone.multiplat("audit", "--db", "none.zip", cwd=project, code=2)
    first, place, advice = done.stderr.splitlines()[:3]
    assert first == "error: environment.yml can't be used"
    assert place == f"  environment.yml:{problem}"
    assert advice.strip().startswith(hint)


def test_mapping_of_the_manifest(alone: Host, web: Path, database: Callable[..., Path]) -> None:
    """``pypi-names`` says which project a package is, several, or none."""
    _ignore(
        web,
        "id: X, reason: x, until: 2020-01-01",
        more="  pypi-names: {zlib: [a, Z.Lib], jinja2: null}\n",
    )
    file = database(JINJA, advisory("GHSA-z", "z-lib", *below("2"), word="LOW"))
    document = alone.json("audit", "--db", file, cwd=web, code=1)
    assert [(v["id"], v["name"], v["projects"]) for v in document["vulnerabilities"]] == [
        ("GHSA-z", "zlib", ["a", "z-lib"])
    ]
    assert {package["name"] for package in document["unknown"]} == {"python", "jinja2"}


def test_version_that_is_none(
    alone: Host, project: Path, tmp_path: Path, database: Callable[..., Path]
) -> None:
    """A conda package whose version PyPI can't have is unknown, and yet found by a list."""
    packages = [
        Package("python", "3.12.4", subdir="linux-64"),
        *(Package(name, "9e", noarch="python", depends=["python"]) for name in ("odd", "listed")),
        Package("underscored", "1.0_rc1", noarch="python", depends=["python"]),
    ]
    write(
        project,
        write_repodata(tmp_path / "own", packages),
        *("odd", "listed", "underscored"),
        platforms="[linux-64]",
    )
    alone.multiplat("lock", cwd=project)
    file = database(
        advisory("GHSA-a", "odd", *below("10")),
        advisory("GHSA-b", "listed", versions=["9e"]),
        advisory("GHSA-c", "underscored", *below("1.0")),
    )
    document = alone.json("audit", "--db", file, cwd=project, code=1)
    assert [finding["id"] for finding in document["vulnerabilities"]] == ["GHSA-b", "GHSA-c"]
    reasons = {package["name"]: package["reason"] for package in document["unknown"]}
    why = "its version is not a PyPI version (PEP 440)"
    assert reasons == {"listed": why, "odd": why, "python": "no PyPI project is known for it"}


def test_pypi(
    alone: Host, project: Path, channel: Path, tmp_path: Path, database: Callable[..., Path]
) -> None:
    """PyPI's packages by their names; what is no release is unknown, and yet looked up."""
    index = Index(tmp_path / "index")
    index.wheel("robo.suite", requires=["mujoco"])
    index.wheel("mujoco", "3.0")
    write_project(project / "ours", "ours", "1.0")
    with serve(index.root) as server:
        entries = "pip: [Robo_Suite, ./ours]"
        write(project, channel, "python 3.12.*", entries, platforms="[linux-64]")
        env = {"CONDA_MULTIPLAT_PYPI_INDEX": f"{server.url}/simple"}
        alone.multiplat("lock", cwd=project, env=env)
    file = database(
        advisory("GHSA-m", "MuJoCo", *below("3.1"), word="LOW"),
        advisory("GHSA-o", "ours", *below("2"), word="LOW"),
    )
    done = alone.multiplat("audit", "--db", file, cwd=project, code=1)
    assert done.stdout == (
        "   Name           Locked  Fixed in  Severity  Advisory  Where\n"
        "   mujoco (PyPI)  3.0     3.1       low       GHSA-m    linux-64\n"
        "*  ours (PyPI)    1.0     2         low       GHSA-o    linux-64\n"
        "   mujoco ← robo-suite ← environment.yml:7:11  Robo_Suite\n"
        "   ours ← environment.yml:7:23  ./ours\n"
        "unknown, not clean: 1 package (from a repository, a URL or this disk: its version may not "
        "be that of a release)\n"
        "   ours 1.0\n"
        "unknown, not clean: 2 packages (no PyPI project is known for it)\n"
        "   python 3.12.4, zlib 1.3.1\n"
    )


def test_environments(alone: Host, web: Path, database: Callable[..., Path]) -> None:
    """Each environment on each platform, those that agree together."""
    with (web / "environment.yml").open("a", encoding="utf-8") as file:
        file.write("multiplat:\n  environments:\n    dev: {dependencies: [jinja2]}\n")
    alone.multiplat("lock", cwd=web)
    file = database(JINJA)
    (finding,) = alone.json("audit", "--db", file, cwd=web, code=1)["vulnerabilities"]
    assert finding["targets"] == ["default/linux-64", "dev/linux-64"]
    assert [(origin["line"]["line"], origin["path"]) for origin in finding["brought_by"]] == [
        (8, ["web-tool", "jinja2"]),
        (11, ["jinja2"]),
    ]
    alone.multiplat("audit", "--db", file, "--platform", "osx-arm64", cwd=web)
    done = alone.multiplat("audit", "--db", file, "-e", "dev", cwd=web, code=1)
    assert "\n   jinja2 ← environment.yml:11:26  jinja2\n" in done.stdout


def _as_folder(path: Path) -> None:
    (path / "GHSA").mkdir(parents=True)
    (path / "GHSA" / "GHSA-jinja.json").write_text(json.dumps(JINJA), encoding="utf-8")
    (path / "README.md").write_text("no advisory", encoding="utf-8")


def _as_list(path: Path) -> None:
    path.write_text(json.dumps([JINJA]), encoding="utf-8")


@pytest.mark.parametrize(
    "make",
    [
        _as_folder,
        _as_list,
        lambda path: path.write_text(json.dumps(JINJA), encoding="utf-8"),
        lambda path: path.write_text("\ufeff" + json.dumps({"vulns": [JINJA]}), encoding="utf-8"),
    ],
    ids=["folder", "list", "file", "answer"],
)
def test_other_databases(
    alone: Host, web: Path, tmp_path: Path, make: Callable[[Path], object]
) -> None:
    """A folder of JSON files, one advisory, several, and what a service has answered."""
    make(tmp_path / "db")
    alone.multiplat("audit", "--db", tmp_path / "db", cwd=web, code=1)


def _zip(
    *members: tuple[str, str | bytes], method: int = zipfile.ZIP_DEFLATED
) -> Callable[[Path], None]:
    def make(path: Path) -> None:
        with zipfile.ZipFile(path, "w", method) as archive:
            for name, content in members:
                archive.writestr(name, content)

    return make


def _cut(path: Path) -> None:
    write_zip(path, [JINJA])
    path.write_bytes(path.read_bytes()[:-30])


def _damaged(path: Path) -> None:
    write_zip(path, [JINJA])
    content = bytearray(path.read_bytes())
    content[60:90] = b"\0" * 30
    path.write_bytes(content)


def _endless_list(path: Path) -> None:
    """A list of members of 70 MiB, none of which is on the disk."""
    size = 70 << 20
    with path.open("wb") as file:
        file.write(b"PK\x03\x04")
        file.seek(4 + size)
        file.write(struct.pack("<4s4H2LH", b"PK\x05\x06", 0, 0, 1, 1, size, 4, 0))


def _half_a_name(path: Path) -> None:
    """A member whose name is said to be UTF-8, and is not."""
    write_zip(path, [JINJA])
    with zipfile.ZipFile(path, "a") as archive:
        archive.writestr("\u00e9.json", "{}")
    path.write_bytes(path.read_bytes().replace("\u00e9".encode(), b"\xff\xff"))


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda path: None, "db does not exist"),
        (_zip(), "db contains no advisories"),
        (_zip(("README", "x")), "db contains no advisories"),
        (_zip(("a.json", "{")), "db/a.json:1:2: not JSON: "),
        (_zip(("a.json", "[" * 100_000)), "db/a.json: nested too deeply"),
        (_zip(("a.json", b"\xff")), "db/a.json: not UTF-8: "),
        (_zip(("a.json", "3")), "db/a.json: an advisory is not an object: 3"),
        (_zip(("a.json", json.dumps({**JINJA, "id": "../x"}))), "db/a.json: id is not an identifi"),
        (_zip(("a.json", '{"id": "A", "affected": 3}')), "db/a.json: affected is not a list: 3"),
        (
            _zip(("a.json", json.dumps(advisory("A", "jinja2", {"fixed": 3})))),
            "db/a.json: fixed is not text: 3",
        ),
        (
            _zip(("a.json", json.dumps(advisory("A", "jinja2", *below("2") * 5001)))),
            "db/a.json: ranges with 10002 events: more than 10000 are not read",
        ),
        (_zip(("a.json", b" " * (17 << 20))), "db/a.json is larger than 16 MiB: it is not read"),
        (
            _zip(("a.json", json.dumps(JINJA)), method=zipfile.ZIP_BZIP2),
            "db/a.json is encrypted or has an unsupported compression method",
        ),
        (_cut, "db is not a complete zip: "),
        (_damaged, "db is not a complete zip: "),
        (_half_a_name, "db is not a complete zip: 'utf-8' codec can't decode"),
        (_endless_list, "its list of members is larger than 64 MiB: it is not read"),
        (lambda path: path.write_bytes(b" " * (17 << 20)), "db is larger than 16 MiB"),
        (lambda path: path.mkdir(), "db contains no advisories"),
    ],
)
def test_bad_database(
    alone: Host, web: Path, tmp_path: Path, make: Callable[[Path], object], message: str
) -> None:
    """Never a clean bill of health: what can't be read is refused by its name."""
    make(tmp_path / "db")
    done = alone.multiplat("audit", "--db", "../db", cwd=web, code=2)
    assert (f"../{message}" if message.startswith("db") else message) in done.stderr
    assert done.stdout == ""
    assert len(done.stderr) < 1000


def test_slips_of_a_database(alone: Host, web: Path, database: Callable[..., Path]) -> None:
    """What is wrong with other projects' advisories, or does not matter, stops nobody."""
    slips = [
        advisory("not an id", "elsewhere", {"since": "1"}),
        advisory("GHSA-a", "jinja2", *below("4"), aliases=["CVE-1,", "CVE-2"], word="LOW"),
        advisory("GHSA-b", "jinja2", {"introduced": "0", "fixed": "4"}, word="LOW"),
        advisory("GHSA-c", "jinja2", {"introduced": "0", "fixed": "3"}, word="LOW"),
        advisory("GHSA-d", "jinja2", {"introduced": "0"}, {"since": "1"}, word="LOW"),
        advisory("GHSA-e", "jinja2", {"since": "1"}, versions=["3.0"], word="LOW"),
    ]
    findings = alone.json("audit", "--db", database(*slips), cwd=web, code=1)["vulnerabilities"]
    assert [(finding["id"], finding["aliases"], finding["fixed"]) for finding in findings] == [
        *[("GHSA-a", ["CVE-2"], "4"), ("GHSA-b", [], "4"), ("GHSA-d", [], None)],
        *[("GHSA-a", ["CVE-2"], "4"), ("GHSA-b", [], "4"), ("GHSA-d", [], None)],
    ]  # each of both versions


def test_hostile_words(alone: Host, web: Path, database: Callable[..., Path]) -> None:
    """An advisory's text steers no terminal, is no endless line, and no link in code scanning."""
    summary = "\x1b[2J[here](https://example.com) " + "long " * 9999
    evil = advisory("GHSA-e", "jinja2", {"introduced": "0"}, summary=summary)
    done = alone.multiplat("audit", "--db", database(evil), "--sarif", "out.sarif", cwd=web, code=1)
    assert "\x1b" not in done.stdout
    log = json.loads((web / "out.sarif").read_text(encoding="utf-8"))
    (rule,) = log["runs"][0]["tool"]["driver"]["rules"]
    assert len(rule["shortDescription"]["text"]) == 201
    assert "](" not in (web / "out.sarif").read_text(encoding="utf-8")


@pytest.mark.parametrize("options", [(), ("-v",)])
def test_long_list_on_a_terminal(
    alone: Host, project: Path, tmp_path: Path, database: Callable[..., Path], options: tuple[str]
) -> None:
    """What is unknown fills no screen unless it is asked for; a file has all of it."""
    names = [f"library-with-a-name-{number:02}" for number in range(40)]
    packages = [Package(name, "1.0", subdir="linux-64") for name in names]
    write(project, write_repodata(tmp_path / "own", packages), *names, platforms="[linux-64]")
    alone.multiplat("lock", cwd=project)
    arguments = ("audit", "--db", str(database(JINJA)), *options)
    with Terminal([*alone.command, *arguments], env=alone.environ(), cwd=project) as terminal:
        assert terminal.exit_code() == 0
    lines = terminal.shown.splitlines()
    shown = [line for line in lines if "library-with-a-name" in line]
    assert len(shown) == (20 if options else 4)
    assert ("   and 32 more: -v shows all" in lines) is not bool(options)
    done = alone.multiplat(*arguments, cwd=project)
    assert all(f"{name} 1.0" in done.stdout for name in names)
    assert " no package could be looked up\n" in done.stderr


def test_nothing_to_hold_against(alone: Host, web: Path) -> None:
    """Neither a file nor a service."""
    done = alone.multiplat("audit", cwd=web, code=2)
    assert done.stderr == (
        "error: no advisories to check the locks against\n"
        "  name a downloaded database: --db FILE (OSV's export for PyPI)\n"
        "  or a service: CONDA_MULTIPLAT_OSV_URL, or plugins.multiplat_osv_url in .condarc\n"
    )


def test_sarif(alone: Host, web: Path, database: Callable[..., Path]) -> None:
    """A log that names the line, how severe it is, what is unknown, and nothing that is ignored."""
    sub = web / "sub"
    sub.mkdir()
    _ignore(web, "id: GHSA-b, reason: x, until: 2099-12-31")
    file = database(
        JINJA,
        advisory("GHSA-b", "web-tool", *below("3"), word="LOW"),
        advisory("GHSA-c", "web-tool", {"introduced": "0"}),
    )
    alone.multiplat("audit", "--db", file, "--sarif", "out.sarif", cwd=sub, code=1)
    first = (sub / "out.sarif").read_bytes()
    log = json.loads(first)
    assert (log["version"], log["$schema"][-16:]) == ("2.1.0", "sarif-2.1.0.json")
    (run,) = log["runs"]
    rules = run["tool"]["driver"]["rules"]
    assert [(r["id"], r["properties"].get("security-severity")) for r in rules] == [
        ("GHSA-c", None),
        ("GHSA-jinja", "9.8"),
    ]
    results = run["results"]
    assert [(r["ruleId"], rules[r["ruleIndex"]]["id"], r["level"]) for r in results] == [
        ("GHSA-c", "GHSA-c", "warning"),
        ("GHSA-jinja", "GHSA-jinja", "error"),
    ]
    assert results[1]["message"]["text"] == (
        "jinja2 3.1.2 of conda (default/linux-64): something is wrong. Fixed in 3.1.3. "
        "Brought by web-tool > jinja2."
    )
    place = results[1]["locations"][0]["physicalLocation"]
    assert place == {
        "artifactLocation": {"uri": "environment.yml", "uriBaseId": "%SRCROOT%"},
        "region": {"startLine": 8},
    }
    (invocation,) = run["invocations"]
    assert [note["message"]["text"] for note in invocation["toolExecutionNotifications"]] == [
        "python 3.12.4 of conda is unknown: no PyPI project is known for it",
        "zlib 1.3 of conda is unknown: no PyPI project is known for it",
    ]
    alone.multiplat("audit", "--db", file, "--sarif", "out.sarif", cwd=sub, code=1)
    assert (sub / "out.sarif").read_bytes() == first
    clean = database(advisory("GHSA-d", "elsewhere", *below("9")))
    alone.multiplat("audit", "--db", clean, "--sarif", "out.sarif", cwd=sub)
    assert json.loads((sub / "out.sarif").read_text(encoding="utf-8"))["runs"][0]["results"] == []


def test_markdown(alone: Host, web: Path, database: Callable[..., Path]) -> None:
    """Tables for a pull request, of words that mean nothing to Markdown."""
    _ignore(web, "id: GHSA-b, reason: <b>not</b> | ours, until: 2099-12-31")
    other = advisory("GHSA-b", "web-tool", *below("3"), word="LOW")
    done = alone.multiplat("audit", "--markdown", "--db", database(JINJA, other), cwd=web, code=1)
    assert done.stdout == (
        "| name | locked | fixed in | severity | advisory | where | brought by |\n"
        "|---|---|---|---|---|---|---|\n"
        "| jinja2 | 3.1.2 | 3.1.3 | critical | GHSA-jinja CVE-1 | linux-64 | "
        "environment.yml:8:5 &#62; web-tool |\n"
        "\n"
        "Ignored until 2099-12-31: GHSA-b of web-tool 2.0: "
        "&#60;b&#62;not&#60;/b&#62; &#124; ours\n"
        "\n"
        "<details><summary>2 packages unknown: could not be looked up</summary>\n"
        "\n"
        "python 3.12.4, zlib 1.3\n"
        "\n"
        "</details>\n"
    )


def test_package_of_no_line(alone: Host, web: Path, database: Callable[..., Path]) -> None:
    """What the manifest no longer asks for is still locked: it is at the lock."""
    manifest = web / "environment.yml"
    text = manifest.read_text(encoding="utf-8").replace("  - web-tool\n", "")
    manifest.write_text(text, encoding="utf-8")
    arguments = ("audit", "--db", database(JINJA), "--sarif", "out.sarif")
    done = alone.multiplat(*arguments, cwd=web, code=1)
    assert done.stdout.splitlines()[2] == "   jinja2: no line of the manifest leads to it"
    assert "warning: the manifest has changed since it was locked: " in done.stderr
    log = json.loads((web / "out.sarif").read_text(encoding="utf-8"))
    place = log["runs"][0]["results"][0]["locations"][0]["physicalLocation"]
    assert place["artifactLocation"]["uri"] == "conda-lock.yml"


def test_no_lock(alone: Host, project: Path, channel: Path, database: Callable[..., Path]) -> None:
    """Nothing that is not locked is called clean."""
    write(project, channel, "zlib")
    done = alone.multiplat("audit", "--db", database(JINJA), cwd=project, code=2)
    assert done.stderr.startswith("error: conda-lock.yml does not exist\n")
    alone.multiplat("lock", "--platform", "linux-64", cwd=project)
    arguments = ("audit", "--db", str(database(JINJA)), "--platform")
    alone.multiplat(*arguments, "linux-64", cwd=project)
    done = alone.multiplat(*arguments, "win-64", cwd=project, code=2)
    assert done.stderr.endswith(
        "error: none of the selected targets is locked\n  run `conda multiplat lock`\n"
    )
    done = alone.multiplat("audit", "--db", database(JINJA), cwd=project)
    assert "default/osx-arm64, default/win-64 (run `conda multiplat lock`)" in done.stderr
