"""Every setting of the site, and the only place that reads the environment."""

from __future__ import annotations

import datetime as dt
from importlib.util import find_spec
from pathlib import Path

from lfb_site import environment as env
from lfb_site.observability import logs
from pipeline.sources_catalogue import PUBLISHED_INCIDENT_SOURCES, PUBLISHED_MOBILISATION_SOURCES

BASE_DIR = Path(__file__).resolve().parent.parent

# Folders
LFB_DATA_DIR = env.folder("LFB_DATA_DIR", BASE_DIR / "data")
LFB_REFERENCE_DIR = env.folder("LFB_REFERENCE_DIR", LFB_DATA_DIR / "ref")
LFB_MODEL_DIR = env.folder("LFB_MODEL_DIR", BASE_DIR / "models")
LFB_LOG_DIR = env.folder("LFB_LOG_DIR", BASE_DIR / "logs")

# Data
LFB_INCIDENT_SOURCES = env.items("LFB_INCIDENT_SOURCES") or PUBLISHED_INCIDENT_SOURCES
LFB_MOBILISATION_SOURCES = env.items("LFB_MOBILISATION_SOURCES") or PUBLISHED_MOBILISATION_SOURCES
LFB_YEARS = env.years("LFB_YEARS")
LFB_MAX_REJECT_SHARE = env.number("LFB_MAX_REJECT_SHARE", 0.05, low=0, high=1)
LFB_SAMPLE_INCIDENTS = env.integer("LFB_SAMPLE_INCIDENTS", 126_000, low=1_000, high=10_000_000)
LFB_LIVE_DATA_TIMEOUT = env.number("LFB_LIVE_DATA_TIMEOUT", 5, low=0, high=600)

# Recorded with every run and model; where it is empty, as in a checkout, the commit is asked for.
LFB_CODE_VERSION = env.text("LFB_CODE_VERSION")

# Training and standards
LFB_SPEED_BAND_KMH = env.band("LFB_SPEED_BAND_KMH", (5, 35), most=300)
LFB_ATTENDANCE_BAND_SECONDS = env.band("LFB_ATTENDANCE_BAND_SECONDS", (193, 539), most=86_400)
LFB_TRAIN_ON_BANDS = env.boolean("LFB_TRAIN_ON_BANDS", default=False)
LFB_STANDARDS = env.standards("LFB_STANDARDS")

# Promotion: what a new version must show on the same rows to take the place of the one in use
LFB_GATE_MARGIN_SECONDS = env.number("LFB_GATE_MARGIN_SECONDS", 0, low=0, high=600)
LFB_GATE_NEWER_SECONDS = env.number("LFB_GATE_NEWER_SECONDS", 0, low=0, high=600)
LFB_GATE_BOROUGH_SECONDS = env.number("LFB_GATE_BOROUGH_SECONDS", 5, low=0, high=600)
LFB_GATE_BOROUGH_ROWS = env.integer("LFB_GATE_BOROUGH_ROWS", 100, low=2, high=10_000_000)
LFB_GATE_COVERAGE = env.band("LFB_GATE_COVERAGE", (0.87, 0.93), most=1)

# Tracking: what is on record of every version, in MLflow too. The records of the site itself are the truth.
MLFLOW_ENABLED = env.boolean("MLFLOW_ENABLED", "USE_MLFLOW", default=True)
MLFLOW_TRACKING_URI = env.tracking_uri("MLFLOW_TRACKING_URI", LFB_DATA_DIR / "mlflow" / "mlflow.db")
MLFLOW_EXPERIMENT_NAME = env.text("MLFLOW_EXPERIMENT_NAME") or "LFB_MLOPS"
MLFLOW_TIMEOUT_SECONDS = env.number("MLFLOW_TIMEOUT_SECONDS", 60, low=1, high=3600)
# Where predictions take the model in use from: its own files, or those registered in MLflow.
LFB_MODEL_SOURCE = env.choice("LFB_MODEL_SOURCE", "local", ("local", "mlflow"))

