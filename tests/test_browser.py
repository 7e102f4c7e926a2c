"""The default pages in a real browser with the network off: every figure alive, no error, no request."""

import json
import time

import pytest
from saying import ONE_REPORT, REPORTS, notebook, said

from b12analysis.page import SAFETY
from b12analysis.recovery import symptoms_of
from b12analysis.reports import drawing, names, render

pytestmark = pytest.mark.browser

PHONE, DESK = {"width": 360, "height": 780}, {"width": 1200, "height": 900}


class Visit:
    """A page opened from its file, and everything that went wrong meanwhile."""

    def __init__(self, browser, path, *, size=DESK, scheme="light", **more):
        self.context = browser.new_context(viewport=size, color_scheme=scheme, offline=True, **more)
        self.page = self.context.new_page()
        self.faults = []
        self.page.on("console", lambda message: self._note(message.type in ("error", "warning"), message.text))
        self.page.on("pageerror", lambda error: self._note(True, str(error)))
        self.page.on("requestfailed", lambda request: self._note(True, request.url))
        self.page.on("request", lambda request: self._note(not request.url.startswith(("file:", "data:")), request.url))
        self.page.goto(path.as_uri())
        self.until("document.readyState === 'complete'")
        figures = self.page.locator("figure[data-figure]").count()
        self.until(f"document.querySelectorAll('figure[data-drawn]').length === {figures}")

    def _note(self, is_fault, text):
        if is_fault:
            self.faults.append(text)

    def until(self, condition, seconds=30):
        """Wait for a condition; asked from outside, because the page's security policy forbids eval within."""
        end = time.monotonic() + seconds
        while not self.page.evaluate(condition):
            assert time.monotonic() < end, f"not within {seconds} s: {condition}"
            self.page.wait_for_timeout(50)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.context.close()

    def overflow(self):
        """Pixels by which the page is wider than the screen."""
        return self.page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")

    def paper(self):
        return self.page.evaluate("getComputedStyle(document.body).backgroundColor")


@pytest.fixture(params=REPORTS)
def path(request, pages):
    return pages / f"{request.param}.html"


@pytest.fixture(params=ONE_REPORT)
def one_path(request, pages):
    """For what the templates and their scripts do, which are the same on every page."""
    return pages / f"{request.param}.html"


@pytest.mark.parametrize(
    ("scheme", "size"),
    [
        pytest.param("light", DESK, id="light-desk"),
        pytest.param("dark", PHONE, id="dark-phone"),
        pytest.param("light", PHONE, id="light-phone", marks=pytest.mark.slow),
        pytest.param("dark", DESK, id="dark-desk", marks=pytest.mark.slow),
    ],
)
def test_a_page_is_alive_without_a_network(chromium, path, size, scheme):
    with Visit(chromium, path, size=size, scheme=scheme) as visit:
        assert visit.faults == []
        drawn = visit.page.evaluate(
            """[...document.querySelectorAll('figure[data-figure] .drawing')].map((drawing) => [
                drawing.data.filter((trace) => trace.visible !== false).length,
                drawing.querySelectorAll('.scatterlayer .trace, .barlayer .trace, .heatmaplayer .hm').length,
                drawing.querySelector('.cartesianlayer').getBBox().width > 50,
            ])"""
        )
        assert len(drawn) >= 2
        assert all(traces == shown > 0 and has_ink for traces, shown, has_ink in drawn), drawn
        assert visit.overflow() == 0
        assert visit.paper() == {"light": "rgb(255, 255, 255)", "dark": "rgb(15, 20, 25)"}[scheme]


INK = "getComputedStyle(document.querySelector('.drawing .xtick text')).fill"


def test_dark_pages_draw_in_the_dark_palette(chromium, pages):
    with Visit(chromium, pages / "recovery.html", scheme="dark") as visit:
        assert visit.page.evaluate(INK) == "rgb(230, 237, 243)"


def test_a_page_may_ask_nothing_of_any_host_even_if_it_wanted(chromium, pages):
    with Visit(chromium, pages / "recovery.html") as visit:
        tried = "() => fetch('data:text/plain,x').then(() => 'answered', () => 'refused')"
        assert visit.page.evaluate(tried) == "refused"


def test_a_page_follows_the_reader_into_the_dark(chromium, pages):
    with Visit(chromium, pages / "recovery.html") as visit:
        assert visit.page.evaluate(INK) == "rgb(27, 31, 36)"
        visit.page.emulate_media(color_scheme="dark")
        visit.until(f"{INK} === 'rgb(230, 237, 243)'")
        assert visit.faults == []


