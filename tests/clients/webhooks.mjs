// HubSpot's own client for Node.js checks deliveries of the simulated HubSpot, and signs
// bodies itself. Takes both as its argument; prints one line for each thing that it has
// proven, then its own signatures.

import assert from 'node:assert/strict';
import { createRequire } from 'node:module';
import path from 'node:path';

// The client is installed in the folder where this is started, not beside this file.
const installed = createRequire(path.join(process.cwd(), 'here.js'));
const { Signature } = installed('@hubspot/api-client');

const { secret, target, deliveries, to_sign, timestamp } = JSON.parse(process.argv[2]);

const proven = (what) => console.log(`proven: ${what}`);

const valid = (version, delivery, more = {}) =>
  Signature.isValid({
    signature: delivery[version],
    signatureVersion: version,
    clientSecret: secret,
    requestBody: delivery.body,
    url: target,
    method: 'POST',
    timestamp: Number(delivery.timestamp),
    ...more,
  });

assert.ok(deliveries.length > 0);
assert.ok(deliveries.every((delivery) => valid('v3', delivery)));
proven('the third signature of every delivery');

assert.ok(deliveries.every((delivery) => valid('v1', delivery)));
proven('the first signature of every delivery');

const [first] = deliveries;
for (const more of [
  { requestBody: `${first.body} ` },
  { url: `${target}x` },
  { clientSecret: 'another' },
]) {
  assert.ok(!valid('v3', first, more), JSON.stringify(more));
}
proven('a changed body, address or secret is found out');

const sign = (version, requestBody) =>
  Signature.getSignature('POST', version, {
    clientSecret: secret,
    requestBody,
    url: target,
    timestamp,
  });
proven(`signed ${JSON.stringify(to_sign.map((body) => [sign('v1', body), sign('v3', body)]))}`);
