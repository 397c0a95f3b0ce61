//! Counters, so that a test can say "at most N calls" and "only reads".

use std::collections::BTreeMap;

use serde::Serialize;

/// What a call does to the portal.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Effect {
    /// Only reads; searches and batch reads are of this sort although they are POSTs.
    Read,
    /// May change records, links or definitions.
    Write,
    /// OAuth: tokens, not records.
    Auth,
}

impl Effect {
    /// What a call that is not served would do, by its method.
    pub(super) fn of(method: &str) -> Self {
        match method {
            "GET" | "HEAD" | "OPTIONS" => Self::Read,
            _ => Self::Write,
        }
    }
}

/// Calls of one route.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct RouteCount {
    /// HTTP method.
    pub method: String,
    /// The route; ids are `{id}`, the version is `{version}`.
    pub route: String,
    /// What calls of it do.
    pub effect: Effect,
    /// How many there were, refused ones included.
    pub calls: u64,
}

/// Records of one type, and the calls on them.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct ObjectCounts {
    /// Records that are not archived.
    pub active: usize,
    /// Records in the recycling bin.
    pub archived: usize,
    /// Calls that read records of this type; also by batch or search.
    pub reads: u64,
    /// Calls that may change records of this type or their links.
    pub writes: u64,
}

/// Everything that was counted since the start or the last reset.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Stats {
    /// API calls in all, refused ones included.
    pub calls: u64,
    /// Of them, calls that only read.
    pub reads: u64,
    /// Of them, calls that may change something.
    pub writes: u64,
    /// Of them, OAuth calls.
    pub auth: u64,
    /// Answers with status 429.
    pub rate_limited: u64,
    /// Calls that a fault rule hit.
    pub faults: u64,
    /// The most calls that were being answered at one time.
    pub peak_in_flight: u64,
    /// Answers by HTTP status; resets are not answers.
    pub statuses: BTreeMap<u16, u64>,
    /// Calls by route.
    pub routes: Vec<RouteCount>,
    /// Records by type.
    pub objects: BTreeMap<String, ObjectCounts>,
    /// By `companies 5 city`: how often an app has changed that value of a record.
    pub changes: BTreeMap<String, u64>,
    /// The simulation's time.
    pub now: String,
}

impl Stats {
    /// Calls of a method whose route contains a text.
    pub fn calls_of(&self, method: &str, route_contains: &str) -> u64 {
        self.routes
            .iter()
            .filter(|row| row.method == method && row.route.contains(route_contains))
            .map(|row| row.calls)
            .sum()
    }

    /// Calls on records of one type, as reads and writes.
    pub(super) fn object_calls(&self, object_type: &str) -> (u64, u64) {
        let base = format!("/crm/objects/{{version}}/{object_type}");
        let of = |effect: Effect| {
            self.routes
                .iter()
                .filter(|row| row.effect == effect)
                .filter(|row| {
                    row.route
                        .strip_prefix(&base)
                        .is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
                })
                .map(|row| row.calls)
                .sum()
        };
        (of(Effect::Read), of(Effect::Write))
    }
}

/// The running counters.
#[derive(Debug, Default)]
pub struct Counters {
    routes: BTreeMap<(String, String, Effect), u64>,
    statuses: BTreeMap<u16, u64>,
    faults: u64,
    changes: BTreeMap<String, u64>,
    in_flight: u64,
    peak: u64,
}

impl Counters {
    /// A call has arrived.
    pub fn arrive(&mut self, method: &str, route: &str, effect: Effect) {
        *self
            .routes
            .entry((method.to_owned(), route.to_owned(), effect))
            .or_default() += 1;
        self.in_flight += 1;
        self.peak = self.peak.max(self.in_flight);
    }

    /// A call has ended, with or without an answer.
    pub fn leave(&mut self) {
        self.in_flight = self.in_flight.saturating_sub(1);
    }

    /// A call was answered.
    pub fn answered(&mut self, status: u16) {
        *self.statuses.entry(status).or_default() += 1;
    }

    /// A fault rule hit a call.
    pub fn faulted(&mut self) {
        self.faults += 1;
    }

    /// An app has changed a value of a record.
    pub fn changed(&mut self, object_type: &str, id: u64, property: &str) {
        let name = format!("{object_type} {id} {property}");
        *self.changes.entry(name).or_default() += 1;
    }

    /// Starts again at nothing.
    pub fn reset(&mut self) {
        *self = Self {
            in_flight: self.in_flight,
            peak: self.in_flight,
            ..Self::default()
        };
    }

    /// The counts, still without objects and time.
    pub fn snapshot(&self) -> Stats {
        let of = |effect: Effect| {
            self.routes
                .iter()
                .filter(|((_, _, e), _)| *e == effect)
                .map(|(_, calls)| calls)
                .sum()
        };
        Stats {
            calls: self.routes.values().sum(),
            reads: of(Effect::Read),
            writes: of(Effect::Write),
            auth: of(Effect::Auth),
            rate_limited: self.statuses.get(&429).copied().unwrap_or_default(),
            faults: self.faults,
            peak_in_flight: self.peak,
            statuses: self.statuses.clone(),
            routes: self
                .routes
                .iter()
                .map(|((method, route, effect), calls)| RouteCount {
                    method: method.clone(),
                    route: route.clone(),
                    effect: *effect,
                    calls: *calls,
                })
                .collect(),
            objects: BTreeMap::new(),
            changes: self.changes.clone(),
            now: String::new(),
        }
    }
}
