"""Files: the manifest that is meant, texts that can't be read, and writing all or none."""

from __future__ import annotations

import os
import re
import stat
import subprocess
from pathlib import Path
from typing import get_args

import pytest
import yaml
from support.repositories import REPOSITORY

from conda_multiplat.machine.files import (
    MANIFEST_NAMES,
    find_manifest,
    lock_path,
    quoted,
    read_text,
    rendered_files,
    shown,
    write_all,
)
from conda_multiplat.vocabulary.errors import ManifestError, OutsideError
from conda_multiplat.vocabulary.file_names import (
    Kind,
    lock_name,
    read_rendered_name,
    rendered_name,
)
from conda_multiplat.vocabulary.names import SUBDIRS


@pytest.fixture(autouse=True)
def _in_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Every test's working directory is its own, so that paths are shown relative to it."""
    monkeypatch.chdir(tmp_path)


def touch(*paths: Path) -> None:
    """Make empty files, folders included."""
    for path in paths:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()


@pytest.mark.parametrize(
    ("there", "start", "manifest"),
    [
        (["environment.yml"], ".", "environment.yml"),
        (["environment.yaml"], ".", "environment.yaml"),
        (["environment.yaml", "environment.yml"], ".", "environment.yml"),
        (["environment.yml", "a/b/x"], "a/b", "environment.yml"),
        (["environment.yml", "a/environment.yaml", "a/b/x"], "a/b", "a/environment.yaml"),
        (["environment.yml", "a/environment.yml/x"], "a", "environment.yml"),
        ([".git/HEAD", "environment.yml", "a/b/x"], "a/b", "environment.yml"),
        (["environment.yml", "a/.git", "a/environment.yml"], "a", "a/environment.yml"),
        (["environment.yml", "a/x"], "a/../a/.", "environment.yml"),
    ],
)
def test_find_manifest(tmp_path: Path, there: list[str], start: str, manifest: str) -> None:
    """The nearest manifest upwards is meant, ``.yml`` before ``.yaml``; a folder is none."""
    touch(*(tmp_path / name for name in there))
    assert find_manifest(tmp_path / start) == (tmp_path / manifest).resolve()


@pytest.mark.parametrize("git", ["a/.git", "a/.git/HEAD"])
def test_no_manifest_in_the_repository(tmp_path: Path, git: str) -> None:
    """What lies above the git repository is another project's, in a worktree too."""
    touch(tmp_path / "environment.yml", tmp_path / git, tmp_path / "a" / "b" / "x")
    start = tmp_path / "a" / "b"
    with pytest.raises(ManifestError) as raised:
        find_manifest(start)
    assert raised.value.lines() == [
        f"error: no environment.yml or environment.yaml in {start.resolve()}",
        "  looked in the folders above too, up to the git repository's root",
        "  name the file with -f FILE",
        "  or create one: conda multiplat init",
    ]


@pytest.mark.parametrize(
    ("environment", "name"), [("default", "conda-lock.yml"), ("dev", "dev.conda-lock.yml")]
)
def test_lock_path(environment: str, name: str) -> None:
    """A lock is beside its manifest, under a name that all its readers know."""
    assert lock_path(Path("project"), environment) == Path("project", name)


NAMES = [
    ("conda-linux-64.lock", ("explicit", "default", "linux-64")),
    ("dev.conda-osx-arm64.lock", ("explicit", "dev", "osx-arm64")),
    ("a.b.environment-win-64.yml", ("environment", "a.b", "win-64")),
    ("conda-linux-64.conda-win-64.lock", ("explicit", "conda-linux-64", "win-64")),
    ("requirements-emscripten-wasm32.txt", ("requirements", "default", "emscripten-wasm32")),
    ("environment.linux-64.pin.txt", ("snakemake", "environment", "linux-64")),
    ("a.b.osx-arm64.pin.txt", ("snakemake", "a.b", "osx-arm64")),
    ("pylock.linux-64.toml", ("pylock", "default", "linux-64")),
    ("pylock.a-b-win-64.toml", ("pylock", "a-b", "win-64")),
    ("linux-64.Dockerfile", ("dockerfile", "default", "linux-64")),
    ("a.b.linux-64.Dockerfile", ("dockerfile", "a.b", "linux-64")),
    ("pixi.lock", ("pixi-lock", "", "")),
    ("sbom-linux-64.cdx.json", ("sbom", "default", "linux-64")),
    ("a.b.sbom-win-64.cdx.json", ("sbom", "a.b", "win-64")),
    ("sbom-linux-64.json", None),
    ("requirements-dev.txt", None),
    ("Dockerfile", None),
    ("web.Dockerfile", None),
    ("pylock.toml", None),
    ("pylock.dev.toml", None),
    ("a.pixi.lock", None),
    ("linux-64.pin.txt", None),
    ("environment-win-64.txt", None),
    ("conda-lock.yml", None),
    ("my-conda-linux-64.lock", None),
    (".conda-linux-64.lock", None),
]


