"""A lock as text for other tools: explicit files, requirements, SBOMs, images' layers and more.

Pure functions from values to text or bytes: nothing is read, fetched or written here.
"""
