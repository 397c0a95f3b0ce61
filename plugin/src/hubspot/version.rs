//! Where HubSpot's endpoints are in each version of its API. The shapes of bodies
//! are the same in all of them, so the version is nothing but a part of the path.
//!
//! Source: HubSpot's date-based versioning; the map from v3 to dated paths is in
//! HubSpot's migration notes of 2026.

/// A version of HubSpot's API.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Version {
    /// A dated one, such as `2026-09`.
    Dated(&'static str),
    /// The paths before dates; HubSpot stops answering them in 2027.
    V3,
}

/// What settings may say, newest first; the first is the default.
pub const KNOWN: [&str; 3] = ["2026-09", "2026-03", "v3"];

impl Version {
    /// By its name in the settings.
    pub fn named(name: &str) -> Option<Version> {
        match KNOWN.iter().find(|known| **known == name)? {
            &"v3" => Some(Version::V3),
            dated => Some(Version::Dated(dated)),
        }
    }

    /// `/crm/objects/2026-09/companies`.
    pub fn objects(&self, object_type: &str) -> String {
        match self {
            Version::Dated(date) => format!("/crm/objects/{date}/{object_type}"),
            Version::V3 => format!("/crm/v3/objects/{object_type}"),
        }
    }

    /// `/crm/associations/2026-09/contacts/companies`; before dates they were at v4.
    pub fn associations(&self, from: &str, to: &str) -> String {
        match self {
            Version::Dated(date) => format!("/crm/associations/{date}/{from}/{to}"),
            Version::V3 => format!("/crm/v4/associations/{from}/{to}"),
        }
    }

    /// `/crm/properties/2026-09/companies`.
    pub fn properties(&self, object_type: &str) -> String {
        match self {
            Version::Dated(date) => format!("/crm/properties/{date}/{object_type}"),
            Version::V3 => format!("/crm/v3/properties/{object_type}"),
        }
    }

    /// `/crm/pipelines/2026-09/deals`.
    pub fn pipelines(&self, object_type: &str) -> String {
        match self {
            Version::Dated(date) => format!("/crm/pipelines/{date}/{object_type}"),
            Version::V3 => format!("/crm/v3/pipelines/{object_type}"),
        }
    }

    /// `/crm/owners/2026-09`.
    pub fn owners(&self) -> String {
        match self {
            Version::Dated(date) => format!("/crm/owners/{date}"),
            Version::V3 => "/crm/v3/owners".to_owned(),
        }
    }

    /// `/account-info/2026-09/details`.
    pub fn account_details(&self) -> String {
        match self {
            Version::Dated(date) => format!("/account-info/{date}/details"),
            Version::V3 => "/account-info/v3/details".to_owned(),
        }
    }

    /// `/oauth/2026-09/token`, or below it `/introspect` and `/revoke`.
    pub fn token(&self, below: &str) -> String {
        match self {
            Version::Dated(date) => format!("/oauth/{date}/token{below}"),
            Version::V3 => format!("/oauth/v3/token{below}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_known_version_has_its_own_paths() {
        let paths: Vec<String> = KNOWN
            .iter()
            .map(|name| Version::named(name).unwrap().objects("companies"))
            .collect();
        assert_eq!(
            paths,
            [
                "/crm/objects/2026-09/companies",
                "/crm/objects/2026-03/companies",
                "/crm/v3/objects/companies"
            ]
        );
        assert_eq!(Version::named("2019-01"), None);
    }
}
