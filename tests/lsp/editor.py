"""An editor of the tests' own: it speaks to the real `volfix lsp` over stdio, and makes the edits that it is given."""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any, TypeVar

from lsprotocol import types
from pygls.lsp.client import LanguageClient

Result = TypeVar("Result")
SECONDS = 600
"""After which a server that says nothing has failed: no test waits as long where all is well."""
UNITS = {"utf-8": ("utf-8", 1), "utf-16": ("utf-16-le", 2), "utf-32": ("utf-32-le", 4)}


class Editor(LanguageClient):
    """Open documents with their texts, and what the server has said of them."""

    def __init__(self, folder: Path | None, encoding: str | None) -> None:
        super().__init__("editor of the tests", "1")
        self.folder, self.encoding = folder, encoding or "utf-16"
        self.texts: dict[str, str] = {}
        self.versions: dict[str, int] = {}
        self.published: dict[str, types.PublishDiagnosticsParams] = {}
        self.messages: list[str] = []
        self.news = asyncio.Event()

        def publish(params: types.PublishDiagnosticsParams) -> None:
            self.published[params.uri] = params
            self.news.set()

        def show(params: types.ShowMessageParams) -> None:
            self.messages.append(params.message)
            self.news.set()

        self.feature(types.TEXT_DOCUMENT_PUBLISH_DIAGNOSTICS)(publish)
        self.feature(types.WINDOW_SHOW_MESSAGE)(show)

    async def until(self, holds: Callable[[], bool]) -> None:
        """Wait until the server has said what is asked for."""
        while not holds():
            self.news.clear()
            await asyncio.wait_for(self.news.wait(), SECONDS)

    def open(self, path: Path, text: str | None = None) -> str:
        """Open a file, with other text than is saved where some is given."""
        uri = path.as_uri()
        self.texts[uri] = path.read_bytes().decode() if text is None else text
        self.versions[uri] = 1
        item = types.TextDocumentItem(uri, "yaml", 1, self.texts[uri])
        self.text_document_did_open(types.DidOpenTextDocumentParams(item))
        return uri

    def type(self, uri: str, text: str) -> None:
        """Change the text of a document."""
        self.texts[uri] = text
        self.versions[uri] += 1
        identifier = types.VersionedTextDocumentIdentifier(version=self.versions[uri], uri=uri)
        change = types.TextDocumentContentChangeWholeDocument(text)
        self.text_document_did_change(types.DidChangeTextDocumentParams(identifier, [change]))

    def close(self, uri: str) -> None:
        del self.texts[uri]
        self.text_document_did_close(types.DidCloseTextDocumentParams(types.TextDocumentIdentifier(uri)))

    async def diagnostics(self, uri: str) -> list[types.Diagnostic]:
        """What the server says of the text of now."""
        version = self.versions.get(uri)
        await self.until(lambda: uri in self.published and self.published[uri].version == version)
        return list(self.published[uri].diagnostics)

    async def codes(self, uri: str) -> list[str]:
        return sorted(str(each.code) for each in await self.diagnostics(uri))

    async def actions(self, uri: str, where: types.Range | None = None, **context: Any) -> list[types.CodeAction]:
        """The code actions of a range, or of the whole document."""
        where = where or types.Range(types.Position(0, 0), types.Position(10_000, 0))
        asked = types.CodeActionParams(types.TextDocumentIdentifier(uri), where, types.CodeActionContext([], **context))
        found = await self.text_document_code_action_async(asked)
        return [each for each in found or [] if isinstance(each, types.CodeAction)]

    async def edit_of(self, action: types.CodeAction) -> dict[str, str]:
        """The texts that the edits of an action make, by document; the open ones have them from now on."""
        edit = action.edit or (await self.code_action_resolve_async(action)).edit
        made: dict[str, str] = {}
        for change in edit.document_changes or [] if edit else []:
            assert isinstance(change, types.TextDocumentEdit)
            uri = change.text_document.uri
            assert change.text_document.version == self.versions.get(uri)
            text = self.texts[uri] if uri in self.texts else Path(uri.removeprefix("file://")).read_bytes().decode()
            made[uri] = self.applied(text, [each for each in change.edits if isinstance(each, types.TextEdit)])
        return made

    def applied(self, text: str, edits: list[types.TextEdit]) -> str:
        """A text with edits, whose places are in the text before all of them."""
        parts: list[str] = []
        at = 0
        places = [(self._offset(text, each.range.start), self._offset(text, each.range.end), each) for each in edits]
        for start, end, edit in sorted(places, key=lambda place: place[:2]):
            assert start >= at
            parts += (text[at:start], edit.new_text)
            at = end
        return "".join([*parts, text[at:]])

    def _offset(self, text: str, position: types.Position) -> int:
        name, size = UNITS[self.encoding]
        lines = text.split("\n")
        line = lines[position.line]
        before = line.encode(name)[: position.character * size].decode(name)
        assert len(before.encode(name)) == position.character * size, "a place behind the line"
        return sum(len(each) + 1 for each in lines[: position.line]) + len(before)


def place(text: str, part: str) -> types.Position:
    """Where a part of a text begins, in units of UTF-16."""
    before = text[: text.index(part)]
    line = before.rpartition("\n")[2]
    return types.Position(before.count("\n"), len(line.encode("utf-16-le")) // 2)


def edit(
    folder: Path | None,
    session: Callable[[Editor], Awaitable[Result]],
    *,
    encodings: list[str] | None = None,
    resolves: bool = True,
    opens: Path | None = None,
) -> Result:
    """Start the server, open a folder, do what the session does, and end the server, which must end well."""

    async def whole() -> Result:
        editor = Editor(folder, (encodings or [None])[0])  # type: ignore[list-item]
        environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[2] / "src")}
        await editor.start_io(sys.executable, "-m", "volfix", "lsp", env=environment, cwd="/")
        support = types.ClientCodeActionResolveOptions(properties=["edit"]) if resolves else None
        await editor.initialize_async(
            types.InitializeParams(
                capabilities=types.ClientCapabilities(
                    general=types.GeneralClientCapabilities(position_encodings=encodings),
                    workspace=types.WorkspaceClientCapabilities(
                        workspace_edit=types.WorkspaceEditClientCapabilities(document_changes=True)
                    ),
                    text_document=types.TextDocumentClientCapabilities(
                        code_action=types.CodeActionClientCapabilities(resolve_support=support)
                    ),
                ),
                workspace_folders=[types.WorkspaceFolder(folder.as_uri(), folder.name)] if folder else None,
            )
        )
        editor.initialized(types.InitializedParams())
        result = await asyncio.wait_for(session(editor), SECONDS)
        await editor.shutdown_async(None)
        editor.exit(None)
        await asyncio.wait_for(editor.stop(), SECONDS)  # type: ignore[no-untyped-call]
        assert editor._server is not None
        assert editor._server.stderr is not None
        assert (editor._server.returncode, (await editor._server.stderr.read()).decode()) == (0, "")
        return result

    return asyncio.run(whole())
