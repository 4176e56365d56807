"""Tasks: questions put to systems, each a folder with ``task.toml``, rows and a README.

``names()`` lists the shipped ones, ``read`` returns what ``task.toml`` says, ``load`` the samples.
Rows lie beside ``task.toml`` or are made by a module of ``loaders/``; sets that may not be shipped
are read from a folder that the user names. A table of the user's own is a task as well (`own.py`).
"""

from .definition import digest, names, read, weights
from .loading import load
from .template import in_words

__all__ = ["digest", "in_words", "load", "names", "read", "weights"]
