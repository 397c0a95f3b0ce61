//! The records API: a program made for Halo is the person there. What it writes is a
//! person's edit, and what it reads has the shape of Halo's own answers.

use halo_host::store::{JournalFilter, Store as _};
use halo_tests::kit::{Served, Session};
use serde_json::{Value, json};

use crate::shop::program;

mod refusals;

async fn served() -> Served {
    Served::start(program()).await.unwrap()
}

/// The list of a path and how many records there are in all.
async fn list(session: &Session<'_>, path: &str, name: &str) -> (u64, Vec<Value>) {
    let (status, answer) = session.get(path).await.unwrap();
    assert_eq!(status, 200, "{path}: {answer}");
    let rows = answer[name].as_array().unwrap().clone();
    (answer["record_count"].as_u64().unwrap(), rows)
}

fn names(rows: &[Value]) -> Vec<&str> {
    rows.iter()
        .map(|row| row["name"].as_str().unwrap())
        .collect()
}

/// What was refused, by its place.
async fn refused(session: &Session<'_>, path: &str, body: Value) -> Vec<(String, String)> {
    let (status, answer) = session.post(path, &body).await.unwrap();
    assert_eq!(status, 400, "{answer}");
    let places = answer.as_object().unwrap().iter();
    places
        .map(|(place, told)| (place.clone(), told.as_str().unwrap().to_owned()))
        .collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_record_is_made_and_changed_in_part_as_a_persons_edit() {
    let served = served().await;
    let halo = served.records().unwrap();
    let kinds = ["customer".to_owned(), "user".to_owned()];
    halo.store
        .register_connection("listener", &kinds)
        .await
        .unwrap();
    halo.choice_field(
        "customer",
        "CFRegion",
        "choice",
        &[("1", "North"), ("2", "South")],
    )
    .await
    .unwrap();
    let desk = served.sign_in("all").await.unwrap();

    let client = json!({
        "name": "Acme", "website": "acme.example", "newclient_sitename": "Harbour",
        "customfields": [{ "name": "CFRegion", "value": 2 }],
    });
    let made = desk.write("/api/Client", client).await.unwrap();
    assert_eq!(
        (&made["name"], &made["toplevel_id"]),
        (&json!("Acme"), &json!(1))
    );
    assert_eq!(
        (&made["toplevel_name"], &made["inactive"]),
        (&json!("Customers"), &json!(false))
    );
    assert!(made["datecreated"].as_str().unwrap().ends_with('Z'));
    let region = &made["customfields"][0];
    assert_eq!(
        (&region["value"], &region["display"]),
        (&json!(2), &json!("South"))
    );
    let id = made["id"].as_u64().unwrap();
    let (_, sites) = list(&desk, &format!("/api/Site?client_id={id}"), "sites").await;
    assert_eq!(names(&sites), ["Harbour"]);
    assert_eq!(sites[0]["client_name"], "Acme");

    let user = json!({ "firstname": "Ada", "surname": "Byron", "site_id": sites[0]["id"] });
    let user = desk.write("/api/users", user).await.unwrap();
    assert_eq!(
        (&user["name"], &user["client_id"]),
        (&json!("Ada Byron"), &json!(id))
    );
    let change = json!({ "id": user["id"], "emailaddress": "ada@acme.example", "client_id": id });
    let changed = desk.write("/api/Users", change).await.unwrap();
    assert_eq!(changed["firstname"], "Ada", "what is not sent stays");

    let out = desk
        .write("/api/Client", json!({ "id": id, "inactive": true }))
        .await
        .unwrap();
    assert_eq!(
        (&out["inactive"], &out["website"]),
        (&json!(true), &json!("acme.example"))
    );
    let outbox = halo.store.outbox("listener", 10).await.unwrap();
    let mut told: Vec<(&str, &str)> = outbox
        .iter()
        .map(|row| (row.kind.as_str(), row.what.as_str()))
        .collect();
    told.sort_unstable();
    assert_eq!(told, [("customer", "created"), ("user", "created")]);
    let filter = JournalFilter {
        limit: 4,
        ..JournalFilter::default()
    };
    for entry in halo.store.journal(&filter).await.unwrap() {
        assert_eq!(entry.cause, "desk over the records API");
        assert_eq!((entry.connection.as_str(), entry.run), ("", None));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn lists_are_paged_searched_and_narrowed() {
    let served = served().await;
    let desk = served.sign_in("all").await.unwrap();
    let clients: Vec<Value> = (1..=7)
        .map(|n| json!({ "name": format!("Client {n}") }))
        .collect();
    let (status, made) = desk.post("/api/Client", &json!(clients)).await.unwrap();
    assert_eq!(
        (status, made.as_array().unwrap().len()),
        (201, 7),
        "several come back as a list"
    );
    desk.write("/api/Client", json!({ "id": 7, "inactive": "true" }))
        .await
        .unwrap();

    let mut seen = Vec::new();
    for page in 1..=3 {
        let path =
            format!("/api/Client?pageinate=true&page_size=3&page_no={page}&includeinactive=True");
        let (count, rows) = list(&desk, &path, "clients").await;
        assert_eq!(count, 7);
        seen.extend(rows.iter().map(|row| row["id"].as_u64().unwrap()));
    }
    assert_eq!(seen, [1, 2, 3, 4, 5, 6, 7]);
    let beyond = "/api/Client?pageinate=true&page_size=3&page_no=9";
    assert_eq!(list(&desk, beyond, "clients").await, (6, vec![]));
    assert_eq!(
        list(&desk, "/api/client?count=2", "clients").await.1.len(),
        2
    );
    let (count, rows) = list(&desk, "/api/Client?search=client%204", "clients").await;
    assert_eq!((count, names(&rows)), (1, vec!["Client 4"]));
    let (_, rows) = list(
        &desk,
        "/api/Client?order=name&orderdesc=true&count=1",
        "clients",
    )
    .await;
    assert_eq!(names(&rows), ["Client 6"]);
    let (count, _) = list(
        &desk,
        "/api/Client?lastupdatefromdate=2999-01-01",
        "clients",
    )
    .await;
    assert_eq!(count, 0);
    assert!(rows[0].get("customfields").is_none() && rows[0].get("notes").is_none());

    for (client, name) in [(2, "Ada"), (3, "Bo")] {
        desk.write("/api/Users", json!({ "name": name, "site_id": client }))
            .await
            .unwrap();
    }
    let (count, rows) = list(&desk, "/api/Users?client_id=3", "users").await;
    assert_eq!((count, names(&rows)), (1, vec!["Bo"]));
    assert_eq!(rows[0]["client_name"], "Client 3");
    let (status, answer) = desk
        .get("/api/Client?page_no=x&pageinate=true")
        .await
        .unwrap();
    assert_eq!((status, answer["page_no"].is_string()), (400, true));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_quotation_has_its_lines_inside_and_an_opportunity_its_type() {
    let served = served().await;
    let desk = served.sign_in("all").await.unwrap();
    let opportunity = desk
        .write(
            "/api/Opportunities",
            json!({ "summary": "Pumps", "oppvalue": 1200.5 }),
        )
        .await
        .unwrap();
    assert_eq!(opportunity["is_opportunity"], true);
    assert_eq!(opportunity["oppvalue"], 1200.5);
    served
        .halo(&["create", "ticket-type", "name=Incident"])
        .await
        .unwrap();
    desk.write(
        "/api/Tickets",
        json!({ "summary": "Leak", "tickettype_id": 2 }),
    )
    .await
    .unwrap();
    assert_eq!(list(&desk, "/api/Tickets", "tickets").await.0, 2);
    assert_eq!(list(&desk, "/api/Opportunities", "tickets").await.0, 1);
    let (_, types) = desk.get("/api/TicketType").await.unwrap();
    assert_eq!(
        names(types.as_array().unwrap()),
        ["Opportunity", "Incident"]
    );

    let item = desk
        .write("/api/Item", json!({ "name": "Pump", "assetgroup_id": 1 }))
        .await
        .unwrap();
    let quotation = json!({ "title": "Offer", "ticket_id": opportunity["id"], "date": "2026-09-30T00:00:00Z",
        "lines": [
            { "name": "Fitting", "sort_seq": 2, "current_price": "20.00" },
            { "name": "Pump", "sort_seq": 1, "item_id": item["id"], "current_quantity": 3 },
        ] });
    let made = desk.write("/api/Quotation", quotation).await.unwrap();
    assert_eq!(
        (&made["date"], &made["ticket_name"]),
        (&json!("2026-09-30T00:00:00"), &json!("Pumps"))
    );
    assert_eq!(
        names(made["lines"].as_array().unwrap()),
        ["Pump", "Fitting"]
    );
    assert_eq!(made["lines"][0]["item_name"], "Pump");
    let (line, id) = (&made["lines"][1]["id"], &made["id"]);
    let change =
        json!({ "id": id, "lines": [{ "id": line, "current_price": 21 }, { "name": "Hose" }] });
    let changed = desk.write("/api/Quotation", change).await.unwrap();
    let lines = changed["lines"].as_array().unwrap();
    assert_eq!(names(lines), ["Pump", "Fitting", "Hose"]);
    assert_eq!(
        (&lines[1]["current_price"], &lines[1]["sort_seq"]),
        (&json!(21), &json!(2))
    );

    let other = json!([{ "title": "Other", "lines": [{ "id": line, "current_price": 1 }] }]);
    let told = refused(&desk, "/api/Quotation", other).await;
    assert_eq!(told[0].0, "[0].lines[0].id");
    assert!(told[0].1.contains("belongs elsewhere"), "{told:?}");
    let (_, plain) = desk.get(&format!("/api/Quotation/{id}")).await.unwrap();
    assert!(plain.get("lines").is_none(), "{plain}");
    let (_, rows) = list(&desk, "/api/Quotation?includelines=true", "quotes").await;
    assert_eq!(
        (rows.len(), rows[0]["lines"].as_array().unwrap().len()),
        (1, 3)
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_read_can_be_sent_back_and_changes_nothing() {
    let served = served().await;
    let halo = served.records().unwrap();
    for (name, type_name) in [
        ("CFOn", "checkbox"),
        ("CFDay", "date"),
        ("CFAt", "date-time"),
        ("CFSum", "decimal"),
    ] {
        halo.custom_field("customer", name, type_name)
            .await
            .unwrap();
    }
    halo.choice_field(
        "customer",
        "CFTags",
        "choices",
        &[("1", "Red, light"), ("2", "Blue")],
    )
    .await
    .unwrap();
    let desk = served.sign_in("all").await.unwrap();
    let client = json!({ "name": "Acme", "notes": "Long", "customfields": [
        { "name": "CFOn", "value": false }, { "name": "CFDay", "value": "2026-09-30" },
        { "name": "CFAt", "value": "2026-09-30T12:00:00.5Z" }, { "name": "CFSum", "value": "1.10" },
        { "name": "CFTags", "value": [2, "1"] },
    ] });
    desk.write("/api/Client", client).await.unwrap();
    desk.write(
        "/api/Site",
        json!({ "id": 1, "delivery_address": { "line1": "High Street 1" } }),
    )
    .await
    .unwrap();
    desk.write("/api/Users", json!({ "name": "Ada", "site_id": 1 }))
        .await
        .unwrap();
    desk.write(
        "/api/Item",
        json!({ "name": "Pump", "assetgroup_id": 1, "baseprice": 12.5 }),
    )
    .await
    .unwrap();
    let ticket = json!({ "summary": "Pumps", "user_id": 1, "startdate": "2026-09-30" });
    desk.write("/api/Opportunities", ticket).await.unwrap();
    let quotation = json!({ "title": "Offer", "lines": [{ "name": "Pump", "item_id": 1 }] });
    desk.write("/api/Quotation", quotation).await.unwrap();
    let before = halo.journal_length().await.unwrap();
    for path in [
        "Client",
        "Site",
        "Users",
        "Item",
        "Tickets",
        "Opportunities",
        "Quotation",
    ] {
        let (_, record) = desk
            .get(&format!("/api/{path}/1?includedetails=true"))
            .await
            .unwrap();
        let again = desk
            .write(&format!("/api/{path}"), record.clone())
            .await
            .unwrap();
        assert_eq!(again, record, "{path}");
    }
    let (_, client) = desk.get("/api/Client/1?includedetails=true").await.unwrap();
    let shown: Vec<&Value> = client["customfields"]
        .as_array()
        .unwrap()
        .iter()
        .map(|f| &f["display"])
        .collect();
    assert_eq!(
        shown,
        [
            "2026-09-30T12:00:00.5Z",
            "2026-09-30",
            "false",
            "1.1",
            "Red, light, Blue"
        ]
    );
    assert_eq!(halo.journal_length().await.unwrap(), before);
}

#[tokio::test(flavor = "multi_thread")]
async fn definitions_of_custom_fields_have_halos_numbers() {
    let served = served().await;
    let halo = served.records().unwrap();
    halo.choice_field("customer", "CFRegion", "choice", &[("1", "North")])
        .await
        .unwrap();
    halo.custom_field("user", "CFNote", "memo").await.unwrap();
    halo.custom_field("item", "CFSerial", "text").await.unwrap();
    let desk = served.sign_in("all").await.unwrap();
    let (_, all) = desk.get("/api/FieldInfo").await.unwrap();
    assert_eq!(names(all.as_array().unwrap()), ["CFRegion", "CFNote"]);
    let (_, of) = desk
        .get("/api/fieldinfo?typeid=2&includevalues=true")
        .await
        .unwrap();
    let field = &of.as_array().unwrap()[0];
    assert_eq!((&field["type"], &field["usage"]), (&json!(2), &json!(2)));
    assert_eq!(field["values"], json!([{ "id": 1, "name": "North" }]));
    let (_, one) = desk
        .get(&format!("/api/FieldInfo/{}", field["id"]))
        .await
        .unwrap();
    assert_eq!(&one, field);
    assert_eq!(desk.get("/api/FieldInfo/1").await.unwrap().0, 404);
}
