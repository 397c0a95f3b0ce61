//! Region, time zone and scopes of the account; the token endpoint's two bodies.

use std::time::Duration;

use serde_json::json;

use super::{Portal, unlimited};
use crate::hubspot_sim::SimOptions;
use crate::hubspot_sim::reply::Body;
use crate::hubspot_sim::request::Request;
use crate::hubspot_sim::route::resolve;

const COMPANIES: &str = "/crm/objects/2026-09/companies";

#[test]
fn an_account_in_europe_has_its_pages_tokens_and_time_there() {
    let mut portal = Portal::new(SimOptions {
        hublet: "eu1".to_owned(),
        time_zone: "Europe/Brussels".to_owned(),
        ..unlimited()
    });
    let (_, details) = portal.get("/account-info/2026-09/details");
    assert_eq!(details["uiDomain"], "app-eu1.hubspot.com");
    assert_eq!(details["dataHostingLocation"], "eu1");
    assert_eq!(details["timeZone"], "Europe/Brussels");
    // The clock of these tests stands in November, where there is no summer time.
    assert_eq!(details["utcOffset"], "+01:00");
    assert_eq!(details["utcOffsetMilliseconds"], 3_600_000);
    let token = &portal.0.identity.private_app_token;
    assert!(token.starts_with("pat-eu1-"), "{token}");
    let id = portal.company(json!({"name": "Kestrel"}));
    let (_, company) = portal.get(&format!("{COMPANIES}/{id}"));
    assert_eq!(
        company["url"],
        format!("https://app-eu1.hubspot.com/contacts/44237313/record/0-2/{id}")
    );
}

#[test]
fn an_account_is_in_north_america_unless_asked_for_elsewhere() {
    let mut portal = Portal::new(unlimited());
    let (_, details) = portal.get("/account-info/v3/details");
    assert_eq!(details["uiDomain"], "app.hubspot.com");
    assert_eq!(details["dataHostingLocation"], "na1");
    assert_eq!(details["timeZone"], "US/Eastern");
    // 2026-11-01T00:00Z is six hours before summer time ends there.
    assert_eq!(details["utcOffset"], "-04:00");
    portal.0.clock.advance(Duration::from_secs(12 * 3600));
    let (_, details) = portal.get("/account-info/v3/details");
    assert_eq!(details["utcOffset"], "-05:00");
}

#[test]
fn daily_usage_counts_calls_until_midnight_of_the_account() {
    let mut portal = Portal::new(SimOptions::default());
    for _ in 0..3 {
        portal.get(COMPANIES);
    }
    let (status, usage) = portal.get("/account-info/2026-03/api-usage/daily/private-apps");
    assert_eq!(status, 200);
    let row = &usage["results"][0];
    assert_eq!(
        (&row["currentUsage"], &row["usageLimit"]),
        (&json!(4), &json!(625_000))
    );
    assert_eq!(row["resetsAt"], "2026-11-01T04:00:00.000Z");
}

#[test]
fn a_scope_that_is_taken_away_is_missing_at_once_and_can_be_given_back() {
    let mut portal = Portal::new(SimOptions {
        without_scopes: vec!["crm.objects.companies.read".to_owned()],
        ..unlimited()
    });
    let (status, body) = portal.get(COMPANIES);
    assert_eq!((status, &body["category"]), (403, &json!("MISSING_SCOPES")));
    assert_eq!(
        body["context"]["requiredGranularScopes"],
        json!(["crm.objects.companies.read"])
    );
    assert_eq!(portal.get("/crm/objects/2026-09/contacts").0, 200);
    portal.0.options.without_scopes.clear();
    assert_eq!(portal.get(COMPANIES).0, 200);
}

#[test]
fn the_token_endpoint_takes_a_form_and_the_json_of_hubspots_sdk() {
    let mut portal = Portal::new(unlimited());
    let mut ask = |content_type: &str, body: String| {
        let path = "/oauth/2026-03/token";
        let request = Request {
            method: "POST".to_owned(),
            path: path.to_owned(),
            content_type: content_type.to_owned(),
            body: body.into_bytes(),
            ..Request::default()
        };
        let reply = portal.0.answer(&request, resolve("POST", path).as_ref());
        let Body::Json(body) = reply.body else {
            panic!("no JSON")
        };
        body["status"].clone()
    };
    let form = "application/x-www-form-urlencoded";
    assert_eq!(ask(form, "client_id=x".to_owned()), "BAD_CLIENT_ID");
    let (id, secret) = {
        let identity = Portal::new(unlimited()).0.identity;
        (identity.client_id, identity.client_secret)
    };
    let fields = json!({
        "client_id": id, "client_secret": secret, "grant_type": "refresh_token",
        "refresh_token": "unknown",
    });
    let json = "application/json";
    assert_eq!(ask(json, fields.to_string()), "BAD_REFRESH_TOKEN");
    assert_eq!(ask(form, fields.to_string()), "BAD_CLIENT_ID");
    assert_eq!(ask(json, "no json".to_owned()), "BAD_CLIENT_ID");
}

#[test]
fn an_answer_has_one_date() {
    let mut portal = Portal::new(unlimited());
    let mut reply = portal.reply("GET", COMPANIES, "");
    portal.0.stamp(&mut reply);
    let dates = reply.headers.iter().filter(|(name, _)| *name == "date");
    assert_eq!(dates.count(), 1);
}

#[test]
fn an_update_answers_no_property_without_a_value() {
    let mut portal = Portal::new(unlimited());
    let id = portal.company(json!({"name": "Kestrel"}));
    let (_, body) = portal.call(
        "PATCH",
        &format!("{COMPANIES}/{id}"),
        json!({"properties": {"city": "Ghent"}}),
    );
    let properties = body["properties"].as_object().unwrap();
    assert!(
        !properties.values().any(serde_json::Value::is_null),
        "{body}"
    );
    assert_eq!(properties["city"], "Ghent");
}
