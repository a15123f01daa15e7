"""The forms that start steps by hand: each turns what was chosen into the parameters of its step."""

from __future__ import annotations

from typing import Any

from django import forms

from pipeline.core.params import BACKTEST_WAYS, DATASETS, ESTIMATOR_NAMES, MAX_FOLDS, ROW_ORIGINS
from pipeline.models import ModelVersion

AFTER_DATA = {
    "": "nothing",
    "build_features": "build features",
    "build_features,train_model,evaluate_model": "build features, train and evaluate",
}
ORIGIN_NAMES = {
    "auto": "mobilisations where they are there, else incidents",
    "incident": "incidents alone",
    "mobilisation": "mobilisations joined to incidents",
}
ESTIMATOR_TITLES = {
    "boosted": "gradient-boosted trees, with intervals",
    "linear": "linear regression on distance and station",
}

WAY_TITLES = {
    "period": "each fold predicts the days after those it learnt from",
    "station": "each fold predicts stations that it never saw",
}


class StartForm(forms.Form):
    """What all steps share: no parameter, nothing afterwards."""

    explanation = ""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.label_suffix = ""

    def given(self) -> dict[str, Any]:
        return {}

    def then(self) -> list[str]:
        return []


class ProcessDataForm(StartForm):
    explanation = (
        "Fetches the published files, checks every row and stores those that pass. The last good files stay until then."
    )
    datasets = forms.MultipleChoiceField(
        label="Files",
        choices=[(name, f"{name} file") for name in DATASETS],
        initial=list(DATASETS),
        widget=forms.CheckboxSelectMultiple,
        error_messages={"required": "Choose at least one file."},
    )
    convert_to_pickle = forms.BooleanField(label="Store pickles beside the CSVs", required=False)
    afterwards = forms.ChoiceField(label="Afterwards", choices=list(AFTER_DATA.items()), required=False)

    def given(self) -> dict[str, Any]:
        return {name: self.cleaned_data[name] for name in ("datasets", "convert_to_pickle")}

    def then(self) -> list[str]:
        return [name for name in self.cleaned_data["afterwards"].split(",") if name]


class BuildFeaturesForm(StartForm):
    explanation = "Joins the processed files and the stations into the rows that models learn from, and counts the response times."
    rows_from = forms.ChoiceField(
        label="Rows from", choices=[(name, ORIGIN_NAMES.get(name, name)) for name in ROW_ORIGINS]
    )

    def given(self) -> dict[str, Any]:
        return {"rows_from": self.cleaned_data["rows_from"]}


class TrainModelForm(StartForm):
    explanation = (
        "Learns from the feature file, judges the model on the latest months and registers it as a new version."
    )
    estimator = forms.ChoiceField(
        label="Model", choices=[(name, ESTIMATOR_TITLES.get(name, name)) for name in ESTIMATOR_NAMES]
    )

    def given(self) -> dict[str, Any]:
        return {"estimator": self.cleaned_data["estimator"]}


class EvaluateModelForm(StartForm):
    explanation = "Judges a stored version once more, on the rows of the present feature file that it has not seen."
    version = forms.ModelChoiceField(
        ModelVersion.objects.defer("evaluation", "files", "datasets", "parameters"),
        required=False,
        empty_label="the one in use",
    )

    def given(self) -> dict[str, Any]:
        version = self.cleaned_data["version"]
        return {"version": version.number if version else None}


class MonitorModelForm(StartForm):
    explanation = (
        "Judges the version in use on the calls that came after its test, and says whether it has become worse and "
        "whether its inputs have shifted."
    )


class BacktestModelForm(StartForm):
    explanation = (
        "Trains and judges a model over and over on the rows before the latest months. Nothing is put in use; "
        "the folds are runs of their own and share the workers."
    )
    estimator = forms.ChoiceField(
        label="Model", choices=[(name, ESTIMATOR_TITLES.get(name, name)) for name in ESTIMATOR_NAMES]
    )
    way = forms.ChoiceField(label="How", choices=[(name, WAY_TITLES.get(name, name)) for name in BACKTEST_WAYS])
    folds = forms.IntegerField(label="Folds", min_value=1, max_value=MAX_FOLDS, initial=5)

    def given(self) -> dict[str, Any]:
        return {name: self.cleaned_data[name] for name in ("estimator", "way", "folds")}


class HousekeepingForm(StartForm):
    explanation = "Removes old answers of batches and what ended runs left behind."


FORMS: dict[str, type[StartForm]] = {
    "process_data": ProcessDataForm,
    "build_features": BuildFeaturesForm,
    "train_model": TrainModelForm,
    "evaluate_model": EvaluateModelForm,
    "monitor_model": MonitorModelForm,
    "backtest_model": BacktestModelForm,
    "housekeeping": HousekeepingForm,
}
