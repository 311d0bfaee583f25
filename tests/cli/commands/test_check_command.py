"""``check``: in sync, still met, or out of date and why; nothing fetched, nothing written."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path

import pytest
from support.hosts import Host
from support.manifests import write
from support.packages import Package, write_repodata
from support.pypi_index import Index
from support.server import serve
from support.states import IN_SYNC, check_states

LINUX = "[linux-64]"
TWO = "[linux-64, osx-arm64]"
DEV = "multiplat: {environments: {dev: {dependencies: [solo]}}}\n"


@pytest.fixture
def tools(tmp_path: Path) -> Path:
    """A few packages that need each other."""
    packages = [
        *(Package("base", version, noarch="generic") for version in ("1.0", "1.5", "2.0")),
        Package("tool", "3.0", "h1_0", noarch="generic", depends=["base >=1,<2"]),
        Package("solo", "1.0", noarch="generic"),
        Package("gpu", "1.0", subdir="linux-64", depends=["__cuda >=12"]),
    ]
    return write_repodata(tmp_path / "tools", packages)


def _check(host: Host, project: Path, *arguments: str, code: int = 0) -> str:
    before = {path: path.read_bytes() for path in project.rglob("*") if path.is_file()}
    done = host.multiplat("check", *arguments, cwd=project, code=code)
    assert {path: path.read_bytes() for path in project.rglob("*") if path.is_file()} == before
    return done.stdout if code < 2 else done.stderr


def test_in_sync(door: Host, project: Path, tools: Path) -> None:
    """Right after ``lock``, whatever the order of lines, comments and line ends."""
    extra = "multiplat: {environments: {dev: {dependencies: [solo]}}}\n"
    write(project, tools, "tool", "base", platforms=TWO, extra=extra)
    door.multiplat("lock", cwd=project)
    write(project, tools, "base", "tool", platforms=TWO, extra=f"# later\n{extra}")
    lock = project / "conda-lock.yml"
    lock.write_bytes(lock.read_bytes().replace(b"\n", b"\r\n"))
    assert _check(door, project) == "in sync: conda-lock.yml, dev.conda-lock.yml\n"
    assert door.json("check", "--strict", cwd=project) == {
        "success": True,
        "in_sync": True,
        "files": [
            {"file": name, "state": "in sync", "reasons": [], "met": [], "fix": ""}
            for name in ("conda-lock.yml", "dev.conda-lock.yml")
        ],
    }


def test_still_met(alone: Host, project: Path, tools: Path) -> None:
    """A looser request is met by what is locked; --strict wants them equal."""
    write(project, tools, "tool 3.0 h1_*", platforms=TWO)
    alone.multiplat("lock", cwd=project)
    write(project, tools, "tool >=2", platforms=TWO)
    verdict = (
        "conda-lock.yml: the manifest has changed, and what is locked still meets it"
        "  (linux-64, osx-arm64)\n"
    )
    assert _check(alone, project) == verdict
    assert _check(alone, project, "--strict", code=1) == f"{verdict}run: conda multiplat lock\n"


def test_each_reason_by_itself(door: Host, project: Path, tools: Path) -> None:
    """All that is not met, by manifest line and platform, and the one command to run."""
    write(project, tools, "tool", "solo", platforms=TWO)
    door.multiplat("lock", cwd=project)
    write(project, tools, "base >=2", "tool * h2_*", "other  # [osx]", platforms=TWO)
    assert _check(door, project, code=1) == (
        "conda-lock.yml is out of date\n"
        "  environment.yml:6:5  base >=2: locked: base 1.5  (linux-64, osx-arm64)\n"
        "  environment.yml:7:5  tool * h2_*: locked: tool 3.0 h1_0  (linux-64, osx-arm64)\n"
        "  locked, but nothing asks for it: solo 1.0  (linux-64, osx-arm64)\n"
        "  environment.yml:8:5  other: not locked  (osx-arm64)\n"
        "run: conda multiplat lock\n"
    )


def test_platforms_and_environments(alone: Host, project: Path, tools: Path) -> None:
    """Platforms that came and went, a lock that is missing, one that nobody owns."""
    extra = "multiplat: {environments: {dev: {dependencies: [solo]}}}\n"
    write(project, tools, "tool", platforms=TWO, extra=extra)
    alone.multiplat("lock", cwd=project)
    extra = extra.replace("dev:", "development:")
    write(project, tools, "tool", platforms="[osx-arm64, win-64]", extra=extra)
    assert _check(alone, project, code=1) == (
        "conda-lock.yml is out of date\n"
        "  win-64: not locked\n"
        "  linux-64: locked, but the manifest does not name it\n"
        "development.conda-lock.yml is out of date\n"
        "  there is no such lock\n"
        "dev.conda-lock.yml is out of date\n"
        "  the manifest has no environment 'dev'\n"
        "run: conda multiplat lock\n"
        "delete it: dev.conda-lock.yml\n"
    )
    output = _check(alone, project, "-e", "development", code=1)
    assert "dev.conda-lock.yml is" not in output
    assert "did you mean 'development'" in _check(alone, project, "-e", "developmnt", code=2)


def test_promises(alone: Host, project: Path, tools: Path) -> None:
    """What a package needs of a machine has to be promised still."""
    promise = 'multiplat: {{virtual-packages: {{linux-64: {{cuda: "{}"}}}}}}\n'
    write(project, tools, "gpu", platforms=LINUX, extra=promise.format("12.4"))
    alone.multiplat("lock", cwd=project)
    write(project, tools, "gpu", platforms=LINUX, extra=promise.format("12.8"))
    assert "still meets it" in _check(alone, project)
    write(project, tools, "gpu", platforms=LINUX, extra=promise.format("11.8"))
    assert "  gpu 1.0 needs __cuda >=12: promised: __cuda 11.8  (linux-64)\n" in _check(
        alone, project, code=1
    )
    write(project, tools, "gpu", platforms=LINUX)
    assert "  gpu 1.0 needs __cuda >=12: not promised  (linux-64)\n" in _check(
        alone, project, code=1
    )


def test_channels(alone: Host, project: Path, tools: Path) -> None:
    """Another channel is another lock."""
    write(project, tools, "tool", platforms=LINUX)
    alone.multiplat("lock", cwd=project)
    write(project, "https://example.com/elsewhere", "tool", platforms=LINUX)
    assert _check(alone, project, code=1) == (
        "conda-lock.yml is out of date\n"
        f"  channels https://example.com/elsewhere: locked: {tools.as_uri()}  (linux-64)\n"
        "run: conda multiplat lock\n"
    )


def _edited(text: str) -> str:
    return text.replace("version: '3.0'", "version: '3.1'")


def _head_edited(text: str) -> str:
    return text.replace("__glibc=2.28=0", "__glibc=2.17=0")


def _needs_edited(text: str) -> str:
    return text.replace("needs.linux-64: '{}'", """needs.linux-64: '{"__x": {}}'""")


def _channel_edited(text: str) -> str:
    return text.replace("/tools\n    used", "/other\n    used")


def _truncated(text: str) -> str:
    return text[: len(text) // 2]


def _half_merged(text: str) -> str:
    return text.replace("package:\n", "package:\n<<<<<<< HEAD\n")


@pytest.mark.parametrize(
    ("harm", "code", "message"),
    [
        *(
            (damage, 1, "  it was edited after it was made\nrun: conda multiplat lock\n")
            for damage in (_edited, _head_edited, _needs_edited, _channel_edited)
        ),
        (_half_merged, 2, "error: conda-lock.yml has a merge conflict\n"),
        (_truncated, 2, "error: conda-lock.yml can't be read\n"),
    ],
    ids=lambda value: getattr(value, "__name__", None),
)
def test_harmed_lock(
    alone: Host,
    project: Path,
    tools: Path,
    harm: Callable[[str], str],
    code: int,
    message: str,
) -> None:
    """An edited lock is out of date; one that can't be read is an error. Both say what to do."""
    write(project, tools, "tool", platforms=LINUX)
    alone.multiplat("lock", cwd=project)
    lock = project / "conda-lock.yml"
    text = lock.read_text(encoding="utf-8")
    assert harm(text) != text
    lock.write_text(harm(text), encoding="utf-8")
    output = _check(alone, project, code=code)
    assert message in output
    assert "conda multiplat lock" in output


