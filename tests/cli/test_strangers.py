"""What a stranger's manifest can't do to who runs our commands: names, links, terminals, logins."""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from support.hosts import Host
from support.manifests import write
from support.packages import SUBDIR, Package, Symlink, build_channel
from support.pypi_index import Index
from support.server import Rules, serve
from support.terminal import Terminal

from conda_multiplat.lockfile.read import read_lock
from conda_multiplat.lockfile.write import render
from conda_multiplat.vocabulary.records import CondaRecord

#: What a terminal acts on, and what turns the direction of text round.
STEERING = ["\x1b[2J", "\x07", "\x9b31m", "\r", "\u202e", "\x08", "\x1b]0;title\x07"]


def _repository(folder: Path) -> Path:
    subprocess.run(["git", "init", "-q", str(folder)], check=True)
    return folder


# -- locks that point elsewhere


def _edited(
    project: Path, change: Callable[[CondaRecord], CondaRecord], environment: str = "default"
) -> None:
    """Change a lock's records, digests made anew, as somebody who means it would."""
    path = project / "conda-lock.yml"
    lock = read_lock(path.read_text(encoding="utf-8"), path.name)
    platforms = {
        subdir: platform._replace(records=tuple(map(change, platform.records)))
        for subdir, platform in lock.platforms.items()
    }
    edited = lock._replace(platforms=platforms, environment=environment)
    path.write_text(render(edited), encoding="utf-8")


def _python_from(url: str) -> Callable[[CondaRecord], CondaRecord]:
    def change(record: CondaRecord) -> CondaRecord:
        if record.name != "python":
            return record
        return record._replace(url=url.format(*record.url.rsplit("/", 2)), sha256="0" * 64)

    return change


@pytest.mark.slow
@pytest.mark.parametrize(
    ("url", "reason"),
    [
        ("https://evil.example/c/{1}/{2}", "from https://evil.example/c, which is not a channel"),
        ("file:///tmp/evil/{1}/{2}", "from file:///tmp/evil, which is not a channel"),
        ("{0}/{1}/numpy-2.1.0-0.conda", "its URL does not match the package: "),
    ],
)
def test_lock_that_points_elsewhere(
    door: Host, project: Path, channel: Path, url: str, reason: str
) -> None:
    """``check`` and ``install`` refuse it, digests or not; ``diff`` shows it first."""
    write(project, channel, "python", platforms=f"[{SUBDIR}]")
    door.multiplat("lock", cwd=project)
    (project / "old.yml").write_bytes((project / "conda-lock.yml").read_bytes())
    _edited(project, _python_from(url))
    for options in ([], ["--strict"]):
        done = door.multiplat("check", *options, cwd=project, code=1)
        assert "python" in done.stdout
        assert reason in done.stdout
    document = door.json("check", cwd=project, code=1)
    assert reason in json.dumps(document)
    done = door.multiplat("install", cwd=project, code=2)
    assert reason in done.stderr
    assert not door.envs.exists() or not list(door.envs.iterdir())
    done = door.multiplat("render", "--kind", "explicit", cwd=project, code=2)
    assert reason in done.stderr
    lines = door.multiplat("diff", "old.yml", "conda-lock.yml", cwd=project).stdout.splitlines()
    assert lines[1].split()[:2] == ["~", "python"]
    assert lines[2].startswith("      from ")


def test_lock_that_says_it_is_another(alone: Host, project: Path, channel: Path) -> None:
    """What is looked at is the file itself, whichever environment it says that it is of."""
    extra = "multiplat: {environments: {dev: {}}}\n"
    write(project, channel, "python", platforms=f"[{SUBDIR}]", extra=extra)
    alone.multiplat("lock", cwd=project)
    evil = "https://evil.example/c"
    _edited(project, _python_from(f"{evil}/{{1}}/{{2}}"), environment="dev")
    for command, code in (("check", 1), ("install", 2)):
        done = alone.multiplat(command, cwd=project, code=code)
        assert f"python: from {evil}, which is not a channel" in done.stdout + done.stderr


