"""HubSpot's own client for Python checks deliveries of the simulated HubSpot, and signs
bodies itself. Takes both as its argument; prints one line for each thing that it has
proven, then its own signatures."""

import json
import sys

from hubspot.utils.signature import Signature

TOLD = json.loads(sys.argv[1])
SECRET, TARGET = TOLD["secret"], TOLD["target"]


def proven(what):
    print(f"proven: {what}", flush=True)


def valid(version, delivery, **more):
    given = {
        "signature": delivery[version],
        "client_secret": SECRET,
        "request_body": delivery["body"],
        "http_uri": TARGET,
        "http_method": "POST",
        "signature_version": version,
        "timestamp": delivery["timestamp"],
    }
    return Signature.is_valid(**{**given, **more})


def sign(version, body):
    return Signature.get_signature(SECRET, body, version, TARGET, "POST", TOLD["timestamp"])


DELIVERIES = TOLD["deliveries"]
assert DELIVERIES
assert all(valid("v3", delivery) for delivery in DELIVERIES)
proven("the third signature of every delivery")

assert all(valid("v1", delivery) for delivery in DELIVERIES)
proven("the first signature of every delivery")

first = DELIVERIES[0]
for changed in (
    {"request_body": first["body"] + " "},
    {"http_uri": TARGET + "x"},
    {"client_secret": "another"},
):
    assert not valid("v3", first, **changed), changed
proven("a changed body, address or secret is found out")

SIGNED = [[sign("v1", body), sign("v3", body)] for body in TOLD["to_sign"]]
proven(f"signed {json.dumps(SIGNED)}")
