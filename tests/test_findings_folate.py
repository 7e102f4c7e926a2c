"""What the folate report says: every sentence holds its table's numbers, under every question that can be asked."""

from itertools import product

import pandas as pd
import pytest
from test_findings import BROKEN
from test_notebooks import executed, of_kind, table

import b12analysis as b12
from b12analysis import masking
from b12analysis.evidence import load
from b12analysis.figures import forest, grouped
from b12analysis.findings import folate as say
from b12analysis.findings import high_folate as high
from b12analysis.findings.words import ESTIMATE
from b12analysis.theme import number, share

INDICATORS = ["b12_148", "mma_271_egfr_60", "b12_148_and_mma_271"]
AGES = ["20+", "60+"]
EACH = list(product(INDICATORS, AGES))
RATIOS = {"label": "label", "group": "who", "names": high.WHO, "hollow": "hollow", "scale": 1, "log": True}


def unseen(indicator, age_band, cycles="2011-2014", kind="neither"):
    rows = load("nhanes_unseen").query("of == 'deficient' and indicator == @indicator and cycles == @cycles")
    return rows.query("age_band == @age_band and kind == @kind").iloc[0]


def asked(**changed):
    return {"country": "United States", "year": 2020, "age_band": "20+"} | changed


# -- who shows nothing in the blood count ----------------------------------------------------------------------------


@pytest.mark.parametrize(("indicator", "age_band"), EACH)
def test_of_the_deficient_each_has_one_of_four_kinds_and_the_uncertain_are_hollow(indicator, age_band):
    counts = say.blood_counts(indicator, age_band)
    assert (counts.groupby("label").size() == 4).all()
    assert counts["label"].nunique() == (8 if age_band == "20+" else 2)
    assert counts.groupby("label")["estimate"].sum().tolist() == pytest.approx([1] * counts["label"].nunique())
    assert counts["cycles"].iloc[0] == "2011-2014"
    assert (counts["hollow"] == counts["flag"].fillna("").str.startswith("suppress")).all()
    assert set(counts["age_band"]) == ({"60+"} if age_band == "60+" else {"20+", "20-39", "40-59", "60+"})
    # no two pools share people
    assert not {"1999-2004", "1999-2006"} <= set(counts["cycles"])
    assert grouped(counts, label="label", group="kind", names=say.KINDS, hollow="hollow").data


@pytest.mark.parametrize(("indicator", "age_band"), EACH)
def test_the_head_of_the_page_quotes_the_latest_share(indicator, age_band):
    counts, question = say.blood_counts(indicator, age_band), asked(age_band=age_band)
    people = say.scenario(**question, indicator=indicator, corrected=0.5)
    row = unseen(indicator, age_band)
    finding, sentence = say.answer(counts, people, **question)
    assert finding.startswith("About nine in ten deficient ")  # 87 to 94 %
    assert round(10 * row["estimate"]) == 9
    assert f"**{share(*row[ESTIMATE])}**" in sentence
    assert f"({row['cases']} of {row['n']} people, weighted)" in sentence
    assert "odds ratio 3.1 (1.5–6.6)" in sentence  # Morris 2007
    assert sentence.endswith("with everybody of the same survey 1.6 (0.93–2.9).")
    said = say.blood_counts_words(counts, age_band)
    assert share(row["estimate"]) in said["title"]
    assert share(*row[ESTIMATE]) in said["summary"]
    assert "0.98 (0.67–1.4)" in said["summary"]  # Qi 2014: before and after fortification
    for text in (finding, sentence, *said.values()):
        assert not BROKEN.search(text)


def test_the_claim_says_what_the_survey_found_and_cites_both_sides():
    row, rests_on = say.claim()
    for indicator in INDICATORS:
        assert round(10 * unseen(indicator, "20+")["estimate"]) == 9
    assert row["explanation"].startswith("About nine in ten deficient US adults have neither anaemia nor large cells")
    # Clarke measured cognition, and nobody anaemia in the United Kingdom
    assert load("folate").query("source == 'clarke2008'")["outcome"].unique().tolist() == ["cognitive_impairment"]
    assert "a UK study of cognition saw no difference" in row["explanation"]
    cited = set(row["evidence"].split())
    counted = masking.published().query("counted and id != ''")
    assert set(counted["id"]) <= cited
    assert cited | {"nhanes_unseen"} == set(rests_on["id"])


