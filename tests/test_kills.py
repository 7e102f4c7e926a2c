"""Whatever is killed, and whenever: every report ends exactly once and whole, and nobody is left behind."""

import contextlib
import json
import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path
from urllib.parse import quote

import psutil
import pytest
import yaml
from test_batches import content, done_in
from toys import toy_folder

import b12analysis as b12
from b12analysis import reports
from b12analysis.reports import files
from b12analysis.reports.records import JOURNAL, MANIFEST

pytestmark = pytest.mark.skipif(
    not (hasattr(os, "fork") and Path("/proc/self").exists()), reason="processes are found and ended as Linux does it"
)

REPORTS = 24
#: Kills of forks and warm processes per command: after the third of its tries a report fails, and rightly.
SIDE_KILLS = 2
#: When the command is killed: early, among the imports; at work; as soon as a page, a line or a half file is seen.
MOMENTS = ["early", "work", "page", "line", "half"]


class Storm:
    """One folder, and commands that make the same batch in it while they and their processes are killed."""

    def __init__(self, place: Path, spec: Path, notebooks: Path, seed: int) -> None:
        self.out, self.spec, self.notebooks = place / "out", spec, notebooks
        self.chance, self.mark, self.said = random.Random(seed), f"{place}-{seed}", place / "said"
        self.killed: list[str] = []

    def start(self) -> subprocess.Popen:
        words = ["batch", self.spec, "--out", self.out, "--workers", 2]
        with self.said.open("ab") as said:
            return subprocess.Popen(
                [sys.executable, "-m", "b12analysis.cli", *map(str, words)],
                env=os.environ | {"B12_NOTEBOOKS": str(self.notebooks), "B12_STORM": self.mark},
                stdout=subprocess.DEVNULL,
                stderr=said,
            )

    def kill_beside(self, command: subprocess.Popen, kinds: list[str]) -> None:
        """Kill a process of each kind, at a random moment of its life; none if the command ends before."""
        for kind in kinds:
            wait = self.chance.choice([0, self.chance.uniform(0, 0.02), self.chance.uniform(0, 0.3)])
            while command.poll() is None and not victims(command, kind):
                time.sleep(0.02)
            time.sleep(wait)
            found = victims(command, kind)
            if found and command.poll() is None:
                kill(self.chance.choice(found))
                self.killed.append(kind)

    def kill(self, command: subprocess.Popen, moment: str) -> None:
        """Kill the command at such a moment; nothing happens if it ends before."""
        before = self.seen(moment)
        if moment == "early":
            time.sleep(self.chance.uniform(0, 5))
        elif moment == "work":
            time.sleep(self.chance.uniform(0, 0.5))
        while command.poll() is None and not self.seen(moment) - before and moment not in ("early", "work"):
            time.sleep(0.0005)
        if command.poll() is None:
            command.kill()
            self.killed.append(moment)
        command.wait()

    def seen(self, moment: str) -> set:
        """Something that gets a new member as soon as the moment is there."""
        if moment == "line":
            journal = self.out / JOURNAL
            return {journal.stat().st_size if journal.exists() else 0}
        pattern = {"page": "toy*.html", "half": ".*.part"}.get(moment)
        return set(self.out.glob(pattern)) if pattern else set()

    def rage(self, ends: int) -> None:
        """Kill as many commands, then let one end by itself; what is on the disk is true after each."""
        for moment in self.chance.sample(MOMENTS, ends):
            command = self.start()
            if moment != "early":
                kills = self.chance.choices(["fork", "warm"], [2, 1], k=self.chance.randint(0, SIDE_KILLS))
                self.kill_beside(command, kills)
            self.kill(command, moment)
            self.check()
        command = self.start()
        self.kill_beside(command, self.chance.sample(["fork", "warm"], SIDE_KILLS))
        assert command.wait(120) == 0, self.said.read_text(encoding="utf-8")
        self.check()

    def check(self) -> None:
        """Nobody lives on, and whatever is said to be done is there and whole."""
        until = time.monotonic() + 5
        while (left := living(self.mark)) and time.monotonic() < until:
            time.sleep(0.05)
        assert left == []
        for row in lines(self.out):
            assert row["status"] == "done", row["error"]
            page = (self.out / row["file"]).read_text(encoding="utf-8")
            assert page.rstrip().endswith("</html>")
            assert files.sha256(page) == row["page_sha256"]
        if (self.out / MANIFEST).exists():
            reports.manifest(self.out)


