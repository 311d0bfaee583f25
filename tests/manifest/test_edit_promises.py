"""Promises added to a manifest in any style: they are added, and nothing else changes."""

from __future__ import annotations

import random

import pytest
import yaml
from support.edits import generated

from conda_multiplat.manifest.edit.draft import Draft
from conda_multiplat.manifest.edit.promises import with_promises
from conda_multiplat.manifest.read import Source
from conda_multiplat.vocabulary.errors import ManifestError
from conda_multiplat.vocabulary.implied_promises import Implied

CUDA = Implied("cuda", "12.0", "torch 2.0 needs __cuda >=12")
GLIBC = Implied("glibc", "2.34", "torch 2.0 needs __glibc >=2.34")
WORDS = "  # torch 2.0 needs __cuda >=12"
TOP = "name: x\nplatforms: [linux-64, win-64]\ndependencies:\n  - torch\n"


def _draft(*texts: str) -> Draft:
    sources = (Source(f"{number}.yml", text) for number, text in enumerate(texts))
    return Draft(tuple(sources), ("linux-64",))


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("", f'multiplat:\n  virtual-packages:\n    linux-64: {{cuda: "12.0"}}{WORDS}\n'),
        (
            "multiplat:\n",
            f'multiplat:\n  virtual-packages:\n    linux-64: {{cuda: "12.0"}}{WORDS}\n',
        ),
        (
            "multiplat:\n    prefer: [default]\n",
            "multiplat:\n    prefer: [default]\n    virtual-packages:\n"
            f'      linux-64: {{cuda: "12.0"}}{WORDS}\n',
        ),
        (
            'multiplat:\n  virtual-packages:\n    win-64: {win: "10.0"}  # mine\n# end\n',
            'multiplat:\n  virtual-packages:\n    win-64: {win: "10.0"}  # mine\n'
            f'    linux-64: {{cuda: "12.0"}}{WORDS}\n# end\n',
        ),
        (
            'multiplat:\n  virtual-packages:\n    linux-64:\n      glibc: "2.31"\n',
            'multiplat:\n  virtual-packages:\n    linux-64:\n      glibc: "2.31"\n'
            f'      cuda: "12.0"{WORDS}\n',
        ),
        (
            'multiplat: {virtual-packages: {linux-64: {glibc: "2.31"}}}\n',
            'multiplat: {virtual-packages: {linux-64: {glibc: "2.31", cuda: "12.0"}}}\n',
        ),
        (
            "multiplat: {prefer: [default]}\n",
            'multiplat: {prefer: [default], virtual-packages: {linux-64: {cuda: "12.0"}}}\n',
        ),
        ("multiplat: {}\n", 'multiplat: {virtual-packages: {linux-64: {cuda: "12.0"}}}\n'),
        (
            'multiplat:\n  virtual-packages: {linux: {glibc: "2.31"}}\n',
            'multiplat:\n  virtual-packages: {linux: {glibc: "2.31"}, linux-64: {cuda: "12.0"}}\n',
        ),
    ],
)
@pytest.mark.parametrize("newline", ["\n", "\r\n"])
def test_default(before: str, after: str, newline: str) -> None:
    """A block gets a line with the reason, braces get one more entry."""
    text = f"{TOP}{before}".replace("\n", newline)
    draft = with_promises(_draft(text), "default", {"linux-64": [CUDA]})
    assert draft.sources[0].text == f"{TOP}{after}".replace("\n", newline)


def test_several() -> None:
    """Several values and platforms, into the file that promises already."""
    second = "dependencies: []\nmultiplat:\n  virtual-packages:\n    linux: {linux: '5.4'}\n"
    promises = {"linux-64": [CUDA, GLIBC], "win-64": [CUDA]}
    draft = with_promises(_draft(TOP, second), "default", promises)
    assert draft.sources[0].text == TOP
    assert yaml.safe_load(draft.sources[1].text)["multiplat"]["virtual-packages"] == {
        "linux": {"linux": "5.4"},
        "linux-64": {"cuda": "12.0", "glibc": "2.34"},
        "win-64": {"cuda": "12.0"},
    }


def test_environment() -> None:
    """An environment's own promises."""
    text = f"{TOP}multiplat:\n  environments:\n    gpu:\n      dependencies: [a]\n"
    draft = with_promises(_draft(text), "gpu", {"linux-64": [CUDA]})
    assert draft.sources[0].text == (
        f'{text}      virtual-packages:\n        linux-64: {{cuda: "12.0"}}{WORDS}\n'
    )


def test_refused() -> None:
    """A change that would change more is refused, with the reason."""
    shared = 'multiplat:\n  virtual-packages: {linux-64: &a {glibc: "2.31"}, linux-aarch64: *a}\n'
    with pytest.raises(ManifestError) as caught:
        with_promises(_draft(TOP + shared), "default", {"linux-64": [CUDA]})
    assert caught.value.message == "0.yml can't be edited"
    assert "the promises of default could not be added" in caught.value.details[0]


@pytest.mark.slow
def test_any_manifest() -> None:
    """In any style of manifest, the promise is added and nothing else changes."""
    forms = ("", "multiplat: {}\n", "multiplat:\n", "multiplat:\n  virtual-packages: {}\n")
    for seed in range(80):
        text = generated(random.Random(seed))
        if "multiplat:" not in text:
            text = f"{text.rstrip()}\n{forms[seed % len(forms)]}"
        draft = _draft(text)
        for name in draft.manifest.environments:
            after = with_promises(draft, name, {"linux-64": [CUDA]})
            promises = after.manifest.environments[name].promises
            assert promises["linux-64"]["cuda"] == "12.0"
