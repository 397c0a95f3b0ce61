//! Whether a request comes from HubSpot.
//!
//! Sources: HubSpot's page on validating requests, and the tests of its own clients,
//! whose examples are tests here. The clients leave out the rule about the address, so
//! that one is tested by examples of our own.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::{Digest as _, Sha256};

/// How far HubSpot's clock and this one may be apart, in milliseconds. HubSpot says so
/// for the past; a signature from the future could be kept and sent later.
const TOLERANCE_MS: u64 = 5 * 60 * 1_000;

/// The third signature.
pub const V3: &str = "x-hubspot-signature-v3";
/// When that was made; part of what it signs.
pub const TIMESTAMP: &str = "x-hubspot-request-timestamp";
/// The first or the second signature ...
pub const OLDER: &str = "x-hubspot-signature";
/// ... and which of them.
pub const VERSION: &str = "x-hubspot-signature-version";

/// What HubSpot writes in clear in the address that it signs, and programs do not.
const IN_CLEAR: [(&[u8; 2], char); 12] = [
    (b"3A", ':'),
    (b"2F", '/'),
    (b"3F", '?'),
    (b"40", '@'),
    (b"21", '!'),
    (b"24", '$'),
    (b"27", '\''),
    (b"28", '('),
    (b"29", ')'),
    (b"2A", '*'),
    (b"2C", ','),
    (b"3B", ';'),
];

/// Why a request is not taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// It has no signature of a kind that is taken.
    Missing,
    /// A header stands there twice, so that nobody knows which one counts.
    Repeated,
    /// The time is missing or no number.
    Untimed,
    /// It is too far from this time.
    Stale,
    /// The signature does not fit.
    Wrong,
}

impl Refusal {
    /// One sentence.
    pub fn sentence(self) -> &'static str {
        match self {
            Refusal::Missing => {
                "The request has no X-HubSpot-Signature-v3; only HubSpot may call this address."
            }
            Refusal::Repeated => "A signature header of the request is there twice.",
            Refusal::Untimed => {
                "The request's X-HubSpot-Request-Timestamp is missing or no number."
            }
            Refusal::Stale => {
                "The request was signed more than five minutes ago, or the clock of this machine is wrong."
            }
            Refusal::Wrong => {
                "The signature does not fit: the client secret is another app's, or public-url is not the address that HubSpot calls."
            }
        }
    }
}

/// A request as far as it is signed.
#[derive(Clone, Copy, Debug)]
pub struct Signed<'a> {
    /// `POST`.
    pub method: &'a str,
    /// The address as HubSpot called it; see [`address`].
    pub uri: &'a str,
    /// Names in small letters, with their values.
    pub headers: &'a [(String, Vec<u8>)],
    /// As received, before it is read as anything.
    pub body: &'a [u8],
}

impl Signed<'_> {
    /// Whether the app of this secret signed it. `older` takes the first signature where
    /// there is no third one: that is not bound to a time, so whoever has seen a request
    /// can repeat it.
    pub fn verify(&self, secret: &str, now_ms: u64, older: bool) -> Result<(), Refusal> {
        if let Some(signature) = self.header(V3)? {
            let timestamp = self.header(TIMESTAMP)?.ok_or(Refusal::Untimed)?;
            return self.verify_v3(secret, signature, timestamp, now_ms);
        }
        match self.header(OLDER)? {
            // The second one is for workflow actions and cards and not for webhooks.
            Some(signature) if older && matches!(self.header(VERSION)?, None | Some(b"v1")) => {
                let expected = Sha256::new().chain_update(secret).chain_update(self.body);
                same(secret, hex(&expected.finalize()).as_bytes(), signature)
            }
            _ => Err(Refusal::Missing),
        }
    }

    fn verify_v3(
        &self,
        secret: &str,
        signature: &[u8],
        timestamp: &[u8],
        now_ms: u64,
    ) -> Result<(), Refusal> {
        let text = str::from_utf8(timestamp).map_err(|_| Refusal::Untimed)?;
        // `parse` alone would take a plus sign.
        let is_number = text.bytes().all(|byte| byte.is_ascii_digit());
        let at: u64 = match text.parse() {
            Ok(at) if is_number => at,
            _ => return Err(Refusal::Untimed),
        };
        if at.abs_diff(now_ms) > TOLERANCE_MS {
            return Err(Refusal::Stale);
        }
        let signature = STANDARD.decode(signature).map_err(|_| Refusal::Wrong)?;
        let mut mac = keyed(secret)?;
        mac.update(self.method.to_ascii_uppercase().as_bytes());
        mac.update(decoded(self.uri).as_bytes());
        mac.update(self.body);
        mac.update(timestamp);
        mac.verify_slice(&signature).map_err(|_| Refusal::Wrong)
    }

    fn header(&self, name: &str) -> Result<Option<&[u8]>, Refusal> {
        let mut values = self.headers.iter().filter(|(known, _)| known == name);
        let value = values.next();
        match values.next() {
            Some(_) => Err(Refusal::Repeated),
            None => Ok(value.map(|(_, value)| value.as_slice())),
        }
    }
}

/// The address as HubSpot called it: what the settings say, as a proxy may have changed
/// host, scheme and path. Where they name no path, the one of the request follows.
pub fn address(public_url: &str, path: &str) -> String {
    let (_, rest) = public_url.split_once("://").unwrap_or(("", public_url));
    match rest.find(['/', '?']) {
        Some(at) if rest.len() > at + 1 => public_url.to_owned(),
        _ => format!("{}{path}", public_url.trim_end_matches('/')),
    }
}

/// Some characters are signed in clear, and no others.
fn decoded(uri: &str) -> String {
    let mut clear = String::with_capacity(uri.len());
    let mut rest = uri;
    while let Some(at) = rest.find('%') {
        let (before, from) = rest.split_at(at);
        clear.push_str(before);
        let digits = from.as_bytes().get(1..3).unwrap_or_default();
        let known = IN_CLEAR
            .iter()
            .find(|(code, _)| code.eq_ignore_ascii_case(digits));
        let length = match known {
            Some((_, char)) => {
                clear.push(*char);
                3
            }
            None => {
                clear.push('%');
                1
            }
        };
        rest = from.get(length..).unwrap_or_default();
    }
    clear + rest
}

/// HMAC takes a key of any length; that it might not is in the types only.
fn keyed(secret: &str) -> Result<Hmac<Sha256>, Refusal> {
    Hmac::new_from_slice(secret.as_bytes()).map_err(|_| Refusal::Wrong)
}

/// Compares in a time that says nothing about where they differ.
fn same(secret: &str, expected: &[u8], given: &[u8]) -> Result<(), Refusal> {
    let tag = keyed(secret)?
        .chain_update(expected)
        .finalize()
        .into_bytes();
    let given = keyed(secret)?.chain_update(given);
    given.verify_slice(&tag).map_err(|_| Refusal::Wrong)
}

/// Two digits for each byte.
pub fn hex(bytes: &[u8]) -> String {
    let digit = |half: u8| {
        char::from(if half < 10 {
            b'0' + half
        } else {
            b'a' - 10 + half
        })
    };
    let mut text = String::with_capacity(2 * bytes.len());
    for byte in bytes {
        text.push(digit(byte >> 4));
        text.push(digit(byte & 15));
    }
    text
}

#[cfg(test)]
mod tests;
