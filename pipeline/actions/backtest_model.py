"""Backtest a model: its folds are runs of their own, taken by whichever worker is free."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from pipeline import runs
from pipeline.actions.fit_and_judge import confined_data_path, load_features
from pipeline.core import backtest
from pipeline.core.errors import PipelineError
from pipeline.core.params import BacktestModelParams
from pipeline.core.results import StepResult
from pipeline.core.wording import readable_count
from pipeline.models import DatasetRun, RunStatus, Trigger
from pipeline.runs import RunContext

POLL_SECONDS = 0.5

Fold = dict[str, Any]  # what `backtest.fold_facts` tells of one fold


def backtest_model(params: BacktestModelParams, context: RunContext) -> StepResult:
    """Queue the folds, take part in them, and put their figures together.

    This run executes every fold that no worker has taken yet: it ends with one worker, with ten, and without a queue.
    """
    features, data_record = load_features(confined_data_path(params.data_path))
    possible = backtest.possible_folds(features, params.way, params.folds)
    rows = len(features)
    del features  # a fold that is executed here reads its own
    own = DatasetRun.objects.get(pk=context.run_id)
    queued = _queue_folds(possible, params, data_record.sha256, own)
    try:
        folds = _await(queued, context)
    finally:
        for run in queued:
            runs.cancel(run, by_name=own.started_by_name)  # those that have ended stay as they are
    pooled = backtest.pool(folds)
    return StepResult(
        rows_in=rows,
        rows_out=pooled[0]["n"],
        metrics={name: pooled[0][name] for name in backtest.POOLED},
        inputs=(data_record,),
        notes=tuple(_notes(queued, folds, pooled, left_out=params.folds - len(possible))),
        details={"backtest": {"way": params.way, "estimator": params.estimator, "pooled": pooled, "folds": folds}},
        is_sample=data_record.is_sample,
    )


def _queue_folds(
    possible: Sequence[int], params: BacktestModelParams, data_sha256: str, own: DatasetRun
) -> list[DatasetRun]:
    """A run for each fold, started in the name of whoever started this one."""
    given = {name: getattr(params, name) for name in ("data_path", "estimator", "way", "folds")}
    given |= {"part_of_run": own.pk, "data_sha256": data_sha256}
    return [
        runs.enqueue_chain(
            [("backtest_fold", given | {"fold": fold})],
            by=own.started_by,
            by_name=own.started_by_name,
            trigger=Trigger(own.trigger),
        )[0]
        for fold in possible
    ]


def _notes(
    queued: Sequence[DatasetRun], folds: Sequence[Fold], pooled: Sequence[dict[str, Any]], *, left_out: int
) -> Iterator[str]:
    """The figures of all folds together beside the best other model, then a line a fold."""
    judged, *others = pooled
    best_other = min(others, key=lambda model: float(model["mae"]))
    yield (
        f"{judged['title']}: MAE {judged['mae']:.1f} s on {readable_count(judged['n'])} engines in "
        f"{len(folds)} folds; {best_other['title']}: {best_other['mae']:.1f} s. "
        f"90 % intervals held {100 * judged['coverage_90']:.1f} %."
    )
    for run, fold in zip(queued, folds, strict=True):
        yield f"  fold {fold['fold']}, run {run.pk}: {run.notes[0].split(': ', 1)[1]}"
    if left_out:
        yield f"{left_out} folds left out: too few rows."


@dataclass(frozen=True)
class _Told:
    """Passes on what the fold at work does, as the progress of the whole; where that was cancelled, the fold ends too."""

    context: RunContext
    done: int
    total: int

    def __call__(self, stage: str, done: int, total: int | None = None) -> None:
        self.context.progress(stage, self.done, self.total)


def _await(queued: Sequence[DatasetRun], context: RunContext) -> list[Fold]:
    """The facts of each fold, when all have ended; raises where one of them did not end well."""
    while True:
        done = sum(run.has_ended for run in queued)
        context.progress("folds", done, len(queued))
        for run in queued:
            if run.has_ended and run.status != RunStatus.SUCCEEDED:
                raise PipelineError(
                    f"Fold {run.parameters['fold']}, run {run.pk}, did not end well: "
                    f"{run.error_message or run.get_status_display().lower()}",
                    code=run.error_code or "fold_failed",
                    hint="Its page and its log say more. Start the backtest again.",
                )
        if done == len(queued):
            return [run.details["fold"] for run in queued]
        waiting = next((run for run in queued if run.status == RunStatus.QUEUED), None)
        if waiting is not None:
            runs.execute(waiting.pk, progress=_Told(context, done, len(queued)))
        else:
            time.sleep(POLL_SECONDS)
        for run in queued:
            run.refresh_from_db()