def test_figures_draw_the_numbers_of_their_tables(chromium, pages):
    with Visit(chromium, pages / "recovery.html") as visit:
        lines = visit.page.evaluate(
            """Object.fromEntries(
                document.querySelectorAll('.drawing')[1].calcdata
                    .filter(([first]) => !first.trace.fillcolor && first.trace.name !== 'timeline')
                    .map((points) => [points[0].trace.name, points.map((point) => point.y)])
            )"""
        )
        visit.page.locator("summary", has_text="Data and text description").nth(1).click()
        columns = visit.page.locator("table thead").nth(1).locator("th").all_inner_texts()
        rows = visit.page.locator("table").nth(1).locator("tbody tr")
        cells = [dict(zip(columns, row.locator("td").all_inner_texts(), strict=True)) for row in rows.all()]
    for symptom, values in lines.items():
        printed = [100 * float(cell["estimate"]) for cell in cells if cell["symptom"] == symptom]
        assert values == pytest.approx(printed, rel=1e-3, abs=1e-3)  # tables show 4 digits
    assert list(lines) == symptoms_of("sensory")


def test_safety_is_seen_and_code_and_references_are_folded_and_unfold(chromium, one_path):
    with Visit(chromium, one_path) as visit:
        safety = visit.page.get_by_role("complementary", name="Safety")
        assert safety.is_visible()
        assert safety.get_by_role("listitem").all_inner_texts() == list(SAFETY)
        code = visit.page.locator("#code pre").first
        assert not code.is_visible()
        visit.page.locator("#code summary").click()
        assert code.is_visible()
        assert not visit.page.locator("#references li").first.is_visible()


def test_the_contents_lead_to_every_figure(chromium, one_path):
    with Visit(chromium, one_path) as visit:
        visit.page.locator("nav summary").click()
        targets = visit.page.locator("nav a").evaluate_all("(links) => links.map((a) => a.getAttribute('href'))")
        assert len(targets) >= 5
        for target in targets:
            assert visit.page.locator(target).count() == 1


def test_the_data_of_a_figure_download_as_csv(chromium, pages):
    with Visit(chromium, pages / "prevalence.html") as visit:
        visit.page.locator("summary", has_text="Data and text description").first.click()
        with visit.page.expect_download() as download:
            visit.page.locator("a[download]").first.click()
        text = download.value.path().read_text(encoding="utf-8")
    assert text.startswith("enters,id,population,country,definition,")
    assert "yes,A17,adults aged 20 and over,United States,b12_148" in text


def test_no_label_of_a_figure_leaves_a_phone(chromium, path):
    with Visit(chromium, path, size=PHONE) as visit:
        outside = visit.page.evaluate(
            """() => [...document.querySelectorAll('.drawing')].flatMap((drawing) => {
                const edge = drawing.getBoundingClientRect();
                return [...drawing.querySelectorAll('.annotation text, .xtick text, .xtitle')]
                    .filter((text) => {
                        const box = text.getBoundingClientRect();
                        return box.right > edge.right + 2 || box.left < edge.left - 2;
                    }).map((text) => text.textContent);
            })"""
        )
        assert outside == []


def test_the_index_leads_to_every_report(chromium, pages):
    with Visit(chromium, pages / "index.html") as visit:
        links = visit.page.locator("article h2 a").evaluate_all("(links) => links.map((a) => a.getAttribute('href'))")
        assert links == [f"{name}.html" for name in names()]
        assert visit.faults == []


EVIL = "</script><script>window.hit = 1</script><img src=x onerror='window.hit = 1'><svg onload='window.hit = 1'>"


@pytest.mark.parametrize("plotly", ["embed", "shared"])
def test_strings_of_the_notebook_cannot_run_as_code(chromium, tmp_path, plotly):
    with Visit(chromium, written(said(EVIL), tmp_path, plotly=plotly, values={EVIL: EVIL})) as visit:
        assert visit.page.evaluate("window.hit") is None
        assert visit.faults == []
        assert EVIL in visit.page.locator("h1").inner_text()


def test_markup_in_the_outputs_of_a_notebook_is_shown_but_no_script_in_it_runs(chromium, tmp_path):
    outputs = [*said(), {"text/html": f"<b>a table</b>{EVIL}<base href='https://example.org'>"}]
    with Visit(chromium, written(outputs, tmp_path)) as visit:
        assert visit.page.locator("b", has_text="a table").is_visible()
        assert visit.page.evaluate("window.hit") is None
        assert not visit.page.evaluate("document.baseURI").startswith("http")
        assert any("violates the following Content Security Policy" in fault for fault in visit.faults)


