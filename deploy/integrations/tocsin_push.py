"""Posts one body to Tocsin: TLS verified, the token read from a file, a bounded number of attempts.

Python 3.6 or later, standard library only. Copied beside the script of a product, which calls it.
"""
import hashlib
import http.client
import json
import os
import re
import signal
import ssl
import stat
import sys
import time
from urllib.parse import urlsplit

OK = 0
# What a person must change: the settings, the token, the certificate, the call.
SETTINGS = 2
# Tocsin answered no, and would again.
REFUSED = 3
# Nobody answered, or only that it is not the moment, at every attempt.
UNREACHABLE = 4

MOST_BYTES = 5 * 1024 * 1024
MOST_ANSWER = 64 * 1024
LONGEST_PAUSE = 10
BOUNDS = {"timeout_seconds": (1, 60, 10), "attempts": (1, 5, 3), "pause_seconds": (0, LONGEST_PAUSE, 2)}


class Failure(Exception):
    """Why nothing was taken, with the exit code that says so."""

    def __init__(self, code, message):
        Exception.__init__(self, message)
        self.code = code


def load_settings(path):
    """Reads the settings (JSON); the paths in them start from their folder."""
    try:
        with open(path, "rb") as file:
            given = json.loads(file.read(MOST_ANSWER).decode("utf-8"))
    except (OSError, ValueError) as error:
        raise Failure(SETTINGS, "%s: cannot be read: %s" % (path, error))
    if not isinstance(given, dict):
        raise Failure(SETTINGS, "%s: must be a JSON object" % path)
    unknown = sorted(set(given) - set(BOUNDS) - {"url", "token_file", "ca"})
    if unknown:
        raise Failure(SETTINGS, "%s: unknown setting %s" % (path, ", ".join(unknown)))
    folder = os.path.dirname(os.path.abspath(path))
    for name in ("url", "token_file", "ca"):
        if not isinstance(given.get(name, ""), str):
            raise Failure(SETTINGS, "%s: %s must be a text" % (path, name))
    for name in ("token_file", "ca"):
        if given.get(name):
            given[name] = os.path.join(folder, given[name])
    for name, (least, most, default) in BOUNDS.items():
        value = given.setdefault(name, default)
        if isinstance(value, bool) or not isinstance(value, (int, float)) or not least <= value <= most:
            raise Failure(SETTINGS, "%s: %s must be from %d to %d" % (path, name, least, most))
    return given


def read_bounded(file, what):
    """Reads bytes to the end, within what Tocsin takes by default."""
    data = file.read(MOST_BYTES + 1)
    if len(data) > MOST_BYTES:
        raise Failure(REFUSED, "%s is longer than %d bytes" % (what, MOST_BYTES))
    return data


def post(settings, body, key=None):
    """Posts JSON bytes; `key` tells this delivery from all others. (Default: the digest of the body.)"""
    target = _target(settings.get("url"))
    headers = {
        "Authorization": "Bearer " + _token(settings.get("token_file")),
        "Content-Type": "application/json",
        # A digest: what a sender's key holds must not end in a header as it is.
        "Idempotency-Key": hashlib.sha256(body if key is None else key.encode("utf-8", "replace")).hexdigest(),
        "User-Agent": "tocsin-push",
    }
    context = _trust(settings.get("ca")) if target.scheme == "https" else None
    attempts = settings["attempts"]
    last = ""
    _stop_after(attempts * settings["timeout_seconds"] + (attempts - 1) * LONGEST_PAUSE + 1)
    for attempt in range(1, int(attempts) + 1):
        pause = settings["pause_seconds"] * attempt
        try:
            status, answer, wait = _send(target, settings["timeout_seconds"], context, headers, body)
        except (ssl.CertificateError, ssl.SSLError) as error:
            if isinstance(error, ssl.CertificateError) or "CERTIFICATE_VERIFY_FAILED" in str(error):
                raise Failure(SETTINGS, "the certificate of %s is not accepted (see ca): %s" % (target.netloc, error))
            last = str(error)
        except (OSError, http.client.HTTPException) as error:
            last = "%s: %s" % (type(error).__name__, error)
        else:
            if 200 <= status < 300:
                return
            last = "it answered %d %s" % (status, answer)
            if status < 500 and status not in (408, 429):
                raise Failure(REFUSED, "%s refused: %s" % (target.geturl(), last))
            if settings["pause_seconds"] > 0 and wait is not None:
                pause = min(wait, LONGEST_PAUSE)
        if attempt < attempts:
            time.sleep(min(pause, LONGEST_PAUSE))
    raise Failure(UNREACHABLE, "%s took nothing, %d attempts: %s" % (target.geturl(), attempts, last))


