"""The server: an editor's documents are checked a moment after the last change, one run at a time, beside the loop
that answers the editor. It writes no file.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import ParamSpec, TypeVar

from lsprotocol import types
from pygls.lsp.server import LanguageServer
from pygls.uris import to_fs_path

from volfix import __version__
from volfix.lsp.actions import Refused, made, offered
from volfix.lsp.checks import Check, Document, NotChecked, check, repository_of
from volfix.lsp.diagnostics import Shown
from volfix.syntax.failures import failure

QUICK_FIX = types.CodeActionKind.QuickFix.value
PAUSE = 0.2
"""Seconds without a change after which documents are checked."""
Asked = ParamSpec("Asked")
Result = TypeVar("Result")


@dataclass(slots=True)
class Repository:
    """A repository of open documents: its last check, the next one, and the documents with diagnostics."""

    root: Path
    check: Check | None = None
    task: asyncio.Task[None] | None = None
    published: frozenset[str] = frozenset()
    lock: asyncio.Lock = field(default_factory=asyncio.Lock)


class Server(LanguageServer):
    """Answers one editor. The whole text of a document comes with each change: a text that is put together wrongly
    would be fixed wrongly.
    """

    def __init__(self) -> None:
        super().__init__("volfix", __version__, text_document_sync_kind=types.TextDocumentSyncKind.Full)
        self.worker = ThreadPoolExecutor(1)
        self.repositories: dict[Path, Repository] = {}
        self.roots: dict[str, Path | None] = {}
        self.told: set[str] = set()

    async def work(self, function: Callable[Asked, Result], /, *arguments: Asked.args, **named: Asked.kwargs) -> Result:
        """Run a function in the one thread that reads files: where a run may read is one state of the process."""
        return await asyncio.get_running_loop().run_in_executor(self.worker, partial(function, *arguments, **named))

    async def repository(self, uri: str) -> Repository | None:
        """The repository of a document; None where it is not checked, and the person is told why, once."""
        path = to_fs_path(uri)
        if path is not None and uri not in self.roots:
            try:
                self.roots[uri] = await self.work(repository_of, Path(path), self._folders())
            except NotChecked as refusal:
                self.roots[uri] = None
                self.tell(str(refusal))
        root = self.roots.get(uri)
        return None if root is None else self.repositories.setdefault(root, Repository(root))

    def tell(self, message: str) -> None:
        """Show a message to the person, once."""
        if message not in self.told:
            self.told.add(message)
            self.window_show_message(types.ShowMessageParams(types.MessageType.Warning, f"volfix: {message}"))

    def _folders(self) -> list[Path]:
        uris = list(self.workspace.folders) or ([self.workspace.root_uri] if self.workspace.root_uri else [])
        return [Path(path) for path in map(to_fs_path, uris) if path]

    def documents(self, root: Path) -> dict[str, Document]:
        """The open documents of a repository, as they are now."""
        found = {}
        for uri, text in self.workspace.text_documents.items():
            path = to_fs_path(uri)
            if path is not None and Path(path).is_relative_to(root):
                found[os.path.realpath(path)] = Document(uri, Path(path), text.version, text.source)
        return found

    async def checked(self, repository: Repository) -> Check:
        """The check of a repository with the text of now."""
        async with repository.lock:
            documents = self.documents(repository.root)
            if repository.check is None or not repository.check.is_of(documents):
                repository.check = await self.work(check, repository.root, documents)
            return repository.check

    async def shown(self, repository: Repository) -> Shown:
        """The same, as this editor counts columns."""
        encoding = self.workspace.position_encoding or types.PositionEncodingKind.Utf16
        return Shown(await self.checked(repository), encoding)

    async def changed(self, uri: str, *, anew: bool = True) -> None:
        """Check the repository of a document in a moment; what the last check has not read is no reason to, where it
        is not `anew`: opened, saved or closed.
        """
        if anew:
            self.roots.pop(uri, None)
        repository = await self.repository(uri)
        if repository is None:
            return
        last, waits = repository.check, repository.task is not None and not repository.task.done()
        if not anew and not waits and last is not None and last.is_of(self.documents(repository.root)):
            return
        if repository.task is not None:
            repository.task.cancel()
        if anew:
            repository.check = None
        repository.task = asyncio.get_running_loop().create_task(self._publish(repository))

    async def _publish(self, repository: Repository) -> None:
        await asyncio.sleep(PAUSE)
        try:
            shown = await self.shown(repository)
            self._send(repository, shown)
        except Exception as error:  # noqa: BLE001 - the next change is checked all the same
            self.tell(failure(repository.root, error).message)

    def _send(self, repository: Repository, shown: Shown) -> None:
        found = shown.diagnostics() if shown.check.documents else {}
        versions = {each.uri: each.version for each in shown.check.documents.values()}
        for uri in sorted(repository.published - found.keys()):
            self.text_document_publish_diagnostics(types.PublishDiagnosticsParams(uri, []))
        for uri, diagnostics in found.items():
            self.text_document_publish_diagnostics(
                types.PublishDiagnosticsParams(uri, diagnostics, version=versions.get(uri))
            )
        repository.published = frozenset(uri for uri, diagnostics in found.items() if diagnostics)


async def opened(server: Server, params: types.DidOpenTextDocumentParams) -> None:
    """A document is open."""
    await server.changed(params.text_document.uri)


async def changed(server: Server, params: types.DidChangeTextDocumentParams) -> None:
    """A person has typed."""
    await server.changed(params.text_document.uri, anew=False)


async def saved(server: Server, params: types.DidSaveTextDocumentParams) -> None:
    """A file is written: others may have changed with it."""
    await server.changed(params.text_document.uri)


async def closed(server: Server, params: types.DidCloseTextDocumentParams) -> None:
    """From now on what is saved counts."""
    server.text_document_publish_diagnostics(types.PublishDiagnosticsParams(params.text_document.uri, []))
    await server.changed(params.text_document.uri)


async def hovered(server: Server, params: types.HoverParams) -> types.Hover | None:
    """The evidence of the findings under the pointer."""
    repository, path = await server.repository(params.text_document.uri), to_fs_path(params.text_document.uri)
    if repository is None or path is None:
        return None
    return (await server.shown(repository)).hover(Path(path), params.position)


async def actions(server: Server, params: types.CodeActionParams) -> list[types.CodeAction]:
    """The fixes of the findings in a range. An editor that cannot refuse edits of another version is offered none."""
    repository, path = await server.repository(params.text_document.uri), to_fs_path(params.text_document.uri)
    wanted = params.context.only
    capabilities = server.client_capabilities
    edits = capabilities.workspace and capabilities.workspace.workspace_edit
    is_wanted = wanted is None or any(f"{QUICK_FIX}.".startswith(kind + ".") for kind in wanted)
    if repository is None or path is None or not edits or not edits.document_changes or not is_wanted:
        return []
    found = list(offered(await server.shown(repository), Path(path), params.range))
    action = capabilities.text_document and capabilities.text_document.code_action
    if action and action.resolve_support and "edit" in action.resolve_support.properties:
        return found
    return [each for each in [await resolved(server, each) for each in found] if each.edit is not None]


async def resolved(server: Server, action: types.CodeAction) -> types.CodeAction:
    """The action with its edit; without one, and the reason is shown, where the fix is not made."""
    data = action.data if isinstance(action.data, dict) else {}
    repository = server.repositories.get(Path(str(data.get("root"))))
    if repository is not None:
        shown = await server.shown(repository)
        try:
            action.edit = await server.work(made, shown.check, data, shown.encoding)
        except Refused as refusal:
            server.told.discard(str(refusal))
            server.tell(str(refusal))
    return action


def serve() -> None:
    """Answer an editor over standard input and output until it ends."""
    server = Server()
    server.feature(types.TEXT_DOCUMENT_DID_OPEN)(opened)
    server.feature(types.TEXT_DOCUMENT_DID_CHANGE)(changed)
    server.feature(types.TEXT_DOCUMENT_DID_SAVE)(saved)
    server.feature(types.TEXT_DOCUMENT_DID_CLOSE)(closed)
    server.feature(types.TEXT_DOCUMENT_HOVER)(hovered)
    options = types.CodeActionOptions(code_action_kinds=[types.CodeActionKind.QuickFix], resolve_provider=True)
    server.feature(types.TEXT_DOCUMENT_CODE_ACTION, options)(actions)
    server.feature(types.CODE_ACTION_RESOLVE)(resolved)
    server.start_io()
