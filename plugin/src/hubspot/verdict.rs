//! What an answer of HubSpot means for the caller: good, again soon, later, sign
//! in again, or failed. A plain function of status, headers, body and attempt.
//!
//! Source: HubSpot's error-handling and usage-details pages. Of an error body "all
//! fields should be treated as optional", and what the edge answers is HTML.

use serde::Deserialize;

use super::refusal::{Context, Detail, Refusal};
use super::transport::{Response, TransportError};
use crate::failure::Failure;

/// How often one call is sent before it is given up for now.
pub const ATTEMPTS: u32 = 5;
/// The longest wait inside a call; a longer one ends the slice as `wait-until`.
const LONGEST_PAUSE_MS: u64 = 20_000;
const HOUR_MS: u64 = 60 * 60 * 1_000;
const DAY_MS: u64 = 24 * HOUR_MS;
/// How long HubSpot is left alone while it moves the account, when it does not say.
const MOVING_PAUSE_MS: u64 = HOUR_MS;
/// After so many failed attempts, how long HubSpot is left alone.
pub const OUTAGE_PAUSE_MS: u64 = 60_000;

/// What to do with an answer.
#[derive(Clone, Debug, PartialEq)]
pub enum Verdict {
    /// It is what was asked for.
    Good,
    /// Send the same again after so many milliseconds; why not now.
    Again(u64, Failure),
    /// The access token is not good any more: get a new one, then send again.
    Refresh(String),
    /// Not before this time; the failure says why.
    Later(u64, Failure),
    /// It will not work by repeating.
    Failed(Failure),
}

/// HubSpot's error envelope; every field may be missing.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct ErrorBody {
    /// A sentence.
    pub message: String,
    /// `VALIDATION_ERROR`, `MISSING_SCOPES`, …
    pub category: String,
    /// Given in place of a category for rate limits.
    pub policy_name: String,
    /// Names the request in HubSpot's logs.
    pub correlation_id: String,
    errors: Vec<Detail>,
    context: Context,
}

impl ErrorBody {
    /// Of any body; one that is no JSON says nothing.
    pub fn of(body: &[u8]) -> ErrorBody {
        serde_json::from_slice(body).unwrap_or_default()
    }

    /// Scopes that are missing; HubSpot names them in one of two places.
    fn missing_scopes(&self) -> Vec<String> {
        let nested = self.errors.iter().map(|detail| &detail.context);
        let mut scopes: Vec<String> = nested
            .chain([&self.context])
            .flat_map(|context| context.required_granular_scopes.clone())
            .collect();
        scopes.sort();
        scopes.dedup();
        scopes
    }
}

/// How long a daily limit lasts: HubSpot resets it at midnight in the account's time
/// zone. In the two hours behind midnight it is asked every hour, as the zone may
/// have changed to or from daylight saving since the account was connected.
fn until_midnight(now: u64, utc_offset_ms: i64) -> u64 {
    let since_midnight = now.saturating_add_signed(utc_offset_ms) % DAY_MS;
    if since_midnight < 2 * HOUR_MS {
        HOUR_MS
    } else {
        DAY_MS - since_midnight
    }
}

