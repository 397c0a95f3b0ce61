//! Owners: the people of the account that records are assigned to.

use serde_json::{Value, json};

use super::account::Account;
use super::reply::{Reply, invalid, not_found};
use super::request::Request;

const MAX_PAGE: usize = 500;
const DEFAULT_PAGE: usize = 100;
/// Ids of owners, and from where their user ids go on; both have gaps.
const FIRST_ID: u64 = 77_120_400;
const FIRST_USER_ID: u64 = 61_800_200;

/// One owner.
#[derive(Debug, Clone)]
pub struct Owner {
    /// What `hubspot_owner_id` of a record holds.
    pub id: u64,
    /// The person's user id: another number.
    pub user_id: u64,
    /// Given name.
    pub first: String,
    /// Family name.
    pub last: String,
    /// Address that the person signs in with.
    pub email: String,
    /// Whether the person has left.
    pub archived: bool,
}

/// What a control call changes of an owner; what is not given stays.
#[derive(Debug, Default, Clone)]
pub struct OwnerEdit {
    /// Which; none adds one.
    pub id: Option<u64>,
    /// Given name.
    pub first: Option<String>,
    /// Family name.
    pub last: Option<String>,
    /// Address.
    pub email: Option<String>,
    /// Deactivates the person, or takes them back.
    pub archived: Option<bool>,
}

impl Owner {
    fn numbered(n: u64, first: &str, last: &str, archived: bool) -> Self {
        Self {
            id: FIRST_ID + n * 13,
            user_id: FIRST_USER_ID + n * 7,
            first: first.to_owned(),
            last: last.to_owned(),
            email: format!(
                "{}.{}@owners.example",
                first.to_lowercase(),
                last.to_lowercase()
            ),
            archived,
        }
    }

    fn json(&self) -> Value {
        json!({
            "id": self.id.to_string(),
            "email": self.email,
            "type": "PERSON",
            "firstName": self.first,
            "lastName": self.last,
            "userId": if self.archived { Value::Null } else { json!(self.user_id) },
            "userIdIncludingInactive": self.user_id,
            "createdAt": "2025-01-15T09:00:00.000Z",
            "updatedAt": "2025-06-02T09:00:00.000Z",
            "archived": self.archived,
            "teams": [],
        })
    }
}

/// The owners of every simulated account.
pub fn standard() -> Vec<Owner> {
    vec![
        Owner::numbered(1, "Sales", "North", false),
        Owner::numbered(2, "Sales", "South", false),
        Owner::numbered(3, "Account", "Desk", false),
        Owner::numbered(4, "Former", "Seller", true),
    ]
}

impl Account {
    /// Adds an owner, changes or deactivates one; answers the id. Records of an owner
    /// who has left keep the id.
    pub fn user_owner(&mut self, edit: &OwnerEdit) -> Result<u64, String> {
        let id = match edit.id {
            Some(id) => id,
            None => {
                let (Some(first), Some(last)) = (&edit.first, &edit.last) else {
                    return Err("A new owner needs a first and a last name.".to_owned());
                };
                let made = Owner::numbered(self.owners.len() as u64 + 1, first, last, false);
                let id = made.id;
                self.owners.push(made);
                id
            }
        };
        let Some(owner) = self.owners.iter_mut().find(|owner| owner.id == id) else {
            return Err(format!("There is no owner {id}."));
        };
        for (new, old) in [
            (&edit.first, &mut owner.first),
            (&edit.last, &mut owner.last),
            (&edit.email, &mut owner.email),
        ] {
            if let Some(new) = new {
                old.clone_from(new);
            }
        }
        owner.archived = edit.archived.unwrap_or(owner.archived);
        Ok(id)
    }
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
        .filter(|owner| email.is_none_or(|email| owner.email.eq_ignore_ascii_case(email)))
        .map(Owner::json)
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
        .map_or_else(not_found, |owner| Reply::ok(owner.json()))
}
