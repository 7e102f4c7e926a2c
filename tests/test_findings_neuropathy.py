"""What the page on neuropathy says: each number is one of the table's, and clear is what the interval says."""

import math
import re

import pytest

from b12analysis import evidence, figures
from b12analysis.findings import feet, looks, neuropathy, odds
from b12analysis.page import inline
from b12analysis.theme import share

OUTCOMES = ["neuropathy", "two_sites", "numbness", "tingling"]
OUTCOMES_IN_WORDS = {
    "neuropathy": "at least one insensate site of the feet",
    "two_sites": "at least two insensate sites of the feet",
    "numbness": "numbness in hands or feet",
    "tingling": "tingling or pain in hands or feet",
}
CLAIMS = evidence.load("claims").set_index("id")
CHOICES = ["both", *odds.MARKERS]
#: What a sentence must never hold: a missing value, an unfinished list, an empty pair of brackets.
BROKEN = re.compile(r"\bnan\b|<NA>|\bNone\b|, \)|\(\)|, ,|\{|\}|  ")


@pytest.fixture(scope="module", autouse=True)
def table_read_once():
    """Read the table once: every sentence looks into it."""
    table = evidence.load("nhanes_associations")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(evidence, "load", lambda name: table)
        yield


def stored(**keys):
    """Rows of the table, found without the functions under test."""
    table = evidence.load("nhanes_associations")
    for column, value in ({"cycles": "1999-2004", "domain": "40+", "measure": "odds_ratio"} | keys).items():
        table = table[table[column] == value]
    return table


def one(**keys):
    (row,) = stored(**keys).to_dict("records")
    return row


def two_decimals(row):
    return f"{row['estimate']:.2f} ({row['lower']:.2f}–{row['upper']:.2f})"


@pytest.mark.parametrize("outcome", OUTCOMES)
@pytest.mark.parametrize("marker", CHOICES)
def test_every_choice_has_an_answer_of_the_tables_numbers(outcome, marker):
    finding, sentence = neuropathy.answer(outcome, marker)
    assert not BROKEN.search(finding + sentence)
    names = list(odds.MARKERS) if marker == "both" else [marker]
    clear, _, unclear = finding.partition("not clearly")
    for name in names:
        row = one(analysis="neuropathy", outcome=outcome, exposure=name, adjustment="all")
        assert two_decimals(row) in sentence
        side = clear if row["lower"] > 1 else unclear or finding.partition("does not")[2]
        assert f"{row['estimate']:.2f})" in side
    assert two_decimals(one(analysis="neuropathy", outcome=outcome, exposure=names[0], adjustment="crude")) in sentence
    figures_said = neuropathy.headlines(outcome, marker)
    assert [figure["row"]["estimate"] for figure in figures_said[:-1]] == [
        one(analysis="neuropathy", outcome=outcome, exposure=name, adjustment="all")["estimate"] for name in names
    ]
    assert figures_said[-1]["row"]["estimate"] == one(outcome=outcome, measure="share")["estimate"]


def test_the_answer_is_the_one_that_was_computed():
    # R's survey gives the same coefficients (tests/test_associations.py)
    finding, sentence = neuropathy.answer("neuropathy", "both")
    assert finding == (
        "Loss of feeling in the feet goes with raised MMA (odds ratio 1.39), not clearly with low serum B12 (1.19) or "
        "serum B12 below 148 pmol/L (1.30)"
    )
    assert "24.5 % (21.0–28.3)" in sentence
    assert "<strong>1.39 (1.06–1.81)</strong>" in inline(sentence)
    assert "With serum B12 below 148 pmol/L against serum B12 above 221 pmol/L it is 1.30" in sentence
    assert sentence.endswith("An association at one moment, not a cause.")


def test_where_nothing_is_clear_the_finding_says_so():
    assert neuropathy.answer("numbness", "both")[0].startswith("Numbness in hands or feet does not clearly go with")
    assert "goes with" not in neuropathy.answer("tingling", "b12_221")[0]


@pytest.fixture
def changed(monkeypatch):
    """Return a function that puts other limits into rows of the table."""

    def change(values, **keys):
        table = evidence.load("nhanes_associations").copy()
        here = (table["measure"] == "odds_ratio") & (table["cycles"] == "1999-2004")
        for column, value in keys.items():
            here &= table[column] == value
        assert here.any()
        table.loc[here, ["estimate", "lower", "upper"]] = values
        monkeypatch.setattr(evidence, "load", lambda name: table)

    return change


