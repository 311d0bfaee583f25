"""The places of a lock's packages, found in its text, never differ from what YAML reads."""

from __future__ import annotations

import itertools

import pytest

from conda_multiplat.lockfile.model import LockChannel, LockFile, PlatformLock
from conda_multiplat.lockfile.places import Places, places_by_layout, places_of_lock
from conda_multiplat.lockfile.read import read_lock
from conda_multiplat.lockfile.write import render
from conda_multiplat.vocabulary.errors import LockFileError
from conda_multiplat.vocabulary.names import VirtualPackage
from conda_multiplat.vocabulary.records import CondaRecord, PypiRecord

CHANNEL = "https://c.example.com/main"
EVIL = "https://evil.example/x"


def _record(name: str, version: str = "1.0", folder: str = "linux-64") -> CondaRecord:
    url = f"{CHANNEL}/{folder}/{name}-{version}-h0_0.conda"
    return CondaRecord(name, version, "h0_0", url, "0" * 32, "ab" * 32, ("b >=1", "c", "d 1.*"))


WHEEL = PypiRecord("w", "1.0", "https://p.example.com/w-1.0-py3-none-any.whl", "cd" * 32)
RECORDS = [_record("a"), _record("b", "1.10"), _record("c", "1!2"), _record("d", folder="noarch")]
LOCK = LockFile(
    environment="default",
    sources=("environment.yml",),
    channels=(LockChannel(CHANNEL),),
    platforms={
        subdir: PlatformLock.of("b" * 64, records, [VirtualPackage("__unix", "0")], [])._replace(
            pypi=(WHEEL,)
        )
        for subdir, records in {"linux-64": RECORDS, "osx-64": RECORDS[3:]}.items()
    },
    channel_priority="strict",
    recipe=1,
)
TEXT = render(LOCK)


def _places(text: str, size: int = 1 << 16) -> dict[str, Places]:
    content = text.encode()
    blocks = (content[start : start + size] for start in range(0, len(content), size))
    return places_by_layout(blocks) or places_of_lock(read_lock(text, "conda-lock.yml"))


def _urls_of_text(text: str) -> set[tuple[str, str]]:
    """Return (platform, channel) for packages with their own URL, else (platform, URL)."""
    places = _places(text)
    own = {(subdir, channel) for subdir, there in places.items() for channel in there.own}
    others = {(subdir, place.url) for subdir, there in places.items() for place in there.others}
    return own | others


def _urls_of_yaml(text: str) -> set[tuple[str, str]]:
    return {
        (subdir, record.url)
        for subdir, lock in read_lock(text, "conda-lock.yml").platforms.items()
        for record in lock.records
    }


EPOCH = ("linux-64", f"{CHANNEL}/linux-64/c-1!2-h0_0.conda")


def test_own() -> None:
    """Packages with their own URL are listed by channel; quoted ones are listed one by one."""
    for text in (TEXT, TEXT.replace("\n", "\r\n")):
        places = _places(text)
        assert places["linux-64"].own == {CHANNEL: ["a", "b", "d"]}
        assert places["linux-64"].others == [("c", "1!2", EPOCH[1], "h0_0")]
        assert places["osx-64"].own == {CHANNEL: ["d"]}
        assert [place.url for place in places["osx-64"].pypi] == [WHEEL.url]


@pytest.mark.parametrize("size", [1, 2, 3, 7, 64, 1000])
@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_blocks(size: int, end: str) -> None:
    """The result is the same wherever a block ends: in the head, a line end or an entry."""
    text = TEXT.replace("\n", end)
    content = text.encode()
    blocks = [content[start : start + size] for start in range(0, len(content), size)]
    assert places_by_layout(blocks) == _places(TEXT)


def test_no_end_in_sight() -> None:
    """A file that is not a lock of ours is not kept in memory as a whole."""
    for begin in (b"# ", b"\npackage:\n- name: ", b"\npackage:\n"):
        taken = itertools.count()
        blocks = (begin if not next(taken) else b"x" * (1 << 20) for _ in range(100))
        assert places_by_layout(blocks) is None
        assert next(taken) < 10


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("- name: a\n", "- name: z\n"),
        ("  version: '1.0'\n", "  version: '9'\n"),
        ("  version: '1.0'\n", "  version: 1.00\n"),
        ("  platform: linux-64\n", "  platform: osx-64\n"),
        ("a-1.0-h0_0.conda", "a-1.0-h0-0.conda"),
        ("a-1.0-h0_0.conda", "a-1.0-h0_0.zip"),
        ("/linux-64/a-1.0", "/win-64/a-1.0"),
        ("  build: h0_0\n", "  build: h1_1\n"),
    ],
)
def test_other(old: str, new: str) -> None:
    """A package whose URL has another name, version or platform is listed with its URL."""
    text = TEXT.replace(old, new, 1)
    names = {url.rsplit("/", 1)[-1][:2] for _, url in _urls_of_text(text) if "-h0" in url}
    assert names == {"a-", "c-"}


