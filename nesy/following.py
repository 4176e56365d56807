"""A process that works for another: it leaves Ctrl-C to that one, and ends with it."""

import os
import signal
import threading
from multiprocessing import parent_process


def follow() -> None:
    """Have this process ignore interrupts, and end when the one that started it is gone.

    Else one that is killed leaves others working, and the next that is started meets their files.
    """
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_end_with_parent, daemon=True).start()


def _end_with_parent() -> None:
    if (parent := parent_process()) is not None:
        parent.join()
        os._exit(1)
