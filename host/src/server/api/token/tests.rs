use axum::http::HeaderValue;

use super::*;

const NOW: Timestamp = 1_790_000_000_000;

fn applications(secret: &str) -> Applications {
    let application = |name: &str, id: &str, secret: &str| Application {
        name: name.to_owned(),
        credentials: digest(id, secret),
    };
    Applications(vec![
        application("desk", "id-1", secret),
        application("other", "id-2", "another secret"),
    ])
}

fn sealer() -> Sealer {
    let folder = tempfile::tempdir().unwrap();
    Sealer::open(&folder.path().join("key")).unwrap()
}

fn asked(id: &str, secret: &str, scope: &str) -> Asked {
    Asked {
        grant_type: "client_credentials".to_owned(),
        client_id: id.to_owned(),
        client_secret: secret.to_owned(),
        scope: scope.to_owned(),
    }
}

fn bearer(token: &str) -> HeaderMap {
    let value = HeaderValue::from_str(&format!("Bearer {token}")).unwrap();
    HeaderMap::from_iter([(header::AUTHORIZATION, value)])
}

fn token(sealer: &Sealer, scope: &str) -> String {
    let asked = asked("id-1", "a secret", scope);
    let document = issue(&applications("a secret"), sealer, &asked, NOW).unwrap();
    assert_eq!(document["expires_in"], 3_600);
    document["access_token"].as_str().unwrap().to_owned()
}

#[test]
fn only_a_pair_of_the_configuration_gets_a_token() {
    let (all, sealer) = (applications("a secret"), sealer());
    for (id, secret) in [
        ("id-1", "another secret"),
        ("id-1", ""),
        ("", ""),
        // The same letters, parted elsewhere.
        ("id-1a", " secret"),
    ] {
        let refused = issue(&all, &sealer, &asked(id, secret, "all"), NOW).unwrap_err();
        assert!(
            matches!(
                refused,
                ApiError::OAuth(StatusCode::UNAUTHORIZED, "invalid_client", _)
            ),
            "{id:?} {secret:?}: {refused:?}"
        );
    }
    for scope in ["", "everything", "read:secrets", "all edit"] {
        let refused = issue(&all, &sealer, &asked("id-1", "a secret", scope), NOW).unwrap_err();
        assert!(
            matches!(refused, ApiError::OAuth(_, "invalid_scope", _)),
            "{scope:?}"
        );
    }
    let mut password = asked("id-1", "a secret", "all");
    password.grant_type = "password".to_owned();
    let refused = issue(&all, &sealer, &password, NOW).unwrap_err();
    assert!(matches!(
        refused,
        ApiError::OAuth(_, "unsupported_grant_type", _)
    ));
}

#[test]
fn a_token_ends_with_its_hour_its_secret_or_its_application() {
    let sealer = sealer();
    let headers = bearer(&token(&sealer, "all"));
    let ok = |all: &Applications, sealer: &Sealer, at| caller(all, sealer, &headers, at).is_ok();
    let all = applications("a secret");
    assert!(ok(&all, &sealer, NOW));
    assert!(ok(&all, &sealer, NOW + 3_599_999));
    assert!(!ok(&all, &sealer, NOW + 3_600_000));
    assert!(!ok(&applications("a new secret"), &sealer, NOW));
    assert!(!ok(&Applications(Vec::new()), &sealer, NOW));
    assert!(!ok(&all, &self::sealer(), NOW), "sealed with another key");
}

#[test]
fn what_is_no_token_is_refused() {
    let (all, sealer) = (applications("a secret"), sealer());
    let whole = token(&sealer, "all");
    let mut changed = whole.clone().into_bytes();
    changed[40] ^= 1;
    let changed = String::from_utf8(changed).unwrap();
    let elsewhere = URL_SAFE_NO_PAD.encode(sealer.seal("crm", "records-api-token", "{}").unwrap());
    for text in [
        "",
        "x",
        &whole[1..],
        &changed,
        &elsewhere,
        &"A".repeat(5_000),
    ] {
        let refused = caller(&all, &sealer, &bearer(text), NOW).unwrap_err();
        assert!(matches!(refused, ApiError::Token(_)), "{text:?}");
    }
    assert!(caller(&all, &sealer, &HeaderMap::new(), NOW).is_err());
}

#[test]
fn a_scope_opens_its_area_and_edit_includes_read() {
    let (all, sealer) = (applications("a secret"), sealer());
    for (scope, area, reads, writes) in [
        ("all", Some("items"), true, true),
        ("all:standard", None, true, true),
        ("read:items", Some("items"), true, false),
        ("edit:items", Some("items"), true, true),
        ("edit:items", Some("customers"), false, false),
        ("edit:items edit:tickets", None, false, false),
        ("admin edit:tickets", Some("tickets"), true, true),
        ("admin", Some("tickets"), false, false),
    ] {
        let headers = bearer(&token(&sealer, scope));
        let caller = caller(&all, &sealer, &headers, NOW).unwrap();
        assert_eq!(caller.application, "desk");
        let may = [false, true].map(|write| caller.check(area, write).is_ok());
        assert_eq!(may, [reads, writes], "{scope} in {area:?}");
    }
}
