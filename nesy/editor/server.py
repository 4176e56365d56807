"""The server itself: LSP over standard input and output, one check at a time, none in the way."""

from __future__ import annotations

import asyncio
import os
import sys
from dataclasses import dataclass, field
from pathlib import Path

from lsprotocol import types as lsp
from pygls.lsp.server import LanguageServer
from pygls.uris import from_fs_path, to_fs_path
from pygls.workspace import TextDocument

from nesy import __version__, rulebook
from nesy.check import session, store
from nesy.check.mend import edits_of
from nesy.diagnostics import Diagnostic, Edit, Fault
from nesy.editor.answers import Answers
from nesy.exemption import machines_day

_PAUSE = 0.15  # seconds without a key before what is written is checked


@dataclass
class _Open:
    """What is known of an open file: its last faults, and the answers of its last whole reading."""

    answers: Answers
    faults: tuple[Diagnostic, ...] = ()
    task: asyncio.Task[None] | None = field(default=None, repr=False)


class RulesServer(LanguageServer):
    """A language server for rule files."""

    def __init__(self) -> None:
        super().__init__("nesy", __version__)
        self.words = store.vocabulary()
        self.opened: dict[str, _Open] = {}
        self.checking = asyncio.Lock()

    def known(self, uri: str) -> _Open:
        """Return what is known of a file; before its first check, of the shipped rules alone."""
        if uri not in self.opened:
            self.opened[uri] = _Open(Answers(rulebook.load(), self.words))
        return self.opened[uri]

    def changed(self, uri: str) -> None:
        """Check a file once nobody has written for a moment."""
        known = self.known(uri)
        if known.task is not None:
            known.task.cancel()
        known.task = asyncio.ensure_future(self._check(uri))

    async def _check(self, uri: str) -> None:
        await asyncio.sleep(_PAUSE)
        document = self.workspace.get_text_document(uri)
        path, text, version = Path(to_fs_path(uri) or uri), document.source, document.version
        async with self.checking:
            # A thread, because rules that do not end are given ten seconds to.
            found, book = await asyncio.to_thread(self._found, path, text)
        known = self.known(uri)
        faults = tuple(fault for fault in found.faults if _is_of(fault, path))
        known.faults = faults
        if any(pack.path in (path, path.resolve()) for pack in book.packs):
            known.answers = Answers(book, self.words)
        shown = [_diagnostic(fault, document) for fault in faults]
        self.text_document_publish_diagnostics(
            lsp.PublishDiagnosticsParams(uri=uri, diagnostics=shown, version=version)
        )

    def _found(self, path: Path, text: str) -> tuple[session.Checked, rulebook.Rulebook]:
        return session.files([path], self.words, None, machines_day(), texts={path: text})


def _is_of(fault: Diagnostic, path: Path) -> bool:
    from nesy.resources import shown

    return fault.file in (None, str(path), shown(path))


def _diagnostic(fault: Diagnostic, document: TextDocument) -> lsp.Diagnostic:
    severity = lsp.DiagnosticSeverity
    return lsp.Diagnostic(
        range=_range(fault, document),
        message=f"{fault.what}\nwhy: {fault.why}\nfix: {fault.fix}",
        severity=severity.Warning if session.is_warning(fault) else severity.Error,
        code=fault.code,
        source="nesy",
    )


def _range(fault: Diagnostic, document: TextDocument) -> lsp.Range:
    """Return the range of a fault; without an end it is the rest of the line."""
    line, column = fault.line or 1, fault.column or 1
    end_line = fault.end_line if isinstance(fault, Fault) else None
    end_column = fault.end_column if isinstance(fault, Fault) else None
    if end_line is None or end_column is None:
        rest = document.lines[line - 1] if line <= len(document.lines) else ""
        end_line, end_column = line, len(rest.rstrip()) + 1
    return _client_range(Edit(line, column, end_line, max(end_column, 1), ""), document)


