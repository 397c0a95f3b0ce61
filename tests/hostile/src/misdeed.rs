//! The list of misdeeds, and the description that offers each as an entity.

use serde::Deserialize;
use serde_json::{Value, json};

use crate::contract::halo::integration::settings;
use crate::contract::halo::integration::types::{Failure, Slice};
use crate::{brakeless, computing, excess, failure, handles, honest, network};

/// What a misdeed comes to, where it comes to an end by itself.
pub type Outcome = Result<(), Failure>;

type Deed = fn() -> Outcome;

/// The entity that does nothing wrong.
pub const HONEST: &str = "honest";

/// Everything that can be imported.
const ALL: &[(&str, Deed)] = &[
    (HONEST, honest::import),
    ("plan", honest::plan),
    ("loop", computing::compute_for_ever),
    ("sleep", computing::sleep_for_an_hour),
    ("memory", computing::eat_memory),
    ("stack", computing::recurse_for_ever),
    ("trap", computing::crash),
    ("handles", handles::open_for_ever),
    ("huge-header", handles::one_huge_header),
    ("endless-headers", handles::headers_for_ever),
    ("huge-string", handles::pass_a_huge_string),
    ("huge-random", handles::ask_for_endless_random_bytes),
    ("forbidden", network::call_a_forbidden_host),
    (
        "forbidden-and-mute",
        network::call_a_forbidden_host_in_secret,
    ),
    ("patient", network::wait_for_the_rate_budget),
    ("write", network::write_at_the_remote),
    ("many-headers", network::send_too_many_headers),
    ("big-request", network::send_a_big_request),
    ("big-answer", network::fetch_a_big_answer),
    ("many-requests", network::hold_many_answers),
    ("big-read", excess::read_too_many_ids),
    ("big-resolve", excess::resolve_too_many_keys),
    ("big-find", excess::find_too_many_values),
    ("big-batch", excess::write_too_many_rows),
    ("big-report", excess::report_too_many_rows),
    ("big-get", excess::get_too_many_entries),
    ("big-scan", excess::scan_more_than_a_batch),
    ("big-commit", excess::commit_too_many_writes),
    ("long-state-key", excess::commit_a_long_key),
    ("big-state-value", excess::commit_a_big_value),
    ("hoard", excess::ask_for_the_same_megabyte_a_thousand_times),
    ("big-secret", excess::store_a_big_secret),
    ("granted-secret", excess::overwrite_a_granted_secret),
    ("short-cadence", excess::schedule_every_second),
    ("long-task-name", excess::schedule_a_long_name),
    ("many-tasks", excess::schedule_too_many_tasks),
    ("foreign-kind", excess::write_a_foreign_kind),
    ("foreign-read", excess::read_a_foreign_kind),
    ("long-log-line", excess::log_a_long_line),
    ("many-log-lines", excess::log_for_ever),
    ("long-failure", excess::fail_at_length),
    ("crowd", brakeless::make_a_crowd),
    ("brakeless", brakeless::change_everybody_and_say_done),
    ("brakeless-crash", brakeless::change_everybody_and_crash),
    ("brakeless-batch", brakeless::change_everybody_at_once),
];

/// The misdeed that is none of a single call: each one ends well and says that there
/// is more to do.
const ENDLESS: &str = "endless";
/// Says that there is more, after it should have ended.
const BRAKELESS_MORE: &str = "brakeless-more";

/// Does what the entity's name says.
pub fn commit(entity: &str) -> Result<Slice, Failure> {
    if entity == ENDLESS {
        return Ok(Slice::More);
    }
    if entity == BRAKELESS_MORE {
        return brakeless::change_everybody_and_say_done().map(|()| Slice::More);
    }
    let (_, deed) = ALL
        .iter()
        .find(|(name, _)| *name == entity)
        .ok_or_else(|| failure("not-found", format!("There is no misdeed {entity:?}.")))?;
    deed().map(|()| Slice::Done)
}

/// Grants are exactly what the misdeeds need: customers and their sites, one secret
/// that the configuration gives, and no host at all.
pub fn description() -> String {
    let entities: Vec<Value> = ALL
        .iter()
        .map(|(name, _)| *name)
        .chain([ENDLESS, BRAKELESS_MORE])
        .map(|name| {
            // The order of these two is the one in which changes are handed over.
            let push = name == HONEST;
            json!({ "name": name, "label": name, "kind": "customer", "import": true, "push": push })
        })
        .chain([json!({ "name": "places", "label": "places", "kind": "site", "push": true })])
        .collect();
    json!({
        "format": 1,
        "name": "Hostile",
        "version": "0.1.0",
        "secrets": [{ "name": "granted" }],
        "buckets": [
            { "name": "plenty", "limit": 1000, "window-ms": 1000 },
            { "name": "scarce", "limit": 2, "window-ms": 10000 },
        ],
        "routes": [
            { "method": "GET", "path": "/scarce", "bucket": "scarce", "reads": true },
            { "method": "GET", "path": "/{any}", "reads": true },
        ],
        "entities": entities,
        "settings": { "type": "object" },
    })
    .to_string()
}

/// The settings: where to find what.
#[derive(Clone, Debug, Deserialize)]
pub struct Settings {
    /// The remote, which is granted: `http://127.0.0.1:1234`.
    pub address: String,
    /// Another one, which is not.
    pub forbidden: String,
}

impl Settings {
    /// As the administrator wrote them.
    pub fn read() -> Result<Settings, Failure> {
        let document = settings::get()?;
        serde_json::from_str(&document.json).map_err(|error| failure("settings", error.to_string()))
    }
}
