"""The look: one colour and shape per thing, contrast in both palettes, and how numbers and shares are printed."""

import re
import subprocess
import sys

import numpy as np
import plotly.io as pio
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import b12analysis as b12
from b12analysis import theme
from b12analysis.evidence import STATUSES, load
from b12analysis.recovery import PROFILES, SCENARIOS, symptoms_of

#: The same examples on every run: a suite that fails now and then is not believed.
STEADY = settings(derandomize=True, deadline=None, max_examples=200)

#: Least contrast of text that the web content accessibility guidelines ask for (level AA).
CONTRAST = 4.5

GREY = theme.look("no such thing")["colour"]


def contrast(one, other):
    """Ratio of luminances as WCAG 2 defines it."""

    def luminance(colour):
        parts = np.array([int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)])
        linear = np.where(parts <= 0.03928, parts / 12.92, ((parts + 0.055) / 1.055) ** 2.4)
        return linear @ [0.2126, 0.7152, 0.0722]

    low, high = sorted([luminance(one), luminance(other)])
    return (high + 0.05) / (low + 0.05)


# -- colours ---------------------------------------------------------------------------------------------------------


def test_contrast_by_hand():
    assert contrast("#000000", "#ffffff") == pytest.approx(21)


@pytest.mark.parametrize("colour", [*theme.SERIES, theme.INK, theme.MUTED])
def test_every_colour_is_legible_in_the_light_and_in_the_dark(colour):
    assert contrast(colour, theme.PAPER) >= CONTRAST
    assert contrast(theme.DARK[colour], theme.DARK[theme.PAPER]) >= CONTRAST


def test_the_dark_palette_replaces_every_colour_and_every_band_by_another():
    light = {theme.PAPER, theme.INK, theme.MUTED, theme.GRID, *theme.SERIES}
    steps = {theme.band(theme.SERIES[0], step) for step in theme.STEPS}
    assert set(theme.DARK) == light | {theme.band(colour, of) for colour in theme.SERIES for of in theme.BANDS} | steps
    assert not {light.lower() for light in theme.DARK} & {dark.lower() for dark in theme.DARK.values()}  # no chain


@pytest.mark.parametrize("step", theme.STEPS)
@pytest.mark.parametrize("swap", [lambda colour: colour, theme.DARK.get], ids=["light", "dark"])
def test_ink_is_legible_on_every_step_of_a_heat_map(step, swap):
    def mixed(part):
        over, under = (int(swap(colour)[part : part + 2], 16) for colour in (theme.SERIES[0], theme.PAPER))
        return f"{round(step * over + (1 - step) * under):02x}"

    assert contrast(swap(theme.INK), "#" + "".join(mixed(part) for part in (1, 3, 5))) >= CONTRAST


def test_a_band_is_its_colour_made_transparent():
    assert theme.band("#ff8000", 0.5) == "rgba(255, 128, 0, 0.5)"


def test_no_two_looks_share_a_shape_or_a_dash():
    looks = {tuple(theme.look(name).values()) for name in [*theme._PLACE, "what has no place"]}
    assert len(looks) == len(theme.SERIES)
    for part in zip(*looks, strict=True):
        assert len(set(part)) == len(theme.SERIES)


@pytest.mark.parametrize("group", load("groups").query("role == 'risk'")["group"])
def test_every_risk_group_has_a_colour_of_its_own_because_grey_means_the_people_compared(group):
    assert theme.look(group)["colour"] != GREY


@pytest.mark.parametrize("group", load("groups").query("role == 'comparator'")["group"])
def test_the_people_compared_are_grey(group):
    assert theme.look(group)["colour"] == GREY


@pytest.mark.parametrize("profile", PROFILES)
def test_symptoms_have_colours_and_only_those_of_one_tract_share_theirs(profile):
    colours = {}
    for symptom in symptoms_of(profile):
        colours.setdefault(theme.look(symptom)["colour"], set()).add(symptom)
    assert GREY not in colours
    shared = [set(each) for each in colours.values() if len(each) > 1]
    assert all(each in ({"tingling", "numbness"}, {"walking", "cord syndrome"}) for each in shared)


def test_the_scenarios_of_delay_differ_in_colour():
    assert len({theme.look(delay)["colour"] for delay in SCENARIOS} | {GREY}) == len(SCENARIOS) + 1


def test_the_classes_of_definitions_that_judge_somebody_low_differ_in_colour():
    judging = ["deficient", "marginal", "low", "functional", "combined"]
    assert set(judging) <= set(load("biomarkers")["definition_class"])
    assert len({theme.look(kind)["colour"] for kind in judging}) == len(judging)


