//! Rate limits: rolling windows, their headers, and 429 bodies.
//!
//! Three windows as HubSpot has them: the ten-second one of each app, five search
//! calls a second for the whole account, and an own one for associations. A call
//! that is refused takes no place in the window.

use std::collections::{BTreeMap, VecDeque};

use serde_json::{Value, json};

use super::reply::Reply;

/// The associations API has its own burst: 150 calls per ten seconds.
const ASSOCIATIONS_PER_10S: u32 = 150;
/// Calls a day that private apps of one account share.
pub const DAILY: u32 = 625_000;

/// A day of the steady count.
const DAY_MS: i64 = 86_400_000;

/// Which window a call falls into.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Bucket {
    /// The ten-second window of one app.
    General,
    /// Search, per second, for all apps together.
    Search,
    /// The associations API.
    Associations,
    /// Not limited.
    Free,
}

/// A limit that HubSpot names in its 429 bodies.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Policy {
    /// `TEN_SECONDLY_ROLLING`
    TenSecondly,
    /// `SECONDLY`
    Secondly,
    /// `DAILY`
    Daily,
}

impl Policy {
    /// Reads HubSpot's name.
    pub fn parse(name: &str) -> Option<Self> {
        [Self::TenSecondly, Self::Secondly, Self::Daily]
            .into_iter()
            .find(|policy| policy.name() == name)
    }

    fn name(self) -> &'static str {
        match self {
            Self::TenSecondly => "TEN_SECONDLY_ROLLING",
            Self::Secondly => "SECONDLY",
            Self::Daily => "DAILY",
        }
    }

    fn words(self) -> (&'static str, &'static str) {
        match self {
            Self::TenSecondly => (
                "ten_secondly_rolling",
                "publicapi:private-app-api-calls-ten-secondly",
            ),
            Self::Secondly => ("secondly", "publicapi:crm:search"),
            Self::Daily => ("daily", "publicapi:private-app-api-calls-daily"),
        }
    }

    /// The 429 of this policy. Note `errorType`, where other errors say `category`.
    pub fn refuse(self, app_id: u64, retry_after: Option<u64>) -> Reply {
        let (word, group) = self.words();
        let mut body = json!({
            "status": "error",
            "message": format!("You have reached your {word} limit."),
            "errorType": "RATE_LIMIT",
            "correlationId": "",
            "policyName": self.name(),
            "groupName": format!("{group}:{app_id}"),
        });
        if let (Self::Daily, Some(map)) = (self, body.as_object_mut()) {
            map.insert("requestId".to_owned(), Value::from(""));
        }
        let reply = Reply::new(429, body);
        match retry_after {
            Some(seconds) => reply.header("retry-after", seconds),
            None => reply,
        }
    }
}

/// A rolling window of call times.
#[derive(Debug, Default)]
struct Window {
    calls: VecDeque<i64>,
}

impl Window {
    /// Takes a place if one is free; says how many are left, or `None`.
    fn take(&mut self, at_ms: i64, span_ms: i64, limit: u32) -> Option<u32> {
        while self
            .calls
            .front()
            .is_some_and(|call| *call <= at_ms - span_ms)
        {
            self.calls.pop_front();
        }
        let used = u32::try_from(self.calls.len()).unwrap_or(u32::MAX);
        if used >= limit {
            return None;
        }
        self.calls.push_back(at_ms);
        Some(limit - used - 1)
    }
}

/// Who calls, as far as limits go.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Caller {
    /// The OAuth app: no daily limit.
    OAuth,
    /// The private app: a daily limit, told in headers.
    Private,
}

/// All windows of the account.
#[derive(Debug, Default)]
pub struct Limits {
    windows: BTreeMap<(Bucket, Option<Caller>), Window>,
    today: (i64, u32),
}

/// The two limits that the options set.
#[derive(Debug, Clone, Copy)]
pub struct Allowed {
    /// Calls per app in ten seconds.
    pub per_10s: Option<u32>,
    /// Search calls per second.
    pub search_per_second: Option<u32>,
}

impl Limits {
    /// Calls that private apps have made today.
    pub fn used_today(&self, at_ms: i64) -> u32 {
        let (day, used) = self.today;
        if day == at_ms.div_euclid(DAY_MS) {
            used
        } else {
            0
        }
    }

