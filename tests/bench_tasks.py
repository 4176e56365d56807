"""What the tests of tasks share: files that are written, and faults that are raised."""

import pytest

from nesy.diagnostics import NesyError


def fault(call, *arguments, **more):
    """Return the NesyError of a call."""
    with pytest.raises(NesyError) as raised:
        call(*arguments, **more)
    return raised.value


def written(path, text):
    """Write a file, and its folders."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    return path
