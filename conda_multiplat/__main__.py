"""``python -m conda_multiplat``, and the ``conda-multiplat`` command.

A signal during imports must end the process without a traceback, so its handling is set up first.
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

    The process ends at once: the engine's threads may still be running after an interrupt, and
    Python's own shutdown handles neither them nor a signal that is received meanwhile.
    """
    from conda_multiplat.cli.main import main as run

    os._exit(run())


if __name__ == "__main__":
    main()
