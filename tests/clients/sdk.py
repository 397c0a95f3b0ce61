"""HubSpot's next client for Python, a pre-release (paths of 2026-03), against the
simulated HubSpot. It checks each answer strictly against HubSpot's own schema, but
where HubSpot itself is known to answer something else. Takes the simulator's connection
line as its argument; prints one line for each thing that it has proven, and fails at
the first that is not so."""

import urllib.parse
from datetime import datetime, timedelta, timezone

import hubspot_sdk
from hubspot_sdk import HubSpot
from hubspot_sdk.types.auth.access_token_response import AccessTokenResponse
from hubspot_sdk.types.auth.public_access_token_info_response import (
    PublicAccessTokenInfoResponse,
)

from simulator import REDIRECT, SIM, consent, control, proven

SCOPES = ["crm.objects.companies.read", "crm.objects.contacts.read"]


def connected(token=None, **more):
    return HubSpot(
        access_token=token,
        base_url=SIM["base_url"],
        **{"_strict_response_validation": True, "max_retries": 0, **more},
    )


def refused(kind, call):
    """The body of a refusal."""
    try:
        call()
    except kind as error:
        return error.body
    raise AssertionError("it was not refused")


def oauth():
    query = {
        "client_id": SIM["client_id"],
        "redirect_uri": REDIRECT,
        "scope": " ".join(SCOPES),
        "state": "s 1",
    }
    back = consent(f"/oauth/authorize?{urllib.parse.urlencode(query)}")
    assert back["state"] == "s 1", back
    api = connected().auth.oauth
    app = {"client_id": SIM["client_id"], "client_secret": SIM["client_secret"]}

    def exchange():
        return api.create_token(
            grant_type="authorization_code", code=back["code"], redirect_uri=REDIRECT, **app
        )

    tokens = exchange()
    assert isinstance(tokens, AccessTokenResponse), tokens
    assert (tokens.expires_in, tokens.hub_id) == (1800, SIM["portal_id"]), tokens
    assert tokens.scopes == [*SCOPES, "oauth"], tokens
    again = refused(hubspot_sdk.BadRequestError, exchange)
    assert again["status"] == "BAD_AUTH_CODE", again
    proven("a code is exchanged once")

    def refresh():
        return api.create_token(
            grant_type="refresh_token", refresh_token=tokens.refresh_token, **app
        )

    renewed = refresh()
    assert renewed.refresh_token == tokens.refresh_token
    assert renewed.access_token != tokens.access_token
    proven("a token is refreshed")

    about = api.introspect_token(token=renewed.access_token, **app)
    assert isinstance(about, PublicAccessTokenInfoResponse), about
    assert (about.active, about.hub_id, about.app_id) == (True, SIM["portal_id"], SIM["app_id"])
    assert about.scopes == [*SCOPES, "oauth"], about
    client = connected(renewed.access_token)
    assert len(client.crm.objects.companies.list(limit=1).results) == 1
    denied = refused(hubspot_sdk.PermissionDeniedError, client.crm.owners.list)
    assert denied["category"] == "MISSING_SCOPES", denied
    assert denied["context"]["requiredGranularScopes"] == ["crm.objects.owners.read"], denied
    proven("a token may do what was consented to, and a 403 names the scope that it lacks")

    api.revoke_token(token=tokens.refresh_token, token_type_hint="refresh_token", **app)
    ended = refused(hubspot_sdk.BadRequestError, refresh)
    assert ended["status"] == "BAD_REFRESH_TOKEN", ended
    proven("a revoked refresh token is refused")

    stranger = connected("pat-na1-unknown").crm.objects.companies
    unknown = refused(hubspot_sdk.AuthenticationError, stranger.list)
    assert unknown["category"] == "INVALID_AUTHENTICATION", unknown
    control("revoke", {"what": "access"})
    expired = refused(hubspot_sdk.AuthenticationError, client.crm.objects.companies.list)
    assert expired["category"] == "EXPIRED_AUTHENTICATION", expired
    proven("an unknown and an expired token are told apart")


def account(api):
    details = api.get()
    assert details.portal_id == SIM["portal_id"], details
    assert details.ui_domain == "app-eu1.hubspot.com", details
    assert details.data_hosting_location == "eu1", details
    assert details.time_zone == "Asia/Kolkata", details
    assert (details.utc_offset, details.utc_offset_milliseconds) == ("+05:30", 19_800_000), details
    usage = api.get_daily_private_apps_usage().results[0]
    # That call counts too.
    assert 1 <= usage.current_usage < usage.usage_limit, usage
    now = datetime.now(timezone.utc)
    assert now < usage.resets_at <= now + timedelta(days=1), usage
    assert (usage.resets_at.hour, usage.resets_at.minute) == (18, 30), usage
    proven("the account's region, time zone and daily usage")


def records(api):
    # Iterating asks for one page after the other.
    every = list(api.list(limit=100, properties=["name"]))
    assert len({company.id for company in every}) == len(every) == 250
    proven("all pages of a list")

    values = {"name": "Kestrel Optics", "domain": "kestrel.example", "numberofemployees": "12"}
    made = api.create(properties=values, associations=[])
    got = api.get(made.id, properties=["name", "numberofemployees"])
    assert got.properties["numberofemployees"] == "12", got
    # HubSpot answers null for a property without a value; the schema has strings only.
    got = LENIENT.crm.objects.companies.get(made.id, properties=["city"])
    assert got.properties["city"] is None, got
    changed = api.update(made.id, properties={"city": "Leuven"})
    assert changed.properties["city"] == "Leuven", changed
    proven("create, get and update")

    def search():
        wanted = {"propertyName": "name", "operator": "EQ", "value": "Kestrel Optics"}
        return api.search(
            filter_groups=[{"filters": [wanted]}],
            sorts=["-createdate"],
            properties=["name", "city"],
            limit=10,
            after="",
        )

    found = search()
    assert (found.total, found.results[0].id) == (1, made.id), found
    assert found.results[0].properties["city"] == "Leuven", found
    proven("search")

    api.delete(made.id)
    assert refused(hubspot_sdk.NotFoundError, lambda: api.get(made.id))["correlationId"]
    binned = api.get(made.id, archived=True)
    assert binned.archived and isinstance(binned.archived_at, datetime), binned
    assert search().total == 0
    proven("an archived record is found only in the bin")


