"""The index of a folder: every report is listed, what failed comes first, and nothing in a name or text is obeyed."""

import base64
import hashlib
import html.parser
import itertools
import random
import re
from urllib.parse import unquote

import pytest
from test_browser import DESK, PHONE, Visit

from b12analysis.page import NOT_ADVICE, SAFETY
from b12analysis.reports.index import index
from b12analysis.theme import DARK, SERIES

EVIL = "</script><script>window.hit = 1</script><img src=x onerror='window.hit = 1'>\"{{ 7 * 7 }}\u2028"


def figure(name="of the tingling problem gone", estimate=50.0, *, unit="%", what="95 % interval"):
    text = f"{estimate:g} {unit} ({estimate / 2:g}–{estimate + 5:g})"
    limits = {"lower": estimate / 2, "upper": estimate + 5}
    return {"name": name, "text": text, "what": what, "unit": unit, "estimate": estimate, **limits}


def row(stem, report="recovery", *, status="done", error=None, figures=None, **parameters):
    done = status == "done"
    return {
        "stem": stem, "file": f"{stem}.html" if done else None, "report": report, "question": f"What of {report}?",
        "parameters": parameters, "status": status, "error": error,
        "finding": f"Finding of {stem}" if done else "", "sentence": "It is **50 %**." if done else "",
        "key_figures": ([figure()] if figures is None else figures) if done else [],
    }  # fmt: skip


def grid(seeds=1):
    """Recovery by age, delay and severity; two failed."""
    rows = [
        row(
            f"recovery-age-{age}-months-{months}-severity-{severity}-seed-{seed}",
            age=age, months=float(months), severity=severity, romberg=None, seed=seed,
            figures=[figure("of the tingling problem gone", 90 - months - age / 5), figure("rest", age, unit="years")],
        )
        for seed in range(seeds)
        for age, months, severity in itertools.product([30, 60, 100], [1, 6, 12], ["mild", "severe"])
    ]  # fmt: skip
    for place, error in ((4, "TimeoutError in cell 7: 60 s"), (9, "ValueError in cell 3: no such age")):
        rows[place] = row(rows[place]["stem"], status="failed", error=error, **rows[place]["parameters"])
    return rows


def mixed():
    surveys = [
        row(f"prev-{country}-{n}", "prevalence", country=country, n=n, figures=[figure(f"pooled over {n} surveys")])
        for country in ("Kenya", "New Zealand") for n in (7, 12)
    ]  # fmt: skip
    return [*grid(), *surveys, row("risk_groups", "risk_groups", status="waiting", group="vegans")]


class Table(html.parser.HTMLParser):
    """Links, cells of the tables, and elements that could run something."""

    def __init__(self, text):
        super().__init__()
        self.links, self.rows, self.tags, self.handlers, self._cell = [], [], [], [], False
        self.feed(text)

    def handle_starttag(self, tag, attributes):
        self.tags.append(tag)
        self.handlers += [name for name, _ in attributes if name.startswith("on") or name == "style"]
        if tag == "a":
            self.links.append(dict(attributes)["href"])
        if tag == "tr":
            self.rows.append([])
        if tag in ("td", "th"):
            self.rows[-1].append("")
            self._cell = True

    def handle_endtag(self, tag):
        self._cell = self._cell and tag not in ("td", "th")

    def handle_data(self, data):
        if self._cell:
            self.rows[-1][-1] += data


def policy(text):
    return re.search(r'Content-Security-Policy" content="([^"]*)"', text)[1]


def test_the_order_of_the_rows_makes_no_difference():
    rows = mixed()
    shuffled = random.Random(1).sample(rows, len(rows))
    assert index(shuffled) == index(rows)


def test_every_page_is_linked_once_and_every_report_has_a_row():
    table = Table(index(mixed()))
    files = [unquote(link) for link in table.links if not link.startswith("#")]
    assert sorted(files) == sorted(r["file"] for r in mixed() if r["file"])
    assert len(table.rows) == len(mixed()) + 3  # a head for each kind


