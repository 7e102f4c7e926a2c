"""A warm process gives each task a fresh fork, and survives whatever a task does."""

import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest
import tasks

from b12analysis.reports import run, warm

fork_only = pytest.mark.skipif(not hasattr(os, "fork"), reason="this system has no fork: a process serves one task")


@pytest.fixture
def without(tmp_path, monkeypatch):
    """Take a function of the system away, here and in the processes that are started from now on."""
    monkeypatch.setattr(warm, "_idle", [])

    def take_away(name):
        (tmp_path / "sitecustomize.py").write_text(f"import os\nvars(os).pop({name!r}, None)\n", encoding="utf-8")
        monkeypatch.syspath_prepend(tmp_path)
        monkeypatch.delattr(os, name, raising=False)

    return take_away


@pytest.fixture(scope="module")
def process():
    """One warm process for the tests of this module."""
    process = warm.Warm()
    yield process
    process.close()


def gone(pid: int, within: float = 5) -> bool:
    """Whether a process ends in time; one that nobody has waited for counts as ended."""
    until = time.monotonic() + within
    while time.monotonic() < until:
        try:
            state = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()[0]
        except OSError:
            return True
        if state == "Z":
            return True
        time.sleep(0.05)
    return False


def test_a_task_returns_what_its_function_returns(process):
    assert process.run(tasks.total, 1, 2, third=3) == 6


def test_a_task_raises_what_its_function_raises(process):
    with pytest.raises(KeyError, match="what is wrong"):
        process.run(tasks.refuse)


def test_an_error_that_does_not_travel_is_told_by_name(process):
    with pytest.raises(RuntimeError, match="Stubborn: one"):
        process.run(tasks.raise_what_does_not_travel)


@fork_only
def test_each_task_is_fresh_and_the_process_the_same(process):
    before = process.pid
    assert [process.run(tasks.mark_and_look) for _ in range(3)] == [False, False, False]
    assert process.pid == before


def test_what_a_task_prints_does_not_get_between_the_replies(process, capfd):
    assert process.run(tasks.say) == "said"
    assert process.run(tasks.total, 1) == 1
    assert capfd.readouterr().out == ""


def test_a_task_that_hangs_is_ended_at_its_time_limit(process):
    with pytest.raises(warm.Died, match=r"took longer than the time limit of 0\.5 s") as caught:
        process.run(tasks.hang, time_limit=0.5)
    assert not caught.value.killed
    assert process.run(tasks.total, 1) == 1


@fork_only
def test_a_task_that_ends_its_process_is_told_by_the_exit_code(process):
    with pytest.raises(warm.Died, match="it ended its process with exit code 3") as caught:
        process.run(tasks.leave, 3)
    assert not caught.value.killed


@fork_only
def test_a_task_that_was_killed_says_so_and_deserves_another_try(process):
    with pytest.raises(warm.Died, match="killed by SIGKILL") as caught:
        process.run(tasks.be_killed)
    assert caught.value.killed


@pytest.mark.skipif(sys.platform != "linux", reason="memory is limited on Linux only")
def test_a_task_that_asks_for_too_much_memory_gets_an_error_instead(process):
    assert process.run(tasks.eat, 100, memory_limit=2000) == 100 * 2**20 // 8
    with pytest.raises(MemoryError):
        process.run(tasks.eat, 4000, memory_limit=2000)
    assert process.run(tasks.eat, 100) == 100 * 2**20 // 8


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
def test_what_a_task_started_ends_with_it(process):
    assert gone(process.run(tasks.start_a_sleeper))


def test_a_warm_process_that_was_killed_is_started_again(process):
    os.kill(process.pid, signal.SIGTERM)
    process._process.wait(5)
    assert process.run(tasks.total, 2) == 2


@fork_only
def test_a_warm_process_killed_at_work_takes_its_task_along_and_says_so(process, tmp_path):
    numbers = tmp_path / "pids"
    outcome = []

    def wait_for_it():
        with pytest.raises(warm.Died) as caught:
            process.run(tasks.pids, numbers)
        outcome.append(caught)

    thread = threading.Thread(target=wait_for_it)
    thread.start()
    while not numbers.exists() or " " not in numbers.read_text(encoding="utf-8"):
        time.sleep(0.05)
    task, server = map(int, numbers.read_text(encoding="utf-8").split())
    os.kill(server, signal.SIGKILL)
    thread.join(10)
    assert outcome[0].value.killed
    assert gone(task)


