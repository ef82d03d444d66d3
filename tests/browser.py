"""Chromium without a window, driven through its pipe: a page is seen as a person would see it."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

NAMES = ("chromium", "chromium-browser", "google-chrome", "chrome")
SECONDS = 120
"""Time that anything may take, on a loaded machine."""

START = """
import fcntl, os, sys
apart = [fcntl.fcntl(int(end), fcntl.F_DUPFD, 10) for end in sys.argv[1:3]]
os.dup2(apart[0], 3)
os.dup2(apart[1], 4)
os.execv(sys.argv[3], sys.argv[3:])
"""
"""Starts a browser that reads from the first and writes to the second end of pipes."""


def chromium() -> str | None:
    """Return the browser of this machine, if there is one."""
    return next(filter(None, map(shutil.which, NAMES)), None)


class Page:
    """A page that is open.

    Attributes:
        said: Messages of its console, and addresses that it asked for.
    """

    def __init__(self, inward: IO[bytes], outward: IO[bytes]) -> None:
        self._inward, self._outward = inward, outward
        self._count = 0
        self._session = ""
        self.said: list[str] = []
        target = self.call("Target.createTarget", url="about:blank")["targetId"]
        attached = self.call("Target.attachToTarget", targetId=target, flatten=True)
        self._session = attached["sessionId"]
        for domain in ("Page", "Runtime", "DOM", "Network", "Log"):
            self.call(f"{domain}.enable")

    def call(self, method: str, **params: object) -> Any:
        """Call a method of the browser's protocol and return its result."""
        self._count += 1
        message: dict[str, object] = {"id": self._count, "method": method, "params": params}
        if self._session:
            message["sessionId"] = self._session
        self._inward.write(json.dumps(message).encode() + b"\0")
        while True:
            answer = self._read()
            if answer.get("id") == self._count:
                assert "error" not in answer, answer
                return answer["result"]

    def _read(self) -> dict[str, Any]:
        text = bytearray()
        while (byte := self._outward.read(1)) != b"\0":
            assert byte, "the browser has ended"
            text += byte
        message: dict[str, Any] = json.loads(text)
        params = message.get("params", {})
        if message.get("method") == "Network.requestWillBeSent":
            self.said.append(f"asked for {params['request']['url'][:80]}")
        elif message.get("method") in ("Runtime.exceptionThrown", "Log.entryAdded"):
            self.said.append(json.dumps(params)[:500])
        return message

    def open(self, path: Path) -> None:
        """Open a file."""
        self.call("Page.navigate", url=path.resolve().as_uri())
        self.wait("document.readyState === 'complete'")

    def value(self, expression: str) -> Any:
        """Return the value of an expression in JavaScript."""
        found = self.call(
            "Runtime.evaluate", expression=expression, returnByValue=True, awaitPromise=True
        )
        assert "exceptionDetails" not in found, found
        return found["result"].get("value")

    def wait(self, expression: str) -> None:
        """Wait until an expression is true."""
        end = time.monotonic() + SECONDS
        while not self.value(expression):
            assert time.monotonic() < end, f"never: {expression}; {self.said}"
            time.sleep(0.05)

    def choose(self, selector: str, *files: Path) -> None:
        """Choose files in an element that takes some."""
        root = self.call("DOM.getDocument")["root"]["nodeId"]
        node = self.call("DOM.querySelector", nodeId=root, selector=selector)["nodeId"]
        self.call("DOM.setFileInputFiles", nodeId=node, files=[str(file) for file in files])

    def draw(self, *points: tuple[float, float]) -> None:
        """Draw a line with the mouse, from point to point in pixels of the window."""
        kinds = ("mousePressed", *["mouseMoved"] * (len(points) - 1))
        for kind, (x, y) in zip(kinds, points, strict=True):
            self._mouse(kind, x, y, buttons=1)
        self._mouse("mouseReleased", *points[-1], buttons=0)

    def _mouse(self, kind: str, x: float, y: float, buttons: int) -> None:
        how = {"button": "left", "buttons": buttons, "clickCount": 1}
        self.call("Input.dispatchMouseEvent", type=kind, x=x, y=y, **how)


@contextmanager
def opened(browser: str, profile: Path) -> Iterator[Page]:
    """Start a browser, and give a page of it."""
    to_browser, from_browser = os.pipe(), os.pipe()
    options = (
        "--headless", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--no-first-run",
        "--disable-background-networking", "--remote-debugging-pipe",
        f"--user-data-dir={profile}",
    )  # fmt: skip
    passed = to_browser[0], from_browser[1]
    command = [sys.executable, "-c", START, *map(str, passed), browser, *options]
    process = subprocess.Popen(command, pass_fds=passed, stderr=subprocess.DEVNULL)
    for end in passed:
        os.close(end)
    try:
        ends = os.fdopen(to_browser[1], "wb", 0), os.fdopen(from_browser[0], "rb")
        with ends[0], ends[1]:
            yield Page(*ends)
    finally:
        process.terminate()
        process.wait(SECONDS)
