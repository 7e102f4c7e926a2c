"""Published tables made again: by hand on made-up people anywhere, and from the survey's files where they are."""

import numpy as np
import pandas as pd
import pytest

from b12analysis import evidence, replications
from b12analysis.arguments import InputError
from b12analysis.findings import replications as say
from b12analysis.nhanes import columns
from b12analysis.replications import PAPERS, compare, printed
from b12analysis.replications.tables import counted, keyed
from b12analysis.survey import survey_mean, survey_prevalence

STORED = evidence.load("replications")
#: Printed figures that the literal reading does not give, by source; all others it gives to the printed digits.
APART = {
    "cdc_vitb12_g": ["p5-adjusted"],
    "bailey2013": [
        *("under_19", "analysed", "n-high", "share-high", "mma_median-low", "hcy_mean-low", "food_median-low"),
        *("supplement_mean-middle", "supplement_mean-high", "supplement_use-middle", "supplement_use-high"),
        *("supplement_median-low", "supplement_median-middle", "supplement_median-high"),
        *("total_mean-middle", "total_mean-high", "total_median-middle", "total_median-high"),
    ],
    "mineva2020": ["n", "hcy_13"],
    "ganji2018": ["n", "white", "black", "young", "old", "quartiles"],
    "reinstatler2012": ["n_diabetes", "n_none", "low-metformin", "low-other"],
    "reinstatler2011": [
        *("n_diabetes", "n_none", "low-metformin", "borderline-metformin", "low-other", "borderline-other"),
    ],
    "qi2014": ["low_anaemia", "low_macrocytosis", "marginal_anaemia", "marginal_macrocytosis"],
    "qi2011": ["low_anaemia", "low_macrocytosis", "marginal_anaemia", "marginal_macrocytosis"],
}


