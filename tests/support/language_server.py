"""Talk to npm's yaml-language-server as an editor does (Language Server Protocol, over stdio)."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

PROGRAM = Path(
    os.environ.get(
        "DICOMFERRY_YAML_LS",
        Path(__file__).parents[2] / ".node/node_modules/yaml-language-server/bin"
        "/yaml-language-server",
    )
)

_SETTINGS = {"validate": True, "completion": True, "schemaStore": {"enable": False}}


def is_installed() -> bool:
    """Say whether there are node and the language server; `make language-server` brings it."""
    return shutil.which("node") is not None and PROGRAM.is_file()


class LanguageServer:
    """One server process; documents need not be files, their text is sent."""

    def __init__(self, process: subprocess.Popen[bytes]) -> None:
        self._process = process
        self._number = 0

    def open(self, uri: str, text: str) -> list[dict[str, Any]]:
        """Open a document and return what the server finds wrong with it."""
        document = {"uri": uri, "languageId": "yaml", "version": 1, "text": text}
        self._send("textDocument/didOpen", {"textDocument": document})
        while True:
            message = self._receive()
            if message.get("method") == "textDocument/publishDiagnostics":
                if message["params"]["uri"] == uri:
                    found: list[dict[str, Any]] = message["params"]["diagnostics"]
                    return found
            else:
                self._answer(message)

    def complete(self, uri: str, line: int, character: int) -> set[str]:
        """Return the labels offered at a position; both count from 0."""
        position = {"line": line, "character": character}
        answer = self.ask(
            "textDocument/completion", {"textDocument": {"uri": uri}, "position": position}
        )
        items = answer["items"] if isinstance(answer, dict) else answer
        return {item["label"] for item in items}

    def ask(self, method: str, params: object) -> Any:
        """Send a request and return its result; what the server asks meanwhile is answered."""
        self._number += 1
        number = self._number
        self._send(method, params, id=number)
        while True:
            message = self._receive()
            if message.get("id") == number and "method" not in message:
                return message["result"]
            self._answer(message)

    def tell(self, method: str, params: object) -> None:
        """Send a notification."""
        self._send(method, params)

    def _answer(self, message: dict[str, Any]) -> None:
        if "id" in message and "method" in message:
            items = message.get("params", {}).get("items", [])
            settings = {"yaml": _SETTINGS}
            result = [settings.get(item.get("section")) for item in items] or None
            self._write({"jsonrpc": "2.0", "id": message["id"], "result": result})

    def _send(self, method: str, params: object, **more: object) -> None:
        self._write({"jsonrpc": "2.0", "method": method, "params": params, **more})

    def _write(self, message: dict[str, Any]) -> None:
        body = json.dumps(message).encode()
        assert self._process.stdin is not None
        self._process.stdin.write(b"Content-Length: %d\r\n\r\n" % len(body) + body)
        self._process.stdin.flush()

    def _receive(self) -> dict[str, Any]:
        stream = self._process.stdout
        assert stream is not None
        length = 0
        while line := stream.readline().strip():
            if line.lower().startswith(b"content-length:"):
                length = int(line.split(b":")[1])
        if not length:
            raise RuntimeError("the language server has gone away")
        message: dict[str, Any] = json.loads(stream.read(length))
        return message


@contextmanager
def language_server() -> Iterator[LanguageServer]:
    """Start a server; a document's first line says which schema it is of."""
    process = subprocess.Popen(
        ["node", str(PROGRAM), "--stdio"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
    )
    try:
        server = LanguageServer(process)
        capabilities = {"workspace": {"configuration": True}}
        asked = {"processId": None, "rootUri": None, "capabilities": capabilities}
        server.ask("initialize", asked)
        server.tell("initialized", {})
        yield server
    finally:
        process.kill()
        process.wait()
        for stream in (process.stdin, process.stdout):
            assert stream is not None
            stream.close()
