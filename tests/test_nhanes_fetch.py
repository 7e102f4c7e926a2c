"""Fetching the survey's files: from a server that serves, breaks off, lies, changes its mind, or is not there."""

import functools
import hashlib
import importlib
import os
import re
import signal
import socket
import subprocess
import sys
import threading
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pandas as pd
import pytest
from xpt import xpt

from b12analysis import cli, evidence, nhanes, places
from b12analysis.arguments import InputError
from b12analysis.nhanes import FetchError, checks, download

FETCH = importlib.import_module("b12analysis.nhanes.fetch")  # the package's `fetch` is the function
CYCLE = "1999-2000"
FILES = evidence.load("nhanes_files").set_index("table")
PAGE = b"\r\n<!DOCTYPE html><html><body>Page Not Found</body></html>"


def made_up(table: str, rows: int | None = None, seed: int = 1) -> bytes:
    """A file as `nhanes_files` describes it, with numbers of ours."""
    row = FILES.loc[table]
    size = row["rows"] if rows is None else rows
    return xpt({name: [float((seed * line) % 97) for line in range(size)] for name in row["variables"].split()})


CFQ, CFQ_CHANGED, LEXPN = made_up("CFQ"), made_up("CFQ", seed=2), made_up("LEXPN")


class Server(ThreadingHTTPServer):
    """Serves `files` by name; `cut`, `claimed` and `statuses` say what goes wrong; `asked` is what was asked."""

    def __init__(self):
        super().__init__(("127.0.0.1", 0), Handler)
        self.files = {"CFQ": CFQ, "LEXPN": LEXPN}
        self.cut, self.claimed, self.statuses, self.asked = {}, {}, {}, []
        self.ranges, self.validator, self.shift, self.stall = True, "ETag", 0, None
        self.address = f"http://127.0.0.1:{self.server_port}/Public"


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self):
        server, name = self.server, self.path.split("/")[-1].removesuffix(".xpt")
        asked = self.headers.get("Range")
        server.asked.append((self.path, asked))
        if name in server.statuses or name not in server.files:
            return self.answer(server.statuses.get(name, 404), PAGE, {"Content-Type": "text/html"})
        content = server.files[name]
        tag = {"ETag": f'"{hashlib.md5(content).hexdigest()}"', "Last-Modified": "Fri, 01 Jan 2016 00:00:00 GMT"}
        known = {} if server.validator is None else {server.validator: tag[server.validator]}
        if asked and server.ranges and self.headers["If-Range"] in known.values():
            begin = int(re.fullmatch(r"bytes=(\d+)-", asked)[1])
            if begin >= len(content):
                return self.answer(416, b"", {})
            told = {"Content-Range": f"bytes {begin + server.shift}-{len(content) - 1}/{len(content)}"}
            return self.answer(206, content[begin:], known | told, name)
        return self.answer(200, content, known, name)

    def answer(self, status, content, headers, name=None):
        self.send_response(status)
        for key, value in (headers | {"Content-Length": self.server.claimed.get(name, len(content))}).items():
            self.send_header(key, value)
        self.end_headers()
        cuts = self.server.cut.get(name, [])
        self.wfile.write(content[: cuts.pop(0)] if cuts else content)
        if self.server.stall and name:
            self.wfile.flush()
            self.server.stall.wait(30)
        self.close_connection = True

    def log_message(self, *_):
        pass


@pytest.fixture
def server():
    with Server() as server:
        threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
        yield server
        server.shutdown()


@pytest.fixture
def fetch(server, tmp_path, monkeypatch):
    """Fetch tables from the server into a folder, without waiting between attempts."""
    monkeypatch.setattr(download, "PAUSE", 0)

    def run(*tables, **keywords):
        keywords = {"base_url": server.address, "folder": tmp_path / "nhanes"} | keywords
        return nhanes.fetch(CYCLE, tables=tables or ["CFQ"], **keywords)

    return run