    /// Counts a call; the headers that its answer bears, or the refusal.
    pub fn admit(
        &mut self,
        bucket: Bucket,
        caller: Caller,
        at_ms: i64,
        allowed: Allowed,
        app_id: u64,
    ) -> Result<Vec<(&'static str, String)>, Reply> {
        let (key, span, limit, policy) = match bucket {
            Bucket::Free => return Ok(Vec::new()),
            Bucket::Search => (
                (bucket, None),
                1000,
                allowed.search_per_second,
                Policy::Secondly,
            ),
            Bucket::General => (
                (bucket, Some(caller)),
                10_000,
                allowed.per_10s,
                Policy::TenSecondly,
            ),
            Bucket::Associations => {
                let limit = allowed.per_10s.map(|_| ASSOCIATIONS_PER_10S);
                ((bucket, Some(caller)), 10_000, limit, Policy::TenSecondly)
            }
        };
        let Some(limit) = limit else {
            return Ok(Vec::new());
        };
        let left = self
            .windows
            .entry(key)
            .or_default()
            .take(at_ms, span, limit);
        // Search answers bear no rate headers at all.
        if bucket == Bucket::Search {
            return left
                .map(|_| Vec::new())
                .ok_or_else(|| policy.refuse(app_id, None));
        }
        let mut headers = vec![
            ("x-hubspot-ratelimit-max", limit.to_string()),
            (
                "x-hubspot-ratelimit-remaining",
                left.unwrap_or(0).to_string(),
            ),
            (
                "x-hubspot-ratelimit-interval-milliseconds",
                "10000".to_owned(),
            ),
        ];
        if caller == Caller::Private {
            let day = at_ms.div_euclid(DAY_MS);
            if self.today.0 != day {
                self.today = (day, 0);
            }
            if left.is_some() {
                self.today.1 += 1;
            }
            headers.push(("x-hubspot-ratelimit-daily", DAILY.to_string()));
            headers.push((
                "x-hubspot-ratelimit-daily-remaining",
                DAILY.saturating_sub(self.today.1).to_string(),
            ));
        }
        if left.is_some() {
            return Ok(headers);
        }
        let mut reply = policy.refuse(app_id, None);
        reply.headers.extend(headers);
        Err(reply)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ALLOWED: Allowed = Allowed {
        per_10s: Some(3),
        search_per_second: Some(2),
    };

    fn admit(limits: &mut Limits, bucket: Bucket, caller: Caller, at: i64) -> u16 {
        limits
            .admit(bucket, caller, at, ALLOWED, 7)
            .map_or_else(|reply| reply.status, |_| 200)
    }

    #[test]
    fn the_window_rolls_and_refused_calls_take_no_place() {
        let mut limits = Limits::default();
        let calls = [
            (0, 200),
            (1, 200),
            (9_999, 200),
            (9_999, 429),
            (10_000, 200),
            (10_000, 429),
            (10_001, 200),
        ];
        for (at, status) in calls {
            assert_eq!(
                admit(&mut limits, Bucket::General, Caller::OAuth, at),
                status,
                "at {at}"
            );
        }
        assert_eq!(
            admit(&mut limits, Bucket::General, Caller::Private, 10_001),
            200,
            "another app has its own"
        );
    }

    #[test]
    fn search_is_limited_per_second_for_all_apps_and_bears_no_headers() {
        let mut limits = Limits::default();
        assert_eq!(
            limits
                .admit(Bucket::Search, Caller::OAuth, 0, ALLOWED, 7)
                .unwrap(),
            []
        );
        assert_eq!(admit(&mut limits, Bucket::Search, Caller::Private, 1), 200);
        let refused = limits
            .admit(Bucket::Search, Caller::OAuth, 2, ALLOWED, 7)
            .unwrap_err();
        assert!(format!("{:?}", refused.body).contains("SECONDLY"));
        assert!(refused.headers.is_empty());
        assert_eq!(admit(&mut limits, Bucket::Search, Caller::OAuth, 1000), 200);
    }

    #[test]
    fn only_private_apps_see_a_daily_limit() {
        let mut limits = Limits::default();
        let daily =
            |headers: Vec<(&str, String)>| headers.iter().any(|(name, _)| name.ends_with("-daily"));
        assert!(!daily(
            limits
                .admit(Bucket::General, Caller::OAuth, 0, ALLOWED, 7)
                .unwrap()
        ));
        assert!(daily(
            limits
                .admit(Bucket::General, Caller::Private, 0, ALLOWED, 7)
                .unwrap()
        ));
    }
}