# -- high folate -----------------------------------------------------------------------------------------------------


def test_published_odds_ratios_stand_beside_ours_each_group_once():
    anaemia, cognition = high.beside("anaemia"), high.beside("cognitive_impairment")
    for rows in (anaemia, cognition):
        assert not rows.duplicated(["label", "who"]).any()
        assert set(rows.loc[rows["who"] == "healthy", "source"]) == {"nhanes"}
        assert grouped(rows, **RATIOS).data
    theirs = anaemia[anaemia["who"] == "published"].set_index("id")
    assert theirs.loc[["E07", "E09"], "estimate"].tolist() == [2.1, 4.9]
    assert pd.isna(theirs.loc["E06a", "estimate"])
    assert theirs.loc["E06a", "label"].endswith("(published: “below 1”)")
    assert set(cognition["source"]) == {"morris2007", "selhub2009", "clarke2008", "nhanes"}
    assert cognition["label"].str.startswith("UK").tolist() == [False] * 6 + [True] * 2  # theirs last
    # four of forty are anaemic: ours are hollow, and those of cognition are not
    assert anaemia.loc[anaemia["who"] == "healthy", "hollow"].all()
    assert not cognition["hollow"].any()


def test_the_words_give_the_direction_for_both_and_the_size_for_cognition_only():
    anaemia, cognition = (high.beside_words(high.beside(name), name) for name in ("anaemia", "cognitive_impairment"))
    assert "4.9 times the odds of normal B12 and folate; with normal folate 2.1 times (published)" in anaemia["title"]
    assert "4.9 (2.3–11) published, 3.2 (0.81–12) ours" in anaemia["summary"]
    assert "40 people low in B12 and high in folate 4 had it" in anaemia["summary"]
    assert "the size cannot be had" in anaemia["summary"]
    assert "Clarke" not in anaemia["summary"]
    assert "40 people low in B12 and high in folate 21 had it: direction as published" in cognition["summary"]
    assert "Clarke 2008) found no interaction with folate" in cognition["summary"]
    uk = masking.interactions().query("source == 'clarke2008'")
    assert ((uk["lower"] < 1) & (uk["upper"] > 1)).all()
    assert "more, not less" in say.claim()[0]["explanation"]
    for name in ("anaemia", "cognitive_impairment"):
        assert high.direct(name)["lower"] > 1


def test_the_interaction_is_gone_when_the_ill_are_counted_in():
    rows = high.interactions()
    at = rows.set_index(["outcome", "cohort", "who"])
    for outcome in ("anaemia", "cognitive_impairment"):
        everybody = at.loc[(outcome, "nhanes_1999_2006", "everybody")]
        assert everybody["lower"] < 1 < everybody["upper"]
        assert number(everybody["estimate"]) in high.interactions_words(rows)["title"]
    bound = at.loc[("anaemia", "nhanes_1999_2006", "published")]
    assert [bound["estimate"], bound["hollow"]] == [3.1, True]
    assert pd.isna(bound["lower"])
    summary = high.interactions_words(rows)["summary"]
    assert "Clear of 1: cognitive impairment (ours, ill left out)." in summary
    assert "Below 1, as hiding would have it: large cells" in summary
    assert "(132)" in summary
    assert "no interval known" in "".join(grouped(rows, **RATIOS).data[0].text)
    # what rests on the limits that were not seen says so
    status = rows.set_index(["outcome", "who"])["status"]
    assert status["anaemia", "healthy"] == "assumption"
    assert status["macrocytosis", "everybody"] == "recalled"


def test_each_row_that_a_ratio_is_made_of_is_evidence_of_its_own():
    ids = high.one_by_one(high.interactions())["id"]
    assert {"E04", "E06a", "E05", "E06", "E14a", "E14b", "nhanes_folate"} == set(ids)


