"""Entries of `pip:`: which project they ask for, and which ones pip would not take."""

from __future__ import annotations

import pytest

from conda_multiplat.vocabulary.pip_entries import PipEntryError, entry_name

_OPTIONS = (
    "--constraint, --editable, --extra-index-url, --find-links, --index-url, --no-binary, "
    "--no-index, --only-binary, --pre, --require-hashes, --requirement, "
    "-c, -e, -f, -i, -r"
)


@pytest.mark.parametrize(
    ("entry", "name"),
    [
        ("robosuite", "robosuite"),
        ("robosuite>=1.4,<2", "robosuite"),
        ("Robo_Suite == 1.4.*", "robo-suite"),
        ("zope.interface", "zope-interface"),
        ("jax[cuda12, tpu]~=0.4", "jax"),
        ("torch==2.5; sys_platform == 'linux'", "torch"),
        ("mujoco @ https://example.com/mujoco-3.0-py3-none-any.whl", "mujoco"),
        ("robot @ git+https://example.com/robot.git@main#subdirectory=py", "robot"),
        ("mujoco @ file:///srv/mujoco ; python_version < '3.13'", "mujoco"),
        ("  numpy  ", "numpy"),
    ],
)
def test_requirements(entry: str, name: str) -> None:
    """A PEP 508 requirement asks for its project, by the normalised name."""
    assert entry_name(entry) == name


@pytest.mark.parametrize(
    "entry",
    [
        ".",
        "./robot",
        "../robot",
        "/srv/robot",
        ".\\robot",
        "C:\\robot",
        "git+https://example.com/robot.git@main",
        "https://example.com/robot-1.0-py3-none-any.whl",
        "http://example.com/robot.tar.gz",
        "file:///srv/robot-1.0-py3-none-any.whl",
    ],
)
def test_paths_and_urls(entry: str) -> None:
    """No name can be read from a path or a URL alone."""
    assert entry_name(entry) == ""


@pytest.mark.parametrize(
    "entry",
    [
        "-e .",
        "-e ./robot[dev]",
        "--editable=git+https://example.com/robot.git#egg=robot",
        "-r requirements.txt",
        "--requirement  more.txt",
        "-c constraints.txt",
        "--constraint=constraints.txt",
        "-i https://example.com/simple",
        "--index-url=https://example.com/simple",
        "--extra-index-url https://example.com/simple?a=b",
        "-f wheels",
        "--find-links https://example.com/wheels",
        "--no-binary :all:",
        "--only-binary=numpy,scipy",
        "--no-index",
        "--pre",
        "--require-hashes",
    ],
)
def test_options(entry: str) -> None:
    """The options of pip's requirements files are taken, and ask for no project."""
    assert entry_name(entry) == ""


@pytest.mark.parametrize(
    ("entry", "message", "hint"),
    [
        ("--index-urls x", "unknown pip option '--index-urls'", f"supported options: {_OPTIONS}"),
        ("--upgrade", "unknown pip option '--upgrade'", f"supported options: {_OPTIONS}"),
        ("-", "unknown pip option '-'", f"supported options: {_OPTIONS}"),
        ("-e", "-e needs a project's folder or URL", "write `-e VALUE`"),
        ("--editable=", "--editable needs a project's folder or URL", "write `--editable VALUE`"),
        ("-r ", "-r needs a requirements file", "write `-r VALUE`"),
        ("--constraint", "--constraint needs a constraints file", "write `--constraint VALUE`"),
        ("--index-url", "--index-url needs a URL", "write `--index-url VALUE`"),
        ("-f", "-f needs a folder or URL", "write `-f VALUE`"),
        (
            "--no-binary",
            "--no-binary needs package names, :all: or :none:",
            "write `--no-binary VALUE`",
        ),
    ],
)
def test_wrong_options(entry: str, message: str, hint: str) -> None:
    """For an unknown option, or one without its value, the error says what to write."""
    with pytest.raises(PipEntryError) as raised:
        entry_name(entry)
    assert str(raised.value) == message
    assert raised.value.hint == hint


@pytest.mark.parametrize("entry", ["", ">=1.4", "numpy>>1", "numpy scipy", "numpy=1.26"])
def test_wrong_requirements(entry: str) -> None:
    """An invalid requirement is reported in one line, with the parser's reason and examples."""
    with pytest.raises(PipEntryError) as raised:
        entry_name(entry)
    assert str(raised.value) == f"not a PyPI requirement (PEP 508): {entry!r}"
    assert raised.value.hint.endswith(
        "; for example `robosuite>=1.4` or `torch==2.5; sys_platform == 'linux'`"
    )
    assert "\n" not in raised.value.hint


@pytest.mark.parametrize("entry", ["a\nb\n", "-e a\n-e b"])
def test_several_lines_in_one_entry(entry: str) -> None:
    """For several lines in one entry, the error says to split them."""
    with pytest.raises(PipEntryError) as raised:
        entry_name(entry)
    first = entry.splitlines()[0]
    assert str(raised.value) == f"several lines in one entry of pip: {first!r} and more"


@pytest.mark.parametrize(
    "entry", [".[dev]", "..", "C:/x", "-rreq.txt", "-e .", "--index-url=https://example.com/simple"]
)
def test_entries_that_name_no_project(entry: str) -> None:
    """Paths and options are taken in every form that pip takes."""
    assert entry_name(entry) == ""


@pytest.mark.parametrize(
    ("entry", "message", "hint"),
    [
        (
            "--prefer-binary",
            "pip's --prefer-binary can't be honoured",
            "wheels are preferred anyway",
        ),
        (
            "--hash=sha256:0",
            "--hash without a requirement",
            "write it after a requirement: `pkg==1.0 --hash=sha256:…`",
        ),
        (
            "~/robot",
            "the path depends on the user: '~/robot'",
            "only a shell expands `~`: write a path from the manifest's folder, or from `/`",
        ),
        (
            "hg+https://example.com/robot",
            "only git can be locked: 'hg+https://example.com/robot'",
            "write git+URL@REV, or a URL",
        ),
    ],
)
def test_what_no_lock_can_hold(entry: str, message: str, hint: str) -> None:
    """It is refused by name, not skipped."""
    with pytest.raises(PipEntryError) as raised:
        entry_name(entry)
    assert (str(raised.value), raised.value.hint) == (message, hint)
