"""A kernel without a process of its own: ipykernel's shell, asked directly and not through sockets.

Papermill loops over the cells and nbclient turns messages into outputs, as ever; :class:`Kernel` stands where they look
for a kernel's client. So data, errors, timings and metadata are what a kernel gives, because the same code makes them.
"""

from __future__ import annotations

import builtins
import contextlib
import getpass
import os
import queue
import sys
from collections import deque
from collections.abc import Callable
from functools import partial
from types import SimpleNamespace
from typing import Any

import numpy
import plotly.io
from ipykernel.compiler import XCachingCompiler
from ipykernel.eventloops import enable_gui
from ipykernel.ipkernel import IPythonKernel
from ipykernel.zmqshell import ZMQInteractiveShell
from IPython.core.error import StdinNotImplementedError
from IPython.core.shellapp import InteractiveShellApp
from nbclient.exceptions import DeadKernelError
from papermill.clientwrap import PapermillNotebookClient
from papermill.engines import Engine
from traitlets.config import Config

from b12analysis.reports.streams import STREAMS, Collector, Stream

__all__ = ["HereEngine", "Kernel", "shell"]


class HereEngine(Engine):
    """Papermill's engine for cells that run in this very process."""

    @classmethod
    def execute_notebook(cls, nb: Any, kernel_name: str, **options: Any) -> Any:
        """Run all cells of ``nb``; the progress bar keeps a way out of its own, as the cells get standard error."""
        with os.fdopen(os.dup(2), "w", encoding="utf-8", errors="replace") as ours, contextlib.redirect_stderr(ours):
            return super().execute_notebook(nb, kernel_name, **options)

    @classmethod
    def execute_managed_notebook(cls, nb_man: Any, kernel_name: str, **options: Any) -> None:
        """Run the cells, with the settings of nbclient that papermill's own engine would pass on."""
        settings = {key: value for key, value in options.items() if key not in _NOT_NBCLIENT}
        client = _Client(nb_man, kernel_name=kernel_name, **settings)
        with Kernel() as client.kc:
            client.execute()


#: What papermill tells an engine and nbclient does not know, or what concerns the start of a kernel.
_NOT_NBCLIENT = {"input_path", "start_timeout", "startup_timeout", "execution_timeout", "timeout"}


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
        self._session = Collector(self._messages)
        self._shell = shell()
        self._shell.displayhook.session = self._shell.display_pub.session = self._session
        self.iopub_channel = SimpleNamespace(get_msg=lambda timeout=None: _next(self._messages))
        self.shell_channel = SimpleNamespace(get_msg=lambda timeout=None: _next(self._replies))

    def __enter__(self) -> Kernel:
        """Take the place of standard output and error."""
        self._before = sys.stdout, sys.stderr
        sys.stdout, sys.stderr = (Stream(self._session, name, number) for number, name in STREAMS.items())
        _settle(self._shell)
        return self

    def __exit__(self, *_: object) -> None:
        """Give them back."""
        sys.stdout.close()
        sys.stderr.close()
        sys.stdout, sys.stderr = self._before

    def is_alive(self) -> bool:
        """Whether the kernel is alive: it is where we are."""
        return True

    async def execute(self, code: str, *, store_history: bool = True, stop_on_error: bool = True) -> str:
        """Run ``code``; its messages wait until they are fetched. Returns the id that they carry."""
        if self._shell.exit_now:
            raise DeadKernelError("Kernel died")  # by exit() in an earlier cell
        request = self._session.msg("execute_request", {"code": code})
        self._session.request = request["header"]
        self._session.send(None, "status", {"execution_state": "busy"})
        self._session.send(None, "execute_input", {"code": code, "execution_count": self._shell.execution_count})
        self._shell._last_traceback_during_displayhook = False
        result = await self._run(code, store_history)
        self._shell.display_pub._flush_streams()
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


def shell() -> ZMQInteractiveShell:
    """Ipykernel's shell, made once: before the fork it costs a report nothing."""
    config = Config({"HistoryManager": {"enabled": False}})  # no file shared between reports
    return ZMQInteractiveShell.instance(compiler_class=XCachingCompiler, config=config)


def _settle(shell: ZMQInteractiveShell) -> None:
    """Set in this process, after the fork, what a kernel sets when it starts."""
    shell.kernel = SimpleNamespace(eventloop=None)  # what exit() and %matplotlib look for
    shell.enable_gui = partial(enable_gui, kernel=shell.kernel)
    shell.init_environment()
    os.environ.setdefault("MPLBACKEND", "module://matplotlib_inline.backend_inline")
    plotly.io.renderers.default = os.environ.get("PLOTLY_RENDERER", "plotly_mimetype")
    numpy.random.seed()  # noqa: NPY002 - else every fork would draw the same numbers
    InteractiveShellApp.init_path(SimpleNamespace(ignore_cwd=False))  # modules in the working folder can be imported
    builtins.input, getpass.getpass = _refuse("raw_input"), _refuse("getpass")


def _refuse(name: str) -> Callable[..., str]:
    def ask(*_: Any, **__: Any) -> str:
        raise StdinNotImplementedError(f"{name} was called, but this frontend does not support input requests.")

    return ask


def _next(messages: deque[dict[str, Any]]) -> dict[str, Any]:
    if not messages:
        raise queue.Empty
    return messages.popleft()
