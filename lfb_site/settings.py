"""Every setting of the site, and the only place that reads the environment."""

from __future__ import annotations

from pathlib import Path

from lfb_site import environment as env
from pipeline.sources_catalogue import PUBLISHED_INCIDENT_SOURCES, PUBLISHED_MOBILISATION_SOURCES

BASE_DIR = Path(__file__).resolve().parent.parent

# Folders
LFB_DATA_DIR = env.folder("LFB_DATA_DIR", BASE_DIR / "data")
LFB_REFERENCE_DIR = env.folder("LFB_REFERENCE_DIR", LFB_DATA_DIR / "ref")
LFB_MODEL_DIR = env.folder("LFB_MODEL_DIR", BASE_DIR / "models")
LFB_LOG_DIR = env.folder("LFB_LOG_DIR", BASE_DIR / "logs")

# Data
LFB_INCIDENT_SOURCES = env.items("LFB_INCIDENT_SOURCES", PUBLISHED_INCIDENT_SOURCES)
LFB_MOBILISATION_SOURCES = env.items("LFB_MOBILISATION_SOURCES", PUBLISHED_MOBILISATION_SOURCES)
LFB_YEARS = env.years("LFB_YEARS")
LFB_MAX_REJECT_SHARE = env.number("LFB_MAX_REJECT_SHARE", 0.05, low=0, high=1)
LFB_SAMPLE_INCIDENTS = env.integer("LFB_SAMPLE_INCIDENTS", 126_000, low=1_000, high=10_000_000)
LFB_LIVE_DATA_TIMEOUT = env.number("LFB_LIVE_DATA_TIMEOUT", 5, low=0, high=600)

# Recorded with every run and model; where it is empty, as in a checkout, the commit is asked for.
LFB_CODE_VERSION = env.text("LFB_CODE_VERSION")

# Training and standards
LFB_SPEED_BAND_KMH = env.band("LFB_SPEED_BAND_KMH", (5, 35))
LFB_ATTENDANCE_BAND_SECONDS = env.band("LFB_ATTENDANCE_BAND_SECONDS", (193, 539))
LFB_TRAIN_ON_BANDS = env.boolean("LFB_TRAIN_ON_BANDS", default=False)
LFB_STANDARDS = env.standards("LFB_STANDARDS")

# Django
DEBUG = env.boolean("DJANGO_DEBUG", default=False)
SECRET_KEY, SECRET_KEY_IS_LOCAL = env.secret_key("DJANGO_SECRET_KEY", LFB_DATA_DIR / ".secret_key")
ALLOWED_HOSTS = list(env.items("DJANGO_ALLOWED_HOSTS", ("localhost", "127.0.0.1", "[::1]")))
CSRF_TRUSTED_ORIGINS = list(env.items("DJANGO_CSRF_TRUSTED_ORIGINS"))
# Set where a proxy terminates HTTPS in front of the site: cookies and redirects then insist on it.
HTTPS = env.boolean("DJANGO_HTTPS", default=False)

INSTALLED_APPS = [
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "whitenoise.runserver_nostatic",
    "django.contrib.staticfiles",
    "lfb_site",
    "pipeline",
    "predictions",
]

MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
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

LANGUAGE_CODE = "en-gb"
TIME_ZONE = "Europe/London"
USE_I18N = True
USE_TZ = True
USE_THOUSAND_SEPARATOR = True
FORMAT_MODULE_PATH = ["lfb_site.formats"]

STATIC_URL = "static/"
STATIC_ROOT = env.folder("DJANGO_STATIC_ROOT", BASE_DIR / "staticfiles")
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {
        "BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"
        if DEBUG
        else "whitenoise.storage.CompressedManifestStaticFilesStorage"
    },
}

SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = HTTPS
SECURE_SSL_REDIRECT = HTTPS
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if HTTPS else None
SECURE_HSTS_SECONDS = 31_536_000 if HTTPS else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = HTTPS
SECURE_HSTS_PRELOAD = HTTPS
LOGIN_URL = "admin:login"

LFB_CONSOLE_LEVEL = env.choice("LFB_CONSOLE_LEVEL", "INFO", ("DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL"))
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"line": {"format": "%(asctime)s - %(name)s - %(levelname)s - %(message)s"}},
    "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "line", "level": LFB_CONSOLE_LEVEL}},
    "loggers": {
        "pipeline": {"handlers": ["console"], "level": "DEBUG", "propagate": False},
        "predictions": {"handlers": ["console"], "level": "DEBUG", "propagate": False},
    },
}
