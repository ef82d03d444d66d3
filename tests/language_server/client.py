"""A client of the language server: JSON-RPC over the pipes of `dslnas lsp`."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

from tests.conftest import REPOSITORY


class Client:
    """A process of the server, and messages to and from it."""

    def __init__(self, *options: str, **capabilities: object) -> None:
        command = [sys.executable, "-m", "dslnas", "lsp", "--stdio", *options]
        self._process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, cwd=REPOSITORY
        )
        self._number = 0
        self._published: dict[str, list[dict[str, Any]]] = {}
        self.server = self.ask(
            "initialize", processId=None, rootUri=None, capabilities=capabilities
        )
        self.tell("initialized")

    def ask(self, method: str, **params: object) -> Any:
        """Return the answer to a request; raise what the server refuses with."""
        self._number += 1
        self._send({"id": self._number, "method": method, "params": params})
        while (message := self._read()).get("id") != self._number or "method" in message:
            self._keep(message)
        if "error" in message:
            raise RefusedError(message["error"]["message"])
        return message["result"]

    def tell(self, method: str, **params: object) -> None:
        """Send a notification."""
        self._send({"method": method, "params": params})

    def open(self, path: Path, text: str) -> str:
        """Open a document and return its address."""
        uri = path.as_uri()
        document = {"uri": uri, "languageId": "nas", "version": 1, "text": text}
        self.tell("textDocument/didOpen", textDocument=document)
        return uri

    def change(self, uri: str, text: str) -> None:
        """Give a document another text."""
        document = {"uri": uri, "version": 2}
        self.tell("textDocument/didChange", textDocument=document, contentChanges=[{"text": text}])

    def diagnostics(self, uri: str) -> list[dict[str, Any]]:
        """Return the next diagnostics of a document."""
        while uri not in self._published:
            self._keep(self._read())
        return self._published.pop(uri)

    def at(self, method: str, uri: str, line: int, character: int, **params: object) -> Any:
        """Return the answer to a request about a place in a document."""
        position = {"line": line, "character": character}
        return self.ask(method, textDocument={"uri": uri}, position=position, **params)

    def stop(self) -> int:
        """Ask the server to end and return its exit code."""
        self.ask("shutdown")
        self.tell("exit")
        self._process.communicate()
        return self._process.returncode

    def _keep(self, message: dict[str, Any]) -> None:
        if message.get("method") == "textDocument/publishDiagnostics":
            self._published[message["params"]["uri"]] = message["params"]["diagnostics"]

    def _send(self, message: dict[str, Any]) -> None:
        if message["params"] == {}:
            message["params"] = None
        content = json.dumps({"jsonrpc": "2.0", **message}).encode()
        assert self._process.stdin is not None
        self._process.stdin.write(b"Content-Length: %d\r\n\r\n" % len(content) + content)
        self._process.stdin.flush()

    def _read(self) -> dict[str, Any]:
        assert self._process.stdout is not None
        length = 0
        while line := self._process.stdout.readline().strip():
            name, _, value = line.partition(b":")
            length = int(value) if name.lower() == b"content-length" else length
        assert length, "the server has ended"
        message: dict[str, Any] = json.loads(self._process.stdout.read(length))
        return message


class RefusedError(Exception):
    """Refusal of a server, with its reason."""
