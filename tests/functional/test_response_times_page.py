"""The response times page in a browser: without script, by keyboard, on a phone, for everybody."""

import shutil
import threading
from contextlib import contextmanager
from wsgiref.simple_server import WSGIRequestHandler, make_server

import numpy as np
import pandas as pd
import pytest
from axe_playwright_python.sync_playwright import Axe
from django.contrib.staticfiles.handlers import StaticFilesHandler
from django.core.wsgi import get_wsgi_application
from playwright.sync_api import sync_playwright

from pipeline.actions.count_response_times import count_response_times, figures_path
from pipeline.core.boroughs import BOROUGH_CODES
from pipeline.storage.response_times import write_figures

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")

pytestmark = [pytest.mark.browser, pytest.mark.skipif(CHROMIUM is None, reason="no Chromium here")]


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


@contextmanager
def opened(url, **options):
    """A page of a fresh browser, and what went wrong in it."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        page = browser.new_context(**options).new_page()
        faults = []
        page.on("console", lambda message: faults.append(message.text) if message.type == "error" else None)
        page.on("pageerror", lambda error: faults.append(str(error)))
        page.goto(url)
        yield page
        browser.close()
        assert faults == []


def test_filters_sort_and_download_without_script(site, figures):
    with opened(f"{site}/response-times", java_script_enabled=False, accept_downloads=True) as page:
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


def test_the_filters_work_by_keyboard_alone(site, figures):
    with opened(f"{site}/response-times") as page:
        page.focus("#pump")
        page.keyboard.press("ArrowDown")
        for _ in range(4):
            page.keyboard.press("Tab")
        assert page.evaluate("document.activeElement.id") == "measure"
        page.keyboard.press("Tab")
        page.keyboard.press("Enter")
        page.wait_for_url("**pump=second**")
        assert "second pump" in page.inner_text(".scope")


@pytest.mark.parametrize("width", [320, 390, 1440])
def test_the_page_never_scrolls_sideways(site, figures, width):
    with opened(f"{site}/response-times?by=ward&year=all", viewport={"width": width, "height": 900}) as page:
        assert page.evaluate("document.documentElement.scrollWidth") == width


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("question", ["", "?by=ward&pump=second&sort=-mean", "?measure=within_limit&borough=Brent"])
def test_no_rule_of_accessibility_is_broken(site, figures, scheme, question):
    with opened(f"{site}/response-times{question}", color_scheme=scheme) as page:
        found = Axe().run(page, options={"runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]})
        assert found.response["violations"] == []


def test_without_figures_the_page_is_accessible_too(site):
    with opened(f"{site}/response-times") as page:
        assert "build_features" in page.inner_text("main")
        assert Axe().run(page).response["violations"] == []
