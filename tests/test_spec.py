"""A batch is planned whole before anything runs: what is asked for, in order, under own names, or every error."""

import builtins
import os
import subprocess
from datetime import date
from pathlib import Path

import pandas as pd
import pytest
import yaml
from conftest import REPOSITORY
from hypothesis import given, settings
from hypothesis import strategies as st

import b12analysis as b12
from b12analysis import evidence, risk
from b12analysis.arguments import InputError
from b12analysis.reports import plain, validate
from b12analysis.reports.entries import Errors
from b12analysis.reports.naming import stem
from b12analysis.reports.spec import Job, plan


def write(folder, text, name="spec.yaml"):
    path = folder / name
    path.write_bytes(text if isinstance(text, bytes) else text.encode("utf-8", "surrogatepass"))
    return path


def errors(spec, **named):
    with pytest.raises(InputError) as caught:
        plan(spec, **named)
    return caught.value.errors


def one(**entry):
    return {"reports": [{"report": "recovery", **entry}]}


# ---------------------------------------------------------------------------------------------------- what is planned


def test_a_file_becomes_a_plan(tmp_path):
    spec = write(tmp_path, """
        # ages by severity
        reports:
          - report: recovery
            parameters: {profile: motor, romberg: no, segments: null}
            grid:
              age: [060, "40"]
              severity: [mild, severe]
          - report: prevalence
            sets:
              - {country: India}
              - country: New Zealand
                age_band:  older_adults
    """)  # fmt: skip
    jobs = plan(spec)
    assert [job.stem for job in jobs] == [
        "prevalence-country-India",
        "prevalence-country-New_Zealand-age_band-older_adults",
        "recovery-age-40-severity-mild-profile-motor-romberg-false",
        "recovery-age-40-severity-severe-profile-motor-romberg-false",
        "recovery-severity-mild-profile-motor-romberg-false",
        "recovery-severity-severe-profile-motor-romberg-false",
    ]
    given = {"age": 40, "severity": "mild", "profile": "motor", "romberg": False}
    assert jobs[2] == Job(report="recovery", values=validate("recovery", given), stem=jobs[2].stem, files={})
    types = [int, float, *[str] * 4, bool, type(None), type(None), int]
    assert [type(value) for value in jobs[2].values.values()] == types


def test_a_grid_and_sets_multiply():
    jobs = plan(one(sets=[{"age": 40, "severity": "mild"}, {}], grid={"profile": ["sensory", "motor"]}))
    assert [job.stem for job in jobs] == [
        "recovery",
        "recovery-age-40-severity-mild",
        "recovery-age-40-severity-mild-profile-motor",
        "recovery-profile-motor",
    ]


def test_python_gives_values_and_text_alike():
    values = {"age": [40, 50], "duration_months": [1.5, 2], "romberg": [None, True]}
    words = {"age": ["40", "50"], "duration_months": ["1.5", "2"], "romberg": ["none", "yes"]}
    assert plan(one(grid=values)) == plan(one(grid=words))


def test_sets_may_be_the_rows_of_a_csv_file(tmp_path):
    write(tmp_path, "\ufeffage, severity\r\n40,mild\r\n\r\n,severe\r\n", "sets.csv")
    spec = write(tmp_path, "reports: [{report: recovery, sets: sets.csv}]")
    stems = ["recovery-age-40-severity-mild", "recovery-severity-severe"]
    assert [job.stem for job in plan(spec)] == stems
    assert [job.stem for job in plan(one(sets="sets.csv"), folder=tmp_path)] == stems


def test_files_are_looked_for_beside_the_specification_and_hashed(typed):
    write(typed, "abc", "a.csv")
    (typed / "specs").mkdir()
    spec = write(typed / "specs", "reports: [{report: typed, grid: {p: [../a.csv, none]}}]")
    plain_job, file_job = plan(spec)
    assert (plain_job.files, plain_job.stem) == ({}, "typed")
    assert file_job.values["p"] == (typed / "a.csv").resolve()
    assert file_job.files == {"p": "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"}  # of FIPS 180-2
    assert file_job.stem == "typed-p-a"