# Serving: the version in use and the stations are looked at again after so many seconds
LFB_REFRESH_SECONDS = env.number("LFB_REFRESH_SECONDS", 2, low=0, high=60)
LFB_MAX_WAIT_SECONDS = env.number("LFB_MAX_WAIT_SECONDS", 30, low=0, high=600)

# Logins and limits. Requests a minute, in each web process.
LFB_REQUESTS_PER_USER = env.integer("LFB_REQUESTS_PER_USER", 6_000, low=1, high=10_000_000)
LFB_REQUESTS_PER_ADDRESS = env.integer("LFB_REQUESTS_PER_ADDRESS", 12_000, low=1, high=10_000_000)
LFB_LOGIN_FAILURES_PER_ADDRESS = env.integer("LFB_LOGIN_FAILURES_PER_ADDRESS", 30, low=1, high=10_000)
LFB_LOGIN_FAILURES = env.integer("LFB_LOGIN_FAILURES", 5, low=1, high=1_000)
LFB_LOCKOUT_MINUTES = env.integer("LFB_LOCKOUT_MINUTES", 15, low=1, high=10_000)
# How many proxies of our own stand in front; X-Forwarded-For is believed that far and no farther.
LFB_PROXY_COUNT = env.integer("LFB_PROXY_COUNT", 0, low=0, high=5)

# Django
DEBUG = env.boolean("DJANGO_DEBUG", default=False)
SECRET_KEY, SECRET_KEY_IS_LOCAL = env.secret_key("DJANGO_SECRET_KEY", LFB_DATA_DIR / ".secret_key")
ALLOWED_HOSTS = list(env.items("DJANGO_ALLOWED_HOSTS", ("localhost", "127.0.0.1", "[::1]")))
CSRF_TRUSTED_ORIGINS = list(env.items("DJANGO_CSRF_TRUSTED_ORIGINS"))
# Set where a proxy terminates HTTPS in front of the site: cookies and redirects then insist on it.
HTTPS = env.boolean("DJANGO_HTTPS", default=False)

INSTALLED_APPS = [
    "lfb_site.admin_site.ControlRoomConfig",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "whitenoise.runserver_nostatic",
    "django.contrib.staticfiles",
    "rest_framework",
    "django_filters",
    "drf_spectacular",
    "drf_spectacular_sidecar",
    "axes",
    "django_rq",
    "django_htmx",
    "import_export",
    "django_prometheus",
    "lfb_site",
    "pipeline",
    "predictions",
]

MIDDLEWARE = [
    "lfb_site.observability.views.answer_scrapers",
    "lfb_site.observability.components.remember_request",
    "django_prometheus.middleware.PrometheusBeforeMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "lfb_site.content_policy.ContentPolicy",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "lfb_site.parsers.refuse_unknown_length",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "axes.middleware.AxesMiddleware",
    "lfb_site.observability.web.CountRequests",
]

ROOT_URLCONF = "lfb_site.urls"
WSGI_APPLICATION = "lfb_site.wsgi.application"

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ]
        },
    }
]

DATABASES = {"default": env.database("DATABASE_URL", LFB_DATA_DIR / "lfb.sqlite3")}
for _database in DATABASES.values():  # the same engines, with their queries counted and timed
    _database["ENGINE"] = str(_database["ENGINE"]).replace("django.db.", "django_prometheus.db.", 1)

# Jobs: the server of the queues, our own where none is named, and a queue for each weight of work
REDIS_URL, LFB_OWN_BROKER = env.broker("REDIS_URL", LFB_DATA_DIR / "broker")
# JSON, not pickle: whoever could write into the queue could otherwise run code.
RQ_QUEUES = {
    name: {"URL": REDIS_URL, "SERIALIZER": "rq.serializers.JSONSerializer"} for name in ("default", "ingest", "train")
}
RQ = {"WORKER_CLASS": "pipeline.worker.StepWorker", "COMMIT_MODE": "auto"}
RQ_SHOW_ADMIN_LINK = False
LFB_WORKERS = env.integer("LFB_WORKERS", 1, low=1, high=64)
LFB_DOWNLOAD_ATTEMPTS = env.integer("LFB_DOWNLOAD_ATTEMPTS", 4, low=1, high=20)
LFB_DOWNLOAD_BACKOFF_SECONDS = env.number("LFB_DOWNLOAD_BACKOFF_SECONDS", 60, low=0, high=86_400)

DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

AUTH_PASSWORD_VALIDATORS = [
    {"NAME": f"django.contrib.auth.password_validation.{name}"}
    for name in (
        "UserAttributeSimilarityValidator",
        "MinimumLengthValidator",
        "CommonPasswordValidator",
        "NumericPasswordValidator",
    )
]

AUTHENTICATION_BACKENDS = ["axes.backends.AxesStandaloneBackend", "lfb_site.logins.UserBackend"]
SESSION_ENGINE = "lfb_site.logins"
PASSWORD_HASHERS = [f"django.contrib.auth.hashers.{name}PasswordHasher" for name in ("Argon2", "PBKDF2", "Scrypt")]
AXES_FAILURE_LIMIT = LFB_LOGIN_FAILURES
AXES_COOLOFF_TIME = dt.timedelta(minutes=LFB_LOCKOUT_MINUTES)
# User and address together: a guesser elsewhere cannot lock a user out.
AXES_LOCKOUT_PARAMETERS = [["username", "ip_address"]]
AXES_CLIENT_IP_CALLABLE = "lfb_site.addresses.client_address"
AXES_LOCKOUT_CALLABLE = "lfb_site.lockout.locked_out"
AXES_HTTP_RESPONSE_CODE = 429
AXES_RESET_ON_SUCCESS = True
AXES_DISABLE_ACCESS_LOG = True
AXES_VERBOSE = False
AXES_ENABLE_ADMIN = False  # the site's own page of failed logins says who is locked, and unlocks

REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": [
        "lfb_site.authentication.PasswordAuthentication",
        "lfb_site.authentication.TokenAuthentication",
        "rest_framework.authentication.SessionAuthentication",
    ],
    "DEFAULT_PERMISSION_CLASSES": ["rest_framework.permissions.IsAuthenticated"],
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_PARSER_CLASSES": ["lfb_site.parsers.LimitedJSONParser"],
    "DEFAULT_THROTTLE_CLASSES": ["lfb_site.throttling.UserThrottle", "lfb_site.throttling.AddressThrottle"],
    "DEFAULT_FILTER_BACKENDS": ["lfb_site.filtering.Filters", "lfb_site.filtering.Ordering"],
    "DEFAULT_PAGINATION_CLASS": "lfb_site.pagination.Pages",
    "DEFAULT_SCHEMA_CLASS": "drf_spectacular.openapi.AutoSchema",
    "DEFAULT_METADATA_CLASS": None,
    "DEFAULT_CONTENT_NEGOTIATION_CLASS": "lfb_site.negotiation.FirstRenderer",
    "EXCEPTION_HANDLER": "lfb_site.api_errors.handle",
    "NUM_PROXIES": LFB_PROXY_COUNT,
    "URL_FORMAT_OVERRIDE": None,
}
SPECTACULAR_SETTINGS = {
    "TITLE": "London fire engine attendance times",
    "DESCRIPTION": "Predicts how long a fire engine takes from being mobilised to arriving, and runs the pipeline behind "
    "it. For planning, not for dispatch.",
    "VERSION": "1.0.0",
    "OAS_VERSION": "3.1.1",
    "SERVE_INCLUDE_SCHEMA": False,
    "SERVE_PERMISSIONS": ["rest_framework.permissions.AllowAny"],
    "SERVE_AUTHENTICATION": [],
    "SWAGGER_UI_DIST": "SIDECAR",
    "SWAGGER_UI_FAVICON_HREF": "SIDECAR",
    "REDOC_DIST": "SIDECAR",
    "COMPONENT_SPLIT_REQUEST": True,
    "SORT_OPERATIONS": False,
    "POSTPROCESSING_HOOKS": [
        "drf_spectacular.hooks.postprocess_schema_enums",
        "lfb_site.schema.add_error_answers",
    ],
    "ENUM_NAME_OVERRIDES": {
        "StepEnum": "pipeline.api.serializers.STARTABLE_STEPS",
        "RunStatusEnum": "pipeline.models.RunStatus",
        "VersionStateEnum": "pipeline.models.VersionState",
    },
}