@fork_only
def test_a_child_that_a_task_leaves_behind_does_not_hide_that_the_warm_process_is_dead(process, tmp_path):
    numbers, outcome = tmp_path / "pids", []

    def wait_for_it():
        with pytest.raises(warm.Died) as caught:
            process.run(tasks.fork_a_sleeper, numbers)
        outcome.append(caught)

    thread = threading.Thread(target=wait_for_it, daemon=True)
    thread.start()
    while not numbers.exists() or " " not in numbers.read_text(encoding="utf-8"):
        time.sleep(0.05)
    child, server = map(int, numbers.read_text(encoding="utf-8").split())
    try:
        os.kill(server, signal.SIGKILL)
        thread.join(10)
        assert outcome[0].value.killed
    finally:
        os.kill(child, signal.SIGKILL)


def test_a_stopped_pool_starts_nobody():
    pool = warm.Pool()
    pool.stop()
    with pytest.raises(warm.Died, match="the batch was stopped") as caught:
        pool.run(tasks.total, 1)
    assert not caught.value.killed


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGINT])
def test_nobody_outlives_the_program_that_started_it(tmp_path, how):
    numbers = tmp_path / "pids"
    wait = f"warm.run(tasks.pids_with_a_sleeper, pathlib.Path({str(numbers)!r}))"
    program = f"import tasks, pathlib; from b12analysis.reports import warm; {wait}"
    owner = subprocess.Popen(
        [sys.executable, "-c", program],
        env=os.environ | {"PYTHONPATH": os.pathsep.join([str(Path(__file__).parent), *sys.path])},
        stderr=subprocess.DEVNULL,
    )
    while not numbers.exists() or numbers.read_text(encoding="utf-8").count(" ") < 2:
        assert owner.poll() is None
        time.sleep(0.05)
    owner.send_signal(how)
    owner.wait(10)
    assert all(gone(int(pid)) for pid in numbers.read_text(encoding="utf-8").split())


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
def test_what_a_task_started_ends_when_the_process_is_closed(tmp_path):
    numbers, pool, outcome = tmp_path / "pids", warm.Pool(), []

    def wait_for_it():
        with pytest.raises(warm.Died) as caught:
            pool.run(tasks.pids_with_a_sleeper, numbers)
        outcome.append(caught)

    thread = threading.Thread(target=wait_for_it, daemon=True)
    thread.start()
    while not numbers.exists() or numbers.read_text(encoding="utf-8").count(" ") < 2:
        time.sleep(0.05)
    pool.stop()
    thread.join(10)
    assert outcome
    assert all(gone(int(pid)) for pid in numbers.read_text(encoding="utf-8").split())


@fork_only
def test_a_task_that_leaves_a_child_behind_is_seen_to_end_also_without_waitid(tmp_path, without):
    without("waitid")
    process = warm.Warm()
    with pytest.raises(warm.Died, match="it ended its process with exit code 3"):
        process.run(tasks.leave_a_child, tmp_path / "pid")
    assert gone(int((tmp_path / "pid").read_text(encoding="utf-8")))
    assert process.run(tasks.total, 1) == 1
    process.close()


def test_without_fork_each_task_gets_a_process_and_none_is_kept(without):
    without("fork")
    pool = warm.Pool()
    assert [pool.run(tasks.mark_and_look), pool.run(tasks.mark_and_look)] == [False, False]
    assert warm._idle == []


def test_without_fork_a_time_limit_is_kept_and_told_as_such(without):
    without("fork")
    with pytest.raises(warm.Died, match=r"took longer than the time limit of 0\.5 s") as caught:
        warm.run(tasks.hang, time_limit=0.5)
    assert not caught.value.killed


def test_a_closed_process_takes_no_task():
    process = warm.Warm()
    process.close()
    with pytest.raises(warm.Died, match="closed"):
        process.run(tasks.total, 1)
    assert gone(process.pid)


def test_a_process_that_was_stopped_while_it_waited_is_not_handed_out():
    process = warm._take()
    process.close()
    warm._idle.append(process)
    assert warm.run(tasks.total, 1, 2) == 3


def test_what_the_process_rehearses_works():
    run._rehearse()  # a fault in it is passed over when the process starts, and would make every page slower
