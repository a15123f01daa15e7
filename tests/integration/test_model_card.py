"""The model card says what a version is and how good, each figure with its n, from the record alone."""

import io

import pytest
from django.core.management import CommandError, call_command

from pipeline.core.wording import readable_count, readable_seconds
from pipeline.model_card import model_card

pytestmark = pytest.mark.django_db


def test_it_tells_data_period_inputs_figures_limits_and_licence(trained):
    card = model_card(trained)
    overall = trained.evaluation["models"][0]["overall"]
    for told in (
        "# Model card: version 1",
        "Sample data: trained on generated records",
        f"{trained.trained_from:%-d %B %Y} to {trained.trained_to:%-d %B %Y}",
        f"{trained.tested_from:%-d %B %Y} to {trained.tested_to:%-d %B %Y}",
        f"(n = {readable_count(trained.tested_rows)}) it is off by {readable_seconds(overall['mae'])}",
        "straight line from station to incident, km",
        "For planning, not for dispatch",
        "Open Government Licence",
        *(entry["sha256"] for entry in trained.datasets),
        *(name for name in trained.feature_names),
    ):
        assert told in card
    for name, group in trained.evaluation["models"][0]["groups"]["borough"].items():
        assert f"| {name} | {readable_count(group['n'])} | {readable_seconds(group['actual_mean'])} |" in card


def test_every_row_of_its_tables_has_the_columns_of_its_head(trained):
    cells = None
    for line in model_card(trained).splitlines():
        if not line.startswith("|"):
            cells = None
            continue
        cells = cells or line.count("|")
        assert line.count("|") == cells, line


def test_it_tells_what_the_gate_said(trained, start):
    start("train_model", estimator="linear")
    from pipeline import registry

    card = model_card(registry.get(2))
    assert "## Beside version 1, which was in use" in card
    assert "- **No**: farther off than version 1" in card


def test_the_page_of_the_version_offers_it(trained, client):
    page = client.get("/models/1").content.decode()
    assert 'href="/models/1/card.md"' in page
    answer = client.get("/models/1/card.md")
    assert answer.content.decode() == model_card(trained)
    assert answer["Content-Disposition"] == 'attachment; filename="model-card-1.md"'


def test_on_the_page_nothing_of_the_record_is_taken_for_markup(trained, client):
    trained.state_reason = "<script>alert(1)</script>"
    trained.gate = {"champion": 1, "checks": [{"passed": False, "words": "<img src=x>", "name": "error"}]}
    trained.save()
    page = client.get("/models/1").content.decode()
    assert "<script>alert" not in page
    assert "<img src=x>" not in page
    assert "&lt;img src=x&gt;" in page


def test_the_command_prints_it(trained):
    out = io.StringIO()
    call_command("model_card", stdout=out)
    assert out.getvalue().startswith("# Model card: version 1")
    with pytest.raises(CommandError, match="There is no model version 9"):
        call_command("model_card", "9", stdout=out)
