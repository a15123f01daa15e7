"""What is missing for the site to do its work."""

from __future__ import annotations

import os
from pathlib import Path

from django.conf import settings
from django.db import DatabaseError, connection

from pipeline.models import ModelVersion


def missing() -> list[str]:
    """What the site lacks, in words; empty where it can answer questions."""
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
