//! The path map: which call a method and a path are.
//!
//! Each area has a dated path (`/crm/objects/2026-09/...`) and an older twin
//! (`/crm/v3/objects/...`); both lead to the same call.

use super::kinds::{KINDS, find};
use super::limits::Bucket;
use super::request::segment;
use super::route_objects::{associations, objects, pipelines};
use super::stats::Effect;

/// The dated versions that are served.
const DATED: [&str; 2] = ["2026-09", "2026-03"];

/// One API call.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Call {
    /// The consent page.
    Authorize,
    /// The token endpoint; `v1` answers less.
    Token { v1: bool },
    /// Token introspection.
    Introspect,
    /// Token revocation.
    Revoke,
    /// What a token stands for (v1).
    TokenInfo(String),
    /// Revokes a refresh token (v1).
    ForgetRefresh(String),
    /// The app removes itself.
    Uninstall,
    /// The account's details.
    AccountInfo,
    /// What private apps have used of the daily limit.
    DailyUsage,
    /// Records.
    Objects(usize, ObjectCall),
    /// A path about an object type that does not exist.
    UnknownType(String),
    /// Property definitions.
    Properties(usize, PropertyCall),
    /// Owners.
    Owners(Option<String>),
    /// Pipelines of a type, and the path below: an id, `stages`, a stage's id.
    Pipelines(String, Vec<String>),
    /// Associations between two types.
    Associations(usize, usize, AssociationCall),
    /// A path that is served, but not with this method.
    WrongMethod,
}

/// A call on records of one type.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ObjectCall {
    /// A page of records.
    List,
    /// A new record.
    Create,
    /// One record.
    Get(String),
    /// Changes one record.
    Update(String),
    /// Archives one record.
    Delete(String),
    /// Several records.
    BatchRead,
    /// Several new records.
    BatchCreate,
    /// Changes several records.
    BatchUpdate,
    /// Creates or changes several records.
    BatchUpsert,
    /// Archives several records.
    BatchArchive,
    /// Search.
    Search,
    /// Merges two records.
    Merge,
    /// The links of one record to a type.
    Links(String, usize),
    /// Links two records with labels.
    Link(String, usize, String),
    /// Links two records.
    LinkDefault(String, usize, String),
    /// Removes every link between two records.
    Unlink(String, usize, String),
}

/// A call on the associations between two types.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AssociationCall {
    /// The links of several records.
    Read,
    /// The association types.
    Labels,
    /// Links many pairs with labels.
    Create,
    /// Links many pairs.
    Default,
    /// Removes many links.
    Archive,
    /// Removes labels of many links.
    ArchiveLabels,
}

/// A call on property definitions.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PropertyCall {
    /// All of a type.
    List,
    /// One by name.
    Get(String),
    /// A new one.
    Create,
    /// Changes one by name.
    Update(String),
    /// The groups of a type.
    Groups,
    /// A new group.
    CreateGroup,
}

/// A call with what limits and counters need to know of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Route {
    /// The call.
    pub call: Call,
    /// The route as it is counted: `{version}` and `{id}` for what varies.
    pub pattern: String,
    /// What it does.
    pub effect: Effect,
    /// The window it falls into.
    pub bucket: Bucket,
    /// Whether the path is dated 2026-09 or later, where writes answer warnings.
    pub warns: bool,
}

/// Splits a path into area, version and the rest: `("objects", "v3", [...])`.
fn split(path: &str) -> Option<(&str, &str, Vec<&str>)> {
    let parts: Vec<&str> = path.split('/').filter(|part| !part.is_empty()).collect();
    let (area, version, rest) = match parts.as_slice() {
        ["crm", version @ ("v3" | "v4"), area, rest @ ..] => (*area, *version, rest),
        ["crm", area, version, rest @ ..] if DATED.contains(version) => (*area, *version, rest),
        [
            area @ ("oauth" | "account-info" | "appinstalls"),
            version,
            rest @ ..,
        ] if DATED.contains(version) || matches!(*version, "v1" | "v3") => (*area, *version, rest),
        _ => return None,
    };
    Some((area, version, rest.to_vec()))
}

