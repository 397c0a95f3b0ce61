//! The headers by which an app knows HubSpot.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::{Digest as _, Sha256};

/// What is written in clear in the address that is signed.
const IN_CLEAR: [(&str, &str); 12] = [
    ("%3A", ":"),
    ("%2F", "/"),
    ("%3F", "?"),
    ("%40", "@"),
    ("%21", "!"),
    ("%24", "$"),
    ("%27", "'"),
    ("%28", "("),
    ("%29", ")"),
    ("%2A", "*"),
    ("%2C", ","),
    ("%3B", ";"),
];

/// Names and values of the headers of a delivery.
pub fn headers(secret: &str, target: &str, body: &str, now_ms: i64) -> Vec<(&'static str, String)> {
    vec![
        ("x-hubspot-signature", v1(secret, body)),
        ("x-hubspot-signature-version", "v1".to_owned()),
        ("x-hubspot-signature-v3", v3(secret, target, body, now_ms)),
        ("x-hubspot-request-timestamp", now_ms.to_string()),
    ]
}

/// The first signature.
pub fn v1(secret: &str, body: &str) -> String {
    let hash = Sha256::digest(format!("{secret}{body}"));
    hash.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// The third one, of a `POST`.
pub fn v3(secret: &str, target: &str, body: &str, now_ms: i64) -> String {
    let clear = IN_CLEAR
        .iter()
        .fold(target.to_owned(), |uri, (code, char)| {
            uri.replace(code, char)
        });
    // HMAC takes a key of any length.
    let Ok(mac) = Hmac::<Sha256>::new_from_slice(secret.as_bytes()) else {
        return String::new();
    };
    let mac = mac.chain_update(format!("POST{clear}{body}{now_ms}"));
    STANDARD.encode(mac.finalize().into_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hubspots_own_examples() {
        let secret = "yyyyyyyy-yyyy-yyyy-yyyy-yyyyyyyyyyyy";
        let target = "https://www.example.com/webhook_uri";
        let body = r#"[{"eventId":1,"subscriptionId":12345,"portalId":62515,"occurredAt":1564113600000,"subscriptionType":"contact.creation","attemptNumber":0,"objectId":123,"changeSource":"CRM","changeFlag":"NEW","appId":54321}]"#;
        assert_eq!(
            v1(secret, body),
            "232db2615f3d666fe21a8ec971ac7b5402d33b9a925784df3ca654d05f4817de"
        );
        let body = r#"{"example_field":"example_value"}"#;
        assert_eq!(
            v3(secret, target, body, 1_693_657_560_000),
            "oaA3M5dEtt6kFsseJD/Hv/x+JNl1vsoxFj4oxmwP6Go="
        );
    }
}
