"""The URLs that a lock may have for PyPI packages: at the manifest's indexes and lines."""

from __future__ import annotations

from pathlib import Path

import pytest

from conda_multiplat.lockfile.places import Place
from conda_multiplat.lockfile.pypi_provenance import allowed_origins, is_own, pypi_strays
from conda_multiplat.manifest.model import LocalProject, Requirement, View
from conda_multiplat.manifest.pypi_options import PypiOptions
from conda_multiplat.manifest.targets import Target
from conda_multiplat.vocabulary.errors import NOWHERE
from conda_multiplat.vocabulary.project_metadata import ProjectMetadata
from conda_multiplat.vocabulary.pypi_hosts import PYPI, PYTORCH, with_files

WHEEL = "six-1.17.0-py3-none-any.whl"
COMMIT, OTHER = "0123456789" * 4, "9876543210" * 4
OWN_INDEX = ("-i https://own.example/simple", "six")
OPTIONS = PypiOptions(
    indexes=(("ours", "https://$LOGIN@vendor.example/simple"),), sources=(("six", "ours"),)
)
NO_TORCH = PypiOptions(torch_backend="none")
NOT_ASKED = ", which is not on a server of the manifest's indexes"


def _lines(
    url: str,
    *entries: str,
    options: PypiOptions = NO_TORCH,
    mirror: str = "",
    folder: Path = Path("/work/project"),
    needs: tuple[str, ...] = (),
) -> list[str]:
    lines = tuple(Requirement(text, "", NOWHERE) for text in entries)
    projects = tuple(LocalProject(line, ProjectMetadata("x", needs)) for line in lines[:1])
    view = View(pypi=lines, projects=projects if needs else ())
    target = Target("default", "linux-64", (), frozenset(), view, pypi_options=options)
    allowed = allowed_origins(target, mirror, lambda text: text.replace("$LOGIN", "ann:pw"), folder)
    return pypi_strays([Place("six", "1.17.0", url)], allowed)


def _servers(host: str) -> list[str]:
    return sorted(file.removesuffix(":443") for file in with_files([host]))


@pytest.mark.parametrize("host", _servers(PYPI))
def test_pypi_is_meant(host: str) -> None:
    """PyPI's two servers are allowed unless an index replaces them."""
    url = f"https://{host}/packages/ab/{WHEEL}"
    assert _lines(url, "six") == []
    assert _lines(url, "--extra-index-url https://own.example/simple", "six") == []
    for entries in (OWN_INDEX, ("--no-index", "-f ./wheels", "six")):
        assert _lines(url, *entries) == [f"six 1.17.0: from {url}{NOT_ASKED}"]
    assert _lines(url, "six", options=OPTIONS) == [f"six 1.17.0: from {url}{NOT_ASKED}"]
    assert _lines(url) == [f"six 1.17.0: from {url}{NOT_ASKED}"]


@pytest.mark.parametrize("host", sorted({*_servers(PYTORCH)} - {*_servers(PYPI)}))
def test_pytorch_may_be_meant(host: str) -> None:
    """PyTorch's servers are allowed unless the manifest states where packages come from."""
    url = f"https://{host}/whl/cpu/{WHEEL}"
    assert _lines(url, "six", options=PypiOptions()) == []
    assert _lines(url, *OWN_INDEX, options=PypiOptions(torch_backend="cpu")) == []
    assert _lines(url, "six", options=NO_TORCH)
    assert _lines(url, *OWN_INDEX, options=PypiOptions())


@pytest.mark.parametrize(
    ("url", "entries"),
    [
        (f"https://own.example/files/ab/{WHEEL}", OWN_INDEX),
        (f"https://OWN.example:443/{WHEEL}", OWN_INDEX),
        (f"http://own.example:8080/{WHEEL}", ("--extra-index-url http://own.example:8080", "six")),
        (f"https://own.example/{WHEEL}", ("-f https://own.example/links.html", "six")),
        (f"https://own.example/{WHEEL}", ("--index-url https://$LOGIN@own.example/s", "six")),
        (f"./wheels/{WHEEL}", ("-f ./wheels", "six")),
        (f"./pages/x/{WHEEL}", ("-f ./pages/links.html", "six")),
        (f"/srv/index/files/{WHEEL}", ("--index-url=file:///srv/index/simple", "six")),
        (f"file:///srv/index/files/{WHEEL}", ("-i /srv/index/simple", "six")),
        ("https://x.example/a/main.zip", ("six @ https://x.example/a/main.zip",)),
        ("https://x.example/a/main.zip", ("six @ https://$LOGIN@x.example/a/main.zip",)),
        (f"https://x.example/{WHEEL}", (f"https://x.example/{WHEEL}#sha256=ab ; os_name == 'x'",)),
        (f"https://x.example/{WHEEL}", (f"constraint: six @ https://x.example/{WHEEL}", "six")),
        (f"git+https://x.example/six@{COMMIT}", ("six @ git+https://x.example/six",)),
        (f"git+https://x.example/six@{COMMIT}", ("six @ git+https://x.example/six@main",)),
        (f"git+https://x.example/six@{COMMIT}", (f"six @ git+https://x.example/six@{COMMIT}",)),
        (f"git+ssh://git@x.example/six@{COMMIT}", ("six @ git+ssh://git@x.example/six",)),
        ("./six#editable", ("-e ./six",)),
        ("../six", ("../six",)),
        (f"./{WHEEL}", (f"six @ file:./{WHEEL}",)),
    ],
)
def test_asked_place(url: str, entries: tuple[str, ...]) -> None:
    """A place can be given by an index, a page, a folder, a constraint or a line."""
    assert _lines(url, *entries) == []


