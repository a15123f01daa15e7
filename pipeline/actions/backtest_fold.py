"""Train and judge a model on one fold of a backtest."""

from __future__ import annotations

from pipeline.actions.fit_and_judge import confined_data_path, evaluate_fitted, fit, load_features
from pipeline.core import backtest
from pipeline.core.errors import DataError
from pipeline.core.estimators import LinearAttendance
from pipeline.core.forecasts import ESTIMATORS
from pipeline.core.params import BacktestFoldParams
from pipeline.core.results import StepResult
from pipeline.runs import RunContext

STAGES = 3


def backtest_fold(params: BacktestFoldParams, context: RunContext) -> StepResult:
    """One fold of the rows before the last period; nothing is stored but its figures."""
    context.progress("train", 0, STAGES)
    features, data_record = load_features(confined_data_path(params.data_path))
    if params.data_sha256 and data_record.sha256 != params.data_sha256:
        raise DataError(
            "The feature file was replaced while the backtest ran, so its folds would not belong together.",
            code="data_changed",
            hint="Start the backtest again when build_features has ended.",
        )
    split = backtest.make_fold(features, params.way, params.folds, params.fold)
    estimator = fit(ESTIMATORS[params.estimator](), split.train)
    linear = estimator if isinstance(estimator, LinearAttendance) else fit(LinearAttendance(), split.train)
    context.progress("evaluate", 1, STAGES)
    evaluation = evaluate_fitted(estimator, split, others=[linear], seed=params.seed)
    found = backtest.fold_facts(params.fold, split, evaluation)
    return StepResult(
        rows_in=len(features),
        rows_out=evaluation.tested_rows,
        metrics={name: found["models"][0][name] for name in ("mae", "median_error", "coverage_90")},
        inputs=(data_record,),
        notes=(
            f"Fold {params.fold} of {params.folds}: MAE {evaluation.model.overall.mae:.1f} s on "
            f"{evaluation.tested_rows:,} engines, {evaluation.tested_from:%d %b %Y} to {evaluation.tested_to:%d %b %Y}",
        ),
        details={"fold": found},
        is_sample=data_record.is_sample,
    )