def test_lines_that_are_no_specs(alone: Host, project: Path, tools: Path) -> None:
    """All of them are told with their places, as ``lock`` tells them."""
    write(project, tools, "tool", platforms=LINUX)
    alone.multiplat("lock", cwd=project)
    write(project, tools, "tool >>>2", "solo[version=>=1", platforms=LINUX)
    output = _check(alone, project, code=2)
    assert output == alone.multiplat("lock", cwd=project, code=2).stderr
    assert "environment.yml:6:5: not a MatchSpec: 'tool >>>2'" in output
    assert "environment.yml:7:5: not a MatchSpec: 'solo[version=>=1'" in output


def test_command_from_where_the_user_stands(alone: Host, project: Path, tools: Path) -> None:
    """What is to be run names the files where plain `lock` would not find them."""
    write(project, tools, "tool", platforms=LINUX)
    sub = project / "sub folder"
    sub.mkdir()
    write(sub, tools, "solo", platforms=LINUX)
    write(sub, tools, "base", platforms=LINUX, file="dev.yml")
    name = str(Path("sub folder") / "environment.yml")
    for where, arguments, way in (
        (project, (), ""),
        (project, ("-f", "environment.yml"), ""),
        (sub, (), ""),
        (sub, ("-f", str(project / "environment.yml")), f" -f {Path('..') / 'environment.yml'}"),
        (project, ("-f", name), f' -f "{name}"'),
        (sub, ("-f", "environment.yml", "dev.yml"), " -f environment.yml dev.yml"),
        (sub, ("-f", "dev.yml"), " -f dev.yml"),
    ):
        output = _check(alone, where, *arguments, code=1)
        assert output.splitlines()[-1] == f"run: conda multiplat lock{way}"