def test_the_title_says_what_there_is():
    assert "<h1>18 reports on recovery; 16 done, 2 failed</h1>" in index(grid())
    assert "<h1>23 reports on prevalence, recovery and risk groups; 20 done, 1 waiting, 2 failed</h1>" in index(mixed())
    assert "<h1>No reports yet</h1>" in index([])
    assert NOT_ADVICE in index(grid())
    assert NOT_ADVICE in index([row("recovery")])


def test_the_safety_lines_stand_below_cards_and_tables():
    for made in (index(grid()), index([row("recovery")])):
        assert all(line in made for line in SAFETY)


def test_what_varies_is_a_column_and_what_does_not_is_told_once():
    text = index(grid())
    assert Table(text).rows[0][:4] == ["report", "age", "months", "severity"]
    assert "the same in all: romberg none, seed 0" in text
    assert ["30", "6", "mild"] in [cells[1:4] for cells in Table(text).rows]


def test_failed_reports_come_first_with_their_reason():
    rows = Table(index(grid())).rows
    assert ["✗ failed" in cells[0] for cells in rows] == [False, True, True] + [False] * 16
    assert "TimeoutError in cell 7: 60 s" in rows[1][0]
    listed = re.search(r'<section class="failures".*?</section>', index(grid()), re.S)[0]
    assert listed.count("<li>") == 2
    assert "ValueError in cell 3: no such age" in listed


def test_the_same_reason_is_told_once_with_the_reports_it_stopped():
    rows = [row(f"recovery-{n}", status="failed", error="MemoryError", n=n) for n in range(9)]
    listed = re.search(r'<section class="failures".*?</section>', index(rows), re.S)[0]
    assert listed.count("<li>") == 1
    assert "recovery-0, recovery-1, recovery-2, recovery-3, recovery-4 and 4 more" in listed


def test_names_of_key_figures_share_a_head_and_keep_their_own_words():
    names = ["of the tingling problem gone", "of the walking problem gone"]
    rows = Table(index([row(f"r-{n}", n=n, figures=[figure(name)]) for n, name in enumerate(names)])).rows
    assert rows[0][-1] == "of the … problem gone, % 95 % interval"
    assert [cells[-1].replace("\u00a0", " ") for cells in rows[1:]] == [
        "50 % (25–55) the tingling problem",
        "50 % (25–55) the walking problem",
    ]


def test_key_figures_without_a_word_in_common_are_named_in_their_cells():
    whole = ["vegan men", "metformin users"]
    rows = Table(index([row(f"r-{n}", n=n, figures=[figure(name)]) for n, name in enumerate(whole)])).rows
    assert rows[0][-1] == "key figure, % 95 % interval"
    assert rows[1][-1].endswith("vegan men")


def test_figures_in_different_units_never_share_a_scale():
    rows = [row("r-1", n=1, figures=[figure(unit="%")]), row("r-2", n=2, figures=[figure(unit="months")])]
    heads = Table(index(rows)).rows[0]
    assert [head.split(",")[-1].split()[0] for head in heads[2:]] == ["%", "months"]


def test_a_few_reports_of_different_kinds_are_cards_without_a_script():
    rows = [
        row("prevalence", "prevalence"),
        row("recovery"),
        row("risk_groups", "risk_groups", status="failed", error="E"),
    ]
    text = index(rows)
    assert text.count("<article>") == 3
    assert "<strong>50\u00a0%</strong>" in text
    assert "✗ failed" in text
    assert "script" not in Table(text).tags
    assert "article" not in Table(index([row("recovery-1", n=1), row("recovery-2", n=2)])).tags


def test_values_are_printed_as_the_command_line_takes_them():
    values = [None, True, 6.0, 0.5, ["a", 2.0], "text", "x" * 999]
    rows = Table(index([row(f"r-{n}", value=value) for n, value in enumerate(values)])).rows
    assert [cells[1] for cells in rows[1:]] == ["none", "true", "6", "0.5", "[a, 2]", "text", "x" * 200 + "…"]


