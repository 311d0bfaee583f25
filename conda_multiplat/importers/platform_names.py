"""Which platform a file is for, from its name: ``env-linux.yml``, ``env.osx-arm64.yaml``."""

from __future__ import annotations

import re
from dataclasses import dataclass

from conda_multiplat.vocabulary.names import SUBDIRS

_SYSTEMS = {
    "linux": ("linux", "ubuntu", "debian"),
    "osx": ("osx", "mac", "macos", "macosx", "darwin"),
    "win": ("win", "windows"),
}
#: Words for Apple's processors, which also imply its system if none is named.
_APPLE = ("m1", "m2", "m3", "m4", "silicon", "apple")
_ARM = ("arm64", "aarch64", "arm", *_APPLE)
_INTEL = ("64", "x86", "x64", "amd64", "intel")
#: Words for processors that only Linux platforms have here.
_LINUX_ONLY = {
    "arm": ("sbsa", "jetson", "tegra", "l4t"),
    "ppc": ("ppc64le", "power8", "power9", "power10"),
    "riscv": ("riscv64",),
    "s390": ("s390x",),
}
#: (system, machine) -> platform; the machine ``""`` is assumed if the name has none.
_PLATFORMS = {
    ("linux", "arm"): "linux-aarch64",
    ("linux", "intel"): "linux-64",
    ("linux", ""): "linux-64",
    ("linux", "ppc"): "linux-ppc64le",
    ("linux", "riscv"): "linux-riscv64",
    ("linux", "s390"): "linux-s390x",
    ("osx", "arm"): "osx-arm64",
    ("osx", "intel"): "osx-64",
    ("osx", ""): "osx-arm64",
    ("win", "arm"): "win-arm64",
    ("win", "intel"): "win-64",
    ("win", ""): "win-64",
}
_CUDA = re.compile(r"(?:^|(?<=[-_.]))(cuda|cu|gpu)[-_]?(\d+(?:\.\d+|[-_]\d(?!\d))?)?(?=$|[-_.])")
_WORD = re.compile(r"(linux|macosx|macos|mac|osx|win|windows)(64|32)")


@dataclass(frozen=True)
class NameGuess:
    """The information in a file's name.

    Attributes:
        platforms: the platform; empty if the name has none.
        assumed: whether the processor, or all of it, is a guess that the user should see.
        variant: the name's word for a GPU environment, ``cuda12``; ``""`` if it has none.
        cuda: the version of CUDA in that word, ``12.4``; ``""`` if it has none.
    """

    platforms: tuple[str, ...] = ()
    assumed: bool = False
    variant: str = ""
    cuda: str = ""


def guess(name: str) -> NameGuess:
    """Guess the platform of an environment file from its name.

    1. Words for GPUs (``cuda12``, ``cu124``, ``gpu``) are removed. Of several, the most exact
       version counts: it distinguishes ``gpu_cuda-118`` from ``gpu_cuda-129``.
    2. A platform's own name (``linux-64``, also ``linux_64``) decides.
    3. Otherwise words for one system and one processor do: ``mac-intel``. Without a processor,
       Linux and Windows mean x86-64, and macOS means Apple's; without a system, a GPU means Linux,
       with the named processor: ``cuda-129_arch-aarch64``.
    """
    stem = re.sub(r"\.ya?ml$", "", name.lower())
    variant, cuda = "", ""
    if gpu_words := list(_CUDA.finditer(stem)):
        word = max(gpu_words, key=lambda match: len(_cuda_version(match[1], match[2] or "")))
        variant = word[1] + re.sub(r"[_-]", ".", word[2] or "")
        cuda = _cuda_version(word[1], word[2] or "")
        stem = _CUDA.sub("", stem)
    words = _WORD.sub(r"\1-\2", re.sub(r"[^a-z0-9]+", "-", stem.replace("x86_64", "x86")))
    exact = _exact(words)
    if exact:
        return NameGuess((exact,), False, variant, cuda)
    platform, assumed = _from_words(words.split("-"), gpu=bool(variant))
    return NameGuess((platform,) if platform else (), assumed, variant, cuda)


def _exact(words: str) -> str:
    for subdir in sorted(SUBDIRS, key=len, reverse=True):
        if re.search(rf"(^|-){subdir}($|-)", words):
            return subdir
    return ""


def _from_words(words: list[str], *, gpu: bool) -> tuple[str, bool]:
    """Return the platform, and whether part of it is assumed; ``("", True)`` if contradictory."""
    systems = {system for system, names in _SYSTEMS.items() if set(names) & set(words)}
    on_linux = {machine for machine, names in _LINUX_ONLY.items() if set(names) & set(words)}
    machines = {"arm"} if set(_ARM) & set(words) else set()
    machines |= on_linux | ({"intel"} if set(_INTEL) & set(words) else set())
    if len(systems) > 1 or len(machines) > 1:
        return "", True
    machine = next(iter(machines), "")
    apples = bool(set(_APPLE) & set(words))
    system = next(iter(systems), "osx" if apples else "linux" if gpu or on_linux else "")
    platform = _PLATFORMS.get((system, machine), "")
    return platform, bool(platform) and not (machine and (systems or on_linux))


def _cuda_version(word: str, digits: str) -> str:
    """Return ``12.4`` for ``cuda12.4``, ``cuda124`` and ``cu124``."""
    digits = re.sub(r"[_-]", ".", digits)
    if re.fullmatch(r"\d{3}", digits):
        return f"{digits[:2]}.{digits[2]}"
    return digits if word != "gpu" else ""
