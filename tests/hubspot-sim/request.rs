//! One request as the rules see it: method, path, query, headers that matter, body.

use axum::extract::Query;
use axum::http::Uri;
use serde_json::{Map, Value};

use super::reply::{Reply, error};

/// One request, read completely.
#[derive(Debug, Clone, Default)]
pub struct Request {
    /// `GET`, `POST`, ...
    pub method: String,
    /// The path without the query, still encoded.
    pub path: String,
    /// The decoded query.
    pub query: Vec<(String, String)>,
    /// The bearer token.
    pub bearer: Option<String>,
    /// The Accept header.
    pub accept: String,
    /// The Content-Type header.
    pub content_type: String,
    /// The raw body.
    pub body: Vec<u8>,
}

impl Request {
    /// The last value of a query parameter.
    pub fn param(&self, name: &str) -> Option<&str> {
        self.query
            .iter()
            .rev()
            .find(|(key, _)| key == name)
            .map(|(_, value)| value.as_str())
    }

    /// Whether a parameter is true; clients write it `true` or `True`.
    pub fn is_true(&self, name: &str) -> bool {
        self.param(name)
            .is_some_and(|value| value.eq_ignore_ascii_case("true"))
    }

    /// Every value of a parameter that may be repeated, or be one list with commas:
    /// clients differ, HubSpot takes both.
    pub fn list_param(&self, name: &str) -> Vec<&str> {
        self.query
            .iter()
            .filter(|(key, _)| key == name)
            .flat_map(|(_, value)| value.split(','))
            .map(str::trim)
            .filter(|value| !value.is_empty())
            .collect()
    }

    /// The body as JSON, or the answer to a broken one.
    pub fn json(&self) -> Result<Value, Reply> {
        serde_json::from_slice(&self.body).map_err(|problem| {
            error(
                400,
                "VALIDATION_ERROR",
                format!("Invalid input JSON: {problem}"),
            )
        })
    }

    /// The fields of a call to the token endpoint. HubSpot's specification has them as
    /// a form; its own `hubspot-sdk` sends them as JSON, so both are taken.
    pub fn fields(&self) -> Vec<(String, String)> {
        if !self.content_type.starts_with("application/json") {
            return pairs(&String::from_utf8_lossy(&self.body));
        }
        let object: Map<String, Value> = serde_json::from_slice(&self.body).unwrap_or_default();
        object
            .into_iter()
            .filter_map(|(name, value)| Some((name, value.as_str()?.to_owned())))
            .collect()
    }
}

/// Decodes `a=1&b=2`.
pub fn pairs(encoded: &str) -> Vec<(String, String)> {
    format!("/?{encoded}")
        .parse::<Uri>()
        .ok()
        .and_then(|uri| Query::<Vec<(String, String)>>::try_from_uri(&uri).ok())
        .map(|Query(pairs)| pairs)
        .unwrap_or_default()
}

/// Decodes one segment of a path.
pub fn segment(encoded: &str) -> String {
    if !encoded.contains('%') {
        return encoded.to_owned();
    }
    let escaped = encoded.replace('+', "%2B").replace('&', "%26");
    pairs(&format!("s={escaped}"))
        .pop()
        .map(|(_, value)| value)
        .unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn properties_come_repeated_or_with_commas() {
        let request = Request {
            query: pairs("properties=name,domain&properties=city"),
            ..Request::default()
        };
        assert_eq!(request.list_param("properties"), ["name", "domain", "city"]);
    }

    #[test]
    fn segments_are_decoded_once() {
        assert_eq!(segment("jo%2Btag%40example.com"), "jo+tag@example.com");
        assert_eq!(segment("jo+tag@example.com"), "jo+tag@example.com");
    }
}
