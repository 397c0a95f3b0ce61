//! Deals to tickets (S50 to S56, S61).

use halo_tests::hubspot_sim::PipelineEdit;
use halo_tests::kit::{NAME, Workshop};
use serde_json::{Value, json};

use crate::shop::{counts, empty, note, reason};

mod directions;
mod gone;
mod order;

async fn one(shop: &Workshop, arguments: &[&str]) -> Value {
    shop.result(arguments).await.unwrap().remove(0)
}

/// An import that nobody has looked at.
async fn import(shop: &Workshop) -> Value {
    one(shop, &["import", NAME, "deals"]).await
}

async fn preview(shop: &Workshop) -> Value {
    one(shop, &["preview", NAME, "deals"]).await
}

/// A preview, and the import that confirms it.
async fn confirmed(shop: &Workshop) -> Value {
    let run = preview(shop).await["summary"]["run"].to_string();
    one(shop, &["import", NAME, "deals", "--preview", &run]).await
}

async fn select(shop: &Workshop, ids: &[&str]) -> Value {
    let ids = ids.join(",");
    one(shop, &["import", NAME, "deals", "--select", &ids]).await
}

/// Settings with these members of `deals` beside the ticket type.
fn apply(shop: &Workshop, deals: Value) {
    let mut settings = shop.settings(json!({}));
    for (name, value) in deals.as_object().unwrap() {
        settings["deals"][name] = value.clone();
    }
    shop.write("settings.json", &settings.to_string()).unwrap();
}

/// A deal in a stage of the default pipeline.
fn deal(shop: &Workshop, name: &str, stage: &str) -> String {
    let properties = [("dealname", name), ("dealstage", stage)];
    shop.sim.create("deals", properties).unwrap()
}

fn edit(shop: &Workshop, deal: &str, property: &str, value: &str) {
    shop.sim.edit("deals", deal, [(property, value)]).unwrap();
}

async fn ticket(shop: &Workshop, deal: &str) -> Option<u64> {
    let halo = shop.records().unwrap();
    halo.linked("ticket", deal).await.unwrap()
}

/// A field of a deal's ticket.
async fn field(shop: &Workshop, deal: &str, name: &str) -> String {
    let ticket = ticket(shop, deal).await.unwrap();
    let halo = shop.records().unwrap();
    halo.field("ticket", ticket, name).await.unwrap()
}

/// The record that a field of a deal's ticket names.
async fn record(shop: &Workshop, deal: &str, name: &str) -> Option<u64> {
    let shown = field(shop, deal, name).await;
    shown.rsplit([' ', ':']).next().unwrap().parse().ok()
}

async fn tickets(shop: &Workshop) -> usize {
    shop.records().unwrap().all("ticket").await.unwrap().len()
}

/// The row of a deal in a preview.
fn row<'a>(document: &'a Value, deal: &str) -> &'a Value {
    let rows = document["rows"].as_array().unwrap();
    let row = rows.iter().find(|row| row["key"] == deal);
    row.unwrap_or_else(|| panic!("{deal} is not among {rows:?}"))
}