def test_a_default_file_has_to_be_there_only_where_it_is_used(typed):
    path = typed / "typed.ipynb"
    path.write_text(path.read_text(encoding="utf-8").replace("p: Path | None = None", "p: Path = Path('gone')"))
    for entry in ({"parameters": {"p": "typed.ipynb"}}, {"grid": {"p": ["typed.ipynb"]}}, {"sets": [{"p": path}]}):
        (job,) = plan({"reports": [{"report": "typed"} | entry]}, folder=typed)
        assert job.values["p"] == path.resolve()
    (line,) = errors({"reports": [{"report": "typed"}]}, folder=typed)
    assert line.startswith(f"reports[1] typed: p='{typed / 'gone'}' is not a file that can be read")


def test_a_list_in_a_grid_is_one_value(typed):
    jobs = plan({"reports": [{"report": "typed", "grid": {"many": [["a", "b c"], "[]", "d, e"], "d": ["2026-05-01"]}}]})
    assert [job.values["many"] for job in jobs] == [[], ["a", "b c"], ["d", "e"]]
    assert [job.stem for job in jobs] == [
        "typed-d-2026-05-01", "typed-d-2026-05-01-many-a+b_c", "typed-d-2026-05-01-many-d+e",
    ]  # fmt: skip


def test_ten_thousand_reports_are_planned_in_a_moment():
    jobs = plan(one(grid={"age": list(range(20, 70)), "seed": list(range(200))}))
    assert len({job.stem for job in jobs}) == 10_000


@given(
    st.fixed_dictionaries(
        {},
        optional={
            "age": st.lists(st.integers(18, 100), min_size=1, max_size=4, unique=True),
            "duration_months": st.lists(st.floats(0.25, 240), min_size=1, max_size=4, unique=True),
            "romberg": st.lists(st.sampled_from([None, True, False]), min_size=1, unique=True),
            "severity": st.lists(st.sampled_from(["mild", "severe"]), min_size=1, unique=True),
        },
    ).filter(bool)
)
@settings(max_examples=40, deadline=None)
def test_a_plan_written_as_yaml_is_the_same_plan(tmp_path_factory, grid):
    spec = one(grid=grid)
    path = write(tmp_path_factory.getbasetemp(), yaml.safe_dump(spec))
    assert plan(path) == plan(spec)


# ------------------------------------------------------------------------------------------------------------- names


@pytest.mark.parametrize(
    ("given", "name"),
    [
        ({}, "typed"),
        ({"f": 6.0}, "typed-f-6"),
        ({"f": 0.5}, "typed-f-0.5"),
        ({"f": 1e-7}, "typed-f-1e-07"),
        ({"i": -3}, "typed-i--3"),
        ({"b": True, "d": date(2026, 1, 31)}, "typed-b-true-d-2026-01-31"),
        ({"s": "Côte d’Ivoire"}, "typed-s-Côte_d_Ivoire~b9c877b9"),
        ({"s": "New Zealand"}, "typed-s-New_Zealand"),
        ({"s": ""}, "typed-s-e3b0c442"),
        ({"s": "../x"}, "typed-s-x~d6b96a97"),
        ({"many": ["a", "b"], "days": []}, "typed-many-a+b-days-empty"),
    ],
)
def test_names_say_what_differs(typed, given, name):
    assert stem("typed", validate("typed", given)) == name


@given(text=st.text(st.characters(exclude_categories=["Cc", "Cs", "Zl", "Zp"]), max_size=200), number=st.floats())
@settings(max_examples=200, deadline=None)
def test_names_fit_every_file_system(text, number):
    values = validate("prevalence", {}) | {"country": text, "age_band": [text, number, None]}
    name = stem("prevalence", values)
    assert len(name.encode()) <= 120
    assert not set(name) & set('/\\:*?"<>|\0\n')
    assert name == name.strip(". ")
    assert name.startswith("prevalence-")


def test_long_names_are_cut_and_stay_apart():
    values = validate("prevalence", {})
    names = {stem("prevalence", values | {"country": "ä" * 300 + end}) for end in "abc"}
    assert len(names) == 3
    assert all(len(name.encode()) <= 120 for name in names)