@pytest.mark.parametrize(
    ("url", "entries"),
    [
        (f"https://evil.example/{WHEEL}", OWN_INDEX),
        (f"https://own.example.evil.example/{WHEEL}", OWN_INDEX),
        (f"https://own.example@evil.example/{WHEEL}", OWN_INDEX),
        (f"https://own.example:8443/{WHEEL}", OWN_INDEX),
        (f"http://own.example/{WHEEL}", OWN_INDEX),
        (f"https:///own.example/{WHEEL}", OWN_INDEX),
        (f"ftp://own.example/{WHEEL}", OWN_INDEX),
        (f"https://evil.example\\@own.example/{WHEEL}", OWN_INDEX),
        (f"https://ev\til.example/{WHEEL}", OWN_INDEX),
        (f"https://own.example/{WHEEL}\n-i https://evil.example", OWN_INDEX),
        (f"https://own.example/{WHEEL} -i https://evil.example", OWN_INDEX),
        (f"git+https://own.example/six@{COMMIT}", OWN_INDEX),
        (f"/srv/{WHEEL}", OWN_INDEX),
        (f"./{WHEEL}", OWN_INDEX),
        (f"./{WHEEL}", ("-f ./wheels", "six")),
        (f"./wheels/../../{WHEEL}", ("-f ./wheels/x", "six")),
        (f"./wheels/%2e%2e/../../../{WHEEL}", ("-f ./wheels/x", "six")),
        (f"https://x.example/b/{WHEEL}", (f"six @ https://x.example/a/{WHEEL}",)),
        ("https://x.example/a/main.zip", ("other @ https://x.example/a/main.zip", "six")),
        (f"git+https://x.example/fork@{COMMIT}", ("six @ git+https://x.example/six",)),
        (f"git+https://x.example/six@{OTHER}", (f"six @ git+https://x.example/six@{COMMIT}",)),
        ("./evil", ("-e ./six",)),
    ],
)
def test_other_place(url: str, entries: tuple[str, ...]) -> None:
    """Anything that only resembles a server or place of the manifest is refused."""
    (line,) = _lines(url, *entries)
    assert line.startswith("six 1.17.0: ")
    assert url in line or repr(url) in line


def test_own_index_of_a_project() -> None:
    """A project with its own index comes only from there."""
    assert _lines(f"https://vendor.example/x/{WHEEL}", "six", options=OPTIONS) == []
    assert _lines(f"https://own.example/{WHEEL}", *OWN_INDEX, options=OPTIONS)
    unused = OPTIONS._replace(sources=())
    assert _lines(f"https://vendor.example/x/{WHEEL}", "six", options=unused)


@pytest.mark.parametrize("options", [NO_TORCH, OPTIONS])
def test_file_hosts(options: PypiOptions) -> None:
    """A server under ``file-hosts`` is allowed."""
    options = options._replace(file_hosts=("cdn.example", "cdn.example:8080"))
    assert _lines(f"https://cdn.example/{WHEEL}", "six", options=options) == []
    assert _lines(f"http://cdn.example:8080/{WHEEL}", "six", options=options) == []
    assert _lines(f"http://cdn.example/{WHEEL}", "six", options=options)


def test_mirror() -> None:
    """This machine's mirror replaces PyPI, but no index of the manifest."""
    mirror, url = "https://u:p@mirror.example/simple", f"https://mirror.example/x/{WHEEL}"
    assert _lines(url, "six", mirror=mirror) == []
    assert _lines(url, *OWN_INDEX, mirror=mirror)