def survey(n=48, **given):
    """Made-up people: two strata of two PSUs, everybody with the same weight, healthy, and with every marker known."""
    kinds = columns()["kind"]
    dtypes = {"yes/no": "boolean", "text": "object", "number": "float64", "whole": "float64"}
    people = pd.DataFrame({name: pd.Series(None, index=range(n), dtype=dtypes[kind]) for name, kind in kinds.items()})
    place = np.arange(n)
    usual = {
        **{"seqn": place, "cycle": "2003-2004", "age": 60, "sex": np.where(place % 2, "men", "women"), "weight": 1.0},
        **{"stratum": place // 2 % 2, "psu": place // 4 % 2, "weight_diet": 1.0, "ethnicity": "non-Hispanic white"},
        **{"b12_pmol_l": 300.0, "b12_pg_ml": 400.0, "b12_roche_pmol_l": 320.0, "mma_nmol_l": 120.0, "hcy_umol_l": 8.0},
        **{"creatinine_mg_dl": 0.9, "egfr": 90.0, "egfr_mdrd": 90.0, "haemoglobin_g_dl": 14.0, "mcv_fl": 90.0},
        **{"b12_intake_ug": 4.0, "b12_supplement_ug": 0.0},
    }
    flags = ("b12_supplement", "diabetes", "metformin", "pregnant", "lactating")
    flags = {name: pd.array([False] * n, dtype="boolean") for name in flags}
    return people.assign(**usual, **flags).assign(**given)


def first(n, value, usual, of=48):
    """A column in which the first n people have a value of their own."""
    return np.where(np.arange(of) < n, value, usual)


def yes(*places, of=48):
    return pd.array(np.isin(np.arange(of), places), dtype="boolean")


def ours(table, reading="literal"):
    """Figures of ours by key."""
    rows = table[(table["reading"] == reading) & table["ours"].notna()]
    keys = [row["id"].removeprefix(f"{row['source']}-") for row in rows.to_dict("records")]
    return dict(zip(keys, rows["ours"], strict=True))


# -- printed beside ours ---------------------------------------------------------------------------------------------


def test_a_figure_agrees_where_it_rounds_to_the_printed_digits():
    found = pd.DataFrame(
        {"key": ["age-high", "food_mean-high", "men-high"], "reading": "literal", "ours": [46.49, 5.56, 51.51]}
    )
    table = compare("bailey2013", "Bailey 2013", [found.assign(se=[0.34, 0.16, 1.4])]).dropna(subset="ours")
    assert table["agrees"].tolist() == ["yes", "no", "no"]  # in the order of print: age, men, food
    assert table["interval_agrees"].tolist() == ["yes", "yes", "no"]
    assert table["difference"].tolist() == pytest.approx([0.49, 0.51, 0.06])


def test_what_was_not_computed_is_shown_and_is_neither_right_nor_wrong():
    table = compare("mineva2020", "Mineva 2020", [counted({"n": 12335})])
    assert len(table) == len(printed("mineva2020"))
    assert table.loc[table["reading"] == "none", ["ours", "agrees", "difference"]].isna().all(axis=None)


def test_a_figure_that_was_never_printed_is_refused():
    with pytest.raises(InputError, match="n_people"):
        compare("mineva2020", "Mineva 2020", [counted({"n_people": 1})])
    with pytest.raises(InputError, match="did you mean 'bailey2013'"):
        printed("baily2013")


def test_readings_of_one_figure_have_ids_of_their_own():
    table = compare("qi2014", "Qi 2014", [counted({"low_anaemia": 1}), counted({"low_anaemia": 2}, reading="other")])
    assert table["id"].tolist()[:2] == ["qi2014-low_anaemia", "qi2014-low_anaemia-2"]
    assert table["id"].is_unique


def test_estimates_are_scaled_with_their_intervals():
    share = survey_prevalence(survey(low=yes(*range(12))), ["low"])
    found = keyed(share, {"low": "b12_148"}, scale=100).iloc[0]
    assert found[["ours", "lower", "upper", "se"]].tolist() == pytest.approx(
        (100 * share[["estimate", "lower", "upper", "se"]].iloc[0]).tolist()
    )


def test_people_of_no_group_stay_in_the_design():
    people = survey(group=pd.Series(["a"] * 24 + [None] * 24, dtype="object"), inside=yes(*range(24)))
    grouped = survey_mean(people.assign(age=np.arange(48.0)), ["age"], by="group")
    domain = survey_mean(people.assign(age=np.arange(48.0)), ["age"], domain="inside")
    assert grouped["group"].tolist() == ["a"]
    pd.testing.assert_frame_equal(grouped.drop(columns="group"), domain)


# -- each paper, by hand ---------------------------------------------------------------------------------------------


def test_cdc_by_hand():
    cycle = first(24, "2005-2006", "2011-2012")
    people = survey(cycle=cycle, age=first(4, 19, 60), b12_pg_ml=first(9, 200.0, 450.0))
    found = ours(replications.cdc_table_1(people))
    assert found["n-biorad"] == 20
    assert found["n-roche"] == 24
    assert found["low-biorad"] == pytest.approx(25)  # 5 of 20
    assert found["low-roche"] == 0
    assert found["geomean-roche"] == pytest.approx(450)
    assert found["geomean-adjusted"] == pytest.approx(320 / 0.738, rel=1e-5)


def test_bailey_leaves_out_in_the_printed_order():
    people = survey(
        age=first(2, 18, 60),
        lactating=yes(2, 3),
        pregnant=yes(3, 4),  # who is both counts as lactating
        mma_nmol_l=np.where(np.isin(np.arange(48), [5, 6]), np.nan, 120.0),
        creatinine_mg_dl=np.where(np.isin(np.arange(48), [6, 7]), np.nan, 0.9),
        b12_pmol_l=np.select(
            [np.arange(48) == 8, np.arange(48) < 12, np.arange(48) < 20], [1266.0, 125.0, 287.0], 288.0
        ),
        egfr_mdrd=np.where(np.arange(48) == 47, 29.0, 90.0),
    )
    interviewed = pd.DataFrame({"age": [10, 18, 40, 50], "examined": [True, False, False, True]})
    table = replications.bailey_2013(people, interviewed)
    found = ours(table)
    steps = [
        "interviewed",
        "under_19",
        "interviewed_only",
        "lactating",
        "pregnant",
        "no_mma",
        "no_b12",
        "no_creatinine",
    ]
    assert [found[step] for step in steps] == [4, 2, 1, 2, 1, 2, 0, 1]
    assert [found[step] for step in ("high_b12", "egfr_30", "analysed")] == [1, 1, 38]
    assert [found[f"n-{group}"] for group in ("low", "middle", "high")] == [3, 8, 27]
    assert found["share-low"] == pytest.approx(100 * 3 / 38, rel=1e-5)
    assert found["mma_mean-high"] == 120
    assert "interviewed" not in ours(replications.bailey_2013(people))


def test_bailey_takes_supplements_of_users_and_totals_of_all():
    people = survey(b12_supplement=yes(0, 1, 2, 3), b12_supplement_ug=first(4, 10.0, 0.0), cycle="1999-2000")
    table = replications.bailey_2013(people)
    found = ours(table)
    assert found["supplement_mean-high"] == 10
    assert found["supplement_use-high"] == pytest.approx(100 * 4 / 48, rel=1e-5)
    assert found["total_mean-high"] == pytest.approx(4 + 40 / 48, rel=1e-5)
    released = table.query("quantity == 'mean homocysteine' and reading.str.startswith('homocysteine')")[
        "ours"
    ].dropna()
    assert released.tolist() == pytest.approx([10 ** ((np.log10(8) - 0.0418) / 0.983)], rel=1e-5)


def test_mineva_takes_adults_with_all_three_markers():
    people = survey(
        age=first(2, 19, 60),
        hcy_umol_l=np.select([np.arange(48) < 8, np.arange(48) < 20], [np.nan, 13.1], 13.0),
        b12_pmol_l=np.select([np.arange(48) < 18, np.arange(48) < 28], [147.9, 148.0], 300.0),
        mma_nmol_l=first(28, 300.0, 120.0),
    )
    table = replications.mineva_2020(people)
    found = ours(table)
    assert found["n"] == 40
    assert [found[key] for key in ("b12_148", "b12_marginal", "hcy_13")] == pytest.approx([25, 25, 30])
    bracket = table[table["quantity"].str.startswith("MMA")].set_index("reading")["ours"]
    assert bracket.tolist() == pytest.approx([50, 0])  # above 250, above 320


def test_ganji_compares_races_ages_and_quarters():
    people = survey(
        ethnicity=first(24, "non-Hispanic black", "non-Hispanic white"),
        mma_nmol_l=first(24, 200.0, 100.0),
        b12_pmol_l=np.arange(48.0) + 200,
        b12_supplement=yes(),
        age=first(12, 30, 71),
    )
    found = ours(replications.ganji_2018(people))
    assert found["n"] == 48
    assert [found[key] for key in ("black", "white", "young")] == pytest.approx([200, 100, 200])
    assert found["old"] == pytest.approx(100 * 2 ** (12 / 36), rel=1e-5)
    assert found["quartiles"] == pytest.approx(100)


def diabetes():
    """Four times 48 people: 12 with diabetes since 50, 6 of them on metformin; 2 since 25; 2 on insulin at once."""
    place = np.arange(48)
    people = survey(
        diabetes=yes(*range(16)),
        metformin=yes(0, 1, 2, 3, 4, 5, 12, 14),
        diabetes_since_age=np.select([place < 12, place < 14, place < 16], [50.0, 25.0, 50.0], np.nan),
        insulin_years=np.where((place >= 14) & (place < 16), 10.0, np.nan),
        b12_pmol_l=np.where(np.isin(place, [0, 1, 2, 6, 7, 12, 20, 21, 22, 23]), 148.0, 221.0),
    )
    races = ["non-Hispanic white", "Mexican American"]
    copies = [people.assign(age=60 + copy // 2, ethnicity=races[copy % 2]) for copy in range(4)]
    return pd.concat(copies, ignore_index=True)


def test_reinstatler_by_hand():
    found = ours(replications.reinstatler_2012(diabetes()))
    assert [found[key] for key in ("n_diabetes", "n_none")] == [48, 128]
    assert [found[f"low-{group}"] for group in ("metformin", "other", "none")] == pytest.approx(
        [50, 100 / 3, 12.5], rel=1e-5
    )
    table = replications.reinstatler_2012(diabetes())
    unadjusted = table.query("reading == 'not adjusted'")["ours"].item()
    assert unadjusted == pytest.approx((3 / 3) / (2 / 4), rel=1e-5)


def test_reinstatler_applies_the_rule_on_insulin_where_it_is_known():
    without = diabetes().drop(columns="insulin_years")
    assert ours(replications.reinstatler_2012(without))["n_diabetes"] == 56


def test_the_thesis_takes_people_over_50():
    people = diabetes().assign(age=np.tile(first(3, 50, 60), 4))
    table = replications.reinstatler_2011(people)
    assert ours(table)["n_diabetes"] == 36
    assert ours(table)["borderline-metformin"] == pytest.approx(100)
    assert table.query("reading == '50 and over' and quantity.str.contains('or less')")["ours"].iloc[
        0
    ] == pytest.approx(50)


def test_qi_by_hand():
    place = np.arange(48)
    people = survey(
        age=first(8, 50, 51),
        b12_pmol_l=np.select([place < 18, place < 28], [147.0, 258.0], 300.0),
        haemoglobin_g_dl=np.where(np.isin(place, [8, 9]), 11.0, 14.0),
        mcv_fl=np.select([np.isin(place, [10, 18]), place == 11], [101.0, 99.5], 90.0),
    )
    found, earlier = ours(replications.qi_2014(people)), ours(replications.qi_2011(people))
    assert [found[key] for key in ("low_anaemia", "low_macrocytosis")] == pytest.approx([20, 22.5])  # 8 and 9 of 40
    assert [found[key] for key in ("marginal_anaemia", "marginal_macrocytosis")] == pytest.approx([25, 22.5])
    assert earlier["low_macrocytosis"] == pytest.approx(20)  # 99.5 fL is macrocytosis here
    free = replications.qi_2014(people).query("reading.str.startswith('share of those')")["ours"]
    assert free.iloc[0] == pytest.approx(100 * 8 / 38, rel=1e-5)


# -- the stored table ------------------------------------------------------------------------------------------------


def test_every_paper_and_every_printed_figure_is_in_the_stored_table():
    assert STORED["paper"].unique().tolist() == list(PAPERS)
    for source, rows in STORED.groupby("source"):
        keys = {row.removeprefix(f"{source}-") for row in rows["id"]}
        assert set(printed(source)["key"]) <= keys


@pytest.mark.parametrize("source", list(APART))
def test_which_figures_come_out_and_which_do_not(source):
    rows = STORED[(STORED["source"] == source) & (STORED["reading"] == "literal")]
    keys = rows["id"].str.removeprefix(f"{source}-")
    assert keys[rows["agrees"] == "no"].tolist() == sorted(APART[source], key=printed(source)["key"].tolist().index)
    assert (rows["agrees"].isin(["yes", "no"])).all()


def test_differences_and_marks_follow_from_the_figures():
    made = STORED[STORED["ours"].notna()]
    assert made["difference"].astype(float).to_numpy() == pytest.approx(
        (made["ours"] - made["printed"]).astype(float).to_numpy(), abs=0.01
    )
    assert ((made["lower"] <= made["ours"]) & (made["ours"] <= made["upper"]) | made["lower"].isna()).all()


def test_a_paper_that_is_not_there_is_named():
    with pytest.raises(InputError, match="did you mean 'Bailey 2013'"):
        replications.replications("Baily 2013")
    with pytest.raises(InputError, match=r"lacks .*fetch nhanes"):
        replications.replications("Qi 2014", "no_such_folder")


@pytest.mark.slow
def test_recomputation_from_the_files_equals_the_stored_table(shared):
    anew = replications.compute(shared / "nhanes")
    assert anew["id"].tolist() == STORED["id"].tolist()
    for name in ("ours", "lower", "upper", "se", "n", "printed", "difference"):
        left, right = (table[name].astype("float64").to_numpy() for table in (anew, STORED))
        assert left == pytest.approx(right, rel=1e-5, abs=1e-4, nan_ok=True)
    for name in ("paper", "step", "quantity", "reading", "agrees", "interval_agrees", "status"):
        assert anew[name].fillna("").tolist() == STORED[name].fillna("").tolist()


# -- what the page says ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("paper", ["any", *PAPERS])
def test_the_page_counts_what_the_table_holds(paper):
    table = replications.replications(paper)
    finding, sentence = say.answer(table, paper=paper)
    rows = say.literal(table)
    assert finding.startswith(f"{(rows['agrees'] == 'yes').sum()} of {len(rows)} printed figures")
    assert f"**{(rows['agrees'] == 'yes').sum()} of {len(rows)}**" in sentence
    head = say.headline(table)["row"]
    assert head["lower"] <= head["estimate"] <= head["upper"]
    drawn, what = say.drawn(table)
    text = say.ratios_text(say.ratios(drawn), what)
    assert all(text.values())
    assert "nan" not in " ".join(text.values())


def test_variants_stand_beside_the_literal_reading():
    rows = say.variants(replications.replications("Bailey 2013"))
    assert rows.groupby(["step", "quantity"])["reading"].nunique().min() == 2
    assert say.variants(replications.replications("CDC 2011-12")).empty
    for text in say.CAVEATS:
        assert text.endswith(".")