@pytest.mark.parametrize(("name", "parts"), NAMES)
def test_rendered_name(tmp_path: Path, name: str, parts: tuple[Kind, str, str] | None) -> None:
    """A rendered file is known by its name, which is made of the same parts; a folder is none."""
    assert read_rendered_name(name) == parts
    assert parts is None or rendered_name(*parts) == name
    (tmp_path / name).touch()
    (tmp_path / "x.conda-win-64.lock").mkdir()
    assert rendered_files(tmp_path) == ([tmp_path / name] if parts else [])


def test_hooks_are_asked_of_these_files() -> None:
    """The patterns of ``.pre-commit-hooks.yaml`` take what is so called, in any folder."""
    hooks = yaml.safe_load((REPOSITORY / ".pre-commit-hooks.yaml").read_text(encoding="utf-8"))
    names = [
        *MANIFEST_NAMES,
        *(lock_name(environment) for environment in ("default", "dev", "a.b")),
        *(
            rendered_name(kind, environment, subdir)
            for kind in get_args(Kind)
            for environment in ("default", "dev", "a.b")
            for subdir in SUBDIRS
        ),
    ]
    others = [name for name, parts in NAMES if parts is None and name != "conda-lock.yml"]
    others += ["environment.txt", "my-environment.yml", "conda-lock.yaml"]
    for pattern in (re.compile(hook["files"]) for hook in hooks):
        assert [name for name in names if not pattern.search(name)] == []
        assert [name for name in names if not pattern.search(f"a/b c/{name}")] == []
        assert [name for name in others if pattern.search(name)] == []


@pytest.mark.parametrize(
    ("path", "text"),
    [
        (Path("a", "b.yml"), str(Path("a", "b.yml"))),
        (Path("b.yml"), "b.yml"),
        (Path("..", "b.yml"), str(Path("..", "b.yml"))),
    ],
)
def test_shown(tmp_path: Path, path: Path, text: str) -> None:
    """A path is shown as it is typed from here."""
    assert shown(tmp_path / path) == text


def test_shown_far_away() -> None:
    """A path is shown in full where that is shorter."""
    far = Path(Path.cwd().anchor, "far")
    assert shown(far) == str(far)


@pytest.mark.parametrize(
    ("content", "text"),
    [
        (b"", ""),
        ("é\n".encode(), "é\n"),
        ("\ufeffname: a\n".encode(), "name: a\n"),
        (b"a\r\nb\r\n", "a\r\nb\r\n"),
    ],
)
def test_read_text(tmp_path: Path, content: bytes, text: str) -> None:
    """Text is UTF-8, with or without a byte order mark, its line ends as they are."""
    (tmp_path / "e.yml").write_bytes(content)
    assert read_text(tmp_path / "e.yml") == text


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"name: caf\xe9\n", ":1: not UTF-8: invalid continuation byte at byte 9"),
        (b"\xff\xfen\x00", ": UTF-16, not UTF-8"),
        ("name: é\n".encode("utf-16-be"), ":1: not UTF-8: invalid continuation byte at byte 13"),
        (b"\xfe\xff" + "name: é\n".encode("utf-16-be"), ": UTF-16, not UTF-8"),
        (b"ok\r\nok\xc3", ":2: not UTF-8: unexpected end of data at byte 6"),
    ],
)
def test_not_utf8(tmp_path: Path, content: bytes, reason: str) -> None:
    """Text in another encoding is refused, with the place of the first byte that shows it."""
    (tmp_path / "e.yml").write_bytes(content)
    with pytest.raises(ManifestError) as raised:
        read_text(tmp_path / "e.yml")
    hint = "      save it as UTF-8"
    if "UTF-16" in reason:
        hint += ": Windows PowerShell's `>` writes UTF-16; `--file NAME` of conda doesn't"
    assert raised.value.lines() == ["error: e.yml can't be read", f"  e.yml{reason}", hint]


def test_not_there(tmp_path: Path) -> None:
    """A file that is not there is the manifest's error."""
    with pytest.raises(ManifestError) as raised:
        read_text(tmp_path / "a" / "e.yml")
    assert raised.value.lines() == [f"error: {Path('a', 'e.yml')} does not exist"]


@pytest.mark.skipif(os.name == "nt", reason="Windows words it otherwise")
def test_a_folder_is_no_text(tmp_path: Path) -> None:
    """What the system does not let us read is trouble outside."""
    (tmp_path / "e.yml").mkdir()
    with pytest.raises(OutsideError) as raised:
        read_text(tmp_path / "e.yml")
    assert raised.value.lines() == ["error: e.yml can't be read: Is a directory"]
    assert raised.value.exit_code == 3


def contents(folder: Path) -> dict[str, str]:
    """All files of a folder, hidden ones too."""
    paths = (path for path in folder.rglob("*") if path.is_file())
    return {str(path.relative_to(folder)): path.read_bytes().decode() for path in paths}


