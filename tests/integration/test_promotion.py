"""What happens to a fresh version: in use where it passes the gate, on the record in either case."""

import pytest
from django.conf import settings as site_settings

from pipeline import registry
from pipeline.actions.fit_and_judge import load_features
from pipeline.core import splits
from pipeline.models import ModelVersion, Promotion

pytestmark = pytest.mark.django_db


@pytest.fixture
def holdout(trained):
    features, _ = load_features(site_settings.LFB_DATA_DIR / "global_data.csv")
    return splits.split_by_time(features).holdout


def version(number):
    return ModelVersion.objects.get(number=number)


def test_the_first_version_is_put_in_use_and_that_is_on_record(trained):
    promotion = Promotion.objects.get()
    assert (promotion.version, promotion.former) == (trained, None)
    assert (promotion.by_name, promotion.reason) == ("training", "the first version")
    assert promotion.at == trained.promoted_at


def test_the_same_model_trained_again_stays_a_challenger_with_the_reason(trained, start):
    run = start("train_model")
    again = version(2)
    assert again.state == "challenger"
    assert again.state_reason.startswith("no clear difference from version 1: +0.0 s")
    assert (again.gate["passed"], again.gate["champion"]) == (False, 1)
    assert any(again.state_reason in note for note in run.notes)
    assert registry.current() == trained


def test_a_worse_model_stays_a_challenger(trained, start):
    start("train_model", estimator="linear")
    assert version(2).state == "challenger"
    assert "farther off than version 1 by" in version(2).state_reason


def test_a_better_model_takes_its_place(trained, start):
    start("train_model", estimator="linear")
    registry.promote(version(2), by_name="chief", reason="to have something to beat")
    start("train_model")
    assert registry.current().number == 3
    assert version(3).state_reason.startswith("closer than version 2 by")
    assert (version(2).state, version(2).state_reason) == ("retired", "replaced by version 3")
    assert [(promotion.version.number, promotion.by_name) for promotion in Promotion.objects.all()] == [
        (3, "training"), (2, "chief"), (1, "training"),
    ]  # fmt: skip


def test_sample_data_give_way_to_real_data_and_never_the_other_way(trained, start, holdout):
    start("train_model", estimator="linear")
    ModelVersion.objects.filter(number=2).update(is_sample=False)
    registry.consider(version(2), holdout)
    assert registry.current().number == 2
    registry.consider(version(1), holdout)
    assert registry.current().number == 2
    assert "this one on sample data" in version(1).state_reason


def test_a_version_whose_files_cannot_be_read_gives_way(trained, start):
    path = site_settings.LFB_MODEL_DIR / str(trained.file("forecast")["path"])
    path.write_bytes(b"{}")
    registry._load.cache_clear()
    start("train_model")
    assert registry.current().number == 2
    assert "version 1 cannot be used any more" in version(2).state_reason


def test_what_somebody_put_in_use_in_the_meantime_stays(trained, start):
    start("train_model", estimator="linear")
    start("train_model")
    champion = registry.current()
    registry.promote(version(2), by_name="chief", reason="in the meantime")
    registry._promote_after(champion, version(3), "closer")
    assert registry.current().number == 2
    assert version(3).state_reason == "another version was put in use while this one was judged"


def test_rolling_back_is_on_record(trained, start):
    start("train_model")
    registry.promote(version(2), by_name="chief", reason="try it")
    registry.roll_back(by_name="chief")
    latest = Promotion.objects.first()
    assert (latest.version.number, latest.former.number, latest.by_name) == (1, 2, "chief")
    assert latest.reason == "rolled back from version 2"
