"""Steps that several commands share: read files, compute values of the core, write files.

Nothing here knows argparse or conda; what is computed without the disk belongs into the core.
"""