def test_write_all(tmp_path: Path) -> None:
    """New and old files get their texts as they are, and nothing else is left behind."""
    (tmp_path / "old.yml").write_text("before", encoding="utf-8")
    write_all({tmp_path / "old.yml": "é\n", tmp_path / "new.yml": "a\r\nb\n"})
    assert contents(tmp_path) == {"old.yml": "é\n", "new.yml": "a\r\nb\n"}


def test_write_nothing(tmp_path: Path) -> None:
    """No text is no file."""
    write_all({})
    assert contents(tmp_path) == {}


@pytest.mark.parametrize("order", [1, -1], ids=["last", "first"])
def test_write_none(tmp_path: Path, order: int) -> None:
    """Where one file can't be written, none is, whichever comes first."""
    (tmp_path / "old.yml").write_text("before", encoding="utf-8")
    texts = [("old.yml", "after"), ("new.yml", "after"), ("gone/lock.yml", "after")][::order]
    with pytest.raises(OutsideError) as raised:
        write_all({tmp_path / name: text for name, text in texts})
    message, hint = raised.value.lines()
    where = shown(tmp_path / "gone" / "lock.yml")
    assert message == f"error: can't write {where}: No such file or directory"
    assert hint == "  the old files are as they were"
    assert raised.value.exit_code == 3
    assert contents(tmp_path) == {"old.yml": "before"}


def test_folder_in_a_files_place(tmp_path: Path) -> None:
    """It is seen before any file is replaced."""
    (tmp_path / "b.yml").mkdir()
    with pytest.raises(OutsideError) as raised:
        write_all({tmp_path / "a.yml": "after", tmp_path / "b.yml": "after"})
    assert raised.value.message == f"can't write {shown(tmp_path / 'b.yml')}: Is a directory"
    assert contents(tmp_path) == {}


def test_symbolic_link_stays(tmp_path: Path) -> None:
    """What it stands for is written."""
    (tmp_path / "real.yml").write_text("before", encoding="utf-8")
    (tmp_path / "link.yml").symlink_to("real.yml")
    write_all({tmp_path / "link.yml": "after"})
    assert (tmp_path / "link.yml").is_symlink()
    assert (tmp_path / "real.yml").read_text(encoding="utf-8") == "after"


def test_write_text_that_is_none(tmp_path: Path) -> None:
    """A text that can't be encoded leaves nothing behind, not even of those before it."""
    (tmp_path / "a.yml").write_text("before", encoding="utf-8")
    with pytest.raises(UnicodeEncodeError):
        write_all({tmp_path / "a.yml": "after", tmp_path / "b.yml": "\ud800"})
    assert contents(tmp_path) == {"a.yml": "before"}


@pytest.mark.skipif(os.name == "nt", reason="Windows has no such modes")
@pytest.mark.parametrize("mode", [0o600, 0o644, 0o664, 0o755])
def test_mode_is_kept(tmp_path: Path, mode: int) -> None:
    """A file that is replaced has the mode that it had."""
    path = tmp_path / "lock.yml"
    path.touch()
    path.chmod(mode)
    write_all({path: "a"})
    assert stat.S_IMODE(path.stat().st_mode) == mode


@pytest.mark.skipif(os.name == "nt", reason="Windows has no such modes")
@pytest.mark.parametrize(("umask", "mode"), [(0o022, 0o644), (0o077, 0o600), (0o002, 0o664)])
def test_mode_of_a_new_file(tmp_path: Path, umask: int, mode: int) -> None:
    """A new file has the mode that the user's mask gives, and the mask stays."""
    before = os.umask(umask)
    try:
        write_all({tmp_path / "lock.yml": "a"})
    finally:
        after = os.umask(before)
    assert after == umask
    assert stat.S_IMODE((tmp_path / "lock.yml").stat().st_mode) == mode


@pytest.mark.parametrize(
    ("text", "shown_as"),
    [
        ("envs/robot-dev", "envs/robot-dev"),
        ("~/größe.yml", "~/größe.yml"),
        ("my files/environment.yml", '"my files/environment.yml"'),
        ("a;b", '"a;b"'),
        ("it's", '"it\'s"'),
        ("(x) & y|z", '"(x) & y|z"'),
        ("", '""'),
        ("$HOME `id`", "'$HOME `id`'"),
        ('say "it\'s!" \\', "'say \"it'\\''s!\" \\'"),
        ("*.yml\n?", '"*.yml\n?"'),
    ],
)
def test_word_to_paste(text: str, shown_as: str) -> None:
    """A shell takes what is shown for what was meant; most of it looks the same on Windows."""
    assert quoted(text) == shown_as
    if not text.startswith("~"):
        done = subprocess.run(
            ["sh", "-c", f"printf %s {quoted(text)}"], capture_output=True, text=True, check=True
        )
        assert done.stdout == text
