"""The prediction page as people use it: by form, map, keyboard, without script; for everybody, and light."""

import gzip
import re

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import expect

TIME = re.compile(r"^(\d+\smin\s)?\d+\ss$")
PAGES = [
    "/",
    "/?station=Acton&distance=2.4",
    "/?place=51.52,+-0.24&hour=8",
    "/?place=nowhere",
    "/login",
    "/nothing-here",
]


def read_seconds(text: str) -> int:
    """Seconds of a time as it is shown: 1 min 5 s, or 57 s."""
    minutes, seconds = re.fullmatch(r"(?:(\d+)\smin\s)?(\d+)\ss", text).groups(default="0")
    return 60 * int(minutes) + int(seconds)


def test_by_form_with_an_answer_at_once_when_the_hour_changes(open_page):
    page = open_page()
    page.get_by_label("Departing station").fill("acton")
    page.get_by_label("Distance, km").fill("2.4")
    page.get_by_role("button", name="Predict").click()
    expect(page.locator(".time")).to_have_text(TIME)
    expect(page.locator(".from")).to_contain_text("Acton, 2.4")
    expect(page).to_have_url(re.compile(r"station=acton&distance=2\.4"))
    before = page.locator(".range").inner_text()
    page.get_by_label("Time of day").select_option("8")
    expect(page.locator(".from")).to_contain_text("08:00 to 08:59")
    assert page.locator(".range").inner_text() != before
    shared = page.url
    page.reload()
    expect(page.locator(".from")).to_contain_text("08:00 to 08:59")
    assert page.url == shared


@pytest.mark.parametrize(("width", "height"), [(1280, 720), (900, 700), (390, 780)])
def test_the_answer_comes_into_view_and_the_question_keeps_the_focus(open_page, width, height):
    page = open_page(viewport={"width": width, "height": height}, reduced_motion="reduce")
    page.get_by_label("Incident at", exact=True).fill("Camden")
    page.keyboard.press("Enter")
    for part in (".time", ".range", ".chances"):
        expect(page.locator(part)).to_be_in_viewport(ratio=1)
    assert page.evaluate("document.activeElement.id") == "id_place"
    assert page.url.endswith("?place=Camden&pump=1")


def test_the_way_back_leads_to_the_earlier_answer_and_its_map(open_page):
    page = open_page("/?place=Camden")
    place = page.get_by_label("Incident at", exact=True)
    place.fill("Brent")
    page.keyboard.press("Enter")
    expect(page).to_have_title(re.compile(r"from (Willesden|Wembley|Park Royal)"))
    page.go_back()
    expect(place).to_have_value("Camden")
    expect(page.locator(".from")).to_contain_text("Kentish Town")
    expect(page.locator(".borough")).to_have_count(33)
    expect(page.locator(".incident")).to_be_visible()


@pytest.mark.parametrize("failure", ["broken", "unreachable"])
def test_a_site_that_fails_says_so_and_takes_the_next_question(open_page, failure):
    page = open_page("/?place=Camden")
    fails = {
        "broken": lambda route: route.fulfill(status=502, body="<html><body>Bad gateway</body></html>"),
        "unreachable": lambda route: route.abort(),
    }
    page.route("**/?place=*", fails[failure])
    page.get_by_role("button", name="Predict").click()
    expect(page.get_by_role("alert")).to_contain_text("The site did not answer.")
    page.unroute("**/?place=*")
    page.get_by_role("button", name="Predict").click()
    expect(page.locator(".time")).to_have_text(TIME)
    open_page.complaints.clear()  # the browser's, of the failure


def test_a_nearby_station_is_one_click_away_and_the_link_is_copied(open_page):
    page = open_page("/?place=Camden&hour=8", permissions=["clipboard-read", "clipboard-write"])
    page.locator(".ranking").get_by_role("link").first.click()
    assert re.search(r"place=Camden&hour=8&station=[^&]+#result$", page.url)
    expect(page.locator(".ranking .chosen")).to_have_count(1)
    page.get_by_role("button", name="Copy link").click()
    expect(page.get_by_role("button", name="Link copied")).to_be_visible()
    assert page.evaluate("navigator.clipboard.readText()") == page.url


