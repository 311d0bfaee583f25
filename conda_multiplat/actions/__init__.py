"""Steps that several commands share: read files, compute values of the core, write files.

Nothing here depends on argparse.
"""