def test_a_clear_link_to_the_other_side_is_said_as_such(changed):
    changed([0.5, 0.3, 0.8], exposure="mma_271", adjustment="all")
    assert neuropathy.answer("neuropathy", "mma_271")[0] == (
        "Loss of feeling in the feet is rarer with raised MMA (odds ratio 0.50)"
    )
    changed([1.5, 1.3, 1.8], exposure="b12_221", adjustment="all")
    assert neuropathy.answer("neuropathy", "both")[0] == (
        "Loss of feeling in the feet goes with low serum B12 (odds ratio 1.50), is rarer with raised MMA (0.50), does "
        "not clearly go with serum B12 below 148 pmol/L (1.30)"
    )


#: Who is compared, in the domains of the table.
COMPARED = {
    "mma_271": ("40+, MMA above 271 nmol/L", "40+, MMA of at most 271 nmol/L"),
    "b12_221": ("40+, serum B12 of at most 221 pmol/L", "40+, serum B12 above 221 pmol/L"),
    "b12_below_148": ("40+, serum B12 below 148 pmol/L", "40+, serum B12 above 221 pmol/L"),
}


@pytest.mark.parametrize("outcome", OUTCOMES)
@pytest.mark.parametrize("marker", odds.MARKERS)
def test_the_shares_and_the_odds_ratio_of_a_sentence_are_of_the_same_people(outcome, marker):
    crude = one(analysis="neuropathy", outcome=outcome, exposure=marker, adjustment="crude")
    exposed, others = (one(outcome=outcome, measure="share", domain=domain) for domain in COMPARED[marker])
    assert (exposed["n"], exposed["cases"]) == (crude["exposed"], crude["exposed_cases"])
    ratio = exposed["estimate"] / (1 - exposed["estimate"]) / (others["estimate"] / (1 - others["estimate"]))
    assert ratio == pytest.approx(crude["estimate"], rel=1e-8)  # the table keeps ten decimals
    # and the sentence puts these shares, with these people, before this ratio
    _, sentence = neuropathy.answer(outcome, marker)
    has, has_not = (share(*(row[name] for name in ("estimate", "lower", "upper"))) for row in (exposed, others))
    first, second = (domain.removeprefix("40+, ") for domain in COMPARED[marker])
    assert f"{has} of people with {first} had" in sentence
    assert f"{has_not} of those with {second}: an odds ratio of {two_decimals(crude)}" in sentence


@pytest.mark.parametrize("outcome", OUTCOMES)
def test_every_odds_ratio_and_share_that_is_said_is_in_the_table_beside_it(outcome):
    def is_in(words, *tables, pattern=r"\d+\.\d\d(?!\d)", printed="{:.2f}".format):
        values = {printed(value) for table in tables for value in table[["estimate", "lower", "upper"]].stack()}
        said = re.findall(pattern, f"{words['title']} {words['summary']}")
        assert said
        assert set(said) <= values

    adjusted, dose, every = neuropathy.adjusted(outcome, "both"), looks.dose(outcome), looks.outcomes()
    is_in(neuropathy.adjusted_words(adjusted), adjusted, neuropathy.same_people(outcome, "both"))
    is_in(looks.dose_words(dose), dose)
    is_in(looks.outcomes_words(every), every)
    unexamined, shares, examined = feet.unexamined("both"), feet.prevalence(outcome), feet.prevalence("examined")
    is_in(feet.unexamined_words(unexamined), unexamined)
    percent = {"pattern": r"[\d.]+ %", "printed": share}
    is_in(feet.prevalence_words(shares), shares, **percent)
    is_in(feet.examined_words(examined), examined, stored(outcome="examined", measure="share"), **percent)


