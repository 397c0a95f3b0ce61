//! The sign-in: OAuth's code flow with state and PKCE, and what HubSpot's token
//! endpoint answers. Plain functions; `session` and `connect` send.
//!
//! Sources: HubSpot's page on OAuth tokens and its OpenAPI file; RFC 7636 (PKCE).

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::transport::Response;
use crate::failure::Failure;
use crate::settings::SyncBack;
use crate::settings::sync_back::When;

/// What this version of the connector asks for: reading companies, contacts, products,
/// deals and quotes with their lines, their properties and their owners.
pub const SCOPES: [&str; 11] = [
    "oauth",
    "crm.objects.companies.read",
    "crm.schemas.companies.read",
    "crm.objects.contacts.read",
    "crm.schemas.contacts.read",
    // Its definitions have no scope of their own.
    "crm.objects.products.read",
    "crm.objects.deals.read",
    "crm.schemas.deals.read",
    "crm.objects.owners.read",
    "crm.objects.quotes.read",
    "crm.objects.line_items.read",
];

/// The scopes to ask for: what is read, and what is written where sync back is switched
/// on. Nothing more, as people ask why (S71).
pub fn scopes(back: &SyncBack) -> Vec<&'static str> {
    let mut scopes = SCOPES.to_vec();
    for (when, more) in [
        (
            back.companies,
            // The second one adds the connector's own property.
            ["crm.objects.companies.write", "crm.schemas.companies.write"],
        ),
        (
            back.contacts,
            ["crm.objects.contacts.write", "crm.schemas.contacts.write"],
        ),
        // No other scope adds a property to products.
        (back.products, ["crm.objects.products.write", "e-commerce"]),
        (
            back.deals,
            ["crm.objects.deals.write", "crm.schemas.deals.read"],
        ),
    ] {
        if when != When::Disabled {
            scopes.extend(more.into_iter().filter(|scope| !SCOPES.contains(scope)));
        }
    }
    scopes
}

/// How long a sign-in may take.
pub const PATIENCE_MS: u64 = 15 * 60 * 1_000;

/// Access tokens last 30 minutes. They are renewed this long before their end, so
/// that none dies within a slice.
const RENEW_EARLY_MS: u64 = 5 * 60 * 1_000;

/// A sign-in that was begun; kept sealed until the browser comes back.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SignIn {
    /// Comes back with the browser and proves that it is ours.
    pub state: String,
    /// The PKCE secret.
    pub verifier: String,
    /// Where HubSpot sends the browser.
    pub redirect: String,
    /// When it began.
    pub begun: u64,
    /// Whether another account than the linked one may be signed in to.
    pub other_account: bool,
}

/// What is asked of the token endpoint.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Grant {
    /// Tokens for the code of a sign-in.
    Code,
    /// A new access token for a refresh token.
    Refresh,
    /// The end of a refresh token.
    Revoke,
}

impl Grant {
    /// Below the token endpoint.
    pub fn path(self) -> &'static str {
        match self {
            Grant::Code | Grant::Refresh => "",
            Grant::Revoke => "/revoke",
        }
    }
}

impl SignIn {
    /// From 64 random bytes.
    pub fn new(random: &[u8], redirect: &str, now: u64, other_account: bool) -> SignIn {
        let (state, verifier) = random.split_at(random.len() / 2);
        SignIn {
            state: URL_SAFE_NO_PAD.encode(state),
            verifier: URL_SAFE_NO_PAD.encode(verifier),
            redirect: redirect.to_owned(),
            begun: now,
            other_account,
        }
    }

    /// Whether it has taken too long.
    pub fn is_over(&self, now: u64) -> bool {
        now.saturating_sub(self.begun) > PATIENCE_MS
    }

    /// Where to send the person.
    pub fn address(&self, sign_in_url: &str, client_id: &str, scopes: &[&str]) -> String {
        let challenge = URL_SAFE_NO_PAD.encode(Sha256::digest(&self.verifier));
        let query = form(&[
            ("client_id", client_id),
            ("redirect_uri", &self.redirect),
            ("scope", &scopes.join(" ")),
            ("state", &self.state),
            ("code_challenge", &challenge),
            ("code_challenge_method", "S256"),
        ]);
        // HubSpot's page wants %20 between scopes, a form would write a plus.
        format!(
            "{sign_in_url}/oauth/authorize?{}",
            query.replace('+', "%20")
        )
    }

