"""``nesy editor``: the language server for rule files."""

from __future__ import annotations

from nesy.diagnostics import Diagnostic, MissingError


def editor() -> None:
    """Serve an editor over standard input and output (LSP); rules/README.md says how to set it up.

    Raises MissingError N902 without pygls, which the extra ``editor`` installs.
    """
    try:
        from nesy.editor.server import serve
    except ImportError as error:
        if (error.name or "").split(".")[0] not in ("pygls", "lsprotocol"):
            raise
        what, why = "pygls is not installed", "the language server speaks LSP by it"
        raise MissingError(Diagnostic("N902", what, why, 'pip install "nesy[editor]"')) from error
    serve()