@pytest.mark.parametrize("outcome", OUTCOMES)
@pytest.mark.parametrize("marker", CHOICES)
def test_every_figure_can_be_drawn_and_its_words_are_whole(outcome, marker):
    adjusted, dose, shares = neuropathy.adjusted(outcome, marker), looks.dose(outcome), feet.prevalence(outcome)
    said = [neuropathy.adjusted_words(adjusted), looks.dose_words(dose), feet.prevalence_words(shares)]
    drawn = [
        figures.grouped(adjusted, group="exposure", names=neuropathy.legend(adjusted), **odds.DRAW),
        figures.grouped(dose, group="adjustment", names=looks.LEVELS, **odds.DRAW),
        figures.forest(shares, detail="detail"),
    ]
    assert [len(fig.data) for fig in drawn] == [3 if marker == "both" else 1, 3, len(shares)]
    assert len(adjusted) == 6 * len(drawn[0].data)
    for _, block in adjusted.groupby("adjustment"):  # the n above a block holds for each of its rows
        (label,) = block["label"].unique()
        said_of = [int(text.replace(",", "")) for text in label.rpartition("n ")[2].split("–")]
        assert [said_of[0], said_of[-1]] == [block["n"].min(), block["n"].max()]
    assert not BROKEN.search(" ".join(text for texts in said for text in texts.values()))
    if feet.is_examination(outcome):
        words = feet.unexamined_words(feet.unexamined(marker))
        assert not BROKEN.search(" ".join(words.values()))


def test_adjusting_is_told_for_the_same_people_too():
    same = neuropathy.same_people("neuropathy", "mma_271").set_index("adjustment")
    assert set(same["n"]) == {
        one(analysis="neuropathy", outcome="neuropathy", exposure="mma_271", adjustment="all")["n"]
    }
    summary = neuropathy.adjusted_words(neuropathy.adjusted("neuropathy", "mma_271"))["summary"]
    assert f"{same.loc['crude', 'estimate']:.2f} becomes {same.loc['all', 'estimate']:.2f}" in summary
    assert "adjusting moves it more than leaving people out" in summary
    assert neuropathy.same_people("two_sites", "both").empty
    assert "same" not in neuropathy.adjusted_words(neuropathy.adjusted("two_sites", "both"))["summary"]
    both = odds.listed(neuropathy.adjusted("neuropathy", "both"), neuropathy.same_people("neuropathy", "both"))
    assert both["domain"].value_counts().to_dict() == {"40+": 18, "40+, all covariates known": 18}


def test_the_legend_counts_the_cases_of_the_exposed():
    said = neuropathy.legend(neuropathy.adjusted("neuropathy", "both"))
    assert said["mma_271"] == "MMA above 271 nmol/L (228 of 711)"
    assert list(said) == list(odds.MARKERS)


@pytest.mark.parametrize(
    ("same", "words"),
    [
        (1.9, "adjusting moves it more than leaving people out"),
        (1.1, "leaving people out moves it more than adjusting"),
    ],
)
def test_which_moves_an_odds_ratio_more_is_computed(changed, same, words):
    everybody, known = "40+", "40+, all covariates known"
    for domain, adjustment, value in [(everybody, "crude", 2), (known, "crude", same), (known, "all", 1)]:
        changed(value, outcome="neuropathy", exposure="mma_271", adjustment=adjustment, domain=domain)
    assert words in neuropathy.adjusted_words(neuropathy.adjusted("neuropathy", "mma_271"))["summary"]


@pytest.mark.parametrize("outcome", OUTCOMES)
def test_the_caveat_says_what_age_takes_off_the_link_of_this_outcome(outcome):
    at = stored(analysis="neuropathy", outcome=outcome, exposure="mma_271").set_index("adjustment")["estimate"]
    (said,) = [text for text in neuropathy.caveats(outcome) if text.startswith("MMA rises with age")]
    assert f"{OUTCOMES_IN_WORDS[outcome]} with MMA above 271 nmol/L" in said
    steps = [f"{at[name]:.2f}" for name in ("crude", "age_sex", "age_sex_egfr")]
    assert "{} not adjusted, {} for age and sex and {} for age, sex and eGFR".format(*steps) in said
    taken = 1 - math.log(at["age_sex"]) / math.log(at["crude"])
    if outcome in ("neuropathy", "two_sites"):
        assert 0.4 < taken < 0.6
        assert f"Age and sex take {100 * taken:.0f} % off its logarithm." in said
    else:
        assert taken < 0
        assert "Age and sex take nothing off it." in said


@pytest.mark.parametrize("outcome", OUTCOMES)
def test_caveats_are_whole_sentences(outcome):
    texts = neuropathy.caveats(outcome)
    assert len(texts) == 6
    assert all(text.endswith(".") and not BROKEN.search(text) for text in texts)


