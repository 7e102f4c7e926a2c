"""Parameters of reports: typed and checked before anything runs, from the notebook's own line."""

import json
import os
import re
from datetime import date
from pathlib import Path

import nbformat
import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from b12analysis.arguments import InputError
from b12analysis.reports import check, inject, names, parameters, validate
from b12analysis.reports.notebooks import notebook
from b12analysis.reports.schema import lacking, parse_cell
from b12analysis.reports.types import text


def test_every_report_has_a_seed_and_every_parameter_a_meaning():
    for name in names():
        listed = {parameter.name: parameter for parameter in parameters(name)}
        assert listed["seed"].type == "int"
        assert all(parameter.meaning for parameter in listed.values())
        free = (
            "bool",
            "bool | None",
            "Path | None",
            "str | None",
            "list[str]",
        )  # there is no range of files and of names
        assert all(parameter.range for parameter in listed.values() if parameter.type not in free)


def test_every_default_is_valid():
    for name in names():
        assert validate(name, {}) == {parameter.name: parameter.default for parameter in parameters(name)}


def test_parameters_that_belong_together_are_given_all_or_none():
    line = "price: float | None = None  # what it costs\nyear: int | None = None  # of the price"
    known = parse_cell(f"# together: price, year\n{line}\nseed: int = 1  # seed")
    assert [parameter.together for parameter in known] == [("price", "year")] * 2 + [()]
    assert lacking(known, {"price": None, "year": None, "seed": 1}) == []
    assert lacking(known, {"price": 0.0, "year": 2024, "seed": 1}) == []
    assert lacking(known, {"price": None, "year": 2024, "seed": 1}) == [
        "year=2024 needs price too: give all of price, year, or none"
    ]
    assert lacking(parse_cell(line), {"price": 5.0, "year": None}) == []


def test_a_parameters_line_is_read_whole():
    (parameter,) = parse_cell('severity: str = "mild"  # how bad it is [mild | severe]')
    assert (parameter.name, parameter.type, parameter.default) == ("severity", "str", "mild")
    assert (parameter.meaning, parameter.choices) == ("how bad it is", ("mild", "severe"))
    (parameter,) = parse_cell("dose: float | None = None  # dose, ug; None is none [-1 to 2.5]")
    assert (parameter.minimum, parameter.maximum, parameter.default) == (-1, 2.5, None)
    assert parameter.meaning == "dose, ug; None is none"


def test_choices_may_be_a_column_of_a_table():
    listed = {parameter.name: parameter for parameter in parameters("risk_groups")}
    assert "metformin" in listed["group"].choices
    assert "omnivores" not in listed["group"].choices  # a comparator, not a risk group
    assert "any" in listed["definition"].choices
    assert "b12_148" in listed["definition"].choices


def test_a_line_that_is_no_parameter_is_refused():
    with pytest.raises(ValueError, match="line 1: expected `name: type = default"):
        parse_cell("age = 60")


@pytest.mark.parametrize(
    ("given", "value"),
    [
        ({"age": "70"}, 70),
        ({"age": 70}, 70),
        ({"age": np.int64(70)}, 70),
        ({"duration_months": "2.5"}, 2.5),
        ({"duration_months": 3}, 3.0),
        ({"romberg": "true"}, True),
        ({"romberg": "no"}, False),
        ({"romberg": "None"}, None),
        ({"romberg": False}, False),
        ({"segments": "none"}, None),
        ({"segments": "9"}, 9),
        ({"severity": "severe"}, "severe"),
    ],
)
def test_values_arrive_as_what_they_are(given, value):
    (name,) = given
    parsed = validate("recovery", given)[name]
    assert parsed == value
    assert type(parsed) is type(value)


@pytest.mark.parametrize(
    ("given", "text"),
    [
        ({"agee": 70}, "parameter='agee' is not known (did you mean 'age'?); choose one of 'age', 'duration_months', "),
        ({"age": "old"}, "age='old' is not a whole number; it must be 18 to 100"),
        ({"age": "70.5"}, "age='70.5' is not a whole number; it must be 18 to 100"),
        ({"age": 70.5}, "age=70.5 is not a whole number; it must be 18 to 100"),
        ({"age": True}, "age=True is not a whole number; it must be 18 to 100"),
        ({"age": None}, "age=None is not a whole number; it must be 18 to 100"),
        ({"age": [70]}, "age=[70] is not a whole number; it must be 18 to 100"),
        ({"age": 17}, "age=17 is out of range; it must be at least 18 and at most 100"),
        ({"age": "1e9"}, "age='1e9' is not a whole number; it must be 18 to 100"),
        ({"duration_months": "nan"}, "duration_months='nan' is not a finite number"),
        ({"duration_months": "inf"}, "duration_months='inf' is not a finite number"),
        ({"duration_months": -1}, "duration_months=-1.0 is out of range; it must be at least 0.25 and at most 240"),
        ({"romberg": "perhaps"}, "romberg='perhaps' is not true or false or none"),
        ({"romberg": 2}, "romberg=2 is not true or false or none"),
        ({"severity": 3}, "severity=3 is not text; it must be mild | moderate | severe"),
        (
            {"profile": "sensroy"},
            "profile='sensroy' is not known (did you mean 'sensory'?); "
            "choose one of 'sensory', 'motor', 'myelopathy', 'cognitive'",
        ),
        ({"seed": -1}, "seed=-1 is out of range; it must be at least 0 and at most 4.29497e+09"),
    ],
)
def test_what_does_not_fit_is_named_with_the_choices(given, text):
    with pytest.raises(InputError, match=f"^{re.escape(text)}"):
        validate("recovery", given)


