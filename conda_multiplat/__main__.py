"""``python -m conda_multiplat``: the same as ``conda-multiplat``."""

from conda_multiplat.cli.main import main

raise SystemExit(main())