@contextmanager
def failing(*words):
    with pytest.raises(FetchError) as caught:
        yield
    for word in words:
        assert word in str(caught.value)


def sha(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def inside(folder: Path) -> dict[str, bytes]:
    """What is in the folder, but for the lock."""
    return {path.name: path.read_bytes() for path in folder.iterdir() if path.name != ".lock"}


# A server that serves


def test_files_arrive_whole_at_the_address_of_their_cycle_and_their_hashes_are_kept(fetch, server, tmp_path):
    found = fetch("CFQ", "LEXPN")
    assert found.columns.tolist() == ["table", "path", "rows", "sha256", "known", "fetched"]
    assert found["table"].tolist() == ["CFQ", "LEXPN"]
    assert found["rows"].tolist() == [1834, 2875]
    assert found["sha256"].tolist() == [sha(CFQ), sha(LEXPN)]
    assert set(found["known"]) == {"first use"}
    assert found["fetched"].all()
    kept = f"{sha(CFQ)}  CFQ.xpt\n{sha(LEXPN)}  LEXPN.xpt\n".encode()
    assert inside(tmp_path / "nhanes") == {"CFQ.xpt": CFQ, "LEXPN.xpt": LEXPN, "nhanes.sha256": kept}
    assert [path for path, _ in server.asked] == [f"/Public/1999/DataFiles/{name}.xpt" for name in ("CFQ", "LEXPN")]
    assert pd.read_sas(found["path"][0], format="xport")["SEQN"].iloc[1:4].tolist() == [1, 2, 3]


def test_what_is_there_is_checked_and_not_fetched_again_even_without_a_network(fetch, server):
    first = fetch("CFQ", "LEXPN")
    server.shutdown()
    server.server_close()
    again = fetch("CFQ", "LEXPN")
    assert not again["fetched"].any()
    assert again.drop(columns="fetched").equals(first.drop(columns="fetched"))


def test_a_file_that_the_user_put_there_is_taken_under_either_ending(fetch, server, tmp_path):
    (tmp_path / "nhanes").mkdir()
    (tmp_path / "nhanes" / "CFQ.XPT").write_bytes(CFQ)
    found = fetch().iloc[0]
    assert (found["path"].name, found["sha256"], found["fetched"]) == ("CFQ.XPT", sha(CFQ), False)
    assert server.asked == []


def test_a_progress_bar_is_drawn_on_standard_error_when_asked_for(fetch, capsys):
    fetch("CFQ", progress=True)
    fetch("LEXPN", progress=False)
    printed = capsys.readouterr()
    assert "CFQ" in printed.err
    assert "LEXPN" not in printed.err
    assert printed.out == ""


# A line that breaks


@pytest.mark.parametrize("validator", ["ETag", "Last-Modified"])
def test_a_download_that_breaks_off_goes_on_where_it_ended(fetch, server, tmp_path, validator):
    server.validator, server.cut["LEXPN"] = validator, [40_000]
    assert fetch("LEXPN")["sha256"].tolist() == [sha(LEXPN)]
    (_, first), (_, second) = server.asked
    assert first is None
    assert 20_000 < int(second.removeprefix("bytes=").removesuffix("-")) <= 40_000
    assert inside(tmp_path / "nhanes").keys() == {"LEXPN.xpt", "nhanes.sha256"}


@pytest.mark.parametrize(("ranges", "validator"), [(False, "ETag"), (True, None)])
def test_it_starts_over_where_the_server_cannot_go_on(fetch, server, ranges, validator):
    server.ranges, server.validator, server.cut["LEXPN"] = ranges, validator, [40_000, 30_000]
    assert fetch("LEXPN")["sha256"].tolist() == [sha(LEXPN)]
    assert len(server.asked) == 3


def test_what_has_arrived_survives_until_the_next_call(fetch, server, tmp_path):
    server.cut["LEXPN"] = [20_000] * 3
    with failing("LEXPN: 127.0.0.1", "broke off 3 times", "fetch again to go on"):
        fetch("LEXPN")
    assert inside(tmp_path / "nhanes").keys() == {".LEXPN.part", ".LEXPN.version"}
    fetch("LEXPN")
    assert server.asked[-1][1] not in (None, "bytes=0-")
    assert inside(tmp_path / "nhanes")["LEXPN.xpt"] == LEXPN


def test_no_file_is_made_of_two_when_it_changes_between_the_halves(fetch, server, tmp_path):
    server.cut["LEXPN"] = [20_000] * 3
    with failing("broke off"):
        fetch("LEXPN")
    server.files["LEXPN"] = made_up("LEXPN", seed=5)
    fetch("LEXPN")
    assert inside(tmp_path / "nhanes")["LEXPN.xpt"] == server.files["LEXPN"]


def test_a_server_that_goes_on_elsewhere_is_not_believed(fetch, server, tmp_path):
    server.cut["LEXPN"], server.shift = [40_000], 8
    with failing("LEXPN: the server went on at bytes"):
        fetch("LEXPN")
    assert inside(tmp_path / "nhanes") == {}


def test_a_part_that_was_whole_already_is_fetched_anew(fetch, server, tmp_path):
    (tmp_path / "nhanes").mkdir()
    (tmp_path / "nhanes" / ".CFQ.part").write_bytes(CFQ)
    (tmp_path / "nhanes" / ".CFQ.version").write_text(f'"{hashlib.md5(CFQ).hexdigest()}"')
    assert fetch()["sha256"].tolist() == [sha(CFQ)]
    assert [asked for _, asked in server.asked] == [f"bytes={len(CFQ)}-", None]


def test_a_killed_fetch_leaves_nothing_that_passes_for_whole_and_the_next_goes_on(fetch, server, tmp_path):
    server.stall, server.cut["LEXPN"] = threading.Event(), [40_000]
    folder = tmp_path / "nhanes"
    code = (
        "import sys; from b12analysis import nhanes; nhanes.fetch(*sys.argv[1:3], tables='LEXPN', base_url=sys.argv[3])"
    )
    child = subprocess.Popen([sys.executable, "-c", code, CYCLE, str(folder), server.address])
    part = folder / ".LEXPN.part"
    for _ in range(2000):
        if part.exists() and part.stat().st_size > 20_000:
            break
        threading.Event().wait(0.01)
    child.send_signal(signal.SIGKILL)
    child.wait()
    server.stall.set()
    server.stall = None
    assert inside(folder).keys() == {".LEXPN.part", ".LEXPN.version"}
    assert 20_000 < part.stat().st_size < len(LEXPN)
    assert fetch("LEXPN")["sha256"].tolist() == [sha(LEXPN)]
    assert server.asked[-1][1].startswith("bytes=")


# What is not the file


def test_a_length_that_is_claimed_too_long_is_a_broken_line(fetch, server):
    server.claimed["CFQ"] = len(CFQ) + 800
    with failing("CFQ: 127.0.0.1", "broke off"):
        fetch()


def test_a_file_cut_short_by_the_length_that_the_server_claims_is_refused(fetch, server, tmp_path):
    server.claimed["CFQ"] = len(CFQ) - 8000
    with failing("is too short: 1335 rows of 1834", "nothing was replaced"):
        fetch()
    assert inside(tmp_path / "nhanes") == {}


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (PAGE, "is a web page"),
        (b"", "is not a SAS transport file"),
        (CFQ[:700], "is not a whole SAS transport file"),
        (made_up("CFQ", rows=1833), "is too short: 1833 rows of 1834"),
        (made_up("CFQ", rows=1835), "has 1835 rows, not 1834"),
        (xpt({"SEQN": [1.0] * 1834}), "lacks CFDRIGHT"),
    ],
)
def test_what_is_not_the_file_is_refused_though_the_server_says_200(fetch, server, tmp_path, content, words):
    server.files["CFQ"] = content
    with failing(f"CFQ: what 127.0.0.1:{server.server_port} sends", words, "/1999/DataFiles/CFQ.xpt"):
        fetch()
    assert inside(tmp_path / "nhanes") == {}