@pytest.fixture
def pypi(tmp_path: Path) -> Iterator[Rules]:
    """An index of three packages."""
    index = Index(tmp_path / "index")
    for name in ("light", "robot", "drone"):
        index.wheel(name)
    with serve(index.root) as rules:
        yield rules


def _from_pypi(project: Path, channel: Path, pypi: Rules, extra: str = "") -> None:
    pip = f"pip: ['--index-url {pypi.url}/simple', light, robot]"
    write(project, channel, "python", pip, platforms=f"[{SUBDIR}]", extra=extra)


def _light_from(project: Path, url: str, **others: str | None) -> None:
    """Change a lock's PyPI record, digests made anew."""
    path = project / "conda-lock.yml"
    lock = read_lock(path.read_text(encoding="utf-8"), path.name)
    platforms = {
        subdir: platform._replace(
            pypi=tuple(
                record._replace(url=url, **others) if record.name == "light" else record
                for record in platform.pypi
            )
        )
        for subdir, platform in lock.platforms.items()
    }
    path.write_text(render(lock._replace(platforms=platforms)), encoding="utf-8")


@pytest.mark.parametrize(
    ("url", "reason"),
    [
        (
            "https://evil.example/light-1.0-py3-none-any.whl",
            "light 1.0: from {}, which is not on a server of the manifest's indexes",
        ),
        (
            "{pypi}/files/drone-1.0-py3-none-any.whl",
            "light 1.0: its URL does not match the package: {}",
        ),
    ],
)
def test_pypi_file_from_elsewhere(
    alone: Host, project: Path, real_channel: Path, pypi: Rules, url: str, reason: str
) -> None:
    """``check``, ``install`` and ``render`` refuse it, ``diff`` shows it first, ``lock`` mends."""
    _from_pypi(project, real_channel, pypi)
    alone.multiplat("lock", cwd=project)
    old = project / "old.yml"
    old.write_bytes((project / "conda-lock.yml").read_bytes())
    url = url.format(pypi=pypi.url)
    _light_from(project, url)
    reason = reason.format(url)
    for options in ([], ["--strict"]):
        assert reason in alone.multiplat("check", *options, cwd=project, code=1).stdout
    assert reason in str(alone.json("check", cwd=project, code=1)["files"][0]["reasons"])
    assert reason in str(alone.json("install", cwd=project, code=2)["details"])
    assert not alone.envs.exists() or not list(alone.envs.iterdir())
    done = alone.multiplat("render", "--kind", "explicit", cwd=project, code=2)
    assert reason in done.stderr
    lines = alone.multiplat("diff", "old.yml", "conda-lock.yml", cwd=project).stdout.splitlines()
    if not url.startswith(pypi.url):
        assert lines[1].split()[:2] == ["~", "light"]
        assert lines[2] == f"      from {url}"
    alone.multiplat("lock", cwd=project)
    assert (project / "conda-lock.yml").read_bytes() == old.read_bytes()


def test_pypi_archive_of_the_same_version(
    alone: Host, project: Path, real_channel: Path, pypi: Rules
) -> None:
    """Another archive of one version stands first in ``diff``, with its URL, and in its JSON."""
    _from_pypi(project, real_channel, pypi)
    alone.multiplat("lock", cwd=project)
    (project / "old.yml").write_bytes((project / "conda-lock.yml").read_bytes())
    url = f"{pypi.url}/files/light-1.0.tar.gz"
    _light_from(project, url, sha256="0" * 64)
    lines = alone.multiplat("diff", "old.yml", "conda-lock.yml", cwd=project).stdout.splitlines()
    assert lines[1].split()[:2] == ["~", "light"]
    assert lines[2] == f"      from {url}"
    document = alone.json("diff", "old.yml", "conda-lock.yml", cwd=project)
    assert f"'url': '{url}'" in str(document)