def test_an_unknown_report_is_named_with_the_choices():
    text = f"report='recovry' is not known (did you mean 'recovery'?); choose one of {names()[0]!r}, {names()[1]!r},"
    with pytest.raises(InputError, match=re.escape(text)):
        validate("recovry", {})


def test_an_unknown_risk_group_is_named_with_the_nearest():
    with pytest.raises(InputError, match=r"group='vegan' is not known \(did you mean 'vegans'\?\); choose one of"):
        validate("risk_groups", {"group": "vegan"})


def parsed(kind, value, limits="", folder=None):
    """A value as a parameter of a type, from a line of a parameters cell."""
    default = {"bool": "False", "date": "date(2026, 1, 1)"}.get(kind, "None")
    source = f"from datetime import date\nfrom pathlib import Path\nx: {kind} = {default}  # meaning {limits}"
    return parse_cell(source)[0].parse(value, folder)


@pytest.mark.parametrize(
    ("kind", "given", "value"),
    [
        ("date", "2026-01-31", date(2026, 1, 31)),
        ("date", date(2026, 1, 31), date(2026, 1, 31)),
        ("date", pd.Timestamp("2026-01-31"), date(2026, 1, 31)),
        ("date", np.datetime64("2026-01-31"), date(2026, 1, 31)),
        ("date | None", "none", None),
        ("bool", np.bool_(True), True),
        ("float", np.float64(1.5), 1.5),
        ("str", "null", "null"),
        ("str | None", "~", None),
        ("str", "<script>alert(1)</script>", "<script>alert(1)</script>"),
        ("list[int]", "1, 2", [1, 2]),
        ("list[int]", "[1, 2]", [1, 2]),
        ("list[int]", "5", [5]),
        ("list[int]", "[]", []),
        ("list[int]", (1, np.int64(2)), [1, 2]),
        ("list[int] | None", "", None),
        ("list[int | None]", "[1, none]", [1, None]),
        ("list[str]", "['a, b', \"it's\", c]", ["a, b", "it's", "c"]),
        ("list[str]", "New Zealand", ["New Zealand"]),
        ("list[bool]", "yes, off", [True, False]),
        ("list[date]", "2026-01-31, 2026-02-01", [date(2026, 1, 31), date(2026, 2, 1)]),
        ("list[float] | None", ["1", 2], [1.0, 2.0]),
    ],
)
def test_every_type_is_read_as_itself(kind, given, value):
    found = parsed(kind, given)
    assert found == value
    assert type(found) is type(value)
    if isinstance(value, list):
        assert [type(item) for item in found] == [type(item) for item in value]


