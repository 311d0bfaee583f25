"""Edit a manifest's text: text to text, with every byte outside the changed lines unchanged.

The text is cut at the positions of YAML's nodes and never written again from parsed values: YAML
has many ways to write the same thing, and the user's way is kept. After each change the text is
read again; if its meaning differs in anything but the change, the change is refused.
"""
