"""What pip users write under ``pip:`` and in their files: taken, or refused at its place."""

from __future__ import annotations

import hashlib
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml
from support.hosts import Host
from support.manifests import write
from support.pypi_index import Index, write_project
from support.server import serve

_SHA = "a" * 64
#: What is refused as it is read: an entry, and words of what to write instead.
_REFUSED = {
    "--find-link ./wl": "write --find-links",
    "--req more.txt": "write --requirement",
    "--upgrade": "supported options:",
    "--pre yes": "write `--pre`",
    "--index-url pypi": "write https://HOST/PATH",
    "--index-url example.com/simple": "write https://HOST/PATH",
    "-i htps://example.com/simple": "write https://HOST/PATH",
    "--pypi-url ftp://example.com": "write https://HOST/PATH",
    "--extra-index-url https://": "write https://HOST/simple",
    "--extra-index-url s3://bucket/simple": "write https://HOST/PATH",
    "--find-links ~/wheels": "write https://HOST/PATH",
    "-f gs://bucket": "write https://HOST/PATH",
    "--no-binary ./x": "write `--no-binary NAME,NAME`",
    "--only-binary=a,=b": "write `--only-binary NAME,NAME`",
    "-r https://example.com/requirements.txt": "download the file",
    "--constraint http://example.com/c.txt": "download the file",
    "hg+https://example.com/x": "write git+URL@REV",
    "svn+ssh://example.com/x@1": "write git+URL@REV",
    "-e svn+https://example.com/x#egg=x": "write git+URL@REV",
    "x @ bzr+https://example.com/x": "write git+URL@REV",
    "git+git://example.com/x": "write git+https://",
    "git+git@example.com:x/y.git": "write git+https://",
    "git+http://example.com/x": "write git+https://",
    "git://example.com/x": "write git+https://",
    "x @ git+https://me@example.com/x@v1@2": "write %40",
    "-e git+file:///a@b/x@v1#egg=x": "write %40",
    "git+ssh://": "write git+ssh://HOST/PATH",
    "ftp://example.com/x-1.0.tar.gz": "write an http:, https: or file: URL",
    "x @ s3://bucket/x-1.0.tar.gz": "write an http:, https: or file: URL",
    "-e https://example.com/x.tar.gz": "write the URL without -e",
    "-e x @ ./x": "write `-e PATH`",
    "~/x": "write a path from the manifest's folder",
    "https:///x.whl": "write https://HOST/PATH",
    "x=1.0": "for example `robosuite>=1.4`",
    "./x ; platform=linux": "for example `./robot ; sys_platform == 'linux'`",
    "x==1 --hash=sha256:123": "write `--hash=sha256:` and 64 hexadecimal digits",
    f"x==1 --hash=sha512:{_SHA}{_SHA}": "write `--hash=sha256:` and 64 hexadecimal digits",
    f"--hash=sha256:{_SHA}": "write it after a requirement",
    "x --global-option=a": "setup.cfg",
    "x --config-settings a=b": "pyproject.toml",
    "x -C a=b": "pyproject.toml",
    "--use-feature fast-deps": "leave it out",
    "--trusted-host example.com": "allow-insecure-host",
    "--prefer-binary": "wheels are preferred anyway",
}
#: What is refused as nothing is there.
_MISSING = {
    "--find-links ./nosuch": "neither a folder nor a file: nosuch",
    "-f nosuch.html": "neither a folder nor a file: nosuch.html",
    "--find-links=wl/one-1.0-py3-none-any.whl": "takes a folder or a page",
    "--index-url ./nosuch": "no folder nosuch",
    "--extra-index-url file:./nosuch": "no folder nosuch",
    "./nosuch": "there is no nosuch",
    "nosuch/": "there is no nosuch",
    "sub/nosuch[extra]": "there is no sub/nosuch",
    "file:./nosuch": "there is no nosuch",
    "nosuch-1.0-py3-none-any.whl": "there is no nosuch-1.0-py3-none-any.whl",
    "nosuch-1.0.tar.gz": "there is no nosuch-1.0.tar.gz",
    "x @ wheels/x-1.0-py3-none-any.whl": "there is no wheels/x-1.0-py3-none-any.whl",
    "-e nosuch": "there is no nosuch",
    "--editable=./nosuch[dev]": "there is no nosuch",
    "./wl": "no Python project in wl",
    "-e wl": "no Python project in wl",
    "./notes.txt": "neither a wheel nor a source archive",
    "-e wl/one-1.0-py3-none-any.whl": "-e takes a folder",
    "--extra-index-url https://${NOT_SET_HERE}@example.com/simple": "${NOT_SET_HERE} is not set",
}


