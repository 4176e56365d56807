"""Audit: one line a decision, chained, so that a removed or changed line is found.

``Log`` appends records to a JSON Lines file, ``verify`` reads one back. Beside ``LOG.jsonl`` lie

* ``LOG.jsonl.key``, 32 random bytes that only its owner reads: inputs are hashed with it, and every
  record is sealed with it. Without it nobody can tell from a hash what was said, not even by trying
  every short line; delete it and the hashes say nothing to anybody for ever.
* ``LOG.jsonl.head``, how many records there are and the hash of the last.

What is found: a changed, removed, inserted or moved line; a line written without the key (where the
key is at hand); a tail cut off (by the head file, or by a head hash kept elsewhere: ``--head``).
What cannot be found: a tail cut off together with a head file set back to match, where no later
head was kept elsewhere; a log rewritten by whoever has the key; a decision that was never logged;
a wrong clock. So keep the printed head somewhere else, and the key away from the log's readers.
"""

from nesy.audit.log import Log
from nesy.audit.record import decision, fired_in
from nesy.audit.verify import Report, unrecorded, verify

__all__ = ["Log", "Report", "decision", "fired_in", "unrecorded", "verify"]
