"""The default pages under axe-core: no violation, light and dark, on a phone and a desk, folded and unfolded."""

import itertools

import pytest
from test_browser import DESK, PHONE, Visit

from b12analysis.reports import names

axe = pytest.importorskip("axe_playwright_python.sync_playwright")

pytestmark = pytest.mark.browser

RULES = {"runOnly": {"type": "tag", "values": ["wcag2a", "wcag2aa", "wcag21aa", "wcag22aa", "best-practice"]}}
UNFOLD = "document.querySelectorAll('details').forEach((fold) => { fold.open = true; })"


def faults(page) -> list[str]:
    """Violations: rule, what to do, first place."""
    found = axe.Axe().run(page, options=RULES).response
    assert len(found["passes"]) > 30  # the rules did run
    return [f"{fault['id']}: {fault['help']}: {fault['nodes'][0]['target']}" for fault in found["violations"]]


def looks():
    """Every page in every scheme and size; at once run two that hold each scheme, each size and two pages."""
    for name, scheme, size in itertools.product(names(), ["light", "dark"], [DESK, PHONE]):
        look = f"{name}-{scheme}-{'desk' if size is DESK else 'phone'}"
        at_once = look in ("recovery-light-desk", "risk_groups-dark-phone")
        yield pytest.param(name, scheme, size, id=look, marks=[] if at_once else pytest.mark.slow)


@pytest.mark.parametrize(("name", "scheme", "size"), list(looks()))
def test_axe_finds_no_violation(chromium, pages, name, scheme, size):
    # axe is injected as a script, which the page's own policy would rightly refuse.
    with Visit(chromium, pages / f"{name}.html", size=size, scheme=scheme, bypass_csp=True) as visit:
        assert faults(visit.page) == []
        visit.page.evaluate(UNFOLD)
        assert faults(visit.page) == []


def test_axe_finds_what_is_wrong(chromium, pages):
    with Visit(chromium, pages / "recovery.html", bypass_csp=True) as visit:
        visit.page.evaluate("document.querySelector('.drawing').removeAttribute('aria-label')")
        assert [fault.split(":")[0] for fault in faults(visit.page)] == ["role-img-alt"]


def test_the_keyboard_reaches_the_answer_and_shows_where_it_is(chromium, pages):
    with Visit(chromium, pages / "recovery.html") as visit:
        visit.page.keyboard.press("Tab")
        assert visit.page.evaluate("document.activeElement.textContent") == "Skip to the answer"
        assert visit.page.evaluate("getComputedStyle(document.activeElement).outlineStyle") == "solid"


def test_headings_go_down_one_step_at_a_time(chromium, pages):
    with Visit(chromium, pages / "prevalence.html") as visit:
        levels = visit.page.locator("h1, h2, h3, h4").evaluate_all("(all) => all.map((one) => Number(one.tagName[1]))")
    assert levels[0] == 1
    assert levels.count(1) == 1
    assert all(after - before <= 1 for before, after in itertools.pairwise(levels))
