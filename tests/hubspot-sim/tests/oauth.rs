//! Consent, codes, tokens.

use std::time::Duration;

use serde_json::{Value, json};

use super::{Portal, unlimited};
use crate::hubspot_sim::reply::Body;
use crate::hubspot_sim::request::{Request, pairs};
use crate::hubspot_sim::route::resolve;

/// A token endpoint call.
fn token(portal: &mut Portal, version: &str, fields: &[(&str, &str)]) -> (u16, Value) {
    let (id, secret) = (
        portal.0.identity.client_id.clone(),
        portal.0.identity.client_secret.clone(),
    );
    let mut form = format!("client_id={id}&client_secret={secret}");
    for (key, value) in fields {
        form.push_str(&format!("&{key}={value}"));
    }
    let reply = portal.reply("POST", &format!("/oauth/{version}/token"), &form);
    let Body::Json(body) = reply.body else {
        panic!("no JSON")
    };
    (reply.status, body)
}

fn code(portal: &mut Portal, extra: &str) -> String {
    let target = format!(
        "/oauth/authorize?client_id={}&redirect_uri=http://127.0.0.1:9/cb&scope=crm.objects.companies.read&state=a%20b{extra}",
        portal.0.identity.client_id
    );
    let reply = portal.reply("GET", &target, "");
    let location = reply
        .headers
        .iter()
        .find(|(name, _)| *name == "location")
        .unwrap()
        .1
        .clone();
    assert!(
        location.starts_with("http://127.0.0.1:9/cb?code=") && location.ends_with("&state=a%20b"),
        "{location}"
    );
    location
        .split("code=")
        .nth(1)
        .unwrap()
        .split('&')
        .next()
        .unwrap()
        .to_owned()
}

#[test]
fn a_code_is_exchanged_once_with_its_pkce_verifier() {
    let mut portal = Portal::new(unlimited());
    // The example of RFC 7636, appendix B.
    let pkce =
        "&code_challenge=E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM&code_challenge_method=S256";
    let exchange = |portal: &mut Portal, code: &str, verifier: &str, redirect: &str| {
        token(
            portal,
            "2026-09",
            &[
                ("grant_type", "authorization_code"),
                ("code", code),
                ("redirect_uri", redirect),
                ("code_verifier", verifier),
            ],
        )
    };
    let verifier = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
    let first = code(&mut portal, pkce);
    assert_eq!(
        exchange(&mut portal, &first, "wrong", "http://127.0.0.1:9/cb").1["status"],
        "BAD_CODE_VERIFIER"
    );
    assert_eq!(
        exchange(&mut portal, &first, verifier, "http://127.0.0.1:9/cb").1["status"],
        "BAD_AUTH_CODE"
    );
    let second = code(&mut portal, pkce);
    assert_eq!(
        exchange(&mut portal, &second, verifier, "http://other/cb").1["status"],
        "BAD_REDIRECT_URI"
    );
    let third = code(&mut portal, pkce);
    let (status, body) = exchange(&mut portal, &third, verifier, "http://127.0.0.1:9/cb");
    assert_eq!(
        (status, &body["expires_in"], &body["hub_id"]),
        (200, &json!(1800), &json!(44_237_313))
    );
    let late = code(&mut portal, pkce);
    portal.0.clock.advance(Duration::from_secs(61));
    assert_eq!(
        exchange(&mut portal, &late, verifier, "http://127.0.0.1:9/cb").1["status"],
        "BAD_AUTH_CODE"
    );
}

#[test]
fn access_tokens_run_out_and_refresh_until_revoked() {
    let mut portal = Portal::new(unlimited());
    let code = code(&mut portal, "");
    let fields = [
        ("grant_type", "authorization_code"),
        ("code", code.as_str()),
        ("redirect_uri", "http://127.0.0.1:9/cb"),
    ];
    let (_, v1) = token(&mut portal, "v1", &fields);
    assert!(v1["hub_id"].is_null() && v1["scopes"].is_null());
    let access = v1["access_token"].as_str().unwrap().to_owned();
    let refresh = v1["refresh_token"].as_str().unwrap().to_owned();
    let ask = |portal: &mut Portal, bearer: Option<&str>, path: &str| {
        let request = Request {
            method: "GET".into(),
            path: path.into(),
            bearer: bearer.map(str::to_owned),
            ..Request::default()
        };
        let reply = portal.0.answer(&request, resolve("GET", path).as_ref());
        let category = match &reply.body {
            Body::Json(body) => body["category"].as_str().unwrap_or_default().to_owned(),
            _ => String::new(),
        };
        (reply.status, category)
    };
    let companies = "/crm/objects/2026-09/companies";
    assert_eq!(ask(&mut portal, Some(&access), companies).0, 200);
    assert_eq!(
        ask(&mut portal, Some(&access), "/crm/objects/2026-09/contacts"),
        (403, "MISSING_SCOPES".to_owned())
    );
    assert_eq!(
        ask(&mut portal, Some("nonsense"), companies),
        (401, "INVALID_AUTHENTICATION".to_owned())
    );
    assert_eq!(
        ask(&mut portal, None, companies),
        (401, "INVALID_AUTHENTICATION".to_owned())
    );
    portal.0.clock.advance(Duration::from_secs(1800));
    assert_eq!(
        ask(&mut portal, Some(&access), companies),
        (401, "EXPIRED_AUTHENTICATION".to_owned())
    );
    let again = [
        ("grant_type", "refresh_token"),
        ("refresh_token", refresh.as_str()),
    ];
    let (status, body) = token(&mut portal, "2026-09", &again);
    assert_eq!((status, &body["refresh_token"]), (200, &json!(refresh)));
    let access = body["access_token"].as_str().unwrap().to_owned();
    portal.0.end_tokens(false, true);
    assert_eq!(
        token(&mut portal, "2026-09", &again).1["status"],
        "BAD_REFRESH_TOKEN"
    );
    assert_eq!(
        ask(&mut portal, Some(&access), companies).0,
        200,
        "revoking leaves issued access tokens alone"
    );
    portal.0.uninstall();
    assert_eq!(ask(&mut portal, Some(&access), companies).0, 401);
}

#[test]
fn a_browser_is_asked_and_may_deny() {
    let mut portal = Portal::new(unlimited());
    let query = format!(
        "client_id={}&redirect_uri=http://127.0.0.1:9/cb&scope=a&state=s%22x",
        portal.0.identity.client_id
    );
    let mut request = Request {
        path: "/oauth/authorize".into(),
        query: pairs(&query),
        accept: "text/html,*/*".into(),
        ..Request::default()
    };
    let Body::Html(page) = portal.0.authorize(&request).body else {
        panic!("no page")
    };
    assert!(
        page.contains("&amp;decision=allow")
            && page.contains("&amp;decision=deny")
            && !page.contains("s\"x")
    );
    request.query.push(("decision".into(), "deny".into()));
    let reply = portal.0.authorize(&request);
    assert!(
        reply.headers[0]
            .1
            .contains("error=access_denied&error_description=")
            && reply.headers[0].1.ends_with("&state=s%22x")
    );
    request.query[0].1 = "unknown".into();
    assert_eq!(portal.0.authorize(&request).status, 400);
}
