"""A warm process: Python with everything imported, which forks itself for each task.

Importing pandas, plotly, scipy and papermill takes seconds; a fork of a process that has done so takes milliseconds and
is as fresh as a new process. A :class:`Warm` process takes one task at a time and, when it is done, waits for the next:
of the same batch or of a later one. What can happen to a task happens to its fork alone: it may raise, hang, eat
memory, end its process or be killed, and the next task finds a fresh one. Nobody outlives the one he works for: the
warm process ends when the program does, a fork when the warm process does. Here is who gets which process;
:mod:`processes <b12analysis.reports.processes>` starts and asks them, and what they do is in
:mod:`serving <b12analysis.reports.serving>`.

``multiprocessing``'s fork server was not taken: its children import the caller's main script, it is shared by the whole
program, and a daemonic worker of a cluster may not use it. Where there is no fork, a warm process serves one task.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Callable
from typing import Any

from b12analysis.reports import processes
from b12analysis.reports.processes import Died, Warm
from b12analysis.reports.serving import inside

__all__ = ["Died", "Pool", "Warm", "inside", "run"]

#: Processes that wait for a task, and the lock for the list.
_idle: list[Warm] = []
_guard = threading.Lock()


def _forget() -> None:
    """In a fork of the program: those that wait are the parent's."""
    global _guard
    _idle.clear()
    _guard = threading.Lock()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_forget)


def run(
    function: Callable[..., Any],
    *arguments: Any,
    time_limit: float | None = None,
    memory_limit: float | None = None,
    **named: Any,
) -> Any:
    """Call ``function`` in a fork of this thread's warm process, which starts with the first call.

    Parameters
    ----------
    function : callable
        A function of an importable module; it and its arguments travel by pickle.
    *arguments, **named
        What it is called with.
    time_limit : float, optional
        Seconds until it is killed.
    memory_limit : float, optional
        Memory of its process in MiB; beyond it, asking for more raises MemoryError. Kept on Linux only.

    Returns
    -------
    object
        What the function returned.

    Raises
    ------
    Died
        If there is no result.
    Exception
        Whatever the function raised.

    Examples
    --------
    >>> import math
    >>> run(math.factorial, 5, time_limit=60)
    120
    """
    return Pool().run(function, *arguments, time_limit=time_limit, memory_limit=memory_limit, **named)


class Pool:
    """Warm processes for somebody who may have to stop in the middle of their work."""

    def __init__(self) -> None:
        self._busy: set[Warm] = set()
        self._stopped = False

    def run(self, function: Callable[..., Any], *arguments: Any, **named: Any) -> Any:
        """Call ``function`` in a fork of a process that is free; see :func:`run`."""
        if self._stopped:
            raise Died("the batch was stopped")
        process = _take()
        self._busy.add(process)
        if self._stopped:  # in the meantime
            process.close()
        try:
            return process.run(function, *arguments, **named)
        finally:
            self._give_back(process)

    def _give_back(self, process: Warm) -> None:
        """Let it wait for the next task, whosever it is; one that has ended, or one too many, is not kept."""
        with _guard:  # so that no process is stopped that somebody else has taken meanwhile
            self._busy.discard(process)
            if process.is_up() and len(_idle) < (os.cpu_count() or 1):
                process.rest()
                _idle.append(process)
                return
        process.close()

    def stop(self) -> None:
        """End what is at work; every :meth:`run` raises :class:`Died`."""
        with _guard:
            self._stopped = True
            for process in list(self._busy):
                process.close()


def _take() -> Warm:
    """Return a process that waits, or a new one."""
    with _guard:
        while _idle:
            process = _idle.pop()
            if process.is_up() and not process.is_stale():
                return process
            process.close()
    return processes.start()