def victims(command: subprocess.Popen, kind: str) -> list[psutil.Process]:
    """The warm processes that a command has started, or their forks."""
    try:
        warm = psutil.Process(command.pid).children()
        return warm if kind == "warm" else [fork for process in warm for fork in children(process)]
    except psutil.NoSuchProcess:
        return []


def children(process: psutil.Process) -> list[psutil.Process]:
    try:
        return process.children()
    except psutil.NoSuchProcess:
        return []


def kill(process: psutil.Process) -> None:
    with contextlib.suppress(psutil.NoSuchProcess):
        process.kill()


def living(mark: str) -> list[psutil.Process]:
    """Processes that descend from the commands of a storm: they carry its mark in their environment."""
    found = []
    for process in psutil.process_iter():
        try:
            if process.environ().get("B12_STORM") == mark and process.status() != psutil.STATUS_ZOMBIE:
                found.append(process)
        except psutil.Error:
            continue
    return found


def lines(out: Path) -> list[dict]:
    """Lines of the journal that are whole."""
    found = []
    path = out / JOURNAL
    for line in path.read_bytes().split(b"\n") if path.exists() else []:
        try:
            found.append(json.loads(line))
        except ValueError:  # a kill cut it short
            continue
    return found


@pytest.fixture(scope="module")
def calm(tmp_path_factory):
    """Specification, notebooks, and the pages that an undisturbed batch makes of them."""
    place = tmp_path_factory.mktemp("calm")
    notebooks, spec = toy_folder(place / "notebooks"), place / "spec.yaml"
    sets = [{"number": number, "pause": number % 4 / 10, "note": "π"} for number in range(REPORTS)]
    spec.write_text(yaml.safe_dump({"reports": [{"report": "toy", "sets": sets}]}), encoding="utf-8")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("B12_NOTEBOOKS", str(notebooks))
        table = b12.batch(spec, out=place / "out", workers=2)
    assert table["status"].tolist() == ["done"] * REPORTS
    return spec, notebooks, place / "out"


def assert_as_calm(storm: Storm, calm: Path) -> None:
    """The folder holds what an undisturbed batch makes, and each report was done once."""
    stems = sorted(row["stem"] for row in lines(calm))
    assert done_in(storm.out) == stems
    table = reports.manifest(storm.out)
    assert table["stem"].tolist() == stems
    assert set(table["status"]) == {"done"}
    assert list(storm.out.glob(".*.part")) == []
    assert content(storm.out) == content(calm)
    index = (storm.out / "index.html").read_text(encoding="utf-8")
    assert all(f'href="{quote(stem)}.html"' in index for stem in stems)


@pytest.mark.parametrize(
    ("ends", "seed", "at_least"),
    [pytest.param(2, 13, 1, id="two"), pytest.param(5, 8, 3, id="five", marks=pytest.mark.slow)],
)
def test_kills_of_the_command_and_more_of_its_processes_harm_nothing(calm, tmp_path, ends, seed, at_least):
    spec, notebooks, pages = calm
    storm = Storm(tmp_path, spec, notebooks, seed)
    storm.rage(ends)
    assert_as_calm(storm, pages)
    assert {"fork", "warm"} < set(storm.killed)
    assert len([kind for kind in storm.killed if kind in MOMENTS]) >= at_least, storm.killed  # all, if all goes well


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(100, 110))
def test_fifty_storms_harm_nothing(calm, tmp_path, seed):
    spec, notebooks, pages = calm
    storm = Storm(tmp_path, spec, notebooks, seed)
    storm.rage(ends=5)
    assert_as_calm(storm, pages)


@pytest.mark.parametrize("how", [signal.SIGINT, pytest.param(signal.SIGTERM, marks=pytest.mark.slow)])
def test_a_batch_told_to_stop_says_so_keeps_what_is_done_and_leaves_nobody(calm, tmp_path, how):
    spec, notebooks, _ = calm
    storm = Storm(tmp_path, spec, notebooks, seed=0)
    command = storm.start()
    while command.poll() is None and not lines(storm.out):
        time.sleep(0.01)
    command.send_signal(how)
    assert command.wait(20) == 1
    said = storm.said.read_text(encoding="utf-8").splitlines()
    assert said == ["b12: stopped; what is done is kept: run it again to go on"]
    storm.check()
    table = reports.manifest(storm.out)
    done = table["stem"][table["status"] == "done"].tolist()
    assert set(done_in(storm.out)) <= set(done)
    assert 0 < len(done) < REPORTS
