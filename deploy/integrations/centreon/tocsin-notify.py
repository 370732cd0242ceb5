#!/usr/bin/env python3
"""Notification command of Nagios and its family: tells Tocsin of one notification, as Nagios writes it in its log."""
import argparse
import json
import os
import re
import socket
import sys
import time

import tocsin_push

LONGEST = 4000


def read_arguments():
    parser = argparse.ArgumentParser(allow_abbrev=False, description=__doc__)
    parser.add_argument("--settings", required=True, help="JSON: url, token_file, ca")
    parser.add_argument("--kind", required=True, choices=["host", "service"])
    # Icinga 2 gives these in the environment, TOCSIN_HOST and so on: no value there can pass for an option.
    for name in ("type", "host", "service", "state", "contact", "changed", "number", "time", "output"):
        parser.add_argument("--" + name, default=os.environ.get("TOCSIN_" + name.upper(), ""))
    given = parser.parse_args()
    needed = ["type", "host", "state"] + (["service"] if given.kind == "service" else [])
    missing = [name for name in needed if not plain(getattr(given, name))]
    if missing:
        raise tocsin_push.Failure(tocsin_push.SETTINGS, "missing: --" + ", --".join(missing))
    return given


def record_of(given):
    """The notification as a line of Nagios' log, with an identity of its own when the macros give one."""
    kind, state = plain(given.type).upper(), plain(given.state).upper()
    told = state if kind in ("PROBLEM", "RECOVERY") else "%s (%s)" % (kind, state)
    subject = [plain(given.host)] + ([plain(given.service)] if given.kind == "service" else [])
    values = [plain(given.contact) or "tocsin"] + subject + [told, "notify-by-tocsin", plain(given.output)]
    record = {
        "message": "%s NOTIFICATION: %s" % (given.kind.upper(), ";".join(values)),
        "process": {"name": "nagios"},
        "host": {"name": socket.gethostname()},
    }
    if re.match(r"\d{9,11}\Z", given.time):
        record["@timestamp"] = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(int(given.time)))
    # A macro that the product does not know stays as it is written: it tells nothing.
    if re.match(r"\d{9,11}(\.\d{1,9})?\Z", given.changed):
        number = [given.number] if re.match(r"\d{1,9}\Z", given.number) else []
        record["event"] = {"id": "/".join(["nagios"] + subject + [kind, state, given.changed] + number)}
    return record


def plain(text):
    """What a plugin says must not pass for a state: its separators are taken away."""
    clean = text.encode("utf-8", "surrogateescape").decode("utf-8", "replace")
    return re.sub(r"\s+", " ", re.sub(r"[\x00-\x1f\x7f]", " ", clean)).replace(";", ",").strip()[:LONGEST]


def main():
    given = read_arguments()
    body = json.dumps(record_of(given)).encode("ascii")
    tocsin_push.post(tocsin_push.load_settings(given.settings), body)


if __name__ == "__main__":
    sys.exit(tocsin_push.run(main))
