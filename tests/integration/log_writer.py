"""A process that logs as the site's own do: `python -m tests.integration.log_writer NUMBER LINES`."""

import itertools
import logging
import os
import sys
from types import SimpleNamespace

STEPS = ("process_data", "build_features", "train_model", "predict", "evaluate_model", None)


def write(number: int, lines: int) -> None:
    from pipeline.run_log import current_run

    logger = logging.getLogger("pipeline.writer")
    runs = [SimpleNamespace(pk=number, step=step, started_by_name="writer") if step else None for step in STEPS]
    for line, run in zip(range(lines), itertools.cycle(runs)):
        current_run.set(run)
        logger.info("process %d line %d", number, line)


if __name__ == "__main__":
    os.environ["DJANGO_SETTINGS_MODULE"] = "lfb_site.settings"
    import django

    django.setup()
    write(int(sys.argv[1]), int(sys.argv[2]))