def test_names_that_windows_or_the_index_page_keeps_are_changed():
    from b12analysis.reports.naming import stem_of

    assert [stem_of(name, [], {}) for name in ("con", "LPT1", "console")] == ["con_", "LPT1_", "console"]
    assert [stem_of(name, [], {}) for name in ("index", "Index", "indexes")] == ["index_", "Index_", "indexes"]


# ------------------------------------------------------------------------------------------------------------ errors


def test_every_error_of_a_batch_is_told_at_once_and_once():
    spec = {
        "reports": [
            {"report": "recovery", "grid": {"age": ["old", "old", 17], "agee": [1]}, "set": []},
            {"report": "recovry"},
            {"report": "recovery", "parameters": {"age": 50}, "sets": [{"age": 60}], "grid": {"severity": []}},
            "recovery",
            {"report": "recovery", "grid": {"age": [70, 70.0, "70"]}},
            {"report": "prevalence", "parameters": {"country": "any"}},
            {"report": "prevalence"},
        ],
        "report": 1,
    }  # fmt: skip
    found = errors(spec)
    assert [line[:60] for line in found] == [
        line[:60]
        for line in [
            "the batch: key='report' is not known (did you mean 'reports'?); choose one of 'reports'",
            "reports[1]: key='set' is not known (did you mean 'sets'?); choose one of ",
            "reports[1] recovery: parameter='agee' is not known (did you mean 'age'?)",
            "reports[1] recovery: age='old' is not a whole number; it must be 18 to 100",
            "reports[1] recovery: age=17 is out of range; it must be at least 18 and at most 100",
            "reports[2]: report='recovry' is not known (did you mean 'recovery'?)",
            "reports[3] recovery: grid: severity=[] is not a list of values; one value",
            "reports[3] recovery: parameter 'age' is given twice: in two of `parameters`, `grid` and `sets`",
            "reports[4]: 'recovery' is not a mapping with the key 'report'",
            "reports[5] recovery: age=70.0 is not a whole number; it must be 18 to 100",
            "reports[7] prevalence: the same report is written to 'prevalence' already, by reports[6] prevalence",
        ]
    ]
    assert len(found) == len(set(found))


def test_two_files_of_one_name_would_be_one_page(typed):
    for folder in ("a", "B"):
        (typed / folder).mkdir()
        write(typed / folder, folder, "X.csv" if folder == "B" else "x.csv")
    found = errors({"reports": [{"report": "typed", "grid": {"p": ["a/x.csv", "B/X.csv"]}}]}, folder=typed)
    assert found == ["reports[1] typed: another report is written to 'typed-p-x' already, by reports[1] typed"]


def test_errors_in_yaml_name_the_line(tmp_path):
    for text, message in [
        ("reports:\n  - report: a\n    report: b\n", "spec.yaml, line 3: key 'report' is given twice"),
        ("reports:\n  - &a x\n", "spec.yaml, line 2: anchors and aliases (`&`, `*`) are not read; write"),
        ("reports:\n  - !!int 3\n", "spec.yaml, line 2: tags (`!`) are not read; a report's parameters"),
        ("reports:\n\t- a\n", "spec.yaml, line 2 is not YAML: found character that cannot start any token"),
        ("reports: []\n---\nreports: []\n", "spec.yaml holds several documents (`---`); it must be one"),
        ("", "spec.yaml is empty"),
    ]:  # fmt: skip
        (line,) = errors(write(tmp_path, text))
        assert line.startswith(message)


def test_pyyaml_without_its_c_library_reads_the_same(monkeypatch):
    text = "a: [1, 'x', {b: }]\nc: |\n  two\n  lines\n"
    tree = {"a": ["1", "x", {"b": ""}], "c": "two\nlines\n"}
    assert plain.read(text) == tree
    monkeypatch.setattr(plain, "_Loader", yaml.BaseLoader)
    assert plain.read(text) == tree
    for bad in ("!!python/name:os.system x", "&a [*a]", "{a: 1, a: 2}", "\0", "a: [", "--- a\n--- b", "\ud800"):
        with pytest.raises(InputError):
            plain.read(bad)