/// Judges the answer to attempt number `attempt` (from 1), at the time `now`, for an
/// account so far from UTC.
pub fn judge(
    answer: &Result<Response, TransportError>,
    attempt: u32,
    now: u64,
    utc_offset_ms: i64,
) -> Verdict {
    let response = match answer {
        Ok(response) => response,
        Err(TransportError::Denied(why)) => {
            return Verdict::Failed(Failure::new(
                "denied",
                format!(
                    "HubSpot was not asked: {why}. Add its address to `allow-hosts` in the configuration."
                ),
            ));
        }
        Err(TransportError::TooLarge) => {
            return Verdict::Failed(Failure::new(
                "limit",
                "HubSpot's answer is larger than the host takes. Map fewer properties.",
            ));
        }
        Err(TransportError::Lost(why)) => {
            return again_or_later(
                backoff(attempt),
                attempt,
                now,
                Failure::new("unavailable", format!("HubSpot did not answer: {why}.")),
            );
        }
    };
    if (200..300).contains(&response.status) {
        return Verdict::Good;
    }
    let body = ErrorBody::of(&response.body);
    let failure = failure_of(response, &body);
    match response.status {
        429 => {
            let pause = retry_after(response).unwrap_or(match body.policy_name.as_str() {
                "DAILY" => until_midnight(now, utc_offset_ms),
                "SECONDLY" => 1_000,
                _ => 10_000,
            });
            again_or_later(pause, attempt, now, failure)
        }
        // A lock of two seconds on records that are written very often.
        423 => again_or_later(2_000, attempt, now, failure),
        // The account moves to another region; up to a day.
        477 => Verdict::Later(
            now + retry_after(response).unwrap_or(MOVING_PAUSE_MS),
            failure,
        ),
        401 => Verdict::Refresh(body.message),
        403 => {
            let scopes = body.missing_scopes();
            if scopes.is_empty() {
                return Verdict::Failed(failure);
            }
            Verdict::Failed(Failure::new(
                "denied",
                format!(
                    "The sign-in lacks permission at HubSpot; it needs the scope {}. Add it at HubSpot to the app, or to the private app or service key of the access token, and connect again.",
                    scopes.join(" or ")
                ),
            ))
        }
        500..=599 => {
            let pause = retry_after(response).unwrap_or_else(|| backoff(attempt));
            again_or_later(pause, attempt, now, failure)
        }
        _ => Verdict::Failed(failure),
    }
}

/// Again after `pause` milliseconds, unless that is too long for a call or this was
/// the last attempt.
pub fn again_or_later(pause: u64, attempt: u32, now: u64, failure: Failure) -> Verdict {
    if pause > LONGEST_PAUSE_MS {
        Verdict::Later(now + pause, failure)
    } else if attempt >= ATTEMPTS {
        Verdict::Later(now + OUTAGE_PAUSE_MS, failure)
    } else {
        Verdict::Again(pause, failure)
    }
}

/// 0.5, 1, 2, 4 s: a stumble of HubSpot's edge is over within seconds.
pub fn backoff(attempt: u32) -> u64 {
    500 << attempt.saturating_sub(1).min(5)
}

/// HubSpot's `Retry-After` is in seconds.
fn retry_after(response: &Response) -> Option<u64> {
    let seconds: u64 = response.header("retry-after")?.trim().parse().ok()?;
    Some(seconds.saturating_mul(1_000))
}

