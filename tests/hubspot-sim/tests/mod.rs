//! The rules of the simulated HubSpot, tried through its answers.

mod account;
mod associations;
mod batches;
mod deals;
mod generated;
mod oauth;
mod objects;
mod quotes;
mod searches;
mod setup;
mod webhooks;
mod wire;
mod wire_sales;

use std::time::Duration;

use serde_json::{Value, json};

use super::SimOptions;
use super::account::Account;
use super::reply::{Body, Reply};
use super::request::{Request, pairs};
use super::route::resolve;

/// An account that is called without a network.
struct Portal(Account);

impl Portal {
    fn new(options: SimOptions) -> Self {
        let frozen = SimOptions {
            frozen_at: Some("2026-11-01T00:00:00Z".parse().unwrap()),
            ..options
        };
        Self(Account::new(frozen, "http://sim".to_owned()))
    }

    fn reply(&mut self, method: &str, target: &str, body: &str) -> Reply {
        let (path, query) = target.split_once('?').unwrap_or((target, ""));
        let request = Request {
            method: method.to_owned(),
            path: path.to_owned(),
            query: pairs(query),
            bearer: Some(self.0.identity.private_app_token.clone()),
            body: body.as_bytes().to_vec(),
            ..Request::default()
        };
        self.0.answer(&request, resolve(method, path).as_ref())
    }

    fn call(&mut self, method: &str, target: &str, body: Value) -> (u16, Value) {
        let text = if body.is_null() {
            String::new()
        } else {
            body.to_string()
        };
        let reply = self.reply(method, target, &text);
        let body = match reply.body {
            Body::Json(value) => value,
            Body::Text(text) => serde_json::from_str(&text).unwrap(),
            Body::Empty => Value::Null,
            Body::Html(page) => Value::from(page),
        };
        (reply.status, body)
    }

    fn get(&mut self, target: &str) -> (u16, Value) {
        self.call("GET", target, Value::Null)
    }

    /// Creates a record of any type; answers its id.
    fn made(&mut self, kind: &str, properties: Value) -> String {
        let target = format!("/crm/objects/2026-09/{kind}");
        let (status, body) = self.call("POST", &target, json!({ "properties": properties }));
        assert_eq!(status, 201, "{body}");
        body["id"].as_str().unwrap().to_owned()
    }

    /// One value of a record.
    fn value(&mut self, kind: &str, id: &str, name: &str) -> Value {
        let target = format!("/crm/objects/2026-09/{kind}/{id}?properties={name}");
        let (status, body) = self.get(&target);
        assert_eq!(status, 200, "{body}");
        body["properties"][name].clone()
    }

    /// Links two records without a label.
    fn linked(&mut self, from: (&str, &str), to: (&str, &str)) -> u16 {
        let target = format!(
            "/crm/objects/2026-09/{}/{}/associations/default/{}/{}",
            from.0, from.1, to.0, to.1
        );
        self.call("PUT", &target, Value::Null).0
    }

    fn company(&mut self, properties: Value) -> String {
        let (status, body) = self.call(
            "POST",
            "/crm/objects/2026-09/companies",
            json!({ "properties": properties }),
        );
        assert_eq!(status, 201, "{body}");
        body["id"].as_str().unwrap().to_owned()
    }

    fn search(&mut self, kind: &str, filters: Value) -> Vec<String> {
        let body = json!({"filterGroups": [{"filters": filters}], "limit": 200});
        self.0.clock.advance(Duration::from_secs(1));
        let (status, body) = self.call("POST", &format!("/crm/v3/objects/{kind}/search"), body);
        assert_eq!(status, 200, "{body}");
        ids(&body)
    }
}

fn ids(body: &Value) -> Vec<String> {
    body["results"]
        .as_array()
        .unwrap()
        .iter()
        .map(|row| row["id"].as_str().unwrap().to_owned())
        .collect()
}

fn unlimited() -> SimOptions {
    SimOptions {
        limit_per_10s: None,
        search_limit_per_second: None,
        ..SimOptions::default()
    }
}