@pytest.mark.slow
@pytest.mark.parametrize("command", ["install", "pack"])
def test_wrong_md5_of_a_pypi_file(
    alone: Host, project: Path, real_channel: Path, pypi: Rules, command: str
) -> None:
    """An MD5 beside a right SHA-256 has to be right too, before anything is changed."""
    _from_pypi(project, real_channel, pypi)
    alone.multiplat("lock", cwd=project)
    lock = project / "conda-lock.yml"
    path = f"{pypi.url}/files/light-1.0-py3-none-any.whl"
    assert path in lock.read_text(encoding="utf-8")
    with urllib.request.urlopen(path) as file:
        md5 = hashlib.md5(file.read(), usedforsecurity=False).hexdigest()
    for digest, code in (("0" * 32, 3), ("zz", 2), (md5, 0)):
        _light_from(project, path, md5=digest)
        done = alone.multiplat(command, cwd=project, code=code)
        if code:
            assert digest in done.stderr
            assert not alone.envs.exists() or not list(alone.envs.iterdir())


def test_md5_alone_of_a_pypi_file(
    alone: Host, project: Path, real_channel: Path, pypi: Rules
) -> None:
    """It verifies nothing by itself."""
    _from_pypi(project, real_channel, pypi)
    alone.multiplat("lock", cwd=project)
    path = f"{pypi.url}/files/light-1.0-py3-none-any.whl"
    _light_from(project, path, sha256=None, md5="0" * 32)
    for command, code in (("install", 2), ("check", 1)):
        done = alone.multiplat(command, cwd=project, code=code)
        assert f"light 1.0: the lock has no hash for it: {path}" in done.stdout + done.stderr


@pytest.mark.slow
def test_index_with_files_elsewhere(
    alone: Host, project: Path, real_channel: Path, pypi: Rules, tmp_path: Path
) -> None:
    """``lock`` takes files from another server than the index's only where the manifest says so."""
    page = tmp_path / "index" / "simple" / "light" / "index.html"
    with serve(tmp_path / "index") as other:
        links = page.read_text(encoding="utf-8").replace("../../files", f"{other.url}/files")
        page.write_text(links, encoding="utf-8")
        _from_pypi(project, real_channel, pypi)
        done = alone.multiplat("lock", cwd=project, code=2)
        url = f"{other.url}/files/light-1.0-py3-none-any.whl"
        assert (
            f"light 1.0: from {url}, which is not on a server of the manifest's indexes"
            in done.stderr
        )
        assert "`multiplat: {pypi: {file-hosts: [files.example.com]}}`" in done.stderr
        assert not (project / "conda-lock.yml").exists()
        host = other.url.removeprefix("http://")
        extra = f"multiplat: {{pypi: {{file-hosts: ['{host}']}}}}\n"
        _from_pypi(project, real_channel, pypi, extra)
        alone.multiplat("lock", cwd=project)
        alone.multiplat("check", "--strict", cwd=project)
        alone.multiplat("install", cwd=project)
    _from_pypi(project, real_channel, pypi)
    done = alone.multiplat("check", cwd=project, code=1)
    assert f"light 1.0: from {url}" in done.stdout


def _no_hash(record: CondaRecord) -> CondaRecord:
    return record._replace(md5=None, sha256=None)


def _loud_scheme(record: CondaRecord) -> CondaRecord:
    return record._replace(url=record.url.replace("file:", "FILE:"), md5=None, sha256=None)


def _wrong_md5(record: CondaRecord) -> CondaRecord:
    return record._replace(md5="0" * 32)


@pytest.mark.parametrize(
    ("change", "code", "reason"),
    [
        (_no_hash, 2, "the lock has no hash for it: file:"),
        (_loud_scheme, 2, "the lock has no hash for it: FILE:"),
        (_wrong_md5, 3, "the lock has 00000000000000000000000000000000"),
    ],
)
def test_lock_without_hashes(
    alone: Host,
    project: Path,
    real_channel: Path,
    change: Callable[[CondaRecord], CondaRecord],
    code: int,
    reason: str,
) -> None:
    """Nothing comes unverified, by whatever scheme; a wrong hash beside a right one is wrong."""
    write(project, real_channel, "python", platforms=f"[{SUBDIR}]")
    alone.multiplat("lock", cwd=project)
    _edited(project, change)
    assert reason in alone.multiplat("install", cwd=project, code=code).stderr
    assert not alone.envs.exists() or not list(alone.envs.iterdir())


