"""What the pipeline tells whoever watches it; who that is, it does not know."""

from django.dispatch import Signal

# A run that had begun has ended, however it did. Sent with `run`, after its record was written.
run_ended = Signal()

# Figures were logged. Sent with `logger_name`, `metrics` (name → number) and `metric_types` (name → type).
measured = Signal()