def _entries(*entries: str) -> str:
    return "pip:\n" + "\n".join(f"      - {_quoted(entry)}" for entry in entries)


def _quoted(entry: str) -> str:
    return "'" + entry.replace("'", "''") + "'"


def _records(folder: Path, subdir: str = "linux-64") -> dict[str, Any]:
    data = yaml.safe_load((folder / "conda-lock.yml").read_text(encoding="utf-8"))
    return {
        package["name"]: package
        for package in data["package"]
        if package["manager"] == "pip" and package["platform"] == subdir
    }


def _urls(folder: Path) -> dict[str, str]:
    return {name: record["url"] for name, record in _records(folder).items()}


def _wheels(folder: Path, *names: str) -> Index:
    """An index elsewhere, its wheels also in ``wl`` of a folder."""
    index = Index(folder.parent / "index")
    (folder / "wl").mkdir(exist_ok=True)
    for name in names:
        shutil.copy(index.wheel(name), folder / "wl")
    return index


def test_every_form_that_is_refused_is_refused_at_its_line(
    alone: Host, project: Path, channel: Path
) -> None:
    """All of a file at once, with what to write, before anything is fetched."""
    write(project, channel, "python 3.12.*", _entries(*_REFUSED), platforms="[linux-64]")
    done = alone.multiplat("lock", cwd=project, code=2)
    text = done.stderr.replace("\n      ", " ")
    for number, (entry, hint) in enumerate(_REFUSED.items(), 8):
        lines = [line for line in text.splitlines() if f"environment.yml:{number}:9: " in line]
        assert len(lines) == 1, (entry, lines)
        assert hint in lines[0], (entry, lines)


def test_every_form_is_refused_in_a_file_too(alone: Host, project: Path, channel: Path) -> None:
    """With the file's own line and column."""
    text = "\n".join(f"  {entry}" for entry in _REFUSED) + "\n"
    (project / "req.txt").write_text(text, encoding="utf-8")
    write(project, channel, "python 3.12.*", _entries("-r req.txt"), platforms="[linux-64]")
    done = alone.multiplat("lock", cwd=project, code=2)
    shown = done.stderr.replace("\n      ", " ")
    for number, (entry, hint) in enumerate(_REFUSED.items(), 1):
        lines = [line for line in shown.splitlines() if f"req.txt:{number}:3: " in line]
        assert len(lines) == 1, (entry, lines)
        assert hint in lines[0], (entry, lines)


def test_what_is_not_there_is_refused_at_its_line(
    alone: Host, project: Path, channel: Path
) -> None:
    """A path that leads nowhere, or to nothing that pip could install: never the network."""
    _wheels(project, "one")
    (project / "notes.txt").write_text("one\n", encoding="utf-8")
    write(project, channel, "python 3.12.*", _entries(*_MISSING), platforms="[linux-64]")
    env = {"CONDA_MULTIPLAT_VARIABLES": "NOT_SET_HERE"}
    done = alone.multiplat("lock", cwd=project, code=2, env=env)
    for number, (entry, words) in enumerate(_MISSING.items(), 8):
        lines = [line for line in done.stderr.splitlines() if f".yml:{number}:9: " in line]
        assert len(lines) == 1, (entry, done.stderr)
        assert words in lines[0], (entry, lines)
    assert "network" not in done.stderr
    assert not (project / "conda-lock.yml").exists()