/// The code of the reason why a row was not imported.
fn code<'a>(document: &'a Value, deal: &str) -> &'a str {
    let rows = document["not-imported"].as_array().unwrap();
    let row = rows.iter().find(|row| row["key"] == deal);
    row.unwrap_or_else(|| panic!("{deal} is not among {rows:?}"))["reason"]["code"]
        .as_str()
        .unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn s50_without_a_ticket_type_check_and_import_refuse_and_with_it_every_ticket_has_it() {
    let shop = empty().await;
    let fleet = deal(&shop, "Fleet", "qualifiedtobuy");
    let mut settings = shop.settings(json!({}));
    settings["deals"] = json!({ "create": true });
    shop.write("settings.json", &settings.to_string()).unwrap();
    for arguments in [
        ["--json", "check", NAME].as_slice(),
        &["--json", "import", NAME, "deals"],
    ] {
        let refused = shop.halo(arguments).await.unwrap();
        assert_eq!(refused.code, Some(3), "{refused:?}");
        let told = format!("{}{}", refused.stdout, refused.stderr);
        assert!(told.contains("ticket-type"), "{told}");
    }
    assert_eq!(tickets(&shop).await, 0);
    let halo = shop.records().unwrap();
    let project = [("name", "Project")];
    let project = halo.add("ticket-type", &project).await.unwrap();
    apply(&shop, json!({ "ticket-type": project }));
    assert_eq!(counts(&confirmed(&shop).await), "created 1");
    assert_eq!(record(&shop, &fleet, "tickettype_id").await, Some(project));
    // One that Halo does not have.
    apply(&shop, json!({ "ticket-type": 999 }));
    let checked = shop.halo(&["--json", "check", NAME]).await.unwrap();
    assert_eq!(checked.code, Some(3), "{checked:?}");
    assert!(checked.stdout.contains("/deals/ticket-type"), "{checked:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn s51_name_amount_close_date_stage_owner_and_a_custom_field_arrive_with_their_types() {
    let shop = empty().await;
    let halo = shop.records().unwrap();
    halo.custom_field("ticket", "CFVisited", "checkbox")
        .await
        .unwrap();
    let status = halo.add("status", &[("name", "Talking")]).await.unwrap();
    let agent = halo.add("agent", &[("name", "Ada")]).await.unwrap();
    let owner = shop
        .sim
        .add_owner("Ada", "Byron", "ada@example.com")
        .unwrap();
    let stranger = shop.sim.add_owner("Bo", "Li", "bo@example.com").unwrap();
    apply(
        &shop,
        json!({
            "stages": [{ "pipeline": "default", "stage": "qualifiedtobuy", "status": status }],
            "owners": [{ "owner": owner, "agent": agent }],
            "fields": [{ "property": "has_site_visit", "field": "CFVisited" }],
        }),
    );
    let fleet = deal(&shop, "Fleet", "qualifiedtobuy");
    for (property, value) in [
        ("amount", "12345678901234.50"),
        // In the account's own time zone this is still the day before.
        ("closedate", "2026-10-01T01:30:00Z"),
        ("hubspot_owner_id", owner.as_str()),
        ("has_site_visit", "true"),
    ] {
        edit(&shop, &fleet, property, value);
    }
    let unmapped = deal(&shop, "Unmapped stage", "contractsent");
    let strange = deal(&shop, "Unmapped owner", "qualifiedtobuy");
    edit(&shop, &strange, "hubspot_owner_id", &stranger);
    let document = confirmed(&shop).await;
    assert_eq!(counts(&document), "created 3");
    assert!(
        note(&document, &unmapped).contains("(default/contractsent)"),
        "{document}"
    );
    assert!(note(&document, &strange).contains("unmapped-owners"));
    for (name, value) in [
        ("summary", "Fleet"),
        ("oppvalue", "12345678901234.50"),
        ("targetdate", "2026-09-30"),
        ("CFVisited", "true"),
    ] {
        assert_eq!(field(&shop, &fleet, name).await, value, "{name}");
    }
    assert_eq!(record(&shop, &fleet, "status_id").await, Some(status));
    assert_eq!(record(&shop, &fleet, "agent_id").await, Some(agent));
    // By setting, what is not mapped is left alone, or has a default.
    let mut settings = json!({
        "stages": [{ "pipeline": "default", "stage": "qualifiedtobuy", "status": status }],
        "owners": [{ "owner": owner, "agent": agent }],
        "unmapped-stages": "keep",
        "default-agent": agent,
    });
    apply(&shop, settings.clone());
    assert_eq!(counts(&confirmed(&shop).await), "updated 1, unchanged 2");
    assert_eq!(field(&shop, &unmapped, "status_id").await, "");
    assert_eq!(record(&shop, &strange, "agent_id").await, Some(agent));
    // What the account or Halo does not have is named with its place.
    shop.sim.set_owner_archived(&owner, true).unwrap();
    settings["stages"] = json!([
        { "pipeline": "default", "stage": "Qualified To Buy", "status": status },
        { "pipeline": "nowhere", "stage": "qualifiedtobuy", "status": 999 },
    ]);
    apply(&shop, settings);
    let checked = shop
        .halo(&["--json", "check", NAME, "--online"])
        .await
        .unwrap();
    assert_eq!(checked.code, Some(3), "{checked:?}");
    for told in [
        "/deals/stages/0/stage",
        "/deals/stages/1/pipeline",
        "/deals/stages/1/status",
        "Ada Byron has left",
    ] {
        assert!(checked.stdout.contains(told), "{told}: {checked:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn s53_a_preview_lists_every_deal_and_its_import_does_just_that() {
    let shop = empty().await;
    let fleet = deal(&shop, "Fleet", "qualifiedtobuy");
    let won = deal(&shop, "Won", "closedwon");
    let followed = deal(&shop, "Followed", "qualifiedtobuy");
    select(&shop, &[&followed]).await;
    edit(&shop, &followed, "amount", "7");
    // An import that nobody has looked at passes it over, and it does not change any
    // more; the preview shows it all the same.
    assert_eq!(counts(&import(&shop).await), "updated 1, skipped 2");
    edit(&shop, &followed, "amount", "8");
    let contents = shop.records().unwrap().journal_length().await.unwrap();
    shop.sim.reset_stats();
    let shown = preview(&shop).await;
    assert_eq!(counts(&shown), "created 1, updated 1, skipped 1");
    assert_eq!(row(&shown, &won)["reason"]["code"], "closed");
    assert_eq!(row(&shown, &fleet)["effect"], "created", "{shown}");
    assert_eq!(shop.sim.stats().writes, 0);
    assert_eq!(tickets(&shop).await, 1);
    assert_eq!(
        shop.records().unwrap().journal_length().await.unwrap(),
        contents
    );
    let run = shown["summary"]["run"].to_string();
    let done = one(&shop, &["import", NAME, "deals", "--preview", &run]).await;
    assert_eq!(counts(&done), counts(&shown));
    assert_eq!(done["deviations"], json!([]));
    assert_eq!(field(&shop, &fleet, "summary").await, "Fleet");
    assert_eq!(field(&shop, &followed, "oppvalue").await, "8");
}

#[tokio::test(flavor = "multi_thread")]
async fn s54_only_open_deals_become_tickets_by_the_stages_own_flag_in_every_pipeline() {
    let shop = empty().await;
    // Names that say the opposite of the flag.
    let pipeline = shop.sim.add_pipeline("Partners").unwrap();
    let open = shop
        .sim
        .add_stage(&pipeline, "Closed Won", "0.5", false)
        .unwrap();
    let closed = shop.sim.add_stage(&pipeline, "Open", "0.0", true).unwrap();
    let partner = |name: &str, stage: &str| {
        let properties = [
            ("dealname", name),
            ("pipeline", &*pipeline),
            ("dealstage", stage),
        ];
        shop.sim.create("deals", properties).unwrap()
    };
    let (ours, done) = (partner("Ours", &open), partner("Done", &closed));
    let fleet = deal(&shop, "Fleet", "contractsent");
    let won = deal(&shop, "Won", "closedwon");
    let lost = deal(&shop, "Lost", "closedlost");
    let document = confirmed(&shop).await;
    assert_eq!(counts(&document), "created 2, skipped 3");
    for closed in [&done, &won, &lost] {
        assert_eq!(code(&document, closed), "closed");
        // Nor when it is chosen (A14).
        assert_eq!(counts(&select(&shop, &[closed]).await), "skipped 1");
    }
    assert!(ticket(&shop, &ours).await.is_some());
    assert!(ticket(&shop, &fleet).await.is_some());
    assert_eq!(tickets(&shop).await, 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn s55_three_of_ten_are_chosen_and_just_those_are_in_halo() {
    let shop = empty().await;
    let owner = shop
        .sim
        .add_owner("Ada", "Byron", "ada@example.com")
        .unwrap();
    let deals: Vec<String> = (0..10)
        .map(|number| deal(&shop, &format!("Deal {number}"), "qualifiedtobuy"))
        .collect();
    for (property, value) in [
        ("amount", "250"),
        ("hubspot_owner_id", &owner),
        ("closedate", "2026-09-30T12:00:00Z"),
    ] {
        edit(&shop, &deals[4], property, value);
    }
    // By what people choose.
    let shown = preview(&shop).await;
    let facets = &row(&shown, &deals[4])["facets"];
    for (name, value) in [
        ("pipeline", "Sales Pipeline"),
        ("stage", "Qualified To Buy"),
        ("owner", "Ada Byron"),
        ("amount", "250"),
        ("close-date", "2026-09-30"),
    ] {
        let facets = facets.as_array().unwrap();
        assert!(facets.contains(&json!([name, value])), "{facets:?}");
    }
    // The same conditions choose in a preview and of it.
    let narrow = ["--where", "amount>=200", "--where", "stage~qualified"];
    let mut arguments = vec!["preview", NAME, "deals"];
    arguments.extend(narrow);
    let found = one(&shop, &arguments).await;
    assert_eq!(found["rows"].as_array().unwrap().len(), 1, "{found}");
    let run = found["summary"]["run"].to_string();
    let mut arguments = vec!["import", NAME, "deals", "--preview", &run];
    arguments.extend(narrow);
    assert_eq!(counts(&one(&shop, &arguments).await), "created 1");
    assert!(ticket(&shop, &deals[4]).await.is_some());
    let none = ["import", NAME, "deals", "--preview", &run];
    let mut none = none.to_vec();
    none.extend(["--where", "close-date>=2026-10-01"]);
    let refused = shop.halo(&none).await.unwrap();
    assert_eq!(refused.code, Some(1), "{refused:?}");
    let chosen = [&*deals[1], &*deals[4], &*deals[8]];
    assert_eq!(
        counts(&select(&shop, &chosen).await),
        "created 2, unchanged 1"
    );
    for deal in &deals {
        let is_chosen = chosen.contains(&deal.as_str());
        assert_eq!(ticket(&shop, deal).await.is_some(), is_chosen, "{deal}");
    }
    assert_eq!(tickets(&shop).await, 3);
}

#[tokio::test(flavor = "multi_thread")]
async fn s56_a_deal_that_nobody_has_chosen_stays_out_when_it_changes_and_may_be_chosen_later() {
    let shop = empty().await;
    let old = deal(&shop, "Old", "qualifiedtobuy");
    let chosen = deal(&shop, "Chosen", "qualifiedtobuy");
    select(&shop, &[&chosen]).await;
    let document = import(&shop).await;
    assert_eq!(counts(&document), "unchanged 1, skipped 1");
    assert_eq!(code(&document, &old), "not-selected");
    for property in ["amount", "closedate"] {
        edit(&shop, &old, property, "1767225600000");
        let document = import(&shop).await;
        assert_eq!(code(&document, &old), "not-selected");
    }
    // Nor in an import of everything.
    let document = one(&shop, &["import", NAME, "deals", "--full"]).await;
    assert_eq!(code(&document, &old), "not-selected");
    assert_eq!(tickets(&shop).await, 1);
    assert_eq!(counts(&select(&shop, &[&old]).await), "created 1");
    // With the setting, new open deals come by themselves (A17).
    deal(&shop, "New", "qualifiedtobuy");
    deal(&shop, "New and lost", "closedlost");
    apply(&shop, json!({ "create": true }));
    assert_eq!(
        counts(&import(&shop).await),
        "created 1, unchanged 2, skipped 1"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn s61_an_imported_deal_that_is_won_is_followed_and_so_is_one_that_opens_again() {
    let shop = empty().await;
    let halo = shop.records().unwrap();
    let status = async |name: &str| halo.add("status", &[("name", name)]).await.unwrap();
    let (talking, sold) = (status("Talking").await, status("Sold").await);
    apply(
        &shop,
        json!({ "stages": [
            { "pipeline": "default", "stage": "qualifiedtobuy", "status": talking },
            { "pipeline": "default", "stage": "closedwon", "status": sold },
        ] }),
    );
    let fleet = deal(&shop, "Fleet", "qualifiedtobuy");
    select(&shop, &[&fleet]).await;
    assert_eq!(record(&shop, &fleet, "status_id").await, Some(talking));
    assert_eq!(field(&shop, &fleet, "hasbeenclosed").await, "");
    edit(&shop, &fleet, "dealstage", "closedwon");
    edit(&shop, &fleet, "closedate", "2026-09-30T12:00:00Z");
    edit(&shop, &fleet, "amount", "990");
    assert_eq!(counts(&import(&shop).await), "updated 1");
    assert_eq!(record(&shop, &fleet, "status_id").await, Some(sold));
    for (name, value) in [
        ("hasbeenclosed", "true"),
        ("dateclosed", "2026-09-30T12:00:00Z"),
        ("oppvalue", "990"),
    ] {
        assert_eq!(field(&shop, &fleet, name).await, value, "{name}");
    }
    assert_eq!(counts(&import(&shop).await), "unchanged 1");
    edit(&shop, &fleet, "dealstage", "qualifiedtobuy");
    assert_eq!(counts(&import(&shop).await), "updated 1");
    assert_eq!(record(&shop, &fleet, "status_id").await, Some(talking));
    assert_eq!(field(&shop, &fleet, "hasbeenclosed").await, "");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_ticket_belongs_to_the_customer_of_the_deals_company_and_to_the_user_of_its_contact() {
    let shop = empty().await;
    let acme = shop.sim.create_company([("name", "Acme")]).unwrap();
    let ada = [("email", "ada@acme.example"), ("firstname", "Ada")];
    let ada = shop.sim.create("contacts", ada).unwrap();
    let link = |from, to| shop.sim.link(from, to, true).unwrap();
    link(("contacts", &*ada), ("companies", &*acme));
    let fleet = deal(&shop, "Fleet", "qualifiedtobuy");
    link(("deals", &*fleet), ("companies", &*acme));
    shop.sim
        .link(("deals", &fleet), ("contacts", &ada), false)
        .unwrap();
    // Neither is in Halo yet: a prospect.
    assert_eq!(counts(&confirmed(&shop).await), "created 1");
    for (name, value) in [
        ("client_id", ""),
        ("oppcompanyname", "Acme"),
        ("oppcontactname", "Ada"),
        ("oppemailaddress", "ada@acme.example"),
    ] {
        assert_eq!(field(&shop, &fleet, name).await, value, "{name}");
    }
    // Both arrive; the deal itself has not changed.
    for entity in ["companies", "contacts"] {
        one(&shop, &["import", NAME, entity]).await;
    }
    assert_eq!(counts(&import(&shop).await), "updated 1");
    let halo = shop.records().unwrap();
    for (name, kind, id) in [
        ("client_id", "customer", &acme),
        ("site_id", "site", &acme),
        ("user_id", "user", &ada),
    ] {
        let expected = halo.linked(kind, id).await.unwrap();
        assert!(expected.is_some());
        assert_eq!(record(&shop, &fleet, name).await, expected, "{name}");
    }
    // It is no prospect any more.
    for name in ["oppcompanyname", "oppcontactname", "oppemailaddress"] {
        assert_eq!(field(&shop, &fleet, name).await, "", "{name}");
    }
    // Selected by id, associations do not come along: the same.
    let next = deal(&shop, "Next", "qualifiedtobuy");
    link(("deals", &*next), ("companies", &*acme));
    select(&shop, &[&next]).await;
    let customer = halo.linked("customer", &acme).await.unwrap();
    assert_eq!(record(&shop, &next, "client_id").await, customer);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_deal_in_a_stage_or_pipeline_that_is_gone_stops_with_the_reason_and_no_other() {
    let shop = empty().await;
    let pipeline = shop.sim.add_pipeline("Partners").unwrap();
    let stage = shop.sim.add_stage(&pipeline, "New", "0.5", false).unwrap();
    let partner = [
        ("dealname", "Partner"),
        ("pipeline", &*pipeline),
        ("dealstage", &*stage),
    ];
    let partner = shop.sim.create("deals", partner).unwrap();
    let lost = deal(&shop, "Lost stage", "contractsent");
    let fleet = deal(&shop, "Fleet", "qualifiedtobuy");
    let gone = |id: &str| PipelineEdit {
        id: Some(id.to_owned()),
        archived: Some(true),
        ..PipelineEdit::default()
    };
    shop.sim.edit_pipeline(&gone(&pipeline)).unwrap();
    shop.sim
        .edit_stage("default", &gone("contractsent"))
        .unwrap();
    let document = confirmed(&shop).await;
    assert_eq!(counts(&document), "created 1, failed 2");
    assert!(ticket(&shop, &fleet).await.is_some());
    for deal in [&partner, &lost] {
        assert_eq!(code(&document, deal), "unknown-stage");
        assert!(reason(&document, deal).contains("Move the deal"));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_amount_in_another_currency_keeps_it_and_an_option_without_a_choice_stops_its_field_only()
 {
    let shop = empty().await;
    let halo = shop.records().unwrap();
    halo.choice_field(
        "ticket",
        "CFPriority",
        "choice",
        &[("1", "Low"), ("2", "High")],
    )
    .await
    .unwrap();
    apply(
        &shop,
        json!({ "fields": [{ "property": "hs_priority", "field": "CFPriority" }] }),
    );
    let pounds = deal(&shop, "Pounds", "qualifiedtobuy");
    for (property, value) in [
        ("amount", "99.90"),
        ("deal_currency_code", "GBP"),
        ("hs_priority", "high"),
    ] {
        edit(&shop, &pounds, property, value);
    }
    let medium = deal(&shop, "Medium", "qualifiedtobuy");
    edit(&shop, &medium, "hs_priority", "medium");
    let document = confirmed(&shop).await;
    assert_eq!(counts(&document), "created 2");
    assert!(note(&document, &medium).contains("hs_priority"));
    for (name, value) in [("oppvalue", "99.90"), ("currency", "GBP")] {
        assert_eq!(field(&shop, &pounds, name).await, value);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn few_calls_for_a_thousand_deals_and_one_search_without_a_change() {
    let options = halo_tests::hubspot_sim::SimOptions {
        companies: 100,
        contacts: 200,
        deals: 1_000,
        limit_per_10s: None,
        search_limit_per_second: None,
        ..Default::default()
    };
    let shop = Workshop::open(crate::shop::program(), options)
        .await
        .unwrap();
    shop.connect().await.unwrap();
    for entity in ["companies", "contacts"] {
        one(&shop, &["import", NAME, entity]).await;
    }
    shop.sim.reset_stats();
    let document = confirmed(&shop).await;
    let read = document["summary"]["counts"]["read"].as_u64();
    assert_eq!(read, Some(1_000));
    let stats = shop.sim.stats();
    // Preview and import, each 10 pages, and what both look up for a page.
    assert_eq!(
        stats.calls_of("GET", "objects/{version}/deals"),
        20,
        "{stats:?}"
    );
    assert!(stats.calls <= 20 + 20 + 10, "{stats:?}");
    let open = shop
        .sim
        .snapshot("deals")
        .unwrap()
        .iter()
        .filter(|deal| deal["properties"]["hs_is_closed"] == "false")
        .count();
    assert_eq!(tickets(&shop).await, open);
    let journal = shop.records().unwrap().journal_length().await.unwrap();
    shop.sim.reset_stats();
    import(&shop).await;
    assert_eq!(
        shop.records().unwrap().journal_length().await.unwrap(),
        journal
    );
    assert!(shop.sim.stats().calls <= 6, "{:?}", shop.sim.stats());
}

#[tokio::test(flavor = "multi_thread")]
async fn s51_pipelines_stages_and_owners_are_offered_by_label() {
    let shop = empty().await;
    for (what, label) in [
        ("deal-pipelines", "Sales Pipeline"),
        ("deal-stages", "(Sales Pipeline)"),
        ("owners", "@"),
    ] {
        let document = shop
            .result(&["choices", NAME, what])
            .await
            .unwrap()
            .remove(0);
        let choices = document["choices"].as_array().unwrap();
        assert!(!choices.is_empty(), "{what}");
        let labels = choices.iter().filter_map(|choice| choice["label"].as_str());
        let labels: Vec<&str> = labels.collect();
        let is_there = label == "@" || labels.iter().any(|known| known.contains(label));
        assert!(is_there, "{what}: {labels:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a14_a_closed_deal_is_never_made_and_one_that_opens_again_waits_for_somebody() {
    let shop = empty().await;
    let won = deal(&shop, "Won", "closedwon");
    let arguments = ["import", NAME, "deals", "--select", won.as_str()];
    assert_eq!(code(&one(&shop, &arguments).await, &won), "closed");
    assert_eq!(code(&confirmed(&shop).await, &won), "closed");
    edit(&shop, &won, "dealstage", "qualifiedtobuy");
    assert_eq!(code(&import(&shop).await, &won), "not-selected");
    assert_eq!(tickets(&shop).await, 0);
    // By hand it always goes.
    assert_eq!(counts(&select(&shop, &[&won]).await), "created 1");
    assert!(ticket(&shop, &won).await.is_some());
}
