"""Read a line of conversation: its valence, its emotions, its acts, its cues.

``read`` is the lexical reader: VADER for the valence, the ontology's lexemes for the rest, no
network and no chance. Another reader can take its place (``reader``); the cues of a crisis are
always read lexically as well.
"""

from nesy.line.lexical import read
from nesy.line.reader import LexicalReader, Reader
from nesy.line.text import LONGEST_LINE, check, plain

__all__ = ["LONGEST_LINE", "LexicalReader", "Reader", "check", "plain", "read"]