def test_pips_own_options_are_all_known(alone: Host, project: Path, channel: Path) -> None:
    """The list is pip's: an option of a newer pip that we do not know is seen here."""
    req_file = pytest.importorskip("pip._internal.req.req_file")
    factories = [*req_file.SUPPORTED_OPTIONS, *req_file.SUPPORTED_OPTIONS_REQ]
    instances = [make() for make in factories]
    options = [name for option in instances for name in (*option._short_opts, *option._long_opts)]
    assert len(options) > 15
    values = {"-e": ".", "--editable": ".", "-f": "./wl", "--find-links": "./wl"}
    files = dict.fromkeys(("-r", "--requirement", "-c", "--constraint"), "empty.txt")
    urls = dict.fromkeys(
        ("-i", "--index-url", "--pypi-url", "--extra-index-url"), "https://example.com"
    )
    names = dict.fromkeys(("--no-binary", "--only-binary"), "x")
    bare = ("--no-index", "--pre", "--require-hashes")
    (project / "empty.txt").touch()
    taken = {**values, **files, **urls, **names, **dict.fromkeys(bare, "")}
    entries = [f"{option} {taken.get(option, 'x')}".strip() for option in options]
    write(project, channel, "python 3.12.*", _entries(*entries), platforms="[linux-64]")
    done = alone.multiplat("lock", cwd=project, code=2)
    assert "unknown pip option" not in done.stderr
    for number, option in enumerate(options, 8):
        is_refused = f"environment.yml:{number}:9: " in done.stderr
        assert is_refused == (option not in taken), (option, done.stderr)


def test_paths_as_pip_takes_them(alone: Host, project: Path, channel: Path) -> None:
    """Folders and files in all forms, each in the lock by its path from there."""
    index = _wheels(project, "in-a-folder", "by-name")
    shutil.copy(index.wheel("bare-wheel"), project)
    shutil.copy(index.sdist("bare-archive"), project)
    for path in (
        "submodules/simple-knn",
        "foo",
        "url",
        "dots",
        "marked",
        "ed",
        "ed2",
    ):
        write_project(project / path, path.rpartition("/")[2], "0.1")
    entries = (
        "submodules/simple-knn",
        "foo/",
        "file:./url",
        "wl/in_a_folder-1.0-py3-none-any.whl",
        "by-name @ wl/by_name-1.0-py3-none-any.whl",
        "bare_wheel-1.0-py3-none-any.whl",
        "bare_archive-1.0.tar.gz",
        "./submodules/../dots[nothing]",
        "./marked;sys_platform == 'linux'",
        "-e ed ; sys_platform == 'linux'",
        '--editable="ed2"',
        "./nosuch-on-linux ; sys_platform == 'win32'",
    )
    write_project(project / "nosuch-on-linux", "elsewhere", "0.1")
    write(
        project, channel, "python 3.12.*", _entries("--no-index", *entries), platforms="[linux-64]"
    )
    alone.multiplat("lock", cwd=project)
    assert _urls(project) == {
        "simple-knn": "./submodules/simple-knn",
        "foo": "./foo",
        "url": "./url",
        "in-a-folder": "./wl/in_a_folder-1.0-py3-none-any.whl",
        "by-name": "./wl/by_name-1.0-py3-none-any.whl",
        "bare-wheel": "./bare_wheel-1.0-py3-none-any.whl",
        "bare-archive": "./bare_archive-1.0.tar.gz",
        "dots": "./dots",
        "marked": "./marked",
        "ed": "./ed#editable",
        "ed2": "./ed2#editable",
    }
    alone.multiplat("check", cwd=project)
    (project / "environment.yml").write_text(
        (project / "environment.yml").read_text(encoding="utf-8").replace("'foo/'", "'./foo'"),
        encoding="utf-8",
    )
    alone.multiplat("check", cwd=project)


