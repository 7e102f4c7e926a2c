"""Parameters of reports: typed and checked before anything runs, from the notebook's own line."""

import re

import numpy as np
import pytest

from b12analysis.arguments import InputError
from b12analysis.reports import names, parameters, validate
from b12analysis.reports.schema import parse_cell


def test_every_report_has_a_seed_and_every_parameter_a_meaning():
    for name in names():
        listed = {parameter.name: parameter for parameter in parameters(name)}
        assert listed["seed"].type == "int"
        assert all(parameter.meaning for parameter in listed.values())
        assert all(parameter.range for parameter in listed.values() if parameter.type not in ("bool", "bool | None"))


def test_every_default_is_valid():
    for name in names():
        assert validate(name, {}) == {parameter.name: parameter.default for parameter in parameters(name)}


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
        ({"duration_months": -1}, "duration_months=-1.0 is out of range; it must be at least 0 and at most 240"),
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
    text = "report='recovry' is not known (did you mean 'recovery'?); choose one of 'prevalence', 'recovery',"
    with pytest.raises(InputError, match=re.escape(text)):
        validate("recovry", {})


def test_an_unknown_risk_group_is_named_with_the_nearest():
    with pytest.raises(InputError, match=r"group='vegan' is not known \(did you mean 'vegans'\?\); choose one of"):
        validate("risk_groups", {"group": "vegan"})
