"""MatchSpecs: which are read, and which are refused with which messages."""

from __future__ import annotations

import pytest

from conda_multiplat.vocabulary.errors import WordingError
from conda_multiplat.vocabulary.match_spec import parse_spec

READ = {
    "numpy": "numpy",
    "NumPy": "numpy",
    "python 3.12.*": 'python[version="3.12.*"]',
    "numpy>=1.26,<2.3": 'numpy[version=">=1.26,<2.3"]',
    "numpy >= 1.26, < 2.3": 'numpy[version=">=1.26,<2.3"]',
    "libblas=*=*openblas": 'libblas[version="*",build="*openblas"]',
    "scipy[version='>=1.11']": 'scipy[version=">=1.11"]',
    "foo=1.2": 'foo[version="1.2.*"]',
    "foo==1.2": 'foo[version="==1.2"]',
    "foo 1.2 py_0": 'foo[version="==1.2",build="py_0"]',
    "foo =1.2 =py_0": 'foo[version="==1.2",build="py_0"]',
    "foo >1.2.*": 'foo[version=">1.2"]',
    "foo !=1.2.*": 'foo[version="!=1.2.*"]',
    "foo 1.2|>=2,<3": 'foo[version="==1.2|>=2,<3"]',
    "foo 1.2[version='>2', build=py*, build_number='>=3',]": (
        'foo[version=">2",build="py*",build_number=">=3"]'
    ),
    "foo=<2.0": 'foo[version="<2.0dev"]',
    "foo =>1.65.0": 'foo[version=">=1.65.0dev"]',
    "foo==*=*cuda*": 'foo[version="<0dev",build="*cuda*"]',
    "foo!": "foo",
    "foo=": "foo",
    "foo[subdir=linux-64]": 'foo[subdir="linux-64"]',
    f"foo[md5={'a' * 32} sha256={'b' * 64}]": f'foo[md5="{"a" * 32}",sha256="{"b" * 64}"]',
}

REFUSED = {
    "": "'' is not a package name",
    ">=1": "'>=1' is not a package name",
    "num*": "'num*' is not a package name",
    "foo >1.2 <2": "not a version: '>1.2<2'; write a comma before '<2'",
    "foo >=": "no version after '>='",
    "foo >>1": "'>>' is not an operator; use one of == != <= >= ~= = < >",
    "foo ~=1": "`~=` takes a version with a dot: write `1.*` or `>=1`",
    "foo ~=1*": "`~=` takes a version with a dot: write `1.*`",
    "foo ~=1.2.*": "`~=` can't be used with a star: write `~=1.2`",
    "foo 1.*.2": "a star is allowed only at the end of a version, after a dot: '1.*.2'",
    "foo ^1.*$": "a regular expression can't be locked: '^1.*$'",
    "foo 1.2,": "a version is missing: '1.2,'",
    "foo[version='1.2 1.3']": (
        "not a version: '1.2 1.3'; separate versions by `,` (and) or `|` (or)"
    ),
    "foo 1.2 py|py3": "not a version: '1.2 py|py3'; separate versions by `,` (and) or `|` (or)",
    "foo (1.2|1.3),>1": "parentheses may only be in brackets: name[version='(1.2|1.3),!=1.2.5']",
    "foo[build='a|b']": "not a build: 'a|b'; write it in full, or with `*` for any part",
    "foo[build_number=x]": ("not a build number: 'x'; write a number, or `>=` and a number"),
    "foo[md5=abc]": "not a hash: md5='abc'",
    "foo[fn=a]": (
        "unknown key 'fn' in brackets; "
        "the keys are version, build, build_number, channel, subdir, md5, sha256, "
        "extras, flags, when"
    ),
    "foo[version]": "'version' in brackets is not key=value",
    "foo[build=a][version=1]": "brackets may only be at the end: name[key=value, key=value]",
    "foo if linux": "conda ignores conditions: ` if ` and what follows would have no effect",
    "https://example.org/c/noarch/foo-1-0.conda": (
        "a package's file can't be locked; name the package and its channel"
    ),
    "pypi:foo": "conda does not know namespaces: 'pypi'",
    "::foo": "no channel before `::`",
    "linux-64::foo": "'linux-64' is a platform, not a channel",
    "foo[subdir=linux64]": "not a platform: 'linux64'",
}