/// An error for people, with what support asks for.
fn failure_of(response: &Response, body: &ErrorBody) -> Failure {
    let refusal = Refusal::of(&body.message, &body.errors, &body.context);
    let says = if body.message.is_empty() {
        String::new()
    } else {
        format!(": {}", refusal.text(&body.message))
    };
    let code = match response.status {
        429 | 423 | 477 | 500..=599 => "unavailable",
        404 => "not-found",
        409 => "exists",
        _ => "remote",
    };
    let failure = Failure::new(
        code,
        format!("HubSpot answered with error {}{says}.", response.status),
    )
    .with("status", response.status);
    let failure = refusal.noted(failure);
    if body.correlation_id.is_empty() {
        failure
    } else {
        failure.with("correlation-id", &body.correlation_id)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Some day, 05:00 UTC.
    const NOW: u64 = 20_000 * DAY_MS + 5 * HOUR_MS;

    fn judge(answer: &Result<Response, TransportError>, attempt: u32, now: u64) -> Verdict {
        super::judge(answer, attempt, now, 0)
    }

    #[test]
    fn a_daily_limit_is_waited_for_until_midnight_in_the_time_zone_of_the_account() {
        let hours = |now: u64, offset: i64| {
            let offset = offset * HOUR_MS as i64;
            until_midnight(now, offset) as f64 / HOUR_MS as f64
        };
        assert_eq!(hours(NOW, 0), 19.0);
        assert_eq!(hours(NOW, 1), 18.0);
        assert_eq!(hours(NOW, -7), 2.0);
        // Midnight is over, but HubSpot may not think so yet.
        assert_eq!(hours(NOW, -5), 1.0);
        assert_eq!(hours(NOW, -4), 1.0);
        assert_eq!(hours(NOW, -3), 22.0);
    }

    fn answer(
        status: u16,
        headers: &[(&str, &str)],
        body: &str,
    ) -> Result<Response, TransportError> {
        Ok(Response {
            status,
            headers: headers
                .iter()
                .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
                .collect(),
            body: body.as_bytes().to_vec(),
        })
    }

    fn wait_of(verdict: Verdict) -> u64 {
        match verdict {
            Verdict::Again(pause, _) => pause,
            Verdict::Later(at, _) => at - NOW,
            other => panic!("no wait: {other:?}"),
        }
    }

    #[test]
    fn a_rate_limit_waits_as_long_as_its_policy_or_its_header_says() {
        let body = |policy: &str| format!(r#"{{"message":"limit","policyName":"{policy}"}}"#);
        for (policy, header, pause) in [
            ("SECONDLY", None, 1_000),
            ("TEN_SECONDLY_ROLLING", None, 10_000),
            ("DAILY", None, 19 * HOUR_MS),
            ("DAILY", Some("7"), 7_000),
            ("TEN_SECONDLY_ROLLING", Some("3"), 3_000),
        ] {
            let headers: Vec<(&str, &str)> =
                header.map(|h| ("retry-after", h)).into_iter().collect();
            let verdict = judge(&answer(429, &headers, &body(policy)), 1, NOW);
            assert_eq!(wait_of(verdict), pause, "{policy} {header:?}");
        }
    }

    #[test]
    fn a_long_wait_ends_the_slice_and_a_short_one_does_not() {
        let daily = judge(&answer(429, &[], r#"{"policyName":"DAILY"}"#), 1, NOW);
        assert!(matches!(daily, Verdict::Later(..)));
        let moving = judge(&answer(477, &[("retry-after", "86400")], ""), 1, NOW);
        assert_eq!(wait_of(moving), 86_400_000);
        assert!(matches!(
            judge(&answer(423, &[], ""), 1, NOW),
            Verdict::Again(2_000, _)
        ));
    }

    #[test]
    fn an_html_error_page_is_tried_again_and_given_up_after_some_attempts() {
        let page = answer(502, &[], "<html>Bad gateway</html>");
        let pauses: Vec<u64> = (1..ATTEMPTS)
            .map(|attempt| wait_of(judge(&page, attempt, NOW)))
            .collect();
        assert_eq!(pauses, [500, 1_000, 2_000, 4_000]);
        assert!(matches!(judge(&page, ATTEMPTS, NOW), Verdict::Later(..)));
        let reset = Err(TransportError::Lost("the connection broke".to_owned()));
        assert!(matches!(judge(&reset, 1, NOW), Verdict::Again(500, _)));
    }

    #[test]
    fn missing_scopes_are_named_in_both_of_their_shapes() {
        let nested = r#"{"category":"MISSING_SCOPES","errors":[{"context":{"requiredGranularScopes":["a","b"]}}]}"#;
        let flat =
            r#"{"category":"MISSING_SCOPES","context":{"requiredGranularScopes":["a","b"]}}"#;
        for body in [nested, flat] {
            match judge(&answer(403, &[], body), 1, NOW) {
                Verdict::Failed(failure) => {
                    assert_eq!(failure.code, "denied");
                    for told in ["the scope a or b.", "private app", "connect again"] {
                        assert!(failure.message.contains(told), "{}", failure.message);
                    }
                }
                other => panic!("{other:?}"),
            }
        }
    }

    #[test]
    fn a_refused_request_is_not_repeated() {
        let body = r#"{"message":"Property values were not valid.","correlationId":"c-1"}"#;
        match judge(&answer(400, &[], body), 1, NOW) {
            Verdict::Failed(failure) => {
                assert_eq!(
                    failure.message,
                    "HubSpot answered with error 400: Property values were not valid."
                );
                assert!(
                    failure
                        .attributes
                        .iter()
                        .any(|a| a.name == "correlation-id" && a.value == "c-1")
                );
            }
            other => panic!("{other:?}"),
        }
        assert!(matches!(
            judge(&answer(401, &[], "{}"), 1, NOW),
            Verdict::Refresh(_)
        ));
        let denied = Err(TransportError::Denied("x".to_owned()));
        assert!(matches!(judge(&denied, 1, NOW), Verdict::Failed(f) if f.code == "denied"));
    }
}
