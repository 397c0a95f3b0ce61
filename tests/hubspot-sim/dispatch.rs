//! One request in, one answer out: authentication, scopes, limits, then the call.

use serde_json::json;

use super::account::Account;
use super::limits::{Allowed, Caller};
use super::owners;
use super::reply::{Body, Reply, error, not_found};
use super::request::Request;
use super::route::{AssociationCall, Call, ObjectCall, PropertyCall, Route};
use super::scopes::{self, Access};
use super::stats::Effect;

impl Account {
    /// Answers a request. `None` is a path that is not served.
    pub fn answer(&mut self, request: &Request, route: Option<&Route>) -> Reply {
        let mut reply = match route {
            None => not_found(),
            Some(route) => self.answer_route(request, route),
        };
        self.stamp(&mut reply);
        reply
    }

    /// Fills in the date, on the clock that also stamps changes, and the correlation
    /// id.
    pub fn stamp(&mut self, reply: &mut Reply) {
        if !reply.headers.iter().any(|(name, _)| *name == "date") {
            let now = jiff::Timestamp::from_millisecond(self.clock.now_ms()).unwrap_or_default();
            let date = now.strftime("%a, %d %b %Y %H:%M:%S GMT").to_string();
            reply.headers.push(("date", date));
        }
        if let Body::Json(body) = &mut reply.body
            && body.get("correlationId").is_some_and(|id| id == "")
        {
            let id = super::account::uuid(&mut self.rng);
            reply.headers.push(("x-hubspot-correlation-id", id.clone()));
            if body.get("requestId").is_some() {
                reply.set("requestId", json!(id));
            }
            reply.set("correlationId", json!(id));
        }
    }

    fn answer_route(&mut self, request: &Request, route: &Route) -> Reply {
        match &route.call {
            Call::WrongMethod => {
                return error(405, "METHOD_NOT_ALLOWED", "HTTP 405 Method Not Allowed");
            }
            Call::Authorize => return self.authorize(request),
            Call::Token { v1 } => return self.token(request, *v1).unwrap_or_else(|reply| reply),
            Call::Introspect => return self.introspect(request).unwrap_or_else(|reply| reply),
            Call::Revoke => return self.revoke(request).unwrap_or_else(|reply| reply),
            Call::TokenInfo(token) => return self.token_info(token),
            Call::ForgetRefresh(token) => {
                self.forget_refresh(token);
                return Reply::empty();
            }
            _ => {}
        }
        let granted = match self.authenticate(request) {
            Ok(granted) => granted,
            Err(reply) => return reply,
        };
        let headers = match self.admit(route, granted.caller) {
            Ok(headers) => headers,
            Err(reply) => return reply,
        };
        let mut reply = match scopes::require(&granted.scopes, &needed_scopes(route)) {
            Ok(()) => self.call(request, route).unwrap_or_else(|reply| reply),
            Err(reply) => reply,
        };
        reply.headers.extend(headers);
        reply
    }

    fn admit(
        &mut self,
        route: &Route,
        caller: Caller,
    ) -> Result<Vec<(&'static str, String)>, Reply> {
        let allowed = Allowed {
            per_10s: self.options.limit_per_10s,
            search_per_second: self.options.search_limit_per_second,
        };
        self.limits.admit(
            route.bucket,
            caller,
            self.clock.elapsed_ms(),
            allowed,
            self.identity.app_id,
        )
    }

    fn call(&mut self, request: &Request, route: &Route) -> Result<Reply, Reply> {
        let warns = route.warns;
        Ok(match &route.call {
            Call::UnknownType(name) => Reply::new(
                400,
                json!({"status": "error", "message": format!("Unable to infer object type from: {name}"), "correlationId": ""}),
            ),
            Call::Uninstall => {
                self.uninstall();
                Reply::empty()
            }
            Call::AccountInfo => self.account_info(),
            Call::DailyUsage => self.daily_usage(),
            Call::Owners(None) => owners::list(&self.owners, request),
            Call::Owners(Some(id)) => owners::get(&self.owners, id, request),
            Call::Pipelines(kind, path) => self.read_pipelines(kind, path),
            Call::Associations(from, to, call) => match call {
                AssociationCall::Read => self.associations_batch_read(*from, *to, request),
                AssociationCall::Labels => self.association_labels(*from, *to),
                AssociationCall::Create => self.associations_create(*from, *to, request)?,
                AssociationCall::Default => self.associations_default(*from, *to, request)?,
                AssociationCall::Archive => self.associations_archive(*from, *to, request)?,
                AssociationCall::ArchiveLabels => {
                    self.association_labels_archive(*from, *to, request)?
                }
            },
            Call::Properties(kind, call) => {
                let now = self.clock.now_ms();
                let schema = &mut self.stores[*kind].schema;
                match call {
                    PropertyCall::List if request.is_true("archived") => {
                        Reply::ok(json!({"results": []}))
                    }
                    PropertyCall::List => schema.list(),
                    PropertyCall::Get(name) => schema.get(name),
                    PropertyCall::Create => schema.create(now, &request.json()?),
                    PropertyCall::Update(name) => schema.update(now, name, &request.json()?),
                    PropertyCall::Groups => schema.list_groups(),
                    PropertyCall::CreateGroup => schema.create_group(&request.json()?),
                }
            }
            Call::Objects(kind, call) => match call {
                ObjectCall::List => self.list(*kind, request),
                ObjectCall::Get(id) => self.get(*kind, id, request),
                ObjectCall::Create => self.create(*kind, request, warns),
                ObjectCall::Update(id) => self.update(*kind, id, request, warns),
                ObjectCall::Delete(id) => self.delete(*kind, id),
                ObjectCall::Merge => self.merge(*kind, request),
                ObjectCall::Search => self.search(*kind, request)?,
                ObjectCall::BatchRead => self.batch_read(*kind, request)?,
                ObjectCall::BatchCreate => self.batch_create(*kind, request, warns)?,
                ObjectCall::BatchUpdate => self.batch_update(*kind, request, warns)?,
                ObjectCall::BatchUpsert => self.batch_upsert(*kind, request, warns)?,
                ObjectCall::BatchArchive => self.batch_archive(*kind, request)?,
                ObjectCall::Links(id, to) => self.associations_of(*kind, id, *to, request),
                ObjectCall::Unlink(id, to, to_id) => self.dissociate(*kind, id, *to, to_id),
                ObjectCall::Link(id, to, to_id) => {
                    self.associate(*kind, id, *to, to_id, &request.json()?)
                }
                ObjectCall::LinkDefault(id, to, to_id) => {
                    self.associate_default(*kind, id, *to, to_id)
                }
            },
            _ => not_found(),
        })
    }
}

fn needed_scopes(route: &Route) -> Vec<String> {
    let access = if route.effect == Effect::Write {
        Access::Write
    } else {
        Access::Read
    };
    match &route.call {
        Call::Objects(kind, _) => scopes::for_objects(*kind, access),
        Call::Properties(kind, _) => scopes::for_schemas(*kind, access),
        Call::Associations(from, _, _) => scopes::for_objects(*from, access),
        Call::Owners(_) => vec!["crm.objects.owners.read".to_owned()],
        Call::Pipelines(..) => vec![
            "crm.schemas.deals.read".to_owned(),
            "crm.objects.deals.read".to_owned(),
        ],
        _ => Vec::new(),
    }
}
