//! HubSpot's own examples, and what they leave open.

use proptest::prelude::*;

use super::*;

const SECRET: &str = "yyyyyyyy-yyyy-yyyy-yyyy-yyyyyyyyyyyy";
const URI: &str = "https://www.example.com/webhook_uri";
const V1_BODY: &[u8] = br#"[{"eventId":1,"subscriptionId":12345,"portalId":62515,"occurredAt":1564113600000,"subscriptionType":"contact.creation","attemptNumber":0,"objectId":123,"changeSource":"CRM","changeFlag":"NEW","appId":54321}]"#;
const V1: &str = "232db2615f3d666fe21a8ec971ac7b5402d33b9a925784df3ca654d05f4817de";
const SINGLE: &[u8] = b"{'example_field':'example_value'}";
const DOUBLE: &[u8] = br#"{"example_field":"example_value"}"#;
/// Of [`SINGLE`] at [`AT`].
const OF_SINGLE: &str = "K36dawei4A+QBNolUOqo7s91KQDWQ5MXZ/QufNYuk/Y=";
const AT: u64 = 1_693_657_560_000;

fn headers(pairs: &[(&str, &str)]) -> Vec<(String, Vec<u8>)> {
    let owned = |(name, value): &(&str, &str)| ((*name).to_owned(), value.as_bytes().to_vec());
    pairs.iter().map(owned).collect()
}

fn verify(
    uri: &str,
    body: &[u8],
    pairs: &[(&str, &str)],
    now_ms: u64,
    older: bool,
) -> Result<(), Refusal> {
    let headers = headers(pairs);
    let signed = Signed {
        method: "POST",
        uri,
        headers: &headers,
        body,
    };
    signed.verify(SECRET, now_ms, older)
}

fn v3(body: &[u8], signature: &str, timestamp: &str, now_ms: u64) -> Result<(), Refusal> {
    let pairs = [(V3, signature), (TIMESTAMP, timestamp)];
    verify(URI, body, &pairs, now_ms, false)
}

fn sign(uri: &str, body: &[u8], timestamp: &str) -> String {
    let mac = keyed(SECRET)
        .unwrap()
        .chain_update("POST")
        .chain_update(uri)
        .chain_update(body)
        .chain_update(timestamp);
    STANDARD.encode(mac.finalize().into_bytes())
}

#[test]
fn hubspots_examples_of_the_third_signature_are_taken() {
    for (body, at, signature) in [
        (SINGLE, AT, OF_SINGLE),
        (
            SINGLE,
            1_700_000_300_000,
            "RnbPH7+UMKVkbV32P8bz450N4M56aPmcru1+D3kSDtw=",
        ),
        (DOUBLE, AT, "oaA3M5dEtt6kFsseJD/Hv/x+JNl1vsoxFj4oxmwP6Go="),
    ] {
        assert_eq!(v3(body, signature, &at.to_string(), at), Ok(()));
    }
}

#[test]
fn a_changed_byte_of_body_address_method_or_secret_is_refused() {
    let at = AT.to_string();
    assert_eq!(v3(DOUBLE, OF_SINGLE, &at, AT), Err(Refusal::Wrong));
    let pairs = [(V3, OF_SINGLE), (TIMESTAMP, at.as_str())];
    let elsewhere = verify(&format!("{URI}/"), SINGLE, &pairs, AT, false);
    assert_eq!(elsewhere, Err(Refusal::Wrong));
    let headers = headers(&pairs);
    let mut signed = Signed {
        method: "post",
        uri: URI,
        headers: &headers,
        body: SINGLE,
    };
    // Whatever the host calls it, it is signed in capitals.
    assert_eq!(signed.verify(SECRET, AT, false), Ok(()));
    assert_eq!(signed.verify("other", AT, false), Err(Refusal::Wrong));
    assert_eq!(signed.verify("", AT, false), Err(Refusal::Wrong));
    signed.method = "PUT";
    assert_eq!(signed.verify(SECRET, AT, false), Err(Refusal::Wrong));
}

#[test]
fn a_time_more_than_five_minutes_off_is_refused_in_both_directions() {
    let at = AT.to_string();
    for (now, outcome) in [
        (AT + 300_000, Ok(())),
        (AT + 300_001, Err(Refusal::Stale)),
        (AT - 300_000, Ok(())),
        (AT - 300_001, Err(Refusal::Stale)),
        (0, Err(Refusal::Stale)),
        (u64::MAX, Err(Refusal::Stale)),
    ] {
        assert_eq!(v3(SINGLE, OF_SINGLE, &at, now), outcome, "{now}");
    }
}

#[test]
fn a_time_that_is_no_number_is_refused_even_where_it_is_signed() {
    for timestamp in [
        "",
        "soon",
        "+1693657560000",
        " 1693657560000",
        "1693657560000.0",
        "-1",
        "99999999999999999999",
        "NaN",
    ] {
        let signature = sign(URI, SINGLE, timestamp);
        let refused = v3(SINGLE, &signature, timestamp, AT);
        assert_eq!(refused, Err(Refusal::Untimed), "{timestamp:?}");
    }
    let untimed = verify(URI, SINGLE, &[(V3, OF_SINGLE)], AT, false);
    assert_eq!(untimed, Err(Refusal::Untimed));
}

