"""A kernel without a process of its own: ipykernel's shell, asked directly and not through sockets.

Papermill loops over the cells and nbclient turns messages into outputs, as ever; :class:`Kernel` stands where they look
for a kernel's client. So data, errors, timings and metadata are what a kernel gives, because the same code makes them.
"""

from __future__ import annotations

import builtins
import getpass
import os
import queue
import sys
from collections import deque
from types import SimpleNamespace
from typing import Any

import plotly.io
from ipykernel.compiler import XCachingCompiler
from ipykernel.ipkernel import IPythonKernel
from ipykernel.zmqshell import ZMQInteractiveShell
from IPython.core.error import StdinNotImplementedError
from jupyter_client.session import Session
from papermill.clientwrap import PapermillNotebookClient
from papermill.engines import Engine
from traitlets.config import Config

__all__ = ["HereEngine", "Kernel", "shell"]


class HereEngine(Engine):
    """Papermill's engine for cells that run in this very process."""

    @classmethod
    def execute_managed_notebook(
        cls, nb_man: Any, kernel_name: str, *, execution_timeout: int | None = None, **_: Any
    ) -> None:
        """Run the cells."""
        client = _Client(nb_man, timeout=execution_timeout, kernel_name=kernel_name)
        client.kc = Kernel()
        client.execute()


class _Client(PapermillNotebookClient):
    """Papermill's client, with the kernel already there."""

    def execute(self, **_: Any) -> Any:
        self.reset_execution_trackers()
        self.papermill_execute_cells()
        self.nb.metadata["language_info"] = self.kc.language_info
        return self.nb


class Kernel:
    """Runs code when asked, and hands out the messages that a kernel would have sent.

    It offers the few methods of a kernel's client that nbclient calls.
    """

    def __init__(self) -> None:
        self._messages: deque[dict[str, Any]] = deque()
        self._replies: deque[dict[str, Any]] = deque()
        self._session = _Session(self._messages)
        self._shell = shell()
        self._shell.displayhook.session = self._shell.display_pub.session = self._session
        sys.stdout, sys.stderr = (_Stream(self._session, name) for name in ("stdout", "stderr"))
        os.environ.setdefault("MPLBACKEND", "module://matplotlib_inline.backend_inline")
        plotly.io.renderers.default = os.environ.get("PLOTLY_RENDERER", "plotly_mimetype")
        builtins.input = getpass.getpass = _no_input
        self.iopub_channel = SimpleNamespace(get_msg=lambda timeout=None: _next(self._messages))
        self.shell_channel = SimpleNamespace(get_msg=lambda timeout=None: _next(self._replies))

    def is_alive(self) -> bool:
        """Whether the kernel is alive: it is where we are."""
        return True

    async def execute(self, code: str, *, store_history: bool = True, stop_on_error: bool = True) -> str:
        """Run ``code``; its messages wait until they are fetched. Returns the id that they carry."""
        request = self._session.msg("execute_request", {"code": code})
        self._session.request = request["header"]
        self._session.send(None, "status", {"execution_state": "busy"})
        self._session.send(None, "execute_input", {"code": code, "execution_count": self._shell.execution_count})
        self._shell._last_traceback_during_displayhook = False
        result = await self._run(code, store_history)
        error = result.error_before_exec or result.error_in_exec
        reply: dict[str, Any] = {"status": "ok", "execution_count": self._shell.execution_count - 1}
        if error is not None or self._shell._last_traceback_during_displayhook:
            reply |= {"status": "error", "ename": type(error).__name__, "evalue": str(error)}
            reply |= {"traceback": self._shell._last_traceback or []}
        self._session.send(None, "status", {"execution_state": "idle"})
        self._replies.append(self._session.msg("execute_reply", reply, parent=request["header"]))
        return request["header"]["msg_id"]

    async def _run(self, code: str, store_history: bool) -> Any:
        """Run a cell; one that awaits shares the event loop that is running, as in a kernel."""
        shell = self._shell
        transformed, fault = code, None
        try:
            transformed = shell.transform_cell(code)
        except Exception:
            fault = sys.exc_info()
        prepared = {"transformed_cell": transformed, "preprocessing_exc_tuple": fault}
        if not shell.should_run_async(code, **prepared):
            return shell.run_cell(code, store_history=store_history)
        result = None
        try:
            result = await shell.run_cell_async(code, store_history=store_history, **prepared)
        finally:
            shell.events.trigger("post_execute")
            shell.events.trigger("post_run_cell", result)
        return result

    @property
    def language_info(self) -> dict[str, Any]:
        """What a kernel says of its language."""
        return dict(IPythonKernel.language_info)


class _Session(Session):
    """Keeps messages instead of sending them."""

    def __init__(self, messages: deque[dict[str, Any]]) -> None:
        super().__init__(key=b"")
        self._messages = messages
        self.request: dict[str, Any] = {}

    def send(self, stream: Any, msg_or_type: Any, content: Any = None, *_: Any, **__: Any) -> Any:
        message = msg_or_type if isinstance(msg_or_type, dict) else self.msg(msg_or_type, content)
        message["parent_header"] = self.request
        self._messages.append(message)
        return message


class _Stream:
    """Standard output or error of the cells; text in one stream and place becomes one message, as in a kernel."""

    encoding = "utf-8"
    errors = "replace"

    def __init__(self, session: _Session, name: str) -> None:
        self._session, self.name = session, name

    def write(self, text: str) -> int:
        if not isinstance(text, str):
            raise TypeError(f"write() argument must be str, not {type(text).__name__}")
        last = self._session._messages[-1] if self._session._messages else None
        if last and last["msg_type"] == "stream" and last["content"]["name"] == self.name:
            last["content"]["text"] += text
        elif text:
            self._session.send(None, "stream", {"name": self.name, "text": text})
        return len(text)

    def writelines(self, lines: Any) -> None:
        for line in lines:
            self.write(line)

    def flush(self) -> None: ...

    def isatty(self) -> bool:
        return False


def shell() -> ZMQInteractiveShell:
    """Ipykernel's shell, made once: before the fork it costs a report nothing."""
    config = Config({"HistoryManager": {"enabled": False}})  # no file shared between reports
    return ZMQInteractiveShell.instance(compiler_class=XCachingCompiler, config=config)


def _no_input(prompt: str = "", *_: Any, **__: Any) -> str:
    raise StdinNotImplementedError("raw_input was called, but this frontend does not support input requests.")


def _next(messages: deque[dict[str, Any]]) -> dict[str, Any]:
    if not messages:
        raise queue.Empty
    return messages.popleft()
