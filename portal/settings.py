"""All settings, read from the environment; with nothing set the embedded defaults run (see .env.example)."""

import base64
import hashlib
import os
import sys
from pathlib import Path

from csp.constants import NONE, SELF
from django.core.exceptions import ImproperlyConfigured

from portal import env

# Threads of linear algebra wait for each other on matrices as small as ours: a night of fraud review took six times the
# processor with them. Before anything imports numpy.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

BASE_DIR = Path(__file__).resolve().parent.parent
TRIBUTARY_ENV = env.text("TRIBUTARY_ENV", "development")
if TRIBUTARY_ENV not in {"development", "test", "production"}:
    raise ImproperlyConfigured("TRIBUTARY_ENV must be development, test or production.")
PRODUCTION = TRIBUTARY_ENV == "production"
DEBUG = env.flag("DEBUG", False)

VAR_DIR = Path(env.text("VAR_DIR", str(BASE_DIR / "var")))
VAR_DIR.mkdir(parents=True, exist_ok=True)

# --- secrets -----------------------------------------------------------------------------------------------
SECRET_KEY = env.text("SECRET_KEY", "" if PRODUCTION else "development-only-" + "x" * 40)
_development_key = "dev:" + base64.b64encode(hashlib.sha256(b"development only").digest()).decode()
FIELD_KEYS = env.names("FIELD_KEYS", "" if PRODUCTION else _development_key)
FINGERPRINT_KEY = env.text("FINGERPRINT_KEY", "" if PRODUCTION else "development only")

# --- hosts -------------------------------------------------------------------------------------------------
ALLOWED_HOSTS = env.names(
    "ALLOWED_HOSTS", "" if PRODUCTION else "localhost,127.0.0.1,[::1],.localhost,testserver"
)
CSRF_TRUSTED_ORIGINS = env.names("CSRF_TRUSTED_ORIGINS")
PUBLIC_URL = env.text("PUBLIC_URL", "" if PRODUCTION else "http://localhost:8000")

if PRODUCTION:
    _needed = {
        "SECRET_KEY": len(SECRET_KEY) >= 50 or "a random text of 50 letters or more",
        "FIELD_KEYS": bool(FIELD_KEYS)
        or "name:key pairs, key = 32 random bytes in base64 (openssl rand -base64 32)",
        "FINGERPRINT_KEY": len(FINGERPRINT_KEY) >= 32
        or "a random text of 32 letters or more that never changes",
        "ALLOWED_HOSTS": (bool(ALLOWED_HOSTS) and "*" not in ALLOWED_HOSTS)
        or "the host names you serve, by comma",
        "PUBLIC_URL": PUBLIC_URL.startswith("https://") or "the https:// address of this installation",
        "EMAIL_URL": bool(env.text("EMAIL_URL")) or "smtp://user:password@host:587",
        "DEFAULT_FROM_EMAIL": bool(env.text("DEFAULT_FROM_EMAIL")) or "the sender's address",
        "DEBUG": not DEBUG or "nothing: DEBUG shows secrets to visitors",
    }
    _wrong = [f"set {name} to {what}" for name, what in _needed.items() if what is not True]
    if _wrong:
        raise ImproperlyConfigured("This installation may not start: " + "; ".join(_wrong) + ".")

# --- applications ------------------------------------------------------------------------------------------
INSTALLED_APPS = [
    "portal.apps.ConsoleConfig",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "whitenoise.runserver_nostatic",
    "django.contrib.staticfiles",
    "django.contrib.humanize",
    "django.forms",
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "django_htmx",
    "rest_framework",
    "drf_spectacular",
    "csp",
    "core",
    "affiliates",
    "tracking",
    "commissions",
    "fraud",
    "payouts",
    "integrations",
    "reports",
    "portal",
]
MIDDLEWARE = [
    "portal.middleware.HealthMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "csp.middleware.CSPMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "portal.brands.BrandMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "portal.middleware.BoundSessionMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "portal.middleware.WholePageMiddleware",
    "portal.middleware.DemandedMfaMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
]
ROOT_URLCONF = "portal.urls"
WSGI_APPLICATION = "portal.wsgi.application"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.template.context_processors.i18n",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "portal.brands.brand",
            ]
        },
    }
]