def test_a_specification_that_is_no_file_is_refused(tmp_path):
    for spec in (tmp_path, tmp_path / "no.yaml", "", "a\0b", "x" * 5_000, 3, None, ["reports"]):
        (line,) = errors(spec)
        assert line.startswith(("spec=", "the batch is "))
    (line,) = errors({"reports": [{"report": "recovery"}] * 1_001})
    assert line == "the batch has 1,001 entries under 'reports'; at most 1,000 are read, each with a grid or sets"


def test_errors_without_end_come_to_an_end():
    found = errors(one(grid={"seed": [f"x{n}" for n in range(50_000)]}))
    assert len(found) == 1_001
    assert found[-1] == "these are the first 1,000 errors; there may be more"
    with pytest.raises(InputError, match=r"^a\nb$"):
        (lambda e: (e.add("a"), e.add("b"), e.add("a"), e.stop()))(Errors())


def test_too_many_reports_are_counted_before_they_are_made():
    grid = {name: list(range(20, 100)) for name in ("age", "duration_months", "seed")}
    assert errors(one(grid=grid)) == ["the batch has 512,000 reports; at most 100,000 are made at once"]


# --------------------------------------------------------------------------- hundreds of malformed specifications

ODD = ["old", "1e9", "60.0", "0x3c", "१२", "6O", "{}", "[60]", "60,", "--60", "60 70", "∞", "nan", "true", "", "null"]
SCRIPTS = [
    '<script>alert(1)</script>', '<img src=x onerror=alert(1)>', '{{7*7}}', '${HOME}', '`id`', '$(touch x)',
    "'; DROP TABLE x; --", "__import__('os').system('touch x')", 'javascript:alert(1)', '%s%n', '\u202egnp.exe',
]  # fmt: skip
UNICODE = [
    "\u0000",
    "\u0007",
    "\u001b[31m",
    "\u0085",
    "\u2028",
    "\ufeff",
    "\ufffe",
    "\U0001f4a9",
    "é" * 1001,
    "a" * 19_000,
]
PATHS = ["../../etc/passwd", "/etc", "..", "~/.bashrc", "$HOME", "file:///etc/passwd", "C:\\x", "a" * 300, "*", "|id"]
TAGS = [
    "!!python/object/apply:os.system ['touch x']", '!!python/name:os.system', '!!python/module:os', '!!int 60',
    '!!binary aGk=', '!x 60', '! 60', '!!set {a}', '!!python/object/new:type {}', '!<tag:yaml.org,2002:str> a',
]  # fmt: skip
STRUCTURES = [
    '', '~', '60', '[]', '{}', '- a', 'reports', 'reports:', 'reports: {}', 'reports: x', 'reports: []',
    'reports: [[]]', 'reports: [{}]', 'reports: [~]', '[reports]', 'reports: [{report: []}]',
    'reports: [{report: {}}]', 'reports: [{report: }]', 'reports: [{Report: recovery}]', 'report: recovery',
    'reports: [{report: recovery, parameters: []}]', 'reports: [{report: recovery}]x',
    'reports: [{report: recovery, parameters: [a]}]',
    'reports: [{report: recovery, parameters: x}]', 'reports: [{report: recovery, grid: }]',
    'reports: [{report: recovery, grid: []}]', 'reports: [{report: recovery, grid: {}}]',
    'reports: [{report: recovery, grid: {age: 60}}]', 'reports: [{report: recovery, grid: {age: []}}]',
    'reports: [{report: recovery, grid: {age: {a: 1}}}]', 'reports: [{report: recovery, grid: {age: [[60]]}}]',
    'reports: [{report: recovery, sets: }]', 'reports: [{report: recovery, sets: []}]',
    'reports: [{report: recovery, sets: {}}]', 'reports: [{report: recovery, sets: [a]}]',
    'reports: [{report: recovery, sets: [[]]}]', 'reports: [{report: recovery, sets: [{}, {}]}]',
    'reports: [{report: recovery}, {report: recovery}]', 'reports: [{report: ../recovery}]',
    'reports: [{report: recovery, <<: {age: 60}}]', '? [a]\n: b', '? {a: b}\n: c', "reports: 'a", 'a: b: c',
    'reports: [{report: recovery, grid: {age: [60, 60]}}]', '%YAML 9.9\n---\na', '@', '`', '%', ']', '}', '\t',
    'reports: [{report: recovery, 1: 2}]', 'reports: [{report: recovery, ~: 2}]', '--- a\n--- b\n', '...',
    'reports: [{report: recovery, parameters: {age: 40}, grid: {age: [50]}}]', 'a: |\n b\nc',
]  # fmt: skip
BOMBS = [
    "a: &a [x, x, x, x, x, x, x, x, x]\n" + "".join(
        f"{b}: &{b} [{', '.join([f'*{a}'] * 9)}]\n" for a, b in zip("abcdefgh", "bcdefghi", strict=True)),
    "&a [*a]", "reports: &r [*r]", "a:\n" + " " * 900_000 + "b: c", "[" * 50_000,
    "{a: " * 50_000, "- " * 50_000, "? " * 50_000,
    "reports: [" + "{report: recovery}," * 50_000 + "]", "x" * 999_999, "reports: [" + "[]," * 200_000 + "]",
    "'" * 500_001, "a: " * 100_000, "#" * 1_000_001, "\n" * 999_999, "reports: " + "é" * 400_000,
    "".join(f"k{n}: v\n" for n in range(80_000)),
    "reports: [{report: recovery, grid: {seed: [" + "1," * 300_000 + "]}}]",
    "reports: [{report: recovery, parameters: {" + "".join(f"p{n}: 1, " for n in range(50_000)) + "}}]",
]  # fmt: skip
BINARY = [
    b"\xff\xfe\x00", b"\x00", b"\x89PNG\r\n\x1a\n", b"PK\x03\x04", b"\x1f\x8b\x08", b"reports: \xe9", b"\xc0\xaf",
    b"\x7fELF", "reports: []".encode("utf-16"), "reports: []".encode("utf-32"), b"\xed\xa0\x80",
    bytes(range(256)),
]  # fmt: skip
TABLES = [
    "", "\n", "age", "age,age\n1,2", ",\n1,2", "age\n17\n", "age\nold\n", "agee\n60\n", "age,severity\n60\n",
    'age\n"60\n', 'age\n"60"x\n', "age\n60\n60\n", "age;severity\n60;mild\n",
    "age\n" + "9" * 200_000, "age\n\0\n",
]  # fmt: skip


