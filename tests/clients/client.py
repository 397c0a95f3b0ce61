"""HubSpot's own client for Python (v3 and v4 paths, OAuth v1) against the simulated
HubSpot. Takes the simulator's connection line as its argument; prints one line for
each thing that it has proven, and fails at the first that is not so."""

import json
import urllib.parse
from datetime import datetime

from hubspot import HubSpot
from hubspot.crm.associations.v4 import (
    BatchInputPublicFetchAssociationsBatchRequest as LinksOf,
)
from hubspot.crm.companies import (
    BatchInputSimplePublicObjectBatchInput,
    BatchInputSimplePublicObjectBatchInputForCreate,
    BatchInputSimplePublicObjectBatchInputUpsert,
    BatchInputSimplePublicObjectId,
    BatchReadInputSimplePublicObjectId,
    PublicObjectSearchRequest,
    SimplePublicObjectInput,
    SimplePublicObjectInputForCreate,
)
from hubspot.crm.contacts import SimplePublicObjectInputForCreate as NewContact
from hubspot.crm.properties import PropertyCreate
from hubspot.utils.oauth import get_auth_url
from urllib3.util.retry import Retry

from simulator import REDIRECT, SIM, consent, control, proven

SCOPES = ("crm.objects.companies.read", "crm.objects.contacts.read")
HOST = SIM["base_url"]


def connected(token, **more):
    return HubSpot(access_token=token, host=HOST, **more)


def refused(status, call):
    """The body of a refusal."""
    try:
        call()
    except Exception as error:  # Each part of the client has an ApiException of its own.
        assert getattr(error, "status", None) == status, error
        return json.loads(error.body)
    raise AssertionError("it was not refused")


def oauth():
    page = urllib.parse.urlsplit(
        get_auth_url(SIM["client_id"], REDIRECT, scope=SCOPES, state="s 1")
    )
    # The client knows no other address for the consent page than HubSpot's own.
    assert page.netloc == "app.hubspot.com", page
    back = consent(f"{page.path}?{page.query}")
    assert back["state"] == "s 1", back
    api = HubSpot(host=HOST).oauth
    app = {"client_id": SIM["client_id"], "client_secret": SIM["client_secret"]}

    def exchange():
        return api.tokens_api.create(
            grant_type="authorization_code", code=back["code"], redirect_uri=REDIRECT, **app
        )

    tokens = exchange()
    assert (tokens.token_type, tokens.expires_in) == ("bearer", 1800), tokens
    assert refused(400, exchange)["status"] == "BAD_AUTH_CODE"
    proven("a code is exchanged once")

    def refresh():
        return api.tokens_api.create(
            grant_type="refresh_token", refresh_token=tokens.refresh_token, **app
        )

    renewed = refresh()
    assert renewed.refresh_token == tokens.refresh_token
    assert renewed.access_token != tokens.access_token
    proven("a token is refreshed")

    about = api.access_tokens_api.get(renewed.access_token)
    assert (about.hub_id, about.app_id) == (SIM["portal_id"], SIM["app_id"]), about
    assert about.scopes == [*SCOPES, "oauth"], about
    client = connected(renewed.access_token)
    assert len(client.crm.companies.basic_api.get_page(limit=1).results) == 1
    denied = refused(403, client.crm.owners.owners_api.get_page)
    assert denied["category"] == "MISSING_SCOPES", denied
    assert denied["context"]["requiredGranularScopes"] == ["crm.objects.owners.read"], denied
    proven("a token may do what was consented to, and a 403 names the scope that it lacks")

    assert api.refresh_tokens_api.get(tokens.refresh_token).client_id == SIM["client_id"]
    api.refresh_tokens_api.archive(tokens.refresh_token)
    assert refused(400, refresh)["status"] == "BAD_REFRESH_TOKEN"
    proven("a revoked refresh token is refused")

    unknown = refused(401, connected("pat-na1-unknown").crm.companies.basic_api.get_page)
    assert unknown["category"] == "INVALID_AUTHENTICATION", unknown
    control("revoke", {"what": "access"})
    expired = refused(401, client.crm.companies.basic_api.get_page)
    assert expired["category"] == "EXPIRED_AUTHENTICATION", expired
    proven("an unknown and an expired token are told apart")


def records(companies):
    every = companies.get_all(properties=["name", "domain"])
    assert len({company.id for company in every}) == len(every) == 250
    assert all(isinstance(company.updated_at, datetime) for company in every)
    proven("all pages of a list")

    api = companies.basic_api
    values = {"name": "Kestrel Optics", "domain": "kestrel.example", "numberofemployees": "12"}
    made = api.create(SimplePublicObjectInputForCreate(properties=values, associations=[]))
    got = api.get_by_id(made.id, properties=["name", "numberofemployees", "city"])
    assert got.properties["numberofemployees"] == "12" and got.properties["city"] is None, got
    changed = api.update(made.id, SimplePublicObjectInput(properties={"city": "Leuven"}))
    assert changed.properties["city"] == "Leuven", changed
    proven("create, get and update")

    def search():
        wanted = {"propertyName": "name", "operator": "EQ", "value": "Kestrel Optics"}
        return companies.search_api.do_search(
            PublicObjectSearchRequest(
                filter_groups=[{"filters": [wanted]}],
                sorts=["-createdate"],
                properties=["name", "city"],
                limit=10,
            )
        )

    found = search()
    assert (found.total, found.results[0].id) == (1, made.id), found
    assert found.results[0].properties["city"] == "Leuven", found
    proven("search")

    api.archive(made.id)
    assert refused(404, lambda: api.get_by_id(made.id))["correlationId"]
    binned = api.get_by_id(made.id, archived=True)
    assert binned.archived and isinstance(binned.archived_at, datetime), binned
    assert search().total == 0
    proven("an archived record is found only in the bin")


