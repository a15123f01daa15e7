"""What a run belongs to: its chain, its other attempts, the step that it is part of, and its schedule."""

from __future__ import annotations

from dataclasses import dataclass

from pipeline import steps
from pipeline.models import DatasetRun, Schedule

LONGEST_CHAIN = 20
SHOWN_PARTS = 60
NEEDED = ("pk", "step", "status", "follows_id", "retry_of_id", "attempt", "not_before", "parameters")


@dataclass(frozen=True)
class Relations:
    run: DatasetRun
    chain: list[DatasetRun]  # in order, the run itself among them; empty where it stands alone
    tries_again: DatasetRun | None
    tried_again_as: list[DatasetRun]
    whole: DatasetRun | None  # what the run is a part of
    parts: list[DatasetRun]
    schedule: Schedule | None

    def __bool__(self) -> bool:
        return any((self.chain, self.tries_again, self.tried_again_as, self.whole, self.parts, self.schedule))


def relations_of(run: DatasetRun) -> Relations:
    runs = DatasetRun.objects.only(*NEEDED)
    whole = run.parameters.get("part_of_run")
    has_parts = any(step.part_of == run.step for step in steps.every())
    return Relations(
        run=run,
        chain=_chain(run),
        tries_again=runs.filter(pk=run.retry_of_id).first() if run.retry_of_id else None,
        tried_again_as=list(runs.filter(retry_of=run).order_by("pk")),
        whole=runs.filter(pk=whole).first() if whole else None,
        parts=list(runs.filter(parameters__part_of_run=run.pk).order_by("pk")[:SHOWN_PARTS]) if has_parts else [],
        schedule=run.schedule,
    )


def _chain(run: DatasetRun) -> list[DatasetRun]:
    """The runs before and after; of those that follow one run, the latest."""
    runs = DatasetRun.objects.only(*NEEDED)
    chain = [run]
    while len(chain) < LONGEST_CHAIN and chain[0].follows_id:
        chain.insert(0, runs.get(pk=chain[0].follows_id))
    while len(chain) < LONGEST_CHAIN and (after := runs.filter(follows=chain[-1]).order_by("-pk").first()):
        chain.append(after)
    return chain if len(chain) > 1 else []