# -- packages


@pytest.mark.slow
@pytest.mark.parametrize("way", ["at once", "one after the other"])
@pytest.mark.parametrize("target", ["conda-meta", ".", "outside"])
@pytest.mark.parametrize("path", ["link/", "./link/", "link/./", "link//", ".//link/"])
def test_link_of_another_package(
    alone: Host, project: Path, tmp_path: Path, path: str, target: str, way: str
) -> None:
    """No package writes through a link that another has brought, into conda's folder or outside."""
    outside = tmp_path / "outside"
    outside.mkdir()
    link = Symlink(str(outside) if target == "outside" else target)
    evil = f"{path}{'conda-meta/' if target == '.' else ''}other-1.0-0.json"
    packages = [
        Package("linking", subdir=SUBDIR, files={"link": link}),
        Package("evil", subdir=SUBDIR, depends=["linking"], files={evil: b"not a record"}),
    ]
    channel = build_channel(tmp_path / "packages", packages)
    if way == "one after the other":
        write(project, channel, "linking", platforms=f"[{SUBDIR}]")
        alone.multiplat("lock", cwd=project)
        alone.multiplat("install", cwd=project)
    write(project, channel, "evil", platforms=f"[{SUBDIR}]")
    alone.multiplat("lock", cwd=project)
    done = alone.multiplat("install", cwd=project, code=0 if path == "link/" else 3)
    if done.returncode:
        assert f"evil 1.0: info/paths.json lists {evil!r}, which has an empty part or a `.`" in (
            done.stderr
        )
    assert not list(outside.iterdir())
    assert not (alone.envs / "demo" / "conda-meta" / "other-1.0-0.json").exists()


# -- names


@pytest.mark.parametrize(
    "name",
    [
        *("..", ".", "...", "-p", "--force", "a/b", "a\\b", "a b", "a\nb", "\x1b[2J", "a\x00b"),
        *("$(id)", "a;id", "*", "~root", "a" * 300),
    ],
)
def test_name_is_no_path(alone: Host, project: Path, channel: Path, name: str) -> None:
    """Neither ``lock`` nor ``install`` takes a name that is a path, an option or a control code."""
    write(project, channel, "python", platforms="[linux-64]", name=json.dumps(name))
    for command in ("lock", "install"):
        done = alone.multiplat(command, cwd=project, code=2)
        assert "environment.yml:1:7: " in done.stderr
    assert [path.name for path in project.glob("*.yml")] == ["environment.yml"]
    assert not alone.envs.exists() or not list(alone.envs.iterdir())


@pytest.mark.parametrize("name", ["..", ".", "a/b", "-x", "a\x1bb"])
def test_name_of_the_option(alone: Host, project: Path, channel: Path, name: str) -> None:
    """Nor does ``-n``."""
    write(project, channel, "python", platforms="[linux-64]")
    alone.multiplat("lock", cwd=project)
    done = alone.multiplat("install", f"--name={name}", cwd=project, code=2)
    assert done.stderr.startswith(f"error: {name!r} can't be an environment's name\n")


# -- links


@pytest.mark.parametrize(
    ("link", "command"),
    [
        ("conda-lock.yml", ["lock"]),
        ("conda-linux-64.lock", ["render", "--kind", "explicit"]),
        ("environment.yml", ["add", "numpy"]),
        ("environment.yml", ["platform", "add", "win-64"]),
        ("new.yml", ["import", "environment.yml", "-o", "new.yml", "--force"]),
        ("folder", ["import", "environment.yml", "-o", "folder/new.yml"]),
    ],
    ids=lambda value: value if isinstance(value, str) else value[0],
)
def test_link_leads_out(
    alone: Host, tmp_path: Path, channel: Path, link: str, command: list[str]
) -> None:
    """A link of the repository to a place outside of it is not written through."""
    project, outside = tmp_path / "project", tmp_path / "outside"
    project.mkdir()
    _repository(project)
    write(project, channel, "python", platforms="[linux-64, osx-arm64]")
    if link != "conda-lock.yml":
        alone.multiplat("lock", cwd=project)
    if link == "folder":
        outside.mkdir()
    elif link == "environment.yml":
        (project / link).rename(outside)
    elif link != "conda-lock.yml":
        outside.write_text("precious", encoding="utf-8")
    before = _content(outside)
    (project / link).symlink_to(outside)
    done = alone.multiplat(*command, cwd=project, code=2)
    assert f"is a link to {outside}" in done.stderr
    assert f"outside of the repository {project}\n" in done.stderr
    assert _content(outside) == before


