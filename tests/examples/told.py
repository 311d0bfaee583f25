"""The projects that sessions of the pages tell of: few packages, in the versions that are shown."""

from __future__ import annotations

from examples.blocks import ROOT, blocks
from examples.projects import COMMIT, MACHINE, Project, conda, manifest
from support.advisories import CRITICAL, advisory, below
from support.packages import real_packages

TWO = ("linux-64", "osx-arm64")
#: The manifest of ``docs/first-lock.md``.
FIRST = next(
    block.text for block in blocks(ROOT / "docs" / "first-lock.md") if block.language == "yaml"
)


def _lock_with(*replaced: tuple[str, str], then: str = "conda multiplat lock") -> str:
    """Commands that lock with other lines; what is locked then stays where it still fits."""
    edits = " ".join(f"-e 's/{old}/{new}/'" for old, new in replaced)
    return (
        f"cp environment.yml wanted.yml\nsed -i {edits} environment.yml\n"
        f"conda multiplat lock\nmv wanted.yml environment.yml\n{then}"
    )


_CUDA12 = """\
multiplat:
  environments:
    cuda12:
      platforms: [linux-64]
      virtual-packages: {linux-64: {cuda: "12.4"}}
      dependencies: [pytorch-gpu]
"""
_TORCHES = (
    conda("python", "3.12.12"),
    conda("python", "3.11.9"),
    conda("cuda-version", "12.9", constrains=["__cuda >=12"]),
    conda("pytorch", "2.12.0", "cpu_py312_1", "python 3.12.*"),
    conda(
        "pytorch",
        "2.12.0",
        "cuda129_py311_2",
        "python 3.11.*",
        "__cuda",
        "cuda-version",
        on="linux-64",
    ),
    conda(
        "pytorch",
        "2.10.0",
        "cuda129_py312_2",
        "python 3.12.*",
        "__cuda",
        "cuda-version",
        on="linux-64",
    ),
)

_NUMPYS = ("1.22.0", "1.22.4", "1.26.4", "2.0.1", "2.1.3", "2.2.6", "2.3.5", "2.4.0")
_TWELVE = tuple(f"package-{letter}" for letter in "abcdefghijkl")
_ALLOWED = """\
multiplat:
  licenses:
    allow: [MIT, BSD-3-Clause, Apache-2.0, Python-2.0, GPL-3.0-only WITH GCC-exception-3.1]
    exceptions:
      libnsl: {license: LGPL-2.1-only, reason: linked dynamically}
      colorama: {reason: BSD-3-Clause by its text}
"""


_LICENSED = manifest("python 3.12.*", "numpy", "libgcc", "pip:\n      - colorama")
_GPL = {"license": "GPL-3.0-only WITH GCC-exception-3.1"}
_LICENCES = (
    conda("python", "3.12.12", "0", "bzip2", license="Python-2.0"),
    conda("bzip2", "1.0.8", license="bzip2-1.0.6"),
    conda("libgcc", "16.1.0", on="osx-arm64", **_GPL),
    conda("libgcc", "16.1.0", "0", "libnsl", on="linux-64", **_GPL),
    conda("libnsl", "2.0.1", license="LGPL-2.1-only"),
    conda("numpy", "2.5.2"),
)


def _two_lines(*lines: str, **more: str) -> str:
    """A manifest whose channels are a list of lines."""
    return manifest(*lines, **more).replace("[conda-forge]", "\n  - conda-forge")


def _environment(*lines: str) -> str:
    """What ``conda env export`` writes."""
    text = "name: robot\nchannels:\n  - conda-forge\ndependencies:\n"
    return text + "".join(f"  - {line}\n" for line in lines)