def test_command_of_a_lock_of_several_files(alone: Host, project: Path, tools: Path) -> None:
    """A lock knows its files, so that plain `lock` finds them; not so from another folder."""
    write(project, tools, "tool", platforms=LINUX)
    write(project, tools, "base", platforms=LINUX, file="dev.yml")
    alone.multiplat("lock", "-f", "environment.yml", "dev.yml", cwd=project)
    write(project, tools, "base >=2", platforms=LINUX, file="dev.yml")
    assert "\nrun: conda multiplat lock\n" in _check(alone, project, code=1)


def test_made_by_a_newer_conda_multiplat(alone: Host, project: Path, tools: Path) -> None:
    """Digests of a recipe that is not known say nothing: what is locked is looked at."""
    write(project, tools, "tool", platforms=LINUX)
    alone.multiplat("lock", cwd=project)
    lock = project / "conda-lock.yml"
    text = re.sub("    multiplat.metadata-sha256: .*\n", "", lock.read_text(encoding="utf-8"))
    lock.write_text(text.replace("multiplat.recipe: '1'", "multiplat.recipe: '9'"))
    verdict = (
        "conda-lock.yml: it was made by a newer conda-multiplat, and what is locked meets the "
        "manifest  (linux-64)\n"
    )
    way = "update conda-multiplat: a newer version made this lock\n"
    assert _check(alone, project) == verdict
    assert _check(alone, project, "--strict", code=1) == f"{verdict}{way}"
    write(project, tools, "tool", "solo", platforms=LINUX)
    assert _check(alone, project, code=1) == (
        f"conda-lock.yml is out of date\n  environment.yml:7:5  solo: not locked  (linux-64)\n{way}"
    )
    done = alone.multiplat("lock", cwd=project)
    assert done.stderr.startswith(
        "warning: conda-lock.yml: it was made by a newer conda-multiplat, and will be locked as "
        "this version does; to lock as before, use the newer one\n"
    )
    assert check_states(alone, project) == IN_SYNC


def test_pypi(alone: Host, project: Path, tmp_path: Path) -> None:
    """PyPI lines, with the markers of each target and not of this machine."""
    platforms = ("linux-64", "win-64")
    packages = [Package("python", "3.12.5", "0_cpython", platform) for platform in platforms]
    packages.append(Package("numpy", "2.1", noarch="python", depends=["python"]))
    channel = write_repodata(tmp_path / "channel", packages)
    index = Index(tmp_path / "index")
    for version in ("1.0", "2.0"):
        index.wheel("robot", version, requires=["part"])
    index.wheel("part")
    index.wheel("colorama")
    with serve(index.root) as server:

        def manifest(*lines: str) -> None:
            entries = [f"--index-url {server.url}/simple", *lines]
            pip = "pip:\n" + "\n".join(f"      - {entry}" for entry in entries)
            named = f"[{', '.join(platforms)}]"
            write(project, channel, "python 3.12.*", "numpy", pip, platforms=named)

        manifest("robot <2", "colorama; sys_platform == 'win32'")
        alone.multiplat("lock", cwd=project)
        manifest("robot", "colorama; os_name == 'nt'", "numpy >=2")
        assert "still meets it  (linux-64, win-64)\n" in _check(alone, project)
        manifest("robot; sys_platform == 'win32'", "colorama; os_name == 'nt'")
        assert ("  locked, but nothing asks for it: part 1.0 and 1 more  (linux-64)\n") in _check(
            alone, project, code=1
        )
        manifest("robot >=2", "colorama", "numpy <2")
        assert _check(alone, project, code=1) == (
            "conda-lock.yml is out of date\n"
            "  environment.yml:10:9  pip: robot >=2: locked: robot 1.0  (linux-64, win-64)\n"
            "  environment.yml:11:9  pip: colorama: not locked  (linux-64)\n"
            "  environment.yml:12:9  pip: numpy <2: locked: numpy 2.1  (linux-64, win-64)\n"
            "run: conda multiplat lock\n"
        )


