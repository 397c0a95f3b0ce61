//! Account information: whose account this is, where its pages and data are, and
//! what its private apps have used today.

use jiff::Timestamp;
use serde_json::json;

use super::account::Account;
use super::clock::iso;
use super::limits::DAILY;
use super::options::SimOptions;
use super::reply::Reply;
use super::zones;

/// The hublet of accounts in North America, whose pages have no region in their name.
pub const HOME_HUBLET: &str = "na1";

/// The host of an account's pages: `app.hubspot.com`, `app-eu1.hubspot.com`.
fn ui_domain(hublet: &str) -> String {
    if hublet == HOME_HUBLET {
        "app.hubspot.com".to_owned()
    } else {
        format!("app-{hublet}.hubspot.com")
    }
}

/// Where the pages of records are; a type and an id follow.
pub fn record_pages(options: &SimOptions) -> String {
    let host = ui_domain(&options.hublet);
    format!("https://{host}/contacts/{}/record/", options.portal_id)
}

/// `-04:00`, the way HubSpot writes an offset.
fn clock_offset(seconds: i32) -> String {
    let sign = if seconds < 0 { '-' } else { '+' };
    let minutes = seconds.abs() / 60;
    format!("{sign}{:02}:{:02}", minutes / 60, minutes % 60)
}

impl Account {
    fn now(&self) -> Timestamp {
        Timestamp::from_millisecond(self.clock.now_ms()).unwrap_or_default()
    }

    /// `GET /account-info/{version}/details`.
    pub(super) fn account_info(&self) -> Reply {
        let zone = &self.options.time_zone;
        let offset = zones::offset_seconds(zone, self.now());
        Reply::ok(json!({
            "portalId": self.options.portal_id,
            "accountType": "STANDARD",
            "timeZone": zone,
            "companyCurrency": "USD",
            "additionalCurrencies": ["EUR", "GBP"],
            "utcOffset": clock_offset(offset),
            "utcOffsetMilliseconds": i64::from(offset) * 1000,
            "uiDomain": ui_domain(&self.options.hublet),
            "dataHostingLocation": self.options.hublet,
        }))
    }

    /// `GET /account-info/{version}/api-usage/daily/private-apps`.
    pub(super) fn daily_usage(&self) -> Reply {
        let now = self.now();
        let mut row = json!({
            "name": "private-apps-api-calls-daily",
            "currentUsage": self.limits.used_today(self.clock.elapsed_ms()),
            "usageLimit": DAILY,
            "fetchStatus": "SUCCESS",
            "collectedAt": iso(now.as_millisecond()),
        });
        if let Some(midnight) = zones::next_midnight(&self.options.time_zone, now)
            && let Some(map) = row.as_object_mut()
        {
            map.insert("resetsAt".to_owned(), json!(iso(midnight.as_millisecond())));
        }
        Reply::ok(json!({ "results": [row] }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_offset_is_written_with_its_sign_and_minutes() {
        let written = [-14_400, 0, 19_800].map(clock_offset);
        assert_eq!(written, ["-04:00", "+00:00", "+05:30"]);
    }
}