@pytest.mark.parametrize(("status", "words"), [(404, "404 Not Found"), (403, "403 Forbidden"), (503, "503")])
def test_a_refusal_is_told_with_the_address_and_the_other_files_are_fetched(fetch, server, tmp_path, status, words):
    server.statuses["CFQ"] = status
    with failing(words, f"{server.address}/1999/DataFiles/CFQ.xpt"):
        fetch("CFQ", "LEXPN")
    there = inside(tmp_path / "nhanes")
    assert {"LEXPN.xpt", "nhanes.sha256"} <= there.keys()
    assert "CFQ.xpt" not in there


def test_a_table_of_no_cycle_says_that_its_address_is_not_sure_and_may_have_grown(fetch, server):
    with failing("RXQ_DRUG: ", "/1988/DataFiles/RXQ_DRUG.xpt", "has not been tried"):
        fetch("RXQ_DRUG")
    server.files["RXQ_DRUG"] = made_up("RXQ_DRUG", rows=1600)
    assert fetch("RXQ_DRUG")["rows"].tolist() == [1600]
    server.files["DSPI"] = made_up("DSPI", rows=5)
    with failing("DSPI: ", "is too short: 5 rows of 20235"):
        fetch("DSPI")


def test_without_a_server_one_sentence_says_so_and_the_rest_is_not_tried(fetch, tmp_path):
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        address = f"http://127.0.0.1:{free.getsockname()[1]}"
    with pytest.raises(FetchError) as caught:
        fetch("CFQ", "LEXPN", base_url=address)
    host = address.removeprefix("http://")
    assert str(caught.value) == f"CFQ: no answer from {host}; is this machine online?"