LANGUAGE_CODE = "en-gb"
TIME_ZONE = "Europe/London"
USE_I18N = True
USE_TZ = True
USE_THOUSAND_SEPARATOR = True
FORMAT_MODULE_PATH = ["lfb_site.formats"]

STATIC_URL = "static/"
# Leaflet's files from the package that ships them. The package's app itself would want GDAL, which nothing here needs.
STATICFILES_DIRS = [("leaflet", Path(find_spec("leaflet").origin).parent / "static" / "leaflet")]  # type: ignore[union-attr,arg-type]
STATIC_ROOT = env.folder("DJANGO_STATIC_ROOT", BASE_DIR / "staticfiles")
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {
        "BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"
        if DEBUG
        else "whitenoise.storage.CompressedManifestStaticFilesStorage"
    },
}

# A map server for the background of the prediction page; without one the map shows outlines and stations alone.
LFB_MAP_TILES_URL = env.web_address("LFB_MAP_TILES_URL")
LFB_MAP_TILES_ATTRIBUTION = env.text("LFB_MAP_TILES_ATTRIBUTION")

# Nothing is loaded from elsewhere, and nothing inline is executed.
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": ["'self'"],
        "img-src": ["'self'", "data:", *env.origins(LFB_MAP_TILES_URL)],
        "object-src": ["'none'"],
        "base-uri": ["'none'"],
        "form-action": ["'self'"],
        "frame-ancestors": ["'none'"],
    }
}
SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = HTTPS
SECURE_SSL_REDIRECT = HTTPS
SECURE_REDIRECT_EXEMPT = [r"^metrics$"]  # scrapers come straight to the web process, not through the proxy
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if HTTPS else None
SECURE_HSTS_SECONDS = 31_536_000 if HTTPS else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = HTTPS
SECURE_HSTS_PRELOAD = HTTPS
LOGIN_URL = "login"
LOGIN_REDIRECT_URL = "predict_page"

# Logs
LFB_LOG_MODE = env.choice("LFB_LOG_MODE", "a", ("a", "w"))
LFB_LOG_LEVEL = env.choice("LFB_LOG_LEVEL", "DEBUG", logs.LEVELS)
LFB_CONSOLE_LEVEL = env.choice("LFB_CONSOLE_LEVEL", "INFO", logs.LEVELS)
LFB_HISTORY_LEVEL = env.choice("LFB_HISTORY_LEVEL", "DEBUG", logs.LEVELS)
LFB_LOG_JSON = env.boolean("LFB_LOG_JSON", default=False)
LOGGING_CONFIG = "lfb_site.observability.logs.configure"
LOGGING = logs.config(
    LFB_LOG_DIR,
    mode=LFB_LOG_MODE,
    level=LFB_LOG_LEVEL,
    console_level=LFB_CONSOLE_LEVEL,
    history_level=LFB_HISTORY_LEVEL,
    as_json=LFB_LOG_JSON,
)

# Metrics: pushed after each run, and scraped from /metrics by those whose own address is on these networks
PUSHGATEWAY_ENABLED = env.boolean("PUSHGATEWAY_ENABLED", default=False)
PUSHGATEWAY_URL = env.web_address("PUSHGATEWAY_URL", "http://localhost:9091")
LFB_METRICS_NETWORKS = env.networks("LFB_METRICS_NETWORKS", ("127.0.0.0/8", "::1/128"))
# Where processes that are scraped together keep their counts; the web server makes one for itself.
PROMETHEUS_MULTIPROC_DIR = env.made_folder("PROMETHEUS_MULTIPROC_DIR")
LFB_WORKER_METRICS = env.host_and_port("LFB_WORKER_METRICS")  # where a worker answers scrapers; empty: nowhere
PROMETHEUS_LATENCY_BUCKETS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10, 30, float("inf"))
PROMETHEUS_EXPORT_MIGRATIONS = False
