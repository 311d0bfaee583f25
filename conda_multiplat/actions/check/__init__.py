"""Whether the locks of a project answer its manifest; nothing is written."""