def test_a_full_disk_is_told(fetch, monkeypatch, tmp_path):
    def full(*_, **__):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(FETCH, "download", full)
    with failing("CFQ: ", "cannot be written: No space left on device"):
        fetch()


# What has changed


def test_a_file_that_changed_at_cdc_is_noticed_and_replaces_nothing(fetch, server, tmp_path):
    fetch()
    before = inside(tmp_path / "nhanes")
    server.files["CFQ"] = CFQ_CHANGED
    assert not fetch()["fetched"].any()
    with failing(
        "CFQ: the file at 127.0.0.1", "has changed since it was first fetched", sha(CFQ_CHANGED)[:12], sha(CFQ)[:12]
    ):
        fetch(compare=True)
    assert inside(tmp_path / "nhanes") == before


def test_comparing_with_an_unchanged_file_finds_nothing(fetch, server, tmp_path):
    fetch()
    before = inside(tmp_path / "nhanes")
    assert not fetch(compare=True)["fetched"].any()
    assert len(server.asked) == 2
    assert inside(tmp_path / "nhanes") == before


def test_the_hash_of_the_first_use_outlives_the_file_until_its_line_is_deleted(fetch, server, tmp_path):
    fetch("CFQ", "LEXPN")
    (tmp_path / "nhanes" / "CFQ.xpt").unlink()
    server.files["CFQ"] = CFQ_CHANGED
    with failing("CFQ: the file at ", "has changed", "delete yours and its line in nhanes.sha256"):
        fetch()
    registry = tmp_path / "nhanes" / "nhanes.sha256"
    registry.write_text(registry.read_text().split("\n", 1)[1])
    assert fetch("CFQ", "LEXPN")["sha256"].tolist() == [sha(CFQ_CHANGED), sha(LEXPN)]


def test_a_file_that_was_changed_here_is_neither_used_nor_replaced(fetch, server, tmp_path):
    fetch()
    path = tmp_path / "nhanes" / "CFQ.xpt"
    path.write_bytes(CFQ_CHANGED)
    with failing(f"CFQ: {path} is not the file that was fetched", "move it away and fetch again"):
        fetch()
    assert path.read_bytes() == CFQ_CHANGED


