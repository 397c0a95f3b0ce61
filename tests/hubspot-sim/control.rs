//! `/_sim/`: counters, edits as a HubSpot user would make them, faults, the clock.
//!
//! These calls are neither counted nor limited and need no token. A mistake in
//! one is told in a sentence, with status 400.

use std::time::Duration;

use jiff::Timestamp;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value, json};

use super::account::Account;
use super::clock::iso;
use super::control_setup::set_up;
use super::faults::FaultRule;
use super::kinds::{KINDS, find};
use super::objects::id_text;
use super::reply::{Body, Reply};
use super::request::Request;
use super::user::LinkAs;
use super::webhooks;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Create {
    object_type: String,
    properties: Map<String, Value>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Edit {
    object_type: String,
    id: Value,
    properties: Map<String, Value>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct One {
    object_type: String,
    id: Value,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Merge {
    object_type: String,
    primary: Value,
    other: Value,
    #[serde(default)]
    keep_primary: bool,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Link {
    object_type: String,
    id: Value,
    to_type: String,
    to_id: Value,
    #[serde(default)]
    primary: bool,
    /// With this association type besides the plain one.
    type_id: Option<u64>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Property {
    object_type: String,
    /// As HubSpot's own call takes it; the name of one that exists changes that one.
    definition: Value,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Clock {
    advance_ms: Option<u64>,
    freeze_at: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Options {
    latency_ms: Option<u64>,
    search_lag_ms: Option<u64>,
    auto_consent: Option<bool>,
    rotate_refresh_tokens: Option<bool>,
    /// 0 lifts the limit.
    limit_per_10s: Option<u32>,
    /// 0 lifts the limit.
    search_limit_per_second: Option<u32>,
    /// Scopes that no token has from now on; an empty list gives all back.
    without_scopes: Option<Vec<String>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Revoke {
    /// `all` (the customer removed the app; the default), `access` (tokens run out
    /// now) or `refresh`.
    what: Option<String>,
}

/// The body of a control call.
pub fn read<T: DeserializeOwned>(request: &Request) -> Result<T, String> {
    let body: &[u8] = if request.body.is_empty() {
        b"{}"
    } else {
        &request.body
    };
    serde_json::from_slice(body)
        .map_err(|problem| format!("The body of {} is not right: {problem}.", request.path))
}

/// The index of a type, or the sentence that lists them.
pub fn kind_of(name: &str) -> Result<usize, String> {
    find(name).ok_or_else(|| {
        let known: Vec<&str> = KINDS.iter().map(|kind| kind.name).collect();
        format!(
            "There is no object type \"{name}\"; there are {}.",
            known.join(", ")
        )
    })
}

/// A refusal of the account as one sentence.
pub fn sentence(reply: &Reply) -> String {
    match &reply.body {
        Body::Json(body) => body
            .get("message")
            .and_then(Value::as_str)
            .unwrap_or("The account refused it.")
            .to_owned(),
        _ => "The account refused it.".to_owned(),
    }
}

/// Answers one call under `/_sim/`.
pub fn answer(account: &mut Account, request: &Request) -> Reply {
    match act(account, request) {
        Ok(body) => Reply::ok(body),
        Err(message) => Reply::new(400, json!({ "error": message })),
    }
}

fn act(account: &mut Account, request: &Request) -> Result<Value, String> {
    let verb = request
        .path
        .trim_start_matches("/_sim/")
        .trim_end_matches('/');
    if let Some(done) = webhooks::control::act(account, &request.method, verb, request) {
        return done;
    }
    match (request.method.as_str(), verb) {
        ("GET", "stats") => {
            serde_json::to_value(account.stats()).map_err(|problem| problem.to_string())
        }
        ("POST", "reset-stats") => {
            account.counters.reset();
            Ok(json!({}))
        }
        ("POST", "create") => {
            let Create {
                object_type,
                properties,
            } = read(request)?;
            Ok(
                json!({ "id": account.user_create(kind_of(&object_type)?, properties)?.to_string() }),
            )
        }
        ("POST", "edit") => {
            let Edit {
                object_type,
                id,
                properties,
            } = read(request)?;
            let changed =
                account.user_edit(kind_of(&object_type)?, &id_text(Some(&id)), properties)?;
            Ok(json!({ "changed": changed }))
        }
        ("POST", "archive" | "restore" | "forget") => {
            let One { object_type, id } = read(request)?;
            let kind = kind_of(&object_type)?;
            let id = id_text(Some(&id));
            match verb {
                "archive" => account.user_archive(kind, &id)?,
                "restore" => account.user_restore(kind, &id)?,
                _ => account.user_forget(kind, &id)?,
            }
            Ok(json!({}))
        }
        ("POST", "merge") => {
            let Merge {
                object_type,
                primary,
                other,
                keep_primary,
            } = read(request)?;
            let id = account.user_merge(
                kind_of(&object_type)?,
                &id_text(Some(&primary)),
                &id_text(Some(&other)),
                keep_primary,
            )?;
            Ok(json!({ "id": id.to_string() }))
        }
        ("POST", "link" | "unlink") => {
            let link: Link = read(request)?;
            let from = (kind_of(&link.object_type)?, id_text(Some(&link.id)));
            let to = (kind_of(&link.to_type)?, id_text(Some(&link.to_id)));
            let how = LinkAs {
                primary: link.primary,
                type_id: link.type_id,
            };
            let how = (verb == "link").then_some(&how);
            account.user_link((from.0, &from.1), (to.0, &to.1), how)?;
            Ok(json!({}))
        }
        ("POST", "property") => {
            let Property {
                object_type,
                definition,
            } = read(request)?;
            account.user_property(kind_of(&object_type)?, &definition)?;
            Ok(json!({}))
        }
        ("POST", "owner" | "pipeline" | "stage" | "label") => set_up(account, verb, request),
        ("GET", "faults") => {
            serde_json::to_value(account.faults.rules()).map_err(|problem| problem.to_string())
        }
        ("POST", "faults") => Ok(json!({ "id": account.faults.add(read::<FaultRule>(request)?) })),
        ("DELETE", "faults") => {
            account.faults.clear();
            Ok(json!({}))
        }
        ("POST", "clock") => {
            let Clock {
                advance_ms,
                freeze_at,
            } = read(request)?;
            if let Some(at) = freeze_at {
                let at: Timestamp = at
                    .parse()
                    .map_err(|problem| format!("\"freeze_at\" is not a time: {problem}."))?;
                account.clock.freeze(at);
            }
            account
                .clock
                .advance(Duration::from_millis(advance_ms.unwrap_or_default()));
            Ok(json!({ "now": iso(account.clock.now_ms()) }))
        }
        ("POST", "options") => {
            let options: Options = read(request)?;
            account.change_options(&options);
            Ok(json!({}))
        }
        ("POST", "revoke") => {
            match read::<Revoke>(request)?.what.as_deref() {
                None | Some("all") => account.uninstall(),
                Some("access") => account.end_tokens(true, false),
                Some("refresh") => account.end_tokens(false, true),
                Some(other) => {
                    return Err(format!(
                        "\"what\" is all, access or refresh, not \"{other}\"."
                    ));
                }
            }
            Ok(json!({}))
        }
        ("GET", verb) if verb.starts_with("snapshot/") => {
            let kind = kind_of(verb.trim_start_matches("snapshot/"))?;
            Ok(Value::Array(account.snapshot(kind)))
        }
        (method, verb) => Err(format!(
            "There is no {method} /_sim/{verb}. There are GET stats, snapshot/TYPE, faults, webhooks; POST create, edit, archive, restore, forget, merge, link, unlink, property, owner, pipeline, stage, label, faults, clock, options, revoke, reset-stats, webhooks, webhook-options; DELETE faults."
        )),
    }
}

impl Account {
    fn change_options(&mut self, options: &Options) {
        let limit = |value: Option<u32>, old: Option<u32>| {
            value.map_or(old, |value| (value > 0).then_some(value))
        };
        let now = &mut self.options;
        now.latency = options
            .latency_ms
            .map_or(now.latency, Duration::from_millis);
        now.auto_consent = options.auto_consent.unwrap_or(now.auto_consent);
        now.rotate_refresh_tokens = options
            .rotate_refresh_tokens
            .unwrap_or(now.rotate_refresh_tokens);
        now.limit_per_10s = limit(options.limit_per_10s, now.limit_per_10s);
        now.search_limit_per_second =
            limit(options.search_limit_per_second, now.search_limit_per_second);
        if let Some(scopes) = &options.without_scopes {
            now.without_scopes.clone_from(scopes);
        }
        if let Some(lag) = options.search_lag_ms {
            self.set_search_lag(Duration::from_millis(lag));
        }
    }
}
