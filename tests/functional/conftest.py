"""A whole site in a browser: trained on a small sample, served by its own processes, seen by Chromium."""

from __future__ import annotations

import shutil
import urllib.request
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, sync_playwright

from tests.integration.site import Site, wait_for
from tests.services import free_port

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if "/functional/" in str(item.path):
            item.add_marker(pytest.mark.browser)
            if CHROMIUM is None:
                item.add_marker(pytest.mark.skip(reason="no Chromium here"))


class RunningSite(Site):
    """A site that answers at `url`, with the demo users."""

    url = ""


@pytest.fixture(scope="session")
def running_site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningSite]:
    port = free_port()
    settings = {
        "LFB_SAMPLE_INCIDENTS": "3000",
        "LFB_YEARS": "2023",
        "LFB_LIVE_DATA_TIMEOUT": "0",
        "WEB_CONCURRENCY": "1",
    }
    with RunningSite(tmp_path_factory.mktemp("site"), **settings) as site:
        site.run("create_demo_users")
        site.environment["DJANGO_DEBUG"] = "0"  # as users have it: hashed files, strict errors
        site.run("collectstatic", "--noinput", "--verbosity=0")
        site.run("first_run")
        site.url = f"http://127.0.0.1:{port}"
        site.start("run_site", "--port", str(port))
        wait_for(lambda: answers(site.url), 60, what=site.logs())
        yield site


def answers(url: str) -> bool:
    try:
        with urllib.request.urlopen(f"{url}/health", timeout=5) as answer:
            return answer.status == 200
    except OSError:
        return False


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Closed with each module: while Playwright's loop runs, Django refuses the database."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield browser
        browser.close()


@pytest.fixture
def open_page(browser: Browser, running_site: RunningSite) -> Iterator[object]:
    """Open an address of the site in a fresh context; what the console complains of fails the test."""
    contexts, complaints = [], []

    def _open(address: str = "/", *, login: str = "", **options: object) -> Page:
        context = browser.new_context(base_url=running_site.url, **options)
        contexts.append(context)
        page = context.new_page()
        page.set_default_timeout(15_000)
        page.on("console", lambda message: complaints.append(message.text) if message.type == "error" else None)
        page.on("pageerror", lambda error: complaints.append(str(error)))
        if login:
            name, password = login.split(":")
            page.goto("/login")
            page.get_by_label("Username").fill(name)
            page.get_by_label("Password").fill(password)
            page.get_by_role("button", name="Log in").click()
        page.goto(address)
        return page

    _open.complaints = complaints
    yield _open
    for context in contexts:
        context.close()
    # A page that answers "400" is an error to the console, and meant.
    assert [
        text for text in complaints if "status of 4" not in text and "Response Status Error Code 4" not in text
    ] == []
