"""Rule cases in plain text: run them, see what they cover, and drop conditions to see who notices.

``case`` reads them, ``switched`` is the rules with a switch for each change to one of them,
``run`` solves many cases at once, ``mutants`` says which change goes unnoticed.
"""