def test_the_caveat_says_no_part_of_a_link_that_is_none(changed):
    changed([0.9, 0.8, 1.1], outcome="tingling", exposure="mma_271", adjustment="crude")
    assert "Age and sex" not in " ".join(neuropathy.caveats("tingling"))


@pytest.mark.parametrize("outcome", OUTCOMES)
def test_the_set_that_is_adjusted_for_is_named_and_counted(outcome):
    table = neuropathy.adjusted(outcome, "both")
    blocks = [neuropathy.adjusted_words(table), looks.dose_words(looks.dose(outcome))]
    texts = [*neuropathy.answer(outcome, "both"), *looks.LEVELS.values(), *table["label"]]
    texts += [text for block in blocks for text in block.values()]
    texts += [figure["what"] for figure in neuropathy.headlines(outcome, "both")]
    assert "everything" not in " ".join(texts)
    assert len(re.split(", | and ", odds.COVARIATES)) == 7
    assert blocks[0]["title"].endswith(" for all 7 covariates")
    assert f"all 7 ({odds.COVARIATES})" in blocks[0]["summary"]
    assert looks.LEVELS["all"] == "for all 7 covariates"
    captions = [block["caption"] for block in [*blocks, looks.outcomes_words(looks.outcomes())]]
    captions.append(feet.unexamined_words(feet.unexamined("both"))["caption"])
    assert all(odds.COVARIATES in caption for caption in captions)  # the summary of a figure is folded away
    assert "Alcohol, smoking, medicines" in " ".join(neuropathy.caveats(outcome))


@pytest.mark.parametrize("outcome", OUTCOMES)
def test_both_markers_abnormal_are_not_said_to_be_worse_than_one_unless_they_are(outcome):
    at = stored(analysis="neuropathy", outcome=outcome, adjustment="all").set_index("exposure")["estimate"]
    summary = looks.dose_words(looks.dose(outcome))["summary"]
    most_alone = max(at["raised_only"], at["low_only"])
    assert ("highest in those abnormal by both" in summary) == (at["low_and_raised"] > most_alone)
    assert ("no higher in those abnormal by both" in summary) == (at["low_and_raised"] <= most_alone)


@pytest.mark.parametrize(
    ("both", "raised", "low", "words"),
    [
        ([3, 2.5, 3.5], [2, 1.5, 2.4], [1, 0.5, 1.5], "are highest in those abnormal by both"),
        ([3, 2.3, 3.5], [2, 1.5, 2.4], [1, 0.5, 1.5], "surest, but the intervals overlap."),
        ([3, 2.5, 3.5], [2, 1.5, 2.4], [1, 0.5, 1.5], "surest, and the intervals do not overlap."),
        ([2, 1.5, 2.5], [3, 2.6, 3.5], [1, 0.5, 1.5], "than in those abnormal by MMA alone"),
        ([2, 1.5, 2.5], [1, 0.5, 1.5], [3, 2.6, 3.5], "than in those abnormal by serum B12 alone"),
        ([2, 1.5, 2.5], [3, 2.6, 3.5], [1, 0.5, 1.5], "should be. The intervals do not overlap."),
        ([2, 1.5, 2.7], [3, 2.6, 3.5], [1, 0.5, 1.5], "should be. But the intervals overlap."),
    ],
)
def test_what_is_said_of_both_markers_follows_the_intervals(changed, both, raised, low, words):
    for name, values in (("low_and_raised", both), ("raised_only", raised), ("low_only", low)):
        changed(values, exposure=name, adjustment="all")
    assert words in looks.dose_words(looks.dose("neuropathy"))["summary"]


def test_looks_are_all_there_and_counted():
    table = looks.outcomes()
    assert len(table) == 12
    clear = table[(table["lower"] > 1) | (table["upper"] < 1)]
    words = looks.outcomes_words(table)
    raised = (clear["exposure"] == "mma_271").sum()
    assert words["title"] == f"Of 12 looks {len(clear)} are clear of 1, {raised} of them with raised MMA"
    assert 0 < len(clear) < 12
    assert "Clear of 1: none." in looks.outcomes_words(table.assign(lower=0.5, upper=2))["summary"]
    assert all(two_decimals(row) in words["summary"] for row in clear.to_dict("records"))
    assert "Nothing is corrected" in words["caption"]


