//! One request of HubSpot: is it HubSpot's, and what does it tell? Nothing is read from
//! HubSpot and nothing is written here; the host keeps the events and answers.

use crate::contract::exports::halo::integration::webhook::{Event, Received, Request, Response};
use crate::contract::halo::integration::log::{self, Level};
use crate::contract::halo::integration::settings;
use crate::contract::halo::integration::types::Attribute;
use crate::failure::Failure;
use crate::hubspot::session;
use crate::settings::Settings;
use crate::settings::webhooks::Webhooks;

use super::events::{self, Events, Refusal};
use super::signature::{self, Signed};

/// Taken, whatever becomes of it.
const TAKEN: u16 = 204;
/// The body is no list of events.
const UNREADABLE: u16 = 400;
/// Not HubSpot, or not now.
const UNSIGNED: u16 = 401;
/// HubSpot only posts.
const METHOD: u16 = 405;
/// More than is read at one time.
const TOO_MUCH: u16 = 413;
/// A person must do something first. HubSpot sends it again for a day.
const NOT_READY: u16 = 503;

/// What a request is answered with, and why.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Refused {
    status: u16,
    sentence: String,
}

impl Refused {
    fn new(status: u16, sentence: impl Into<String>) -> Refused {
        Refused {
            status,
            sentence: sentence.into(),
        }
    }
}

impl From<Failure> for Refused {
    fn from(failure: Failure) -> Refused {
        Refused::new(NOT_READY, failure.message)
    }
}

/// Answers a request.
pub fn receive(request: &Request) -> Received {
    let outcome = ready().and_then(|(switches, secret)| take(request, &switches, &secret));
    match outcome {
        Ok(taken) => {
            tell(&taken);
            Received {
                response: response(TAKEN, ""),
                events: taken.events.into_iter().map(wanted).collect(),
            }
        }
        Err(refused) => {
            let level = match refused.status {
                // Anybody can send something to a public address.
                UNSIGNED | METHOD => Level::Info,
                NOT_READY => Level::Error,
                _ => Level::Warn,
            };
            log::write(level, &format!("Webhook: {}", refused.sentence), &[]);
            // What is missing here is nobody else's business.
            let body = match refused.status {
                NOT_READY => "Not set up for webhooks yet.",
                _ => refused.sentence.as_str(),
            };
            Received {
                response: response(refused.status, body),
                events: Vec::new(),
            }
        }
    }
}

/// The settings and the app's secret.
fn ready() -> Result<(Webhooks, String), Refused> {
    let switches = Settings::parse(&settings::get()?.json)?.webhooks;
    let secret = session::granted(session::CLIENT_SECRET)?.ok_or_else(|| {
        Refused::new(
            NOT_READY,
            "The secret `client-secret` of the HubSpot app is missing; without it nobody can tell who calls.",
        )
    })?;
    Ok((switches, secret))
}

/// What is kept of a request, and what is not.
#[derive(Debug, PartialEq, Eq)]
struct Taken {
    events: Vec<events::Event>,
    foreign: usize,
    broken: usize,
    switched_off: usize,
}

fn take(request: &Request, switches: &Webhooks, secret: &str) -> Result<Taken, Refused> {
    if !request.method.eq_ignore_ascii_case("POST") {
        return Err(Refused::new(METHOD, "HubSpot only posts to this address."));
    }
    let public_url = switches.public_url.as_deref().ok_or_else(|| {
        let sentence =
            "The setting /webhooks/public-url is missing: HubSpot signs the address that it calls.";
        Refused::new(NOT_READY, sentence)
    })?;
    let uri = signature::address(public_url, &request.path);
    let headers: Vec<(String, Vec<u8>)> = request
        .headers
        .iter()
        .map(|header| (header.name.to_ascii_lowercase(), header.value.clone()))
        .collect();
    let signed = Signed {
        method: &request.method,
        uri: &uri,
        headers: &headers,
        body: &request.body,
    };
    signed
        .verify(secret, request.received, switches.signature_v1)
        .map_err(|refusal| Refused::new(UNSIGNED, refusal.sentence()))?;
    // Only now, as what is not HubSpot's is not worth reading.
    let Events {
        mut events,
        foreign,
        broken,
    } = events::read(&request.body).map_err(|refusal| match refusal {
        Refusal::Unreadable(sentence) => Refused::new(UNREADABLE, sentence),
        Refusal::TooMuch(sentence) => Refused::new(TOO_MUCH, sentence),
    })?;
    let all = events.len();
    events.retain(|event| event.told.object.of.is_on(switches));
    Ok(Taken {
        switched_off: all - events.len(),
        events,
        foreign,
        broken,
    })
}

