"""What the tests have a warm process do: functions of a module, as they travel by name."""

import os
import signal
import subprocess
import sys
import time

import numpy as np


def total(*numbers, **more):
    return sum(numbers) + sum(more.values())


def mark_and_look():
    """Leave a mark in a module, and say whether one was there."""
    found = getattr(os, "b12_mark", False)
    os.b12_mark = True
    return found


def say():
    sys.stdout.write("past the streams\n")
    sys.stdout.flush()
    os.write(1, b"past them all\n")
    return "said"


def refuse():
    raise KeyError("what is wrong")


class Stubborn(Exception):
    def __init__(self, one, two):
        super().__init__(one)


def raise_what_does_not_travel():
    raise Stubborn("one", "two")


def hang():
    while True:
        pass


def leave(code):
    os._exit(code)


def be_killed():
    os.kill(os.getpid(), signal.SIGKILL)


def eat(mebibytes):
    return len(np.ones(mebibytes * 2**20 // 8))


def start_a_sleeper():
    """Start a process that would outlive the task, and return its number."""
    return subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"]).pid


def pids(path):
    """Write this process's number and its parent's, then wait."""
    path.write_text(f"{os.getpid()} {os.getppid()}", encoding="utf-8")
    time.sleep(60)


def fork_a_sleeper(path):
    """Write the numbers of a child that was forked, not started anew, and of the parent; then wait."""
    child = os.fork()
    if child:
        path.write_text(f"{child} {os.getppid()}", encoding="utf-8")
    time.sleep(60)
    os._exit(0)


def pids_with_a_sleeper(path):
    """Write the numbers of this process, its parent and a process that was started anew, then wait."""
    path.write_text(f"{os.getpid()} {os.getppid()} {start_a_sleeper()}", encoding="utf-8")
    time.sleep(60)


def leave_a_child(path):
    """Write the number of a child that was forked, and end without it."""
    child = os.fork()
    if child:
        path.write_text(str(child), encoding="utf-8")
        os._exit(3)
    time.sleep(60)
    os._exit(0)
