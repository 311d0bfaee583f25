"""Solving and installing conda packages with py-rattler. The one folder that imports rattler."""
