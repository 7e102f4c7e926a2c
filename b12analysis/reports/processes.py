"""Warm processes as their owner sees them: started with everything imported, asked for one thing at a time, and ended.

A process is told its tasks through its standard input and replies through its standard output, all by pickle. What it
does with them is in :mod:`serving <b12analysis.reports.serving>`.
"""

from __future__ import annotations

import contextlib
import os
import pickle
import subprocess
import sys
import threading
import time
import weakref
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from b12analysis.reports.serving import IDLE, SAME

__all__ = ["Died", "Warm", "start"]

#: Seconds that a warm process may take for its imports, and that its owner waits beyond a task's time limit.
_PATIENCE = 120.0
#: Python puts the working folder first, where a file may have a library's name; the owner's paths are what counts.
_START = "import sys; sys.path[:] = filter(None, sys.path); from b12analysis.reports import serving; serving.serve"
_all: weakref.WeakSet[Warm] = weakref.WeakSet()
#: The thread that starts them: on Linux a process ends with the thread that started it, and this one stays.
_starter = ThreadPoolExecutor(1, thread_name_prefix="b12-start")


def _forget() -> None:
    """Let go of the processes of the program that this one was forked from: it has to start its own."""
    global _starter
    for process in list(_all):
        process.forget()
    _starter = ThreadPoolExecutor(1, thread_name_prefix="b12-start")


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_forget)


class Died(RuntimeError):
    """A task ended without a result: its process was killed, ended itself, or took too long.

    Attributes
    ----------
    killed : bool
        Whether somebody else killed it, so that it deserves another try.
    """

    def __init__(self, message: str, *, killed: bool = False) -> None:
        super().__init__(message)
        self.killed = killed


def start() -> Warm:
    """Start a warm process that lives as long as the program, whichever thread asks for it."""
    return _starter.submit(Warm).result()


class Warm:
    """A warm process, started when it is first needed and again when it has been lost."""

    def __init__(self) -> None:
        self.rest()
        self._process = self._start()
        self._closed = False
        _all.add(self)

    def _start(self) -> subprocess.Popen[bytes]:
        process = subprocess.Popen(
            [sys.executable, "-c", f"{_START}({os.getpid()})"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env=os.environ | SAME | {"PYTHONPATH": os.pathsep.join(str(Path(path).absolute()) for path in sys.path)},
            start_new_session=True,  # Ctrl-C is for the owner, who then lets go
        )
        self._end = weakref.finalize(self, _stop, process)  # also when this program ends
        self._ready = False
        return process

    @property
    def pid(self) -> int:
        """Number of the process."""
        return self._process.pid

    def run(
        self,
        function: Callable[..., Any],
        *arguments: Any,
        time_limit: float | None = None,
        memory_limit: float | None = None,
        **named: Any,
    ) -> Any:
        """Call ``function`` in a fork; see :func:`run <b12analysis.reports.warm.run>`."""
        task = pickle.dumps((function, arguments, named))
        setting = str(Path.cwd()), sys.path, dict(os.environ)
        self._make_sure_it_runs()
        kind, value = self._ask((task, time_limit, memory_limit, setting), time_limit)
        if not hasattr(os, "fork"):  # it has served its one task
            self._end()
        if kind == "died":
            raise Died(**value)
        outcome = pickle.loads(value)
        if kind == "raised":
            raise outcome
        return outcome

    def _make_sure_it_runs(self) -> None:
        if self._closed:
            raise Died("its worker was closed")
        if not self._end.alive or self._process.poll() is not None:
            self._end()
            self._process = _starter.submit(self._start).result()
            if self._closed:  # in the meantime
                self._end()
                raise Died("its worker was closed")

    def _ask(self, task: tuple[Any, ...], time_limit: float | None) -> tuple[str, Any]:
        """Hand over a task and wait for the reply; without one the process has ended, or is ended."""
        # A process that forks keeps the limit itself, and this clock is for the case that it cannot.
        limit = time_limit and time_limit + (_PATIENCE if hasattr(os, "fork") else 0)
        late = threading.Event()
        try:
            if not self._ready:
                with self._clock(time_limit and _PATIENCE):
                    self._ready = pickle.load(self._process.stdout)
            with self._clock(limit, late):
                pickle.dump(task, self._process.stdin)
                self._process.stdin.flush()
                return pickle.load(self._process.stdout)
        except (EOFError, OSError, ValueError, pickle.UnpicklingError):  # ValueError: closed by another thread
            refused = not self._ready and self._process.wait() > 0
            self._end()
            if late.is_set():
                raise Died(f"it took longer than the time limit of {time_limit:g} s") from None
            if refused:
                raise Died("the warm process could not start; what it said stands above") from None
            raise Died("its warm process was killed", killed=True) from None
        except BaseException:  # such as Ctrl-C: a later reply would be taken for that of the next task
            self._end()
            raise

    @contextlib.contextmanager
    def _clock(self, seconds: float | None, late: threading.Event | None = None) -> Iterator[None]:
        """Kill the process if what is done meanwhile takes longer."""
        process = self._process

        def ring() -> None:
            if late:
                late.set()
            process.kill()

        timer = threading.Timer(seconds or 0, ring)
        timer.daemon = True
        if seconds:
            timer.start()
        try:
            yield
        finally:
            timer.cancel()

    def forget(self) -> None:
        """Let go of the process without ending it: it is the parent's."""
        self._end.detach()
        self._closed = True
        self._process.returncode = 0
        for pipe in (self._process.stdin, self._process.stdout):
            pipe.close()

    def rest(self) -> None:
        """Wait for a task from now on."""
        self._since = time.monotonic()

    def is_stale(self) -> bool:
        """Whether it has waited for so long that it may be about to end."""
        return time.monotonic() - self._since > IDLE - 60

    def is_up(self) -> bool:
        """Whether it takes another task, and need not be started for it."""
        return not self._closed and self._end.alive

    def close(self) -> None:
        """End the process, and with it what it runs; it takes no more tasks."""
        self._closed = True
        self._end()


def _stop(process: subprocess.Popen[bytes]) -> None:
    process.terminate()  # it takes along what it runs
    try:
        process.wait(5)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
    with contextlib.suppress(OSError):
        process.stdin.close()
    process.stdout.close()
