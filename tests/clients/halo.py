"""A client made for Halo (PyPI's HaloPSA) against the records API of halo-host. Takes
address and credentials as its argument; prints one line for each thing that it has
proven, and fails at the first that is not so."""

import json
import sys
import urllib.parse

import requests

HOST = json.loads(sys.argv[1])
_request = requests.Session.request


def _here(session, method, url, **options):
    """The client knows no other address than the one that Halo gives to a tenant."""
    asked = urllib.parse.urlsplit(url)
    assert asked.netloc == "desk.halopsa.com", url
    return _request(session, method, HOST["base_url"] + asked.path, **options)


requests.Session.request = _here

from HaloPSA import Halo  # noqa: E402  (after the address is bent)


def proven(what):
    print(f"proven: {what}", flush=True)


def refused(call):
    """The words of a refusal."""
    try:
        call()
    except ValueError as error:
        return str(error)
    raise AssertionError("it was not refused")


def sign_in():
    told = refused(lambda: Halo("desk", HOST["client_id"], "another secret"))
    assert "Make sure your client ID and secret are correct" in told, told
    proven("a wrong secret is refused in words that the client understands")
    halo = Halo("desk", HOST["client_id"], HOST["client_secret"])
    proven("a token by client credentials")
    return halo


def clients(halo):
    made = halo.Clients.update(name="Kestrel Optics", toplevel_id=1, newclient_sitename="Works")
    found = halo.Clients.get(made["id"], includedetails=True)
    assert found == made, (found, made)
    changed = halo.Clients.update(id=made["id"], website="kestrel.example")
    assert (changed["name"], changed["website"]) == ("Kestrel Optics", "kestrel.example"), changed
    proven("a client is made, read and changed in part")

    for number in range(24):
        halo.Clients.update(name=f"Client {number:02}")
    pages = [halo.Clients.search(pageinate=True, page_size=10, page_no=n) for n in (1, 2, 3, 4)]
    assert {page["record_count"] for page in pages} == {25}, pages
    assert [len(page["clients"]) for page in pages] == [10, 10, 5, 0], pages
    ids = [client["id"] for page in pages for client in page["clients"]]
    assert ids == [client["id"] for client in halo.Clients.get_all()], ids
    proven("all pages of a list, and everything at once")

    halo.Clients.update(id=ids[-1], inactive=True)
    assert len(halo.Clients.get_all()) == 24
    assert len(halo.Clients.get_all(includeinactive=True)) == 25
    proven("what is out of use is listed only when it is asked for")
    return made


def people(halo, client):
    sites = halo.Sites.search(client_id=client["id"])
    assert [site["name"] for site in sites["sites"]] == ["Works"], sites
    site = sites["sites"][0]
    user = halo.Users.update(
        firstname="Kim", surname="Peeters", emailaddress="kim@kestrel.example", site_id=site["id"]
    )
    assert (user["name"], user["client_id"]) == ("Kim Peeters", client["id"]), user
    found = halo.Users.search(search="kim@kestrel.example", pageinate=True, page_size=10)
    assert [row["id"] for row in found["users"]] == [user["id"]], found
    proven("a user sits at a site and belongs to its client")
    return user


def sales(halo, client, user):
    item = halo.Items.update(name="Lens", assetgroup_id=1, baseprice=12.5)
    assert halo.Items.search(search="lens")["items"][0]["baseprice"] == 12.5
    types = halo.TicketTypes.search()
    opportunity = halo.Opportunities.update(
        summary="Lenses", tickettype_id=types[0]["id"], client_id=client["id"], user_id=user["id"]
    )
    listed = halo.Opportunities.search()
    assert [row["id"] for row in listed["tickets"]] == [opportunity["id"]], listed
    assert halo.Tickets.get(opportunity["id"])["is_opportunity"] is True
    lines = [{"item_id": item["id"], "name": "Lens", "current_quantity": 3, "current_price": 12}]
    quote = halo.Quotes.update(title="Lenses", ticket_id=opportunity["id"], lines=lines)
    read = halo.Quotes.get(quote["id"], includedetails=True)
    assert [line["item_name"] for line in read["lines"]] == ["Lens"], read
    assert halo.Quotes.search()["quotes"][0]["title"] == "Lenses"
    proven("an item, a ticket, an opportunity and a quotation with its lines")


def refusals(halo):
    told = refused(lambda: halo.Clients.update(name="Other", phone="1"))
    assert "[0].phone" in told and "main_phonenumber" in told, told
    proven("a refusal names the place and what was probably meant")


HALO = sign_in()
CLIENT = clients(HALO)
sales(HALO, CLIENT, people(HALO, CLIENT))
refusals(HALO)
