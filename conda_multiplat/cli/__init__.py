"""The command line: parsers, commands and what they show.

A command reads its options and calls ``actions``; it neither solves nor writes files itself.
"""
