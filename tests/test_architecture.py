"""Who may import whom, and what must never be missing."""

import ast
import io
import os
import subprocess
import sys
from pathlib import Path

import pytest
from django.core.management import call_command

ROOT = Path(__file__).resolve().parent.parent

DOORS = ("pipeline.admin", "pipeline.api", "pipeline.management", "pipeline.views", "predictions")
WORK = ("pipeline.actions", "pipeline.runs", "pipeline.registry", "pipeline.steps")
# Layer → what it must not import, directly.
FORBIDDEN = {
    "pipeline/core": ("django", "requests", "lfb_site", "pipeline.storage", "pipeline.models", *WORK, *DOORS),
    "pipeline/storage": ("django", "lfb_site", "pipeline.models", *WORK, *DOORS),
    "pipeline/models": ("pandas", "lfb_site", "pipeline.storage", *WORK, *DOORS),
    "pipeline/registry.py": ("pandas", "lfb_site", "pipeline.actions", "pipeline.runs", "pipeline.steps", *DOORS),
    "pipeline/actions": ("lfb_site", *DOORS),
    "pipeline/steps.py": ("pandas", "lfb_site", "pipeline.actions", "pipeline.runs", *DOORS),
    "pipeline/runs.py": ("pandas", "lfb_site", "pipeline.actions", *DOORS),
    "pipeline": ("predictions",),
    "pipeline/management": ("pandas", "pipeline.actions", "pipeline.core.features"),
    "pipeline/api": ("pandas",),
    "pipeline/admin": ("pandas",),
    "pipeline/views.py": ("pandas", "pipeline.storage"),
    "predictions/views.py": ("pandas", "pipeline.storage"),
    "predictions/api": ("pandas", "pipeline.storage"),
}
HEAVY = ("pandas", "sklearn", "lightgbm", "matplotlib", "pandera", "pyproj", "mlflow", "skops")


def python_files(place):
    path = ROOT / place
    return [path] if path.suffix == ".py" else sorted(path.rglob("*.py"))


def is_for_types_alone(node):
    return isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING"


def imports(path):
    """What a module imports when it runs, at its top or inside a function."""
    waiting = [ast.parse(path.read_text())]
    while waiting:
        node = waiting.pop()
        waiting += [child for child in ast.iter_child_nodes(node) if not is_for_types_alone(child)]
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


@pytest.mark.parametrize("place", FORBIDDEN)
def test_imports_point_downwards(place):
    wrong = [
        f"{path.relative_to(ROOT)} imports {name}"
        for path in python_files(place)
        for name in imports(path)
        if any(name == banned or name.startswith(f"{banned}.") for banned in FORBIDDEN[place])
        # The app starts its own wiring.
        and path.name != "apps.py"
    ]
    assert wrong == []


def test_starting_django_imports_nothing_heavy():
    code = "import django, sys; django.setup(); import lfb_site.urls; print([name for name in sys.argv[1:] if name in sys.modules])"
    environment = {**os.environ, "DJANGO_SETTINGS_MODULE": "lfb_site.settings"}
    done = subprocess.run(
        [sys.executable, "-c", code, *HEAVY], cwd=ROOT, env=environment, capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "[]"


def test_mlflow_is_imported_in_its_own_process_alone():
    importing = {
        str(path.relative_to(ROOT))
        for place in ("lfb_site", "pipeline", "predictions")
        for path in python_files(place)
        if any(name.split(".")[0] == "mlflow" for name in imports(path))
        or "mlflow_client" in imports(path)
        or "pipeline.storage.mlflow_client" in imports(path)
    }
    assert importing == {"pipeline/storage/mlflow_client.py"}


def test_only_the_settings_read_the_environment():
    readers = {
        str(path.relative_to(ROOT))
        for place in ("lfb_site", "pipeline", "predictions")
        for path in python_files(place)
        if "os.environ" in path.read_text() or "getenv" in path.read_text()
    }
    assert readers <= {"lfb_site/environment.py", "lfb_site/wsgi.py"}


def test_every_module_says_what_it_is_for():
    silent = [
        str(path.relative_to(ROOT))
        for place in ("lfb_site", "pipeline", "predictions")
        for path in python_files(place)
        if path.read_text().strip()
        and "migrations" not in path.parts
        and not ast.get_docstring(ast.parse(path.read_text()))
    ]
    assert silent == []


@pytest.mark.django_db
def test_models_and_migrations_agree():
    call_command("makemigrations", "--check", "--dry-run", stdout=io.StringIO())


def test_every_command_is_tested():
    commands = {
        path.stem
        for place in ("pipeline", "predictions")
        for path in (ROOT / place / "management" / "commands").glob("[a-z]*.py")
    }
    text = "".join(path.read_text() for path in (ROOT / "tests").rglob("*.py"))
    assert {name for name in commands if f'"{name}"' not in text} == set()


def test_no_file_grows_beyond_reading():
    long = {
        str(path.relative_to(ROOT)): len(path.read_text().splitlines())
        for place in ("lfb_site", "pipeline", "predictions")
        for path in python_files(place)
    }
    assert {name: lines for name, lines in long.items() if lines > 350} == {}