/// In counts: a line of a log holds nobody's data.
fn tell(taken: &Taken) {
    let count = |name: &str, value: usize| Attribute {
        name: name.to_owned(),
        value: value.to_string(),
    };
    let counts = [
        count("taken", taken.events.len()),
        count("switched-off", taken.switched_off),
        count("not-synced", taken.foreign),
        count("broken", taken.broken),
    ];
    let (level, line) = match taken.broken {
        0 => (Level::Debug, "Webhook: events were taken.".to_owned()),
        1 => (
            Level::Warn,
            "Webhook: one event lacks what it must have, or has it in a wrong type; it was dropped.".to_owned(),
        ),
        some => (
            Level::Warn,
            format!("Webhook: {some} events lack what they must have, or have it in a wrong type; they were dropped."),
        ),
    };
    log::write(level, &line, &counts);
}

fn wanted(event: events::Event) -> Event {
    Event {
        account: event.account,
        object: event.told.object.key(),
        dedupe: event.dedupe,
        payload: event.told.to_bytes(),
    }
}

fn response(status: u16, body: &str) -> Response {
    Response {
        status,
        headers: Vec::new(),
        body: body.as_bytes().to_vec(),
    }
}

#[cfg(test)]
mod tests {
    use base64::Engine as _;
    use base64::engine::general_purpose::STANDARD;
    use hmac::{Hmac, KeyInit as _, Mac as _};
    use sha2::Sha256;

    use super::*;
    use crate::contract::exports::halo::integration::webhook::Header;

    const SECRET: &str = "secret";
    const NOW: u64 = 1_787_843_156_000;

    fn switches() -> Webhooks {
        Webhooks {
            public_url: Some("https://halo.example".to_owned()),
            deals: true,
            ..Webhooks::default()
        }
    }

    fn request(body: &str) -> Request {
        let mac: Hmac<Sha256> = Hmac::new_from_slice(SECRET.as_bytes()).unwrap();
        let mac = mac
            .chain_update("POSThttps://halo.example/w")
            .chain_update(body)
            .chain_update(NOW.to_string());
        let signature = STANDARD.encode(mac.finalize().into_bytes());
        let header = |name: &str, value: String| Header {
            name: name.to_owned(),
            value: value.into_bytes(),
        };
        Request {
            method: "POST".to_owned(),
            path: "/w".to_owned(),
            headers: vec![
                header("X-HubSpot-Signature-v3", signature),
                header("X-HubSpot-Request-Timestamp", NOW.to_string()),
            ],
            body: body.as_bytes().to_vec(),
            received: NOW,
        }
    }

    fn event(subscription: &str) -> String {
        format!(
            r#"{{"portalId":1,"occurredAt":2,"subscriptionType":"{subscription}","objectId":3}}"#
        )
    }

    #[test]
    fn s62_events_of_an_entity_that_is_off_are_taken_and_dropped() {
        let body =
            ["deal", "product", "ticket", "object"].map(|of| event(&format!("{of}.creation")));
        let taken = take(
            &request(&format!("[{}]", body.join(","))),
            &switches(),
            SECRET,
        )
        .unwrap();
        assert_eq!(taken.events[0].told.object.key(), "deal/3");
        let counts = (
            taken.events.len(),
            taken.switched_off,
            taken.foreign,
            taken.broken,
        );
        assert_eq!(counts, (1, 1, 1, 1));
    }

    #[test]
    fn each_refusal_has_its_status() {
        let status = |request: &Request, switches: &Webhooks, secret: &str| {
            take(request, switches, secret).map_or_else(|refused| refused.status, |_| TAKEN)
        };
        let good = request("[]");
        assert_eq!(status(&good, &switches(), SECRET), TAKEN);
        assert_eq!(status(&good, &switches(), "other"), UNSIGNED);
        let late = Request {
            received: NOW + 400_000,
            ..request("[]")
        };
        assert_eq!(status(&late, &switches(), SECRET), UNSIGNED);
        let bare = Request {
            headers: Vec::new(),
            ..request("[]")
        };
        assert_eq!(status(&bare, &switches(), SECRET), UNSIGNED);
        let read = Request {
            method: "GET".to_owned(),
            ..request("[]")
        };
        assert_eq!(status(&read, &switches(), SECRET), METHOD);
        assert_eq!(status(&request("{}"), &switches(), SECRET), UNREADABLE);
        let many = format!("[{}{{}}]", "{},".repeat(events::MAX_EVENTS));
        assert_eq!(status(&request(&many), &switches(), SECRET), TOO_MUCH);
        let nowhere = Webhooks {
            public_url: None,
            ..switches()
        };
        assert_eq!(status(&good, &nowhere, SECRET), NOT_READY);
        // What nobody signed is not read, however it looks.
        let forged = Request {
            body: b"{}".to_vec(),
            ..request("[]")
        };
        assert_eq!(status(&forged, &switches(), SECRET), UNSIGNED);
    }
}