    /// The code that came back, or why there is none.
    pub fn code(&self, parameters: &[(&str, &str)], now: u64) -> Result<String, Failure> {
        let find = |name: &str| {
            parameters
                .iter()
                .find(|(known, _)| *known == name)
                .map(|(_, value)| *value)
        };
        // First the state: without it, nothing else can be believed.
        if find("state") != Some(self.state.as_str()) {
            return Err(Failure::new(
                "invalid",
                "This sign-in was not started here, or was started anew since. Connect again.",
            ));
        }
        if self.is_over(now) {
            return Err(Failure::new(
                "invalid",
                "The sign-in took longer than 15 minutes. Connect again.",
            ));
        }
        if let Some(error) = find("error") {
            let detail = find("error_description").unwrap_or(error);
            return Err(Failure::new(
                "consent-denied",
                format!(
                    "The sign-in was declined at HubSpot ({detail}). Nothing was changed; connect again when you want to."
                ),
            ));
        }
        find("code").map(str::to_owned).ok_or_else(|| {
            Failure::new(
                "invalid",
                "HubSpot sent the browser back without a code. Connect again.",
            )
        })
    }
}

/// Tokens, as they are kept (sealed).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tokens {
    /// Sent with each call.
    pub access: String,
    /// Exchanged for a new access token; good until it is revoked.
    pub refresh: String,
    /// When the access token ends.
    pub expires: u64,
}

impl Tokens {
    /// Whether the access token is to be renewed. On the clock, not on a 401:
    /// HubSpot says that a 401 is no sign of an expired token.
    pub fn is_due(&self, now: u64) -> bool {
        now + RENEW_EARLY_MS >= self.expires
    }
}

/// What the token endpoint answers.
#[derive(Clone, Debug, Deserialize)]
struct TokenAnswer {
    access_token: String,
    refresh_token: String,
    expires_in: u64,
}

/// What it answers when it does not like the request.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
struct TokenError {
    status: String,
    error: String,
    message: String,
    error_description: String,
}

/// Reads the tokens of a good answer.
pub fn tokens(response: &Response, now: u64) -> Result<Tokens, Failure> {
    let answer: TokenAnswer = serde_json::from_slice(&response.body)
        .map_err(|_| Failure::new("remote", "HubSpot's answer to the sign-in cannot be read."))?;
    Ok(Tokens {
        access: answer.access_token,
        refresh: answer.refresh_token,
        expires: now + answer.expires_in * 1_000,
    })
}

/// What a refusal of the token endpoint (status 400 to 403) means. HubSpot's list of
/// `status` values is not closed, so the standard `error` decides where it is
/// unknown.
pub fn refusal(response: &Response, grant: Grant) -> Failure {
    let error: TokenError = serde_json::from_slice(&response.body).unwrap_or_default();
    let detail = [error.message, error.error_description, error.error.clone()]
        .into_iter()
        .find(|text| !text.is_empty())
        .unwrap_or_else(|| format!("error {}", response.status));
    match (error.status.as_str(), error.error.as_str()) {
        ("BAD_CLIENT_ID", _) => Failure::setting(
            "",
            "HubSpot does not know the app's client id. Correct the secret `client-id` in the configuration.",
        ),
        ("BAD_CLIENT_SECRET", _) | (_, "invalid_client") => Failure::setting(
            "",
            "HubSpot refuses the app's client secret. Correct the secret `client-secret` in the configuration.",
        ),
        ("BAD_REDIRECT_URI", _) => Failure::setting(
            "",
            format!(
                "HubSpot refuses the redirect address ({detail}). Register it with the app, or correct `public-url` in the configuration."
            ),
        ),
        ("BAD_REFRESH_TOKEN" | "BAD_HUB", _) => Failure::sign_in_again(&detail),
        (_, "invalid_grant") if grant != Grant::Code => Failure::sign_in_again(&detail),
        ("BAD_AUTH_CODE" | "BAD_CODE_VERIFIER", _) | (_, "invalid_grant") => Failure::new(
            "invalid",
            format!("HubSpot refuses the code of this sign-in ({detail}). Connect again."),
        ),
        _ => Failure::new("remote", format!("HubSpot refuses the sign-in: {detail}.")),
    }
}

