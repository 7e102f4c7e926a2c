"""What cells say, kept instead of sent: messages, and the text of standard output and error."""

from __future__ import annotations

import contextlib
import io
import json
import os
import tempfile
import threading
from collections import deque
from pathlib import Path
from typing import Any

from jupyter_client.session import Session

__all__ = ["STREAMS", "Collector", "Stream"]


class Collector(Session):
    """Keeps messages instead of sending them."""

    def __init__(self, messages: deque[dict[str, Any]]) -> None:
        super().__init__(key=b"")
        self._messages = messages
        self.request: dict[str, Any] = {}

    def send(self, stream: Any, msg_or_type: Any, content: Any = None, *_: Any, **__: Any) -> Any:
        """Keep a message, as a socket would have carried it."""
        message = msg_or_type if isinstance(msg_or_type, dict) else self.msg(msg_or_type, content)
        message["parent_header"] = self.request
        # There and back again, so that it arrives as through a socket: as plain JSON and as it is now.
        try:
            packed = self.pack(message["content"])
        except UnicodeEncodeError:  # half a character, which a kernel would not get across
            packed = json.dumps(message["content"], ensure_ascii=False).encode(errors="replace")
        message["content"] = self.unpack(packed)
        self._messages.append(message)
        return message


STREAMS = {1: "stdout", 2: "stderr"}


class Stream(io.TextIOBase):
    """Standard output or error of the cells: text is kept until it is flushed, then sent as one message.

    What processes and libraries write to the descriptor beneath it goes to a file, and from there into the text.
    """

    encoding = "UTF-8"  # type: ignore[assignment]

    def __init__(self, session: Collector, name: str, number: int) -> None:
        self._session, self.name, self._number = session, name, number
        self._lock, self._text = threading.RLock(), io.StringIO()
        self._owner, self._before = os.getpid(), os.dup(number)
        writing, path = tempfile.mkstemp()
        # Opened a second time, as writing and reading are at places of their own.
        self._path, self._beneath = Path(path), open(path, "rb", buffering=0)  # noqa: SIM115, PTH123
        os.dup2(writing, number)
        os.close(writing)
        if os.name == "posix":  # elsewhere an open file cannot be removed
            self._path.unlink()

    def write(self, text: str) -> int:
        """Add text."""
        if not isinstance(text, str):
            raise TypeError(f"write() argument must be str, not {type(text)}")
        with self._lock:
            self._take()
            return self._text.write(text)

    def flush(self) -> None:
        """Send what there is."""
        if self.closed:
            return
        with self._lock:
            self._take()
            text, self._text = self._text.getvalue().encode("utf-8", "replace"), io.StringIO()
        if not text:
            return
        if os.getpid() == self._owner:
            self._session.send(None, "stream", {"name": self.name, "text": text.decode()})
        else:  # a process forked by a cell
            os.write(self._number, text)

    def _take(self) -> None:
        """Take over what was written to the descriptor since the last time."""
        if os.getpid() == self._owner:
            self._text.write(self._beneath.read().decode("utf-8", "replace"))

    def writable(self) -> bool:
        """Say yes."""
        return True

    def fileno(self) -> int:
        """Return the descriptor of the program's own stream, as in a kernel; not the cell's."""
        return self._before

    def close(self) -> None:
        """Give the descriptor back."""
        if not self.closed:
            super().close()
            os.dup2(self._before, self._number)
            os.close(self._before)
            self._beneath.close()
            if os.name != "posix":
                with contextlib.suppress(OSError):  # what a cell started may still hold it
                    self._path.unlink()
