# One image for every role: web, worker, scheduler, set-up and the MLflow server differ in their command alone.
ARG PYTHON_IMAGE=python:3.11.15-slim-bookworm

FROM ${PYTHON_IMAGE} AS build
ENV UV_COMPILE_BYTECODE=1 UV_LINK_MODE=copy UV_PYTHON_DOWNLOADS=never
RUN pip install --no-cache-dir --disable-pip-version-check uv==0.13.9
# The packages come before the code: they change rarely, and their layer is then used again.
COPY requirements.txt /build/
RUN --mount=type=cache,target=/root/.cache/uv \
    uv venv --python python3.11 /opt/venv \
    && uv pip install --python /opt/venv/bin/python --requirements /build/requirements.txt
COPY . /app
WORKDIR /app
# Settings want a key and a data folder even for this; neither stays in the image.
RUN DJANGO_SECRET_KEY=only-while-building LFB_DATA_DIR=/tmp/data \
    /opt/venv/bin/python manage.py collectstatic --noinput --verbosity 0 \
    && /opt/venv/bin/python -m compileall -q lfb_site pipeline predictions

FROM ${PYTHON_IMAGE}
# libgomp1: LightGBM's threads. Not pinned: Debian keeps only the latest security fix of a release.
# hadolint ignore=DL3008
RUN apt-get update \
    && apt-get install --yes --no-install-recommends libgomp1 \
    && rm -rf /var/lib/apt/lists/* \
    && python -m pip uninstall --yes --quiet --root-user-action ignore setuptools wheel pip \
    && groupadd --system --gid 10001 lfb \
    && useradd --system --uid 10001 --gid lfb --no-create-home --home-dir /var/lib/lfb lfb \
    && install --directory --owner lfb --group lfb \
        /var/lib/lfb /var/lib/lfb/data /var/lib/lfb/models /var/lib/lfb/logs /var/lib/lfb/mlflow
COPY --from=build /opt/venv /opt/venv
COPY --from=build /app /app
WORKDIR /app

ARG LFB_CODE_VERSION=unknown
ENV PATH=/opt/venv/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    PYTHONDONTWRITEBYTECODE=1 \
    HOME=/tmp \
    HOST=0.0.0.0 \
    LFB_DATA_DIR=/var/lib/lfb/data \
    LFB_MODEL_DIR=/var/lib/lfb/models \
    LFB_LOG_DIR=/var/lib/lfb/logs \
    LFB_CODE_VERSION=${LFB_CODE_VERSION}
LABEL org.opencontainers.image.title="London fire engine attendance times" \
      org.opencontainers.image.version=${LFB_CODE_VERSION}

USER 10001:10001
VOLUME ["/var/lib/lfb/data", "/var/lib/lfb/models", "/var/lib/lfb/logs", "/var/lib/lfb/mlflow"]
EXPOSE 8000
HEALTHCHECK --interval=10s --timeout=5s --start-period=60s --retries=3 \
    CMD ["python", "deploy/health.py", "http://localhost:8000/login"]
CMD ["gunicorn", "--config", "deploy/gunicorn.conf.py", "lfb_site.wsgi"]
