"""The warm process itself: it imports everything, then forks for each task until its owner lets go.

This is the other end of :mod:`processes <b12analysis.reports.processes>`. A task's fork leads a group of its own, and
when the task is over, late or no longer wanted, the whole group is killed: with the fork, what a notebook started. So
it is when the warm process is told to end, or loses its owner. Two cases remain: where the warm process itself is
killed by SIGKILL, its fork ends with it, but what the fork started lives on; and so does what leaves the group.
"""

from __future__ import annotations

import contextlib
import os
import pickle
import select
import signal
import sys
import threading
import time
from typing import Any, NoReturn

__all__ = ["IDLE", "SAME", "inside", "serve"]

#: Seconds that a warm process waits for a task before it ends by itself.
IDLE = 900.0
#: The same bytes from every worker, and no threads to fork: linear algebra in one thread, and a fixed hash seed.
SAME = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1") | {"PYTHONHASHSEED": "0"}
_inside = False
_at_work: _Fork | None = None


def inside() -> bool:
    """Whether this is a fork of a warm process: the caller's own, to do with as it likes."""
    return _inside


def serve(owner: int) -> None:
    """Be the warm process: import, then fork for each task until the owner lets go."""
    forks = hasattr(os, "fork")
    if forks:
        signal.signal(signal.SIGTERM, _leave)
    _die_with_owner(owner, signal.SIGTERM)
    tasks, replies = os.fdopen(os.dup(0), "rb"), os.fdopen(os.dup(1), "wb")
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    os.dup2(2, 1)  # what a task prints past its own streams must not get between the replies
    from b12analysis.reports import run

    run.prepare()
    pickle.dump(True, replies)
    replies.flush()
    with contextlib.suppress(EOFError, pickle.UnpicklingError, BrokenPipeError, KeyboardInterrupt):
        while not forks or select.select([tasks], [], [], IDLE)[0]:
            task = pickle.load(tasks)
            pickle.dump(_in_fork(task, tasks, replies) if forks else _call(task), replies)
            replies.flush()
            if not forks:
                return


def _leave(number: int, _: Any) -> None:
    """End as the signal asks, and with it what is at work."""
    if _at_work:
        _at_work.kill()
    signal.signal(number, signal.SIG_DFL)
    os.kill(os.getpid(), number)


class _Fork:
    """A process that does a task and leads a group, in which are the processes that it starts."""

    def __init__(self, pid: int) -> None:
        self.pid = pid
        self._status: int | None = None

    def has_ended(self) -> bool:
        """Whether it has ended; that can be asked of the system only once, so the answer is kept."""
        if self._status is None:
            pid, status = os.waitpid(self.pid, os.WNOHANG)
            self._status = status if pid else None
        return self._status is not None

    def kill(self) -> None:
        """Kill what is left of it and its group."""
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(self.pid, signal.SIGKILL)
        if self._status is None:  # and may have no group of its own yet
            with contextlib.suppress(ProcessLookupError):
                os.kill(self.pid, signal.SIGKILL)

    def end(self) -> int:
        """Kill what is left; return its exit code, negative for a signal."""
        self.kill()
        if self._status is None:
            self._status = os.waitpid(self.pid, 0)[1]
        return os.waitstatus_to_exitcode(self._status)


def _in_fork(task: tuple[Any, ...], owner: Any, replies: Any) -> tuple[str, Any]:
    """Fork, wait for the result, and say what became of it."""
    global _at_work
    time_limit = task[1]
    reading, writing = os.pipe()
    server, pid = os.getpid(), os.fork()
    if pid == 0:
        for pipe in (reading, owner.fileno(), replies.fileno()):  # what a task starts must not keep them open
            os.close(pipe)
        _be_task(task, writing, server)
    _at_work = fork = _Fork(pid)
    os.close(writing)
    try:
        received = _receive(fork, reading, owner, time_limit)
    finally:
        os.close(reading)
        code = fork.end()
        _at_work = None
    if received is None:
        return "died", {"message": f"it took longer than the time limit of {time_limit:g} s"}
    with contextlib.suppress(EOFError, pickle.UnpicklingError):
        return pickle.loads(received)
    if code < 0:
        return "died", {"message": f"its process was killed by {signal.Signals(-code).name}", "killed": True}
    return "died", {"message": f"it ended its process with exit code {code}"}


def _receive(fork: _Fork, reading: int, owner: Any, time_limit: float | None) -> bytearray | None:
    """Read what a fork has to say, all or what it came to before it ended; nothing if it is late."""
    until = time.monotonic() + time_limit if time_limit else None
    received, ended = bytearray(), False
    while until is None or time.monotonic() <= until:
        ready, _, _ = select.select([reading, owner], [], [], 0 if ended else 0.25)
        if owner in ready:
            raise EOFError  # the owner has gone
        if reading in ready:
            chunk = os.read(reading, 1 << 20)
            if not chunk:
                return received
            received += chunk
        elif ended:  # but what it started keeps the pipe open
            return received
        else:
            ended = fork.has_ended()  # what it said just before is read in the next round
    return None


def _be_task(task: tuple[Any, ...], writing: int, server: int) -> NoReturn:
    """Be the fork: do the task, write the result, and end."""
    code = 70
    try:
        signal.signal(signal.SIGTERM, signal.SIG_DFL)
        os.setsid()
        _die_with_owner(server, signal.SIGKILL)
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
        os.environ.update(environment | SAME)
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


def _die_with_owner(owner: int, how: signal.Signals) -> None:
    """Send this process a signal when ``owner``, its parent, has gone; on Linux even while it is deep in C code."""
    if sys.platform == "linux":
        import ctypes

        ctypes.CDLL(None).prctl(1, int(how))  # PR_SET_PDEATHSIG
        if os.getppid() != owner:  # gone before the call
            os._exit(1)
    elif os.name == "posix":

        def watch() -> None:
            while os.getppid() == owner:
                time.sleep(0.5)
            os.kill(os.getpid(), how)

        threading.Thread(target=watch, daemon=True).start()
