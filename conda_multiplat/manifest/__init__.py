"""``environment.yml`` as a value: text to manifest, manifest to targets, and edits of the text.

Pure functions: no file is opened here, and nothing depends on this machine.
"""