def test_several_things_in_one_line(alone: Host, project: Path, channel: Path) -> None:
    """Each option is read as if it had a line of its own."""
    index = _wheels(project, "alpha", "beta")
    shutil.copy(index.wheel("beta", "2.0"), project / "wl")
    write_project(project, "here", "0.1", ["alpha", "beta"])
    (project / "c.txt").write_text("beta<2\n", encoding="utf-8")
    lines = ("-e . --constraint c.txt", "--no-index --find-links ./wl --pre")
    write(project, channel, "python 3.12.*", _entries(*lines), platforms="[linux-64]")
    alone.multiplat("lock", cwd=project)
    assert _urls(project) == {
        "here": ".#editable",
        "alpha": "./wl/alpha-1.0-py3-none-any.whl",
        "beta": "./wl/beta-1.0-py3-none-any.whl",
    }
    alone.multiplat("check", cwd=project)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("entry", "locked", "name"),
    [
        ("-e git+{url}@v1#egg=robot", "robot @ git+{url}@v1", "robot"),
        ("-e git+{url}#egg=robot", "robot @ git+{url}", "robot"),
        ("-e git+{url}@v1#egg=robot[arm]", "robot[arm] @ git+{url}@v1", "robot"),
        (
            "--editable=git+{url}@v1#egg=inner&subdirectory=inner",
            "inner @ git+{url}@v1#subdirectory=inner",
            "inner",
        ),
        ("-e git+{url}@v1", "git+{url}@v1", "robot"),
        ("-e git+{url}@v1#subdirectory=inner", "git+{url}@v1#subdirectory=inner", "inner"),
        ("-e git+{url}@v1#egg=robot ; os_name == 'posix'", None, "robot"),
        ("git+{url}@v1#egg=robot", None, "robot"),
        ("robot @ git+{url}@v1", None, "robot"),
    ],
)
def test_repositories(
    alone: Host,
    project: Path,
    channel: Path,
    tmp_path: Path,
    entry: str,
    locked: str | None,
    name: str,
) -> None:
    """A checkout is locked at its commit, with a note of what it is locked as."""
    url, commit = _repository(tmp_path / "repo")
    text = entry.format(url=url)
    entries = _entries("--no-index", text)
    write(project, channel, "python 3.12.*", entries, platforms="[linux-64]")
    done = alone.multiplat("lock", cwd=project)
    inner = "#subdirectory=inner" if name == "inner" else ""
    assert _urls(project) == {name: f"git+{url}@{commit}{inner}"}
    if locked:
        assert f"environment.yml:9:9: {text!r} is locked as {locked.format(url=url)!r}" in (
            done.stderr
        )
    assert ("not as editable" in done.stderr) == text.startswith(("-e", "--ed"))
    alone.multiplat("check", cwd=project)


@pytest.mark.slow
@pytest.mark.parametrize("end", ["@nosuch", "#subdirectory=nosuch"])
def test_what_a_repository_lacks(
    alone: Host, project: Path, channel: Path, tmp_path: Path, end: str
) -> None:
    """The line and the reason are shown; no line of progress, and no word of any index."""
    url, _ = _repository(tmp_path / "repo")
    with serve(_wheels(project, "one").root) as server:
        entries = _entries(f"--index-url {server.url}/simple", f"robot @ git+{url}{end}")
        write(project, channel, "python 3.12.*", entries, platforms="[linux-64]")
        done = alone.multiplat("lock", cwd=project, code=1)
    lines = done.stderr.splitlines()
    assert lines[1:3] == [
        f"  environment.yml:9:9  pip: robot @ git+{url}{end}",
        f"  Failed to download and build `robot @ git+{url}{end}`",
    ]
    assert "nosuch" in "".join(lines[3:])
    assert "Updat" not in done.stderr
    assert "index" not in "".join(lines[3:])


