//! What kind of call a request is: the connector's description names its routes by
//! method and path pattern, and says of each which budget it uses and whether it
//! only reads. A preview is safe exactly because a route that nobody described
//! counts as one that writes.

use std::collections::BTreeSet;

use http::Method;
use serde::{Deserialize, Serialize};

/// The pattern under which calls to routes that nobody described are counted.
pub const OTHER_ROUTES: &str = "(other)";

/// One kind of request, as a connector describes it.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
pub struct Route {
    /// The HTTP method.
    pub method: String,
    /// A path pattern: `{x}` is one segment, a final `{rest...}` any rest of at
    /// least one segment, everything else is literal.
    pub path: String,
    /// The budget that a call uses; without one, the first bucket.
    #[serde(default)]
    pub bucket: Option<String>,
    /// Whether a call changes nothing at the remote.
    #[serde(default)]
    pub reads: bool,
}

/// One budget: at most `limit` calls within any `window_ms`.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
pub struct Bucket {
    /// How routes name it.
    pub name: String,
    /// Calls.
    pub limit: u32,
    /// Milliseconds.
    #[serde(rename = "window-ms", alias = "window_ms")]
    pub window_ms: u64,
}

/// What is wrong with a description; for the author of the connector.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RouteError {
    /// A bucket that admits nothing, ever.
    #[error(
        "The bucket {0:?} has no calls or no time; give it a limit and a window-ms of at least 1."
    )]
    EmptyBucket(String),
    /// Two buckets of one name.
    #[error("The bucket {0:?} is described twice; keep one of them.")]
    DuplicateBucket(String),
    /// A route names a bucket that is not there.
    #[error(
        "The route {method} {path} uses the bucket {bucket:?}, which is not described; add it to \"buckets\" or correct the name."
    )]
    UnknownBucket {
        /// Of the route.
        method: String,
        /// Of the route.
        path: String,
        /// The unknown name.
        bucket: String,
    },
    /// Two routes match exactly the same requests.
    #[error(
        "The route {method} {path} is described twice (parameter names make no difference); keep one of them."
    )]
    DuplicateRoute {
        /// Of the second route.
        method: String,
        /// Of the second route.
        path: String,
    },
    /// The method is no HTTP method.
    #[error("The route {path} has the method {method:?}; write GET, POST, PUT, PATCH or DELETE.")]
    Method {
        /// As described.
        method: String,
        /// Of the route.
        path: String,
    },
    /// The pattern is no pattern.
    #[error(
        "The path pattern {path:?} cannot be used: {why}. Write it like /items/{{id}} or /files/{{rest...}}."
    )]
    Pattern {
        /// As described.
        path: String,
        /// What is wrong.
        why: &'static str,
    },
}

/// What a request turned out to be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Classified<'a> {
    /// Index into the buckets; none when the connector described no bucket.
    pub bucket: Option<usize>,
    /// Whether it only reads.
    pub reads: bool,
    /// The pattern of the route, or [`OTHER_ROUTES`].
    pub pattern: &'a str,
}

// The order is the order of specificity: routes are sorted by it, first match wins.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Segment {
    Literal(String),
    Parameter,
    Rest,
}

#[derive(Clone, Debug)]
struct Rule {
    method: Method,
    segments: Vec<Segment>,
    bucket: Option<usize>,
    reads: bool,
    pattern: String,
}

/// The routes and buckets of one connector, checked and sorted.
#[derive(Clone, Debug, Default)]
pub struct RouteRules {
    buckets: Vec<Bucket>,
    rules: Vec<Rule>,
}

impl RouteRules {
    /// Checks a description.
    pub fn new(routes: &[Route], buckets: &[Bucket]) -> Result<Self, RouteError> {
        let mut names = BTreeSet::new();
        for bucket in buckets {
            if bucket.limit == 0 || bucket.window_ms == 0 {
                return Err(RouteError::EmptyBucket(bucket.name.clone()));
            }
            if !names.insert(&bucket.name) {
                return Err(RouteError::DuplicateBucket(bucket.name.clone()));
            }
        }
        let mut seen = BTreeSet::new();
        let mut rules = Vec::with_capacity(routes.len());
        for route in routes {
            let rule = rule(route, buckets)?;
            if !seen.insert((rule.method.to_string(), rule.segments.clone())) {
                return Err(RouteError::DuplicateRoute {
                    method: route.method.clone(),
                    path: route.path.clone(),
                });
            }
            rules.push(rule);
        }
        rules.sort_by(|a, b| a.segments.cmp(&b.segments));
        Ok(Self {
            buckets: buckets.to_vec(),
            rules,
        })
    }

    /// The budgets, in the order described.
    pub fn buckets(&self) -> &[Bucket] {
        &self.buckets
    }

