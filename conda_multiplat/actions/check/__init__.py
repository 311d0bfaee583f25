"""Check whether the locks of a project satisfy its manifest. Nothing is written."""