def quoted(text):
    """A text in YAML's double quotes, whatever it holds."""
    return yaml.dump(text, default_style='"', width=10**6, allow_unicode=False).strip()


def malformed():
    """Specifications that are wrong, or odd and harmless; each with the family it is of."""
    parameters = ["age", "duration_months", "severity", "romberg", "segments", "seed"]
    for family, values in [("type", ODD), ("script", SCRIPTS), ("unicode", UNICODE)]:
        for name in parameters:
            for value in values:
                yield family, f"reports: [{{report: recovery, parameters: {{{name}: {quoted(value)}}}}}]"
    for low, high in [(-1, 10**10), (-1, 10**30), (-(10**30), 10**300)]:
        for name in ("age", "duration_months", "segments", "seed"):
            yield "range", f"reports: [{{report: recovery, grid: {{{name}: [{low}, {high}]}}}}]"
    for value in [*SCRIPTS, *UNICODE, *PATHS]:
        yield "key", f"{quoted(value[:500])}: 1"
        yield "report", f"reports: [{{report: {quoted(value)}}}]"
        yield "parameter", f"reports: [{{report: recovery, parameters: {{{quoted(value[:500])}: 1}}}}]"
        yield "sets", f"reports: [{{report: recovery, sets: {quoted(value)}}}]"
        yield "text", f"reports: [{{report: typed, parameters: {{s: {quoted(value)}}}}}]"
        yield "path", f"reports: [{{report: typed, parameters: {{p: {quoted(value)}}}}}]"
    for tag in TAGS:
        yield "tag", f"reports: {tag}"
        yield "tag", f"reports: [{{report: recovery, parameters: {{age: {tag}}}}}]"
    yield from (("structure", text) for text in STRUCTURES)
    yield from (("bomb", text) for text in BOMBS)
    yield from (("binary", content) for content in BINARY)