# --- database, cache, doorbell -----------------------------------------------------------------------------
DATABASES = {
    "default": env.database(env.text("DATABASE_URL", f"sqlite:///{VAR_DIR}/portal.sqlite3"), VAR_DIR)
}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
REDIS_URL = env.text("REDIS_URL")
_local_cache = {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}
_shared_cache = {"BACKEND": "django.core.cache.backends.redis.RedisCache", "LOCATION": REDIS_URL}
_database_cache = {"BACKEND": "django.core.cache.backends.db.DatabaseCache", "LOCATION": "cache"}
CACHES = {
    "default": _shared_cache if REDIS_URL else _local_cache if TRIBUTARY_ENV == "test" else _database_cache
}
CELERY_BROKER_URL = env.text("CELERY_BROKER_URL")
LANES_AT_ONCE = env.number("LANES_AT_ONCE", 8)
EVENT_ROUTES = "portal.events.ROUTES"
EVENT_GATES = {"integrations.tasks.plan_deliveries": "integrations.gate.is_heard"}
ERRAND = "integrations.actions.serve"
SCHEDULE = "portal.schedule.SCHEDULE"
TENANTS_OF = "affiliates.roles.merchants_of"

# --- people ------------------------------------------------------------------------------------------------
AUTH_USER_MODEL = "core.User"
AUTHENTICATION_BACKENDS = [
    "django.contrib.auth.backends.ModelBackend",
    "allauth.account.auth_backends.AuthenticationBackend",
]
_password_rules = "django.contrib.auth.password_validation."
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": _password_rules + "UserAttributeSimilarityValidator"},
    {"NAME": _password_rules + "MinimumLengthValidator", "OPTIONS": {"min_length": 12}},
    {"NAME": _password_rules + "CommonPasswordValidator"},
]
if TRIBUTARY_ENV == "test":
    PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]  # speed; no secret is kept there
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "home"
LOGOUT_REDIRECT_URL = "home"
ACCOUNT_ADAPTER = "portal.access.AccountAdapter"
ACCOUNT_USER_MODEL_USERNAME_FIELD = None
ACCOUNT_LOGIN_METHODS = {"email"}
ACCOUNT_SIGNUP_FIELDS = ["email*", "password1*", "password2*"]
ACCOUNT_EMAIL_VERIFICATION = "mandatory"
ACCOUNT_PREVENT_ENUMERATION = True
ACCOUNT_EMAIL_UNKNOWN_ACCOUNTS = True  # a mail either way: an answer that comes sooner would tell
ACCOUNT_UNIQUE_EMAIL = True
ACCOUNT_SESSION_REMEMBER = True
ACCOUNT_EMAIL_SUBJECT_PREFIX = ""
ACCOUNT_LOGOUT_ON_PASSWORD_CHANGE = True
ACCOUNT_REAUTHENTICATION_REQUIRED = True
ACCOUNT_REAUTHENTICATION_TIMEOUT = 300
ACCOUNT_DEFAULT_HTTP_PROTOCOL = "https" if PRODUCTION else "http"
ALLAUTH_TRUSTED_PROXY_COUNT = env.number("TRUSTED_PROXY_COUNT", 0)
MFA_SUPPORTED_TYPES = ["totp", "webauthn", "recovery_codes"]
MFA_PASSKEY_LOGIN_ENABLED = True
MFA_WEBAUTHN_ALLOW_INSECURE_ORIGIN = not PRODUCTION
MFA_ADAPTER = "portal.access.MfaAdapter"
MFA_DEMANDED_ROLES = env.names("MFA_DEMANDED_ROLES", "owner,finance" if PRODUCTION else "")

