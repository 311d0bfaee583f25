"""Lines that ask for virtual packages: where none fits, the error says what to promise."""

from __future__ import annotations

from pathlib import Path

import pytest
from support.hosts import Host
from support.manifests import write

UNDER = "under multiplat: virtual-packages"


@pytest.mark.parametrize(
    ("line", "advice"),
    [
        (
            "__cuda >=12.1",
            f'__cuda is a virtual package that is not promised: write `linux-64: {{cuda: "12.1"}}` '
            f"{UNDER}",
        ),
        (
            "__cuda",
            f'__cuda is a virtual package that is not promised: write `linux-64: {{cuda: "12.4"}}` '
            f"{UNDER}",
        ),
        (
            "__amdgpu =6.1",
            "__amdgpu is a virtual package that is not promised: write "
            f'`linux-64: {{amdgpu: "6.1"}}` {UNDER}',
        ),
        (
            "__glibc >=2.40",
            f'linux-64 is promised __glibc 2.28: write `linux-64: {{glibc: "2.40"}}` {UNDER}',
        ),
        (
            "__archspec * x86_64_v3",
            "linux-64 is promised __archspec x86_64: write "
            f'`linux-64: {{archspec: "x86_64_v3"}}` {UNDER}',
        ),
        ("__osx", "linux-64 never has 'osx': give the line a selector, or leave it out"),
    ],
)
def test_what_to_promise(alone: Host, project: Path, channel: Path, line: str, advice: str) -> None:
    """Written as advised, it can be locked; nobody is told that a channel has no such package."""
    write(project, channel, f"'{line}'", "zlib", platforms="[linux-64]")
    stderr = alone.multiplat("lock", cwd=project, code=1).stderr
    assert stderr.endswith(f"  {advice}\n  no file was changed\n")
    assert "no package" not in stderr
    if "`" in advice:
        extra = f"multiplat: {{virtual-packages: {{{advice.split('`')[1]}}}}}\n"
        write(project, channel, f"'{line}'", "zlib", platforms="[linux-64]", extra=extra)
        alone.multiplat("lock", cwd=project)
        assert alone.multiplat("check", cwd=project).stdout == "in sync: conda-lock.yml\n"


def test_nothing_to_promise(alone: Host, project: Path, channel: Path) -> None:
    """Where no higher version would fit, nothing is advised."""
    write(project, channel, "'__glibc <2.20'", platforms="[linux-64]")
    assert "promise" not in alone.multiplat("lock", cwd=project, code=1).stderr