def batches(api):
    inputs = [{"properties": {"name": name}, "associations": []} for name in ("One", "Two", "Three")]
    created = api.create(BatchInputSimplePublicObjectBatchInputForCreate(inputs=inputs))
    ids = [company.id for company in created.results]
    assert created.status == "COMPLETE" and len(ids) == 3, created

    def read(ids):
        return api.read(
            BatchReadInputSimplePublicObjectId(
                inputs=[{"id": id} for id in ids], properties=["name"], properties_with_history=[]
            )
        )

    some = read([*ids, "1"])
    assert (len(some.results), some.num_errors) == (3, 1), some
    assert some.errors[0].context["ids"] == ["1"], some
    proven("batch create, and a batch read that names the id that is missing")

    inputs = [{"id": id, "properties": {"city": "Mechelen"}} for id in ids]
    updated = api.update(BatchInputSimplePublicObjectBatchInput(inputs=inputs))
    assert {company.properties["city"] for company in updated.results} == {"Mechelen"}, updated
    api.archive(BatchInputSimplePublicObjectId(inputs=[{"id": id} for id in ids]))
    assert read(ids).results == []
    proven("batch update and archive")


def properties(crm):
    api = crm.properties.core_api
    known = {found.name: found for found in api.get_all("companies").results}
    stage = known["lifecyclestage"]
    assert stage.type == "enumeration", stage
    assert "customer" in [option.value for option in stage.options], stage
    definition = PropertyCreate(
        name="halo_key",
        label="Halo key",
        type="string",
        field_type="text",
        group_name="companyinformation",
        has_unique_value=True,
    )
    assert api.create("companies", definition).has_unique_value is True
    assert api.get_by_name("companies", "halo_key").label == "Halo key"
    refused(409, lambda: api.create("companies", definition))
    proven("properties: list, create, get, and a name that is taken")

    def upsert(city):
        values = {"name": "Upserted", "halo_key": "K1", "city": city}
        row = {"idProperty": "halo_key", "id": "K1", "properties": values}
        answer = crm.companies.batch_api.upsert(
            BatchInputSimplePublicObjectBatchInputUpsert(inputs=[row])
        )
        return answer.results[0]

    first, second = upsert("Ghent"), upsert("Bruges")
    assert (first.new, second.new, second.id) == (True, False, first.id), second
    assert second.properties["city"] == "Bruges", second
    proven("batch upsert by a unique property")


def people(crm):
    owners = crm.owners.owners_api
    first = owners.get_page(limit=2)
    second = owners.get_page(limit=2, after=first.paging.next.after)
    assert len(first.results) == 2 and second.results[0].id != first.results[0].id, second
    assert owners.get_by_id(first.results[0].id).email == first.results[0].email
    proven("owners by page and by id")

    contact = NewContact(properties={"email": "kim@kestrel.example"}, associations=[])
    made = crm.contacts.basic_api.create(contact)
    taken = refused(409, lambda: crm.contacts.basic_api.create(contact))
    assert taken["category"] == "CONFLICT", taken
    assert taken["message"].endswith(f"Existing ID: {made.id}"), taken
    proven("a conflict names the contact that is there already")

    company = crm.companies.basic_api.get_page(limit=1).results[0]
    links = crm.associations.v4
    links.basic_api.create_default("contacts", made.id, "companies", company.id)
    of = links.basic_api.get_page("contacts", made.id, "companies")
    assert [str(link.to_object_id) for link in of.results] == [company.id], of
    batch = links.batch_api.get_page("contacts", "companies", LinksOf(inputs=[{"id": made.id}]))
    assert str(batch.results[0].to[0].to_object_id) == company.id, batch
    proven("associations: link, read and batch read")


def limits():
    # The client retries as urllib3 is told to, and has no rule of its own.
    retry = Retry(total=3, backoff_factor=0.1, status_forcelist=(429, 502), allowed_methods=None)
    patient = connected(SIM["private_app_token"], retry=retry).crm.companies
    control("reset-stats", {})
    limited = {"rate_limited": {"policy": "SECONDLY", "retry_after": 1}}
    control("faults", {"match": {"path_contains": "/search"}, "kind": limited})
    everything = PublicObjectSearchRequest(filter_groups=[], sorts=[], properties=[], limit=1)
    assert len(patient.search_api.do_search(everything).results) == 1
    control("faults", {"match": {"path_contains": "/companies"}, "kind": {"html_error": 502}})
    assert len(patient.basic_api.get_page(limit=1).results) == 1
    statuses = control("stats")["statuses"]
    assert statuses == {"200": 2, "429": 1, "502": 1}, statuses
    proven("the client itself waits out a 429 and a 502")

    limited = {"rate_limited": {"policy": "TEN_SECONDLY_ROLLING"}}
    control("faults", {"match": {"path_contains": "/companies"}, "kind": limited})
    hasty = connected(SIM["private_app_token"]).crm.companies.basic_api
    answer = refused(429, lambda: hasty.get_page(limit=1))
    assert answer["policyName"] == "TEN_SECONDLY_ROLLING", answer
    proven("a 429 names its policy")


oauth()
CRM = connected(SIM["private_app_token"]).crm
records(CRM.companies)
batches(CRM.companies.batch_api)
properties(CRM)
people(CRM)
limits()
