"""``python -m nesy``: the command line, where ``nesy`` is not on the path."""

from nesy.cli import main

main()