PROJECTS = {
    "audit": Project(
        {"environment.yml": _two_lines("python 3.12.4", "zlib", "web-tool")},
        packages=[
            conda("python", "3.12.4"),
            conda("zlib", "1.3"),
            conda("web-tool", "2.0", "0", "python", "jinja2"),
            conda("jinja2", "3.1.2", "0", "python", on="linux-64"),
            conda("jinja2", "3.1.4", "0", "python", on="osx-arm64"),
        ],
        setup="conda multiplat lock",
        advisories=[
            advisory("GHSA-jinja", "Jinja2", *below("3.1.3"), aliases=["CVE-1"], vector=CRITICAL)
        ],
    ),
    "updating": Project(
        {"environment.yml": manifest("python 3.12.12|3.12.13", "numpy", "bzip2", "zlib", "xz")},
        packages=[
            conda("python", "3.12.12"),
            conda("python", "3.12.13"),
            conda("numpy", "2.3.4", "0", "libblas"),
            conda("numpy", "2.4.0", "0", "libblas"),
            *(conda("libblas", "3.9.0", f"{n}_openblas", build_number=n) for n in (35, 36)),
            conda("bzip2"),
            conda("zlib"),
            conda("xz", on="linux-64"),
            conda("xz", on="osx-arm64"),
        ],
        installs=True,
        setup=_lock_with(
            ("numpy", "numpy 2.3.4\\n  - libblas 3.9.0 35_openblas"), ("|3.12.13", "")
        ),
        then="conda multiplat install",
        environ=MACHINE,
    ),
    "upgrading": Project(
        {
            "environment.yml": manifest(
                "python 3.12.*",
                "numpy 1.26.*",
                "pandas >=2.1,<2.2",
                "pip:\n      - robosuite==1.5.0",
            )
        },
        packages=[
            *(conda("python", version) for version in ("3.12.12", "3.14.2")),
            conda("numpy", "1.26.4"),
            conda("numpy", "2.5.2"),
            conda("pandas", "2.1.4"),
            conda("pandas", "3.0.5"),
        ],
        setup="conda multiplat lock",
    ),
    "outdated": Project(
        {
            "environment.yml": manifest(
                "python 3.11.*", "numpy", "polars", "cffi", "zlib", "jupyterlab <4.2"
            )
        },
        packages=[
            conda("python", "3.11.9"),
            conda("python", "3.12.12"),
            conda("numpy", "1.26.4", "0", "python 3.11.*"),
            conda("numpy", "2.4.6", "0", "python 3.11.*"),
            conda("numpy", "2.5.2", "py312_0", "python 3.12.*"),
            conda("numpy", "2.5.2", "py313_0", "python 3.13.*"),
            conda("polars", "1.30.0"),
            conda("polars", "1.31.0"),
            conda("jupyterlab", "4.1.8"),
            conda("jupyterlab", "4.6.3"),
            conda("cffi", "2.1.0", "0", "libffi >=3.5.2,<3.6.0a0", on="linux-64"),
            conda("cffi", "2.1.0", "0", on="osx-arm64"),
            conda("libffi", "3.5.2"),
            conda("libffi", "3.7.0"),
            conda("zlib"),
        ],
        setup=_lock_with(("- numpy", "- numpy 1.26.4"), ("- polars", "- polars 1.30.0")),
    ),
    "old-driver": Project(
        {
            "environment.yml": manifest(
                "python 3.12.*",
                more=_CUDA12
                + "    dev:\n      dependencies: [ruff]\n  prefer: [cuda12, default]\n",
            )
        },
        setup="conda multiplat lock",
        environ={**MACHINE, "CONDA_OVERRIDE_CUDA": "11.8"},
    ),
    "no-driver": Project(
        {
            "environment.yml": manifest(
                "_openmp_mutex",
                "python 3.12.*",
                "pip:\n      - robosuite",
                more=_CUDA12 + "  prefer: [cuda12, default]\n",
            )
        },
        setup="conda multiplat lock",
        packages=[
            conda("python", "3.12.12"),
            conda("_openmp_mutex", "4.5"),
            conda("pytorch-gpu", "2.10.0", "0", "pytorch"),
            conda("pytorch", "2.10.0", "cuda_0", "__cuda", on="linux-64"),
        ],
        environ={**MACHINE, "CONDA_OVERRIDE_CUDA": ""},
    ),
    "demo": Project(
        {"environment.yml": manifest("python", "greeting", "prefixed", platforms="linux-64")},
        packages=real_packages(),
        installs=True,
        setup="conda multiplat lock",
        environ=MACHINE,
    ),
    "cpu-build": Project(
        {
            "environment.yml": manifest(
                "python 3.12.*",
                "pytorch >=2.5",
                platforms="linux-64",
                more=_CUDA12.replace("pytorch-gpu", "cuda-version"),
            )
        },
        packages=_TORCHES,
        setup="conda multiplat lock\nrm cuda12.conda-lock.yml",
    ),
    "first": Project({"environment.yml": FIRST}, environ=MACHINE, index="sources"),
    "rendering": Project(
        {
            "environment.yml": manifest(
                "python 3.12.*", more=_CUDA12 + "    dev:\n      dependencies: [ruff]\n"
            )
        },
        setup="conda multiplat lock",
    ),
    "out-of-date": Project(
        {"environment.yml": manifest("tool", "base >=2", "zlib", "other")},
        packages=[
            *(conda(name) for name in ("tool", "zlib", "other", "solo")),
            conda("base", "1.5"),
        ],
        setup=_lock_with((" >=2", ""), ("- other", "- other  # [linux]\\n  - solo"), then="true"),
    ),
    "branch": Project(
        {
            "environment.yml": manifest(
                "python 3.12.12",
                "numpy 2.1.*",
                more=_CUDA12.replace("pytorch-gpu", "cuda-version"),
            )
        },
        packages=[*_TORCHES, conda("numpy", "2.2.6"), conda("numpy", "2.1.3")],
        setup=f"{_lock_with(('numpy 2.1', 'numpy 2.2'), then=COMMIT)}\nconda multiplat lock",
    ),
    "mkl": Project(
        {
            "environment.yml": manifest(
                "python 3.12.*", "pytorch >=2.5", platforms="linux-64", more=_CUDA12
            )
        },
        packages=[
            conda("python", "3.12.12"),
            conda("python", "3.13.1"),
            conda("mkl", "2025.3.1", "h0e700b2_11"),
            conda("mkl", "2026.1.0"),
            conda("cuda-version", "12.9", constrains=["__cuda >=12"]),
            conda("libblas", "3.11.0", "0", "mkl >=2025.3.1,<2026.0a0"),
            conda("libtorch", "2.10.0", "cuda_0", "mkl >=2025.3.0,<2026.0a0"),
            conda(
                "pytorch",
                "2.10.0",
                "cuda129_py312_0",
                "python 3.12.*",
                "cuda-version",
                "mkl >=2025.3.0,<2026.0a0",
                "libblas",
                "libtorch",
                "__cuda",
                on="linux-64",
            ),
            conda(
                "pytorch",
                "2.11.0",
                "cuda129_py313_0",
                "python 3.13.*",
                "mkl",
                "__cuda",
                on="linux-64",
            ),
            conda("pytorch", "2.9.0", "cpu_py312_0", "python 3.12.*"),
            conda("pytorch-gpu", "2.10.0", "0", "pytorch * cuda*"),
        ],
        setup="conda multiplat lock",
        environ=MACHINE,
    ),
    "conflict": Project(
        {
            "environment.yml": manifest(
                "python 3.12.*",
                "numpy <1.20",
                more=_CUDA12.replace("pytorch-gpu", "ruff")
                + "    dev:\n      dependencies: [ruff]\n",
            )
        },
        packages=[
            conda("python", "3.12.12"),
            conda("python", "3.8.20"),
            conda("ruff"),
            conda("numpy", "1.18.5", "0", "python >=3.8,<3.9.0a0", on="linux-64"),
            *(conda("numpy", version, on="osx-arm64") for version in _NUMPYS),
            *(conda("numpy", "2.5.2", on=platform) for platform in TWO),
        ],
    ),
    "two-files": Project(
        {
            "environment-linux.yml": _environment("numpy", "greeting-data >=1", "gdb", "python"),
            "environment-macos-arm64.yml": _environment("numpy", "greeting-data", "python"),
        },
    ),
    "twelve-lines": Project(
        {
            "environment-linux.yml": _environment("numpy >=2", *_TWELVE, "gdb")
            + "prefix: /home/me/envs/robot\n",
            "env.osx-arm64.yaml": _environment("numpy 1.26.*", *_TWELVE),
        },
    ),
    "merging": Project(
        {"environment.yml": manifest("base", platforms="linux-64")},
        packages=[conda("base", version) for version in ("1.0", "1.1", "1.2")],
        setup=f"""\
git init -q -b main
conda multiplat merge-driver --setup
{_lock_with(("base", "base 1.1"))}
{COMMIT}
git switch -q -c side
sed -i 's/base/base 1.0/' environment.yml
conda multiplat lock
git commit -qam Side
git switch -q main
conda multiplat lock --update-all
git commit -qam Main""",
    ),
    "git-diff": Project(
        {"environment.yml": manifest("numpy", platforms="linux-64")},
        packages=[
            conda("numpy", "2.2.6", "py312h72c5963_0", on="linux-64"),
            conda("numpy", "2.3.1", "py312h6cf2f7f_0", on="linux-64"),
        ],
        setup=f"""\
git init -q -b main
conda multiplat diff --setup
{_lock_with(("numpy", "numpy 2.2.6"))}
{COMMIT}
conda multiplat lock --update-all""",
    ),
    "licences": Project(
        {"environment.yml": _LICENSED}, packages=_LICENCES, setup="conda multiplat lock"
    ),
    "licences-allowed": Project(
        {"environment.yml": _LICENSED + _ALLOWED},
        packages=_LICENCES,
        setup="conda multiplat lock",
    ),
    "cached": Project(
        {"environment.yml": manifest("python 3.12.*", "pip:\n      - robosuite")},
        then="conda multiplat lock\nconda multiplat install",
        served=True,
        environ=MACHINE,
    ),
    "info": Project(
        {
            "environment.yml": manifest(
                "python 3.12.*",
                "pip:\n      - robosuite",
                more=_CUDA12.replace("pytorch-gpu", "pytorch-gpu, nvcc"),
            )
        },
        then="""\
conda multiplat lock
conda multiplat install -e default
conda multiplat install -e cuda12
sed -i 's/nvcc/nvcc, polars/' environment.yml
rm ~/root/envs/robot-cuda12/conda-meta/nvcc-*.json
rm ~/root/envs/robot-cuda12/conda-meta/mkl-*.json""",
        environ={**MACHINE, "CONDA_OVERRIDE_CUDA": "12.4"},
    ),
    "listing": Project(
        {"environment.yml": manifest("tool", "native", "lin-only  # [linux]")},
        packages=[
            conda("base"),
            conda("tool", "3.0", "h1_0", "base"),
            conda("native", "1.0", "hl_0", on="linux-64"),
            conda("native", "1.0", "ho_0", on="osx-arm64"),
            conda("lin-only", "2.0"),
        ],
        setup="conda multiplat lock",
    ),
    "changed": Project(
        {
            "environment.yml": manifest("base", "tool * h2_*", "python", platforms="linux-64"),
            "before.yml": manifest("base <2", "tool * h1_*", "solo", platforms="linux-64"),
        },
        packages=[
            conda("python", "3.12.4", "0_cpython"),
            conda("base"),
            conda("base", "2.0"),
            conda("tool", "3.0", "h1_0"),
            conda("tool", "3.0", "h2_1"),
            conda("solo"),
        ],
        installs=True,
        then="""\
cp environment.yml after.yml; cp before.yml environment.yml
conda multiplat lock; conda multiplat install
cp after.yml environment.yml
conda multiplat lock --update-all""",
        environ=MACHINE,
    ),
    "tree": Project(
        {"environment.yml": _two_lines("tool >=3", "other", platforms="linux-64")},
        packages=[
            conda("base", "1.1"),
            conda("library", "1.0", "h1_0", "base >=1,<2"),
            conda("tool", "3.0", "0", "library", "base"),
            conda("other", "1.0", "0", "library 1.0 h1_*"),
        ],
        setup="conda multiplat lock",
        environ=MACHINE,
    ),
    "matrix": Project(
        {
            "environment.yml": manifest(
                "torch", more=_CUDA12.replace("cuda12", "gpu").replace("pytorch-gpu", "cuda-thing")
            )
        },
        packages=[
            *(conda("torch", "2.5.1", "cpu_0", on=platform) for platform in TWO),
            conda("torch", "2.5.1", "cuda126_1", "__cuda >=12.1", on="linux-64"),
            conda("cuda-thing", "1.0", "0", "torch * cuda*", "__glibc >=2.17"),
        ],
        setup="conda multiplat lock",
    ),
    "twice": Project(
        {
            "environment.yml": manifest(
                "python 3.12.*", "ninja", "pip:\n      - builder", platforms="linux-64"
            )
        },
        packages=[conda("python", "3.12.12"), conda("ninja", "1.12.1")],
    ),
    "broken": Project(
        {
            "environment.yml": "name: robot\nchannels: [conda-forge]\n"
            "platforms: [linux-64, osx-arm46]\ndependencies:\n  - numpy\n  - python >>3.12\n"
        },
    ),
    "in-use": Project(
        {
            "environment.yml": manifest("python 3.12.*", platforms="linux-64"),
            "train.py": "import pathlib, time\npathlib.Path('started').touch()\n"
            "while not pathlib.Path('stop').exists():\n    time.sleep(0.05)\n",
        },
        then="""\
conda multiplat lock; conda multiplat install
conda multiplat run -- python train.py --epochs 3 >/dev/null 2>&1 &
until test -e started; do sleep 0.05; done
echo '  - ruff' >>environment.yml; conda multiplat lock""",
        environ=MACHINE,
    ),
}