@pytest.mark.parametrize("limit", [None, "inf", "", float("inf"), float("nan"), 10**400, [1]])
def test_a_figure_whose_limit_is_no_finite_number_keeps_its_text_and_is_not_drawn(limit):
    rows = [row("r-1", n=1), row("r-2", n=2, figures=[figure() | {"upper": limit}])]
    cells = re.findall(r"<tr>.*?</tr>", index(rows), re.S)[-2:]
    assert ["data-v" in cell for cell in cells] == [True, False]
    assert all("50\u00a0%" in cell for cell in cells)


def hostile():
    bad = row("evil", status="failed", error=EVIL, name=EVIL, **{EVIL: 1})
    good = row("javascript:alert(1)//#?", name="x", figures=[figure(EVIL, unit=EVIL, what=EVIL)], **{EVIL: 2})
    return [bad, good | {"finding": EVIL, "sentence": EVIL, "question": EVIL}, row("k", EVIL, n=1), row("l", EVIL, n=2)]


def test_markup_in_any_field_is_shown_and_not_obeyed():
    for rows in (hostile(), hostile()[1:3]):
        table = Table(index(rows))
        assert table.tags.count("script") == (1 if len(rows) > 2 else 0)
        assert "img" not in table.tags
        assert table.handlers == []
        assert all("javascript:" not in link for link in table.links)
        assert "49" not in index(rows).split("<body", 1)[1].split("<script>", 1)[0]


@pytest.mark.parametrize("rows", [grid(), hostile(), [row("recovery")]], ids=["table", "hostile", "cards"])
def test_the_policy_allows_what_the_page_carries_and_no_more(rows):
    text = index(rows)
    for tag in ("script", "style"):
        for content in re.findall(f"<{tag}>(.*?)</{tag}>", text, re.S):
            sha = base64.b64encode(hashlib.sha256(content.encode()).digest()).decode()
            assert f"{tag}-src 'sha256-{sha}'" in policy(text)
    assert policy(text).startswith("default-src 'none';")
    assert "unsafe" not in policy(text)
    assert "http" not in policy(text)


def test_the_colours_are_those_of_the_figures():
    for n, colour in enumerate(SERIES, start=1):
        assert f"--series-{n}:{colour};" in index(grid())
        assert f"--series-{n}:{DARK[colour]};" in index(grid())


def test_a_thousand_rows_cost_less_than_half_a_megabyte():
    rows = grid(seeds=60)
    assert len(index(rows)) / len(rows) < 450


# --- in a browser


@pytest.fixture
def opened(chromium, tmp_path):
    """Open the index of some rows; close all at the end."""
    visits = []

    def visit(rows, *, size=DESK, scheme="light"):
        path = tmp_path / f"index-{len(visits)}.html"
        path.write_text(index(rows), encoding="utf-8", newline="\n")
        visits.append(Visit(chromium, path, size=size, scheme=scheme))
        return visits[-1]

    yield visit
    for one in visits:
        one.context.close()


def shown(visit, column=0):
    """Texts of a column of the rows that are shown."""
    cells = f"tbody tr > :nth-child({column + 1})"
    return [text.strip() for text in visit.page.locator(cells).all_text_contents()]


in_browser = pytest.mark.browser
SCREENS = [
    (DESK, "light"),
    (PHONE, "dark"),
]  # every size and every palette, not every pair: the two do not meet in a rule


@in_browser
@pytest.mark.parametrize("rows", [grid(), mixed(), [row("recovery")]], ids=["one kind", "kinds", "cards"])
@pytest.mark.parametrize(("size", "scheme"), SCREENS, ids=["desk", "phone"])
def test_an_index_fits_its_screen_and_asks_nothing(opened, rows, size, scheme):
    visit = opened(rows, size=size, scheme=scheme)
    assert visit.faults == []
    assert visit.overflow() == 0
    assert visit.paper() == {"light": "rgb(255, 255, 255)", "dark": "rgb(15, 20, 25)"}[scheme]