    /// The most specific route that matches: segment by segment from the left, a
    /// literal before a parameter before a rest. A request that no route describes
    /// may write, and uses the first bucket. `path` is without the query.
    pub fn classify(&self, method: &Method, path: &str) -> Classified<'_> {
        let segments: Option<Vec<&str>> = path.strip_prefix('/').map(|p| p.split('/').collect());
        let found = segments
            .filter(|s| s.iter().all(|s| is_plain(s)))
            .and_then(|segments| {
                self.rules
                    .iter()
                    .find(|rule| rule.method == *method && matches(&rule.segments, &segments))
            });
        match found {
            Some(rule) => Classified {
                bucket: rule.bucket,
                reads: rule.reads,
                pattern: &rule.pattern,
            },
            None => Classified {
                bucket: (!self.buckets.is_empty()).then_some(0),
                reads: false,
                pattern: OTHER_ROUTES,
            },
        }
    }
}

fn rule(route: &Route, buckets: &[Bucket]) -> Result<Rule, RouteError> {
    let bucket = match &route.bucket {
        None => (!buckets.is_empty()).then_some(0),
        Some(name) => Some(
            buckets
                .iter()
                .position(|b| b.name == *name)
                .ok_or_else(|| RouteError::UnknownBucket {
                    method: route.method.clone(),
                    path: route.path.clone(),
                    bucket: name.clone(),
                })?,
        ),
    };
    let known = [
        Method::GET,
        Method::HEAD,
        Method::POST,
        Method::PUT,
        Method::PATCH,
        Method::DELETE,
        Method::OPTIONS,
    ];
    let method = known
        .into_iter()
        .find(|m| m.as_str() == route.method)
        .ok_or_else(|| RouteError::Method {
            method: route.method.clone(),
            path: route.path.clone(),
        })?;
    Ok(Rule {
        method,
        segments: parse(&route.path)?,
        bucket,
        reads: route.reads,
        pattern: route.path.clone(),
    })
}

fn parse(path: &str) -> Result<Vec<Segment>, RouteError> {
    let wrong = |why| RouteError::Pattern {
        path: path.to_owned(),
        why,
    };
    let rest = path
        .strip_prefix('/')
        .ok_or_else(|| wrong("it does not start with a slash"))?;
    let mut segments = Vec::new();
    for part in rest.split('/') {
        if matches!(segments.last(), Some(Segment::Rest)) {
            return Err(wrong("something follows the rest"));
        }
        segments.push(
            match part.strip_prefix('{').and_then(|p| p.strip_suffix('}')) {
                Some(name) => {
                    let (name, segment) = match name.strip_suffix("...") {
                        Some(name) => (name, Segment::Rest),
                        None => (name, Segment::Parameter),
                    };
                    if name.is_empty()
                        || !name
                            .chars()
                            .all(|c| c.is_alphanumeric() || "-_".contains(c))
                    {
                        return Err(wrong("a parameter has no proper name"));
                    }
                    segment
                }
                None if part.contains(['{', '}']) => {
                    return Err(wrong("a parameter must be a whole segment"));
                }
                None if part.contains(['?', '#']) => {
                    return Err(wrong("a query is not part of a path"));
                }
                None if !is_plain(part) => {
                    return Err(wrong("a segment is empty or no plain name"));
                }
                None => Segment::Literal(part.to_owned()),
            },
        );
    }
    Ok(segments)
}

fn matches(pattern: &[Segment], path: &[&str]) -> bool {
    match pattern.split_last() {
        Some((Segment::Rest, head)) => {
            path.len() > head.len() && head.iter().zip(path).all(|(p, s)| fits(p, s))
        }
        _ => pattern.len() == path.len() && pattern.iter().zip(path).all(|(p, s)| fits(p, s)),
    }
}

fn fits(pattern: &Segment, segment: &str) -> bool {
    match pattern {
        Segment::Literal(text) => text == segment,
        Segment::Parameter | Segment::Rest => true,
    }
}

