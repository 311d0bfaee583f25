"""Convert ``environment.yml``, ``conda-lock.yml`` and pixi files to our manifest (pure)."""