@pytest.mark.parametrize(
    ("kind", "given", "limits", "message"),
    [
        ("int", 1.0, "", "x=1.0 is not a whole number"),
        ("int", "60.0", "", "x='60.0' is not a whole number"),
        ("int", 10**4000, "", "x=a number of hundreds of digits is too large"),
        ("int", "９", "", "x='９' is not a whole number"),
        ("bool", 1, "", "x=1 is not true or false"),
        ("float", True, "", "x=True is not a number"),
        ("float", [1.0], "", "x=[1.0] is not a number"),
        ("date", "31.1.2026", "", "x='31.1.2026' is not a date, YYYY-MM-DD"),
        ("date", "2026-02-31", "", "x='2026-02-31' is not a date, YYYY-MM-DD"),
        ("date", "1700000000", "", "x='1700000000' is not a date, YYYY-MM-DD"),
        ("date", 20260131, "", "x=20260131 is not a date, YYYY-MM-DD"),
        ("date", pd.Timestamp("2026-01-31 12:00"), "", "x=Timestamp('2026-01-31 12:00:00') is not a date"),
        ("date", pd.NaT, "", "x=NaT is not a date"),
        ("date", "1999-12-31", "[2000-01-01 to 2030-01-01]", "x=1999-12-31 is out of range; it must be at least 2000-"),
        ("str", "a\0b", "", r"x='a\x00b' holds a control character, '\x00'"),
        ("str", "a\nb", "", r"x='a\nb' holds a control character"),
        ("str", "\ud800", "", "x='\\ud800' holds a control character"),
        ("str", "a" * 1001, "", "x is a text of 1,001 characters; at most 1,000 are allowed"),
        ("list[int]", "1, x", "", "x[2]='x' is not a whole number"),
        ("list[int]", [1, 2.0], "", "x[2]=2.0 is not a whole number"),
        ("list[int]", 3, "", "x=3 is not a list of whole numbers"),
        ("list[int]", "", "", "x='' is not a list, such as [a, b]; the empty list is []"),
        ("list[int]", "[1, [2]]", "", "x='[1, [2]]' is not a list"),
        ("list[int]", "{a: 1}", "", "x='{a: 1}' is not a list"),
        ("list[int]", "[1", "", "x='[1' is not a list, such as [a, b]"),
        ("list[int]", "1, 9", "[0 to 5]", "x[2]=9 is out of range; it must be at least 0 and at most 5"),
        ("list[int]", "1, 9", "[1 | 2]", "x[2]=9 is not known; choose one of 1, 2"),
        ("list[int]", [0] * 1001, "", "x has 1,001 items; at most 1,000 are allowed"),
        ("list[int]", None, "", "x=None is not a list of whole numbers"),
        ("Path", "no_such_file.csv", "", "x='no_such_file.csv' is not a file that can be read"),
        ("Path", "..", "", "x='..' is not a file that can be read"),
        ("Path", "a" * 500, "", f"x='{'a' * 118}"),
        ("Path", "$HOME", "", "x='$HOME' is not a file that can be read"),
        ("Path", "a\0", "", r"x='a\x00' holds a control character"),
    ],
)  # fmt: skip
def test_what_is_not_of_the_type_is_refused(kind, given, limits, message):
    with pytest.raises(InputError, match=f"^{re.escape(message)}") as caught:
        parsed(kind, given, limits)
    assert len(caught.value.errors) == 1
    assert len(str(caught.value)) < 600


def test_paths_begin_at_the_folder_that_is_given(tmp_path, monkeypatch):
    (tmp_path / "in").mkdir()
    (tmp_path / "x.csv").write_text("a", encoding="utf-8")
    whole = (tmp_path / "x.csv").resolve()
    assert parsed("Path", "../x.csv", folder=tmp_path / "in") == whole
    assert parsed("list[Path]", "x.csv, ./x.csv", folder=tmp_path) == [whole, whole]
    assert parsed("Path", whole, folder="/") == whole
    monkeypatch.chdir(tmp_path)
    assert parsed("Path", Path("x.csv")) == whole


def test_a_parameters_cell_may_make_dates_and_paths_and_calls_nothing_else(tmp_path):
    source = 'from datetime import date\nfrom pathlib import Path\na: date = date(2026, 1, 31)\nb: Path = Path("x")'
    assert [p.default for p in parse_cell(source, tmp_path)] == [date(2026, 1, 31), (tmp_path / "x").resolve()]
    for bad in (
        "import os", "from datetime import datetime", "from os import path as date", "a: int = int('1')",
        "a: date = date(*[2026, 1, 1])", "a: date = date(year=2026, month=1, day=1)", "a: dict = {}",
        "a: __import__('os').system('true') = 1", "a: list[list[int]] = []", "a: str = open('x').read()",
        "a: Path = Path(__file__)", "a: int = 2 ** 9", "exit()",
    ):  # fmt: skip
        with pytest.raises(ValueError):  # noqa: PT011  an author's mistake; the words differ
            parse_cell(bad)


def test_everything_that_is_wrong_is_told_at_once():
    with pytest.raises(InputError) as caught:
        validate("recovery", {"age": "old", "severity": "mild", "agee": 1, "segments": 99, 3: 4})
    assert [line.split("=")[0] for line in caught.value.errors] == ["age", "segments", "parameter", "parameter"]
    with pytest.raises(InputError, match=r"parameters=\[\] is not a mapping"):
        validate("recovery", [])


def test_a_notebook_checks_the_values_that_it_has():
    space = {p.name: p.default for p in parameters("recovery")}
    check("recovery", space)
    assert space["age"] == 60
    space |= {"age": "70", "x": 1}  # papermill's own command line passes some values as text
    check("recovery", space)
    assert (space["age"], space["x"]) == (70, 1)
    with pytest.raises(InputError, match=r"^age=170 is out of range; it must be at least 18 and at most 100$"):
        check("recovery", space | {"age": 170})
    with pytest.raises(InputError, match=r"^seed has no value; run the cell of the parameters$"):
        check("recovery", {key: value for key, value in space.items() if key != "seed"})