def batches(api):
    inputs = [{"properties": {"name": name}, "associations": []} for name in ("One", "Two", "Three")]
    created = api.create(inputs=inputs)
    ids = [company.id for company in created.results]
    assert created.status == "COMPLETE" and len(ids) == 3, created

    def read(ids):
        inputs = [{"id": id} for id in ids]
        return api.get(inputs=inputs, properties=["name"], properties_with_history=[])

    some = read([*ids, "1"])
    # The schema knows the answer of a batch without errors only; the rest is kept as it came.
    rest = some.model_extra
    assert (len(some.results), rest["numErrors"]) == (3, 1), some
    assert rest["errors"][0]["context"]["ids"] == ["1"], some
    proven("batch create, and a batch read that names the id that is missing")

    updated = api.update(inputs=[{"id": id, "properties": {"city": "Mechelen"}} for id in ids])
    assert {company.properties["city"] for company in updated.results} == {"Mechelen"}, updated
    api.delete(inputs=[{"id": id} for id in ids])
    assert read(ids).results == []
    proven("batch update and archive")


def properties(crm):
    known = {found.name: found for found in crm.properties.list("companies").results}
    stage = known["lifecyclestage"]
    assert stage.type == "enumeration", stage
    assert "customer" in [option.value for option in stage.options], stage

    def create():
        return crm.properties.create(
            "companies",
            name="halo_key",
            label="Halo key",
            type="string",
            field_type="text",
            group_name="companyinformation",
            has_unique_value=True,
        )

    assert create().has_unique_value is True
    assert crm.properties.get("halo_key", object_type="companies").label == "Halo key"
    refused(hubspot_sdk.ConflictError, create)
    proven("properties: list, create, get, and a name that is taken")

    def upsert(city):
        values = {"name": "Upserted", "halo_key": "K1", "city": city}
        row = {"id_property": "halo_key", "id": "K1", "properties": values}
        return crm.objects.companies.batch.upsert(inputs=[row]).results[0]

    first, second = upsert("Ghent"), upsert("Bruges")
    assert (first.new, second.new, second.id) == (True, False, first.id), second
    assert second.properties["city"] == "Bruges", second
    proven("batch upsert by a unique property")


def people(crm):
    owners = list(crm.owners.list(limit=2))
    assert len(owners) == len({owner.id for owner in owners}) == 3, owners
    assert crm.owners.get(int(owners[0].id)).email == owners[0].email
    proven("owners by page and by id")

    contacts = crm.objects.contacts

    def create():
        return contacts.create(properties={"email": "kim@kestrel.example"}, associations=[])

    made = create()
    taken = refused(hubspot_sdk.ConflictError, create)
    assert taken["category"] == "CONFLICT", taken
    assert taken["message"].endswith(f"Existing ID: {made.id}"), taken
    proven("a conflict names the contact that is there already")

    company = crm.objects.companies.list(limit=1).results[0]
    crm.associations.create(
        company.id, from_object_type="contacts", from_object_id=made.id, to_object_type="companies"
    )
    # HubSpot answers a number where the schema has a string.
    links = LENIENT.crm.associations
    of = links.list("companies", object_type="contacts", object_id=made.id)
    assert [str(link.to_object_id) for link in of] == [company.id], of
    batch = links.batch.get("companies", from_object_type="contacts", inputs=[{"id": made.id}])
    assert str(batch.results[0].to[0].to_object_id) == company.id, batch
    proven("associations: link, read and batch read")


def limits():
    patient = connected(SIM["private_app_token"], max_retries=3).crm.objects.companies
    control("reset-stats", {})
    limited = {"rate_limited": {"policy": "SECONDLY", "retry_after": 1}}
    control("faults", {"match": {"path_contains": "/search"}, "kind": limited})
    found = patient.search(filter_groups=[], sorts=[], properties=[], limit=1, after="")
    assert len(found.results) == 1, found
    control("faults", {"match": {"path_contains": "/companies"}, "kind": {"html_error": 502}})
    assert len(patient.list(limit=1).results) == 1
    statuses = control("stats")["statuses"]
    assert statuses == {"200": 2, "429": 1, "502": 1}, statuses
    proven("the client itself waits out a 429 and a 502")

    limited = {"rate_limited": {"policy": "TEN_SECONDLY_ROLLING"}}
    control("faults", {"match": {"path_contains": "/companies"}, "kind": limited})
    hasty = connected(SIM["private_app_token"]).crm.objects.companies
    answer = refused(hubspot_sdk.RateLimitError, hasty.list)
    assert answer["policyName"] == "TEN_SECONDLY_ROLLING", answer
    proven("a 429 names its policy")


oauth()
CLIENT = connected(SIM["private_app_token"])
LENIENT = connected(SIM["private_app_token"], _strict_response_validation=False)
account(CLIENT.account)
records(CLIENT.crm.objects.companies)
batches(CLIENT.crm.objects.companies.batch)
properties(CLIENT.crm)
people(CLIENT.crm)
limits()
