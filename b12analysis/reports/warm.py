"""A warm process: Python with everything imported, which forks itself for each task.

Importing pandas, plotly, scipy and papermill takes seconds; a fork of a process that has done so takes milliseconds and
is as fresh as a new process. A :class:`Warm` process takes one task at a time and, when it is done, waits for the next:
of the same batch or of a later one. What can happen to a task happens to its fork alone: it may raise, hang, eat
memory, end its process or be killed, and the next task finds a fresh one. Nobody outlives the one he works for: the
warm process ends when the program does, a fork when the warm process does.

``multiprocessing``'s fork server was not taken: its children import the caller's main script, it is shared by the whole
program, and a daemonic worker of a cluster may not use it. Where there is no fork, a warm process serves one task.
"""

from __future__ import annotations

import contextlib
import os
import pickle
import select
import signal
import subprocess
import sys
import threading
import time
import weakref
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, NoReturn

__all__ = ["Died", "Pool", "Warm", "inside", "run"]

#: Seconds that a warm process may take for its imports, and that its owner waits beyond a task's time limit.
_PATIENCE = 120.0
#: Seconds that it waits for a task before it ends by itself.
_IDLE = 900.0
#: The same bytes from every worker, and no threads to fork: linear algebra in one thread, and a fixed hash seed.
_SAME = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1") | {"PYTHONHASHSEED": "0"}
#: Python puts the working folder first, where a file may have a library's name; the owner's paths are what counts.
_START = "import sys; sys.path[:] = filter(None, sys.path); from b12analysis.reports import warm; warm._serve"
_inside = False
#: All processes; those that wait for a task, and the lock for the list.
_all: weakref.WeakSet[Warm] = weakref.WeakSet()
_idle: list[Warm] = []
_guard = threading.Lock()
#: The thread that starts them: on Linux a process ends with the thread that started it, and this one stays.
_starter = ThreadPoolExecutor(1, thread_name_prefix="b12-start")


def _forget() -> None:
    """Let go of the processes of the program that this one was forked from: it has to start its own."""
    global _guard, _starter
    for process in list(_all):
        process.forget()
    _idle.clear()
    _guard, _starter = threading.Lock(), ThreadPoolExecutor(1, thread_name_prefix="b12-start")


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


def inside() -> bool:
    """Whether this is a fork of a warm process: the caller's own, to do with as it likes."""
    return _inside


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
            self._busy.discard(process)
            process.give_back()

    def stop(self) -> None:
        """End what is at work; every :meth:`run` raises :class:`Died`."""
        self._stopped = True
        for process in list(self._busy):
            process.close()


def _take() -> Warm:
    """Return a process that waits, or a new one."""
    with _guard:
        while _idle:
            process = _idle.pop()
            if time.monotonic() - process.since < _IDLE - 60:
                return process
            process.close()
    return _starter.submit(Warm).result()


