"""Wazuh integration: hands the alert of a file to Tocsin as it is. Called by custom-tocsin."""
import json
import os
import sys

import tocsin_push

HOME = os.path.dirname(os.path.dirname(os.path.realpath(__file__)))


def main():
    arguments = sys.argv[1:]
    if not arguments:
        raise tocsin_push.Failure(tocsin_push.SETTINGS, "usage: custom-tocsin ALERT_FILE [API_KEY] [HOOK_URL]")
    settings = tocsin_push.load_settings(os.path.join(HOME, "etc", "tocsin.json"))
    # An empty api_key moves the hook_url: it is known by what it is, not by its place.
    for argument in arguments[1:]:
        if argument.startswith(("https://", "http://")):
            settings["url"] = argument
            break
    try:
        with open(arguments[0], "rb") as file:
            body = tocsin_push.read_bounded(file, "the alert")
    except OSError as error:
        raise tocsin_push.Failure(tocsin_push.SETTINGS, "%s: %s" % (arguments[0], error.strerror))
    try:
        alert = json.loads(body.decode("utf-8", "replace"))
    except ValueError:
        alert = None
    if not isinstance(alert, dict):
        message = "the alert is not JSON: write <alert_format>json</alert_format> in ossec.conf"
        raise tocsin_push.Failure(tocsin_push.SETTINGS, message)
    tocsin_push.post(settings, body)


if __name__ == "__main__":
    sys.exit(tocsin_push.run(main, os.path.join(HOME, "logs", "integrations.log")))