def test_needs_of_wheels(alone: Host, project: Path, tmp_path: Path) -> None:
    """What the tags of a wheel need of a machine has to be promised still."""
    python = Package("python", "3.12.5", "0_cpython", "linux-64")
    channel = write_repodata(tmp_path / "channel", [python])
    index = Index(tmp_path / "index")
    index.wheel("native", "1.0", "cp312-cp312-manylinux_2_28_x86_64")
    promise = 'multiplat: {{virtual-packages: {{linux-64: {{glibc: "{}"}}}}}}\n'
    with serve(index.root) as server:
        pip = f"pip:\n      - --index-url {server.url}/simple\n      - native"
        for glibc in ("2.28", "2.17"):
            write(project, channel, "python", pip, platforms=LINUX, extra=promise.format(glibc))
            if glibc == "2.28":
                alone.multiplat("lock", cwd=project)
    assert "  native needs __glibc >=2.28: promised: __glibc 2.17  (linux-64)\n" in _check(
        alone, project, code=1
    )


def test_credential_in_a_url(alone: Host, project: Path, tools: Path) -> None:
    """A lock that another tool wrote, with a password in it, is not one to commit."""
    write(project, tools, "solo", platforms=LINUX)
    alone.multiplat("lock", cwd=project)
    lock = project / "conda-lock.yml"
    text = lock.read_text(encoding="utf-8").replace("multiplat.", "other.")
    url = tools.as_uri()
    lock.write_text(
        text.replace(f"url: {url}/", "url: https://me:secret@example.com/tools/"), encoding="utf-8"
    )
    done = alone.multiplat("check", cwd=project, code=1)
    assert "  solo 1.0: its URL has a credential in it  (linux-64)\n" in done.stdout
    assert "secret" not in done.stdout + done.stderr


def test_no_platforms_named(alone: Host, project: Path, tools: Path) -> None:
    """Where the manifest names no platform, the lock says for which it was made."""
    write(project, tools, "solo", platforms="")
    manifest = project / "environment.yml"
    text = manifest.read_text(encoding="utf-8").replace("platforms: \n", "")
    manifest.write_text(f"{text}{DEV}", encoding="utf-8")
    gone = " is out of date\n  there is no such lock\n"
    run = "run: conda multiplat lock\n"
    both = f"conda-lock.yml{gone}dev.conda-lock.yml{gone}{run}"
    assert _check(alone, project, code=1) == both
    alone.multiplat("lock", "--platform", "osx-arm64", cwd=project)
    assert check_states(alone, project) == {**IN_SYNC, "dev.conda-lock.yml": "in sync"}
    (project / "conda-lock.yml").unlink()
    assert _check(alone, project, code=1) == f"conda-lock.yml{gone}{run}"


def test_every_machine_says_the_same(alone: Host, project: Path, tools: Path) -> None:
    """Neither the machine nor its configuration has a say in what is in sync, met or not."""
    write(project, tools, "tool >=2", platforms=TWO)
    alone.multiplat("lock", cwd=project)
    (alone.home / ".condarc").write_text(
        "channels: [https://example.com/other]\nchannel_priority: strict\nsubdir: win-64\n"
    )
    machine = {
        "CONDA_SUBDIR": "osx-64",
        "CONDA_OVERRIDE_CUDA": "12.8",
        "CONDA_OVERRIDE_GLIBC": "2.5",
    }
    for line, code in (("tool >=2", 0), ("tool", 0), ("solo", 1)):
        write(project, tools, line, platforms=TWO)
        here = alone.json("check", cwd=project, code=code)
        assert alone.json("check", cwd=project, code=code, env=machine) == here
        assert here["files"][0]["file"] == "conda-lock.yml"


def test_no_engine(alone: Host, project: Path, tools: Path) -> None:
    """What is in sync is found so without rattler, uv, the network's and other slow libraries."""
    write(project, tools, "tool", platforms=LINUX)
    alone.multiplat("lock", cwd=project)
    done = alone.multiplat("check", cwd=project, env={"PYTHONPROFILEIMPORTTIME": "1"})
    for module in (
        *("rattler", "packaging", "ssl", "subprocess", "asyncio"),
        *("dataclasses", "inspect", "shutil", "tempfile", "traceback"),
    ):
        assert f" {module}\n" not in done.stderr
    assert json.loads(alone.multiplat("check", "--json", cwd=project).stdout)["in_sync"] is True