#[test]
fn the_first_signature_is_taken_only_where_the_settings_say_so() {
    let v1 = [(OLDER, V1), (VERSION, "v1")];
    assert_eq!(verify(URI, V1_BODY, &v1, AT, true), Ok(()));
    assert_eq!(verify(URI, V1_BODY, &v1[..1], AT, true), Ok(()));
    let refused = verify(URI, V1_BODY, &v1, AT, false);
    assert_eq!(refused, Err(Refusal::Missing));
    let other = verify(URI, SINGLE, &v1, AT, true);
    assert_eq!(other, Err(Refusal::Wrong));
    // A third one that does not fit is not made good by a first one that does.
    let at = AT.to_string();
    let both = [
        (OLDER, V1),
        (VERSION, "v1"),
        (V3, OF_SINGLE),
        (TIMESTAMP, at.as_str()),
    ];
    assert_eq!(verify(URI, V1_BODY, &both, AT, true), Err(Refusal::Wrong));
}

#[test]
fn the_second_signature_is_for_workflow_actions_and_is_not_taken() {
    let v2 = "9569219f8ba981ffa6f6f16aa0f48637d35d728c7e4d93d0d52efaa512af7900";
    let pairs = [(OLDER, v2), (VERSION, "v2")];
    let refused = verify(URI, DOUBLE, &pairs, AT, true);
    assert_eq!(refused, Err(Refusal::Missing));
    // Nor does it pass as a first one.
    let refused = verify(URI, DOUBLE, &pairs[..1], AT, true);
    assert_eq!(refused, Err(Refusal::Wrong));
}

#[test]
fn no_signature_or_two_of_them_are_refused() {
    assert_eq!(verify(URI, SINGLE, &[], AT, true), Err(Refusal::Missing));
    let at = AT.to_string();
    let twice = [(V3, OF_SINGLE), (V3, "AAAA"), (TIMESTAMP, at.as_str())];
    let refused = verify(URI, SINGLE, &twice, AT, false);
    assert_eq!(refused, Err(Refusal::Repeated));
    for signature in ["", "=", "K36d", "not base64", &OF_SINGLE.to_lowercase()] {
        assert_eq!(v3(SINGLE, signature, &at, AT), Err(Refusal::Wrong));
    }
}

#[test]
fn twelve_characters_of_the_address_are_signed_in_clear_and_no_others() {
    for (written, signed) in [
        (
            "https://x.example/a%3A%2F%3F%40%21%24%27%28%29%2A%2C%3B",
            "https://x.example/a:/?@!$'()*,;",
        ),
        ("https://x.example/a%3a%2f", "https://x.example/a:/"),
        (
            "https://x.example/a?b=%20%25%26%3D%2B%23%C3%A9",
            "https://x.example/a?b=%20%25%26%3D%2B%23%C3%A9",
        ),
        // Once, not until nothing is left.
        ("https://x.example/%253A", "https://x.example/%253A"),
        ("https://x.example/%", "https://x.example/%"),
        ("https://x.example/%2", "https://x.example/%2"),
        ("https://x.example/%é%3A", "https://x.example/%é:"),
    ] {
        assert_eq!(decoded(written), signed, "{written}");
        let at = AT.to_string();
        let signature = sign(signed, SINGLE, &at);
        let pairs = [(V3, signature.as_str()), (TIMESTAMP, at.as_str())];
        assert_eq!(verify(written, SINGLE, &pairs, AT, false), Ok(()));
    }
}

#[test]
fn the_address_is_what_the_settings_say_and_the_path_is_the_requests_where_they_have_none() {
    for (public_url, path, expected) in [
        ("https://x.example", "/w?b=1", "https://x.example/w?b=1"),
        ("https://x.example/", "/w", "https://x.example/w"),
        ("https://x.example:8443", "/w", "https://x.example:8443/w"),
        ("https://x.example/p/w", "/w", "https://x.example/p/w"),
        (
            "https://x.example/w?k=1",
            "/w?k=2",
            "https://x.example/w?k=1",
        ),
        ("https://x.example?k=1", "/?k=1", "https://x.example?k=1"),
    ] {
        assert_eq!(address(public_url, path), expected, "{public_url}");
    }
}

proptest! {
    #[test]
    fn nothing_that_is_received_ends_in_a_panic_or_is_taken(
        uri in ".*",
        body in prop::collection::vec(any::<u8>(), 0..200),
        signature in prop::collection::vec(any::<u8>(), 0..60),
        timestamp in prop::collection::vec(any::<u8>(), 0..30),
        older in any::<bool>(),
    ) {
        let headers = [
            (V3.to_owned(), signature.clone()),
            (TIMESTAMP.to_owned(), timestamp),
        ];
        let signed = Signed { method: "POST", uri: &uri, headers: &headers, body: &body };
        prop_assert!(signed.verify(SECRET, AT, older).is_err());
        let headers = [(OLDER.to_owned(), signature)];
        let signed = Signed { headers: &headers, ..signed };
        prop_assert!(signed.verify(SECRET, AT, older).is_err());
    }

    #[test]
    fn what_is_signed_is_taken(
        path in "[ -~]{0,40}",
        body in prop::collection::vec(any::<u8>(), 0..200),
        off in -300_000_i64..=300_000,
    ) {
        let uri = format!("https://x.example/{path}");
        let at = AT.to_string();
        let signature = sign(&decoded(&uri), &body, &at);
        let pairs = [(V3, signature.as_str()), (TIMESTAMP, at.as_str())];
        let now = AT.saturating_add_signed(off);
        prop_assert_eq!(verify(&uri, &body, &pairs, now, false), Ok(()));
    }
}