# -- the scenario ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("corrected", [0, 0.25, 1])
def test_the_scenario_adds_up_and_its_bound_takes_all_anaemias(corrected):
    rows = say.scenario("United States", 2030, indicator="b12_148", age_band="60+", corrected=corrected)
    at = rows.set_index("kind")["estimate"]
    assert at["deficient"] == pytest.approx(at["anaemia"] + at["macrocytosis_only"] + at["neither"])
    assert at["unseen"] == pytest.approx(at["neither"] + corrected * at["anaemia"])
    assert ("bound" in at) == (corrected < 1)
    assert at[rows["kind"].iloc[-1]] == pytest.approx(at["neither"] + at["anaemia"])
    assert (rows["detail"] == "◇ assumed").tolist() == [False] * 4 + [True] * (len(rows) - 4)
    assert share(corrected) in rows["label"].iloc[4]
    said = say.scenario_words(rows, country="United States", year=2030)
    assert "2030" in said["summary"]
    assert ("If folic acid took" in said["summary"]) == (corrected > 0)
    figures = say.key_figures(say.blood_counts("b12_148", "60+"), rows, **asked(year=2030, age_band="60+"))
    assert len(figures) == 3 + (corrected > 0)
    assert forest(rows, detail="detail", scale=1e-6).data


@pytest.mark.parametrize(("country", "name"), [("Ghana", "Ghana"), ("United Kingdom", "the United Kingdom")])
def test_another_country_is_answered_as_if_it_were_like_the_united_states(country, name):
    question = asked(country=country)
    people = say.scenario(**question, indicator="b12_148", corrected=0.5)
    counts = say.blood_counts("b12_148", "20+")
    finding, sentence = say.answer(counts, people, **question)
    assert finding.startswith(f"If {name} were like the United States, ")
    assert f"in {name} in 2020" in sentence
    assert say.scenario_words(people, country=country, year=2020)["title"].startswith(f"If {name} were like")
    assert "like the United States" in say.key_figures(counts, people, **question)[1]["name"]
    assert len(say.caveats(country)) == len(say.caveats("United States")) + 1
    assert f"Nothing here was measured in {name}" in say.caveats(country)[-1]


def test_caveats_say_what_was_not_seen():
    said = " ".join(say.caveats("United States"))
    for words in (
        "1,457 people, theirs 1,459",
        "99 fL, is recalled",
        "28 % had neither",
        "40 people, 4 of them anaemic",
    ):
        assert words in said


# -- the page --------------------------------------------------------------------------------------------------------


def test_the_page_holds_everything_in_order():
    blocks, page = executed("folate")
    kinds = [block["kind"] for block in blocks]
    assert kinds == ["answer", *["key_figure"] * 4, "claim", *["figure"] * 5, *["caveat"] * 5, "evidence", "evidence"]
    assert page.key_figures[0]["text"] == "87 % (80–92)"
    marks = [figure["status"] for figure in of_kind(blocks, "figure")]
    assert marks == ["verified", *["assumption"] * 4]
    people = {row["kind"]: float(row["estimate"]) for row in table(of_kind(blocks, "figure")[-1])}
    expected = masking.unseen(corrected=0.5).set_index("kind")["estimate"]
    assert people["unseen"] == pytest.approx(expected["unseen"])


@pytest.mark.slow
@pytest.mark.parametrize(("indicator", "age_band", "year"), list(product(INDICATORS, AGES, [2020, 2030])))
def test_every_question_gives_a_page(indicator, age_band, year):
    for country, corrected in (("United States", 0.0), ("Ghana", 1.0), ("Japan", 0.5), ("Maldives", 0.1)):
        given = {"country": country, "corrected": corrected, "indicator": indicator}
        blocks, page = executed("folate", **given, age_band=age_band, year=year)
        assert page.figures == 5
        for block in blocks:
            for part in ("finding", "sentence", "title", "summary", "caption", "text", "name"):
                assert not BROKEN.search(str(block.get(part, "")))


@pytest.mark.slow
def test_many_countries_have_an_answer():
    counts = say.blood_counts("b12_148", "20+")
    for country in b12.load("population")["country"].unique()[::6]:
        people = say.scenario(**asked(country=country), indicator="b12_148", corrected=0.5)
        for text in (*say.answer(counts, people, **asked(country=country)), *say.caveats(country)):
            assert not BROKEN.search(text)