# --- browser -----------------------------------------------------------------------------------------------
SESSION_COOKIE_NAME = "__Host-session" if PRODUCTION else "session"
CSRF_COOKIE_NAME = "__Host-csrf" if PRODUCTION else "csrf"
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = SECURE_SSL_REDIRECT = PRODUCTION
SESSION_COOKIE_HTTPONLY = CSRF_COOKIE_HTTPONLY = True
SESSION_COOKIE_AGE = 14 * 24 * 3600
SECURE_HSTS_SECONDS = 31_536_000 if PRODUCTION else 0
# a brand may stand on a company's main domain, whose other hosts are not ours to bind
SECURE_HSTS_INCLUDE_SUBDOMAINS = SECURE_HSTS_PRELOAD = env.flag("HSTS_WHOLE_DOMAIN", False)
SILENCED_SYSTEM_CHECKS = ["security.W005", "security.W021"]
SECURE_REDIRECT_EXEMPT = [r"^healthz$", r"^readyz$", r"^hooks/", r"^postback/"]
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
if env.flag("BEHIND_PROXY"):
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [NONE],
        "script-src": [SELF],
        "style-src": [SELF],
        "img-src": [SELF, "data:"],
        "font-src": [SELF],
        "connect-src": [SELF],
        "manifest-src": [SELF],
        "form-action": [SELF],
        "base-uri": [NONE],
        "frame-ancestors": [NONE],
    }
}
DATA_UPLOAD_MAX_MEMORY_SIZE = 2_000_000
OUTBOUND_ALLOWED_HOSTS = env.names("OUTBOUND_ALLOWED_HOSTS")
OUTBOUND_HTTP_ALLOWED = env.flag("OUTBOUND_HTTP_ALLOWED", False)
FILE_DROP_ROOT = env.text("FILE_DROP_ROOT")
COUNTRY_DATABASE = env.text("COUNTRY_DATABASE")
NETWORK_FILE = env.text("NETWORK_FILE")
_daily_rates = "https://www.ecb.europa.eu/stats/eurofxref/eurofxref-daily.xml"
EXCHANGE_RATES_URL = env.switchable("EXCHANGE_RATES_URL", "" if TRIBUTARY_ENV == "test" else _daily_rates)

# --- files, mail, language ---------------------------------------------------------------------------------
STATIC_URL = "/static/"  # absolute: a brand may stand under a path of its own
STATIC_ROOT = VAR_DIR / "static"
STATIC_ROOT.mkdir(exist_ok=True)  # whitenoise warns of a missing one
STATICFILES_DIRS = [BASE_DIR / "static"]
_static = "whitenoise.storage.CompressedManifestStaticFilesStorage" if PRODUCTION else None
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": _static or "django.contrib.staticfiles.storage.StaticFilesStorage"},
}
WHITENOISE_USE_FINDERS = not PRODUCTION
MEDIA_ROOT = VAR_DIR / "media"
globals().update(env.mail(env.text("EMAIL_URL", "memory:" if TRIBUTARY_ENV == "test" else "console:")))
DEFAULT_FROM_EMAIL = env.text("DEFAULT_FROM_EMAIL", "no-reply@localhost")
LANGUAGE_CODE = "en"
LOCALE_PATHS = [BASE_DIR / "locale"]
TIME_ZONE = "UTC"
USE_TZ = USE_I18N = True
FORM_RENDERER = "django.forms.renderers.TemplatesSetting"
FORMS_URLFIELD_ASSUME_HTTPS = True

# --- machines ----------------------------------------------------------------------------------------------
REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": ["portal.api.authentication.KeyAuthentication"],
    "DEFAULT_PERMISSION_CLASSES": ["portal.api.authentication.HasScope"],
    "DEFAULT_THROTTLE_CLASSES": ["portal.api.throttling.KeyThrottle"],
    "DEFAULT_PARSER_CLASSES": ["rest_framework.parsers.JSONParser"],
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_SCHEMA_CLASS": "drf_spectacular.openapi.AutoSchema",
    "EXCEPTION_HANDLER": "portal.api.problems.problem",
    "UNAUTHENTICATED_USER": None,
}
API_RATE_PER_MINUTE = env.number("API_RATE_PER_MINUTE", 600)
METRICS_TOKEN = env.text("METRICS_TOKEN")
ALERT_LAG_MINUTES = env.number("ALERT_LAG_MINUTES", 15)
ALERT_BACKLOG = env.number("ALERT_BACKLOG", 1000)
ALERT_DEAD = env.number("ALERT_DEAD", 1)
ALERT_FAILING_MINUTES = env.number("ALERT_FAILING_MINUTES", 60)
DELIVERIES_KEPT_DAYS = env.number("DELIVERIES_KEPT_DAYS", 30)
SPECTACULAR_SETTINGS = {
    "TITLE": "Partner API",
    "VERSION": "1",
    "SERVE_INCLUDE_SCHEMA": False,
    "POSTPROCESSING_HOOKS": [],  # an enumeration stays with its field: names made up for it would be meaningless
    "ENUM_GENERATE_CHOICE_DESCRIPTION": False,
}

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"line": {"format": "{asctime} {levelname} {name}: {message}", "style": "{"}},
    "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "line", "stream": sys.stderr}},
    "root": {"handlers": ["stderr"], "level": env.text("LOG_LEVEL", "INFO")},
    "loggers": {"httpx": {"level": "WARNING"}},
}