@pytest.mark.parametrize(("text", "expected"), READ.items())
def test_spec_is_put_in_plain_words(text: str, expected: str) -> None:
    """All forms of a spec are read as the same."""
    assert parse_spec(text).text() == expected


@pytest.mark.parametrize(
    "text", ["c::foo >1", "c::foo[version='>1']", "foo[version='>1',channel=c]", "c/::foo>1"]
)
def test_channel_of_a_spec(text: str) -> None:
    """Before the name, or in brackets; the engine is told its URL."""
    spec = parse_spec(text)
    assert spec.channel == "c"
    assert spec.text("https://example.org/c") == (
        'foo[channel="https://example.org/c",version=">1"]'
    )


@pytest.mark.parametrize(("text", "message"), REFUSED.items())
def test_what_cannot_be_meant_is_refused(text: str, message: str) -> None:
    """With what is wrong, and what to write."""
    with pytest.raises(WordingError) as raised:
        parse_spec(text)
    assert str(raised.value) == message


SLIPS = {
    "pandoc=<2.0.0": "conda reads `=<2.0.0` as `<2.0.0`: write `pandoc <=2.0.0` or `pandoc <2.0.0`",
    "rust =>1.65.0": "conda reads `=>1.65.0` as `>=1.65.0`: write `rust >=1.65.0`",
    "a=>1=py_0": "conda reads `=>1=py_0` as `>1=py_0`: write `a >=1=py_0` or `a >1=py_0`",
    "a==>1,<2": "conda reads `==>1,<2` as `>1,<2`: write `a >=1,<2` or `a >1,<2`",
    "x==*=*cuda*": "conda reads `==*` as a version that no package has: write `=*`",
    "x==1.2*=b": "conda reads `==1.2*` as a version that no package has: write `=1.2.*`",
    "x !=1.2*": "for conda, `!=1.2*` excludes nothing: write `!=1.2.*`",
    "x >1.2*,<3": "conda reads `>1.2*` as `>=1.2`: write `>=1.2`",
    "x >=*": "conda reads `>=*` as any version: write `*`",
    "x<=*": "conda reads `<=*` as a version that no package has: write `*`",
    "x =1.2*,<3": ("conda reads `=1.2*` in a list as a version that no package has: write `1.2.*`"),
    "x=1.1|=*": "conda reads `=*` in a list as a version that no package has: write `*`",
    "x~=1.2*": "conda reads `~=1.2*` as `>=1.2,1.*`: write `~=1.2`",
    "fsspec!": "conda ignores '!': write `fsspec`",
    "c::scikit-learn=": "conda ignores '=': write `scikit-learn`",
}


@pytest.mark.parametrize(("text", "warning"), SLIPS.items())
def test_slips(text: str, warning: str) -> None:
    """They are read as conda reads them, with a warning."""
    assert parse_spec(text).warning == warning


@pytest.mark.parametrize("sign", ["!", "<", "=", ">", "~", "==", ">=", "<=", "~=", "!="])
@pytest.mark.parametrize("form", ["{} ", "{}\t", " {}", " {} ", "{} [build=x]", "{}[build=x] "])
@pytest.mark.parametrize("name", ["a", "c::a"])
def test_no_version(name: str, form: str, sign: str) -> None:
    """A sign without a version is refused, as conda refuses it: only at the very end it passes."""
    with pytest.raises(WordingError):
        parse_spec(name + form.format(sign))


@pytest.mark.parametrize(
    "text",
    [
        "a",
        "a=1.2",
        "a==1.2",
        "a==1.2.*",
        "a=1.2.*",
        "a==*",
        "a=*=*cuda*",
        "a>=1,<2",
        "a !=1.2.*",
        "a=1.2*",
        "a=1.2*=py*",
        "a 1.2*,<3",
        "a=*",
    ],
)
def test_no_slips(text: str) -> None:
    """Common forms give no warning."""
    assert parse_spec(text).warning == ""


def test_platform_in_a_channel() -> None:
    """As in conda, a channel can include a platform: `channel/platform`."""
    spec = parse_spec("conda-forge/linux-64::cupy 13.*")
    assert (spec.channel, dict(spec.fields)) == (
        "conda-forge",
        {"version": "13.*", "subdir": "linux-64"},
    )