def written(outputs, folder, *, plotly="embed", values=None):
    """Page of a notebook of these outputs, beside the shared script where it needs that."""
    if plotly == "shared":
        drawing.plotly_script(folder)
    path = folder / "page.html"
    path.write_text(render.page(notebook(outputs), "recovery", values or {"seed": 1}, plotly=plotly).html, "utf-8")
    return path


def test_a_shared_page_draws_from_the_script_beside_it(chromium, tmp_path):
    with Visit(chromium, written(said(figures=2), tmp_path, plotly="shared")) as visit:
        assert visit.faults == []
        assert visit.page.locator(".drawing .scatterlayer .trace").count() == 2


def refusal(chromium, path, before=""):
    """What a page that cannot draw says, and how many cells of its tables can be read."""
    with chromium.new_context(offline=True) as context:
        page = context.new_page()
        page.add_init_script(before)
        page.goto(path.as_uri())
        page.locator(".drawing", has_text="Not drawn").first.wait_for()
        return page.locator(".drawing").first.inner_text(), page.locator("figure ~ details td:visible").count()


def test_a_browser_that_cannot_unpack_says_so_and_shows_the_tables(chromium, tmp_path):
    said_instead, cells = refusal(chromium, written(said(), tmp_path), "delete window.DecompressionStream")
    assert said_instead.startswith("Not drawn: this browser is too old to unpack the script that draws.")
    assert cells == 4


def test_a_shared_page_without_its_script_says_so_and_shows_the_tables(chromium, tmp_path):
    path = written(said(), tmp_path, plotly="shared")
    (tmp_path / drawing.file_name()).unlink()
    said_instead, cells = refusal(chromium, path)
    assert "is not in the folder of this page" in said_instead
    assert cells == 4


def test_a_page_prints_light_and_open_and_comes_back_as_it_was(chromium, pages):
    state = f"""[{INK}, getComputedStyle(document.body).backgroundColor,
        document.querySelectorAll('details[open]').length,
        [...document.querySelectorAll('.drawing')].map((drawing) => drawing.layout.width)]"""
    with Visit(chromium, pages / "risk_groups.html", scheme="dark") as visit:
        before, folds = visit.page.evaluate(state), visit.page.locator("details").count()
        assert before[:3] == ["rgb(230, 237, 243)", "rgb(15, 20, 25)", 0]
        visit.page.emulate_media(media="print", color_scheme="dark")
        visit.until(f"{INK} === 'rgb(27, 31, 36)'")
        assert visit.page.evaluate(state) == ["rgb(27, 31, 36)", "rgb(255, 255, 255)", folds, [640] * len(before[3])]
        tallest = "Math.max(...[...document.querySelectorAll('figure')].map((f) => f.getBoundingClientRect().height))"
        assert visit.page.evaluate(tallest) < 1000  # A4 less its margins
        visit.page.emulate_media(media="screen", color_scheme="dark")
        visit.until(f"{INK} === 'rgb(230, 237, 243)'")
        visit.until(f"JSON.stringify({state}) === '{json.dumps(before, separators=(',', ':'))}'")


def test_a_wide_table_says_that_it_scrolls_and_the_page_does_not(chromium, one_path):
    with Visit(chromium, one_path, size=PHONE) as visit:
        visit.page.evaluate("document.querySelectorAll('details').forEach((fold) => { fold.open = true; })")
        visit.until("document.querySelectorAll('.scroll.wide[tabindex]').length > 0")
        hint = "getComputedStyle(document.querySelector('.scroll.wide'), '::before').content"
        assert "scroll sideways" in visit.page.evaluate(hint)
        assert visit.overflow() == 0


def test_labels_are_cut_to_the_new_width_when_a_window_narrows(chromium, pages):
    with Visit(chromium, pages / "prevalence.html") as visit:
        visit.page.set_viewport_size(PHONE)
        visit.until("document.querySelector('.drawing')._fullLayout.width === 328")
        assert visit.overflow() == 0


def test_small_multiples_stand_side_by_side_where_there_is_room_and_below_each_other_on_a_phone(chromium, pages):
    fans = "document.querySelectorAll('.drawing')[1]._fullLayout"
    places = f"['xaxis', 'xaxis2'].map((axis) => {fans}[axis].domain[0])"
    with Visit(chromium, pages / "recovery.html") as visit:
        assert visit.page.evaluate(places) == [0, 0.54]
        visit.page.set_viewport_size(PHONE)
        visit.until(f"{fans}.width === 328")
        assert visit.page.evaluate(places) == [0, 0]
        assert visit.faults == []
