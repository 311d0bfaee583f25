"""What several commands do: files are read, values of the core made, and files written.

Commands are built of these; nothing here knows argparse.
"""