def _client_range(edit: Edit, document: TextDocument) -> lsp.Range:
    """Return a range as the client counts: from 0, by default in UTF-16 units."""
    found = lsp.Range(
        lsp.Position(edit.line - 1, edit.column - 1),
        lsp.Position(edit.end_line - 1, edit.end_column - 1),
    )
    return document.position_codec.range_to_client_units(document.lines, found)


def serve() -> None:
    """Serve one editor until it leaves."""
    server = RulesServer()

    @server.feature(lsp.TEXT_DOCUMENT_DID_OPEN)
    @server.feature(lsp.TEXT_DOCUMENT_DID_CHANGE)
    @server.feature(lsp.TEXT_DOCUMENT_DID_SAVE)
    def changed(
        params: lsp.DidOpenTextDocumentParams
        | lsp.DidChangeTextDocumentParams
        | lsp.DidSaveTextDocumentParams,
    ) -> None:
        server.changed(params.text_document.uri)

    @server.feature(lsp.TEXT_DOCUMENT_DID_CLOSE)
    def closed(params: lsp.DidCloseTextDocumentParams) -> None:
        known = server.opened.pop(params.text_document.uri, None)
        if known is not None and known.task is not None:
            known.task.cancel()

    @server.feature(lsp.TEXT_DOCUMENT_HOVER)
    def hover(params: lsp.HoverParams) -> lsp.Hover | None:
        document, offset = _at(server, params)
        told = server.known(document.uri).answers.hover(document.source, offset)
        return lsp.Hover(lsp.MarkupContent(lsp.MarkupKind.Markdown, told)) if told else None

    @server.feature(
        lsp.TEXT_DOCUMENT_COMPLETION, lsp.CompletionOptions(trigger_characters=["(", ",", "@"])
    )
    def complete(params: lsp.CompletionParams) -> list[lsp.CompletionItem]:
        document, offset = _at(server, params)
        offers = server.known(document.uri).answers.complete(document.source, offset)
        kinds = lsp.CompletionItemKind
        return [
            lsp.CompletionItem(
                label=offer.label,
                kind=kinds.Function if offer.is_predicate else kinds.EnumMember,
                detail=offer.detail,
                documentation=offer.documentation or None,
                filter_text=offer.label.split("(")[0],
                insert_text=offer.snippet,
                insert_text_format=lsp.InsertTextFormat.Snippet,
            )
            for offer in offers
        ]

    @server.feature(lsp.TEXT_DOCUMENT_DEFINITION)
    def definition(params: lsp.DefinitionParams) -> list[lsp.Location]:
        document, offset = _at(server, params)
        found = []
        for place in server.known(document.uri).answers.definition(document.source, offset):
            at = lsp.Position(place.line - 1, place.column - 1)
            found.append(lsp.Location(from_fs_path(str(place.path)) or "", lsp.Range(at, at)))
        return found

    @server.feature(lsp.TEXT_DOCUMENT_CODE_ACTION)
    def actions(params: lsp.CodeActionParams) -> list[lsp.CodeAction]:
        uri = params.text_document.uri
        document = server.workspace.get_text_document(uri)
        found = []
        for fault in server.known(uri).faults:
            where = _range(fault, document)
            edits = edits_of(fault)
            if not edits or where.end < params.range.start or where.start > params.range.end:
                continue
            changes = [lsp.TextEdit(_client_range(edit, document), edit.text) for edit in edits]
            found.append(
                lsp.CodeAction(
                    title=fault.fix,
                    kind=lsp.CodeActionKind.QuickFix,
                    diagnostics=[_diagnostic(fault, document)],
                    edit=lsp.WorkspaceEdit(changes={uri: changes}),
                )
            )
        return found

    # The server closes what it wrote to; the command flushes its own once it is done.
    with os.fdopen(os.dup(sys.stdout.fileno()), "wb") as out:
        server.start_io(sys.stdin.buffer, out)


_Asked = lsp.HoverParams | lsp.CompletionParams | lsp.DefinitionParams


def _at(server: RulesServer, params: _Asked) -> tuple[TextDocument, int]:
    document = server.workspace.get_text_document(params.text_document.uri)
    return document, document.offset_at_position(params.position)