def _content(path: Path) -> object:
    if path.is_dir():
        return sorted(path.iterdir())
    return path.read_bytes() if path.exists() else None


def test_link_stays_inside(alone: Host, tmp_path: Path, channel: Path) -> None:
    """Within the repository a link is followed, to other folders too."""
    _repository(tmp_path)
    (tmp_path / "a").mkdir()
    (tmp_path / "locks").mkdir()
    write(tmp_path / "a", channel, "python", platforms="[linux-64]")
    (tmp_path / "a" / "conda-lock.yml").symlink_to("../locks/a.yml")
    alone.multiplat("lock", cwd=tmp_path / "a")
    assert (tmp_path / "a" / "conda-lock.yml").is_symlink()
    assert (tmp_path / "locks" / "a.yml").is_file()


# -- terminals


@pytest.mark.parametrize("code", STEERING, ids=ascii)
@pytest.mark.parametrize(
    "manifest",
    [
        "name: {}\n",
        "{}: 1\n",
        "platforms: [{}]\n",
        "multiplat: {{environments: {{{}: null}}}}\n",
        "multiplat: {{virtual-packages: {{linux-64: {{{}: '1'}}}}}}\n",
    ],
    ids=["name", "key", "platform", "environment", "promise"],
)
def test_control_character(alone: Host, project: Path, code: str, manifest: str) -> None:
    """No control character of a manifest comes out of an error or a warning."""
    text = manifest.format(json.dumps(f"x{code}y"))
    (project / "environment.yml").write_text(f"{text}dependencies: []\n", encoding="utf-8")
    done = alone.run(["multiplat", "check"], cwd=project, code=None)
    assert code not in done.stdout
    assert code not in done.stderr


@pytest.mark.parametrize("code", STEERING, ids=ascii)
def test_control_character_of_a_file(alone: Host, project: Path, code: str) -> None:
    """Nor one of a file's name, or of a channel's answer."""
    (project / "environment.yml").write_text(
        f"channels: [{json.dumps(f'file:///no{code}where')}]\nplatforms: [linux-64]\n"
        "dependencies: [python]\n",
        encoding="utf-8",
    )
    for command in (["lock"], ["lock", "-f", f"no{code}.yml"], ["info"]):
        done = alone.run(["multiplat", *command], cwd=project, code=None)
        assert code not in done.stdout
        assert code not in done.stderr


def test_colour_is_ours_alone(alone: Host, project: Path) -> None:
    """On a terminal the one escape sequence is the colour of the error's first line."""
    (project / "environment.yml").write_text('name: "\\e[2J"\ndependencies: []\n', encoding="utf-8")
    command = [*alone.command, "check"]
    with Terminal(command, env=alone.environ(), cwd=project) as terminal:
        shown = terminal.wait_for("at the start")
    assert shown.count("\x1b") == shown.count("\x1b[31m") + shown.count("\x1b[0m")


# -- logins


@pytest.mark.parametrize(
    "source",
    [
        "channels: [https://ann:hunter2@example.com/c]\ndependencies: [python]\n",
        "channels: [https://example.com/t/hunter2/c]\ndependencies: [python]\n",
        "dependencies: ['https://ann:hunter2@example.com/c::python']\n",
        "dependencies: [pip, {pip: [--extra-index-url https://ann:hunter2@example.com, six]}]\n",
        "dependencies: [pip, {pip: ['x @ git+https://ann:hunter2@example.com/x']}]\n",
    ],
)
@pytest.mark.parametrize("how", [[], ["--dry-run"], ["--json"], ["--dry-run", "--json"]])
def test_import_of_a_login(alone: Host, project: Path, source: str, how: list[str]) -> None:
    """It is neither copied nor masked: the line is named, and what to write instead."""
    (project / "old.yml").write_text(source, encoding="utf-8")
    done = alone.multiplat("import", "old.yml@linux-64", *how, cwd=project, code=2)
    assert "hunter2" not in done.stdout + done.stderr
    assert [path.name for path in project.glob("*.yml")] == ["old.yml"]
    text = done.stdout if "--json" in how else done.stderr
    number = 1 if source.startswith(("channels", "dependencies")) else 0
    assert (
        f'"line": {number}' if "--json" in how else f"old.yml:{number}: it contains a login"
    ) in text