def untouched(*_, **__):
    pytest.fail("something was executed")


def test_hundreds_of_malformed_specifications_are_refused_or_harmless(typed, tmp_path, monkeypatch):
    import shutil

    shutil.copy(REPOSITORY / "notebooks" / "recovery.ipynb", typed)
    for place, name in [(os, "system"), (os, "popen"), (subprocess, "Popen"), (builtins, "eval"), (builtins, "exec")]:
        monkeypatch.setattr(place, name, untouched)
    monkeypatch.chdir(tmp_path)
    cases = [*malformed(), *(("csv", text) for text in TABLES)]
    outcome, longest = {}, 0
    for family, content in cases:
        write(tmp_path, content if family == "csv" else "", "sets.csv")
        text = "reports: [{report: recovery, sets: sets.csv}]" if family == "csv" else content
        spec = write(tmp_path, text)
        before = sorted(Path.cwd().iterdir())
        try:
            jobs = plan(spec)
            planned = len(jobs)
            assert all("/" not in job.stem and len(job.stem) <= 120 for job in jobs)
        except InputError as error:
            planned = 0
            longest = max(longest, *map(len, error.errors), 0)
        assert sorted(Path.cwd().iterdir()) == before
        outcome.setdefault(family, []).append(planned)
    assert sum(map(len, outcome.values())) >= 500  # specifications
    assert longest < 2_000
    refused = {family for family, planned in outcome.items() if not any(planned)}
    assert refused == outcome.keys() - {"type", "text"}
    # harmless: what is of the type after all ("1e9", "true", "null"), and text, which is only text
    assert sum(map(bool, outcome["type"])) <= 20
    assert sum(map(bool, outcome["text"])) >= 20


# --------------------------------------------------------------------------------------------- the specifications here


def csv_rows(name):
    return pd.read_csv(REPOSITORY / "reports" / name).to_records(index=False).tolist()


def test_there_is_a_page_for_every_risk_group_and_definition_that_the_tables_hold():
    surveys, factors = b12.load("surveys"), b12.load("risk_factors")
    drawn = [risk.ratios(factors, "effect"), risk.ratios(factors, "gradient")]
    drawn += [evidence.select(factors, quantity="incidence", measure="percent")]
    drawn += [evidence.select(factors, quantity="time_to_deficiency", measure="months")]
    drawn += [evidence.select(factors, measure="b12_difference_pmol_l")]
    groups = b12.load("groups").query("role == 'risk'")[["group"]]
    held = pd.concat([rows[["group", "definition"]] for rows in [surveys, *drawn]]).merge(groups)
    held = held[held["definition"].isin(surveys["definition"])]
    wanted = pd.concat([held, groups.assign(definition="any")]).drop_duplicates()
    assert csv_rows("risk_groups.csv") == sorted(wanted.itertuples(index=False, name=None))


def test_there_is_a_page_for_every_country_and_definition_of_a_survey():
    everybody = evidence.select(
        b12.load("surveys"), group=["general", "older_adults"], setting=["national", "community"]
    )
    held = everybody[["country", "definition"]].dropna()
    wanted = pd.concat([held, held.assign(country="any")]).drop_duplicates()
    assert csv_rows("prevalence.csv") == sorted(wanted.itertuples(index=False, name=None))


@pytest.mark.parametrize(
    ("name", "least"), [("recovery", 200), ("kinetics", 72), ("risk_groups", 60), ("prevalence", 40), ("validation", 8)]
)
def test_the_specifications_of_the_project_are_sound(name, least):
    jobs = plan(REPOSITORY / "reports" / f"{name}.yaml")
    assert len(jobs) >= least
    assert {job.report for job in jobs} == {name}
    assert [job.stem for job in jobs] == sorted(job.stem for job in jobs)
