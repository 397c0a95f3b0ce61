//! The path map of records, associations and pipelines; the rest is in `route`.

use super::kinds::{KINDS, find};
use super::limits::Bucket;
use super::request::segment;
use super::route::{AssociationCall, Call, ObjectCall, Route};
use super::stats::Effect;

/// A path below `/crm/associations/{version}/{from}/{to}`.
pub fn associations(
    method: &str,
    (from, to): (&str, &str),
    rest: &[&str],
    warns: bool,
) -> Option<Route> {
    use AssociationCall as A;
    let (needed, call, effect) = match rest {
        ["batch", "read"] => ("POST", A::Read, Effect::Read),
        ["labels"] => ("GET", A::Labels, Effect::Read),
        ["batch", "create"] => ("POST", A::Create, Effect::Write),
        ["batch", "associate", "default"] => ("POST", A::Default, Effect::Write),
        ["batch", "archive"] => ("POST", A::Archive, Effect::Write),
        ["batch", "labels", "archive"] => ("POST", A::ArchiveLabels, Effect::Write),
        _ => return None,
    };
    let name = |kind: &str| find(kind).map_or("{type}", |at| KINDS[at].name);
    let (a, b, tail) = (name(from), name(to), rest.join("/"));
    Some(Route {
        call: match (find(from), find(to)) {
            (Some(from), Some(to)) if method == needed => Call::Associations(from, to, call),
            (Some(_), Some(_)) => Call::WrongMethod,
            (None, _) => Call::UnknownType(segment(from)),
            (_, None) => Call::UnknownType(segment(to)),
        },
        pattern: format!("/crm/associations/{{version}}/{a}/{b}/{tail}"),
        effect,
        bucket: Bucket::Associations,
        warns,
    })
}

/// A path below `/crm/objects/{version}/{type}`.
pub fn objects(method: &str, kind: usize, rest: &[&str], warns: bool) -> Option<Route> {
    use Effect::{Read, Write};
    use ObjectCall as O;
    let (call, tail, effect, bucket) = match (method, rest) {
        ("GET", []) => (O::List, "", Read, Bucket::General),
        ("POST", []) => (O::Create, "", Write, Bucket::General),
        ("POST", ["search"]) => (O::Search, "/search", Read, Bucket::Search),
        ("POST", ["merge"]) => (O::Merge, "/merge", Write, Bucket::General),
        ("POST", ["batch", "read"]) => (O::BatchRead, "/batch/read", Read, Bucket::General),
        ("POST", ["batch", "create"]) => (O::BatchCreate, "/batch/create", Write, Bucket::General),
        ("POST", ["batch", "update"]) => (O::BatchUpdate, "/batch/update", Write, Bucket::General),
        ("POST", ["batch", "upsert"]) => (O::BatchUpsert, "/batch/upsert", Write, Bucket::General),
        ("POST", ["batch", "archive"]) => {
            (O::BatchArchive, "/batch/archive", Write, Bucket::General)
        }
        ("GET", [id]) => (O::Get(segment(id)), "/{id}", Read, Bucket::General),
        ("PATCH", [id]) => (O::Update(segment(id)), "/{id}", Write, Bucket::General),
        ("DELETE", [id]) => (O::Delete(segment(id)), "/{id}", Write, Bucket::General),
        (_, [id, "associations", path @ ..]) => {
            return links(method, kind, &segment(id), path, warns);
        }
        (_, [] | [_] | ["batch", _]) => {
            let pattern = format!("/crm/objects/{{version}}/{}", KINDS[kind].name);
            return Some(Route {
                call: Call::WrongMethod,
                pattern,
                effect: Effect::of(method),
                bucket: Bucket::General,
                warns,
            });
        }
        _ => return None,
    };
    let pattern = format!("/crm/objects/{{version}}/{}{tail}", KINDS[kind].name);
    Some(Route {
        call: Call::Objects(kind, call),
        pattern,
        effect,
        bucket,
        warns,
    })
}

/// A path below `/crm/objects/{version}/{type}/{id}/associations`.
fn links(method: &str, kind: usize, id: &str, path: &[&str], warns: bool) -> Option<Route> {
    use ObjectCall as O;
    let id = id.to_owned();
    let (call, to, way) = match (method, path) {
        ("GET", [to]) => (O::Links(id, find(to)?), find(to)?, ""),
        ("PUT", ["default", to, to_id]) => {
            let call = O::LinkDefault(id, find(to)?, segment(to_id));
            (call, find(to)?, "default/")
        }
        ("PUT", [to, to_id]) => (O::Link(id, find(to)?, segment(to_id)), find(to)?, ""),
        ("DELETE", [to, to_id]) => (O::Unlink(id, find(to)?, segment(to_id)), find(to)?, ""),
        _ => return None,
    };
    let (from, to) = (KINDS[kind].name, KINDS[to].name);
    let tail = if path.len() > 1 { "/{id}" } else { "" };
    Some(Route {
        call: Call::Objects(kind, call),
        pattern: format!("/crm/objects/{{version}}/{from}/{{id}}/associations/{way}{to}{tail}"),
        effect: Effect::of(method),
        bucket: Bucket::Associations,
        warns,
    })
}

/// A path below `/crm/pipelines/{version}/{type}`.
pub fn pipelines(method: &str, kind: &str, path: &[&str], warns: bool) -> Option<Route> {
    let tail = match path {
        [] => "",
        [_] => "/{id}",
        [_, "stages"] => "/{id}/stages",
        [_, "stages", _] => "/{id}/stages/{id}",
        _ => return None,
    };
    let name = find(kind).map_or(kind, |at| KINDS[at].name);
    let path = path.iter().map(|part| segment(part)).collect();
    Some(Route {
        call: match method {
            "GET" => Call::Pipelines(segment(kind), path),
            _ => Call::WrongMethod,
        },
        pattern: format!("/crm/pipelines/{{version}}/{name}{tail}"),
        effect: Effect::Read,
        bucket: Bucket::General,
        warns,
    })
}