@pytest.mark.parametrize(
    "url",
    [
        "https://$WHO:$SECRET@example.com/c",
        "https://example.com/t/$TOKEN/c",
        "https://${WHO}:${SECRET}@example.com/c",
    ],
)
def test_import_of_variables(alone: Host, project: Path, url: str) -> None:
    """The names of variables are carried over, and shown as they are."""
    text = f"channels:\n  - {url}\ndependencies:\n  - python\n"
    (project / "old.yml").write_text(text, encoding="utf-8")
    done = alone.multiplat("import", "old.yml@linux-64", "--dry-run", cwd=project)
    assert f"  - {url}\n" in done.stdout
    data = json.loads(alone.multiplat("import", "old.yml@linux-64", "--json", cwd=project).stdout)
    assert url in data["manifest"]
    assert url in (project / "environment.yml").read_text(encoding="utf-8")


# -- variables


@pytest.mark.slow
@pytest.mark.parametrize("form", ["${}", "${{{}}}"])
@pytest.mark.parametrize("place", ["channel", "spec", "index", "requirement", "named index"])
@pytest.mark.parametrize("command", ["lock", "install"])
def test_variable_is_not_sent(
    door: Host, project: Path, channel: Path, server: Rules, place: str, form: str, command: str
) -> None:
    """What is in the environment goes to no server that the manifest names, unless it may."""
    url = f"{server.url}/t/{form.format('SECRET')}/c"
    lines = {
        "channel": f"channels: ['{url}', '{channel.as_uri()}']\ndependencies: [python]\n",
        "spec": f"channels: [{channel.as_uri()}]\ndependencies: ['{url}::python']\n",
        "index": f"channels: [{channel.as_uri()}]\n"
        f"dependencies: [python, {{pip: ['--extra-index-url {url}', six]}}]\n",
        "requirement": f"channels: [{channel.as_uri()}]\n"
        f"dependencies: [python, {{pip: ['six @ {url}/six-1-py3-none-any.whl']}}]\n",
    }
    lines["named index"] = (
        f"channels: [{channel.as_uri()}]\ndependencies: [python, {{pip: [six]}}]\n"
        f"multiplat: {{pypi: {{indexes: {{own: '{url}'}}, sources: {{six: own}}}}}}\n"
    )
    if command == "install":
        write(project, channel, "python", platforms=f"[{SUBDIR}]")
        door.multiplat("lock", cwd=project)
    (project / "environment.yml").write_text(
        f"name: demo\nplatforms: [{SUBDIR}]\n{lines[place]}", encoding="utf-8"
    )
    done = door.multiplat(command, cwd=project, env={"SECRET": "hunter2"}, code=2)
    line = 3 if place == "channel" else 4
    at = "pypi: indexes: own: " if place == "named index" else f"environment.yml:{line}:"
    assert at in done.stderr
    assert "$SECRET may not be sent\n" in done.stderr
    assert (
        "to allow it: CONDA_MULTIPLAT_VARIABLES=SECRET in the environment, or "
        "`plugins: {multiplat_variables: [SECRET]}` in .condarc\n"
    ) in done.stderr
    assert not server.requests