/// A form body or a query.
pub fn form(pairs: &[(&str, &str)]) -> String {
    let mut form = form_urlencoded::Serializer::new(String::new());
    for (name, value) in pairs {
        form.append_pair(name, value);
    }
    form.finish()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn s71_nothing_to_write_is_asked_for_unless_sync_back_is_switched_on() {
        let mut back = SyncBack::default();
        assert_eq!(scopes(&back), SCOPES);
        back.contacts = When::OnUpdate;
        back.deals = When::OnUpdate;
        let more = scopes(&back).split_off(SCOPES.len());
        assert_eq!(
            more,
            [
                "crm.objects.contacts.write",
                "crm.schemas.contacts.write",
                "crm.objects.deals.write"
            ]
        );
    }

    fn sign_in() -> SignIn {
        let random: Vec<u8> = (0..64).collect();
        SignIn::new(
            &random,
            "http://127.0.0.1:8085/connect/hubspot/callback",
            1_000,
            false,
        )
    }

    #[test]
    fn s2_the_address_carries_client_scopes_redirect_state_and_challenge() {
        let address = sign_in().address("https://app.hubspot.com", "id-1", &SCOPES);
        assert!(address.starts_with("https://app.hubspot.com/oauth/authorize?client_id=id-1&"));
        assert!(
            address.contains("scope=oauth%20crm.objects.companies.read%20"),
            "{address}"
        );
        assert!(address.contains(&format!("state={}", sign_in().state)));
        assert!(address.contains("code_challenge_method=S256"));
        assert!(!address.contains(&sign_in().verifier));
    }

    #[test]
    fn the_challenge_is_that_of_rfc_7636() {
        // The example of appendix B.
        let verifier = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
        let sign_in = SignIn {
            verifier: verifier.to_owned(),
            ..sign_in()
        };
        let address = sign_in.address("https://x", "id", &SCOPES);
        assert!(address.contains("code_challenge=E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM&"));
    }

    #[test]
    fn s2_only_our_own_state_and_a_consent_give_a_code() {
        let sign_in = sign_in();
        let state = sign_in.state.as_str();
        let code = |parameters: &[(&str, &str)], now| {
            sign_in
                .code(parameters, now)
                .map_err(|failure| failure.code)
        };
        assert_eq!(
            code(&[("code", "c"), ("state", state)], 2_000),
            Ok("c".to_owned())
        );
        assert_eq!(
            code(&[("code", "c"), ("state", "other")], 2_000),
            Err("invalid".to_owned())
        );
        assert_eq!(code(&[("code", "c")], 2_000), Err("invalid".to_owned()));
        assert_eq!(code(&[("state", state)], 2_000), Err("invalid".to_owned()));
        assert_eq!(
            code(&[("error", "access_denied"), ("state", state)], 2_000),
            Err("consent-denied".to_owned())
        );
        assert_eq!(
            code(&[("code", "c"), ("state", state)], 1_001 + PATIENCE_MS),
            Err("invalid".to_owned())
        );
    }

    #[test]
    fn tokens_are_renewed_before_they_end() {
        let body = br#"{"token_type":"bearer","access_token":"a","refresh_token":"r","expires_in":1800,"hub_id":1}"#;
        let response = Response {
            status: 200,
            headers: vec![],
            body: body.to_vec(),
        };
        let tokens = tokens(&response, 0).unwrap();
        assert!(!tokens.is_due(24 * 60_000));
        assert!(tokens.is_due(25 * 60_000));
    }

    #[test]
    fn a_refusal_says_what_to_correct() {
        let code = |grant, body: &str| {
            let response = Response {
                status: 400,
                headers: vec![],
                body: body.as_bytes().to_vec(),
            };
            refusal(&response, grant).code
        };
        for (grant, body, expected) in [
            (Grant::Code, r#"{"status":"BAD_CLIENT_SECRET"}"#, "settings"),
            (
                Grant::Code,
                r#"{"status":"NEW_WORD","error":"invalid_client"}"#,
                "settings",
            ),
            (Grant::Code, r#"{"status":"BAD_AUTH_CODE"}"#, "invalid"),
            (Grant::Code, r#"{"error":"invalid_grant"}"#, "invalid"),
            (
                Grant::Refresh,
                r#"{"status":"BAD_REFRESH_TOKEN","error":"invalid_grant"}"#,
                "sign-in-again",
            ),
            (
                Grant::Refresh,
                r#"{"status":"NEW_WORD","error":"invalid_grant"}"#,
                "sign-in-again",
            ),
            (Grant::Refresh, "<html>", "remote"),
        ] {
            assert_eq!(code(grant, body), expected, "{grant:?} {body}");
        }
    }
}
