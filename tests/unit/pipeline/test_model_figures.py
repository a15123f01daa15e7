"""The figures of a version come in one order, whatever order the database keeps the keys of JSON in."""

from pipeline import model_figures
from pipeline.models import ModelVersion


def evaluated(**groups):
    """A version whose only figures are the mean errors of groups."""
    scores = {name: {group: {"mae": mae} for group, mae in found.items()} for name, found in groups.items()}
    judged = {"name": "boosted", "title": "Boosted trees", "overall": {}, "groups": scores}
    return ModelVersion(estimator="boosted", evaluation={"models": [judged]})


def test_boroughs_and_hours_are_told_by_name_and_the_worst_by_error():
    figures = model_figures.figures_of(evaluated(borough={"Brent": 70, "Barnet": 60, "Barking": 80}, hour={"9": 1}))
    assert [bar.name for bar in figures["boroughs"]] == ["Barking", "Barnet", "Brent"]
    assert [bar.name for bar in figures["worst_boroughs"]] == ["Barking", "Brent", "Barnet"]


def test_what_moves_a_prediction_is_told_largest_first():
    moved = model_figures.influence({"hour": 9.0, "place": 20.0, "distance": 80.0})
    assert [(part["name"], part["width"]) for part in moved] == [
        ("the distance", 100.0), ("the place", 25.0), ("the time of day", 11.2),
    ]  # fmt: skip
