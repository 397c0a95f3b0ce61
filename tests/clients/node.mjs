// HubSpot's own client for Node.js (v3 and v4 paths, OAuth v1) against the simulated
// HubSpot. Takes the simulator's connection line as its argument; prints one line
// for each thing that it has proven, and fails at the first that is not so.

import assert from 'node:assert/strict';
import { createRequire } from 'node:module';
import path from 'node:path';

// The client is installed in the folder where this is started, not beside this file.
const installed = createRequire(path.join(process.cwd(), 'here.js'));
const { Client } = installed('@hubspot/api-client');

const sim = JSON.parse(process.argv[2]);
const REDIRECT = 'http://127.0.0.1:9/callback';
const SCOPES = 'crm.objects.companies.read crm.objects.contacts.read';

const proven = (what) => console.log(`proven: ${what}`);

async function control(verb, body) {
  const answer = await fetch(`${sim.base_url}/_sim/${verb}`, {
    method: body ? 'POST' : 'GET',
    body: body && JSON.stringify(body),
  });
  assert.equal(answer.status, 200, await answer.clone().text());
  return answer.json();
}

async function refused(call, code) {
  const error = await call.then(() => assert.fail('it was not refused'), (error) => error);
  assert.equal(error.code, code, error.message);
  return error.body;
}

const connected = (accessToken, more = {}) =>
  new Client({ accessToken, basePath: sim.base_url, ...more });

async function oauth() {
  const anonymous = new Client({ basePath: sim.base_url });
  // The client knows no other address for the consent page than HubSpot's own.
  const page = new URL(
    anonymous.oauth.getAuthorizationUrl(sim.client_id, REDIRECT, SCOPES, undefined, 's 1'),
  );
  assert.equal(page.origin, 'https://app.hubspot.com');
  const consent = await fetch(sim.base_url + page.pathname + page.search, { redirect: 'manual' });
  const back = new URL(consent.headers.get('location'));
  assert.equal(back.searchParams.get('state'), 's 1');
  const code = back.searchParams.get('code');
  const { tokensApi, accessTokensApi, refreshTokensApi } = anonymous.oauth;
  const exchange = () =>
    tokensApi.create('authorization_code', code, REDIRECT, sim.client_id, sim.client_secret);
  const tokens = await exchange();
  assert.equal(tokens.tokenType, 'bearer');
  assert.equal(tokens.expiresIn, 1800);
  const again = await refused(exchange(), 400);
  assert.equal(again.status, 'BAD_AUTH_CODE');
  proven('a code is exchanged once');

  const refresh = (token) =>
    tokensApi.create('refresh_token', undefined, undefined, sim.client_id, sim.client_secret, token);
  const renewed = await refresh(tokens.refreshToken);
  assert.equal(renewed.refreshToken, tokens.refreshToken);
  assert.notEqual(renewed.accessToken, tokens.accessToken);
  proven('a token is refreshed');

  const about = await accessTokensApi.get(renewed.accessToken);
  assert.equal(about.hubId, sim.portal_id);
  assert.equal(about.appId, sim.app_id);
  assert.deepEqual(about.scopes, [...SCOPES.split(' '), 'oauth']);
  const client = connected(renewed.accessToken);
  assert.equal((await client.crm.companies.basicApi.getPage(1)).results.length, 1);
  const denied = await refused(client.crm.owners.ownersApi.getPage(), 403);
  assert.equal(denied.category, 'MISSING_SCOPES');
  assert.deepEqual(denied.context.requiredGranularScopes, ['crm.objects.owners.read']);
  proven('a token may do what was consented to, and a 403 names the scope that it lacks');

  assert.equal((await refreshTokensApi.get(tokens.refreshToken)).clientId, sim.client_id);
  await refreshTokensApi.archive(tokens.refreshToken);
  assert.equal((await refused(refresh(tokens.refreshToken), 400)).status, 'BAD_REFRESH_TOKEN');
  proven('a revoked refresh token is refused');

  const stranger = connected('pat-na1-unknown');
  const unknown = await refused(stranger.crm.companies.basicApi.getPage(), 401);
  assert.equal(unknown.category, 'INVALID_AUTHENTICATION');
  await control('revoke', { what: 'access' });
  const expired = await refused(client.crm.companies.basicApi.getPage(), 401);
  assert.equal(expired.category, 'EXPIRED_AUTHENTICATION');
  proven('an unknown and an expired token are told apart');
}