@pytest.fixture
def original(monkeypatch):
    """As if the hash of CFQ were that of CDC's original."""
    table = evidence.load("nhanes_files")
    table.loc[table["table"] == "CFQ", "sha256"] = sha(CFQ)
    monkeypatch.setattr(evidence, "load", lambda name: table)


def test_where_the_original_is_known_its_hash_decides(fetch, server, tmp_path, original):
    assert fetch()["known"].tolist() == ["original"]
    (tmp_path / "nhanes" / "CFQ.xpt").unlink()
    server.files["CFQ"] = CFQ_CHANGED
    with failing("CFQ: the file at 127.0.0.1", "has changed since this package learnt its SHA-256"):
        fetch()
    assert inside(tmp_path / "nhanes").keys() == {"nhanes.sha256"}


def test_a_file_that_is_there_but_not_the_original_is_told(fetch, tmp_path, original):
    (tmp_path / "nhanes").mkdir()
    (tmp_path / "nhanes" / "CFQ.xpt").write_bytes(CFQ_CHANGED)
    with failing("is not the file that was fetched"):
        fetch()


# Arguments


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({"cycles": "2007-08"}, "cycles='2007-08' is no cycle that measured B12"),
        ({"cycles": []}, "cycles=[] is no cycle that measured B12"),
        ({"cycles": CYCLE, "tables": []}, "tables is empty"),
        ({"cycles": CYCLE, "tables": ["CFQ_B"]}, "tables='CFQ_B' is not known (did you mean 'CFQ'?)"),
        ({"cycles": CYCLE, "base_url": "wwwn.cdc.gov"}, "base_url='wwwn.cdc.gov' is not an address"),
    ],
)
def test_wrong_arguments_are_named(arguments, words, tmp_path):
    with pytest.raises(InputError, match=re.escape(words)):
        nhanes.fetch(**{"folder": tmp_path} | arguments)


def test_a_folder_that_is_a_file_in_use_or_has_a_broken_registry_is_named(fetch, tmp_path):
    import filelock

    (tmp_path / "file").write_text("")
    with pytest.raises(InputError, match=r"folder=.*file' cannot be written"):
        fetch(folder=tmp_path / "file")
    with (
        filelock.FileLock(tmp_path / ".lock"),
        pytest.raises(InputError, match=r"folder=.* is in use by another fetch"),
    ):
        fetch(folder=tmp_path)
    (tmp_path / "nhanes.sha256").write_text("nonsense\n")
    with pytest.raises(InputError, match=r"a line of nhanes\.sha256 is not a hash and a name"):
        fetch(folder=tmp_path)


@pytest.mark.skipif(os.name == "nt", reason="the cache is found in another way")
def test_the_files_lie_in_the_cache_of_the_user_or_where_the_environment_says(monkeypatch, tmp_path):
    monkeypatch.delenv("B12_NHANES", raising=False)
    assert places.nhanes().parts[-2:] == ("b12analysis", "nhanes")
    monkeypatch.setenv("B12_NHANES", str(tmp_path))
    assert places.nhanes() == tmp_path


# The table of files


def test_every_table_has_the_year_of_its_cycle_in_its_address_but_for_those_of_none():
    of_one = FILES[FILES["grows"] == "no"]
    assert (of_one["address_year"].astype(str) == of_one["cycles"].str[:4]).all()
    assert FILES[FILES["grows"] == "yes"]["address_year"].to_dict() == {
        "DSBI": 1999, "DSII": 1999, "DSPI": 1999, "RXQ_DRUG": 1988
    }  # fmt: skip