@pytest.mark.parametrize(
    ("old", "new", "wrong"),
    [
        (f"sha256: {'ab' * 32}", "sha256: ''", "a 1.0: its sha256 is not valid: ''"),
        (f"sha256: {'ab' * 32}", "sha256: zz", "a 1.0: its sha256 is not valid: 'zz'"),
        ("- name: b\n", "- name: a\n", "a: locked more than once"),
        ("- name: d\n", "- name: c\n", "c: locked more than once"),
    ],
)
def test_wrong_record(old: str, new: str, wrong: str) -> None:
    """Packages without a hash and duplicate names are reported with the places."""
    places = _places(TEXT.replace(old, new, 1))
    assert wrong in places["linux-64"].wrong


OWN = f"{CHANNEL}/linux-64/a-1.0-h0_0.conda"
#: What is put in the place of what.
TRICKS = {
    "a comment": (OWN, f"{EVIL}.conda #{OWN}"),
    "quotes and a comment": (OWN, f"'{EVIL}.conda' #{OWN}"),
    "double quotes": (OWN, f'"{EVIL}.conda" #{OWN}'),
    "an escape": (OWN, '"https://\\x65vil.example/x.conda"'),
    "a carriage return": ("    d: 1.*\n", f"    d: 1.*\r  url: {EVIL}.conda\r"),
    "another line end": ("    d: 1.*\n", f"    d: 1.*\x85  url: {EVIL}.conda\n"),
    "a paragraph": ("    d: 1.*\n", f"    d: 1.*\u2029  url: {EVIL}.conda\n"),
    "a second URL": ("  hash:\n", f"  url: {EVIL}.conda\n  hash:\n"),
    "an earlier URL": ("  dependencies:\n", f"  url: {EVIL}.conda\n  dependencies:\n"),
    "a later URL": ("  optional: false\n", f"  optional: false\n  url: {EVIL}.conda\n"),
    "a merge": ("  optional: false\n", f"  <<: {{url: {EVIL}.conda}}\n  optional: false\n"),
    "an entry on one line": ("package:\n", f"package:\n- {{name: a, url: {EVIL}.conda}}\n"),
    "a second section": ("package:\n", f"package:\n- name: q\n  url: {EVIL}.conda\npackage:\n"),
    "a tab": ("  url: ", "  url:\t"),
    "a folder upwards": (OWN, f"{CHANNEL}/linux-64/a-1.0-/../../../../{EVIL[8:]}.conda"),
    "a code for it": (OWN, f"{CHANNEL}/linux-64/a-1.0-%2F..%2F..%2Fx.conda"),
    "a long text": (f"  url: {OWN}", f"  url: |-\n    {EVIL}.conda"),
    "text over lines": ("    d: 1.*\n  url: ", f"    d: '1.*\n  url: {EVIL}.conda'\n  url: "),
    "a document": ("package:\n", f"package:\n- name: q\n  url: {EVIL}.conda\n---\npackage:\n"),
}


@pytest.mark.parametrize("trick", TRICKS)
def test_nothing_hidden(trick: str) -> None:
    """Every URL that YAML sees is found, or is under a channel that is, whatever hides it."""
    text = TEXT.replace(*TRICKS[trick], 1)
    assert text != TEXT
    try:
        expected = _urls_of_yaml(text)
    except LockFileError:
        expected = set()
    try:
        urls = _urls_of_text(text)
    except LockFileError:
        return  # by the reader that the others use too
    for subdir, url in expected:
        channel = url.rsplit("/", 2)[0]
        assert (subdir, url) in urls or ((subdir, channel) in urls and ".." not in url)


def _sized(lock: LockFile) -> LockFile:
    """Return a lock with a size for every package except the first."""
    return lock._replace(
        platforms={
            subdir: platform._replace(
                records=tuple(
                    record._replace(size=number or None)
                    for number, record in enumerate(platform.records)
                ),
                pypi=tuple(wheel._replace(size=10**14) for wheel in platform.pypi),
            )
            for subdir, platform in lock.platforms.items()
        }
    )


def test_sizes_make_no_difference() -> None:
    """A lock with sizes is read by its layout, as fast as one without."""
    text = render(_sized(LOCK))
    assert text.count("  # size: ") == 5
    places = places_by_layout([text.encode()])
    assert places is not None
    assert places == places_by_layout([TEXT.encode()])


@pytest.mark.parametrize("size", ["1e9", "-1", "x", "9" * 16, "1 2", "1\n  url: z", "1 # url"])
def test_what_is_no_size(size: str) -> None:
    """Any other comment is not in our layout, so the lock is read as YAML."""
    text = render(_sized(LOCK)).replace("# size: 1\n", f"# size: {size}\n", 1)
    assert places_by_layout([text.encode()]) is None