@pytest.mark.parametrize("name", names())
def test_every_notebook_checks_itself_after_its_parameters(name):
    cells = [cell for cell in nbformat.read(notebook(name), 4).cells if cell.cell_type == "code"]
    assert "parameters" in cells[0].metadata["tags"]
    assert cells[1].source.endswith(f'\nreports.check("{name}", globals())')
    space = {}
    exec(cells[0].source, space)
    space["seed"] = -1
    with pytest.raises(InputError, match=r"^seed=-1 is out of range"):
        exec(cells[1].source, space)


def test_a_changed_notebook_is_read_again(typed):
    assert parameters("typed")[0].default == 1
    path = typed / "typed.ipynb"
    path.write_text(path.read_text(encoding="utf-8").replace("i: int = 1", "i: int = 20"), encoding="utf-8")
    os.utime(path, ns=(1, 1))
    assert parameters("typed")[0].default == 20


SIGNS = st.text(st.characters(exclude_categories=["Cc", "Cs", "Zl", "Zp"]), max_size=40)
VALUES = {
    "bool": st.booleans(),
    "int": st.integers(-(2**63) + 1, 2**63 - 1),
    "float": st.floats(allow_nan=False, allow_infinity=False),
    "date": st.dates(),
    "str": SIGNS,
}
TYPED = [
    *((kind, values) for kind, values in VALUES.items()),
    *((f"{kind} | None", st.none() | values) for kind, values in VALUES.items() if kind != "str"),
    *((f"list[{kind}]", st.lists(values, max_size=5)) for kind, values in VALUES.items()),
    ("list[float | None] | None", st.none() | st.lists(st.none() | VALUES["float"], max_size=5)),
]


@pytest.mark.parametrize(("kind", "values"), TYPED, ids=[kind for kind, _ in TYPED])
@given(data=st.data())
@settings(max_examples=40, deadline=None)
def test_values_survive_being_written_as_text(kind, values, data):
    value = data.draw(values)
    for again in (parsed(kind, text(value)), parsed(kind, value)):
        assert again == value
        assert repr(again) == repr(value)  # types too: 1 is not 1.0, nor True


@given(
    i=VALUES["int"], f=st.none() | VALUES["float"], b=VALUES["bool"], d=VALUES["date"], s=SIGNS,
    many=st.lists(SIGNS, max_size=4), days=st.none() | st.lists(VALUES["date"], max_size=3),
)  # fmt: skip
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_values_arrive_in_the_notebook_as_what_they_are(typed, i, f, b, d, s, many, days):
    given = {"i": i, "f": f, "b": b, "d": d, "s": s, "many": many, "days": days, "p": "typed.ipynb"}
    wanted = validate("typed", given, folder=typed)
    original = nbformat.read(typed / "typed.ipynb", 4)
    content = inject(original, "typed", wanted)
    nbformat.validate(content)
    assert len(original.cells) == 1
    space = {}
    for cell in content.cells:
        exec(cell.source, space)
    assert repr({key: space[key] for key in wanted}) == repr(wanted)
    assert json.loads(json.dumps(content.metadata["papermill"]["parameters"])) == json.loads(
        json.dumps(wanted, default=str)
    )


def test_the_injected_cell_is_papermills_and_the_same_each_time(typed):
    original = nbformat.read(typed / "typed.ipynb", 4)
    once, twice = (inject(original, "typed", {"i": 5, "d": "2026-01-31"}) for _ in range(2))
    assert nbformat.writes(once) == nbformat.writes(twice)
    assert once.cells[1].metadata["tags"] == ["injected-parameters"]
    assert once.cells[1].source.startswith("# Parameters\ni = 5\n")
    assert "d = date(2026, 1, 31)\n" in once.cells[1].source
    assert inject(once, "typed", {"i": 6}).cells[1].source.startswith("# Parameters\ni = 6\n")  # replaced, not added
    for bad in ({"f": float("nan")}, {"f": float("inf")}, {"unknown": 1}, {"d": "soon"}):
        with pytest.raises(InputError):
            inject(original, "typed", bad)


def test_papermill_alone_still_writes_other_peoples_dates_as_text():
    import papermill.translators as translators

    assert translators.PythonTranslator.translate(date(2026, 1, 31)) == '"2026-01-31"'
    assert translators.papermill_translators.find_translator("python3", "python") is translators.PythonTranslator