def _repository(folder: Path) -> tuple[str, str]:
    """A repository of two projects with the tag v1: its URL, and the commit."""
    write_project(folder, "robot", "0.5")
    write_project(folder / "inner", "inner", "0.6")
    git = ["git", "-c", "user.name=x", "-c", "user.email=x@example.com", "-C", str(folder)]
    for command in (
        ["init", "-q", "-b", "main"],
        ["add", "."],
        ["commit", "-qm", "x"],
        ["tag", "v1"],
    ):
        subprocess.run([*git, *command], check=True)
    head = subprocess.run([*git, "rev-parse", "HEAD"], capture_output=True, text=True, check=True)
    return folder.as_uri(), head.stdout.strip()


def _sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


@pytest.mark.parametrize("where", ["manifest", "file"])
def test_hashes_are_checked(alone: Host, project: Path, channel: Path, where: str) -> None:
    """``--hash`` of what is locked is taken, of several one is enough; another is the answer no."""
    index = _wheels(project, "one")
    wheel = project / "wl" / "one-1.0-py3-none-any.whl"
    shutil.copy(index.wheel("direct"), project)
    direct = _sha256(project / "direct-1.0-py3-none-any.whl")

    def lock(*hashes: str, code: int = 0) -> subprocess.CompletedProcess[str]:
        options = " ".join(f"--hash=sha256:{digest}" for digest in hashes)
        lines = [
            f"one==1.0 {options}",
            f"./direct-1.0-py3-none-any.whl --hash sha256:{direct}",
            f"one==2.0 ; sys_platform == 'win32' --hash=sha256:{_SHA}",
        ]
        if where == "file":
            text = "\n".join(lines).replace(" --hash", " \\\n   --hash") + " \\"
            (project / "req.txt").write_text(text, encoding="utf-8")
            lines = ["-r req.txt"]
        entries = _entries("--no-index", "--find-links wl", *lines)
        write(project, channel, "python 3.12.*", entries, platforms="[linux-64]")
        return alone.multiplat("lock", cwd=project, code=code)

    lock(_SHA, _sha256(wheel).upper())
    alone.multiplat("check", cwd=project)
    assert sorted(_urls(project)) == ["direct", "one"]
    before = (project / "conda-lock.yml").read_bytes()
    done = lock(_SHA, code=1)
    assert (
        "none of the line's hashes matches one-1.0-py3-none-any.whl, "
        f"which has sha256:{_sha256(wheel)}" in (done.stderr)
    )
    assert ("req.txt:1:1" if where == "file" else "environment.yml:10:9") in done.stderr
    assert (project / "conda-lock.yml").read_bytes() == before
    checked = alone.multiplat("check", cwd=project, code=1)
    assert "none of the line's hashes" in checked.stdout + checked.stderr


def test_lines_that_pips_files_may_have(alone: Host, project: Path, channel: Path) -> None:
    """Comments, continued lines, the last one too, lists of names, and constraints without name."""
    _wheels(project, "alpha", "beta", "gamma")
    (project / "req.txt").write_text(
        "# a comment\nalpha ; \\\n  python_version > '3'  # why\n\n"
        "--only-binary alpha,beta\n--no-binary=:none:\nfile:./beta_dir\n  gamma \\",
        encoding="utf-8",
    )
    write_project(project / "beta_dir", "beta", "3.0")
    entries = _entries("--no-index", "--find-links wl", "-r file:./req.txt")
    write(project, channel, "python 3.12.*", entries, platforms="[linux-64]")
    alone.multiplat("lock", cwd=project)
    assert sorted(_urls(project)) == ["alpha", "beta", "gamma"]
    (project / "c.txt").write_text("alpha==1.0\n  ./beta_dir\n-e ./beta_dir\n", encoding="utf-8")
    write(project, channel, "python 3.12.*", _entries("alpha", "-c c.txt"), platforms="[linux-64]")
    done = alone.multiplat("lock", cwd=project, code=2)
    for place in ("c.txt:2:3: ", "c.txt:3:1: "):
        assert f"{place}a constraint has no name" in done.stderr
    assert "write `NAME==VERSION` or `NAME @ URL`" in done.stderr
