"""The URLs that a lock may have: in the manifest's channels, each with its package's name."""

from __future__ import annotations

from pathlib import Path

import pytest

from conda_multiplat.lockfile.places import Place, Places
from conda_multiplat.lockfile.provenance import strays
from conda_multiplat.vocabulary.channels import ChannelConfig

OWN = ChannelConfig(
    channel_alias="https://c.example.com",
    default_channels=("https://r.example.com/pkgs/main", "https://r.example.com/pkgs/r"),
)
MIRROR = ChannelConfig(
    channel_alias="https://mirror.example.org/conda",
    custom_channels={"ours": "https://ours.example.org:8443/x"},
    custom_multichannels={"both": ("https://a.example.org/a", "b")},
)


def _lines(url: str, *channels: str, config: ChannelConfig = OWN) -> list[str]:
    places = Places({}, [Place("zlib", "1.3", url)], [])
    return strays(places, channels, [OWN, config], Path("/work/project"), "linux-64")


@pytest.mark.parametrize(
    ("place", "channel"),
    [
        ("https://c.example.com/conda-forge", "conda-forge"),
        ("https://c.example.com/conda-forge/label/dev", "conda-forge/label/dev"),
        ("https://r.example.com/pkgs/main", "defaults"),
        ("https://r.example.com/pkgs/r", "defaults"),
        ("https://mirror.example.org/conda/conda-forge", "conda-forge"),
        ("https://ours.example.org:8443/x/ours", "ours"),
        ("https://a.example.org/a", "both"),
        ("https://mirror.example.org/conda/b", "both"),
        ("https://X.example.com/A", "https://x.example.com/A/"),
        ("https://x.example.com/a", "https://u:p@x.example.com/a"),
        ("https://x.example.com/a", "https://$U:${P}@x.example.com/t/$T/a"),
        ("https://x.example.com/team1/a", "https://x.example.com/$TEAM/a"),
        ("file:///work/project/chan", "./chan"),
        ("file:///elsewhere/chan", "./chan"),
    ],
)
def test_asked_place(place: str, channel: str) -> None:
    """A channel can be given by name, group, URL, with credentials or a variable, or as a path."""
    for subdir in ("linux-64", "noarch"):
        assert _lines(f"{place}/{subdir}/zlib-1.3-0.conda", channel, config=MIRROR) == []


@pytest.mark.parametrize(
    ("place", "channel"),
    [
        ("https://evil.example.com/conda-forge", "conda-forge"),
        ("https://c.example.com.evil.example/conda-forge", "conda-forge"),
        ("https://c.example.com@evil.example/conda-forge", "conda-forge"),
        ("http://c.example.com/conda-forge", "conda-forge"),
        ("https://c.example.com/conda-forge2", "conda-forge"),
        ("https://c.example.com/x/conda-forge", "conda-forge"),
        ("https://c.example.com/conda-forge/label/dev", "conda-forge"),
        ("https://c.example.com:444/conda-forge", "conda-forge"),
        ("https://cXexample.com/conda-forge", "conda-forge"),
        ("https://x.example.com/a/b", "https://x.example.com/$TEAM"),
        ("https://x.example.com/a", "https://x.example.com/A"),
        ("file:///tmp/evil", "./chan"),
        ("file:///tmp/evil", "conda-forge"),
        ("https://c.example.com/chan", "./chan"),
    ],
)
def test_other_place(place: str, channel: str) -> None:
    """A URL that only resembles a channel's is refused."""
    url = f"{place}/linux-64/zlib-1.3-0.conda"
    assert _lines(url, channel, "other") == [
        f"zlib: from {place}, which is not a channel of the manifest"
    ]


def test_url_of_nothing() -> None:
    """A text in a lock that is not a URL is refused."""
    problems = strays(
        Places({}, [Place("a", "1", "a")], []), ["main"], [OWN], Path("/"), "linux-64"
    )
    assert problems[0] == "a 1: its URL does not match the package: a"


