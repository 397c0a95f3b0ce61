"""What the scripts for HubSpot's two Python clients share."""

import json
import sys
import urllib.error
import urllib.parse
import urllib.request

SIM = json.loads(sys.argv[1])
REDIRECT = "http://127.0.0.1:9/callback"


def proven(what):
    print(f"proven: {what}", flush=True)


def control(verb, body=None):
    """Calls the simulator itself, not HubSpot's API."""
    data = None if body is None else json.dumps(body).encode()
    with urllib.request.urlopen(f"{SIM['base_url']}/_sim/{verb}", data) as answer:
        return json.load(answer)


class _Stay(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *_):
        return None


def consent(path_and_query):
    """What a person who presses Allow brings back, by name."""
    try:
        urllib.request.build_opener(_Stay).open(SIM["base_url"] + path_and_query)
    except urllib.error.HTTPError as answer:
        assert answer.code == 302, answer.read()
        back = urllib.parse.urlsplit(answer.headers["location"])
        return dict(urllib.parse.parse_qsl(back.query))
    raise AssertionError("the consent page did not redirect")
