"""One ``environment.yml``, every platform locked at once, inside vanilla conda.

The data flows one way (see ``docs/architecture.md``)::

    text -> Manifest -> [Target] -> [SolveRequest] -> [Solution] -> LockFile -> text | prefix
"""

__version__ = "0.1.0"