/// The call of a method and a path; `None` for a path that is not served.
pub fn resolve(method: &str, path: &str) -> Option<Route> {
    use Effect::{Auth, Read, Write};
    let free = |call: Call, pattern: &str| Route {
        call,
        pattern: pattern.to_owned(),
        effect: Auth,
        bucket: Bucket::Free,
        warns: false,
    };
    let plain: Vec<&str> = path.split('/').filter(|part| !part.is_empty()).collect();
    if let ["oauth", "authorize"] | ["oauth", _, "authorize"] = plain.as_slice() {
        return Some(free(
            if method == "GET" {
                Call::Authorize
            } else {
                Call::WrongMethod
            },
            "/oauth/authorize",
        ));
    }
    let (area, version, rest) = split(path)?;
    let warns = version == "2026-09";
    let general = |call: Call, pattern: String, effect: Effect| Route {
        call,
        pattern,
        effect,
        bucket: Bucket::General,
        warns,
    };
    let get = |call: Call| {
        if method == "GET" {
            call
        } else {
            Call::WrongMethod
        }
    };
    let post = |call: Call| {
        if method == "POST" {
            call
        } else {
            Call::WrongMethod
        }
    };
    Some(match (area, rest.as_slice()) {
        ("oauth", ["token"]) => free(
            post(Call::Token {
                v1: version == "v1",
            }),
            "/oauth/{version}/token",
        ),
        ("oauth", ["token", "introspect"]) => {
            free(post(Call::Introspect), "/oauth/{version}/token/introspect")
        }
        ("oauth", ["token", "revoke"]) => free(post(Call::Revoke), "/oauth/{version}/token/revoke"),
        ("oauth", ["access-tokens", token]) if version == "v1" => free(
            get(Call::TokenInfo(segment(token))),
            "/oauth/{version}/access-tokens/{token}",
        ),
        ("oauth", ["refresh-tokens", token]) if version == "v1" => {
            let call = if method == "DELETE" {
                Call::ForgetRefresh(segment(token))
            } else {
                get(Call::TokenInfo(segment(token)))
            };
            free(call, "/oauth/{version}/refresh-tokens/{token}")
        }
        ("appinstalls", ["external-install"]) => {
            let call = if method == "DELETE" {
                Call::Uninstall
            } else {
                Call::WrongMethod
            };
            general(
                call,
                "/appinstalls/{version}/external-install".to_owned(),
                Auth,
            )
        }
        ("account-info", ["details"]) => general(
            get(Call::AccountInfo),
            "/account-info/{version}/details".to_owned(),
            Read,
        ),
        ("account-info", ["api-usage", "daily", "private-apps"]) => general(
            get(Call::DailyUsage),
            "/account-info/{version}/api-usage/daily/private-apps".to_owned(),
            Read,
        ),
        ("owners", []) => general(
            get(Call::Owners(None)),
            "/crm/owners/{version}".to_owned(),
            Read,
        ),
        ("owners", [id]) => general(
            get(Call::Owners(Some(segment(id)))),
            "/crm/owners/{version}/{id}".to_owned(),
            Read,
        ),
        ("pipelines", [kind, path @ ..]) => return pipelines(method, kind, path, warns),
        // The v3 twin has other bodies and is not served.
        ("associations", [from, to, rest @ ..]) if version != "v3" => {
            return associations(method, (from, to), rest, warns);
        }
        ("properties", [kind, rest @ ..]) => {
            let Some(at) = find(kind) else {
                return Some(general(
                    Call::UnknownType((*kind).to_owned()),
                    "/crm/properties/{version}/{type}".to_owned(),
                    Read,
                ));
            };
            let base = format!("/crm/properties/{{version}}/{}", KINDS[at].name);
            match (method, rest) {
                ("GET", []) => general(Call::Properties(at, PropertyCall::List), base, Read),
                ("POST", []) => general(Call::Properties(at, PropertyCall::Create), base, Write),
                ("GET", ["groups"]) => general(
                    Call::Properties(at, PropertyCall::Groups),
                    format!("{base}/groups"),
                    Read,
                ),
                ("POST", ["groups"]) => general(
                    Call::Properties(at, PropertyCall::CreateGroup),
                    format!("{base}/groups"),
                    Write,
                ),
                ("PATCH", [name]) => general(
                    Call::Properties(at, PropertyCall::Update(segment(name))),
                    format!("{base}/{{name}}"),
                    Write,
                ),
                ("GET", [name]) => general(
                    Call::Properties(at, PropertyCall::Get(segment(name))),
                    format!("{base}/{{name}}"),
                    Read,
                ),
                (_, [] | [_]) => general(Call::WrongMethod, base, Write),
                _ => return None,
            }
        }
        ("objects", [kind, rest @ ..]) => {
            let Some(at) = find(kind) else {
                return Some(general(
                    Call::UnknownType(segment(kind)),
                    "/crm/objects/{version}/{type}".to_owned(),
                    Read,
                ));
            };
            return objects(method, at, rest, warns);
        }
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::hubspot_sim::kinds::{COMPANIES, CONTACTS};

    #[test]
    fn dated_paths_and_their_older_twins_are_the_same_call() {
        let table: &[(&str, &[&str])] = &[
            (
                "GET",
                &[
                    "/crm/v3/objects/companies",
                    "/crm/objects/2026-03/companies",
                    "/crm/objects/2026-09/0-2",
                ],
            ),
            (
                "POST",
                &[
                    "/crm/v4/associations/contacts/companies/batch/read",
                    "/crm/associations/2026-09/contacts/companies/batch/read",
                ],
            ),
            (
                "GET",
                &[
                    "/crm/v3/properties/contacts",
                    "/crm/properties/2026-09/contacts",
                ],
            ),
            (
                "GET",
                &["/crm/v3/owners", "/crm/v3/owners/", "/crm/owners/2026-03"],
            ),
            (
                "GET",
                &["/account-info/v3/details", "/account-info/2026-09/details"],
            ),
            (
                "POST",
                &[
                    "/oauth/v3/token",
                    "/oauth/2026-09/token",
                    "/oauth/2026-03/token",
                ],
            ),
            ("GET", &["/oauth/authorize", "/oauth/44237313/authorize"]),
        ];
        for (method, paths) in table {
            let first = resolve(method, paths[0]).unwrap();
            for path in *paths {
                let route = resolve(method, path).unwrap();
                assert_eq!(
                    (&route.call, route.effect),
                    (&first.call, first.effect),
                    "{path}"
                );
            }
        }
    }

    #[test]
    fn reads_by_post_are_reads_and_unserved_paths_are_not_found() {
        let search = resolve("POST", "/crm/objects/2026-09/companies/search").unwrap();
        assert_eq!(
            (search.call, search.effect, search.bucket),
            (
                Call::Objects(COMPANIES, ObjectCall::Search),
                Effect::Read,
                Bucket::Search
            )
        );
        assert_eq!(
            resolve("POST", "/crm/v3/objects/contacts/batch/read")
                .unwrap()
                .effect,
            Effect::Read
        );
        assert_eq!(
            resolve("PUT", "/crm/v3/objects/contacts/1").unwrap().call,
            Call::WrongMethod
        );
        assert_eq!(
            resolve("GET", "/crm/v3/objects/butterflies").unwrap().call,
            Call::UnknownType("butterflies".to_owned())
        );
        assert_eq!(resolve("GET", "/crm/objects/2025-01/companies"), None);
        assert!(
            matches!(resolve("GET", "/crm/v4/objects/contacts/5/associations/companies").unwrap().call,
            Call::Objects(CONTACTS, ObjectCall::Links(id, COMPANIES)) if id == "5")
        );
    }
}
