"""Other tools' files as our manifest: ``environment.yml``, ``conda-lock.yml``, pixi's files.

Pure functions from text to values: ``actions.import_`` reads and writes the files.
"""