/// A segment that every server reads as one segment: servers may resolve dot
/// segments and decode slashes, and would then see another path than we matched.
fn is_plain(segment: &str) -> bool {
    let lower = segment.to_ascii_lowercase().replace("%2e", ".");
    !matches!(lower.as_str(), "" | "." | "..")
        && !["%2f", "%5c", "%00", "%25", "\\", ";"]
            .iter()
            .any(|odd| lower.contains(odd))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn route(method: &str, path: &str, bucket: Option<&str>, reads: bool) -> Route {
        Route {
            method: method.to_owned(),
            path: path.to_owned(),
            bucket: bucket.map(str::to_owned),
            reads,
        }
    }

    fn bucket(name: &str, limit: u32, window_ms: u64) -> Bucket {
        Bucket {
            name: name.to_owned(),
            limit,
            window_ms,
        }
    }

    fn rules() -> RouteRules {
        let routes = [
            route("GET", "/objects/{version}/{type}", None, true),
            route("POST", "/objects/{version}/{type}", None, false),
            route("GET", "/objects/{version}/{type}/{id}", None, true),
            route(
                "POST",
                "/objects/{version}/{type}/search",
                Some("search"),
                true,
            ),
            route("POST", "/objects/{version}/{type}/batch/read", None, true),
            route(
                "POST",
                "/objects/{version}/{type}/batch/{verb}",
                None,
                false,
            ),
            route(
                "GET",
                "/objects/{version}/special/{id}",
                Some("search"),
                true,
            ),
            route("GET", "/files/{rest...}", Some("search"), true),
            route("GET", "/files/index", None, true),
        ];
        RouteRules::new(
            &routes,
            &[bucket("calls", 110, 10_000), bucket("search", 5, 1_000)],
        )
        .unwrap()
    }

    #[test]
    fn the_most_specific_route_wins() {
        let rules = rules();
        let check = |method: &str, path: &str, pattern: &str, bucket: usize, reads: bool| {
            let method = Method::from_bytes(method.as_bytes()).unwrap();
            let found = rules.classify(&method, path);
            let expected = Classified {
                bucket: Some(bucket),
                reads,
                pattern,
            };
            assert_eq!(found, expected, "{method} {path}");
        };
        check(
            "GET",
            "/objects/v3/companies",
            "/objects/{version}/{type}",
            0,
            true,
        );
        check(
            "POST",
            "/objects/v3/companies",
            "/objects/{version}/{type}",
            0,
            false,
        );
        check(
            "POST",
            "/objects/v3/a/search",
            "/objects/{version}/{type}/search",
            1,
            true,
        );
        check(
            "POST",
            "/objects/v3/a/batch/read",
            "/objects/{version}/{type}/batch/read",
            0,
            true,
        );
        check(
            "POST",
            "/objects/v3/a/batch/update",
            "/objects/{version}/{type}/batch/{verb}",
            0,
            false,
        );
        check(
            "GET",
            "/objects/v3/special/7",
            "/objects/{version}/special/{id}",
            1,
            true,
        );
        check("GET", "/files/index", "/files/index", 0, true);
        check("GET", "/files/a", "/files/{rest...}", 1, true);
        check("GET", "/files/a/b/c", "/files/{rest...}", 1, true);
    }

    #[test]
    fn a_route_that_nobody_described_may_write_and_uses_the_first_bucket() {
        let rules = rules();
        for path in [
            "/",
            "",
            "files/a",
            "/files",
            "/files/",
            "/objects/v3/companies/",
            "/objects//companies",
            "/Files/index",
        ] {
            let found = rules.classify(&Method::GET, path);
            assert_eq!(
                (found.bucket, found.reads, found.pattern),
                (Some(0), false, OTHER_ROUTES)
            );
        }
        assert!(!rules.classify(&Method::DELETE, "/files/index").reads);
        let none = RouteRules::default();
        assert_eq!(none.classify(&Method::GET, "/x").bucket, None);
    }

    #[test]
    fn a_path_that_a_server_may_read_differently_is_no_read() {
        let rules = rules();
        for path in [
            "/files/../objects/v3/companies",
            "/files/%2e%2E/objects",
            "/files/.%2e/x",
            "/files/a%2F..%2Fb",
            "/files/a%252fb",
            "/files/a%5cb",
            "/files/..;/x",
            "/files//x",
        ] {
            assert!(!rules.classify(&Method::GET, path).reads, "{path}");
        }
        assert!(rules.classify(&Method::GET, "/files/a%20b.c").reads);
    }

    #[test]
    fn a_bad_description_is_named() {
        let calls = [bucket("calls", 1, 1)];
        let check = |routes: &[Route], buckets: &[Bucket], part: &str| {
            let error = RouteRules::new(routes, buckets).unwrap_err().to_string();
            assert!(error.contains(part), "{error}");
        };
        check(&[], &[bucket("none", 0, 1)], "\"none\" has no calls");
        check(&[], &[bucket("none", 1, 0)], "\"none\" has no calls");
        check(
            &[],
            &[bucket("a", 1, 1), bucket("a", 2, 1)],
            "\"a\" is described twice",
        );
        check(
            &[route("GET", "/a", Some("b"), true)],
            &calls,
            "\"b\", which is not described",
        );
        check(
            &[
                route("GET", "/a/{x}", None, true),
                route("GET", "/a/{y}", None, false),
            ],
            &calls,
            "GET /a/{y} is described twice",
        );
        check(
            &[route("get", "/a", None, true)],
            &calls,
            "the method \"get\"",
        );
        for path in [
            "a",
            "/a?b",
            "/a/{b}c",
            "/{}",
            "/{x...}/b",
            "/a//b",
            "/../a",
            "/{b",
        ] {
            check(&[route("GET", path, None, true)], &calls, "cannot be used");
        }
    }

    #[test]
    fn a_description_is_read_from_json() {
        let bucket: Bucket =
            serde_json::from_str(r#"{"name":"calls","limit":110,"window-ms":10000}"#).unwrap();
        assert_eq!(bucket, super::tests::bucket("calls", 110, 10_000));
        let route: Route = serde_json::from_str(r#"{"method":"GET","path":"/a"}"#).unwrap();
        assert_eq!(route, super::tests::route("GET", "/a", None, false));
    }
}
