"""``python -m conda_multiplat``: the same as ``conda-multiplat``."""

from conda_multiplat.cli import main

raise SystemExit(main())