@pytest.mark.parametrize("way", ["ours", "conda's", "file"])
def test_variable_that_may_be_sent(
    door: Host, project: Path, server: Rules, tmp_path: Path, way: str
) -> None:
    """The user names it in the environment or in a ``.condarc``, in both doors."""
    server.token = "hunter2"
    write(project, f"{server.url}/t/$SECRET/chan", "python", platforms=f"[{SUBDIR}]")
    condarc = tmp_path / "condarc"
    condarc.write_text("plugins:\n  multiplat_variables: [OTHER, SECRET]\n", encoding="utf-8")
    named = {
        "ours": {"CONDA_MULTIPLAT_VARIABLES": "OTHER,SECRET"},
        "conda's": {"CONDA_PLUGINS_MULTIPLAT_VARIABLES": "OTHER,SECRET"},
        "file": {"CONDARC": str(condarc)},
    }
    done = door.multiplat("lock", cwd=project, env={"SECRET": "hunter2", **named[way]})
    assert "hunter2" not in done.stderr
    assert any(request.authorised for request in server.requests)


# -- files that are not the project's


def _secret(folder: Path) -> Path:
    path = folder / "secret.txt"
    path.write_text("A=hunter2 B\n: hunter2 [\nhunter2 == = 1\n", encoding="utf-8")
    return path


@pytest.mark.parametrize("option", ["-r", "-c", "--requirement=", "--find-links", "-f"])
@pytest.mark.parametrize("command", ["check", "lock"])
@pytest.mark.parametrize("how", ["path", "link"])
def test_file_outside_is_not_shown(
    alone: Host, project: Path, channel: Path, tmp_path: Path, option: str, command: str, how: str
) -> None:
    """What ``pip:`` names outside of the repository is not read; nothing of it is shown."""
    secret = _secret(tmp_path)
    if how == "link":
        (project / "requirements.txt").symlink_to(secret)
    name = {"path": "../secret.txt", "link": "requirements.txt"}[how]
    gap = "" if option.endswith("=") else " "
    (project / "environment.yml").write_text(
        f"channels: ['{channel.as_uri()}']\nplatforms: [linux-64]\n"
        f"dependencies:\n  - pip:\n    - {option}{gap}{name}\n  - python\n",
        encoding="utf-8",
    )
    done = alone.multiplat(command, cwd=project, code=None)
    assert done.returncode in (0, 1, 2)
    assert "hunter2" not in done.stdout + done.stderr
    if option in ("-r", "-c", "--requirement="):
        assert "environment.yml:5:" in done.stderr
        assert "it is outside this repository" in done.stderr


@pytest.mark.parametrize("command", ["check", "lock", "install", "info", "tree"])
def test_manifest_is_a_link_out(alone: Host, project: Path, tmp_path: Path, command: str) -> None:
    """A manifest that leads out of the repository is not quoted."""
    (project / "environment.yml").symlink_to(_secret(tmp_path))
    done = alone.multiplat(command, cwd=project, code=2)
    assert "hunter2" not in done.stdout + done.stderr
    assert "environment.yml:" in done.stderr
    assert "it is not shown, because its file is outside this repository" in done.stderr


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["pipe", "device", "folder", "large"])
@pytest.mark.parametrize("what", ["manifest", "requirements", "lock"])
def test_what_is_no_file(alone: Host, project: Path, kind: str, what: str) -> None:
    """A pipe, a device, a folder or something huge is refused at once."""
    name = {
        "manifest": "environment.yml",
        "requirements": "requirements.txt",
        "lock": "conda-lock.yml",
    }[what]
    path = project / name
    if what != "manifest":
        entry = ", {pip: [-r requirements.txt]}" if what == "requirements" else ""
        (project / "environment.yml").write_text(
            f"platforms: [linux-64]\ndependencies: [python{entry}]\n", encoding="utf-8"
        )
    if kind == "pipe":
        os.mkfifo(path)
    elif kind == "device":
        path.symlink_to("/dev/zero")
    elif kind == "folder":
        path.mkdir()
    else:
        with path.open("wb") as file:
            file.truncate(129 << 20)
    for command in ("check", "lock"):
        files = ["-f", "environment.yml"] if what == "manifest" else []
        done = alone.run(command, *files, cwd=project, code=None, timeout=20)
        assert done.returncode in (1, 2, 3), done.stderr
        assert "internal error" not in done.stderr
