"""The admin and the model pages in a browser, on a whole site with its worker."""

import pytest
from axe_playwright_python.sync_playwright import Axe

pytestmark = pytest.mark.slow

ADMIN = "admin:fireforce"  # the demo user's published password
LONG = 120_000  # milliseconds a step may take on a busy machine

PAGES = (
    "/models",
    "/models/1",
    "/models/compare?versions=1,2",
    "/admin/",
    "/admin/pipeline/datasetrun/",
    "/admin/pipeline/datasetrun/1/change/",
    "/admin/pipeline/datasetrun/start/",
    "/admin/pipeline/datasetrun/retry/?ids=1,2",
    "/admin/pipeline/modelversion/",
    "/admin/pipeline/modelversion/1/change/",
    "/admin/pipeline/modelversion/2/promote/",
    "/admin/pipeline/station/",
    "/admin/pipeline/station/1/change/",
    "/admin/pipeline/station/import/",
    "/admin/pipeline/station/export/",
    "/admin/pipeline/schedule/",
    "/admin/pipeline/schedule/1/change/",
    "/admin/pipeline/promotion/",
    "/admin/lfb_site/accesstoken/",
    "/admin/lfb_site/accesstoken/add/",
    "/admin/axes/accessattempt/",
    "/admin/queues/",
)


@pytest.fixture(scope="module")
def site(running_site):
    """With a second version, and the first one in use."""
    running_site.run("train_model")
    running_site.python(
        "from pipeline import registry; registry.promote(registry.get(1), by_name='tester', reason='to begin with')"
    )
    return running_site


@pytest.fixture
def admin(open_page, site):
    def _open(address="/admin/", **options):
        page = open_page(address, login=ADMIN, **options)
        page.set_default_timeout(30_000)
        return page

    return _open


def test_a_step_is_started_and_followed_to_its_end_without_a_reload_by_hand(admin):
    page = admin("/admin/pipeline/datasetrun/start/")
    page.select_option("#id_build_features-rows_from", "incident")
    page.click("text=Start: build features")
    assert "Build features: queued as Run" in page.inner_text(".messagelist")
    page.wait_for_selector(".field-followed_status .run-succeeded", timeout=LONG)
    assert page.locator(".run-now").count() == 0
    assert "→" in page.inner_text(".field-shown_rows")
    assert "begins, started by admin" in page.inner_text("#run-log")
    page.click("text=Try again")
    page.click("input[value='Try again 1 run']")
    assert "is tried again as Run" in page.inner_text(".messagelist")
    page.wait_for_selector(".field-followed_status .run-succeeded", timeout=LONG)


def test_a_version_is_promoted_and_rolled_back(admin):
    page = admin("/admin/pipeline/modelversion/")
    page.locator("#result_list tbody tr").filter(has=page.locator("th a", has_text="2")).locator("input").check()
    page.select_option("select[name=action]", "promote")
    page.click("button[name=index]")
    page.fill("#id_reason", "tried in a browser")
    page.click("input[type=submit].default")
    assert "Version 2 is in use now." in page.inner_text(".messagelist")
    page.goto("/models/2")
    assert "In use since" in page.inner_text(".lead")
    page.goto("/admin/pipeline/modelversion/")
    page.click(".object-tools >> text=Roll back")
    page.click("input[type=submit].default")
    assert "Say why" in page.inner_text(".errorlist")
    page.fill("#id_reason", "enough seen")
    page.click("input[type=submit].default")
    assert "Version 1 is in use now." in page.inner_text(".messagelist")
    page.goto("/models/1")
    assert "Rolled back from version 2: enough seen." in page.inner_text(".lead")


def test_stations_are_downloaded(admin):
    page = admin("/admin/pipeline/station/", accept_downloads=True)
    page.click(".object-tools >> text=Export")
    page.select_option("select[name=format]", label="csv")
    with page.expect_download() as waiting:
        page.click("input[type=submit]")
    assert waiting.value.path().read_text().count("\n") == 114


def test_versions_are_compared_by_ticking_them_and_the_report_opens(open_page, site):
    page = open_page("/models")
    for box in page.locator("input[name=versions]").all():
        box.check()
    page.click("button:has-text('Compare')")
    assert "All were tested on the same rows" in page.inner_text("main")
    page.click("thead >> text=Version 2")
    page.click("text=Evaluation report")
    assert "how good is version 2" in page.inner_text("h1")


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_no_page_breaks_the_rules_of_accessibility(admin, scheme):
    page = admin(color_scheme=scheme, bypass_csp=True)  # the rules are injected as a script with styles
    found = {}
    for path in PAGES:
        page.goto(path)
        if broken := Axe().run(page).response["violations"]:
            found[path] = [(rule["id"], rule["nodes"][0]["html"][:200]) for rule in broken]
    assert found == {}


def test_no_page_is_wider_than_a_phone(admin):
    page = admin(viewport={"width": 390, "height": 844})
    too_wide = []
    for path in PAGES:
        page.goto(path)
        if page.evaluate("document.documentElement.scrollWidth > document.documentElement.clientWidth"):
            too_wide.append(path)
    assert too_wide == []