def test_by_digest() -> None:
    """Files that are requested from a mirror by name and hash may be locked from anywhere."""
    mirror, digest = "https://mirror.example/simple", f"ab/cd/{'0' * 60}"
    url = f"https://elsewhere.example/packages/{digest}/{WHEEL}"
    assert _lines(url, "six", mirror=mirror) == []
    assert _lines(url.replace("six-", "evil-"), "six", mirror=mirror)
    assert _lines(url, "six")
    assert _lines(url, *OWN_INDEX, mirror=mirror)
    assert _lines(url, "six", mirror=mirror, options=OPTIONS)


def test_needs_of_a_local_project() -> None:
    """A URL in the metadata of a local project is allowed."""
    url = "https://x.example/a/main.zip"
    assert _lines(url, "./tool", needs=(f"six @ {url}",)) == []
    assert _lines(url, "./tool", needs=("six",))


def test_link_to_elsewhere(tmp_path: Path) -> None:
    """Symbolic links in a folder of wheels are resolved first."""
    (tmp_path / "p" / "wheels").mkdir(parents=True)
    (tmp_path / "p" / "wheels" / WHEEL).symlink_to(tmp_path / WHEEL)
    assert _lines(f"./wheels/{WHEEL}", "-f ./wheels", "six", folder=tmp_path / "p")


@pytest.mark.parametrize(
    ("name", "version", "file"),
    [
        ("six", "1.17.0", WHEEL),
        ("six", "1.17.0", "six-1.17.0.tar.gz"),
        ("zope-interface", "5.0", "zope.interface-5.0-1-cp312-cp312-win_amd64.whl"),
        ("ruamel-yaml", "0.18", "ruamel.yaml-0.18.tar.gz"),
        ("a-b-c", "1", "A_b.c-1-py3-none-any.whl"),
        ("a-b-c", "1.0", "a-b_c-1.0.zip"),
        ("torch", "2.9.0+cu129", "torch-2.9.0%2Bcu129-cp312-cp312-win_amd64.whl"),
        ("x", "1.0+a.b", "x-1.0+a_b-py3-none-any.whl"),
        ("x", "1.0rc1", "x-1.0.rc1.tar.bz2"),
        ("x", "1.0.post1", "x-1.0-1.tar.gz"),
        ("x", "1.0b2.dev3", "x-v1.0_beta2-dev03.tar.gz"),
        ("x", "1.0.0rc1", "x-1.0rc1.zip"),
        ("x", "1!1.0", "x-1!1-py3-none-any.whl"),
        ("x", "2.0", "x-2-py3-none-any.whl"),
        ("x", "2020.1.1", "x-2020.01.01-py3-none-any.whl"),
        ("backports-x", "1!2.0", "backports.x-1!2.0-py3-none-any.whl"),
    ],
)
def test_own_name(name: str, version: str, file: str) -> None:
    """File names are recognised in all their forms."""
    assert is_own(Place(name, version, f"https://own.example/a/{file}"))


@pytest.mark.parametrize(
    "file",
    [
        "six-1.16.0-py3-none-any.whl",
        "six-1.17.0.post1-py3-none-any.whl",
        "six-1.17.0rc1-py3-none-any.whl",
        "six-1.17.0+evil-py3-none-any.whl",
        "six-11.7.0-py3-none-any.whl",
        "six-1.1.7.0-py3-none-any.whl",
        "six-1!1.17.0-py3-none-any.whl",
        "five-1.17.0-py3-none-any.whl",
        "six_1-17.0-py3-none-any.whl",
        "sixx-1.17.0.tar.gz",
        "six-x-1.17.0.tar.gz",
        "six-1.17.0",
        "six-1.17.0.exe",
        f"{WHEEL}/evil-1.0-py3-none-any.whl",
        f"evil-1.0-py3-none-any.whl#/{WHEEL}",
        f"evil-1.0-py3-none-any.whl?/{WHEEL}",
    ],
)
def test_another_file(file: str) -> None:
    """A file of another project or version is refused, on the right server too."""
    url = f"https://own.example/a/{file}"
    assert _lines(url, *OWN_INDEX) == [f"six 1.17.0: its URL does not match the package: {url}"]


def test_many_of_one_server() -> None:
    """Packages of one server are named in one line, with the first URL."""
    line = Requirement("a", "a", NOWHERE)
    target = Target("default", "linux-64", (), frozenset(), View(pypi=(line,)))
    places = [Place(n, "1", f"https://evil.example/{n}-1.tar.gz") for n in "cab"]
    assert pypi_strays(places, allowed_origins(target, "", str, Path("/"))) == [
        f"a 1 and 2 more: from https://evil.example/a-1.tar.gz{NOT_ASKED}"
    ]