def test_a_cycle_has_its_own_tables_and_those_of_none_that_it_needs():
    late = set(FETCH._wanted("2013-2014", None)["table"])
    assert {"DEMO_H", "VITB12_H", "MMA_H", "RXQ_DRUG"} <= late
    assert late.isdisjoint({"DEMO_G", "DSPI"})
    assert len(FETCH._wanted(None, None)) == len(FILES) == 99


def test_the_originals_fit_the_table(shared):
    paths = sorted((shared / "nhanes" / "xpt").glob("*.XPT"))
    assert {path.stem for path in paths} == set(FILES.index[FILES["sha256"].notna()])
    for path in paths:
        row = FILES.loc[path.stem]
        assert sha(path.read_bytes()) == row["sha256"]
        assert checks.fault(path, row.to_dict()) is None
        assert checks.shape(path)[0] == row["rows"]


def test_an_original_is_fetched_and_known_as_one(shared, fetch, server, tmp_path):
    content = (shared / "nhanes" / "xpt" / "VITB12_H.XPT").read_bytes()
    server.files["VITB12_H"], server.cut["VITB12_H"] = content, [100_000]
    found = nhanes.fetch("2013-2014", tmp_path, tables=["VITB12_H"], base_url=server.address)
    assert found[["rows", "known"]].to_numpy().tolist() == [[5736, "original"]]
    assert (tmp_path / "VITB12_H.xpt").read_bytes() == content
    assert server.asked[0][0] == "/Public/2013/DataFiles/VITB12_H.xpt"


def test_the_rows_and_variables_of_the_copies_fit_the_table(shared):
    for table in ("LEXPN", "CFQ_H", "HCY_D", "GHB_G", "DSQ1_B"):
        header = pd.read_csv(shared / "nhanes" / "tables" / f"{table}.csv.xz", encoding="latin-1")
        assert len(header) == FILES.loc[table, "rows"]
        assert set(FILES.loc[table, "variables"].split()) <= set(header.columns)


# The command


@pytest.fixture
def call(server, monkeypatch, capsys, tmp_path):
    """`b12 data fetch ...` from the server instead of CDC."""
    monkeypatch.setattr(nhanes, "fetch", functools.partial(nhanes.fetch, base_url=server.address))

    def run(*arguments):
        monkeypatch.setattr(sys, "argv", ["b12", "data", "fetch", *arguments])
        with pytest.raises(SystemExit) as stop:
            cli.main()
        printed = capsys.readouterr()
        return stop.value.code, printed.out, printed.err

    return run


def test_the_command_fetches_and_prints_the_folder(call, tmp_path):
    arguments = ["nhanes", "--cycle", CYCLE, "--table", "CFQ", "--table", "LEXPN", "--folder", str(tmp_path)]
    code, out, err = call(*arguments)
    assert (code, out) == (0, f"{tmp_path}\n")
    assert "2 files, 2 fetched now" in " ".join(err.split())
    assert "2 files, 0 fetched now" in " ".join(call(*arguments)[2].split())


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (["nhans"], 2, "b12: survey='nhans' is not known (did you mean 'nhanes'?)"),
        (["nhanes", "--cycle", "1998"], 2, "b12: cycles='1998' is no cycle that measured B12"),
        (["nhanes", "--cycle", CYCLE, "--table", "ALQ"], 1, "b12: ALQ: 127.0.0.1"),
    ],
)
def test_the_command_ends_with_a_sentence_and_a_code(call, tmp_path, arguments, code, words):
    stopped, out, err = call(*arguments, "--folder", str(tmp_path))
    assert (stopped, out) == (code, "")
    assert err.startswith(words)
    assert err.count("\n") == 1
    assert "our fault" not in err


def test_the_command_says_when_there_is_no_answer(call, server, tmp_path):
    server.shutdown()
    server.server_close()
    code, out, err = call("nhanes", "--cycle", CYCLE, "--folder", str(tmp_path))
    assert (code, out) == (1, "")
    assert re.fullmatch(r"b12: \w+: no answer from 127\.0\.0\.1:\d+; is this machine online\?\n", err)
