"""What is missing for the site to do its work."""

from __future__ import annotations

import os
from pathlib import Path

from django.conf import settings
from django.db import DatabaseError, connection

from pipeline import queues
from pipeline.core.errors import QueueUnavailableError
from pipeline.models import ModelVersion


def missing() -> list[str]:
    """What the site lacks to answer questions, in words; empty where it lacks nothing."""
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
        has_model = ModelVersion.objects.in_use().exists()
    except DatabaseError:
        return ["the database does not answer"]
    lacking = [] if has_model else ["no model version is in use: train one"]
    for name in ("LFB_DATA_DIR", "LFB_MODEL_DIR"):
        folder = Path(getattr(settings, name))
        if not (folder.is_dir() and os.access(folder, os.W_OK)):
            lacking.append(f"the folder of {name} is not there or cannot be written")
    return lacking


def impaired() -> list[str]:
    """What does not work though questions are answered."""
    try:
        queues.require_reachable()
    except QueueUnavailableError:
        return ["the job queue does not answer: steps can be started by commands alone"]
    return []
