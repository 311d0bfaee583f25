"""Changing a manifest's text: text to text, with every byte outside the changed lines as it was.

The text is cut where YAML's parser says that things stand, and never written anew from what the
parser understood: YAML has many ways to write one thing, and a user's way is kept. After each
change the text is read again, and must mean what it meant but for the change; else it is refused.
"""
