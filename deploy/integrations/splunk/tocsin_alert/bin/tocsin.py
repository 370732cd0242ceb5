"""Splunk alert action: hands the alert that Splunk gives on standard input (JSON) to Tocsin."""
import json
import os
import sys

import tocsin_push

APP = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
# What Splunk's own webhook action sends. The payload also holds a session key and settings, which stay here.
SENT = ("sid", "search_name", "app", "owner", "results_link", "server_host", "result")


def main():
    if sys.argv[1:2] != ["--execute"]:
        raise tocsin_push.Failure(tocsin_push.SETTINGS, "Splunk calls this with --execute")
    # Never from the payload: whoever may save an alert could send the token where he likes.
    settings = tocsin_push.load_settings(os.path.join(APP, "local", "tocsin.json"))
    try:
        payload = json.loads(tocsin_push.read_bounded(sys.stdin.buffer, "the payload").decode("utf-8"))
    except ValueError:
        payload = None
    if not isinstance(payload, dict) or not payload.get("sid"):
        raise tocsin_push.Failure(tocsin_push.SETTINGS, "the payload is not that of an alert: payload_format = json")
    body = {name: payload[name] for name in SENT if payload.get(name) is not None}
    # What tells a Splunk alert from other JSON; an alert without a link must be one all the same.
    body.setdefault("results_link", "sid:" + str(payload["sid"]))
    # The same search may trigger for each of its results.
    key = str(payload["sid"]) + json.dumps(body.get("result"), sort_keys=True)
    tocsin_push.post(settings, json.dumps(body).encode("ascii"), key)


if __name__ == "__main__":
    sys.exit(tocsin_push.run(main))