def test_by_a_click_on_the_map(open_page):
    page = open_page()
    expect(page.locator(".borough")).to_have_count(33)
    page.locator("#map").click(position={"x": 200, "y": 200})
    expect(page.locator(".time")).to_have_text(TIME)
    expect(page.locator(".ranking tbody tr")).to_have_count(5)
    expect(page.locator(".incident")).to_be_visible()
    assert re.match(r"^51\.\d+, -?0\.\d+$", page.get_by_label("Incident at", exact=True).input_value())
    times = [read_seconds(text) for text in page.locator(".ranking .expected").all_inner_texts()]
    assert times == sorted(times)


def test_by_keyboard_alone(open_page):
    page = open_page()
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.textContent") == "Skip to the content"
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    page.keyboard.type("TQ 20 80")
    page.keyboard.press("Enter")
    expect(page.locator(".time")).to_have_text(TIME)
    page.locator("#map").focus()
    page.keyboard.press("Enter")
    expect(page.get_by_label("Incident at", exact=True)).to_have_value(re.compile(r"^51\.\d+, "))


def test_without_script(open_page):
    page = open_page(java_script_enabled=False)
    page.get_by_label("Incident at", exact=True).fill("Camden")
    page.get_by_role("button", name="Predict").click()
    expect(page.locator(".time")).to_have_text(TIME)
    expect(page.locator(".time")).to_be_in_viewport()
    assert not page.get_by_role("button", name="Copy link").is_visible()
    assert "the form works without" in page.inner_text("main")  # shown; searches by text pass over such parts


def test_what_cannot_be_read_is_marked_and_explained(open_page):
    page = open_page()
    page.get_by_label("Departing station").fill("Actn")
    page.get_by_role("button", name="Predict").click()
    expect(page.get_by_role("alert")).to_contain_text("Did you mean Acton?")
    expect(page.locator(".wrong")).to_have_count(1)
    page.get_by_label("Departing station").fill("Acton")
    page.get_by_role("button", name="Predict").click()
    expect(page.get_by_role("alert")).to_contain_text("How far from the station?")


def test_login_and_logout(open_page):
    page = open_page("/", login="user:london123")
    expect(page.get_by_role("button", name="Log out user")).to_be_visible()
    assert not page.get_by_role("link", name="Admin").is_visible()
    page.get_by_role("button", name="Log out user").click()
    expect(page.get_by_role("link", name="Log in")).to_be_visible()


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("address", PAGES)
def test_no_barrier_is_found(open_page, address, scheme):
    page = open_page(address, color_scheme=scheme)
    page.wait_for_load_state("networkidle")
    found = Axe().run(page)
    assert found.violations_count == 0, found.generate_report()


@pytest.mark.parametrize("width", [390, 320])
def test_nothing_sticks_out_of_a_narrow_screen(open_page, width):
    """320 px is a wide screen at 400 %."""
    page = open_page("/?place=51.52,+-0.24&hour=8", viewport={"width": width, "height": 700})
    assert page.evaluate("document.documentElement.scrollWidth") <= width


def test_the_first_page_is_light_and_stands_still(open_page, running_site):
    """Under 150 kB compressed without the map's data; the times are shown, not judged: they are the machine's."""
    sizes = {}
    page = open_page("/nothing-here")
    page.on("response", lambda answer: sizes.__setitem__(answer.url, answer))
    page.goto("/?station=Acton&distance=2.4")
    page.wait_for_load_state("networkidle")
    sent = {
        url: int(answer.headers.get("content-length") or 0) or len(gzip.compress(answer.body()))
        for url, answer in sizes.items()
        if "geojson" not in url
    }
    assert sum(sent.values()) < 150_000, sent
    moved = page.evaluate(
        "() => new Promise(done => { let sum = 0; new PerformanceObserver(list => { for (const one of list.getEntries()) sum += one.value; })"
        ".observe({type: 'layout-shift', buffered: true}); setTimeout(() => done(sum), 300); })"
    )
    painted = page.evaluate(
        "() => new Promise(done => { new PerformanceObserver(list => done(list.getEntries().at(-1).startTime))"
        ".observe({type: 'largest-contentful-paint', buffered: true}); setTimeout(() => done(-1), 2000); })"
    )
    print(f"{sum(sent.values()):,} bytes, largest paint after {painted:.0f} ms, layout shift {moved}")
    assert moved < 0.01
