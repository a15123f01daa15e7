"""The response times page in a browser: without script, by keyboard, on a phone, for everybody."""

import threading
from wsgiref.simple_server import WSGIRequestHandler, make_server

import numpy as np
import pandas as pd
import pytest
from axe_playwright_python.sync_playwright import Axe
from django.contrib.staticfiles.handlers import StaticFilesHandler
from django.core.wsgi import get_wsgi_application

from pipeline.actions.count_response_times import count_response_times, figures_path
from pipeline.core.boroughs import BOROUGH_CODES
from pipeline.storage.response_times import write_figures


class _Quiet(WSGIRequestHandler):
    def log_message(self, *args):
        pass


@pytest.fixture
def site(folders):
    """The site's address; the page needs no database."""
    server = make_server("127.0.0.1", 0, StaticFilesHandler(get_wsgi_application()), handler_class=_Quiet)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def figures(folders):
    """Figures of 6,000 calls in 2023 and 2024 all over London, some of them late."""
    generator = np.random.default_rng(5)
    count = 6_000
    at = generator.integers(0, 33, count)
    borough = np.array(sorted(BOROUGH_CODES))[at]
    days = pd.to_timedelta(generator.integers(0, 731 * 86_400, count), unit="s")
    second = pd.array(generator.integers(150, 900, count), dtype="Int64")
    second[generator.random(count) < 0.6] = pd.NA
    incidents = pd.DataFrame(
        {
            "called_at": (pd.Timestamp("2023-01-01") + days).astype("datetime64[s]"),
            "first_pump_attendance_seconds": pd.array(generator.integers(100, 500, count) + at * 6, dtype="Int64"),
            "second_pump_attendance_seconds": second,
            **dict.fromkeys(("proper_case", "borough_name", "station_ground"), borough),
            **dict.fromkeys(("ward_code", "ward_name", "ward_name_new"), np.char.add(borough.astype(str), " ward")),
        }
    )
    times = count_response_times(incidents, None, list(BOROUGH_CODES))
    write_figures(times.figures, times.facts | {"is_sample": True, "sources_sha256": {}}, figures_path())


@pytest.fixture
def visit(browser, site):
    """Open an address of the site in a fresh context; what the console complains of fails the test."""
    contexts, complaints = [], []

    def _visit(address, **options):
        contexts.append(browser.new_context(**options))
        page = contexts[-1].new_page()
        page.on("console", lambda message: complaints.append(message.text) if message.type == "error" else None)
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.goto(f"{site}{address}")
        return page

    yield _visit
    for context in contexts:
        context.close()
    assert complaints == []


def test_filters_sort_and_download_without_script(visit, figures):
    page = visit("/response-times", java_script_enabled=False, accept_downloads=True)
    page.select_option("#pump", "second")
    page.select_option("#borough", "Camden")
    page.select_option("#by", "month")
    page.click("text=Show")
    assert "borough=Camden" in page.url
    assert "Camden, second pump" in page.inner_text(".scope")
    page.click(".figures-table thead >> text=Average >> nth=0")
    assert page.get_attribute(".figures-table thead th[aria-sort]", "aria-sort") == "ascending"
    with page.expect_download() as waiting:
        page.click("text=CSV")
    assert waiting.value.suggested_filename == "sample-response-times-month-2024.csv"


def test_the_filters_work_by_keyboard_alone(visit, figures):
    page = visit("/response-times")
    page.focus("#pump")
    page.keyboard.press("ArrowDown")
    for _ in range(4):
        page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.id") == "measure"
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    page.wait_for_url("**pump=second**")
    assert "second pump" in page.inner_text(".scope")


def test_a_click_on_the_map_chooses_a_borough_and_the_keyboard_passes_it_by(visit, figures):
    page = visit("/response-times")
    page.focus("button:has-text('Show')")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.closest('.chart')") is None
    page.locator(".chart a", has_text="Bromley").click()
    page.wait_for_url("**borough=Bromley**")
    assert page.inner_text("h1") == "Response times in Bromley"


@pytest.mark.parametrize("width", [320, 390, 1440])
def test_the_page_never_scrolls_sideways(visit, figures, width):
    page = visit("/response-times?by=ward&year=all", viewport={"width": width, "height": 900})
    assert page.evaluate("document.documentElement.scrollWidth") == width


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("question", ["", "?by=ward&pump=second&sort=-mean", "?measure=within_limit&borough=Brent"])
def test_no_rule_of_accessibility_is_broken(visit, figures, scheme, question):
    page = visit(f"/response-times{question}", color_scheme=scheme)
    found = Axe().run(page, options={"runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]})
    assert found.response["violations"] == []


def test_without_figures_the_page_is_accessible_too(visit):
    page = visit("/response-times")
    assert "build_features" in page.inner_text("main")
    assert Axe().run(page).response["violations"] == []
