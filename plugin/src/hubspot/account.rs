//! Which HubSpot account a sign-in belongs to.

use serde::{Deserialize, Serialize};

/// The account, as it is remembered.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Account {
    /// HubSpot's portal id.
    pub id: String,
    /// The host of its pages; accounts in Europe have another one.
    pub ui_domain: String,
    /// IANA name.
    #[serde(default)]
    pub time_zone: String,
    /// Its distance from UTC when the account was connected, in milliseconds;
    /// HubSpot resets daily limits at its midnight.
    #[serde(default)]
    pub utc_offset_ms: i64,
}

impl Account {
    /// What people call it; HubSpot tells an app no other name.
    pub fn name(&self) -> String {
        format!("HubSpot account {}", self.id)
    }

    /// Its own page.
    pub fn address(&self) -> String {
        format!("https://{}/home?portalId={}", self.ui_domain, self.id)
    }

    /// The page of a record; `type_id` is HubSpot's (`0-2` for companies).
    pub fn record_address(&self, type_id: &str, id: &str) -> String {
        format!(
            "https://{}/contacts/{}/record/{type_id}/{id}",
            self.ui_domain, self.id
        )
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Details {
    portal_id: u64,
    #[serde(default)]
    ui_domain: Option<String>,
    #[serde(default)]
    time_zone: Option<String>,
    #[serde(default)]
    utc_offset_milliseconds: Option<i64>,
}

/// Reads the answer of account-info's `details`.
pub fn account(body: &[u8]) -> Option<Account> {
    let details: Details = serde_json::from_slice(body).ok()?;
    Some(Account {
        id: details.portal_id.to_string(),
        ui_domain: details
            .ui_domain
            .unwrap_or_else(|| "app.hubspot.com".to_owned()),
        time_zone: details.time_zone.unwrap_or_default(),
        utc_offset_ms: details.utc_offset_milliseconds.unwrap_or_default(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_account_in_europe_has_its_own_pages() {
        let body = br#"{"portalId":1234,"timeZone":"Europe/Brussels","utcOffset":"+01:00","utcOffsetMilliseconds":3600000,"uiDomain":"app-eu1.hubspot.com","accountType":"STANDARD"}"#;
        let account = account(body).unwrap();
        assert_eq!(
            account.record_address("0-2", "77"),
            "https://app-eu1.hubspot.com/contacts/1234/record/0-2/77"
        );
        assert_eq!(account.time_zone, "Europe/Brussels");
        assert_eq!(account.utc_offset_ms, 3_600_000);
    }
}