async function records(crm) {
  const { companies } = crm;
  const all = await companies.getAll(100, undefined, ['name', 'domain']);
  assert.equal(all.length, 250);
  assert.equal(new Set(all.map((company) => company.id)).size, 250);
  assert.ok(all.every((company) => company.updatedAt instanceof Date && !company.archived));
  proven('all pages of a list');

  const made = await companies.basicApi.create({
    properties: { name: 'Kestrel Optics', domain: 'kestrel.example', numberofemployees: '12' },
    associations: [],
  });
  const got = await companies.basicApi.getById(made.id, ['name', 'numberofemployees', 'city']);
  assert.equal(got.properties.name, 'Kestrel Optics');
  assert.equal(got.properties.numberofemployees, '12');
  assert.equal(got.properties.city, null);
  const changed = await companies.basicApi.update(made.id, { properties: { city: 'Leuven' } });
  assert.equal(changed.properties.city, 'Leuven');
  proven('create, get and update');

  const search = (value) =>
    companies.searchApi.doSearch({
      filterGroups: [{ filters: [{ propertyName: 'name', operator: 'EQ', value }] }],
      sorts: ['-createdate'],
      properties: ['name', 'city'],
      limit: 10,
    });
  const found = await search('Kestrel Optics');
  assert.equal(found.total, 1);
  assert.equal(found.results[0].id, made.id);
  assert.equal(found.results[0].properties.city, 'Leuven');
  proven('search');

  await companies.basicApi.archive(made.id);
  const missing = await refused(companies.basicApi.getById(made.id), 404);
  assert.ok(missing.correlationId);
  const binned = await companies.basicApi.getById(made.id, [], [], [], true);
  assert.ok(binned.archived && binned.archivedAt instanceof Date);
  assert.equal((await search('Kestrel Optics')).total, 0);
  proven('an archived record is found only in the bin');
}

async function batches(crm) {
  const { batchApi } = crm.companies;
  const created = await batchApi.create({
    inputs: ['One', 'Two', 'Three'].map((name) => ({ properties: { name }, associations: [] })),
  });
  assert.equal(created.status, 'COMPLETE');
  const ids = created.results.map((company) => company.id);
  assert.equal(ids.length, 3);
  const read = await batchApi.read({
    inputs: [...ids, '1'].map((id) => ({ id })),
    properties: ['name'],
    propertiesWithHistory: [],
  });
  assert.equal(read.results.length, 3);
  assert.equal(read.numErrors, 1);
  assert.deepEqual(read.errors[0].context.ids, ['1']);
  proven('batch create, and a batch read that names the id that is missing');

  const updated = await batchApi.update({
    inputs: ids.map((id) => ({ id, properties: { city: 'Mechelen' } })),
  });
  assert.ok(updated.results.every((company) => company.properties.city === 'Mechelen'));
  await batchApi.archive({ inputs: ids.map((id) => ({ id })) });
  const gone = await batchApi.read({
    inputs: ids.map((id) => ({ id })),
    properties: [],
    propertiesWithHistory: [],
  });
  assert.equal(gone.results.length, 0);
  proven('batch update and archive');
}