def test_the_unexamined_move_the_estimate_between_the_extremes():
    table = feet.unexamined("both")
    for marker, rows in table.groupby("exposure"):
        at = rows.set_index("analysis")["estimate"]
        ends = at["neuropathy_if_the_others_unexamined"], at["neuropathy_if_the_exposed_unexamined"]
        assert (at.min(), at.max()) == ends
        plain = one(analysis="neuropathy", outcome="neuropathy", exposure=marker, adjustment="all")["estimate"]
        assert ends[0] < at["neuropathy"] == plain < ends[1]
    words = feet.unexamined_words(feet.unexamined("mma_271"))
    assert words["title"] == (
        "With MMA above 271 nmol/L: 1.39 as examined, 1.23 to 1.53 if none or all of the unexamined had it, 0.73 to "
        "2.74 at the extremes"
    )
    assert "the interval leaves out 1 in 3 of 4" in words["summary"]  # not if none of them had it
    assert set(feet.unexamined("b12_below_148")["exposure"]) == {"b12_221"}


def test_shares_say_who_was_examined_and_how_common_it_is_with_age():
    table = feet.prevalence("examined")
    words = feet.examined_words(table)
    for domain in ("40+, MMA above 271 nmol/L", "40+, MMA of at most 271 nmol/L"):
        assert share(one(outcome="examined", measure="share", domain=domain)["estimate"]) in words["title"]
    common = feet.prevalence("neuropathy")
    ages = common["domain"].head(5).tolist()
    assert ages == ["40-49", "50-59", "60-69", "70-79", "80+"]
    assert common["estimate"].head(5).is_monotonic_increasing
    assert feet.prevalence_words(common)["title"].endswith("6.6 % at 40 to 49, 35 % at 80 and over")


def test_who_was_examined_less_often_is_what_the_odds_ratios_say(changed):
    # of these people: 81 % and 91 % by MMA, clear; by serum B12 it is not
    for marker, is_less in (("mma_271", True), ("b12_221", False)):
        row = one(analysis="examined", outcome="examined", exposure=marker, adjustment="crude")
        shares = [one(outcome="examined", measure="share", domain=domain) for domain in COMPARED[marker]]
        ratio = [part["estimate"] / (1 - part["estimate"]) for part in shares]
        assert ratio[0] / ratio[1] == pytest.approx(row["estimate"], rel=1e-8)
        assert (row["upper"] < 1) == is_less
    table = feet.prevalence("examined")
    summary = feet.examined_words(table)["summary"]
    assert "whose MMA is raised were examined less often, those whose serum B12 is low neither clearly less" in summary
    changed([0.7, 0.5, 0.9], outcome="examined", exposure="b12_221", adjustment="crude")
    changed([1.7, 1.5, 1.9], outcome="examined", exposure="mma_271", adjustment="crude")
    summary = feet.examined_words(table)["summary"]
    assert "whose MMA is raised were examined more often, those whose serum B12 is low less often" in summary


@pytest.mark.parametrize("outcome", OUTCOMES)
def test_the_articles_claims_are_those_of_the_symptom(outcome):
    symptom, mechanism = CLAIMS.loc[neuropathy.claims(outcome)].itertuples()
    assert (symptom.kind, mechanism.kind) == ("symptoms", "mechanism")
    assert symptom.statement.startswith("Pins and needles" if outcome == "tingling" else "Numbness")


@pytest.mark.parametrize("outcome", OUTCOMES)
def test_no_share_of_neuropathy_is_attributed(outcome):
    words = [
        neuropathy.adjusted_words(neuropathy.adjusted(outcome, "both")),
        looks.dose_words(looks.dose(outcome)),
        looks.outcomes_words(looks.outcomes()),
        feet.unexamined_words(feet.unexamined("both")),
    ]
    said = " ".join([*neuropathy.answer(outcome, "both"), *(text for texts in words for text in texts.values())])
    assert not re.search("attribut|account for|because of|due to|caused by", said)
    units = [figure.get("unit", "%") for figure in neuropathy.headlines(outcome, "both")]
    assert units == ["", "", "", "%"]  # the one per cent is how common it is
    assert "no share of neuropathy is attributed" in neuropathy.caveats(outcome)[0]
