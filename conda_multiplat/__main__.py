"""``python -m conda_multiplat``, and the ``conda-multiplat`` command.

A signal that comes while modules are imported ends the process without a traceback, so that how it
ends is settled before anything else is.
"""

import gc
import os

# Imports create many objects that stay; collecting garbage that often would only take time.
gc.set_threshold(50_000)
try:
    from conda_multiplat.machine.interrupts import end_at_once

    end_at_once()
except KeyboardInterrupt:  # before signals are handled
    os._exit(130)


def main() -> None:
    """Run a command, and end with its exit code.

    The process leaves at once: threads of the engine's may still be at work after an interrupt,
    and Python's own end is neither made for that nor for a signal that comes then.
    """
    from conda_multiplat.cli.main import main as run

    os._exit(run())


if __name__ == "__main__":
    main()
