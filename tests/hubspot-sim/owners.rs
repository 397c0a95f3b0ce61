//! Owners: the people of the account that records are assigned to.

use serde_json::{Value, json};

use super::reply::{Reply, invalid, not_found};
use super::request::Request;

const MAX_PAGE: usize = 500;
const DEFAULT_PAGE: usize = 100;

/// One owner.
#[derive(Debug, Clone)]
pub struct Owner {
    /// What `hubspot_owner_id` of a record holds.
    pub id: u64,
    /// The person's user id: another number.
    pub user_id: u64,
    /// Given name.
    pub first: &'static str,
    /// Family name.
    pub last: &'static str,
    /// Whether the person has left.
    pub archived: bool,
}

/// The owners of every simulated account.
pub fn standard() -> Vec<Owner> {
    let owner = |n: u64, first, last, archived| Owner {
        id: 77_120_400 + n * 13,
        user_id: 61_800_200 + n * 7,
        first,
        last,
        archived,
    };
    vec![
        owner(1, "Sales", "North", false),
        owner(2, "Sales", "South", false),
        owner(3, "Account", "Desk", false),
        owner(4, "Former", "Seller", true),
    ]
}

fn json_of(owner: &Owner) -> Value {
    json!({
        "id": owner.id.to_string(),
        "email": format!("{}.{}@owners.example", owner.first.to_lowercase(), owner.last.to_lowercase()),
        "type": "PERSON",
        "firstName": owner.first,
        "lastName": owner.last,
        "userId": if owner.archived { Value::Null } else { json!(owner.user_id) },
        "userIdIncludingInactive": owner.user_id,
        "createdAt": "2025-01-15T09:00:00.000Z",
        "updatedAt": "2025-06-02T09:00:00.000Z",
        "archived": owner.archived,
        "teams": [],
    })
}

/// `GET /crm/owners/{version}`.
pub fn list(owners: &[Owner], request: &Request) -> Reply {
    let limit = match request.param("limit").map(str::parse::<usize>) {
        None => DEFAULT_PAGE,
        Some(Ok(limit)) if (1..=MAX_PAGE).contains(&limit) => limit,
        Some(_) => return invalid(format!("limit must be a number from 1 to {MAX_PAGE}")),
    };
    let after: u64 = request
        .param("after")
        .and_then(|after| after.parse().ok())
        .unwrap_or_default();
    let archived = request.is_true("archived");
    let email = request.param("email");
    let rows: Vec<Value> = owners
        .iter()
        .filter(|owner| owner.archived == archived && owner.id > after)
        .map(json_of)
        .filter(|row| email.is_none_or(|email| row["email"] == email))
        .collect();
    let more = rows.len() > limit;
    let page: Vec<Value> = rows.into_iter().take(limit).collect();
    let mut body = json!({ "results": page });
    if more
        && let Some(last) = page.last()
        && let Some(map) = body.as_object_mut()
    {
        map.insert("paging".to_owned(), json!({"next": {"after": last["id"]}}));
    }
    Reply::ok(body)
}

/// `GET /crm/owners/{version}/{id}`.
pub fn get(owners: &[Owner], id: &str, request: &Request) -> Reply {
    let by_user = request.param("idProperty") == Some("userId");
    let archived = request.is_true("archived");
    owners
        .iter()
        .filter(|owner| owner.archived == archived)
        .find(|owner| if by_user { owner.user_id } else { owner.id }.to_string() == id)
        .map_or_else(not_found, |owner| Reply::ok(json_of(owner)))
}
