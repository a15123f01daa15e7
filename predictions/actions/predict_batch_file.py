"""Answer a batch that waits in a file, and put the answer beside it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING
from uuid import uuid4

from django.conf import settings

from pipeline.core.errors import MissingInputError
from pipeline.core.results import StepResult
from pipeline.storage import hashing
from pipeline.storage.durable import make_folder, sync
from pipeline.storage.outputs import OutputSet
from predictions.batches import answer_text

if TYPE_CHECKING:
    from pipeline.runs import RunContext
    from predictions.steps import PredictBatchParams

FOLDER = "batches"  # below the data folder; housekeeping empties it of what is old


def store_batch(text: str, form: str) -> str:
    """Keep the questions until a worker comes to them; returns the name of their file."""
    name = f"{uuid4().hex}.{form}"
    folder = Path(settings.LFB_DATA_DIR) / FOLDER
    make_folder(folder)
    draft = folder / f".{name}"
    draft.write_text(text, encoding="utf-8")
    sync(draft)
    draft.replace(folder / name)
    sync(folder)
    return name


def predict_batch_file(params: PredictBatchParams, context: RunContext) -> StepResult:
    """Seconds for each row of the batch, in a file of the same form. A row that cannot be answered says why."""
    folder = Path(settings.LFB_DATA_DIR)
    source = folder / FOLDER / params.batch
    if not source.is_file():
        raise MissingInputError("The questions of this batch are gone.", hint="Send them again.")
    found, answer = answer_text(source.read_text(encoding="utf-8"), params.form)
    name = f"{FOLDER}/{source.stem}-answer.{params.form}"
    with OutputSet(folder, context.owner) as out:
        out.path(name).write_text(answer, encoding="utf-8")
        out.commit()
    return StepResult(
        rows_in=len(found.rows),
        rows_out=found.answered,
        rejects={str(code): int(rows) for code, rows in found.rows["error"].value_counts().items() if code},
        inputs=(hashing.file_record("questions", source),),
        outputs=(hashing.file_record("answers", folder / name),),
        details={"version": found.version},
        is_sample=found.is_sample,
    )


def answer_file(output: dict[str, object]) -> Path:
    """Where the answer lies that a run's record tells of. Raises MissingInputError once housekeeping has removed it."""
    path = Path(settings.LFB_DATA_DIR) / FOLDER / Path(str(output["path"])).name
    if not path.is_file():
        raise MissingInputError("The answer is no longer kept.", code="answer_gone", hint="Send the batch again.")
    return path