def run(main, log=None):
    """Runs `main()`, tells on standard error and in a log why it failed, and returns the exit code."""
    try:
        main()
        return OK
    except Failure as failure:
        line = "tocsin: " + _clean(str(failure))
        code = failure.code
    except Exception as error:  # Whatever it is, the product needs a code and a person one line, never the token.
        line = "tocsin: unexpected %s" % type(error).__name__
        code = 1
    sys.stderr.write(line + "\n")
    if log is not None:
        try:
            with open(log, "a") as file:
                file.write(time.strftime("%Y-%m-%dT%H:%M:%S%z ") + line + "\n")
        except OSError:
            pass
    return code


def _target(url):
    target = urlsplit(url or "")
    host = target.hostname or ""
    loopback = host in ("localhost", "::1") or re.match(r"127(\.\d{1,3}){3}\Z", host)
    if target.scheme == "https" and host or target.scheme == "http" and loopback:
        if target.username is None and target.password is None:
            return target
    raise Failure(SETTINGS, "url: give https://host:port/api/v1/alerts/source (http only to this machine)")


def _token(path):
    if not path:
        raise Failure(SETTINGS, "token_file: the setting is missing")
    try:
        with open(path, "r") as file:
            # The group may read it, as the files of these products are root's; others may not.
            if os.name == "posix" and stat.S_IMODE(os.fstat(file.fileno()).st_mode) & 0o037:
                raise Failure(SETTINGS, "token_file: %s is open to others; chmod 600" % path)
            token = file.read(4096).strip()
    except (OSError, ValueError) as error:
        raise Failure(SETTINGS, "token_file: %s cannot be read: %s" % (path, type(error).__name__))
    if not re.match(r"[\x21-\x7e]{16,}\Z", token):
        raise Failure(SETTINGS, "token_file: %s holds no token (16 printable characters at least)" % path)
    return token


def _trust(ca):
    try:
        return ssl.create_default_context(cafile=ca or None)
    except (OSError, ssl.SSLError) as error:
        raise Failure(SETTINGS, "ca: %s cannot be read: %s" % (ca, error))


def _send(target, timeout, context, headers, body):
    # No redirection is followed and no proxy of the environment used: the token goes to this host only.
    if context is None:
        connection = http.client.HTTPConnection(target.hostname, target.port or 80, timeout=timeout)
    else:
        port = target.port or 443
        connection = http.client.HTTPSConnection(target.hostname, port, timeout=timeout, context=context)
    try:
        try:
            connection.request("POST", target.path or "/", body, headers)
        except (BrokenPipeError, ConnectionResetError):
            # It may have answered before it had read all: 413, most often.
            pass
        response = connection.getresponse()
        answer = response.read(MOST_ANSWER)
        wait = response.getheader("Retry-After") or ""
        return response.status, _reason(answer), int(wait) if re.match(r"\d{1,6}\Z", wait) else None
    finally:
        connection.close()


def _reason(answer):
    try:
        told = json.loads(answer.decode("utf-8"))
        return _clean("%s: %s" % (told["title"], told["detail"]))
    except (ValueError, KeyError, TypeError):
        return ""


def _clean(text):
    return re.sub(r"[^\x20-\x7e\xa0-\uffff]", " ", text)[:500]


def _stop_after(seconds):
    def stop(_number, _frame):
        raise Failure(UNREACHABLE, "no answer within %d s" % seconds)

    # Bounds a peer that answers drop by drop, which no socket timeout does.
    if hasattr(signal, "SIGALRM"):
        signal.signal(signal.SIGALRM, stop)
        signal.alarm(int(seconds))