@in_browser
def test_a_column_sorts_up_then_down_then_not_at_all(opened):
    visit = opened(grid())
    head = visit.page.locator("thead th").nth(1)
    before = shown(visit, 1)
    head.locator("button").press("Enter")
    assert head.get_attribute("aria-sort") == "ascending"
    assert shown(visit, 1) == ["30"] * 6 + ["60"] * 6 + ["100"] * 6  # as numbers: 100 is not before 30
    head.locator("button").press("Space")
    assert head.get_attribute("aria-sort") == "descending"
    assert shown(visit, 1)[0] == "100"
    head.locator("button").click()
    assert head.get_attribute("aria-sort") is None
    assert shown(visit, 1) == before


@in_browser
def test_reports_without_a_figure_stay_last_whichever_way_it_is_sorted(opened):
    visit = opened(grid())
    button = visit.page.locator("thead th").nth(4).locator("button")
    button.click()
    up = [float(text.split("\u00a0")[0]) for text in shown(visit, 4) if text]
    assert up == sorted(up)
    assert shown(visit, 4)[-2:] == ["", ""]
    button.click()
    down = [float(text.split("\u00a0")[0]) for text in shown(visit, 4) if text]
    assert down == sorted(up, reverse=True)
    assert shown(visit, 4)[-2:] == ["", ""]


@in_browser
def test_filters_and_search_narrow_together_and_say_how_many_are_left(opened):
    visit = opened(grid())
    hits = visit.page.locator("output[aria-live]")
    assert hits.inner_text() == "18 of 18 reports"
    visit.page.locator("[name='recovery.age']").select_option("60")
    assert hits.inner_text() == "6 of 18 reports"
    visit.page.get_by_label("Search").fill("SEVERE months-12")
    assert hits.inner_text() == "1 of 18 reports"
    assert shown(visit) == ["Finding of recovery-age-60-months-12-severity-severe-seed-0"]
    visit.page.get_by_role("button", name="Clear").click()
    assert hits.inner_text() == "18 of 18 reports"
    visit.page.get_by_label("Status").select_option("failed")
    assert hits.inner_text() == "2 of 18 reports"
    assert all("✗ failed" in text for text in shown(visit))


@in_browser
def test_a_number_with_many_values_is_filtered_by_a_range(opened):
    visit = opened([row(f"r-{n:03}", n=n / 10) for n in range(100)])
    visit.page.get_by_role("spinbutton", name="from").fill("2.5")
    visit.page.get_by_role("spinbutton", name="to").fill("3")
    assert shown(visit, 1) == ["2.5", "2.6", "2.7", "2.8", "2.9", "3"]


@in_browser
def test_a_view_is_kept_in_its_address(opened, chromium):
    visit = opened(grid())
    visit.page.locator("[name='recovery.severity']").select_option("mild")
    visit.page.locator("thead th").nth(2).locator("button").click()
    address, rows = visit.page.url, shown(visit)
    assert len(rows) == 9
    other = chromium.new_page()
    other.goto(address)
    assert [text.strip() for text in other.locator("tbody tr > :first-child").all_text_contents()] == rows
    assert other.locator("[name='recovery.severity']").input_value() == "mild"
    assert other.locator("thead th").nth(2).get_attribute("aria-sort") == "ascending"
    other.close()


@in_browser
def test_intervals_are_drawn_in_the_rows_on_one_scale(opened):
    visit = opened(grid())
    drawn = visit.page.evaluate(
        """[...document.querySelectorAll('tbody tr')].flatMap((tr) => {
            const cell = tr.cells[4];
            if (!cell.dataset.v) return [];
            const ends = ['x1', 'x2'].map((end) => cell.querySelector('svg line').getAttribute(end));
            return [[...cell.dataset.v.split(' ').slice(1), ...ends].map(Number)];
        })"""
    )
    assert len(drawn) == 16
    for lower, upper, left, right in drawn:  # 0 to 100 % over 120 pixels, after an edge of 10
        assert [left, right] == pytest.approx([10 + 1.2 * lower, 10 + 1.2 * upper], abs=0.01)