class Warm:
    """A warm process, started when it is first needed and again when it has been lost."""

    def __init__(self) -> None:
        self.since = time.monotonic()
        self._process = self._start()
        self._closed = False
        _all.add(self)

    def _start(self) -> subprocess.Popen[bytes]:
        process = subprocess.Popen(
            [sys.executable, "-c", f"{_START}({os.getpid()})"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env=os.environ | _SAME | {"PYTHONPATH": os.pathsep.join(str(Path(path).absolute()) for path in sys.path)},
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
        """Call ``function`` in a fork; see :func:`run`."""
        task = pickle.dumps((function, arguments, named))
        setting = str(Path.cwd()), sys.path, dict(os.environ)
        if self._closed:
            raise Died("its worker was closed")
        if not self._end.alive or self._process.poll() is not None:
            self._end()
            self._process = _starter.submit(self._start).result()
            if self._closed:  # in the meantime
                self._end()
                raise Died("its worker was closed")
        # The process keeps the limit itself; this clock is for the case that it cannot.
        limit = threading.Timer(_PATIENCE + (time_limit or 0), self._process.kill) if time_limit else None
        try:
            if limit:
                limit.daemon = True
                limit.start()
            pickle.dump((task, time_limit, memory_limit, setting), self._process.stdin)
            self._process.stdin.flush()
            self._ready = self._ready or pickle.load(self._process.stdout)
            kind, value = pickle.load(self._process.stdout)
        except (EOFError, OSError, pickle.UnpicklingError):
            refused = not self._ready and self._process.wait() > 0
            self._end()
            said = (
                "the warm process could not start; what it said stands above"
                if refused
                else "its warm process was killed"
            )
            raise Died(said, killed=not refused) from None
        except BaseException:  # such as Ctrl-C: a later reply would be taken for that of the next task
            self._end()
            raise
        finally:
            if limit:
                limit.cancel()
        if kind == "died":
            raise Died(**value)
        outcome = pickle.loads(value)
        if kind == "raised":
            raise outcome
        return outcome

    def give_back(self) -> None:
        """Let it wait for the next task, whosever it is; more than there are processors are not kept."""
        with _guard:
            self.since = time.monotonic()
            if not self._closed and len(_idle) < (os.cpu_count() or 1):
                _idle.append(self)
                return
        self.close()

    def forget(self) -> None:
        """Let go of the process without ending it: it is the parent's."""
        self._end.detach()
        self._closed = True
        self._process.returncode = 0
        for pipe in (self._process.stdin, self._process.stdout):
            pipe.close()

    def close(self) -> None:
        """End the process, and with it what it runs; it takes no more tasks."""
        self._closed = True
        self._end()


def _stop(process: subprocess.Popen[bytes]) -> None:
    process.kill()
    process.wait()
    with contextlib.suppress(OSError):
        process.stdin.close()
    process.stdout.close()


def _serve(owner: int) -> None:
    """Be the warm process: import, then fork for each task until the owner lets go."""
    _die_with_owner(owner)
    tasks, replies = os.fdopen(os.dup(0), "rb"), os.fdopen(os.dup(1), "wb")
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    os.dup2(2, 1)  # what a task prints past its own streams must not get between the replies
    from b12analysis.reports import run

    run.prepare()
    pickle.dump(True, replies)
    replies.flush()
    with contextlib.suppress(EOFError, pickle.UnpicklingError, BrokenPipeError, KeyboardInterrupt):
        while not hasattr(os, "fork") or select.select([tasks], [], [], _IDLE)[0]:
            task = pickle.load(tasks)
            reply = _in_fork(task, tasks, replies) if hasattr(os, "fork") else _call(task)
            pickle.dump(reply, replies)
            replies.flush()
            if not hasattr(os, "fork"):
                return


def _in_fork(task: tuple[Any, ...], owner: Any, replies: Any) -> tuple[str, Any]:
    """Fork, wait for the result, and say what became of it."""
    time_limit = task[1]
    reading, writing = os.pipe()
    server, pid = os.getpid(), os.fork()
    if pid == 0:
        for pipe in (reading, owner.fileno(), replies.fileno()):  # what a task starts must not keep them open
            os.close(pipe)
        _be_task(task, writing, server)
    os.close(writing)
    until = time.monotonic() + time_limit if time_limit else None
    received, late = bytearray(), False
    try:
        while not late:
            ready, _, _ = select.select([reading, owner], [], [], 0.25)
            if owner in ready:
                raise EOFError  # the owner has gone
            chunk = os.read(reading, 1 << 20) if reading in ready else b""
            received += chunk
            if (reading in ready and not chunk) or (not ready and _has_ended(pid)):
                break
            late = until is not None and time.monotonic() > until
    finally:
        os.close(reading)
        code = _end(pid)
    if late:
        return "died", {"message": f"it took longer than the time limit of {time_limit:g} s"}
    with contextlib.suppress(EOFError, pickle.UnpicklingError):
        return pickle.loads(received)
    if code < 0:
        return "died", {"message": f"its process was killed by {signal.Signals(-code).name}", "killed": True}
    return "died", {"message": f"it ended its process with exit code {code}"}


def _has_ended(pid: int) -> bool:
    """Whether a child has ended; it stays there to be waited for."""
    return os.waitid(os.P_PID, pid, os.WEXITED | os.WNOHANG | os.WNOWAIT) is not None


def _end(pid: int) -> int:
    """Kill what is left of a task, with the processes that it started; return its exit code, negative for a signal."""
    for kill, number in ((os.killpg, pid), (os.kill, pid)):  # the second for one that has no group of its own yet
        with contextlib.suppress(ProcessLookupError, PermissionError):
            kill(number, signal.SIGKILL)
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])


def _be_task(task: tuple[Any, ...], writing: int, server: int) -> NoReturn:
    """Be the fork: do the task, write the result, and end."""
    code = 70
    try:
        os.setsid()
        _die_with_owner(server)
        with os.fdopen(writing, "wb") as results:
            pickle.dump(_call(task), results)
        code = 0
    finally:
        os._exit(code)


def _call(task: tuple[Any, ...]) -> tuple[str, bytes]:
    """Do the task as if the owner did it: in his folder, with his paths and environment."""
    global _inside
    _inside = True
    pickled, _, memory_limit, (folder, path, environment) = task
    try:
        os.chdir(folder)
        sys.path[:] = path
        os.environ.clear()
        os.environ.update(environment | _SAME)
        _limit_memory(memory_limit)
        function, arguments, named = pickle.loads(pickled)
        return "returned", pickle.dumps(function(*arguments, **named))
    except Exception as error:
        try:
            pickle.loads(pickle.dumps(error))
        except Exception:  # one that does not travel
            error = RuntimeError(f"{type(error).__name__}: {error}")
        return "raised", pickle.dumps(error)


def _limit_memory(mebibytes: float | None) -> None:
    if mebibytes is not None and sys.platform == "linux":
        import resource

        _, hard = resource.getrlimit(resource.RLIMIT_DATA)
        resource.setrlimit(resource.RLIMIT_DATA, (int(mebibytes * 2**20), hard))


def _die_with_owner(owner: int) -> None:
    """End this process as soon as ``owner``, its parent, has gone; on Linux even while it is deep in C code."""
    if sys.platform == "linux":
        import ctypes

        ctypes.CDLL(None).prctl(1, signal.SIGKILL)  # PR_SET_PDEATHSIG
        if os.getppid() != owner:  # gone before the call
            os._exit(1)
    elif os.name == "posix":

        def watch() -> None:
            while os.getppid() == owner:
                time.sleep(0.5)
            os._exit(1)

        threading.Thread(target=watch, daemon=True).start()