def test_every_status_has_a_mark_of_its_own():
    assert tuple(theme.MARKS) == STATUSES
    assert len(set(theme.MARKS.values())) == len(STATUSES)


# -- the template ----------------------------------------------------------------------------------------------------


def test_the_template_is_registered_and_uses_the_palette():
    layout = pio.templates["b12"].layout
    assert list(layout.colorway) == theme.SERIES
    assert layout.paper_bgcolor == layout.plot_bgcolor == theme.PAPER
    assert layout.font.color == theme.INK


def test_the_dark_palette_takes_the_place_of_every_light_colour():
    surveys = b12.prevalence(b12.load("surveys").query("definition == 'b12_148'")).assign(label="", detail="")
    light = b12.figures.forest(surveys, detail="detail", look="group")
    text = theme.dark(light).to_json().lower()
    assert not [colour for colour in theme.DARK if colour.lower() in text]
    assert pio.templates["b12_dark"].layout.font.color == theme.DARK[theme.INK]
    assert light.layout.template.layout.paper_bgcolor == theme.PAPER


def test_importing_the_package_leaves_the_default_template_alone():
    code = (
        "import plotly.io as pio; before = pio.templates.default\n"
        "import b12analysis.figures\n"
        "assert 'b12' in pio.templates and pio.templates.default == before == 'plotly', pio.templates.default"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


# -- numbers ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0, "0"),
        (14, "14"),
        (1234.5, "1,234"),
        (123456, "123,456"),
        (2.71, "2.7"),
        (1, "1.0"),
        (0.034, "0.03"),
        (-3.4, "-3.4"),
        (-20, "-20"),
        (-0.0001, "0.00"),
        (None, "not known"),
        (float("nan"), "not known"),
    ],
)
def test_numbers_are_printed_with_the_digits_they_deserve(value, text):
    assert theme.number(value) == text


@pytest.mark.parametrize(("value", "text"), [(9.96, "10"), (0.996, "1.0"), (-9.96, "-10")])
def test_a_number_that_rounds_up_gets_no_more_digits_than_what_it_rounds_to(value, text):
    assert theme.number(value) == text


def test_digits_can_be_asked_for():
    assert theme.number(1234.567, 2) == "1,234.57"
    assert theme.number(-0.2, 0) == "0"


@STEADY
@given(value=st.floats(-1e9, 1e9))
def test_a_printed_number_is_near_the_number(value):
    text = theme.number(value)
    half_unit = 0.5 * 10.0 ** -len(text.partition(".")[2])
    assert float(text.replace(",", "")) == pytest.approx(value, abs=half_unit * 1.000001)  # a half rounds to even


@pytest.mark.parametrize(
    ("limits", "text"),
    [
        ((0.027, 0.018, 0.041), "2.7 % (1.8–4.1)"),
        ((0.689, 0.534, 0.818), "69 % (53–82)"),
        ((0.0044, 0.0039, 0.0051), "0.44 % (0.39–0.51)"),
        ((0, 0, 0.03), "0.0 % (0.0–3.0)"),
        ((0.5,), "50 %"),
        ((0.066,), "6.6 %"),
        ((0.0996,), "10 %"),
        ((0.0004,), "0.04 %"),
        ((0,), "0 %"),
        ((1,), "100 %"),
        ((0.2, 0.1, None), "20 %"),
        ((0.2, float("nan"), 0.3), "20 %"),
        ((float("nan"),), "not known"),
        ((None,), "not known"),
    ],
)
def test_shares_are_printed_as_per_cent_with_the_digits_their_interval_deserves(limits, text):
    assert theme.share(*limits) == text


def test_a_share_that_is_not_known_is_never_printed_as_a_number():
    assert "nan" not in theme.share(float("nan"), 0.1, 0.2)


@STEADY
@given(parts=st.lists(st.floats(0, 1), min_size=3, max_size=3).map(sorted))
def test_a_printed_share_keeps_the_order_of_its_limits_and_rounds_each_rightly(parts):
    lower, estimate, upper = parts
    numbers = [float(text) for text in re.findall(r"[\d.]+", theme.share(estimate, lower, upper))]
    assert len(numbers) == 3
    assert numbers[1] <= numbers[0] <= numbers[2]
    assert [numbers[1], numbers[0], numbers[2]] == pytest.approx([100 * part for part in parts], abs=0.500001)