@in_browser
def test_panels_hold_every_report_with_a_figure_and_follow_the_filter(opened):
    visit = opened(grid())
    marks = visit.page.locator(".plots a.mark")
    visit.until("document.querySelectorAll('.plots a.mark').length === 16")
    assert visit.page.locator(".plots svg[role=group]").count() == 3
    label = visit.page.locator(".plots svg[role=group]").first.get_attribute("aria-label")
    assert re.fullmatch(r"months 1: \d reports, of the tingling problem gone, % from 69 to 83", label)
    marks.first.focus()
    read = visit.page.locator(".readout").inner_text()
    assert "Finding of recovery-age-30-months-1-severity-mild" in read
    visit.page.keyboard.press("ArrowRight")
    assert visit.page.locator(".readout").inner_text() != read
    visit.page.locator("[name='recovery.age']").select_option("100")
    visit.until("document.querySelectorAll('.plots a.mark').length === 6")
    assert {"series-1", "series-2"} == set(
        marks.evaluate_all("(all) => all.map((mark) => mark.getAttribute('class').split(' ')[1])")
    )


@in_browser
def test_a_mark_opens_its_report(opened, tmp_path):
    visit = opened(grid())
    visit.until("document.querySelectorAll('.plots a.mark').length === 16")
    mark = visit.page.locator(".plots a.mark").first
    (tmp_path / mark.get_attribute("href")).write_text("<title>the report</title>", encoding="utf-8")
    mark.locator("rect").click()
    visit.page.wait_for_url("**/recovery-age-*.html")
    assert visit.page.title() == "the report"


@in_browser
def test_marks_and_texts_of_a_panel_keep_apart(opened):
    for size in (DESK, PHONE):
        visit = opened(grid(), size=size)
        visit.until("document.querySelectorAll('.plots a.mark').length === 16")
        overlaps = visit.page.evaluate(
            """[...document.querySelectorAll('.plots svg[role=group], thead svg')].flatMap((svg) => {
                const boxes = [...svg.querySelectorAll('text')].map((text) => text.getBoundingClientRect());
                return boxes.flatMap((a, n) => boxes.slice(n + 1).filter((b) => a.width && b.width &&
                    a.left < b.right && b.left < a.right && a.top + 2 < b.bottom && b.top + 2 < a.bottom));
            }).length"""
        )
        assert overlaps == 0


@in_browser
def test_a_large_index_shows_some_rows_at_a_time_and_finds_all(opened):
    visit = opened(grid(seeds=60))
    assert visit.page.locator("tbody tr").count() == 250
    visit.page.get_by_role("button", name="more").click()
    assert visit.page.locator("tbody tr").count() == 1000
    visit.page.get_by_label("Search").fill("seed-59")
    assert visit.page.locator("tbody tr").count() == 18


@in_browser
def test_without_a_script_the_table_is_whole(chromium, tmp_path):
    path = tmp_path / "index.html"
    path.write_text(index(mixed()), encoding="utf-8")
    context = chromium.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(path.as_uri())
    assert page.locator("tbody tr").count() == len(mixed())
    assert not page.locator("form").first.is_visible()
    assert page.locator("tbody a").last.is_visible()
    context.close()


@in_browser
def test_hostile_rows_run_nothing(opened):
    for rows in (hostile(), hostile()[1:3]):
        visit = opened(rows)
        assert visit.page.evaluate("window.hit") is None
        assert visit.faults == []


@in_browser
@pytest.mark.parametrize("rows", [grid(), mixed(), [row("recovery")]], ids=["one kind", "kinds", "cards"])
@pytest.mark.parametrize(("size", "scheme"), SCREENS, ids=["desk", "phone"])
def test_axe_finds_no_violation(chromium, tmp_path, rows, size, scheme):
    axe = pytest.importorskip("axe_playwright_python.sync_playwright", reason="axe is not installed")
    path = tmp_path / "index.html"
    path.write_text(index(rows), encoding="utf-8", newline="\n")
    context = chromium.new_context(
        viewport=size, color_scheme=scheme, bypass_csp=True
    )  # the page admits no script but its own
    page = context.new_page()
    page.goto(path.as_uri())
    for fold in page.locator("summary").all():
        fold.click()
    found = axe.Axe().run(page)
    assert found.response["passes"]
    assert [violation["id"] for violation in found.response["violations"]] == []
    context.close()
