"""How conda's process ends after a command of ours."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from support.hosts import EMBEDDED, Host
from support.manifests import write
from support.packages import SUBDIR

#: Prints what the garbage collector does during the command, after it, and as Python ends.
_COLLECTOR = """\
import atexit, gc, sys
import conda_multiplat.actions.lock.lock_project as action
from support.embedded_conda import main
before = gc.get_threshold()
reported = action.report
def report(*arguments):
    print("during:", gc.get_threshold()[0] > before[0])
    reported(*arguments)
action.report = report
atexit.register(lambda: print("at the end:", gc.get_freeze_count() > 1000))
sys.argv = ["conda", *sys.argv[1:]]
main()
print("after:", gc.get_threshold() == before, gc.get_freeze_count())
"""


def test_garbage_is_not_collected(conda: Host, project: Path, real_channel: Path) -> None:
    """Not during a command and not as Python ends; a process that goes on gets back what it had."""
    if conda.label != EMBEDDED:
        pytest.skip("a real conda's Python can't import what looks at the collector")
    write(project, real_channel, "greeting", platforms=f"[{SUBDIR}]")
    done = subprocess.run(
        [sys.executable, "-c", _COLLECTOR, "multiplat", "lock", "-q"],
        cwd=project,
        env=conda.environ(),
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout == "during: True\nafter: True 0\nat the end: True\n"
