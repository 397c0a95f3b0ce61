//! Faults on demand: which calls they hit, and what happens to those.

use serde::{Deserialize, Serialize};
use serde_json::Value;

/// Which calls a rule is about. An empty match is about every API call.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FaultMatch {
    /// `GET`, `POST`, ...
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub method: Option<String>,
    /// A part of the path.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub path_contains: Option<String>,
}

/// What happens to a call that a rule hits.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum FaultKind {
    /// The answer comes later by so many milliseconds.
    Latency(u64),
    /// This answer instead of the work; with `after` the work is done all the same.
    Status {
        /// HTTP status.
        status: u16,
        /// A JSON body; text is sent as HTML; none is an ordinary error body.
        #[serde(default)]
        body: Option<Value>,
        /// Whether the work is done before.
        #[serde(default)]
        after: bool,
        /// A Retry-After header, in seconds.
        #[serde(default)]
        retry_after: Option<u64>,
    },
    /// The connection is reset, nothing was done.
    ResetBefore,
    /// The work is done, then the connection is reset without an answer.
    ResetAfter,
    /// The work is done, half of the answer's body arrives.
    TruncatedBody,
    /// An HTML page with this status from the edge in front of HubSpot, nothing was done.
    HtmlError(u16),
    /// 429 with this policy: `TEN_SECONDLY_ROLLING`, `SECONDLY` or `DAILY`.
    RateLimited {
        /// HubSpot's name of the limit.
        policy: String,
        /// A Retry-After header, in seconds.
        #[serde(default)]
        retry_after: Option<u64>,
    },
    /// 401 as if the access token had just expired.
    ExpiredToken,
}

/// One rule. It hits the `nth` matching call (from 1) and every `every`-th after
/// it, at most `count` times.
///
/// As JSON: `{"match": {"path_contains": "/companies"}, "nth": 3, "kind": "reset_after"}`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FaultRule {
    /// Which calls.
    #[serde(rename = "match", default)]
    pub matches: FaultMatch,
    /// The first matching call to hit, from 1.
    #[serde(default = "one")]
    pub nth: u64,
    /// From there on every so many-th.
    #[serde(default = "one")]
    pub every: u64,
    /// How often at most; 0 is without end.
    #[serde(default = "one")]
    pub count: u64,
    /// What happens.
    pub kind: FaultKind,
}

fn one() -> u64 {
    1
}

impl FaultRule {
    /// A rule that hits the next API call, once.
    pub fn once(kind: FaultKind) -> Self {
        Self {
            matches: FaultMatch::default(),
            nth: 1,
            every: 1,
            count: 1,
            kind,
        }
    }

    /// Only calls whose path contains this.
    pub fn on_path(mut self, part: &str) -> Self {
        self.matches.path_contains = Some(part.to_owned());
        self
    }

    /// Only calls with this method.
    pub fn on_method(mut self, method: &str) -> Self {
        self.matches.method = Some(method.to_owned());
        self
    }

    /// Starting with the n-th matching call.
    pub fn nth(mut self, nth: u64) -> Self {
        self.nth = nth;
        self
    }

    /// From there on every so many-th.
    pub fn every(mut self, every: u64) -> Self {
        self.every = every;
        self
    }

    /// So many times; 0 is without end.
    pub fn times(mut self, count: u64) -> Self {
        self.count = count;
        self
    }

    fn covers(&self, method: &str, path: &str) -> bool {
        self.matches
            .method
            .as_deref()
            .is_none_or(|wanted| wanted.eq_ignore_ascii_case(method))
            && self
                .matches
                .path_contains
                .as_deref()
                .is_none_or(|part| path.contains(part))
    }
}

/// A rule with how often it met a matching call, and how often it hit.
#[derive(Debug, Clone, Serialize)]
pub struct ActiveRule {
    /// Its number.
    pub id: u64,
    /// The rule.
    pub rule: FaultRule,
    /// Matching calls so far.
    pub seen: u64,
    /// Hits so far.
    pub hits: u64,
}

/// All rules in force.
#[derive(Debug, Default)]
pub struct Faults {
    rules: Vec<ActiveRule>,
    last_id: u64,
}

impl Faults {
    /// Adds a rule; answers its number.
    pub fn add(&mut self, rule: FaultRule) -> u64 {
        self.last_id += 1;
        self.rules.push(ActiveRule {
            id: self.last_id,
            rule,
            seen: 0,
            hits: 0,
        });
        self.last_id
    }

    /// Removes every rule.
    pub fn clear(&mut self) {
        self.rules.clear();
    }

    /// The rules.
    pub fn rules(&self) -> &[ActiveRule] {
        &self.rules
    }

    /// What happens to this call: every rule that hits it, in the order they were added.
    pub fn strike(&mut self, method: &str, path: &str) -> Vec<FaultKind> {
        let mut struck = Vec::new();
        for active in &mut self.rules {
            if !active.rule.covers(method, path) {
                continue;
            }
            active.seen += 1;
            let rule = &active.rule;
            let due = active.seen >= rule.nth
                && (active.seen - rule.nth).is_multiple_of(rule.every.max(1));
            if due && (rule.count == 0 || active.hits < rule.count) {
                active.hits += 1;
                struck.push(rule.kind.clone());
            }
        }
        struck
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rule_hits_the_nth_call_then_every_so_many_and_stops() {
        let mut faults = Faults::default();
        faults.add(
            FaultRule::once(FaultKind::ResetAfter)
                .on_path("/companies")
                .nth(2)
                .every(3)
                .times(2),
        );
        let hits: Vec<bool> = (0..10)
            .map(|_| !faults.strike("GET", "/crm/companies").is_empty())
            .collect();
        let expected = [
            false, true, false, false, true, false, false, false, false, false,
        ];
        assert_eq!(hits, expected);
        assert!(faults.strike("GET", "/crm/contacts").is_empty());
    }

    #[test]
    fn rules_are_read_from_json_and_a_misspelt_key_is_told() {
        for text in [
            r#"{"kind": "reset_before"}"#,
            r#"{"match": {"method": "POST"}, "nth": 2, "count": 0, "kind": {"latency": 250}}"#,
            r#"{"kind": {"status": {"status": 503, "body": {"a": 1}, "after": true}}}"#,
            r#"{"kind": {"rate_limited": {"policy": "DAILY", "retry_after": 3}}}"#,
            r#"{"kind": {"html_error": 502}}"#,
        ] {
            serde_json::from_str::<FaultRule>(text)
                .unwrap_or_else(|problem| panic!("{text}: {problem}"));
        }
        let problem = serde_json::from_str::<FaultRule>(r#"{"kind": "reset_before", "evry": 2}"#)
            .unwrap_err();
        assert!(problem.to_string().contains("evry"));
    }
}