@pytest.mark.parametrize(
    "file",
    [
        "linux-64/zlib-1.2-0.conda",
        "linux-64/zlib-ng-1.3-0.conda",
        "linux-64/libzlib-1.3-0.tar.bz2",
        "osx-arm64/zlib-1.3-0.conda",
        "linux-64/zlib-1.3-0.zip",
        "linux-64/zlib-1.3.conda",
        "linux-64/zlib-1.3-0-0.conda",
    ],
)
def test_url_of_another_package(file: str) -> None:
    """A URL with another name, version, platform or kind of file is refused."""
    url = f"https://c.example.com/main/{file}"
    assert _lines(url, "main") == [f"zlib 1.3: its URL does not match the package: {url}"]


def test_many_of_one_place() -> None:
    """Packages of one place are named in one line."""
    packages = [Place(n, "1", f"https://evil.example/c/noarch/{n}-1-0.conda") for n in "edc"]
    places = Places({"https://evil.example/c": ["b", "a"]}, packages, [])
    assert strays(places, ["main"], [OWN], Path("/"), "linux-64") == [
        "a, b, c and 2 more: from https://evil.example/c, which is not a channel of the manifest"
    ]


def test_encoded_name() -> None:
    """The ``!`` of an epoch can be percent-encoded."""
    package = Place("x", "1!2.0", "https://c.example.com/main/noarch/x-1%212.0-0.conda")
    assert strays(Places({}, [package], []), ["main"], [OWN], Path("/"), "linux-64") == []


@pytest.mark.parametrize(
    "url",
    [
        "main/linux-64%2F..%2F..%2Fevil%2Flinux-64/zlib-1.3-0.conda",
        "main/linux-64%2f..%2fevil%2flinux-64/zlib-1.3-0.conda",
        "main/linux-64%5C..%5Cevil/linux-64/zlib-1.3-0.conda",
        "main/linux-64/../../evil/linux-64/zlib-1.3-0.conda",
        "main/%2e%2e/linux-64/zlib-1.3-0.conda",
        "main/linux-64/zlib-1.3-0.conda%00.conda",
        "main/linux-64/zlib-1.3-0.conda#/x",
        "main/linux-64/zlib-1.3-0.conda?x.conda",
    ],
)
def test_disguised(url: str) -> None:
    """Encoded characters, steps upwards and queries in a URL are refused."""
    assert _lines(f"https://c.example.com/{url}", "main")


def test_another_build() -> None:
    """A record's URL has its own build."""
    place = Place(
        "zlib", "1.3", "https://c.example.com/main/linux-64/zlib-1.3-cuda_1.conda", "cpu_0"
    )
    problems = strays(Places({}, [place], []), ["main"], [OWN], Path("/"), "linux-64")
    assert problems == [f"zlib 1.3: its URL does not match the package: {place.url}"]


@pytest.mark.parametrize(
    ("place", "channel"),
    [
        ("file:///elsewhere/evilchan", "./chan"),
        ("file:///elsewhere/any", "."),
        ("file:///elsewhere/any", ".."),
        ("file://host/elsewhere/chan", "./chan"),
    ],
)
def test_not_the_relative_channel(place: str, channel: str) -> None:
    """Another folder with a similar end is refused; ``.`` as a channel is only its own folder."""
    assert _lines(f"{place}/linux-64/zlib-1.3-0.conda", channel)


def test_relative_channel_where_it_is_fetched() -> None:
    """Packages to download come from the manifest's own folder."""
    for folder, wrong in {"/work/project": False, "/elsewhere": True}.items():
        place = Place("zlib", "1.3", f"file://{folder}/chan/linux-64/zlib-1.3-0.conda")
        places = Places({}, [place], [])
        base = Path("/work/project")
        problems = strays(places, ["./chan"], [OWN], base, "linux-64", anywhere=False)
        assert bool(problems) == wrong


def test_variable_as_a_server() -> None:
    """A server in a variable is compared with its value, if there is one."""
    place = Place("zlib", "1.3", "https://b.example.com:81/chan/linux-64/zlib-1.3-0.conda")
    for variables, wrong in (
        ({}, False),
        ({"HOST": "b.example.com:81"}, False),
        ({"HOST": "a.example.com"}, True),
    ):
        problems = strays(
            Places({}, [place], []),
            ["https://${HOST}/chan"],
            [OWN],
            Path("/"),
            "linux-64",
            variables=variables,
        )
        assert bool(problems) == wrong
