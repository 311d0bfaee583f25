"""Files of others to our manifest: ``environment.yml``, ``conda-lock.yml``, pixi. Pure."""
