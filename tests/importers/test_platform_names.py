"""The platform that the name of an environment file implies."""

from __future__ import annotations

import pytest

from conda_multiplat.importers.platform_names import NameGuess, guess


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("environment.linux-64.yml", NameGuess(("linux-64",))),
        ("env.osx-arm64.yaml", NameGuess(("osx-arm64",))),
        ("environment_linux_aarch64.yml", NameGuess(("linux-aarch64",))),
        ("environment-linux.yml", NameGuess(("linux-64",), assumed=True)),
        ("environment-mac.yml", NameGuess(("osx-arm64",), assumed=True)),
        ("darwin.yml", NameGuess(("osx-arm64",), assumed=True)),
        ("environment-WIN.yml", NameGuess(("win-64",), assumed=True)),
        ("environment-windows-arm64.yml", NameGuess(("win-arm64",))),
        ("environment-mac-intel.yml", NameGuess(("osx-64",))),
        ("environment-macos-m1.yml", NameGuess(("osx-arm64",))),
        ("environment_m1.yml", NameGuess(("osx-arm64",), assumed=True)),
        ("apple-silicon.yaml", NameGuess(("osx-arm64",), assumed=True)),
        ("m2_gpu.yml", NameGuess(("osx-arm64",), assumed=True, variant="gpu")),
        ("linux-m1.yml", NameGuess(("linux-aarch64",))),
        ("m1-x86.yml", NameGuess(assumed=True)),
        ("environment_linux_x86_64.yml", NameGuess(("linux-64",))),
        ("win64.yml", NameGuess(("win-64",))),
        ("environment-gpu.yml", NameGuess(("linux-64",), assumed=True, variant="gpu")),
        (
            "environment-cuda12.4.yml",
            NameGuess(("linux-64",), assumed=True, variant="cuda12.4", cuda="12.4"),
        ),
        ("env-win-64-cu118.yml", NameGuess(("win-64",), variant="cu118", cuda="11.8")),
        (
            "all_cuda-129_arch-aarch64.yaml",
            NameGuess(("linux-aarch64",), assumed=True, variant="cuda129", cuda="12.9"),
        ),
        (
            "all_cuda-129_arch-x86_64.yaml",
            NameGuess(("linux-64",), assumed=True, variant="cuda129", cuda="12.9"),
        ),
        (
            "env-gpu-arm64.yml",
            NameGuess(("linux-aarch64",), assumed=True, variant="gpu"),
        ),
        (
            "cuda-12-4-sbsa.yml",
            NameGuess(("linux-aarch64",), variant="cuda12.4", cuda="12.4"),
        ),
        (
            "gpu_ppc64le.yml",
            NameGuess(("linux-ppc64le",), variant="gpu"),
        ),
        (
            "gpu_cuda-129_linux-64.yml",
            NameGuess(("linux-64",), variant="cuda129", cuda="12.9"),
        ),
        (
            "linux-64_cuda-129_gpu.yml",
            NameGuess(("linux-64",), variant="cuda129", cuda="12.9"),
        ),
        (
            "cuda12-win-64-cu124.yml",
            NameGuess(("win-64",), variant="cu124", cuda="12.4"),
        ),
        (
            "linux_cuda12_64.yml",
            NameGuess(("linux-64",), variant="cuda12", cuda="12"),
        ),
        ("cu118-arm-x86.yml", NameGuess(assumed=True, variant="cu118", cuda="11.8")),
        (
            "win-arm-gpu.yml",
            NameGuess(("win-arm64",), variant="gpu"),
        ),
        ("dev-ppc64le.yml", NameGuess(("linux-ppc64le",))),
        ("environment.yml", NameGuess()),
        ("environment-dev.yml", NameGuess()),
        ("environment-arm64.yml", NameGuess()),
        ("environment-linux-mac.yml", NameGuess(assumed=True)),
        ("winter.yml", NameGuess()),
    ],
)
def test_guess(name: str, expected: NameGuess) -> None:
    """Platforms, words for systems and processors, and words for GPUs are recognised."""
    assert guess(name) == expected
