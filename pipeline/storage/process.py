"""What the operating system and the checkout tell of this process: its peak memory and the version of its code."""

from __future__ import annotations

import resource
import subprocess
from contextlib import suppress
from functools import cache
from pathlib import Path


def reset_peak_memory() -> None:
    """Start a new measurement of peak memory, where the kernel allows it (Linux)."""
    with suppress(OSError):
        Path("/proc/self/clear_refs").write_text("5")


def peak_memory_bytes() -> int:
    """Largest resident size since the last reset; since the process began where resets are not possible."""
    with suppress(OSError):
        for line in Path("/proc/self/status").read_text().splitlines():
            if line.startswith("VmHWM:"):
                return int(line.split()[1]) * 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024


@cache
def code_version(folder: Path) -> str:
    """The commit of the checkout, marked when it holds changes; "unknown" where there is none, as in an image."""
    try:
        done = subprocess.run(  # noqa: S603
            ["git", "-C", str(folder), "describe", "--always", "--dirty", "--abbrev=12"],  # noqa: S607
            capture_output=True,
            text=True,
            timeout=10,
            check=True,
        )
    except (OSError, subprocess.SubprocessError):
        return "unknown"
    return done.stdout.strip() or "unknown"