async function properties(crm) {
  const { coreApi } = crm.properties;
  const known = await coreApi.getAll('companies');
  const stage = known.results.find((property) => property.name === 'lifecyclestage');
  assert.equal(stage.type, 'enumeration');
  assert.ok(stage.options.some((option) => option.value === 'customer'));
  const definition = {
    name: 'halo_key',
    label: 'Halo key',
    type: 'string',
    fieldType: 'text',
    groupName: 'companyinformation',
    hasUniqueValue: true,
  };
  assert.equal((await coreApi.create('companies', definition)).hasUniqueValue, true);
  assert.equal((await coreApi.getByName('companies', 'halo_key')).label, 'Halo key');
  await refused(coreApi.create('companies', definition), 409);
  proven('properties: list, create, get, and a name that is taken');

  const upsert = (city) =>
    crm.companies.batchApi.upsert({
      inputs: [{ idProperty: 'halo_key', id: 'K1', properties: { name: 'Upserted', halo_key: 'K1', city } }],
    });
  const first = (await upsert('Ghent')).results[0];
  const second = (await upsert('Bruges')).results[0];
  assert.deepEqual([first._new, second._new], [true, false]);
  assert.equal(second.id, first.id);
  assert.equal(second.properties.city, 'Bruges');
  proven('batch upsert by a unique property');
}

async function people(crm) {
  const first = await crm.owners.ownersApi.getPage(undefined, undefined, 2);
  assert.equal(first.results.length, 2);
  const second = await crm.owners.ownersApi.getPage(undefined, first.paging.next.after, 2);
  assert.ok(second.results.length > 0 && second.results[0].id !== first.results[0].id);
  const one = await crm.owners.ownersApi.getById(Number(first.results[0].id));
  assert.equal(one.email, first.results[0].email);
  proven('owners by page and by id');

  const contact = { properties: { email: 'kim@kestrel.example' }, associations: [] };
  const made = await crm.contacts.basicApi.create(contact);
  const taken = await refused(crm.contacts.basicApi.create(contact), 409);
  assert.equal(taken.category, 'CONFLICT');
  assert.ok(taken.message.endsWith(`Existing ID: ${made.id}`), taken.message);
  proven('a conflict names the contact that is there already');

  const company = (await crm.companies.basicApi.getPage(1)).results[0];
  const { associations } = crm;
  await associations.v4.basicApi.createDefault('contacts', made.id, 'companies', company.id);
  const of = await associations.v4.basicApi.getPage('contacts', made.id, 'companies');
  assert.deepEqual(of.results.map((link) => String(link.toObjectId)), [company.id]);
  const batch = await associations.v4.batchApi.getPage('contacts', 'companies', {
    inputs: [{ id: made.id }],
  });
  assert.equal(String(batch.results[0].to[0].toObjectId), company.id);
  proven('associations: link, read and batch read');
}

async function limits() {
  const patient = connected(sim.private_app_token, { numberOfApiCallRetries: 3 });
  const search = { filterGroups: [], sorts: [], properties: [], limit: 1 };
  await control('reset-stats', {});
  await control('faults', {
    match: { path_contains: '/search' },
    kind: { rate_limited: { policy: 'SECONDLY' } },
  });
  const found = await patient.crm.companies.searchApi.doSearch(search);
  assert.equal(found.results.length, 1);
  await control('faults', { match: { path_contains: '/companies' }, kind: { html_error: 502 } });
  assert.equal((await patient.crm.companies.basicApi.getPage(1)).results.length, 1);
  const { statuses } = await control('stats');
  assert.deepEqual(statuses, { 200: 2, 429: 1, 502: 1 });
  proven('the client itself waits out a 429 and a 502');

  const hasty = connected(sim.private_app_token, { numberOfApiCallRetries: 0 });
  await control('faults', {
    match: { path_contains: '/companies' },
    kind: { rate_limited: { policy: 'TEN_SECONDLY_ROLLING' } },
  });
  const limited = await refused(hasty.crm.companies.basicApi.getPage(1), 429);
  assert.equal(limited.policyName, 'TEN_SECONDLY_ROLLING');
  proven('a 429 names its policy');
}

await oauth();
const { crm } = connected(sim.private_app_token);
await records(crm);
await batches(crm);
await properties(crm);
await people(crm);
await limits();
